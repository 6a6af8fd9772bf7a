"""The lines of a day's bill of profit sharing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from psycopg import Connection

from florin.documents.bills.wechat_sharing import KINDS, SharingLine
from florin.engine import lane_of
from florin.engine.tables.table import READ
from florin.engine.tables.trade import TRADE, trade_of
from florin.events import ShareReturned, SharesGiven
from florin.payments.trade import Trade
from florin.wires.desk.shares import shares_of_day
from florin.wires.wechatpay.sharing import RELEASED, account_of

_GIVEN, _RELEASED, _RETURNED = KINDS


def sharing_lines(connection: Connection[Any], *, merchant_id: int, app_id: int, on: date) -> list[SharingLine]:
    """What was given, released and returned on a day of the orders of one merchant number."""
    moved = shares_of_day(connection, merchant_id=merchant_id, on=on)
    keys = {(lane_of(event.trade_id), event.trade_id) for _, _, event in moved}
    trades = {trade.id: trade for trade in map(trade_of, TRADE.load(connection, keys, READ))} if keys else {}
    return [
        line
        for event_id, at, event in moved
        if (trade := trades[event.trade_id]).app_id == app_id
        for line in _lines(event_id, at, event, trade)
    ]


def _lines(event_id: int, at: datetime, event: SharesGiven | ShareReturned, trade: Trade) -> Iterator[SharingLine]:
    common = {"at": at, "trade_id": trade.id, "id": event_id, "order_minor": trade.amount_minor}
    if isinstance(event, ShareReturned):
        _, account = account_of(event.from_app_id, event.from_merchant_id)
        yield SharingLine(
            **common, number=event.return_no, detail_id=str(event_id), account=account,  # type: ignore[arg-type]
            amount_minor=event.amount_minor, kind=_RETURNED, text=event.title,
        )  # fmt: skip
        return
    told = [
        (account_of(part.app_id, part.receiver_id)[1], part.amount_minor, _GIVEN, part.title) for part in event.parts
    ]
    if event.released_minor:
        told.append((str(trade.app_id), event.released_minor, _RELEASED, RELEASED))
    for place, (account, amount_minor, kind, text) in enumerate(told):
        yield SharingLine(
            **common, number=event.order_no, detail_id=f"{event_id}{place:02d}", account=account,  # type: ignore[arg-type]
            amount_minor=amount_minor, kind=kind, text=text,
        )  # fmt: skip
