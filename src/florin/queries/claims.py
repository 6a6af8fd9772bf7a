"""Claims: lines whose debt was charged off and is the lender's own, with what may be sold of each."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec import Struct
from psycopg import Connection
from psycopg.rows import class_row

CLAIMS_MAX = 100_000


class ClaimRow(Struct, frozen=True, kw_only=True):
    """claimed: posted claims of the line, in minor units; since_on: due day of its arrears."""

    line_id: int
    person_id: int
    logon: str
    program: str
    claimed_minor: int
    since_on: date


# A charged-off line may owe more than its claims, on statements that were not charged off: the account tells them apart.
_CLAIMS = """
    SELECT l.id AS line_id, l.person_id, p.logon, l.program,
           (SELECT coalesce(sum((claim ->> 'amount_minor')::bigint), 0)::bigint
              FROM jsonb_array_elements(a.account -> 'written_off' -> 'claims') AS claim) AS claimed_minor,
           (a.account -> 'written_off' ->> 'since_on')::date AS since_on
      FROM line l
           JOIN line_account a ON a.lane = l.lane AND a.line_id = l.id
           JOIN person p ON p.lane = l.lane AND p.id = l.person_id
     WHERE l.state = 4 AND jsonb_array_length(coalesce(a.account -> 'written_off' -> 'claims', '[]')) > 0
  ORDER BY l.lane, l.id
     LIMIT %(limit)s
"""


def claims(connection: Connection[Any]) -> list[ClaimRow]:
    """Every line with claims, as of its last event; interest that claims have borne since is not among them."""
    with connection.cursor(row_factory=class_row(ClaimRow)) as cursor:
        return cursor.execute(_CLAIMS, {"limit": CLAIMS_MAX}).fetchall()
