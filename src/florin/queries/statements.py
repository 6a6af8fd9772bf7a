"""Statements of a line: the image, which never changes, and what remains of it, as of today."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from psycopg import Connection

from florin.credit.statement import StatementShown, show
from florin.engine.tables.event import load_events
from florin.events import StatementIssued
from florin.money.at import At
from florin.queries.lines import LineView, line_by_id


def statements_of(
    connection: Connection[Any], *, line_id: int, at: At, before: date | None = None, limit: int = 12
) -> list[StatementShown] | None:
    """Statements that close before `before`, newest first; None when there is no such line.

    One that is due today and that the day close has not yet written is among them.
    """
    view = line_by_id(connection, line_id=line_id, at=at)
    if view is None:
        return None
    issued = [step.event for step in view.steps if isinstance(step.event, StatementIssued)]
    issued += _written(connection, view, before, limit)
    chosen = sorted(
        (statement for statement in issued if before is None or statement.closes_on < before),
        key=lambda statement: statement.closes_on,
        reverse=True,
    )
    return [show(statement, view.account) for statement in chosen[:limit]]


def statement_of(connection: Connection[Any], *, line_id: int, closes_on: date, at: At) -> StatementShown | None:
    """The statement that closed on that day; None when there is none."""
    before = closes_on + timedelta(days=1) if closes_on < date.max else None
    shown = statements_of(connection, line_id=line_id, at=at, before=before, limit=1)
    return next((statement for statement in shown or () if statement.closes_on == closes_on), None)


def _written(connection: Connection[Any], view: LineView, before: date | None, limit: int) -> list[StatementIssued]:
    parameters = {"lane": view.line.lane, "line_id": view.line.id, "before": before, "limit": limit}
    ids = [row[0] for row in connection.execute(_STATEMENTS, parameters)]
    return [event for event in load_events(connection, ids).values() if isinstance(event, StatementIssued)]


_STATEMENTS = """
    SELECT event_id
      FROM statement
     WHERE lane = %(lane)s AND line_id = %(line_id)s AND (closes_on < %(before)s OR %(before)s::date IS NULL)
  ORDER BY closes_on DESC
     LIMIT %(limit)s
"""
