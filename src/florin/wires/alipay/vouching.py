"""`notify_verify`, the call of old clients: whether a message of the outbox is ours, and when it was heard."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import class_row

from florin.engine import lane_of
from florin.engine.ids import is_id


class NotifySeen(msgspec.Struct, frozen=True, kw_only=True):
    """A message of the outbox, as `notify_verify` asks for it."""

    state: str
    delivered_at: datetime | None
    next_at: datetime
    merchant_id: int


def find_notify(connection: Connection[Any], *, message_id: int, event_id: int) -> NotifySeen | None:
    if not is_id(message_id):
        return None
    with connection.cursor(row_factory=class_row(NotifySeen)) as cursor:
        parameters = {"lane": lane_of(message_id), "id": message_id, "event_id": event_id}
        return cursor.execute(_NOTIFY, parameters).fetchone()


_NOTIFY = """
    SELECT o.state, o.delivered_at, o.next_at, a.merchant_id
      FROM outbox o JOIN app a ON a.id = o.app_id
     WHERE o.lane = %(lane)s AND o.id = %(id)s AND o.event_id = %(event_id)s AND o.wire = 'alipay'
"""
