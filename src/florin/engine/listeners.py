"""Listeners: who outside is to be told of an event. A row is written only where somebody listens.

The merchant of a trade listens at the trade's own address, or at his app's. The row keeps what may move of what was true when
it was written (`told.py`), so a late delivery still tells the truth of its event; it is rendered and signed when it is sent.
"""

from __future__ import annotations

from typing import Any

from florin.engine.ids import lane_of
from florin.engine.room import Room
from florin.engine.told import short_of
from florin.events import Captured, Escrowed, Event, Received, Refunded, TradeClosed, Voided

TOPICS: dict[type[Event], str] = {
    Captured: "payment.paid",
    Escrowed: "payment.paid",
    Received: "payment.received",
    Voided: "payment.voided",
    Refunded: "payment.refunded",
    TradeClosed: "trade.closed",
}

# The Alipay wire has no word for a receipt: its order is paid, and stays paid.
UNTOLD: dict[str, tuple[str, ...]] = {"alipay": ("payment.received",)}


def outbox_rows(room: Room) -> list[tuple[Any, ...]]:
    """The rows of this batch's recorded events."""
    rows = []
    for recorded in room.recorded:
        event = recorded.event
        topic = TOPICS.get(type(event))
        trade = room.trades.get(event.trade_id) if topic else None
        if trade is None:
            continue
        app = room.reference.apps[trade.app_id]
        url = trade.detail.notify_url or app.notify_url
        if url and topic not in UNTOLD.get(app.wire, ()):
            payload = short_of(room.at.instant, trade, room.payments.get(event.payment_id))
            lane = lane_of(recorded.id)
            rows.append(
                (
                    lane,
                    room.ids.take(lane),
                    app.id,
                    recorded.id,
                    app.wire,
                    topic,
                    url,
                    room.at.instant,
                    payload,
                )
            )
    return rows
