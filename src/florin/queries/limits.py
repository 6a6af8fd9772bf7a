"""The history of a line's limit: what it was set to, how it was lifted for a time, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import class_row

from florin.engine import lane_of
from florin.queries import is_id

What = Literal["opened", "limit-set", "uplift-given", "uplift-ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitChange:
    """One change. amount_minor: the limit that was set, or the uplift that was given or has ended. until_on: its last day."""

    event_id: int
    what: What
    on: date
    amount_minor: int
    until_on: date | None
    reason: str


def limit_history(connection: Connection[Any], *, line_id: int, limit: int = 100) -> list[LimitChange]:
    """The newest first; none for a line that does not exist."""
    if not is_id(line_id):
        return []
    parameters = {"lane": lane_of(line_id), "line_id": line_id, "limit": limit}
    with connection.cursor(row_factory=class_row(LimitChange)) as cursor:
        return cursor.execute(_HISTORY, parameters).fetchall()


_HISTORY = """
    SELECT id AS event_id, value_on AS on,
           CASE kind WHEN 20 THEN 'opened' WHEN 21 THEN 'limit-set' WHEN 34 THEN 'uplift-given' ELSE 'uplift-ended' END AS what,
           coalesce(body ->> 'limit_minor', body ->> 'amount_minor')::bigint AS amount_minor,
           (body ->> 'until_on')::date AS until_on,
           coalesce(body ->> 'reason', '') AS reason
      FROM event
     WHERE lane = %(lane)s AND line_id = %(line_id)s AND kind IN (20, 21, 34, 35)
  ORDER BY sequence DESC
     LIMIT %(limit)s
"""
