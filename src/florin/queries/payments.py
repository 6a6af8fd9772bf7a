"""Payments as their merchant sees them: the trade with its payment, one or a page of them, newest first.

There is no index on (app, time), because every sale would pay for it. A page is found through the block ranges of `asked_at`
instead: a window that reaches back from where the last page ended, widened until the page is full.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from psycopg import Connection

from florin.engine import ClaimKind, claim, lane_of
from florin.engine.tables.event import load_events
from florin.engine.tables.payment import PAYMENT, payment_of
from florin.engine.tables.table import READ
from florin.engine.tables.trade import TRADE, trade_of
from florin.events import Event, Refunded
from florin.payments.payment import Payment
from florin.payments.trade import Trade
from florin.queries import is_id

# How far back each look for a page reaches; the last one reaches to the beginning.
_WINDOWS = (timedelta(hours=1), timedelta(hours=8), timedelta(days=3), timedelta(days=21), timedelta(days=170))

_BEFORE_US = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentView:
    """One trade, and the payment that paid it; None while nobody has."""

    trade: Trade
    payment: Payment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Whom a payment code stands for. line_id: 0 when the code pays from the wallet alone."""

    person_id: int
    line_id: int


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended: the next one begins after it, older."""

    asked_at: datetime
    trade_id: int

    def text(self) -> str:
        """The opaque cursor that a client sends back."""
        return base64.urlsafe_b64encode(msgspec.msgpack.encode(self)).decode("ascii").rstrip("=")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPage:
    """after: where the next page begins, None on the last one."""

    views: Sequence[PaymentView]
    after: Place | None


class CursorUnreadable(ValueError):
    """The text is no cursor that we gave."""


def place_of(cursor: str) -> Place:
    """The place that a cursor names. Raises CursorUnreadable, also for a place where nothing of ours can be."""
    try:
        place = msgspec.msgpack.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=Place)
    except (ValueError, msgspec.DecodeError) as error:
        raise CursorUnreadable(cursor) from error
    if place.asked_at.tzinfo is None or place.asked_at < _BEFORE_US or not 0 <= place.trade_id < 1 << 63:
        raise CursorUnreadable(cursor)
    return place


def payment_by_trade(connection: Connection[Any], *, trade_id: int, app_id: int | None = None) -> PaymentView | None:
    """The payment with this id; None when there is none, or when it is another app's."""
    trade = _trade(connection, trade_id)
    if trade is None or app_id not in (None, trade.app_id):
        return None
    return _views(connection, [trade])[0]


def payment_by_order(connection: Connection[Any], *, app_id: int, order_number: str) -> PaymentView | None:
    """The payment of the merchant's own order number; None when there is none."""
    event_id = _claimed(connection, ClaimKind.ORDER, app_id, order_number)
    trade_id = 0 if event_id is None else trade_of_event(connection, event_id=event_id)
    return payment_by_trade(connection, trade_id=trade_id, app_id=app_id) if trade_id else None


def trade_of_event(connection: Connection[Any], *, event_id: int) -> int:
    """The trade that an event is about; 0 when it is about none, or does not exist."""
    event = load_events(connection, [event_id]).get(event_id)
    return 0 if event is None else event.trade_id


def payments_page(
    connection: Connection[Any],
    *,
    app_id: int,
    limit: int,
    now: datetime,
    after: Place | None = None,
    created_from: datetime | None = None,
    created_before: datetime | None = None,
) -> PaymentPage:
    """One page of an app's payments, newest first: what existed when the first page was read comes exactly once.

    now: business time. created_from, created_before: half-open bounds on the time of asking.
    """
    trades = _trades(connection, app_id, limit + 1, now, after, created_from, created_before)
    shown = trades[:limit]
    more = len(trades) > limit
    return PaymentPage(
        views=_views(connection, shown),
        after=Place(shown[-1].asked_at, shown[-1].id) if more else None,
    )


def refunds_of(connection: Connection[Any], *, payment: Payment, limit: int = 1_000) -> list[tuple[int, Refunded]]:
    """The refunds of a payment with their ids, oldest first."""
    parameters = {"lane": payment.lane, "payment_id": payment.id, "kind": Refunded.kind, "limit": limit}
    ids = [row[0] for row in connection.execute(_REFUNDS, parameters)]
    events: dict[int, Event] = load_events(connection, ids)
    return [(identifier, event) for identifier in ids if isinstance(event := events[identifier], Refunded)]


def payers_of_codes(connection: Connection[Any], *, codes: Sequence[str]) -> dict[str, Payer]:
    """Whom the codes stand for; those that are unknown or have expired by the business clock are left out."""
    rows = connection.execute(_CODES, {"codes": list(codes), "limit": len(codes)}).fetchall()
    return {code: Payer(person_id=person_id, line_id=line_id) for code, person_id, line_id in rows}


def is_claimed(connection: Connection[Any], *, kind: ClaimKind, scope: int, key: str) -> bool:
    """Whether the key has its stored answer: then the same request gets it, whatever has changed since."""
    return _claimed(connection, kind, scope, key) is not None


def _claimed(connection: Connection[Any], kind: ClaimKind, scope: int, key: str) -> int | None:
    """The event that answers a key."""
    wanted = claim(kind, scope, key)
    row = connection.execute(_CLAIMED, {"lane": wanted.lane, "digest": wanted.digest}).fetchone()
    return None if row is None else row[0]


def _trade(connection: Connection[Any], trade_id: int) -> Trade | None:
    if not is_id(trade_id):
        return None
    rows = TRADE.load(connection, [(lane_of(trade_id), trade_id)], READ)
    return trade_of(rows[0]) if rows else None


def _views(connection: Connection[Any], trades: Sequence[Trade]) -> list[PaymentView]:
    keys = [(lane_of(trade.payment_id), trade.payment_id) for trade in trades if trade.payment_id]
    payments = {payment.id: payment for payment in map(payment_of, PAYMENT.load(connection, keys, READ))}
    return [PaymentView(trade=trade, payment=payments.get(trade.payment_id)) for trade in trades]


def _trades(
    connection: Connection[Any],
    app_id: int,
    wanted: int,
    now: datetime,
    after: Place | None,
    created_from: datetime | None,
    created_before: datetime | None,
) -> list[Trade]:
    newest = after.asked_at if after is not None else created_before or now
    found: list[Trade] = []
    for window in (*_WINDOWS, None):
        oldest = None if window is None else newest - window
        if oldest is None or (created_from is not None and oldest < created_from):
            oldest, window = created_from, None
        parameters = {
            "app_id": app_id,
            "oldest": oldest,
            "before": created_before,
            "after_at": None if after is None else after.asked_at,
            "after_id": None if after is None else after.trade_id,
            "limit": wanted,
        }
        found = [trade_of(row) for row in connection.execute(_page(parameters), parameters)]
        if len(found) >= wanted or window is None:
            break
    return found


def _page(parameters: dict[str, Any]) -> str:
    """Only the bounds that are set: a bound that may be NULL would keep the planner from the block ranges."""
    bounds = [condition for name, condition in _BOUNDS.items() if parameters[name] is not None]
    columns = ", ".join(column.name for column in TRADE.columns)
    return f"""
        SELECT {columns}
          FROM trade
         WHERE {" AND ".join(["app_id = %(app_id)s", *bounds])}
      ORDER BY asked_at DESC, id DESC
         LIMIT %(limit)s
    """  # noqa: S608 - our own columns and conditions


_BOUNDS = {
    "oldest": "asked_at >= %(oldest)s",
    "before": "asked_at < %(before)s",
    "after_at": "asked_at <= %(after_at)s AND (asked_at, id) < (%(after_at)s, %(after_id)s)",
}

_CLAIMED = "SELECT event_id FROM claim WHERE lane = %(lane)s AND digest = %(digest)s"

_REFUNDS = """
    SELECT id
      FROM event
     WHERE lane = %(lane)s AND payment_id = %(payment_id)s AND kind = %(kind)s AND kind IN (43, 45, 46, 47)
  ORDER BY id
     LIMIT %(limit)s
"""

_CODES = """
    SELECT c.code, c.person_id, c.line_id
      FROM payment_code c, clock
     WHERE c.code = ANY (%(codes)s) AND c.expires_at > now() + clock.offset_s * interval '1 second'
  ORDER BY c.code
     LIMIT %(limit)s
"""
