"""The bank as its operator sees it: files, orders without an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from florin.engine import lane_of


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


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakRow:
    """since_on: of the older side. Amounts as the account shows them; 0: nothing there. owner: empty, nobody's yet."""

    id: int
    account: str
    what: str
    reference: str
    entry_ref: str
    expected_minor: int
    found_minor: int
    since_on: date
    state: str
    owner: str
    note: str
    resolved_on: date | None
    resolved_by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRow:
    """Money that fits nothing. party: whom it came from, as the bank says."""

    id: int
    amount_minor: int
    bank_reference: str
    booked_on: date
    party: str
    party_account: str
    text: str
    state: str


def breaks(connection: Connection[Any], *, resolved: bool = False, limit: int = 1_000) -> list[BreakRow]:
    """Open ones, the oldest first; resolved: those that are explained, the newest first."""
    with connection.cursor(row_factory=class_row(BreakRow)) as cursor:
        return cursor.execute(_RESOLVED if resolved else _BREAKS, {"limit": limit}).fetchall()


def open_receipts(connection: Connection[Any], *, limit: int = 1_000) -> list[ReceiptRow]:
    """Money whose owner nobody knows, and what is on its way back; the oldest first."""
    with connection.cursor(row_factory=class_row(ReceiptRow)) as cursor:
        return cursor.execute(_RECEIPTS, {"limit": limit}).fetchall()


def bank_holidays(connection: Connection[Any]) -> dict[date, bool]:
    """Days that the house has named: whether banks work on them."""
    return dict(connection.execute(_HOLIDAYS).fetchall())


_HOLIDAYS = "SELECT on_day, is_open FROM bank_holiday ORDER BY on_day DESC LIMIT 1000"


def break_shown(connection: Connection[Any], *, break_id: int) -> BreakRow | None:
    """One break, open or resolved."""
    with connection.cursor(row_factory=class_row(BreakRow)) as cursor:
        return cursor.execute(_BREAK, {"lane": lane_of(break_id), "id": break_id}).fetchone()


def break_with_entry(connection: Connection[Any], *, entry_ref: str) -> int | None:
    """The open break that an entry nobody expected came with."""
    row = connection.execute(_WITH_ENTRY, {"entry_ref": entry_ref}).fetchone()
    return None if row is None else int(row[0])


def receipt_shown(connection: Connection[Any], *, receipt_id: int) -> ReceiptRow | None:
    """One receipt, in whatever state."""
    with connection.cursor(row_factory=class_row(ReceiptRow)) as cursor:
        return cursor.execute(_RECEIPT, {"lane": lane_of(receipt_id), "id": receipt_id}).fetchone()


_BREAK = """
    SELECT id, account, what, reference, entry_ref, expected_minor, found_minor, since_on, state, owner, note, resolved_on,
           resolved_by, reason
      FROM bank_break
     WHERE lane = %(lane)s AND id = %(id)s
"""
_WITH_ENTRY = """
    SELECT id FROM bank_break WHERE state = 'open' AND what = 'missing-with-us' AND entry_ref = %(entry_ref)s LIMIT 1
"""
_RECEIPT = """
    SELECT id, amount_minor, bank_reference, booked_on, party, party_account, text, state
      FROM receipt
     WHERE lane = %(lane)s AND id = %(id)s
"""
_BREAKS = """
    SELECT id, account, what, reference, entry_ref, expected_minor, found_minor, since_on, state, owner, note, resolved_on,
           resolved_by, reason
      FROM bank_break
     WHERE state = 'open'
  ORDER BY since_on, lane, id
     LIMIT %(limit)s
"""
_RESOLVED = """
    SELECT id, account, what, reference, entry_ref, expected_minor, found_minor, since_on, state, owner, note, resolved_on,
           resolved_by, reason
      FROM bank_break
     WHERE state = 'resolved'
  ORDER BY resolved_on DESC, lane, id
     LIMIT %(limit)s
"""
_RECEIPTS = """
    SELECT id, amount_minor, bank_reference, booked_on, party, party_account, text, state
      FROM receipt
     WHERE state IN ('open', 'sending-back')
  ORDER BY booked_on, lane, id
     LIMIT %(limit)s
"""
