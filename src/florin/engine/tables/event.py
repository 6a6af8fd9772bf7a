"""Events to rows and back: what was agreed, with the entries it moved as parallel arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from psycopg import Connection
from psycopg.rows import tuple_row

from florin.engine.ids import lane_of
from florin.engine.tables.arrays import numbers
from florin.engine.tables.table import Table, array, bigint, day, instant, integer, json, same, smallint
from florin.events import Event, body_of, event_of
from florin.ledger import Entry, Rule
from florin.money.at import At

EVENT = Table(
    "event",
    [
        smallint("lane"), smallint("kind"), same(integer("writer")), bigint("id"), bigint("trade_id", None),
        bigint("payment_id", None), bigint("line_id", None), bigint("person_id", None), bigint("merchant_id", None),
        same(bigint("batch")), same(instant("recorded_at")), integer("sequence", None), day("value_on"), same(day("posted_on")),
        same(smallint("cut")),
        array("rules", "smallint"), array("amounts", "bigint"), array("subjects", "bigint"), json("body", None, kept_as="json"),
    ],
)  # fmt: skip

_encode = msgspec.json.Encoder(order="sorted").encode


class Recorded(NamedTuple):
    """An event with its place: row id, line sequence (None when no line), and its entries."""

    id: int
    event: Event
    sequence: int | None
    entries: Sequence[Entry]


class Chained(NamedTuple):
    """One row's part in its batch's hash, and the row."""

    text: str
    row: tuple[Any, ...]


def chained_of(recorded: Recorded, *, writer: int, batch: int, at: At) -> Chained:
    """The row of an event and the text that its batch's hash covers; `row_text` reads the same text from the database."""
    identifier, event, sequence, entries = recorded
    rules = amounts = subjects = None
    if entries:
        rules = "{" + ",".join([str(-e.rule if e.reversed else int(e.rule)) for e in entries]) + "}"
        amounts = "{" + ",".join([str(e.amount_minor) for e in entries]) + "}"
        if any(e.subject_id for e in entries):
            subjects = "{" + ",".join([str(e.subject_id or "NULL") for e in entries]) + "}"
    body = body_of(event)
    encoded = _encode(body).decode() if body else None
    row = (
        lane_of(identifier), event.kind, writer, identifier, event.trade_id or None, event.payment_id or None,
        event.line_id or None, event.person_id or None, event.merchant_id or None, batch, at.instant, sequence,
        event.value_on, at.on, at.cut, rules, amounts, subjects, encoded,
    )  # fmt: skip
    return Chained(row_text(row), row)


def row_text(row: Sequence[Any]) -> str:
    """What a hash covers of a row: all of it but the writer, the batch and the instant, which the batch's own line holds."""
    lane, kind, _, identifier, trade, payment, line, person, merchant, _, _, sequence, *rest = row
    return "|".join(map(str, (lane, kind, identifier, trade, payment, line, person, merchant, sequence, *rest)))


_BY_ID = """
    SELECT e.kind, e.value_on, coalesce(e.trade_id, 0), coalesce(e.payment_id, 0), coalesce(e.line_id, 0),
           coalesce(e.person_id, 0), coalesce(e.merchant_id, 0), e.body, e.id
      FROM unnest(%s::smallint[], %s::bigint[]) AS k(lane, id) JOIN event e USING (lane, id)
"""

_SINCE = """
    SELECT e.kind, e.value_on, coalesce(e.trade_id, 0), coalesce(e.payment_id, 0), coalesce(e.line_id, 0),
           coalesce(e.person_id, 0), coalesce(e.merchant_id, 0), e.body, e.id
      FROM unnest(%s::smallint[], %s::bigint[], %s::integer[]) AS k(lane, line_id, sequence)
           JOIN event e ON e.lane = k.lane AND e.line_id = k.line_id AND e.sequence > k.sequence
  ORDER BY e.line_id, e.sequence
"""


def load_events(connection: Connection, identifiers: Sequence[int]) -> dict[int, Event]:
    """Events by their ids."""
    if not identifiers:
        return {}
    with connection.cursor(binary=True, row_factory=tuple_row) as cursor:
        rows = cursor.execute(
            _BY_ID, (numbers([lane_of(i) for i in identifiers]), numbers(identifiers)), prepare=True
        ).fetchall()
    return {row[8]: event_from(row) for row in rows}


def load_events_since(connection: Connection, lines: Sequence[tuple[int, int, int]]) -> dict[int, list[Event]]:
    """Events of lines after a sequence, in order. lines: (lane, line id, sequence)."""
    found: dict[int, list[Event]] = {line_id: [] for _, line_id, _ in lines}
    if not lines:
        return found
    lanes, ids, sequences = zip(*sorted(lines), strict=True)
    with connection.cursor(binary=True, row_factory=tuple_row) as cursor:
        for row in cursor.execute(_SINCE, (numbers(lanes), numbers(ids), numbers(sequences)), prepare=True):
            found[row[4]].append(event_from(row))
    return found


_ENTRIES_OF = """
    SELECT e.line_id, e.rules, e.amounts, e.subjects
      FROM unnest(%s::smallint[], %s::bigint[]) AS k(lane, line_id)
           JOIN event e ON e.lane = k.lane AND e.line_id = k.line_id AND e.sequence > 0
     WHERE e.rules IS NOT NULL
"""


def load_entries(connection: Connection, lines: Sequence[tuple[int, int]]) -> dict[int, list[Entry]]:
    """All entries of lines' events. lines: (lane, line id)."""
    found: dict[int, list[Entry]] = {line_id: [] for _, line_id in lines}
    lanes, ids = zip(*sorted(lines), strict=True)
    with connection.cursor(row_factory=tuple_row) as cursor:
        for line_id, rules, amounts, subjects in cursor.execute(_ENTRIES_OF, (numbers(lanes), numbers(ids))):
            found[line_id] += entries_from(rules, amounts, subjects)
    return found


def entries_from(
    rules: Sequence[int] | None, amounts: Sequence[int] | None, subjects: Sequence[int | None] | None
) -> list[Entry]:
    """The entries that a row keeps as arrays; a rule below zero is reversed."""
    return [
        Entry(Rule(abs(rule)), amount, subject or 0, reversed=rule < 0)
        for rule, amount, subject in zip(rules or (), amounts or (), subjects or [0] * len(rules or ()), strict=True)
    ]


def event_from(row: Sequence[Any]) -> Event:
    """The event of a row that begins: kind, value_on, the five owners (0: none), body."""
    kind, value_on, trade_id, payment_id, line_id, person_id, merchant_id, body, *_ = row
    owners = {
        "value_on": value_on,
        "trade_id": trade_id,
        "payment_id": payment_id,
        "line_id": line_id,
        "person_id": person_id,
        "merchant_id": merchant_id,
    }
    return event_of(kind, owners, body or {})
