"""Pay merchants out: what is available and the terms of each let go, after the day close, or at his cut-offs. All payouts of a
day are one batch.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from psycopg import Connection

from florin.engine.close_step import execute, rows_of
from florin.engine.engine import Engine
from florin.engine.ids import lane_of
from florin.engine.payout_batches import gather_payouts
from florin.engine.proof import last_proof_holds
from florin.engine.submission import job
from florin.payments.settle import PayOut
from florin.payments.settlement_terms import Calendar, SettlementTerms, pays_out_on

_AVAILABLE = """
    SELECT id FROM merchant_balance WHERE available_minor > 0 AND held_because = '' ORDER BY lane, id
"""
_HOLIDAYS = (
    "SELECT on_day, is_open FROM bank_holiday WHERE on_day BETWEEN %(from_on)s AND %(on)s ORDER BY on_day LIMIT 100"
)


def pay_out(engine: Engine, connection: Connection, on: date) -> int:
    """Pay out what was swept and the terms of each merchant let go today, one payout a merchant and day. The bank settles it in
    its own time.
    """
    return _pay_out(engine, connection, on, lambda terms: "")


def pay_out_today(engine: Engine, connection: Connection, on: date, cut: int) -> int:
    """Pay those whose terms pay at cut-offs, one payout for each window of theirs that has ended by a cut-off of the day; none
    while the last proof of the books does not hold.
    """
    if not last_proof_holds(connection):
        return 0

    def of_window(terms: SettlementTerms) -> str | None:
        begins = terms.window_from(cut) if terms.pays == "cut_off" else 0
        return f"/{begins}" if begins else None

    return _pay_out(engine, connection, on, of_window)


def _pay_out(
    engine: Engine, connection: Connection, on: date, of_terms: Callable[[SettlementTerms], str | None]
) -> int:
    """of_terms: what a payout's key ends with, by the merchant's terms; None: he is not paid now."""
    calendar = Calendar(dict(rows_of(connection, _HOLIDAYS, from_on=on - timedelta(days=7), on=on)))
    merchants = engine.reference.merchants
    submissions = []
    for row in rows_of(connection, _AVAILABLE):
        terms = merchants[row.id].settlement_on(on) if row.id in merchants else None
        end = None if terms is None or not pays_out_on(terms, on, calendar) else of_terms(terms)
        if end is not None:
            command = PayOut(payout_id=engine.new_id(lane_of(row.id)), merchant_id=row.id)
            submissions.append(job(f"payout/{row.id}/{on}{end}", command, keeps_refusal=False))
    paid = sum(outcome.event is not None for outcome in execute(engine, submissions))
    gather_payouts(connection, on)
    return paid
