"""The parts of a bill's line that moved what the merchant is owed: the trade and its fee apart, as bills of funds list them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from florin.queries.bills import BillLine

Flow = tuple[BillLine, str, str, int, int]


def flows_of(line: BillLine) -> Iterable[Flow]:
    """(line, business, kind, amount, balance after it) of each part that moved something."""
    earned = line.earned
    business = _BUSINESS[line.type]
    moved = earned.received_minor - earned.unsold_minor
    before = line.balance_minor - earned.net_minor
    if moved:
        yield (line, business, business, moved, before + moved)
    if earned.fees_minor:
        kind = "扣除交易手续费" if earned.fees_minor > 0 else "退还交易手续费"
        yield (line, business, kind, -earned.fees_minor, line.balance_minor)


_BUSINESS: Final = {
    "sale": "交易",
    "refund": "退款",
    "refund-reversed": "退款撤销",
    "payout": "提现",
    "payout-returned": "提现退回",
    "paid-back": "充值",
    "transfer": "转账",
    "share": "分账",
    "adjustment": "其他",
}
