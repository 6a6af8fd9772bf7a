"""Changes of reference data: merchants stopped and let go on, standing agreements given and ended.

They are not money and no events. What every process keeps in memory is changed together with `clock.reference_version`, in one
transaction: each batch that begins after its COMMIT reloads before it decides. The connection's role is `florin_engine`.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from florin.engine.ids import lane_of
from florin.payments.charge import Agreement


def freeze_merchant(connection: Connection[Any], merchant_id: int) -> str | None:
    """No new payment for this merchant from the next batch on; the state he is in now, None when there is no such merchant."""
    return _move_merchant(connection, merchant_id, "open", "frozen")


def unfreeze_merchant(connection: Connection[Any], merchant_id: int) -> str | None:
    """The merchant may be paid again; the state he is in now, None when there is no such merchant."""
    return _move_merchant(connection, merchant_id, "frozen", "open")


def agree(connection: Connection[Any], wanted: Agreement) -> Agreement:
    """The person's agreement with the app, with this line and limit: the active one changed, or this new one."""
    parameters = {
        "lane": wanted.lane,
        "id": wanted.id,
        "app_id": wanted.app_id,
        "person_id": wanted.person_id,
        "line_id": wanted.line_id,
        "limit_minor": wanted.limit_minor,
    }
    with connection.transaction():
        _lock_agreements(connection, wanted.person_id)
        with connection.cursor(row_factory=class_row(Agreement)) as cursor:
            changed = cursor.execute(_CHANGE_AGREEMENT, parameters).fetchone()
            return changed or cursor.execute(_INSERT_AGREEMENT, parameters).fetchone() or wanted


def end_agreement(connection: Connection[Any], *, app_id: int, person_id: int) -> Agreement | None:
    """The app may charge this person no longer; None when it had no active agreement."""
    parameters = {"lane": lane_of(person_id), "app_id": app_id, "person_id": person_id}
    with connection.transaction():
        _lock_agreements(connection, person_id)
        with connection.cursor(row_factory=class_row(Agreement)) as cursor:
            return cursor.execute(_END_AGREEMENT, parameters).fetchone()


def _move_merchant(connection: Connection[Any], merchant_id: int, before: str, after: str) -> str | None:
    with connection.transaction():
        moved = connection.execute(_MOVE_MERCHANT, {"id": merchant_id, "before": before, "after": after}).rowcount
        if moved:
            connection.execute("UPDATE clock SET reference_version = reference_version + 1")
        row = connection.execute("SELECT state FROM merchant WHERE id = %(id)s", {"id": merchant_id}).fetchone()
    return None if row is None else str(row[0])


def _lock_agreements(connection: Connection[Any], person_id: int) -> None:
    """One change at a time of one person's agreements, so that an app has at most one that is active."""
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))", {"name": f"agreement {person_id}"}
    )


_MOVE_MERCHANT = "UPDATE merchant SET state = %(after)s WHERE id = %(id)s AND state = %(before)s"

_CHANGE_AGREEMENT = """
    UPDATE agreement SET line_id = %(line_id)s, limit_minor = %(limit_minor)s
     WHERE lane = %(lane)s AND app_id = %(app_id)s AND person_id = %(person_id)s AND state = 'active'
 RETURNING lane, id, app_id, person_id, line_id, state, limit_minor
"""

_INSERT_AGREEMENT = """
    INSERT INTO agreement (lane, id, app_id, person_id, line_id, limit_minor)
    VALUES (%(lane)s, %(id)s, %(app_id)s, %(person_id)s, %(line_id)s, %(limit_minor)s)
 RETURNING lane, id, app_id, person_id, line_id, state, limit_minor
"""

_END_AGREEMENT = """
    UPDATE agreement SET state = 'ended'
     WHERE lane = %(lane)s AND app_id = %(app_id)s AND person_id = %(person_id)s AND state = 'active'
 RETURNING lane, id, app_id, person_id, line_id, state, limit_minor
"""
