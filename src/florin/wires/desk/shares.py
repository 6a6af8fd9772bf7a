"""Which sharing of a sale a merchant means, and what became of it: by his own numbers, or by ours."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec
from psycopg import Connection

from florin.engine import ClaimKind, lane_of
from florin.engine.tables.event import load_events
from florin.engine.tables.small import RECEIVERS, receivers_of
from florin.engine.tables.table import READ
from florin.events import ShareReturned, SharesGiven
from florin.payments.sharing.state import Receivers
from florin.queries import is_id
from florin.wires.desk.trades import claimed, recorded


class ShareSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One sharing. id: of its event. made_at: business time."""

    id: int
    given: SharesGiven
    made_at: datetime


class ReturnSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One return. order_id: of the sharing that it undoes."""

    id: int
    order_id: int
    returned: ShareReturned
    made_at: datetime


def find_share(connection: Connection[Any], *, app_id: int, number: str = "", id_text: str = "") -> ShareSeen | None:
    """The app's sharing by its own number, else by ours; another app's is as absent as one that never was."""
    if number:
        event_id = claimed(connection, ClaimKind.SHARE, app_id, number)
        return None if event_id is None else share_of(connection, event_id)
    identifier = int(id_text) if id_text.isascii() and id_text.isdigit() and len(id_text) < 19 else 0
    seen = share_of(connection, identifier) if is_id(identifier) else None
    if seen is None or claimed(connection, ClaimKind.SHARE, app_id, seen.given.order_no) != seen.id:
        return None
    return seen


def share_of(connection: Connection[Any], event_id: int) -> ShareSeen | None:
    event = load_events(connection, [event_id]).get(event_id)
    if not isinstance(event, SharesGiven):
        return None
    return ShareSeen(id=event_id, given=event, made_at=recorded(connection, event_id)[1])


def find_return(connection: Connection[Any], *, app_id: int, number: str) -> ReturnSeen | None:
    """The app's return by its own number."""
    event_id = claimed(connection, ClaimKind.SHARE_RETURN, app_id, number)
    event = None if event_id is None else load_events(connection, [event_id]).get(event_id)
    if event_id is None or not isinstance(event, ShareReturned):
        return None
    order_id = claimed(connection, ClaimKind.SHARE, app_id, event.order_no)
    return ReturnSeen(id=event_id, order_id=order_id or 0, returned=event, made_at=recorded(connection, event_id)[1])


def shares_of_day(
    connection: Connection[Any], *, merchant_id: int, on: date
) -> list[tuple[int, datetime, SharesGiven | ShareReturned]]:
    """What a merchant shared, released and was returned on a day, in order: (event, business time, what)."""
    kinds = [SharesGiven.kind, ShareReturned.kind]
    rows = connection.execute(_OF_DAY, {"merchant_id": merchant_id, "on": on, "kinds": kinds}).fetchall()
    events = load_events(connection, [event_id for event_id, _ in rows])
    return [
        (event_id, at, event)
        for event_id, at in rows
        if isinstance(event := events[event_id], SharesGiven | ShareReturned)
    ]


def shares_of_trade(connection: Connection[Any], *, payment_id: int) -> list[ShareSeen]:
    """All sharings of a payment, the oldest first."""
    place = {"lane": lane_of(payment_id), "payment_id": payment_id, "kind": SharesGiven.kind}
    rows = connection.execute(_OF_PAYMENT, place).fetchall()
    return [seen for (event_id,) in rows if (seen := share_of(connection, event_id)) is not None]


def receivers_of_merchant(connection: Connection[Any], merchant_id: int) -> Receivers:
    rows = RECEIVERS.load(connection, [(lane_of(merchant_id), merchant_id)], READ)
    return receivers_of(rows[0])


_OF_DAY = """
    SELECT id, recorded_at FROM event
     WHERE merchant_id = %(merchant_id)s AND posted_on = %(on)s AND kind = ANY (%(kinds)s)
  ORDER BY recorded_at, id
     LIMIT 1000000
"""
_OF_PAYMENT = """
    SELECT id FROM event WHERE lane = %(lane)s AND payment_id = %(payment_id)s AND kind = %(kind)s ORDER BY id LIMIT 1000
"""
