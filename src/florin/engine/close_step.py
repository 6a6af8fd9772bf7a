"""A step of the day close: questions of a transaction of their own, and commands in chunks, each with a key of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, LiteralString, NamedTuple

from psycopg import Connection
from psycopg.rows import namedtuple_row

from florin.engine.engine import Engine
from florin.engine.submission import Outcome, Submission

CHUNK = 100


class CloseUnfinished(RuntimeError):
    """A step of settlement was not done: the day stays open until the close, run again, has done it."""


@contextmanager
def each_by_itself(connection: Connection) -> Iterator[None]:
    """Each statement is a transaction of its own in one round trip, not in three with a BEGIN before and a COMMIT after it.

    What is under way on the connection is committed first. Who needs several statements in one transaction begins it.
    """
    connection.commit()
    before, connection.autocommit = connection.autocommit, True
    try:
        yield
    finally:
        if not connection.closed:
            connection.autocommit = before


def rows_of(connection: Connection, statement: LiteralString, **parameters: Any) -> list[Any]:
    """A reading of its own transaction: nothing stays open while the engine works on what was found."""
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        rows = cursor.execute(statement, parameters).fetchall()
    connection.commit()
    return rows


class OpenDays(NamedTuple):
    """The days between the last closed one and the business date, both left out."""

    since_on: date
    on: date


def of_open_days(connection: Connection, statement: LiteralString, days: OpenDays) -> list[Any]:
    """What a question finds on the days that are not closed. They are told as values: by a join with the clock no index would
    lead to them, and every event would be read.
    """
    return rows_of(connection, statement, since_on=days.since_on, on=days.on)


def drain(
    engine: Engine,
    connection: Connection,
    statement: LiteralString,
    submission: Callable[[Any], Submission],
    **parameters: Any,
) -> int:
    """Take what is due in chunks until a chunk changes nothing any more."""
    done = 0
    while rows := rows_of(connection, statement, chunk=CHUNK, **parameters):
        moved = sum(outcome.event is not None for outcome in engine.execute([submission(row) for row in rows]))
        done += moved
        if moved == 0:
            break
    return done


def execute(engine: Engine, submissions: Sequence[Submission], *, chunk: int = CHUNK) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for together in _chunks(submissions, chunk):
        outcomes += engine.execute(together)
    return outcomes


def settle(engine: Engine, submissions: Sequence[Submission]) -> list[Outcome]:
    """Steps without which the day is not closed: what is left out now, no later day would look for."""
    outcomes = execute(engine, submissions)
    left = [outcome.refusal for outcome in outcomes if outcome.refusal is not None]
    if left:
        raise CloseUnfinished(
            f"{len(left)} of {len(outcomes)} steps were not done, first: {left[0].name} {left[0].numbers()}"
        )
    return outcomes


def _chunks(submissions: Sequence[Submission], chunk: int) -> Iterable[Sequence[Submission]]:
    return (submissions[start : start + chunk] for start in range(0, len(submissions), chunk))


def closed_through(connection: Connection) -> date:
    row = connection.execute("SELECT closed_through FROM clock").fetchone()
    connection.commit()
    assert row is not None
    closed: date = row[0]
    return closed
