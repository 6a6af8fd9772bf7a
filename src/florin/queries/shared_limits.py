"""What a person's lines may come to together, group by group, and how that was set."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import class_row

from florin.credit.line import Line
from florin.credit.shared_limit import SharedExposure
from florin.engine import lane_of
from florin.engine.reference import Reference
from florin.queries import is_id

CHANGES_MAX = 100


class SharedLimit(msgspec.Struct, frozen=True, kw_only=True):
    """exposure: what her lines in the group use together. limit: her own; None: the terms'."""

    group: str
    limit_minor: int | None
    exposure_minor: int


class SharedLimitChange(msgspec.Struct, frozen=True, kw_only=True):
    """limit_minor: None went back to the terms'."""

    event_id: int
    group: str
    on: date
    limit_minor: int | None
    reason: str


def shared_limits(connection: Connection[Any], *, person_id: int) -> list[SharedLimit]:
    """By group; none for somebody whose lines share nothing."""
    if not is_id(person_id):
        return []
    with connection.cursor(row_factory=class_row(SharedLimit)) as cursor:
        return cursor.execute(_SHARED, {"lane": lane_of(person_id), "person_id": person_id}).fetchall()


def shared_by(connection: Connection[Any], line: Line) -> SharedExposure | None:
    """What the line shares with the person's others, as the till finds it; None when its program is of no group."""
    group = Reference.group_of(line.program)
    if not group:
        return None
    parameters = {"lane": line.lane, "person_id": line.person_id, "group": group}
    with connection.cursor(row_factory=class_row(SharedExposure)) as cursor:
        return cursor.execute(_GUARD, parameters).fetchone()


def shared_limit_history(connection: Connection[Any], *, person_id: int) -> list[SharedLimitChange]:
    """The newest first."""
    if not is_id(person_id):
        return []
    parameters = {"lane": lane_of(person_id), "person_id": person_id, "limit": CHANGES_MAX}
    with connection.cursor(row_factory=class_row(SharedLimitChange)) as cursor:
        return cursor.execute(_HISTORY, parameters).fetchall()


_SHARED = """
    SELECT exposure_group AS group, limit_minor, exposure_minor
      FROM shared_exposure
     WHERE lane = %(lane)s AND person_id = %(person_id)s
  ORDER BY exposure_group
     LIMIT 100
"""
_GUARD = """
    SELECT lane, person_id, exposure_group AS group, exposure_minor, limit_minor
      FROM shared_exposure
     WHERE lane = %(lane)s AND person_id = %(person_id)s AND exposure_group = %(group)s
"""
# No index leads from a person to her events: every sale would pay for it, and one lane is little to read.
_HISTORY = """
    SELECT id AS event_id, body ->> 'group' AS group, value_on AS on, (body ->> 'limit_minor')::bigint AS limit_minor,
           body ->> 'reason' AS reason
      FROM event
     WHERE lane = %(lane)s AND kind = 122 AND person_id = %(person_id)s
  ORDER BY recorded_at DESC, id DESC
     LIMIT %(limit)s
"""
