"""A credit line as of a day: by the day on which things count, and by the day on which they were known.

Its events are folded again; nothing else is read, and nothing is written. So a line can be shown as it was seen then, and
as it is known now to have been (`docs/explanation/corrections.md`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row

from florin.credit.correction import line_as_of
from florin.credit.line import Line
from florin.credit.payoff import PayoffQuote, payoff
from florin.credit.terms import Program
from florin.engine import lane_of
from florin.engine.reference import Reference
from florin.engine.tables.event import event_from
from florin.events import Event, LineOpened
from florin.queries import is_id

EVENTS_MAX = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAsOf:
    """A line at the end of `on`, by all that was known at the end of `known_on`. payoff: what it took to owe nothing."""

    line: Line
    program: Program
    payoff: PayoffQuote
    on: date
    known_on: date


class DayOutOfRange(Exception):
    """The line has no such day. which: `on` or `known_on`."""

    def __init__(self, *, which: str, day: date, first_on: date, last_on: date) -> None:
        super().__init__(f"{which} {day}")
        self.problem = f"The line cannot be shown as of {day}."
        self.fix = f"Choose a day from {first_on}, when it was opened, to {last_on}."
        self.which = which


def line_as_of_day(
    connection: Connection[Any], *, line_id: int, on: date, known_on: date, today: date
) -> LineAsOf | None:
    """The line as of these days; None when there is no such line. Raises DayOutOfRange."""
    events = _known(connection, line_id, on, known_on) if is_id(line_id) else []
    if not events:
        return None
    opened = events[0]
    assert isinstance(opened, LineOpened), "a line's first event opens it"
    for which, day in (("on", on), ("known_on", known_on)):
        if not opened.value_on <= day <= today:
            raise DayOutOfRange(which=which, day=day, first_on=opened.value_on, last_on=today)
    program = Reference.program(opened.program)
    line, account = line_as_of(events, on, program, lane=lane_of(line_id))
    return LineAsOf(line=line, program=program, payoff=payoff(account, on, program), on=on, known_on=known_on)


# The opening is always among them: it says which days there are.
_KNOWN = """
    SELECT kind, value_on, coalesce(trade_id, 0), coalesce(payment_id, 0), coalesce(line_id, 0), coalesce(person_id, 0),
           coalesce(merchant_id, 0), body
      FROM event
     WHERE lane = %(lane)s AND line_id = %(line_id)s
       AND (sequence = 1 OR (sequence > 1 AND posted_on <= %(known_on)s AND value_on <= %(on)s))
  ORDER BY sequence
     LIMIT %(limit)s
"""


def _known(connection: Connection[Any], line_id: int, on: date, known_on: date) -> list[Event]:
    parameters = {"lane": lane_of(line_id), "line_id": line_id, "on": on, "known_on": known_on, "limit": EVENTS_MAX}
    with connection.cursor(row_factory=tuple_row) as cursor:
        events = [event_from(row) for row in cursor.execute(_KNOWN, parameters)]
    assert len(events) < EVENTS_MAX, f"line {line_id} has more events than one answer folds"
    return events
