"""Square the books: what the house's legal entities, partners, buyers of claims and card networks owed each other for a day is
netted and moved at the bank, and the house's own fees leave the safeguarded account.
"""

from __future__ import annotations

from datetime import date
from typing import Protocol

from psycopg import Connection

from florin.credit.funding import SettlePartner
from florin.credit.settle_buyer import SettleBuyer
from florin.engine import autopay
from florin.engine.close_step import OpenDays, of_open_days, rows_of, settle
from florin.engine.engine import Engine
from florin.engine.submission import job
from florin.payments.settle import SettleBooks, SettleMall, SettleNetwork, SweepFees


class Bank(autopay.Bank, Protocol):
    """The bank port, as the day close needs it: orders between the house's accounts, debits of shoppers' own. Simulated or
    real, it may answer later.
    """

    def move(self, *, debit: str, credit: str, amount_minor: int, reference: str, on: date) -> None:
        """Move money between two of the house's own accounts ("safeguarded", "own", "lender", "mall"), to or from its partner
        banks' ("partner"), or to a buyer of claims ("buyer") or a card's network ("network"), once for a reference.
        """


_PAIRS = """
    SELECT p.lane,
           coalesce(sum(p.signed_minor) FILTER (WHERE p.name = 'LENDER_DUE_TO_PAYMENTS'), 0)::bigint AS lender_owes,
           coalesce(sum(p.signed_minor) FILTER (WHERE p.name = 'LENDER_DUE_FROM_PAYMENTS'), 0)::bigint AS institution_owes
      FROM posting_line p
     WHERE p.name IN ('LENDER_DUE_TO_PAYMENTS', 'LENDER_DUE_FROM_PAYMENTS') AND p.kind <> 66
       AND p.posted_on > %(since_on)s AND p.posted_on < %(on)s
  GROUP BY p.lane
  ORDER BY p.lane
"""
_MALL = """
    SELECT p.lane,
           coalesce(sum(p.signed_minor) FILTER (WHERE p.name = 'PAYMENTS_DUE_FROM_MALL'), 0)::bigint AS institution,
           coalesce(sum(p.signed_minor) FILTER (WHERE p.name = 'LENDER_DUE_FROM_MALL'), 0)::bigint AS lender,
           coalesce(sum(p.signed_minor) FILTER (WHERE p.name = 'PAYMENTS_DUE_TO_MALL'), 0)::bigint AS commission
      FROM posting_line p
     WHERE p.name IN ('PAYMENTS_DUE_FROM_MALL', 'LENDER_DUE_FROM_MALL', 'PAYMENTS_DUE_TO_MALL') AND p.kind <> 134
       AND p.posted_on > %(since_on)s AND p.posted_on < %(on)s
  GROUP BY p.lane
  ORDER BY p.lane
"""
_NETWORK = """
    SELECT p.lane,
           coalesce(sum(p.signed_minor) FILTER (WHERE p.name = 'PAYMENTS_DUE_TO_NETWORK'), 0)::bigint AS institution,
           coalesce(sum(p.signed_minor) FILTER (WHERE p.name = 'LENDER_DUE_TO_NETWORK'), 0)::bigint AS lender
      FROM posting_line p
     WHERE p.name IN ('PAYMENTS_DUE_TO_NETWORK', 'LENDER_DUE_TO_NETWORK') AND p.kind <> 220
       AND p.posted_on > %(since_on)s AND p.posted_on < %(on)s
  GROUP BY p.lane
  ORDER BY p.lane
"""
# Each loan's subject is its payment, which names the agreement.
_PARTNERS = """
    SELECT p.lane, j.agreement_id,
           coalesce(sum(p.signed_minor) FILTER (WHERE p.name = 'LENDER_DUE_TO_PARTNER'), 0)::bigint AS lender_owes,
           coalesce(sum(p.signed_minor) FILTER (WHERE p.name = 'LENDER_DUE_FROM_PARTNER'), 0)::bigint AS partner_owes
      FROM posting_line p JOIN joint_loan j ON j.lane = p.lane AND j.id = p.subject_id
     WHERE p.name IN ('LENDER_DUE_TO_PARTNER', 'LENDER_DUE_FROM_PARTNER') AND p.kind <> 182
       AND p.posted_on > %(since_on)s AND p.posted_on < %(on)s
  GROUP BY 1, 2
  ORDER BY 1, 2
"""
_ANY_PARTNER = "SELECT EXISTS (SELECT FROM funding_agreement) AS found"
# What was passed on (rule 186): whose it is says the line's last sale before. Few houses sell claims, and the index
# `event_of_claim_sale` says at once that none was.
_ANY_SALE = "SELECT EXISTS (SELECT FROM event WHERE kind = 163) AS found"
_BUYERS = """
    SELECT e.lane, s.buyer, sum(sign(x.rule) * x.amount)::bigint AS passed_on
      FROM event e
           CROSS JOIN LATERAL unnest(e.rules, e.amounts) AS x(rule, amount)
           CROSS JOIN LATERAL (SELECT s.body->>'buyer' AS buyer FROM event s
                                WHERE s.lane = e.lane AND s.line_id = e.line_id AND s.sequence < e.sequence AND s.kind = 163
                             ORDER BY s.sequence DESC
                                LIMIT 1) s
     WHERE e.posted_on > %(since_on)s AND e.posted_on < %(on)s AND abs(x.rule) = 186
  GROUP BY 1, 2
    HAVING sum(sign(x.rule) * x.amount) <> 0
  ORDER BY 1, 2
"""
# What is the institution's own: its fees, less what it owes of them for cards.
_FEES = """
    SELECT p.lane, sum(CASE WHEN a.side = 1 THEN -p.signed_minor ELSE p.signed_minor END)::bigint AS amount_minor
      FROM posting_line p JOIN account a ON a.code = p.code
     WHERE p.name IN ('MDR_INCOME', 'WITHDRAWAL_INCOME', 'INTERCHANGE_COST', 'PAYMENTS_NETWORK_COST')
       AND p.posted_on > %(since_on)s AND p.posted_on < %(on)s
  GROUP BY p.lane
    HAVING sum(CASE WHEN a.side = 1 THEN -p.signed_minor ELSE p.signed_minor END) <> 0
  ORDER BY p.lane
"""


def settle_books(engine: Engine, connection: Connection, days: OpenDays, bank: Bank) -> None:
    """Net each lane's pair of yesterday; one bank line for what either side then owes the other.

    A day on which more was given back than was owed sums below zero, and is settled the other way.
    """
    rows = [row for row in of_open_days(connection, _PAIRS, days) if row.lender_owes or row.institution_owes]
    for row in rows:
        _move(
            bank,
            "lender",
            "safeguarded",
            row.lender_owes - row.institution_owes,
            f"books/{row.lane}/{days.on}",
            days.on,
        )
    settle(
        engine,
        [
            job(
                f"books/{row.lane}/{days.on}",
                SettleBooks(
                    lane=row.lane, lender_owes_minor=row.lender_owes, institution_owes_minor=row.institution_owes
                ),
            )
            for row in rows
        ],
    )


def settle_mall(engine: Engine, connection: Connection, days: OpenDays, bank: Bank) -> None:
    """What the mall's campaigns owed the others for yesterday leaves its account; what came back of it, and the mall's own fees
    on sales, come to it.
    """
    rows = [row for row in of_open_days(connection, _MALL, days) if row.institution or row.lender or row.commission]
    for row in rows:
        _move(bank, "mall", "safeguarded", row.institution - row.commission, f"mall/{row.lane}/{days.on}", days.on)
        _move(bank, "mall", "lender", row.lender, f"mall-lender/{row.lane}/{days.on}", days.on)
    settle(
        engine,
        [
            job(
                f"mall/{row.lane}/{days.on}",
                SettleMall(
                    lane=row.lane,
                    institution_minor=row.institution,
                    lender_minor=row.lender,
                    commission_minor=row.commission,
                ),
            )
            for row in rows
        ],
    )


def settle_network(engine: Engine, connection: Connection, days: OpenDays, bank: Bank) -> None:
    """What cards owed their network for yesterday, each side its half, one bank line a lane and side."""
    rows = [row for row in of_open_days(connection, _NETWORK, days) if row.institution or row.lender]
    for row in rows:
        _move(bank, "safeguarded", "network", row.institution, f"network/{row.lane}/{days.on}", days.on)
        _move(bank, "lender", "network", row.lender, f"network-lender/{row.lane}/{days.on}", days.on)
    settle(
        engine,
        [
            job(
                f"network/{row.lane}/{days.on}",
                SettleNetwork(lane=row.lane, institution_minor=row.institution, lender_minor=row.lender),
            )
            for row in rows
        ],
    )


def settle_partners(engine: Engine, connection: Connection, days: OpenDays, bank: Bank) -> None:
    """Net what lender and each partner bank came to owe each other yesterday, lane by lane; the rest is one bank line."""
    if not rows_of(connection, _ANY_PARTNER)[0].found:
        return
    rows = [row for row in of_open_days(connection, _PARTNERS, days) if row.lender_owes or row.partner_owes]
    steps = []
    for row in rows:
        reference = f"partner/{row.agreement_id}/{row.lane}/{days.on}"
        _move(bank, "lender", "partner", row.lender_owes - row.partner_owes, reference, days.on)
        command = SettlePartner(
            lane=row.lane,
            agreement_id=row.agreement_id,
            lender_owes_minor=row.lender_owes,
            partner_owes_minor=row.partner_owes,
        )
        steps.append(job(reference, command))
    settle(engine, steps)


def settle_buyers(engine: Engine, connection: Connection, days: OpenDays, bank: Bank) -> None:
    """What arrived yesterday of claims that were sold goes to their buyers, lane by lane, one bank line each."""
    if not rows_of(connection, _ANY_SALE)[0].found:
        return
    rows = of_open_days(connection, _BUYERS, days)
    steps = []
    for row in rows:
        reference = f"buyer/{row.buyer}/{row.lane}/{days.on}"
        if row.passed_on > 0:
            _move(bank, "lender", "buyer", row.passed_on, reference, days.on)
        steps.append(job(reference, SettleBuyer(lane=row.lane, buyer=row.buyer, passed_on_minor=row.passed_on)))
    settle(engine, steps)


def sweep_fees(engine: Engine, connection: Connection, days: OpenDays, bank: Bank) -> None:
    """Yesterday's fees leave the safeguarded account; where more was given back than earned, the rest comes back to it."""
    rows = of_open_days(connection, _FEES, days)
    for row in rows:
        _move(bank, "safeguarded", "own", row.amount_minor, f"fees/{row.lane}/{days.on}", days.on)
    settle(
        engine,
        [job(f"fees/{row.lane}/{days.on}", SweepFees(lane=row.lane, amount_minor=row.amount_minor)) for row in rows],
    )


def _move(bank: Bank, debit: str, credit: str, amount_minor: int, reference: str, on: date) -> None:
    """One bank line; an amount below zero moves the other way."""
    if amount_minor < 0:
        debit, credit = credit, debit
    if amount_minor:
        bank.move(debit=debit, credit=credit, amount_minor=abs(amount_minor), reference=reference, on=on)
