"""Applications of merchants: reference rows, each step under the row's lock and kept with who took it and why.

The merchant's row is made with the application, closed: so he may sign in and see what is missing, and takes no payment. He is
open when his application is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from psycopg import Connection, errors
from psycopg.rows import namedtuple_row

from florin.engine.admin import NAMES_TURN, add_merchant
from florin.engine.ids import IdBlocks
from florin.engine.reference import MOVE_VERSION
from florin.events.refusals import Refusal
from florin.payments import onboarding
from florin.payments.onboarding import Application, ApplicationState, Finding, Known, State, normalized


class Applied(NamedTuple):
    """application_id, merchant_id; missing: what is still to be given."""

    application_id: int
    merchant_id: int
    missing: list[str]


def apply(connection: Connection, ids: IdBlocks, application: Application, *, by: str) -> Applied | Refusal:
    """A new draft, with a merchant who is closed until it is opened. The same draft again is the one that is there."""
    with connection.transaction():
        connection.execute(NAMES_TURN)
        if (known := _named(connection, application.name)) is not None:
            if known.state == "draft" and _application(known.body) == application:
                return Applied(known.id, known.merchant_id, onboarding.missing(application))
            return onboarding.MerchantNameInUse(shop=application.name, merchant_id=known.merchant_id)
        merchant_id = add_merchant(
            connection, ids, name=application.name, name_zh=application.name_zh, mdr_ppm=application.mdr_ppm,
            market=application.markets[0] if application.markets else "",
            category=application.categories[0] if application.categories else "general",
            payout_account=application.account_number,
        )  # fmt: skip
        connection.execute("UPDATE merchant SET state = 'closed' WHERE id = %s", (merchant_id,))
        row = connection.execute(_ADD, {"merchant_id": merchant_id, "body": _text(application)}).fetchone()
        assert row is not None, "an insert gives its row"
        _step(connection, row[0], "draft", by=by, reason="applied")
    return Applied(row[0], merchant_id, onboarding.missing(application))


def change(connection: Connection, application_id: int, application: Application, *, by: str) -> Refusal | None:
    """Put a draft in place of itself, with what was missing; one that was refused becomes a draft again."""
    with connection.transaction():
        row = _locked(connection, application_id)
        if row.state not in ("draft", "refused"):
            return ApplicationState(state=row.state, needed="draft or refused")
        _move(connection, application_id, "draft", body=_text(application))
        connection.execute(_PAY_TO, {"id": row.merchant_id, "account": application.account_number})
        _step(connection, application_id, "draft", by=by, reason="changed")
    return None


def submit(connection: Connection, application_id: int, *, by: str) -> Refusal | None:
    """Check a complete draft, and leave it to somebody to decide."""
    with connection.transaction():
        row = _locked(connection, application_id)
        application = _application(row.body)
        if refusal := onboarding.refuse_submission(application, row.state):
            return refusal
        findings = onboarding.check(application, _known(connection, application_id, application))
        _move(connection, application_id, "submitted", findings=findings)
        _step(connection, application_id, "submitted", by=by, reason="submitted")
    return None


def approve(
    connection: Connection, application_id: int, *, by: str, reason: str, in_spite: bool = False
) -> Refusal | None:
    """Of two with one registration number only one can be approved: the index says so, and its refusal is told by name."""
    try:
        with connection.transaction():
            row = _locked(connection, application_id)
            application = _application(row.body)
            # Lists may have changed since it was submitted.
            findings = onboarding.check(application, _known(connection, application_id, application))
            if refusal := onboarding.refuse_approval(
                row.state, findings, application_id=application_id, in_spite=in_spite
            ):
                return refusal
            _move(connection, application_id, "approved", findings=findings)
            _step(connection, application_id, "approved", by=by, reason=reason)
    except errors.UniqueViolation:
        return onboarding.ChecksFailed(failed="duplicate")
    return None


def refuse(connection: Connection, application_id: int, *, by: str, reason: str) -> Refusal | None:
    with connection.transaction():
        row = _locked(connection, application_id)
        if row.state not in ("submitted", "approved"):
            return ApplicationState(state=row.state, needed="submitted or approved")
        _move(connection, application_id, "refused")
        _step(connection, application_id, "refused", by=by, reason=reason)
    return None


def open_merchant(connection: Connection, application_id: int, *, by: str, reason: str) -> Refusal | None:
    """He takes payments from the next batch on, in every process."""
    with connection.transaction():
        row = _locked(connection, application_id)
        if row.state != "approved":
            return ApplicationState(state=row.state, needed="approved")
        _move(connection, application_id, "opened")
        connection.execute("UPDATE merchant SET state = 'open' WHERE id = %s", (row.merchant_id,))
        _step(connection, application_id, "opened", by=by, reason=reason)
        connection.execute(MOVE_VERSION)
    return None


def block(connection: Connection, text: str, *, by: str, reason: str) -> None:
    """Put a name or a registration number on the blocked list."""
    connection.execute(_BLOCK, {"text": normalized(text), "shown": text, "by": by, "reason": reason})


def unblock(connection: Connection, text: str) -> bool:
    """Take it off the list. False: it was not there."""
    return connection.execute("DELETE FROM blocked_party WHERE text = %s", (normalized(text),)).rowcount == 1


def need_licence(connection: Connection, category: str, document: str) -> None:
    """Goods of this category need this kind of document."""
    connection.execute(_LICENCE, {"category": category, "document": document})


_NAMED = """
    SELECT coalesce(a.id, 0) AS id, m.id AS merchant_id, coalesce(a.state, '') AS state, a.body::text AS body
      FROM merchant m LEFT JOIN merchant_application a ON a.merchant_id = m.id
     WHERE m.name = %(name)s
  ORDER BY m.id
     LIMIT 1
"""
_ADD = "INSERT INTO merchant_application (merchant_id, body) VALUES (%(merchant_id)s, %(body)s) RETURNING id"
_LOCK = """
    SELECT id, merchant_id, state, body::text AS body FROM merchant_application WHERE id = %(id)s FOR UPDATE
"""
_MOVE = """
    UPDATE merchant_application
       SET state = %(state)s, body = coalesce(%(body)s::jsonb, body), findings = coalesce(%(findings)s::jsonb, findings)
     WHERE id = %(id)s
"""
_STEP = """
    INSERT INTO onboarding_step (application_id, state, decided_by, reason, decided_at)
    SELECT %(id)s, %(state)s, %(by)s, %(reason)s, now() + offset_s * interval '1 second' FROM clock
"""
_PAY_TO = "UPDATE merchant SET payout_account = %(account)s WHERE id = %(id)s"
_OTHERS = """
    SELECT body->>'name' FROM merchant_application
     WHERE upper(trim(body->>'registration_number')) = %(number)s AND id <> %(id)s AND state <> 'refused'
  ORDER BY id LIMIT 10
"""
_BLOCK = """
    INSERT INTO blocked_party (text, shown, decided_by, reason) VALUES (%(text)s, %(shown)s, %(by)s, %(reason)s)
        ON CONFLICT (text) DO UPDATE SET shown = excluded.shown, decided_by = excluded.decided_by, reason = excluded.reason
"""
_LICENCE = """
    INSERT INTO licensed_category (category, document) VALUES (%(category)s, %(document)s)
        ON CONFLICT (category) DO UPDATE SET document = excluded.document
"""


class NoSuchApplication(LookupError):
    """There is no application of this number."""


def _named(connection: Connection, name: str) -> Any:
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        return cursor.execute(_NAMED, {"name": name}).fetchone()


def _locked(connection: Connection, application_id: int) -> Any:
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        row = cursor.execute(_LOCK, {"id": application_id}).fetchone()
    if row is None:
        raise NoSuchApplication(application_id)
    return row


def _known(connection: Connection, application_id: int, application: Application) -> Known:
    number = application.registration_number.strip().upper()
    others = connection.execute(_OTHERS, {"id": application_id, "number": number}).fetchall()
    names = [normalized(each) for each in (application.legal_name, application.representative, number)]
    blocked = connection.execute("SELECT text FROM blocked_party WHERE text = ANY (%s) LIMIT 10", (names,)).fetchall()
    licences = connection.execute("SELECT category, document FROM licensed_category ORDER BY category LIMIT 1000")
    return Known(
        licences=dict(licences.fetchall()), blocked=[row[0] for row in blocked], others=tuple(row[0] for row in others)
    )


def _move(
    connection: Connection, application_id: int, state: State, *, body: str | None = None,
    findings: list[Finding] | None = None,
) -> None:  # fmt: skip
    told = None if findings is None else msgspec.json.encode(findings).decode()
    connection.execute(_MOVE, {"id": application_id, "state": state, "body": body, "findings": told})


def _step(connection: Connection, application_id: int, state: State, *, by: str, reason: str) -> None:
    connection.execute(_STEP, {"id": application_id, "state": state, "by": by, "reason": reason})


def _text(application: Application) -> str:
    return msgspec.json.encode(application).decode()


def _application(body: str) -> Application:
    return msgspec.json.decode(body, type=Application)
