"""The bill of profit sharing in WeChat Pay's form: what was given of each order, released, and returned, on one day.

As the other bills of that wire: a backtick before each value, none before the head, a row of sums at the end. The columns are
those of the protocol's description of this bill [mem]; no capture was at hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import msgspec

from florin.documents.bills.file import BillFile, cell, yuan
from florin.engine.clock import ZONE

COLUMNS: Final = (
    "分账时间,分账发起方,分账方,微信订单号,微信分账/回退单号,分账明细单号,商户分账/回退单号,订单金额(元),分账接收方,分账金额(元),"
    "业务类型,处理状态,分账描述,备注"
)
SUMS: Final = "总条数,总分账金额(元),总解冻金额(元),总回退金额(元)"
KINDS: Final = ("分账", "解冻", "分账回退")


class SharingLine(msgspec.Struct, frozen=True, kw_only=True):
    """One part given, what was released with it, or what came back. kind: one of `KINDS`. id: of the event.

    number: the merchant's own. account: whose part it is. order_minor: of the whole order.
    """

    at: datetime
    trade_id: int
    id: int
    detail_id: str
    number: str
    order_minor: int
    account: str
    amount_minor: int
    kind: str
    text: str


def sharing_bill(lines: Sequence[SharingLine], *, mchid: str, caller: str, on: date) -> BillFile:
    """caller: who asks, a service provider or the merchant himself."""
    rows = [_quoted(_row(line, mchid, caller)) for line in lines]
    sums = [yuan(sum(line.amount_minor for line in lines if line.kind == kind)) for kind in KINDS]
    text = "".join([COLUMNS, "\r\n", *rows, SUMS, "\r\n", _quoted([str(len(lines)), *sums])])
    name = f"sharing-{mchid}-{on:%Y%m%d}.csv"
    return BillFile(name=name, content_type="text/csv; charset=utf-8", content=text.encode())


def _row(line: SharingLine, mchid: str, caller: str) -> Sequence[str]:
    at = line.at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")
    return (
        at, caller, mchid, str(line.trade_id), str(line.id), line.detail_id, cell(line.number), yuan(line.order_minor),
        line.account, yuan(line.amount_minor), line.kind, "成功", cell(line.text), "",
    )  # fmt: skip


def _quoted(values: Sequence[str]) -> str:
    return "`" + ",`".join(values) + "\r\n"
