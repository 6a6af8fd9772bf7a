"""A world whose bank lives by files, and the round that a worker makes of it."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg

from florin.bank import BankFolder, reconcile, record_answers, settle_outgoing
from florin.bank.clockwork import ClockBank
from florin.engine import lane_of
from florin.engine.close_day import close_through
from florin.engine.proof import prove
from florin.queries.bank import BreakRow, breaks
from florin.wallet.withdraw import Withdraw
from world import World

START = date(2026, 3, 31)  # the day before bills are made


class House:
    """A world whose bank lives by files; `live` is what the worker does in a round."""

    def __init__(self, world: World, connection: psycopg.Connection, folder: BankFolder) -> None:
        self.world, self.connection, self.folder = world, connection, folder
        self.bank = ClockBank(connection, folder)
        self.behind = self.bank.behind

    def live(self) -> None:
        on = self.world.today
        if self.bank.exchange(on):
            record_answers(self.world.engine, self.connection, self.bank, on=on)
        settle_outgoing(self.world.engine, self.connection, self.bank, on=on)

    def tomorrow(self, *, holds: bool = True) -> None:
        """The next midnight: what the bank has said is taken, the day closed, what is ordered sent, the day before stated."""
        on = self.world.today
        self.live()
        reconcile(self.world.engine, self.connection, on=on + timedelta(days=1))
        (day,) = close_through(self.world.engine, self.world.connection, on + timedelta(days=1), bank=self.bank)
        assert day.proof.holds == holds, [check for check in day.proof.checks if not check.holds]
        self.live()
        reconcile(self.world.engine, self.connection, on=on + timedelta(days=1))

    def withdraw(self, name: str, amount_minor: int) -> int:
        person_id = self.world.people[name]
        identifier = self.world.engine.new_id(lane_of(person_id))
        assert self.world.do(Withdraw(withdrawal_id=identifier, person_id=person_id, amount_minor=amount_minor)).event
        return identifier

    def payouts(self) -> list[tuple[str, int]]:
        return self.connection.execute("SELECT state, amount_minor FROM payout ORDER BY requested_on, id").fetchall()

    def shown(self, account: str = "safeguarded") -> list[tuple[int, str]]:
        return self.connection.execute(
            "SELECT amount_minor, fits FROM bank_line WHERE account = %s AND file_id <> 0 ORDER BY id", [account]
        ).fetchall()

    def files(self, where: str) -> list[str]:
        return [path.name for path in self.folder.waiting(where)]

    def breaks(self) -> list[BreakRow]:
        return breaks(self.connection)

    def prove(self) -> list[str]:
        return [check.name for check in prove(self.world.connection).checks if not check.holds]
