"""What a message of the outbox holds, for a wire that words it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from florin.engine.outbox import Message
from florin.payments.payment import Payment
from florin.payments.trade import Trade


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What was true when the event was written. at: business time of the event. event: its own fields."""

    at: datetime
    trade: Trade
    payment: Payment | None
    event: dict[str, Any]


def told_of(message: Message) -> Told:
    return msgspec.convert(message.payload, Told, strict=False)
