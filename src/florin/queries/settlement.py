"""How merchants are settled: terms by day, what is available and kept, and why payouts wait."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import namedtuple_row

from florin.payments.settlement_terms import SettlementTerms, terms_on


class SettlementView(msgspec.Struct, frozen=True, kw_only=True):
    """terms: in force on the day that was asked for; next_terms: what begins later. held_because: empty when payouts leave.

    payouts: how many there were.
    """

    merchant_id: int
    name: str
    state: str
    payout_account: str
    terms: SettlementTerms
    next_terms: list[SettlementTerms]
    available_minor: int
    reserve_minor: int
    negative_limit_minor: int
    payouts: int
    held_because: str


def settlement_of(connection: Connection[Any], *, merchant_id: int, on: date) -> SettlementView | None:
    """None when there is no such merchant."""
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        row: Any = cursor.execute(_MERCHANT, {"id": merchant_id}).fetchone()
        if row is None:
            return None
    versions = [msgspec.json.decode(text, type=SettlementTerms) for text in row.terms]
    return SettlementView(
        merchant_id=row.id, name=row.name, state=row.state, payout_account=row.payout_account, terms=terms_on(versions, on),
        next_terms=[version for version in versions if version.from_on > on], available_minor=row.available_minor,
        reserve_minor=row.reserve_minor, negative_limit_minor=row.negative_limit_minor, payouts=row.round,
        held_because=row.held_because,
    )  # fmt: skip


_MERCHANT = """
    SELECT m.id, m.name, m.state, m.payout_account, b.available_minor, b.reserve_minor, b.negative_limit_minor, b.round,
           b.held_because,
           ARRAY (SELECT terms::text FROM settlement_terms WHERE merchant_id = m.id ORDER BY from_on LIMIT 1000) AS terms
      FROM merchant m JOIN merchant_balance b ON b.lane = m.lane AND b.id = m.id
     WHERE m.id = %(id)s
"""
