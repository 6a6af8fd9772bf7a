"""Notices: what a customer was told of her line, for her page and for the owner's program."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec import Struct
from psycopg import Connection

from florin.engine.ids import lane_of
from florin.events import (
    ChargedOff,
    ChargedOffByOwner,
    CreditDeclined,
    Event,
    LimitSet,
    LineClosed,
    LineClosing,
    LineFrozen,
    Reminded,
    event_of,
)

NOTICES_MAX = 50
KINDS = (Reminded, LimitSet, LineFrozen, LineClosing, LineClosed, ChargedOff, ChargedOffByOwner, CreditDeclined)


class Notice(Struct, frozen=True, kw_only=True):
    """An event that says something to the customer."""

    event_id: int
    event: Event


# By the unique index of a line's events.
_NOTICES = """
    SELECT id, kind, value_on, coalesce(payment_id, 0), coalesce(person_id, 0), body
      FROM event
     WHERE lane = %(lane)s AND line_id = %(line_id)s AND kind = ANY (%(kinds)s::smallint[]) AND value_on >= %(from_on)s
       AND (kind IN (80, 160) OR body ->> 'code' <> '')          -- a limit that was raised is no notice
  ORDER BY sequence DESC
     LIMIT %(limit)s
"""


def notices_of(
    connection: Connection[Any], *, line_id: int, from_on: date = date.min, limit: int = NOTICES_MAX
) -> list[Notice]:
    """What the customer was told of a line since a day, the newest first. line_id: of a line that exists."""
    parameters = {
        "lane": lane_of(line_id),
        "line_id": line_id,
        "kinds": [kind.kind for kind in KINDS],
        "from_on": from_on,
        "limit": limit,
    }
    rows = connection.execute(_NOTICES, parameters).fetchall()
    return [Notice(event_id=row[0], event=_event(line_id, *row[1:])) for row in rows]


def _event(line_id: int, kind: int, value_on: date, payment_id: int, person_id: int, body: dict[str, Any]) -> Event:
    owners = {"value_on": value_on, "payment_id": payment_id, "person_id": person_id, "line_id": line_id}
    return event_of(kind, owners, body or {})
