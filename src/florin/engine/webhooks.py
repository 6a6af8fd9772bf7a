"""Webhook endpoints of merchants: any number of addresses, each with topics and a secret of its own; and telling again.

A message to one is a row of the outbox like any other; its `app_id` is below zero, the endpoint's number with a minus. While a
secret is rotated, messages carry the signatures of both, so the listener may change his at any moment of that time.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from psycopg import Connection

from florin.engine.addresses import refuse_url
from florin.engine.reference import MOVE_VERSION
from florin.events.refusals import Refusal

SECRET_BYTES = 32
OLD_SECRET_LIVES = timedelta(days=1)
ENDPOINTS_MAX = 10  # of one merchant
REPLAYED_MAX = 10_000


class TopicUnknown(Refusal, frozen=True, kw_only=True):
    en = "There is no topic {topic}. `florin webhook topics` names them."
    zh = "没有主题{topic}。可用florin webhook topics查看。"

    topic: str


class TooManyEndpoints(Refusal, frozen=True, kw_only=True):
    en = "A merchant has at most {most} endpoints. Remove one first."
    zh = "每个商户最多{most}个通知地址，请先删除一个。"

    most: int


class NoSuchEndpoint(Refusal, frozen=True, kw_only=True):
    en = "There is no endpoint {endpoint_id} of yours."
    zh = "没有编号为{endpoint_id}的通知地址。"

    endpoint_id: int


class Added(NamedTuple):
    """secret: shown this once."""

    endpoint_id: int
    secret: bytes


def add_endpoint(
    connection: Connection[Any],
    *,
    merchant_id: int,
    url: str,
    topics: Sequence[str],
    known: Sequence[str],
    allow_loopback: bool = False,
) -> Added | Refusal:
    """Tell this address too, from the next batch on. topics: empty for all. known: those that there are."""
    unknown = next((topic for topic in topics if topic not in known), None)
    if unknown is not None:
        return TopicUnknown(topic=unknown[:100])
    if (refusal := refuse_url(url)) is not None:
        return refusal
    secret = secrets.token_bytes(SECRET_BYTES)
    row = {
        "merchant_id": merchant_id, "url": url, "topics": sorted(set(topics)), "secret": secret,
        "allow_loopback": allow_loopback, "most": ENDPOINTS_MAX,
    }  # fmt: skip
    with connection.transaction():
        connection.execute("SELECT FROM merchant WHERE id = %(merchant_id)s FOR UPDATE", row)
        added = connection.execute(_ADD, row).fetchone()
        connection.execute(MOVE_VERSION)
    return TooManyEndpoints(most=ENDPOINTS_MAX) if added is None else Added(added[0], secret)


def remove_endpoint(connection: Connection[Any], endpoint_id: int, *, merchant_id: int) -> Refusal | None:
    """Tell nothing new there; what waits is not sent any more."""
    with connection.transaction():
        row = {"id": endpoint_id, "merchant_id": merchant_id}
        if connection.execute(_REMOVE, row).rowcount == 0:
            return NoSuchEndpoint(endpoint_id=endpoint_id)
        connection.execute(_GIVE_UP, {"app_id": -endpoint_id})
        connection.execute(MOVE_VERSION)
    return None


def rotate_secret(connection: Connection[Any], endpoint_id: int, *, merchant_id: int) -> Added | Refusal:
    """A new secret; the old one signs beside it for a day of wall time."""
    secret = secrets.token_bytes(SECRET_BYTES)
    row = {"id": endpoint_id, "merchant_id": merchant_id, "secret": secret, "lives": OLD_SECRET_LIVES}
    if connection.execute(_ROTATE, row).rowcount == 0:
        return NoSuchEndpoint(endpoint_id=endpoint_id)
    return Added(endpoint_id, secret)


def replay(
    connection: Connection[Any],
    *,
    app_ids: Sequence[int],
    at: datetime,
    message_id: int | None = None,
    failed_since: datetime | None = None,
) -> int:
    """Tell again what was told to these (apps, or endpoints below zero): one message, or all that nobody heard since a moment;
    how many. Each keeps its identity, so a listener that heard it can know. at: business time.
    """
    row = {"app_ids": list(app_ids), "at": at, "message_id": message_id, "since": failed_since, "most": REPLAYED_MAX}
    return connection.execute(_REPLAY_ONE if message_id is not None else _REPLAY_FAILED, row).rowcount


def forget_attempts(connection: Connection[Any], before: datetime) -> int:
    """Let go of the log of tries before an instant of business time; how many."""
    return connection.execute(_FORGET, {"before": before}).rowcount


_FORGET = "DELETE FROM webhook_attempt WHERE attempted_at < %(before)s"
_ADD = """
    INSERT INTO webhook_endpoint (merchant_id, url, topics, secret, allow_loopback)
    SELECT %(merchant_id)s, %(url)s, %(topics)s, %(secret)s, %(allow_loopback)s
     WHERE (SELECT count(*) FROM webhook_endpoint WHERE merchant_id = %(merchant_id)s) < %(most)s
 RETURNING id
"""
_REMOVE = "DELETE FROM webhook_endpoint WHERE id = %(id)s AND merchant_id = %(merchant_id)s"
_GIVE_UP = """
    UPDATE outbox SET state = 'given-up', last_answer = 'the endpoint was removed'
     WHERE app_id = %(app_id)s AND state = 'waiting'
"""
_ROTATE = """
    UPDATE webhook_endpoint SET old_secret = secret, old_until = now() + %(lives)s, secret = %(secret)s
     WHERE id = %(id)s AND merchant_id = %(merchant_id)s
"""
_REPLAY_ONE = """
    UPDATE outbox o SET state = 'waiting', attempts = 0, next_at = %(at)s, delivered_at = NULL
      FROM (SELECT DISTINCT lane, message_id FROM webhook_attempt
             WHERE app_id = ANY (%(app_ids)s) AND message_id = %(message_id)s) a
     WHERE o.lane = a.lane AND o.id = a.message_id AND o.state <> 'waiting'
"""
_REPLAY_FAILED = """
    UPDATE outbox o SET state = 'waiting', attempts = 0, next_at = %(at)s, delivered_at = NULL
      FROM (SELECT DISTINCT lane, message_id FROM webhook_attempt
             WHERE app_id = ANY (%(app_ids)s) AND attempted_at >= %(since)s AND NOT heard
             LIMIT %(most)s) a
     WHERE o.lane = a.lane AND o.id = a.message_id AND o.delivered_at IS NULL
"""
