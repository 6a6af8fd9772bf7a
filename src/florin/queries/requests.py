"""Refund requests and disputes: one with its story, those of a payment, those that wait for a seller or for the operator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, LiteralString

from psycopg import Connection

from florin.engine import lane_of
from florin.engine.lanes import LANES
from florin.engine.tables.payment import PAYMENT, payment_of
from florin.engine.tables.request import REFUND_REQUEST, request_of
from florin.engine.tables.trade import TRADE, trade_of
from florin.events import Event, EvidenceGiven
from florin.payments.payment import Payment
from florin.payments.requests.request import RefundRequest, folded
from florin.payments.trade import Trade
from florin.queries import is_id
from florin.queries.rows import asked, events_asked, states_of

REQUESTS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """trade_id: of the order that it is about; subject, order_number: as the seller named it. evidence: of both sides."""

    request: RefundRequest
    trade_id: int
    subject: str
    order_number: str
    evidence: Sequence[EvidenceGiven] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A payment with what its order holds and what has been asked of it. events: beside its money, oldest first."""

    payment: Payment
    trade: Trade
    requests: Sequence[RefundRequest]
    events: Sequence[Event]

    @property
    def open_request(self) -> RefundRequest | None:
        return next((request for request in self.requests if request.state.is_open), None)

    def evidence_of(self, request_id: int) -> list[EvidenceGiven]:
        return [each for each in self.events if isinstance(each, EvidenceGiven) and each.request_id == request_id]


def read_case(
    connection: Connection[Any], *, payment_id: int, person_id: int | None = None, merchant_id: int | None = None
) -> Case | None:
    """All of it, for one of its parties; None when there is no such payment, or when it is none of theirs."""
    if not is_id(payment_id):
        return None
    found = asked(connection, _CASE, {"lane": lane_of(payment_id), "id": payment_id, "lanes": list(LANES)})
    row = next(iter(list(found)), None)
    payment = None if row is None else payment_of(row[:_OF_PAYMENT_ROW])
    if row is None or payment is None:
        return None
    if person_id not in (None, payment.person_id) or merchant_id not in (None, payment.merchant_id):
        return None
    events = events_of(connection, payment_id=payment_id)
    return Case(
        payment=payment,
        trade=trade_of(row[_OF_PAYMENT_ROW:]),
        requests=folded(events, lane=payment.lane),
        events=events,
    )


def request_by_id(
    connection: Connection[Any], *, request_id: int, merchant_id: int | None = None
) -> RequestView | None:
    """One request with its evidence; None when there is none, or when it is about another seller's order."""
    request = next(iter(states_of(connection, REFUND_REQUEST, request_of, [request_id])), None)
    if request is None or merchant_id not in (None, request.merchant_id):
        return None
    happened = events_of(connection, payment_id=request.payment_id)
    given = [e for e in happened if isinstance(e, EvidenceGiven) and e.request_id == request_id]
    [view] = _views(connection, [request])
    return replace(view, evidence=given)


def requests_of_merchant(
    connection: Connection[Any], *, merchant_id: int, open_only: bool = False, limit: int = REQUESTS_MAX
) -> list[RequestView]:
    """A seller's requests: those that are open first, by their day; then the others, newest first."""
    found = _requests(connection, _OF_MERCHANT, merchant_id=merchant_id, most=5 if open_only else 9, limit=limit)
    return _views(connection, found)


def disputes(connection: Connection[Any], *, limit: int = REQUESTS_MAX) -> list[RequestView]:
    """What waits for the operator, by the day on which it is decided without him."""
    return _views(connection, _requests(connection, _DISPUTES, limit=limit))


def events_of(connection: Connection[Any], *, payment_id: int) -> list[Event]:
    """What has happened beside the money of a payment: clock put off, parcels, requests, evidence. Oldest first."""
    return events_asked(connection, _EVENTS, lane=lane_of(payment_id), payment_id=payment_id, limit=1_000)


def _requests(connection: Connection[Any], statement: LiteralString, **parameters: Any) -> list[RefundRequest]:
    columns = ", ".join(f"r.{column.name}" for column in REFUND_REQUEST.columns)
    return [request_of(row) for row in asked(connection, statement.replace("{columns}", columns), parameters)]


def _views(connection: Connection[Any], requests: Sequence[RefundRequest]) -> list[RequestView]:
    keys = {"lanes": [r.lane for r in requests], "ids": [r.payment_id for r in requests]}
    orders = {row[0]: row[1:] for row in asked(connection, _ORDERS, keys)}
    views = []
    for request in requests:
        trade_id, subject, order_number = orders[request.payment_id]
        views.append(RequestView(request=request, trade_id=trade_id, subject=subject, order_number=order_number))
    return views


_OF_PAYMENT_ROW = len(PAYMENT.columns)
_CASE = f"""
    SELECT {", ".join(f"p.{column.name}" for column in PAYMENT.columns)},
           {", ".join(f"t.{column.name}" for column in TRADE.columns)}
      FROM payment p
           JOIN trade t ON t.lane = (%(lanes)s::smallint[])[(p.trade_id >> 40)::integer + 1] AND t.id = p.trade_id
     WHERE p.lane = %(lane)s AND p.id = %(id)s
"""  # noqa: S608 - our own lists of columns
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
_EVENTS: LiteralString = """
    SELECT kind, value_on, coalesce(trade_id, 0), payment_id, coalesce(line_id, 0), coalesce(person_id, 0),
           coalesce(merchant_id, 0), body
      FROM event
     WHERE lane = %(lane)s AND payment_id = %(payment_id)s AND kind BETWEEN 232 AND 244
  ORDER BY recorded_at, batch, id
     LIMIT %(limit)s
"""
