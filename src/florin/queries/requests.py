"""Refund requests and disputes: one with its story, those of a payment, those that wait for a seller or for the operator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, LiteralString

from psycopg import Connection

from florin.engine import lane_of
from florin.engine.tables.event import load_events
from florin.engine.tables.request import REFUND_REQUEST, request_of
from florin.engine.tables.table import READ
from florin.events import Event, EvidenceGiven, Shipped
from florin.payments.requests.request import RefundRequest
from florin.queries import is_id

REQUESTS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """trade_id: of the order that it is about; subject, order_number: as the seller named it. evidence: of both sides."""

    request: RefundRequest
    trade_id: int
    subject: str
    order_number: str
    evidence: Sequence[EvidenceGiven] = ()


def request_by_id(
    connection: Connection[Any], *, request_id: int, merchant_id: int | None = None
) -> RequestView | None:
    """One request with its evidence; None when there is none, or when it is about another seller's order."""
    if not is_id(request_id):
        return None
    rows = REFUND_REQUEST.load(connection, [(lane_of(request_id), request_id)], READ)
    request = request_of(rows[0]) if rows else None
    if request is None or merchant_id not in (None, request.merchant_id):
        return None
    happened = events_of(connection, payment_id=request.payment_id)
    given = [e for e in happened if isinstance(e, EvidenceGiven) and e.request_id == request_id]
    [view] = _views(connection, [request])
    return replace(view, evidence=given)


def requests_of_payment(connection: Connection[Any], *, payment_id: int) -> list[RefundRequest]:
    """All requests of a payment, oldest first."""
    return [request_of(row) for row in _rows(connection, _OF_PAYMENT, lane=lane_of(payment_id), payment_id=payment_id)]


def requests_of_merchant(
    connection: Connection[Any], *, merchant_id: int, open_only: bool = False, limit: int = REQUESTS_MAX
) -> list[RequestView]:
    """A seller's requests: those that are open first, by their day; then the others, newest first."""
    found = _rows(connection, _OF_MERCHANT, merchant_id=merchant_id, most=5 if open_only else 9, limit=limit)
    return _views(connection, [request_of(row) for row in found])


def disputes(connection: Connection[Any], *, limit: int = REQUESTS_MAX) -> list[RequestView]:
    """What waits for the operator, by the day on which it is decided without him."""
    return _views(connection, [request_of(row) for row in _rows(connection, _DISPUTES, limit=limit)])


def events_of(connection: Connection[Any], *, payment_id: int) -> list[Event]:
    """What has happened beside the money of a payment: clock put off, parcels, requests, evidence. Oldest first."""
    ids = connection.execute(
        _EVENTS, {"lane": lane_of(payment_id), "payment_id": payment_id, "limit": 1_000}
    ).fetchall()
    events = load_events(connection, [identifier for (identifier,) in ids])
    return [events[identifier] for (identifier,) in ids]


def parcels_of(connection: Connection[Any], *, payment_id: int) -> list[Shipped]:
    """What the seller has sent, oldest first."""
    return [event for event in events_of(connection, payment_id=payment_id) if isinstance(event, Shipped)]


def _rows(connection: Connection[Any], statement: LiteralString, **parameters: Any) -> list[tuple[Any, ...]]:
    columns = ", ".join(f"r.{column.name}" for column in REFUND_REQUEST.columns)
    return connection.execute(statement.replace("{columns}", columns), parameters).fetchall()


def _views(connection: Connection[Any], requests: Sequence[RefundRequest]) -> list[RequestView]:
    keys = {"lanes": [r.lane for r in requests], "ids": [r.payment_id for r in requests]}
    orders = {row[0]: row[1:] for row in connection.execute(_ORDERS, keys)}
    views = []
    for request in requests:
        trade_id, subject, order_number = orders[request.payment_id]
        views.append(RequestView(request=request, trade_id=trade_id, subject=subject, order_number=order_number))
    return views


_OF_PAYMENT: LiteralString = """
    SELECT {columns} FROM refund_request r WHERE r.lane = %(lane)s AND r.payment_id = %(payment_id)s ORDER BY r.id LIMIT 100
"""
_OF_MERCHANT: LiteralString = """
    SELECT {columns}
      FROM refund_request r
     WHERE r.merchant_id = %(merchant_id)s AND r.state <= %(most)s
  ORDER BY (r.state <= 5) DESC, CASE WHEN r.state <= 5 THEN r.due_on END, r.asked_on DESC, r.id DESC
     LIMIT %(limit)s
"""
_DISPUTES: LiteralString = """
    SELECT {columns} FROM refund_request r WHERE r.state = 5 ORDER BY r.due_on, r.id LIMIT %(limit)s
"""
_ORDERS = """
    SELECT p.id, t.id, t.subject, t.out_trade_no
      FROM unnest(%(lanes)s::smallint[], %(ids)s::bigint[]) AS k(lane, id)
           JOIN payment p USING (lane, id) JOIN trade t ON t.id = p.trade_id
  ORDER BY p.id
"""
_EVENTS = """
    SELECT id FROM event
     WHERE lane = %(lane)s AND payment_id = %(payment_id)s AND kind BETWEEN 232 AND 244
  ORDER BY recorded_at, batch, id
     LIMIT %(limit)s
"""
