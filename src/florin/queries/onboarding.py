"""Applications of merchants: what was said, what is missing, what was found, and who decided."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import class_row, namedtuple_row

from florin.payments.onboarding import Application, Finding, State, missing


class Step(msgspec.Struct, frozen=True, kw_only=True):
    state: State
    decided_by: str
    reason: str
    decided_at: datetime


class ApplicationView(msgspec.Struct, frozen=True, kw_only=True):
    """missing: of a draft. findings: of the last check; steps: the oldest first."""

    id: int
    merchant_id: int
    state: State
    application: Application
    missing: list[str]
    findings: list[Finding]
    steps: list[Step]


def applications(connection: Connection[Any], *, limit: int = 1_000) -> list[ApplicationView]:
    """Every one, the newest first."""
    return _views(connection, "", limit=limit)


def application_by_id(connection: Connection[Any], *, application_id: int) -> ApplicationView | None:
    found = _views(connection, " WHERE id = %(id)s", id=application_id, limit=1)
    return found[0] if found else None


def application_of_merchant(connection: Connection[Any], *, merchant_id: int) -> ApplicationView | None:
    """His; None for a merchant who was added without one."""
    found = _views(connection, " WHERE merchant_id = %(merchant_id)s", merchant_id=merchant_id, limit=1)
    return found[0] if found else None


_APPLICATIONS = """
    SELECT id, merchant_id, state, body::text AS body, findings::text AS findings FROM merchant_application{where}
  ORDER BY id DESC
     LIMIT %(limit)s
"""
_STEPS = """
    SELECT state, decided_by, reason, decided_at FROM onboarding_step WHERE application_id = %(id)s ORDER BY id LIMIT 1000
"""


def _views(connection: Connection[Any], where: str, **parameters: Any) -> list[ApplicationView]:
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        rows: list[Any] = cursor.execute(_APPLICATIONS.format(where=where), parameters).fetchall()
    return [_view(connection, row) for row in rows]


def _view(connection: Connection[Any], row: Any) -> ApplicationView:
    application = msgspec.json.decode(row.body, type=Application)
    with connection.cursor(row_factory=class_row(Step)) as cursor:
        steps = cursor.execute(_STEPS, {"id": row.id}).fetchall()
    return ApplicationView(
        id=row.id, merchant_id=row.merchant_id, state=row.state, application=application,
        missing=missing(application) if row.state == "draft" else [],
        findings=msgspec.json.decode(row.findings, type=list[Finding]), steps=steps,
    )  # fmt: skip
