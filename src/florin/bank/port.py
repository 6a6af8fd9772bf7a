"""The bank port: the few things that the house asks of a bank. Each order has a reference; said twice it is done once.

A bank may answer at once, or only keep the order for its next file (`exchange`) and answer days later. What it has answered
can always be asked for again (`answer`), which orders nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

BankAccount = Literal["safeguarded", "own", "lender", "mall", "partner", "buyer", "network"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAnswer:
    """What became of money sent out or asked for. reference: the bank's own number. returned: it could not be paid; reason says
    why in words, reason_code as ISO 20022 does (AC04: account closed), where the bank gives one. booked_on: the day on which
    the bank took it, if that is before the day of its answer.
    """

    reference: str
    returned: bool = False
    reason: str = ""
    reason_code: str = ""
    booked_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BankReturn:
    """What the bank had booked and took back later. reference: of our order; kind: what it was."""

    kind: Literal["payment", "debit", "move"]
    reference: str
    amount_minor: int
    bank_reference: str
    reason: str
    reason_code: str
    returned_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class BankLine:
    """A line of the bank's statement. amount_minor: negative takes money out of the account."""

    account: BankAccount
    amount_minor: int
    reference: str
    booked_on: date


class Debit(Protocol):
    """What is to be taken from somebody's own account; one reference, one debit."""

    @property
    def amount_minor(self) -> int: ...
    @property
    def reference(self) -> str: ...
    @property
    def payer(self) -> str: ...


class Bank(Protocol):
    """Simulated, or a real one's files and messages."""

    def move(self, *, debit: str, credit: str, amount_minor: int, reference: str, on: date) -> None:
        """Take from one of the house's own accounts (`debit`) and put into another (`credit`)."""

    def pay(self, *, amount_minor: int, reference: str, beneficiary: str, on: date) -> BankAnswer | None:
        """Send money from the safeguarded account to somebody's own; None while the bank has not answered."""

    def collect(self, debits: Sequence[Debit], *, on: date) -> list[BankAnswer | None]:
        """Debit people's own accounts for the safeguarded one; in order, None while the bank has not answered."""

    def answer(self, reference: str) -> BankAnswer | None:
        """What the bank has said of an order, if anything. Orders nothing."""

    def receive(self, *, amount_minor: int, reference: str, on: date, account: BankAccount = "safeguarded") -> None:
        """Somebody's money is said to arrive in one of the house's own accounts; a simulated bank books it."""

    def exchange(self, on: date) -> int:
        """Hand over what was ordered and take what the bank has sent, `on` the business date; how many files were taken."""

    def returns(self) -> list[BankReturn]:
        """What came back after it was booked and is not recorded yet, the oldest first."""

    def return_recorded(self, reference: str) -> None:
        """That one is on record: `returns` names it no more."""

    def book_announced(self) -> int:
        """Let a simulated bank book what the owner's own systems have announced as arrived (over REST)."""

    def statement(self, account: BankAccount, *, from_on: date, before_on: date) -> list[BankLine]:
        """What the bank booked on the days [from_on, before_on), in its order."""
