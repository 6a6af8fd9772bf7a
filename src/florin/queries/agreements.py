"""Standing agreements, and the apps they are with, as the house's owner reads them."""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from florin.engine import lane_of
from florin.payments.charge import Agreement
from florin.queries import is_id


def agreement_by_id(connection: Connection[Any], *, agreement_id: int) -> Agreement | None:
    """The agreement with this id, ended ones too; None when there is none."""
    if not is_id(agreement_id):
        return None
    with connection.cursor(row_factory=class_row(Agreement)) as cursor:
        return cursor.execute(_AGREEMENT, {"lane": lane_of(agreement_id), "id": agreement_id}).fetchone()


def active_agreements(connection: Connection[Any], *, person_id: int, app_id: int) -> list[Agreement]:
    """The active agreements of a person with an app, newest first."""
    parameters = {"lane": lane_of(person_id), "person_id": person_id, "app_id": app_id}
    with connection.cursor(row_factory=class_row(Agreement)) as cursor:
        return cursor.execute(_ACTIVE, parameters).fetchall()


def app_exists(connection: Connection[Any], *, app_id: int) -> bool:
    return connection.execute("SELECT 1 FROM app WHERE id = %(id)s", {"id": app_id}).fetchone() is not None


_AGREEMENT = """
    SELECT id, lane, app_id, person_id, line_id, state, limit_minor
      FROM agreement
     WHERE lane = %(lane)s AND id = %(id)s
"""

_ACTIVE = """
    SELECT id, lane, app_id, person_id, line_id, state, limit_minor
      FROM agreement
     WHERE lane = %(lane)s AND person_id = %(person_id)s AND app_id = %(app_id)s AND state = 'active'
  ORDER BY id DESC
     LIMIT 100
"""
