"""Who got which fen of a payment: what each party has more or less by it, and why, read from the books' transfers alone.

What a shopper owes counts as given, what a shop is owed as got; a fee is its taker's when it is posted. The sums of all
parties are zero at every moment, because each transfer takes from one party what it gives to another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec
from psycopg import Connection
from psycopg.rows import class_row

from florin.credit.explain.words import CATALOGS
from florin.credit.program import load_program
from florin.engine.ids import lane_of
from florin.events import Refunded, RefundReversed, Voided
from florin.events.refusals import Language
from florin.ledger import Entry, Party, Rule, gains_of
from florin.queries import is_id
from florin.queries.payments import payment_by_trade

BANK = "bank"
# In the order in which money goes from the shopper to the others.
PARTIES = (*(party.value for party in Party), BANK)


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """What a party gains (above zero) or gives by one kind of transfer. what: its name, text: in words."""

    what: str
    text: str
    amount_minor: int


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What one party has more (above zero) or less. party: of `PARTIES`; amount: the sum of its causes, minor units."""

    party: str
    name: str
    amount_minor: int
    causes: tuple[Cause, ...]


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """The parties of one payment, or of a set. payments: how many. shares: those that were moved, in the order in which money
    goes from the shopper to the others; they sum to zero. What is zero for all of its causes is left out. promised_minor: what
    the lender has promised and not paid yet: memo, and nobody's share.
    """

    payments: int
    promised_minor: int
    shares: tuple[Share, ...]

    def of(self, party: str) -> int:
        """What one party has; 0 for one that has nothing of it."""
        return next((share.amount_minor for share in self.shares if share.party == party), 0)


def shares_of_payment(connection: Connection[Any], *, payment_id: int, language: Language = "en") -> Shares | None:
    """Who has what of one payment, as of now; None where there is no such payment. payment_id: the payment's or its trade's."""
    if not is_id(payment_id):
        return None
    found = _moved(connection, _OF_PAYMENT, payment_id=payment_id, lane=lane_of(payment_id))
    if not found:
        view = payment_by_trade(connection, trade_id=payment_id)
        if view is None or view.payment is None:
            return None
        found = _moved(connection, _OF_PAYMENT, payment_id=view.payment.id, lane=lane_of(view.payment.id))
    return shares_of(found, payments=1, language=language)


def shares_of_days(
    connection: Connection[Any], *, from_on: date, until_on: date, merchant_id: int = 0, language: Language = "en"
) -> Shares:
    """Who has what of sales, refunds and releases that were posted on the days [from_on, until_on): one merchant's, or all."""
    parameters = {"from_on": from_on, "until_on": until_on, "merchant_id": merchant_id or None}
    row = connection.execute(_COUNT, parameters).fetchone()
    return shares_of(_moved(connection, _OF_DAYS, **parameters), payments=row[0] if row else 0, language=language)


class Moved(NamedTuple):
    """What events of a kind moved by a rule, a negative one the other way round. program: of the line that paid, or empty."""

    kind: int
    rule: int
    program: str
    amount_minor: int


def shares_of(moved: Iterable[Moved], *, payments: int, language: Language) -> Shares:
    """The shares of what was moved."""
    sums: dict[str, dict[str, int]] = {}
    promised_minor = 0
    for one in moved:
        if abs(one.rule) in _PROMISES:
            promised_minor += one.amount_minor if one.rule > 0 else -one.amount_minor
        entry = Entry(Rule(abs(one.rule)), one.amount_minor, reversed=one.rule < 0)
        for (party, rule), minor in gains_of([entry]).items():
            causes = sums.setdefault(_name(party, one.program), {})
            what = _cause(rule, one.kind)
            causes[what] = causes.get(what, 0) + minor
    return Shares(
        payments=payments,
        promised_minor=promised_minor,
        shares=tuple(_share(party, sums[party], language) for party in PARTIES if any(sums.get(party, {}).values())),
    )


def _name(party: Party, program: str) -> str:
    """Who a party is: the lender of a card is the bank that issued it."""
    if party is Party.LENDER and program and load_program(program).tender == "card":
        return BANK
    return party.value


def _share(party: str, causes: dict[str, int], language: Language) -> Share:
    words = CATALOGS[language]
    return Share(
        party=party,
        name=words[f"party.{party}"],
        amount_minor=sum(causes.values()),
        causes=tuple(
            Cause(what=what, text=words[f"share.{what}"], amount_minor=minor) for what, minor in causes.items() if minor
        ),
    )


_CAUSES = {
    "credit": (Rule.DRAW_CREDIT, Rule.DRAW_INTO_ESCROW, Rule.RECEIVE_DRAWN, Rule.RETURN_DRAWN),
    "wallet": (Rule.ESCROW_WALLET, Rule.RELEASE_ESCROW),
    "coupon": (Rule.ESCROW_COUPON, Rule.RELEASE_COUPON, Rule.REFUND_COUPON, Rule.CLAIM_ON_STATE),
    "mdr": (Rule.CHARGE_MDR,),
    "credit_fee": (Rule.CHARGE_CREDIT_FEE,),
    "commission": (Rule.CHARGE_COMMISSION,),
    "software_fee": (Rule.CHARGE_SOFTWARE_FEE,),
    "interchange": (Rule.PAY_INTERCHANGE,),
    "network": (Rule.OWE_NETWORK_ACQUIRER, Rule.OWE_NETWORK_ISSUER),
    "dispute": (Rule.HOLD_DISPUTED,),
    "sharing": (Rule.FREEZE_SHARES, Rule.SHARE_OUT, Rule.RETURN_SHARE),
    "return_fee": (Rule.CHARGE_RETURN_FEE,),
    "merchant_fee": (Rule.CHARGE_MERCHANT_FEE,),
    "shopper_fee": (Rule.CHARGE_SHOPPER_FEE,),
    "fee_subsidy": (Rule.SUBSIDIZE_FEE,),
    "interest": (
        Rule.ACCRUE_INTEREST, Rule.STOP_INTEREST, Rule.WAIVE_INTEREST, Rule.CHARGE_PENALTY, Rule.STOP_PENALTY,
        Rule.WAIVE_PENALTY, Rule.CHARGE_COST, Rule.CLEAR_INTEREST_MEMO, Rule.CLEAR_PENALTY_MEMO,
    ),
}  # fmt: skip
_CAUSE_OF = {rule: what for what, rules in _CAUSES.items() for rule in rules}
# What gives the tenders themselves back; fees that come back with them keep their own name, and are less.
_BACK = {Voided.kind: "released", Refunded.kind: "refund", RefundReversed.kind: "refund_reversed"}
_TENDERS = ("credit", "wallet", "coupon", "refund")
_PROMISES = (Rule.HOLD_CREDIT, Rule.COMMIT_CREDIT)


def _cause(rule: Rule, kind: int) -> str:
    what = _CAUSE_OF.get(rule, "refund")
    return _BACK.get(kind, what) if what in _TENDERS else what


def _moved(connection: Connection[Any], statement: str, **parameters: Any) -> Sequence[Moved]:
    with connection.cursor(row_factory=class_row(Moved)) as cursor:
        return cursor.execute(statement, parameters).fetchall()


_SUMMED = """
    SELECT e.kind, x.rule, coalesce(l.program, '') AS program, sum(x.amount)::bigint AS amount_minor
      FROM event e
           CROSS JOIN LATERAL unnest(e.rules, e.amounts) AS x(rule, amount)
           LEFT JOIN line l ON l.lane = e.lane AND l.id = e.line_id
"""
_GROUPED = """
  GROUP BY e.kind, x.rule, l.program
  ORDER BY min(e.id), min(abs(x.rule)), x.rule, l.program
     LIMIT 10000
"""
# A payment's first event has its own id, but for its parts; the others are found by it.
_OF_PAYMENT = f"""
    {_SUMMED}
     WHERE e.lane = %(lane)s
       AND ((e.id = %(payment_id)s AND e.payment_id = %(payment_id)s)
            OR (e.payment_id = %(payment_id)s AND (e.kind IN (43, 45, 46, 47, 164) OR (e.kind = 44 AND e.id <> e.payment_id)))
            OR (e.payment_id = %(payment_id)s AND (e.kind BETWEEN 232 AND 244 OR e.kind IN (270, 272))))
    {_GROUPED}
"""
_OF_DAYS = f"""
    {_SUMMED}
     WHERE e.posted_on >= %(from_on)s AND e.posted_on < %(until_on)s
       AND (e.kind BETWEEN 42 AND 47 OR e.kind = 164 OR e.kind BETWEEN 232 AND 244 OR e.kind IN (270, 272))
       AND e.merchant_id = coalesce(%(merchant_id)s::bigint, e.merchant_id)
    {_GROUPED}
"""
_COUNT = """
    SELECT count(DISTINCT (e.lane, e.payment_id))
      FROM event e
     WHERE e.posted_on >= %(from_on)s AND e.posted_on < %(until_on)s
       AND (e.kind BETWEEN 42 AND 47 OR e.kind = 164 OR e.kind BETWEEN 232 AND 244 OR e.kind IN (270, 272))
       AND e.merchant_id = coalesce(%(merchant_id)s::bigint, e.merchant_id)
"""
