"""Bill files: what a merchant keeps of a day, rendered from one `queries.bills.Bill` and nothing else.

`canonical.py` is the house's own form, CSV and JSON, in which every line ties to a trade; `alipay.py` and `wechat.py` are the
forms that programs written for those wires read. Pure: the same bill gives the same bytes, whenever it is asked for.
"""

from __future__ import annotations

from florin.documents.bills.alipay import alipay_zip
from florin.documents.bills.canonical import bill_csv, bill_json
from florin.documents.bills.file import BillFile, Form, packed
from florin.documents.bills.wechat import fund_flow_bill, trade_bill
from florin.queries.bills import Bill

__all__ = [
    "BillFile",
    "Form",
    "alipay_zip",
    "bill_csv",
    "bill_file",
    "bill_json",
    "fund_flow_bill",
    "packed",
    "trade_bill",
]


def bill_file(bill: Bill, form: Form) -> BillFile:
    """The bill in one of its forms; those of the wires name the merchant by his number in this house."""
    number = str(bill.merchant_id)
    match form:
        case "csv":
            return bill_csv(bill)
        case "json":
            return bill_json(bill)
        case "alipay":
            return alipay_zip(bill, seller_id=number)
        case "wechat-trades":
            return trade_bill(bill, mchid=number)
        case "wechat-flow":
            return fund_flow_bill(bill, mchid=number)
