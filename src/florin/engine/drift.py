"""Drift: whether folding a line's events from nothing gives what is stored and what was posted.

The snapshot of a line's items is a cache of the fold, and the entries in its events are what the fold derived when they
were recorded. A rule or a program's file that was changed since would now derive something else: that difference is
reported, line by line, and never posted by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.rows import tuple_row

from florin.credit.account import Account
from florin.credit.correction import difference, fold
from florin.credit.program import load_program
from florin.credit.terms import Program
from florin.engine.ids import lane_of
from florin.engine.tables.account import account_of
from florin.engine.tables.arrays import numbers
from florin.engine.tables.event import entries_from, event_from
from florin.events import Event
from florin.ledger import Entry
from florin.money import yuan_text
from florin.payments.post import entries_of

CHUNK = 200


class Drift(NamedTuple):
    """One line whose fold is not what is stored. state: fields that differ; entries: what the fold would post beside it."""

    line_id: int
    state: tuple[str, ...]
    entries: tuple[Entry, ...]

    def says(self) -> str:
        """In words, for an operator."""
        posted = [
            f"{entry.rule.name}{f' of {entry.subject_id}' if entry.subject_id else ''}"
            f" {'-' if entry.reversed else '+'}{yuan_text(entry.amount_minor)}"
            for entry in self.entries
        ]
        return f"line {self.line_id}: {'; '.join([*self.state, *posted])}"


class _Stored(NamedTuple):
    """A line as it is stored: its program and items, the events that these are a fold of, and all that these posted."""

    program: str
    account: Account
    events: list[Event]
    posted: list[Entry]


_SAMPLE = """
    SELECT id FROM line ORDER BY hashint8extended(id, %(seed)s) LIMIT %(size)s
"""
_ALL = "SELECT id FROM line WHERE id > %(after)s ORDER BY id LIMIT %(size)s"
_STORED = """
    SELECT l.id, l.program, a.account
      FROM unnest(%(lanes)s::smallint[], %(ids)s::bigint[]) AS k(lane, id) JOIN line l USING (lane, id)
           JOIN line_account a ON a.lane = l.lane AND a.line_id = l.id
"""
_EVENTS = """
    SELECT e.kind, e.value_on, coalesce(e.trade_id, 0), coalesce(e.payment_id, 0), coalesce(e.line_id, 0),
           coalesce(e.person_id, 0), coalesce(e.merchant_id, 0), e.body, e.sequence, e.rules, e.amounts, e.subjects
      FROM unnest(%(lanes)s::smallint[], %(ids)s::bigint[]) AS k(lane, line_id)
           JOIN event e ON e.lane = k.lane AND e.line_id = k.line_id AND e.sequence > 0
  ORDER BY e.line_id, e.sequence
"""


def drift_of_sample(connection: Connection, size: int, seed: int) -> list[Drift]:
    """The drift of `size` lines, chosen anew by each seed."""
    rows = connection.execute(_SAMPLE, {"size": size, "seed": seed}).fetchall()
    return [drift for chunk in _chunks([row[0] for row in rows]) for drift in drift_of(connection, chunk)]


def drift_of_all(connection: Connection, progress: Callable[[int], None] = lambda lines: None) -> Iterator[Drift]:
    """The drift of every line, in the order of their ids. progress: told how many lines each step has folded."""
    after = 0
    while True:
        rows = connection.execute(_ALL, {"after": after, "size": CHUNK}).fetchall()
        if not rows:
            return
        yield from drift_of(connection, [row[0] for row in rows])
        after = rows[-1][0]
        progress(len(rows))


def drift_of(connection: Connection, line_ids: Sequence[int]) -> list[Drift]:
    """Fold these lines from nothing, and say which differ from what is stored."""
    stored = _load(connection, line_ids)
    programs = {name: load_program(name) for name in {one.program for one in stored.values()}}
    found = (_compare(line_id, one, programs[one.program]) for line_id, one in stored.items())
    return [drift for drift in found if drift is not None]


def _compare(line_id: int, stored: _Stored, program: Program) -> Drift | None:
    folded = fold(stored.events, program)
    of_events = [entry for event in stored.events for entry in entries_of(event)]
    entries = difference((*folded.entries, *of_events), stored.posted)
    state = tuple(
        f"{name} is {_short(getattr(stored.account, name))}, folded {_short(getattr(folded.account, name))}"
        for name in Account.__struct_fields__
        if getattr(stored.account, name) != getattr(folded.account, name)
    )
    return Drift(line_id, state, entries) if state or entries else None


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _load(connection: Connection, line_ids: Sequence[int]) -> dict[int, _Stored]:
    parameters = {"lanes": numbers([lane_of(line_id) for line_id in line_ids]), "ids": numbers(line_ids)}
    with connection.cursor(row_factory=tuple_row) as cursor:
        stored = {
            line_id: _Stored(program, account_of(document), [], [])
            for line_id, program, document in cursor.execute(_STORED, parameters)
        }
        for row in cursor.execute(_EVENTS, parameters):
            one, sequence = stored[row[4]], row[8]
            if sequence <= one.account.sequence:
                one.events.append(event_from(row))
                one.posted.extend(entries_from(*row[9:]))
    return stored


def _chunks(line_ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(line_ids), CHUNK):
        yield line_ids[start : start + CHUNK]
