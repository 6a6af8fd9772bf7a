"""Pay merchants out: what is available and the terms of each let go, gathered into the day's batch."""

from __future__ import annotations

from datetime import date, timedelta

from psycopg import Connection

from florin.engine.close_step import execute, rows_of
from florin.engine.engine import Engine
from florin.engine.ids import lane_of
from florin.engine.payout_batches import gather_payouts
from florin.engine.submission import job
from florin.payments.settle import PayOut
from florin.payments.settlement_terms import Calendar, pays_out_on

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
    calendar = Calendar(dict(rows_of(connection, _HOLIDAYS, from_on=on - timedelta(days=7), on=on)))
    merchants = engine.reference.merchants
    due = [
        row
        for row in rows_of(connection, _AVAILABLE)
        if row.id in merchants and pays_out_on(merchants[row.id].settlement_on(on), on, calendar)
    ]
    submissions = [
        job(
            f"payout/{row.id}/{on}",
            PayOut(payout_id=engine.new_id(lane_of(row.id)), merchant_id=row.id),
            keeps_refusal=False,
        )
        for row in due
    ]
    paid = sum(outcome.event is not None for outcome in execute(engine, submissions))
    gather_payouts(connection, on)
    return paid
