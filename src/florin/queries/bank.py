"""The bank as its operator sees it: files, orders without an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFileRow:
    """direction: out or in. message: as in pain.001.001.09. note: why it was refused."""

    direction: str
    message: str
    message_id: str
    posted_on: date
    items: int
    amount_minor: int
    state: str
    name: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder:
    """kind: payment, debit or move. party: whom it goes to or comes from, or our other account."""

    asked_on: date
    kind: str
    amount_minor: int
    reference: str
    party: str
    state: str


def bank_files(connection: Connection[Any], *, limit: int = 100) -> list[BankFileRow]:
    """The newest first."""
    with connection.cursor(row_factory=class_row(BankFileRow)) as cursor:
        return cursor.execute(_FILES, {"limit": limit}).fetchall()


def open_orders(connection: Connection[Any], *, limit: int = 1_000) -> list[OpenOrder]:
    """What the bank has neither booked nor rejected, the oldest first."""
    with connection.cursor(row_factory=class_row(OpenOrder)) as cursor:
        return cursor.execute(_ORDERS, {"limit": limit}).fetchall()


_FILES = """
    SELECT direction, message, message_id, posted_on, items, amount_minor, state, name, note
      FROM bank_file
  ORDER BY id DESC
     LIMIT %(limit)s
"""
_ORDERS = """
    SELECT asked_on, kind, amount_minor, reference, coalesce(nullif(to_account, ''), party) AS party, state
      FROM bank_order
     WHERE state IN ('queued', 'sent', 'accepted')
  ORDER BY asked_on, id
     LIMIT %(limit)s
"""
