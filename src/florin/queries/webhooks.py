"""Where an app listens, and where the owner's systems do, as their own programs read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookView:
    """url: empty when the app does not listen. signed: it has a secret."""

    url: str
    signed: bool


def webhook_of(connection: Connection[Any], *, app_id: int) -> WebhookView | None:
    """Where this app listens; None when there is no such app."""
    with connection.cursor(row_factory=class_row(WebhookView)) as cursor:
        return cursor.execute(_APP, {"app_id": app_id}).fetchone()


def owner_webhook(connection: Connection[Any]) -> WebhookView | None:
    """Where the owner's own systems listen; None when nobody does."""
    with connection.cursor(row_factory=class_row(WebhookView)) as cursor:
        return cursor.execute(_OWNER).fetchone()


def owner_secret(connection: Connection[Any]) -> bytes | None:
    """What messages to the owner's systems are signed with; None when nobody listens any more."""
    row = connection.execute("SELECT secret FROM owner_endpoint").fetchone()
    return None if row is None else bytes(row[0])


def webhook_secret_of(connection: Connection[Any], *, app_id: int) -> bytes | None:
    """What messages to this app are signed with; None when it has set no secret."""
    row = connection.execute("SELECT webhook_secret FROM app WHERE id = %(app_id)s", {"app_id": app_id}).fetchone()
    return None if row is None or row[0] is None else bytes(row[0])


_APP = "SELECT notify_url AS url, webhook_secret IS NOT NULL AS signed FROM app WHERE id = %(app_id)s"
_OWNER = "SELECT url, true AS signed FROM owner_endpoint"
