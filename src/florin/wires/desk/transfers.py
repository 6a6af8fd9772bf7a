"""Which transfer a merchant means: money that he gave a person out of what is available to him."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import class_row

from florin.engine import ClaimKind, lane_of
from florin.engine.tables.event import load_events
from florin.events import TransferReceived
from florin.queries import is_id
from florin.wires.desk.trades import claimed, recorded


class Payee(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    name: str


class TransferSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One transfer. id: of its event. number, title: the merchant's own. made_at: business time."""

    id: int
    number: str
    title: str
    amount_minor: int
    made_at: datetime
    merchant_id: int
    person_id: int
    batch_name: str = ""
    batch_remark: str = ""


def find_transfer(
    connection: Connection[Any], *, app_id: int, number: str | None = None, id_text: str | None = None
) -> TransferSeen | None:
    """The app's transfer by its own number, else by ours; another app's is as absent as one that never was."""
    if number:
        event_id = claimed(connection, ClaimKind.TRANSFER, app_id, number)
        return None if event_id is None else transfer_of(connection, event_id)
    text = id_text or ""
    identifier = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    seen = transfer_of(connection, identifier) if is_id(identifier) else None
    # Our number alone names no app: the claim of the shop's number, under this app, is what makes it this app's.
    if seen is None or claimed(connection, ClaimKind.TRANSFER, app_id, seen.number) != seen.id:
        return None
    return seen


def transfer_of(connection: Connection[Any], event_id: int) -> TransferSeen | None:
    """The transfer that an event is; None for another kind of event."""
    event = load_events(connection, [event_id]).get(event_id)
    if not isinstance(event, TransferReceived):
        return None
    return TransferSeen(
        id=event_id,
        number=event.request_no,
        title=event.title,
        amount_minor=event.amount_minor,
        made_at=recorded(connection, event_id)[1],
        merchant_id=event.merchant_id,
        person_id=event.person_id,
        batch_name=event.batch_name,
        batch_remark=event.batch_remark,
    )


def transfers_of_batch(connection: Connection[Any], first: TransferSeen) -> list[TransferSeen]:
    """All that were given together under one number, the first among them, in the order of their own numbers."""
    batch_no = first.number.partition("/")[0]
    rows = connection.execute(
        _OF_BATCH,
        {"merchant_id": first.merchant_id, "id": first.id, "lane": lane_of(first.id), "prefix": f"{batch_no}/"},
    ).fetchall()
    seen = [transfer_of(connection, event_id) for (event_id,) in rows]
    return sorted((each for each in seen if each is not None), key=lambda each: each.number)


def find_payee(connection: Connection[Any], person_id: int) -> Payee | None:
    """Who has that number, with the name in which she joined."""
    with connection.cursor(row_factory=class_row(Payee)) as cursor:
        return cursor.execute(_BY_ID, {"lane": lane_of(person_id), "id": person_id}).fetchone()


def find_payee_by_logon(connection: Connection[Any], logon: str) -> Payee | None:
    with connection.cursor(row_factory=class_row(Payee)) as cursor:
        return cursor.execute(_BY_LOGON, {"logon": logon}).fetchone()


# They were committed together, so they have one writer and one batch.
_OF_BATCH = """
    SELECT e.id
      FROM event f JOIN event e ON e.merchant_id = f.merchant_id AND e.posted_on = f.posted_on AND e.kind = f.kind
                               AND e.writer = f.writer AND e.batch = f.batch
     WHERE f.lane = %(lane)s AND f.id = %(id)s AND e.merchant_id = %(merchant_id)s
       AND starts_with(e.body->>'request_no', %(prefix)s)
  ORDER BY e.id
     LIMIT 1000
"""
_BY_ID = "SELECT id, name FROM person WHERE lane = %(lane)s AND id = %(id)s"
_BY_LOGON = "SELECT id, name FROM person WHERE logon = %(logon)s ORDER BY id LIMIT 1"
