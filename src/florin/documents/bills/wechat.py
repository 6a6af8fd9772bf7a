"""Bills in the forms of WeChat Pay v3: of trades (all, successful ones, refunds) and of the flow of funds.

A value has a backtick before it, so that a sheet leaves it alone; the head has none; two rows of sums end the file. Heads and
rows are those that public SDKs test against, compared with captures in public repositories [web]. Amounts are yuan, fees have
five decimals. A client checks the SHA-1 of the unpacked file (`BillFile.sha1`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal

from florin.documents.bills.file import BillFile, cell, days_of, local_time, yuan
from florin.documents.bills.flows import flows_of
from florin.queries.bills import Bill, BillLine

TradeBillType = Literal["ALL", "SUCCESS", "REFUND"]

_FIRST: Final = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额"
)
_REFUND: Final = "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态"
_LAST: Final = "商品名称,商户数据包,手续费,费率,订单金额"
TRADE_COLUMNS: Final[dict[TradeBillType, str]] = {
    "ALL": f"{_FIRST},{_REFUND},{_LAST},申请退款金额,费率备注",
    "SUCCESS": f"{_FIRST},{_LAST},费率备注",
    "REFUND": f"{_FIRST},退款申请时间,退款成功时间,{_REFUND},{_LAST},申请退款金额,费率备注",
}
TRADE_SUMS: Final = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
FLOW_COLUMNS: Final = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,"
    "业务凭证号"
)
FLOW_SUMS: Final = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"
# Which lines a bill of trades lists; WeChat has no word for a refund that was reversed: it is paid again.
_LISTED: Final[dict[TradeBillType, tuple[str, ...]]] = {
    "ALL": ("sale", "refund", "refund-reversed"),
    "SUCCESS": ("sale", "refund-reversed"),
    "REFUND": ("refund",),
}
_NOBODY: Callable[[BillLine], str] = lambda line: ""  # noqa: E731


def trade_bill(
    bill: Bill,
    kind: TradeBillType = "ALL",
    *,
    mchid: str,
    appid_of: Callable[[BillLine], str] = _NOBODY,
    openid_of: Callable[[BillLine], str] = _NOBODY,
    trade_type_of: Callable[[BillLine], str] = lambda line: "NATIVE",
) -> BillFile:
    """What was sold and given back. appid_of, openid_of, trade_type_of: how the wire calls the app, the payer and the door."""
    lines = [line for line in bill.lines if line.type in _LISTED[kind]]
    rows = [
        _quoted(_trade_row(line, kind, mchid, appid_of(line), openid_of(line), trade_type_of(line))) for line in lines
    ]
    text = "".join([TRADE_COLUMNS[kind], "\r\n", *rows, TRADE_SUMS, "\r\n", _quoted(_trade_sums(lines))])
    return _file(f"tradebill-{mchid}-{days_of(bill)}-{kind.lower()}.csv", text)


def fund_flow_bill(bill: Bill, *, mchid: str) -> BillFile:
    """Every movement of what the merchant is owed: the trade and its fee apart, each with what he is owed after it."""
    flows = [flow for line in bill.lines for flow in flows_of(line)]
    incomes = [minor for _, _, _, minor, _ in flows if minor > 0]
    expenses = [-minor for _, _, _, minor, _ in flows if minor < 0]
    rows = [_quoted(_flow_row(*flow, mchid)) for flow in flows]
    sums = (len(flows), len(incomes), yuan(sum(incomes)), len(expenses), yuan(sum(expenses)))
    text = "".join([FLOW_COLUMNS, "\r\n", *rows, FLOW_SUMS, "\r\n", _quoted(map(str, sums))])
    return _file(f"fundflow-{mchid}-{days_of(bill)}.csv", text)


def _trade_row(
    line: BillLine, kind: TradeBillType, mchid: str, appid: str, openid: str, trade_type: str
) -> Sequence[str]:
    earned, of_refund = line.earned, line.type == "refund"
    received, amount = yuan(abs(earned.received_minor)), yuan(abs(line.amount_minor))
    coupon = yuan(abs(earned.coupon_minor))
    first = (
        local_time(line), appid, mchid, "0", cell(line.store_id), str(line.trade_id), cell(line.order_number), openid,
        trade_type, "REFUND" if of_refund else "SUCCESS", "OTHERS", "CNY",
    )  # fmt: skip
    sold = ("0.00", "0.00") if of_refund else (received, coupon)
    back = (
        (str(line.event_id), cell(line.refund_number), received, "0.00", "ORIGINAL", "SUCCESS")
        if of_refund
        else ("0", "0", "0.00", "0.00", "", "")
    )
    fee = f"{yuan(earned.fees_minor)}000"
    last = (cell(line.subject), "", fee, _rate(line.mdr_ppm), "0.00" if of_refund else amount)
    applied = (amount if of_refund else "0.00",)
    match kind:
        case "SUCCESS":
            return (*first, *sold, *last, "")
        case "REFUND":
            return (*first, *sold, local_time(line), local_time(line), *back, *last, *applied, "")
        case "ALL":
            return (*first, *sold, *back, *last, *applied, "")


def _trade_sums(lines: Sequence[BillLine]) -> Sequence[str]:
    sold = [line for line in lines if line.type != "refund"]
    back = [line for line in lines if line.type == "refund"]
    return (
        str(len(lines)),
        yuan(sum(line.earned.received_minor for line in sold)),
        yuan(-sum(line.earned.received_minor for line in back)),
        "0.00",
        f"{yuan(sum(line.earned.fees_minor for line in lines))}000",
        yuan(sum(line.amount_minor for line in sold)),
        yuan(-sum(line.amount_minor for line in back)),
    )


def _flow_row(
    line: BillLine, business: str, kind: str, amount_minor: int, balance_minor: int, mchid: str
) -> Sequence[str]:
    voucher = line.refund_number or line.order_number or line.reference
    return (
        local_time(line), str(line.trade_id or line.payout_id or line.event_id), str(line.event_id), business, kind,
        "收入" if amount_minor > 0 else "支出", yuan(abs(amount_minor)), yuan(balance_minor), mchid,
        cell(line.reason), cell(voucher),
    )  # fmt: skip


def _rate(ppm: int) -> str:
    whole, rest = divmod(ppm, 10_000)
    return f"{whole}.{rest:04d}"[: -2 if rest % 100 == 0 else None] + "%"


def _quoted(values: Iterable[str]) -> str:
    return "`" + ",`".join(values) + "\r\n"


def _file(name: str, text: str) -> BillFile:
    return BillFile(name=name, content_type="text/csv; charset=utf-8", content=text.encode())
