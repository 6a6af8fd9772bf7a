"""What every event has: the day it counts, and the ids of whom it touches."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

import msgspec

OWNERS = ("trade_id", "payment_id", "line_id", "person_id", "merchant_id")


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all events; `kind` is the number stored in the row and never reused."""

    kind: ClassVar[int] = 0
    body_fields: ClassVar[tuple[tuple[str, Any], ...]] = ()

    value_on: date
    trade_id: int = 0
    payment_id: int = 0
    line_id: int = 0
    person_id: int = 0
    merchant_id: int = 0
