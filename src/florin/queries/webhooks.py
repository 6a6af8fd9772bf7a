"""Where an app listens, and where the owner's systems do, as their own programs read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
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


_APP = "SELECT notify_url AS url, webhook_secret IS NOT NULL AS signed FROM app WHERE id = %(app_id)s"
_OWNER = "SELECT url, true AS signed FROM owner_endpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointView:
    """topics: empty for all. old_until: while a secret that was rotated out signs beside the new one."""

    id: int
    merchant_id: int
    merchant: str
    url: str
    topics: list[str]
    created_at: datetime
    old_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """One try. status: of HTTP; 0: no answer came. latency_ms: of the call. answer: its first bytes, or why there is none.
    state: of the message now. app_id: below zero an endpoint, with a minus.
    """

    message_id: int
    event_id: int
    app_id: int
    topic: str
    url: str
    attempt: int
    attempted_at: datetime
    status: int
    latency_ms: int
    heard: bool
    answer: str
    state: str


def endpoints_of(connection: Connection[Any], *, merchant_id: int | None = None) -> list[EndpointView]:
    """A merchant's endpoints, or everybody's, by number."""
    with connection.cursor(row_factory=class_row(EndpointView)) as cursor:
        return cursor.execute(_ENDPOINTS, {"merchant_id": merchant_id}).fetchall()


def listeners_of(connection: Connection[Any], *, merchant_id: int) -> list[int]:
    """Whom messages of a merchant go to: his apps, and his endpoints below zero."""
    return [row[0] for row in connection.execute(_LISTENERS, {"merchant_id": merchant_id})]


def deliveries(
    connection: Connection[Any], *, app_ids: Sequence[int], failed: bool = False, limit: int = 100
) -> list[DeliveryView]:
    """Tries to tell these, the newest first; failed: only those that were not heard."""
    parameters = {"app_ids": list(app_ids), "failed": failed, "limit": limit}
    with connection.cursor(row_factory=class_row(DeliveryView)) as cursor:
        return cursor.execute(_DELIVERIES, parameters).fetchall()


_ENDPOINTS = """
    SELECT w.id, w.merchant_id, m.name AS merchant, w.url, w.topics, w.created_at,
           CASE WHEN w.old_until > now() THEN w.old_until END AS old_until
      FROM webhook_endpoint w JOIN merchant m ON m.id = w.merchant_id
     WHERE %(merchant_id)s::bigint IS NULL OR w.merchant_id = %(merchant_id)s
  ORDER BY w.id
     LIMIT 1000
"""
_LISTENERS = """
    SELECT id FROM app WHERE merchant_id = %(merchant_id)s
     UNION ALL SELECT -id FROM webhook_endpoint WHERE merchant_id = %(merchant_id)s
  ORDER BY 1
     LIMIT 1000
"""
_DELIVERIES = """
    SELECT a.message_id, o.event_id, a.app_id, o.topic, o.url, a.attempt, a.attempted_at, a.status, a.latency_ms, a.heard,
           a.answer, o.state
      FROM webhook_attempt a JOIN outbox o ON o.lane = a.lane AND o.id = a.message_id
     WHERE a.app_id = ANY (%(app_ids)s) AND (NOT %(failed)s OR NOT a.heard)
  ORDER BY a.attempted_at DESC, a.message_id DESC, a.attempt DESC
     LIMIT %(limit)s
"""
