"""What a merchant is told when he received a part of another's sale."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection

from florin.engine import ClaimKind
from florin.engine.tables.event import load_events
from florin.events import ShareReceived
from florin.wires.desk.trades import claimed, recorded
from florin.wires.wechatpay.shapes import china_text


class PartTold(msgspec.Struct, frozen=True, kw_only=True):
    """order_id: of the sharing. at: business time."""

    received: ShareReceived
    order_id: int
    at: datetime


def part_of(connection: Connection[Any], event_id: int) -> PartTold:
    received = load_events(connection, [event_id])[event_id]
    assert isinstance(received, ShareReceived), "only received parts are told so"
    order_id = claimed(connection, ClaimKind.SHARE, received.from_app_id, received.order_no)
    return PartTold(received=received, order_id=order_id or 0, at=recorded(connection, event_id)[1])


def part_fields(part: PartTold) -> dict[str, Any]:
    """The resource, before it is sealed. mchid: of the merchant who shared."""
    received = part.received
    return {
        "mchid": str(received.from_app_id),
        "transaction_id": str(received.trade_id),
        "order_id": str(part.order_id),
        "out_order_no": received.order_no,
        "receiver": {
            "type": "MERCHANT_ID",
            "account": str(received.app_id),
            "amount": received.amount_minor,
            "description": received.title,
        },
        "success_time": china_text(part.at),
    }
