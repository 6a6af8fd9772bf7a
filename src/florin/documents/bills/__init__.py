"""Bill files: what a merchant keeps of a day, rendered from one `queries.bills.Bill` and nothing else.

`canonical.py` is the house's own form, CSV and JSON, in which every line ties to a trade; `alipay.py` and `wechat.py` are the
forms that programs written for those wires read. Pure: the same bill gives the same bytes, whenever it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from florin.documents.bills.alipay import alipay_zip, funds_zip
from florin.documents.bills.canonical import bill_csv, bill_json, rows_of
from florin.documents.bills.file import BillFile, Form, packed
from florin.documents.bills.wechat import fund_flow_bill, trade_bill
from florin.queries.bills import Bill

__all__ = [
    "BillFile",
    "Form",
    "alipay_zip",
    "bill_csv",
    "bill_file",
    "bill_files",
    "bill_json",
    "fund_flow_bill",
    "funds_zip",
    "packed",
    "trade_bill",
]

_OF_WIRES: Final[tuple[Form, ...]] = ("alipay", "wechat-trades", "wechat-flow")


def bill_files(bill: Bill) -> Iterator[BillFile]:
    """The bill in all of its forms."""
    rows = rows_of(bill)
    yield bill_csv(bill, rows)
    yield bill_json(bill, rows)
    for form in _OF_WIRES:
        yield bill_file(bill, form)


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
