"""Parent orders to rows and back. A row is written once."""

from __future__ import annotations

from typing import Any

import msgspec

from florin.engine.tables.table import Table, bigint, instant, json, smallint, text
from florin.payments.parent import Parent

PARENT_ORDER = Table(
    "parent_order",
    [smallint("lane"), bigint("id"), bigint("app_id"), bigint("amount_minor"), instant("asked_at"), text("out_trade_no"),
     text("return_url"), json("trade_ids")],
)  # fmt: skip


def parent_row(parent: Parent) -> tuple[Any, ...]:
    return (
        parent.lane, parent.id, parent.app_id, parent.amount_minor, parent.asked_at, parent.out_trade_no,
        parent.return_url, msgspec.json.encode(parent.trade_ids).decode(),
    )  # fmt: skip


def parent_of(row: tuple[Any, ...]) -> Parent:
    lane, identifier, app_id, amount, asked_at, out_trade_no, return_url, trade_ids = row
    return Parent(
        id=identifier, lane=lane, app_id=app_id, amount_minor=amount, asked_at=asked_at, out_trade_no=out_trade_no,
        return_url=return_url, trade_ids=tuple(trade_ids),
    )  # fmt: skip
