"""Batches of payouts as the owner reads them: the sum, who approved it, and what became of each line."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import class_row


class PayoutBatch(msgspec.Struct, frozen=True, kw_only=True):
    """needed, approved: how many must approve this sum, and who has. sent, settled, returned: payouts in these states."""

    made_on: date
    payouts: int
    total_minor: int
    needed: int
    approved: list[str]
    sent: int
    settled: int
    returned: int

    @property
    def waits(self) -> bool:
        """Whether the bank is not told yet."""
        return len(self.approved) < self.needed


class PayoutLine(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    merchant_id: int
    merchant: str
    account: str
    amount_minor: int
    state: str
    settled_on: date | None
    bank_reference: str


def payout_batches(connection: Connection[Any], *, limit: int = 100) -> list[PayoutBatch]:
    """The newest first."""
    with connection.cursor(row_factory=class_row(PayoutBatch)) as cursor:
        return cursor.execute(_BATCHES, {"made_on": None, "limit": limit}).fetchall()


def payout_batch(connection: Connection[Any], *, made_on: date) -> PayoutBatch | None:
    """None when there were no payouts that day."""
    with connection.cursor(row_factory=class_row(PayoutBatch)) as cursor:
        return cursor.execute(_BATCHES, {"made_on": made_on, "limit": 1}).fetchone()


def payout_lines(connection: Connection[Any], *, made_on: date, limit: int = 100_000) -> list[PayoutLine]:
    """The payouts to merchants of a day, by merchant."""
    with connection.cursor(row_factory=class_row(PayoutLine)) as cursor:
        return cursor.execute(_LINES, {"on": made_on, "limit": limit}).fetchall()


_BATCHES = """
    SELECT b.made_on, b.payouts, b.total_minor, b.needed,
           array(SELECT a.decided_by FROM payout_approval a
                  WHERE a.made_on = b.made_on AND a.total_minor = b.total_minor ORDER BY a.decided_at) AS approved,
           p.sent, p.settled, p.returned
      FROM payout_batch b
           CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE state = 'sent') AS sent,
                                      count(*) FILTER (WHERE state = 'settled') AS settled,
                                      count(*) FILTER (WHERE state = 'returned') AS returned
                                 FROM payout WHERE requested_on = b.made_on AND merchant_id <> 0) p
     WHERE %(made_on)s::date IS NULL OR b.made_on = %(made_on)s
  ORDER BY b.made_on DESC
     LIMIT %(limit)s
"""
_LINES = """
    SELECT p.id, p.merchant_id, m.name AS merchant, m.payout_account AS account, p.amount_minor, p.state, p.settled_on,
           p.bank_reference
      FROM payout p JOIN merchant m ON m.id = p.merchant_id
     WHERE p.requested_on = %(on)s AND p.merchant_id <> 0
  ORDER BY p.merchant_id, p.id
     LIMIT %(limit)s
"""
