"""The prompt simulated bank: pays what it is asked to at once, and keeps a statement of its own beside the books and apart
from them. It writes no files; `clockwork.py` is the one that lives by the clock.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from florin.bank.port import BankAccount, BankAnswer, BankLine, BankReturn, Debit


class SimulatedBank:
    """connection: of the engine's role. closed_accounts: beneficiaries whose money comes back, payers who cannot be debited."""

    def __init__(self, connection: Connection[Any], *, closed_accounts: Collection[str] = ()) -> None:
        self._connection = connection
        self._closed_accounts = closed_accounts

    def move(self, *, debit: str, credit: str, amount_minor: int, reference: str, on: date) -> None:
        with self._connection.transaction():
            self._book(debit, -amount_minor, reference, on)
            self._book(credit, amount_minor, reference, on)

    def pay(self, *, amount_minor: int, reference: str, beneficiary: str, on: date) -> BankAnswer | None:
        if beneficiary in self._closed_accounts:
            return BankAnswer(reference=reference, returned=True, reason="account closed", reason_code="AC04")
        with self._connection.transaction():
            self._book("safeguarded", -amount_minor, reference, on)
        return BankAnswer(reference=reference)

    def collect(self, debits: Sequence[Debit], *, on: date) -> list[BankAnswer | None]:
        answers: list[BankAnswer | None] = []
        with self._connection.transaction(), self._connection.pipeline():
            for debit in debits:
                closed = debit.payer in self._closed_accounts
                reason, code = ("account closed", "AC04") if closed else ("", "")
                answers.append(BankAnswer(reference=debit.reference, returned=closed, reason=reason, reason_code=code))
                if not closed:
                    self._book("safeguarded", debit.amount_minor, debit.reference, on)
        return answers

    def answer(self, reference: str) -> BankAnswer | None:
        row = self._connection.execute(_BOOKED, {"reference": reference}).fetchone()
        return None if row is None else BankAnswer(reference=reference, booked_on=row[0])

    def exchange(self, on: date) -> int:
        """It has answered everything already."""
        return 0

    def returns(self) -> list[BankReturn]:
        return []

    def return_recorded(self, reference: str) -> None:
        """It returns nothing."""

    def receive(self, *, amount_minor: int, reference: str, on: date, account: BankAccount = "safeguarded") -> None:
        """Somebody's money arrives in one of the house's own accounts."""
        with self._connection.transaction():
            self._book(account, amount_minor, reference, on)

    def book_announced(self) -> int:
        """Book what the owner's own systems have announced as arrived (over REST); a real bank would send its statement."""
        row = self._connection.execute("SELECT closed_through FROM clock").fetchone()
        return self._connection.execute(_BOOK_ANNOUNCED, row).rowcount if row else 0

    def statement(self, account: BankAccount, *, from_on: date, before_on: date) -> list[BankLine]:
        with self._connection.cursor(row_factory=class_row(BankLine)) as cursor:
            return cursor.execute(
                _STATEMENT, {"account": account, "from_on": from_on, "before_on": before_on, "limit": 100_000}
            ).fetchall()

    def _book(self, account: str, amount_minor: int, reference: str, on: date) -> None:
        self._connection.execute(
            _BOOK, {"account": account, "amount_minor": amount_minor, "reference": reference, "booked_on": on}
        )


# One reference, one line on an account: an order that is said again is the same order.
_BOOK = """
    INSERT INTO bank_line (account, amount_minor, reference, booked_on)
    VALUES (%(account)s, %(amount_minor)s, %(reference)s, %(booked_on)s)
        ON CONFLICT DO NOTHING
"""

_BOOKED = "SELECT booked_on FROM bank_line WHERE account = 'safeguarded' AND reference = %(reference)s"

_BOOK_ANNOUNCED = """
    INSERT INTO bank_line (account, amount_minor, reference, booked_on)
    SELECT CASE WHEN e.kind = 190 THEN 'lender' ELSE 'safeguarded' END, (e.body->>'amount_minor')::bigint,
           coalesce(e.body->>'bank_reference', e.body->>'reference'), e.posted_on
      FROM event e
     WHERE (e.kind IN (2, 190, 250) OR (e.kind = 25 AND e.body->>'source' = 'bank')) AND e.posted_on >= %s
        ON CONFLICT DO NOTHING
"""

_STATEMENT = """
    SELECT account, amount_minor, reference, booked_on
      FROM bank_line
     WHERE account = %(account)s AND booked_on >= %(from_on)s AND booked_on < %(before_on)s
  ORDER BY id
     LIMIT %(limit)s
"""
