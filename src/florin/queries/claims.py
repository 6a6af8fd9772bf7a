"""Claims: lines whose debt was charged off and is the lender's own, with what may be sold of each; and who bought others."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec import Struct
from psycopg import Connection
from psycopg.rows import class_row

from florin.credit.settle_buyer import NoSuchClaimBuyer

CLAIMS_MAX = 100_000


class ClaimRow(Struct, frozen=True, kw_only=True):
    """claimed: posted claims of the line, in minor units; since_on: due day of its arrears."""

    line_id: int
    person_id: int
    logon: str
    program: str
    claimed_minor: int
    since_on: date


class ClaimBuyer(Struct, frozen=True, kw_only=True):
    """Who bought claims. sold: of how much; price: for how much; paid: by him, through the bank. passed_on: what still came in
    of it and was paid to him; taken_back: of that again, which he owes beside the price.
    """

    buyer: str
    lines: int
    sold_minor: int
    price_minor: int
    paid_minor: int
    passed_on_minor: int
    taken_back_minor: int

    @property
    def owes_minor(self) -> int:
        """What he owes now; below zero where he has paid ahead."""
        return self.price_minor + self.taken_back_minor - self.paid_minor


# Every sale and settlement, by an index of their own.
_BUYERS = """
    SELECT e.body->>'buyer' AS buyer, count(DISTINCT e.line_id) AS lines,
           coalesce(sum((e.body->>'sold_minor')::bigint), 0)::bigint AS sold_minor,
           coalesce(sum((e.body->>'price_minor')::bigint), 0)::bigint AS price_minor,
           coalesce(sum((e.body->>'amount_minor')::bigint), 0)::bigint AS paid_minor,
           coalesce(sum((e.body->>'paid_minor')::bigint), 0)::bigint AS passed_on_minor,
           coalesce(sum((e.body->>'taken_back_minor')::bigint), 0)::bigint AS taken_back_minor
      FROM event e
     WHERE e.kind IN (163, 190, 191)
  GROUP BY 1
  ORDER BY 1
     LIMIT 1000
"""
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


def claim_buyers(connection: Connection[Any]) -> list[ClaimBuyer]:
    """Everybody who bought claims, by name; what came in today of them is passed on with the next close."""
    with connection.cursor(row_factory=class_row(ClaimBuyer)) as cursor:
        return cursor.execute(_BUYERS).fetchall()


def claim_buyer(connection: Connection[Any], *, name: str) -> ClaimBuyer | NoSuchClaimBuyer:
    """The buyer of that name. Once claims were sold to him he is known for ever."""
    found = claim_buyers(connection)
    known = ", ".join(each.buyer for each in found) or "–"
    return next((each for each in found if each.buyer == name), NoSuchClaimBuyer(buyer=name, known=known))
