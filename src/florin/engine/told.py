"""Told: what a message keeps of its moment, and the whole of it when it is sent.

A message tells what was true when its event was written, on every try alike. The event never changes, nor does most of its
trade and payment; so the outbox keeps the few fields that later events may move, as they were, and the rest is read from the
rows when the message is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection

from florin.credit.line import Line
from florin.engine.ids import lane_of
from florin.engine.tables.event import load_events
from florin.engine.tables.payment import PAYMENT, payment_of
from florin.engine.tables.table import READ, Table
from florin.engine.tables.trade import TRADE, trade_of
from florin.events import Event, body_of
from florin.payments.payment import Payment
from florin.payments.trade import Trade

_encode = msgspec.json.Encoder().encode


def short_of(at: datetime, trade: Trade, payment: Payment | None) -> str:
    """What a message keeps. at: business time of the event."""
    moved = {"trade": _moved(trade, _TRADE_MOVES), "payment": payment and _moved(payment, _PAYMENT_MOVES)}
    return _encode({"at": at, "moved": moved}).decode()


def of_line(at: datetime, event_id: int, event: Event, line: Line) -> str:
    """What a message to the owner's systems keeps: all of it, since nothing of it is read again. at: business time."""
    told = {
        "event_id": event_id,
        "at": at,
        "line_id": str(line.id),
        "person_id": str(line.person_id),
        "program": line.program,
        "value_on": event.value_on,
        "event": body_of(event),
    }
    return _encode(told).decode()


def of_house(at: datetime, event_id: int, event: Event) -> str:
    """What a message to the owner's systems keeps of an event that is about no line: all of it. at: business time."""
    return _encode({"event_id": event_id, "at": at, "value_on": event.value_on, "event": body_of(event)}).decode()


def whole_of(connection: Connection, kept: Sequence[tuple[int, Mapping[str, Any]]]) -> list[Mapping[str, Any]]:
    """`event_id`, `at`, `event`, `trade` and `payment` as they were; kept: (event id, what its message keeps).

    What was kept whole, or is about rows that are not there, comes back as it is.
    """
    events = load_events(connection, [event_id for event_id, payload in kept if "moved" in payload])
    trades = _states(connection, TRADE, trade_of, {event.trade_id for event in events.values()})
    payments = _states(connection, PAYMENT, payment_of, {event.payment_id for event in events.values()})
    return [_whole(event_id, payload, events, trades, payments) for event_id, payload in kept]


def _whole(
    event_id: int,
    payload: Mapping[str, Any],
    events: Mapping[int, Event],
    trades: Mapping[int, Trade],
    payments: Mapping[int, Payment],
) -> Mapping[str, Any]:
    event = events.get(event_id)
    if event is None or event.trade_id not in trades:
        return payload
    trade, payment = payload["moved"]["trade"], payload["moved"]["payment"]
    return {
        "event_id": event_id,
        "at": payload["at"],
        "event": msgspec.to_builtins(body_of(event)),
        "trade": _as_it_was(trades[event.trade_id], _TRADE_MOVES, trade),
        "payment": None if payment is None else _as_it_was(payments[event.payment_id], _PAYMENT_MOVES, payment),
    }


def _states(connection: Connection, table: Table, state_of: Any, identifiers: Iterable[int]) -> dict[int, Any]:
    keys = [(lane_of(identifier), identifier) for identifier in identifiers if identifier]
    return {state.id: state for state in map(state_of, table.load(connection, keys, READ))} if keys else {}


def _moves(state: type[msgspec.Struct], changing: Iterable[str]) -> dict[str, Any]:
    """What an update of the row may write: by field, with its default. A payment's plan is one field and three columns."""
    names = {"plan" if column.startswith("plan_") else column for column in changing}
    moves = {field.name: field.default for field in msgspec.structs.fields(state) if field.name in names}
    assert len(moves) == len(names), f"every column that changes is a field of {state.__name__}"
    return moves


_TRADE_MOVES = _moves(Trade, TRADE.changing)
_PAYMENT_MOVES = _moves(Payment, PAYMENT.changing)


def _moved(state: msgspec.Struct, moves: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, default in moves.items() if (value := getattr(state, name)) != default}


def _as_it_was(state: msgspec.Struct, moves: Mapping[str, Any], moved: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(state)
    return {name: value for name, value in fields.items() if name not in moves} | dict(moved)
