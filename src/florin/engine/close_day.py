"""The day close: what the calendar owes everybody, after midnight and never in anybody's way.

`close_through` brings the house to a day: it rolls the date, lets the clock act on every line that has something due,
confirms receipts and expires holds, sweeps yesterday's windows, squares lender, payment institution and mall, pays merchants
out, and proves the books. No payment is refused meanwhile. Each step is a command with a key of its own, so a close that was
cut off simply runs again; an account whose close fails and a window that cannot be swept are parked with their reason, and the
others go on. The steps are in files of their own: `close_lines`, `fall_due`, `sweep`, `square_books`, `pay_merchants`.
"""

from __future__ import annotations

import time
from datetime import date, timedelta
from typing import NamedTuple

import structlog
from psycopg import Connection

from florin.engine import autopay, clock
from florin.engine.close_lines import advance_lines, pay_cleared_balances
from florin.engine.close_step import OpenDays, closed_through, each_by_itself, settle
from florin.engine.engine import Engine
from florin.engine.fall_due import expire_due, finish_sharing, lapse_due, receive_due
from florin.engine.merchant_days import record_merchant_days
from florin.engine.pay_merchants import pay_out
from florin.engine.proof import Proof, prove_day, record_proof
from florin.engine.provisioning import provisions
from florin.engine.square_books import (
    Bank,
    settle_books,
    settle_buyers,
    settle_mall,
    settle_network,
    settle_partners,
    sweep_fees,
)
from florin.engine.sweep import keep_reserves, sweep_windows

log = structlog.get_logger(__name__)


class DayClosed(NamedTuple):
    """What one day close did. debited: lines whose autopay was tried. parked, windows_parked: lines and merchants' windows that
    are left with a reason. seconds: what each part took.
    """

    on: date
    lines: int
    parked: int
    debited: int
    received: int
    expired: int
    swept: int
    windows_parked: int
    paid_out: int
    proof: Proof
    seconds: dict[str, float] = {}  # noqa: RUF012 - of a value that nobody changes


def close_through(engine: Engine, connection: Connection, to_on: date, *, bank: Bank) -> list[DayClosed]:
    """Close every day up to `to_on`, missed ones included, each before the next begins.

    connection: of the engine's role, used by nobody else meanwhile. Raises clock.BatchHangs, CloseUnfinished.
    """
    days = []
    with each_by_itself(connection):
        while (on := clock.read(connection).on) <= to_on:
            if closed_through(connection) < on - timedelta(days=1):
                days.append(close_day(engine, connection, on, bank=bank))
            if on == to_on:
                break
            autopay.autopay(engine, connection, on, 2, bank=bank)
            clock.roll(connection, on)
    return days


def close_day(engine: Engine, connection: Connection, on: date, *, bank: Bank) -> DayClosed:
    """Close the day before `on`, the business date. Running it again does what was left undone, and nothing twice.

    Raises clock.BatchHangs, CloseUnfinished.
    """
    with each_by_itself(connection):
        return _close_day(engine, connection, on, bank)


def _close_day(engine: Engine, connection: Connection, on: date, bank: Bank) -> DayClosed:
    yesterday = on - timedelta(days=1)
    # Whoever rolled may have died, or given up, before the last batch of yesterday had ended.
    clock.await_older_batches(connection)
    watch = _Watch()
    lines, parked = advance_lines(engine, connection, on)
    pay_cleared_balances(engine, connection, on)
    watch.lap("lines")
    autopay.ask_again(engine, connection, on, bank=bank)
    debited = autopay.autopay(engine, connection, on, 1, bank=bank)
    watch.lap("autopay")
    # First what silence means: a clock that goes on may be due today.
    lapse_due(engine, connection, on)
    received = receive_due(engine, connection, on)
    expired = expire_due(engine, connection)
    watch.lap("receipts")
    finish_sharing(engine, connection, on)
    days = OpenDays(closed_through(connection), on)
    swept, windows_parked = sweep_windows(engine, connection, days)
    keep_reserves(engine, connection, on)
    settle_books(engine, connection, days, bank)
    settle_mall(engine, connection, days, bank)
    settle_network(engine, connection, days, bank)
    settle_partners(engine, connection, days, bank)
    settle_buyers(engine, connection, days, bank)
    sweep_fees(engine, connection, days, bank)
    record_merchant_days(connection, since_on=days.since_on, on=on)
    watch.lap("settlement")
    proof = prove_day(connection)
    record_proof(connection, on, proof)
    watch.lap("proof")
    # Books that differ stop payouts, never payments; what is available waits for a proof that holds.
    paid_out = pay_out(engine, connection, on) if proof.holds else 0
    if proof.holds:
        settle(engine, provisions(connection, on))
    connection.execute("UPDATE clock SET closed_through = %s WHERE closed_through < %s", (yesterday, yesterday))
    connection.commit()
    watch.lap("payouts")
    closed = DayClosed(
        on, lines, parked, debited, received, expired, swept, windows_parked, paid_out, proof, watch.seconds
    )
    log.info("day closed", **{name: str(value) for name, value in closed._asdict().items() if name != "proof"})
    return closed


class _Watch:
    """What each part took, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.monotonic()

    def lap(self, part: str) -> None:
        now = time.monotonic()
        self.seconds[part], self._since = round(now - self._since, 3), now
