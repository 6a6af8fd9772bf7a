"""The simulated bank that lives by the clock and by files: it reads what lies in `out/`, and writes what a bank would into
`in/`.

It checks orders (a status report for each file), books them on their day, notifies each booking, and states every account at
the end of each day. By rule it delays, rejects or returns what goes to a party; by mishap it does, a number of times, what
banks do wrong. It is deterministic: its numbers count up, and it knows no time but the business date it is given.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, get_args

from psycopg import Connection
from psycopg.rows import class_row, namedtuple_row

from florin.bank.files import FileBank, end_to_end_id_of
from florin.bank.folder import SUFFIX, Accounts, BankFolder
from florin.bank.iso20022 import (
    Balance,
    Entry,
    Initiation,
    Order,
    OrderStatus,
    Statement,
    StatusReport,
    message_of,
    read_initiation,
    write_statement,
    write_status,
)
from florin.bank.iso20022.statement import MESSAGES
from florin.bank.iso20022.status import MESSAGE, words_of
from florin.bank.port import BankAccount
from florin.bank.take import DUPLICATE
from florin.engine import clock

Effect = Literal["reject", "return", "delay"]
Mishap = Literal["partial", "twice", "shuffled", "lost-line", "double-line", "altered-line", "stray-line", "charge"]
MISHAPS: Final[tuple[Mishap, ...]] = get_args(Mishap)
ANYBODY = ""
# What a mishap makes of it: another's money, a charge, an amount one yuan off.
STRAY_MINOR, CHARGE_MINOR, ALTERED_MINOR = 123_45, 5_00, 1_00


class Rule(NamedTuple):
    """party: empty for everybody without a rule of his own."""

    party: str
    effect: str
    code: str
    days: int


class _Treatment(NamedTuple):
    """How the bank treats an order: what it says, and in how many days it books and returns."""

    reject: str = ""
    returns: str = ""
    returns_days: int = 0
    delay_days: int = 0


class ClockBank(FileBank):
    """connection, folder: as of FileBank; both sides of the exchange stand on them, and speak by files alone."""

    def __init__(self, connection: Connection[Any], folder: BankFolder) -> None:
        super().__init__(connection, folder)
        self.behind = BehindTheCounter(connection, folder)

    def exchange(self, on: date) -> int:
        self.behind.take_over(on)
        self.send(on)
        self.behind.live(on)
        return self._take_all(on)

    def receive(self, *, amount_minor: int, reference: str, on: date, account: BankAccount = "safeguarded") -> None:
        self.behind.take_over(on)
        self.behind.schedule(account, amount_minor, end_to_end_id_of(reference), on, text=reference)

    def book_announced(self) -> int:
        return self.behind.book_announced()


class BehindTheCounter:
    """The bank itself. It never reads the house's books or orders: only files, its own entries, and what it is told to do."""

    def __init__(self, connection: Connection[Any], folder: BankFolder) -> None:
        self._connection = connection
        self._folder = folder

    # ── what it is told to do ─────────────────────────────────────────────────────────────────────────────────────

    def treat(self, party: str, effect: Effect, *, code: str = "", days: int = 0) -> None:
        """From now on orders of this party (ANYBODY: all others) are rejected or returned for a reason, or delayed by days."""
        row = {"party": party, "effect": effect, "code": code, "days": days}
        self._connection.execute(_TREAT, row)

    def forget(self, party: str) -> int:
        """Treat this party as others; how many rules are gone."""
        return self._connection.execute("DELETE FROM simulated_rule WHERE party = %(p)s", {"p": party}).rowcount

    def do_wrong(self, mishap: Mishap, times: int) -> None:
        """The next `times` chances this goes wrong; 0 takes it back."""
        self._connection.execute(_DO_WRONG, {"name": mishap, "times": times})

    def rules(self) -> list[Rule]:
        """How it treats whom, everybody first."""
        with self._connection.cursor(row_factory=class_row(Rule)) as cursor:
            return cursor.execute(_ALL_RULES).fetchall()

    def wrongs(self) -> dict[str, int]:
        """What is still to go wrong, and how often."""
        return dict(self._connection.execute(_WRONGS).fetchall())

    # ── a day of its life ─────────────────────────────────────────────────────────────────────────────────────────

    def take_over(self, on: date) -> None:
        """On its first day it takes over what the prompt bank has booked, so that its balances are right."""
        if self._connection.execute(_FIRST_DAY, {"yesterday": on - timedelta(days=1)}).rowcount:
            self._connection.execute(_TAKE_OVER, {"yesterday": on - timedelta(days=1)})

    def live(self, on: date) -> None:
        """Take what was handed in, book what is due, and write what a bank writes, up to the business date `on`."""
        accounts = self._folder.accounts()
        written: list[tuple[str, bytes]] = []
        with self._connection.transaction():
            read = [file for file in self._folder.waiting("out") if self._take_in(file, accounts, on, written)]
            self._mishaps_of_the_day(on)
            self._book_due(on, accounts, written)
            self._state_days(on, accounts, written)
            if len(written) > 1 and self._goes_wrong("shuffled"):
                names = [name for name, _ in written]
                random.Random(len(names)).shuffle(names)  # noqa: S311 - an order of files, always the same
                written = [(name, content) for name, (_, content) in zip(names, written, strict=True)]
            # Before the commit: who dies now books the same again, under the same numbers.
            for name, content in written:
                self._folder.put_in(name, content)
        for file in read:
            self._folder.move(file, "out/sent")

    def schedule(
        self,
        account: str,
        amount_minor: int,
        end_to_end_id: str,
        due_on: date,
        *,
        party: str = "",
        party_account: str = "",
        text: str = "",
        return_code: str = "",
    ) -> None:
        """An entry that will be booked on its day."""
        row = {
            "account": account, "amount_minor": amount_minor, "end_to_end_id": end_to_end_id, "due_on": due_on,
            "party": party, "party_account": party_account, "text": text[:140], "return_code": return_code,
        }  # fmt: skip
        self._connection.execute(_SCHEDULE, row)

    def book_announced(self) -> int:
        """Book what the owner's own systems have announced as arrived."""
        row = self._connection.execute("SELECT closed_through, business_on FROM clock").fetchone()
        assert row is not None
        announced = self._rows(_ANNOUNCED, {"since_on": row[0]})
        for one in announced:
            self.schedule(one.account, one.amount_minor, end_to_end_id_of(one.reference), row[1], text=one.reference)
        return len(announced)

    # ── orders ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _take_in(self, file: Path, accounts: Accounts, on: date, written: list[tuple[str, bytes]]) -> bool:
        content = file.read_bytes()
        initiation = read_initiation(content)
        message = message_of(content)
        fresh = self._connection.execute(_SEE_MESSAGE, {"message_id": initiation.message_id}).rowcount == 1
        if not fresh:
            report = self._report(initiation, message, status="RJCT", code=DUPLICATE, reason=words_of(DUPLICATE))
            written.append(self._named(report.message_id, MESSAGE, write_status(report)))
            return True
        partial = self._goes_wrong("partial")
        orders = []
        for number, order in enumerate(initiation.orders):
            treatment = self._treatment(order)
            if partial and number % 2:
                treatment = treatment._replace(reject="MS03")
            orders.append(self._take_order(initiation, order, treatment, accounts, on))
        states = {order.status for order in orders}
        status: Any = "RJCT" if states == {"RJCT"} else "PART" if "RJCT" in states else "ACCP"
        report = self._report(initiation, message, status=status, orders=tuple(orders))
        written.append(self._named(report.message_id, MESSAGE, write_status(report)))
        if self._goes_wrong("twice"):
            written.append((f"{written[-1][0].removesuffix(SUFFIX)}.again{SUFFIX}", written[-1][1]))
        return True

    def _take_order(
        self, initiation: Initiation, order: Order, treatment: _Treatment, accounts: Accounts, on: date
    ) -> OrderStatus:
        end = order.end_to_end_id
        if treatment.reject:
            code = treatment.reject
            return OrderStatus(end_to_end_id=end, status="RJCT", code=code, reason=words_of(code))
        ours = accounts.account_of(initiation.account)
        if ours is None:
            return OrderStatus(end_to_end_id=end, status="RJCT", code="AC01", reason=words_of("AC01"))
        amount_minor = order.amount_minor if initiation.kind == "debits" else -order.amount_minor
        due_on = max(on, initiation.on) + timedelta(days=treatment.delay_days)
        if self._goes_wrong("lost-line"):
            return OrderStatus(end_to_end_id=end, status="ACSP")
        booked_minor = amount_minor
        if self._goes_wrong("altered-line"):
            booked_minor += ALTERED_MINOR if amount_minor > 0 else -ALTERED_MINOR
        for _ in range(2 if self._goes_wrong("double-line") else 1):
            self.schedule(
                ours, booked_minor, end, due_on, party=order.party, party_account=order.account, text=order.text
            )
        other = accounts.account_of(order.account)
        if other is not None:
            self.schedule(
                other, -amount_minor, end, due_on, party=initiation.initiator, party_account=initiation.account
            )
        if treatment.returns:
            back_on = due_on + timedelta(days=treatment.returns_days)
            self.schedule(
                ours, -amount_minor, end, back_on, party=order.party, party_account=order.account,
                return_code=treatment.returns,
            )  # fmt: skip
        return OrderStatus(end_to_end_id=end, status="ACSP" if due_on > on else "ACSC")

    def _treatment(self, order: Order) -> _Treatment:
        treatment = _Treatment()
        for rule in self._rows(_RULES, {"parties": [ANYBODY, order.party, order.account]}):
            match rule.effect:
                case "reject":
                    treatment = treatment._replace(reject=rule.code)
                case "return":
                    treatment = treatment._replace(returns=rule.code, returns_days=rule.days)
                case "delay":
                    treatment = treatment._replace(delay_days=rule.days)
        return treatment

    def _report(self, initiation: Initiation, message: str, **said: Any) -> StatusReport:
        at = clock.read(self._connection).instant.astimezone(clock.ZONE).replace(microsecond=0)
        return StatusReport(
            message_id=self._next_id(), made_at=at, of_message_id=initiation.message_id, of_message=message, **said
        )

    # ── bookings and statements ───────────────────────────────────────────────────────────────────────────────────

    def _mishaps_of_the_day(self, on: date) -> None:
        if self._goes_wrong("stray-line"):
            self.schedule("safeguarded", STRAY_MINOR, "", on, party="陈默", party_account="6217-0001", text="thank you")
        if self._goes_wrong("charge"):
            self.schedule("safeguarded", -CHARGE_MINOR, "", on, text="account maintenance")

    def _book_due(self, on: date, accounts: Accounts, written: list[tuple[str, bytes]]) -> None:
        """Book what is due, and tell each account what it was: a notification an account."""
        booked = self._rows(_BOOK_DUE, {"on": on})
        for account in sorted({row.account for row in booked}):
            entries = tuple(_entry(row) for row in booked if row.account == account)
            written.append(self._statement("notification", account, on, accounts, entries=entries))

    def _state_days(self, on: date, accounts: Accounts, written: list[tuple[str, bytes]]) -> None:
        """Of each day that is over: what each account held, what was booked, what it holds."""
        row = self._connection.execute("SELECT stated_on FROM simulated_day").fetchone()
        assert row is not None, "it has taken over"
        day: date = row[0] + timedelta(days=1)
        while day < on:
            entries = self._rows(_BOOKED_ON, {"on": day})
            openings = dict(self._connection.execute(_OPENINGS, {"on": day}).fetchall())
            for account in accounts.numbers:
                of_account = tuple(_entry(entry) for entry in entries if entry.account == account)
                opening = int(openings.get(account, 0))
                if not (of_account or opening):
                    continue
                closing = opening + sum(entry.amount_minor for entry in of_account)
                written.append(
                    self._statement(
                        "statement", account, day, accounts, entries=of_account,
                        opening=Balance(amount_minor=opening, on=day), closing=Balance(amount_minor=closing, on=day),
                    )
                )  # fmt: skip
            self._connection.execute("UPDATE simulated_day SET stated_on = %(day)s", {"day": day})
            day += timedelta(days=1)

    def _statement(
        self, kind: Literal["statement", "notification"], account: str, on: date, accounts: Accounts, **said: Any
    ) -> tuple[str, bytes]:
        at = clock.read(self._connection).instant.astimezone(clock.ZONE).replace(microsecond=0)
        statement = Statement(
            kind=kind, message_id=self._next_id(), made_at=at, account=accounts.number_of(account), on=on, **said
        )
        return self._named(statement.message_id, MESSAGES[kind], write_statement(statement))

    def _named(self, message_id: str, message: str, content: bytes) -> tuple[str, bytes]:
        return f"{message_id}.{message[:8]}{SUFFIX}", content

    def _next_id(self) -> str:
        row = self._connection.execute("UPDATE simulated_day SET written = written + 1 RETURNING written").fetchone()
        assert row is not None, "it has taken over"
        return f"SB-{row[0]:08d}"

    def _goes_wrong(self, mishap: Mishap) -> bool:
        """Whether this is to happen now; it is used up by asking."""
        return self._connection.execute(_GOES_WRONG, {"name": mishap}).rowcount == 1

    def _rows(self, statement: Any, parameters: Any) -> list[Any]:
        with self._connection.cursor(row_factory=namedtuple_row) as cursor:
            return cursor.execute(statement, parameters).fetchall()


def _entry(row: Any) -> Entry:
    return Entry(
        entry_ref=row.entry_ref, amount_minor=row.amount_minor, booked_on=row.booked_on, value_on=row.booked_on,
        end_to_end_id=row.end_to_end_id, party=row.party, party_account=row.party_account, text=row.text,
        return_code=row.return_code, return_reason=words_of(row.return_code) if row.return_code else "",
    )  # fmt: skip


_FIRST_DAY = """
    INSERT INTO simulated_day (stated_on) VALUES (%(yesterday)s) ON CONFLICT DO NOTHING
"""
_TAKE_OVER = """
    INSERT INTO simulated_entry (account, amount_minor, end_to_end_id, due_on, booked_on, entry_ref)
    SELECT account, sum(amount_minor), '', %(yesterday)s, %(yesterday)s, 'taken over' FROM bank_line
     GROUP BY account HAVING sum(amount_minor) <> 0 ORDER BY account
"""
_SCHEDULE = """
    INSERT INTO simulated_entry (account, amount_minor, end_to_end_id, due_on, party, party_account, text, return_code)
    VALUES (%(account)s, %(amount_minor)s, %(end_to_end_id)s, %(due_on)s, %(party)s, %(party_account)s, %(text)s,
            %(return_code)s)
"""
_BOOK_DUE = """
    UPDATE simulated_entry SET booked_on = %(on)s, entry_ref = 'B' || to_char(id, 'FM0000000000')
     WHERE booked_on IS NULL AND due_on <= %(on)s
 RETURNING id, account, amount_minor, end_to_end_id, booked_on, party, party_account, text, return_code, entry_ref
"""
_BOOKED_ON = """
    SELECT id, account, amount_minor, end_to_end_id, booked_on, party, party_account, text, return_code, entry_ref
      FROM simulated_entry WHERE booked_on = %(on)s
  ORDER BY id
     LIMIT 1000000
"""
_OPENINGS = """
    SELECT account, sum(amount_minor)::bigint FROM simulated_entry WHERE booked_on < %(on)s GROUP BY account ORDER BY account
"""
_SEE_MESSAGE = "INSERT INTO simulated_message (message_id) VALUES (%(message_id)s) ON CONFLICT DO NOTHING"
_TREAT = """
    INSERT INTO simulated_rule (party, effect, code, days) VALUES (%(party)s, %(effect)s, %(code)s, %(days)s)
        ON CONFLICT (party, effect) DO UPDATE SET code = excluded.code, days = excluded.days
"""
# Of a party's rules and anybody's, the party's come last and so hold.
_RULES = """
    SELECT party, effect, code, days FROM simulated_rule WHERE party = ANY (%(parties)s) ORDER BY party <> '', party, effect
"""
_ALL_RULES = "SELECT party, effect, code, days FROM simulated_rule ORDER BY party, effect LIMIT 1000"
_WRONGS = "SELECT name, times FROM simulated_mishap WHERE times > 0 ORDER BY name"
_DO_WRONG = """
    INSERT INTO simulated_mishap (name, times) VALUES (%(name)s, %(times)s)
        ON CONFLICT (name) DO UPDATE SET times = excluded.times
"""
_GOES_WRONG = "UPDATE simulated_mishap SET times = times - 1 WHERE name = %(name)s AND times > 0"
_ANNOUNCED = """
    SELECT CASE WHEN e.kind = 190 THEN 'lender' ELSE 'safeguarded' END AS account,
           (e.body->>'amount_minor')::bigint AS amount_minor,
           coalesce(e.body->>'bank_reference', e.body->>'reference') AS reference
      FROM event e
     WHERE (e.kind IN (2, 190, 250) OR (e.kind = 25 AND e.body->>'source' = 'bank')) AND e.posted_on >= %(since_on)s
       AND NOT EXISTS (SELECT FROM simulated_entry s WHERE s.text = coalesce(e.body->>'bank_reference', e.body->>'reference'))
       AND NOT EXISTS (SELECT FROM bank_line b WHERE b.reference = coalesce(e.body->>'bank_reference', e.body->>'reference'))
       AND NOT EXISTS (SELECT FROM bank_order o WHERE o.reference = coalesce(e.body->>'bank_reference', e.body->>'reference'))
  ORDER BY e.lane, e.id
     LIMIT 100000
"""
