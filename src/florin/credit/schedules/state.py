"""What a loan is at one moment: its slots, its money moves, its rates. Frozen; every event gives a new one.

A slot is one installment to come or past. Its level is what it should amount to in all; what of that is interest, the
projection says (`projection.py`), and so an early look changes nothing.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Literal, NamedTuple

import msgspec

from florin.credit.schedules.calendar import Every, Period
from florin.credit.schedules.convention import Convention
from florin.credit.schedules.invalid import ConventionUnknown

Part = Literal["fee", "interest", "principal"]
EarlyMoney = Literal["next_installment", "last_installment", "spread", "reduce_installment", "reduce_count"]
Method = Literal["level", "equal_principal", "flat"]

EARLY_MONEY: tuple[EarlyMoney, ...] = (
    "next_installment",
    "last_installment",
    "spread",
    "reduce_installment",
    "reduce_count",
)


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What early and late money does. Arrears come first, oldest first; these rules are about the rest.

    interest_on: `actual_balance`, interest runs day by day on what is truly owed; `scheduled_balance`, it stays as it
    was agreed, whenever somebody pays, and is owed in full at an early payoff.
    overdue_interest: whether overdue principal goes on bearing interest until it is paid (actual_balance only).
    after_maturity: whether it does so after the last due date.
    early_money, refund_money: `next_installment`, the coming installments in order, each with the interest accrued to
    that day; `last_installment`, from the last backwards; `spread`, equal parts of all that are to come, the earliest
    carrying the remainder; `reduce_installment`, principal at once, and the level is found anew for the same count;
    `reduce_count`, principal at once, the level stays and the loan ends sooner.
    order: of the parts within one installment.
    """

    interest_on: Literal["actual_balance", "scheduled_balance"] = "actual_balance"
    overdue_interest: bool = True
    after_maturity: Literal["stops", "continues"] = "stops"
    early_money: EarlyMoney = "next_installment"
    refund_money: EarlyMoney = "last_installment"
    order: tuple[Part, ...] = ("fee", "interest", "principal")

    def __post_init__(self) -> None:
        if self.interest_on not in ("actual_balance", "scheduled_balance"):
            raise ConventionUnknown(f"interest_on is {self.interest_on!r}: actual_balance or scheduled_balance")
        if self.after_maturity not in ("stops", "continues"):
            raise ConventionUnknown(f"after_maturity is {self.after_maturity!r}: choose stops or continues")
        for name in ("early_money", "refund_money"):
            checked_early_money(getattr(self, name), self)
        if sorted(self.order) != ["fee", "interest", "principal"]:
            raise ConventionUnknown(f"order is {self.order}: name fee, interest and principal, each once")


def checked_early_money(mode: EarlyMoney, rules: Rules) -> EarlyMoney:
    """The mode itself. Raises ConventionUnknown for an unknown one, or one that contradicts interest as scheduled."""
    if mode not in EARLY_MONEY:
        raise ConventionUnknown(f"early money goes to {mode!r}: choose one of {', '.join(EARLY_MONEY)}")
    if mode.startswith("reduce") and rules.interest_on == "scheduled_balance":
        raise ConventionUnknown(f"{mode} lowers interest, scheduled_balance keeps it: choose one of the two")
    return mode


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One installment. level_minor: principal and interest together; principal_minor: where the principal is fixed and
    interest comes on top. opening_interest_minor: interest posted before the period began. closed: its debt has moved
    elsewhere, so only what was paid remains of it.
    """

    number: int
    period: Period
    level_minor: int = 0
    principal_minor: int | None = None
    opening_interest_minor: int = 0
    fee_minor: int = 0
    paid_principal_minor: int = 0
    paid_interest_minor: int = 0
    paid_fee_minor: int = 0
    settled_on: date | None = None
    closed: bool = False

    @property
    def paid_minor(self) -> int:
        """Principal and interest paid; the fee stands beside the level."""
        return self.paid_principal_minor + self.paid_interest_minor

    def paid(self, part: Part) -> int:
        return int(getattr(self, f"paid_{part}_minor"))

    @property
    def is_open(self) -> bool:
        """Whether something may still be due in it."""
        return self.settled_on is None and not self.closed

    @property
    def is_full(self) -> bool:
        """Whether as much was paid as it was to amount to, whatever of it turns out to be interest."""
        if self.principal_minor is not None:
            return self.paid_principal_minor >= self.principal_minor
        return self.paid_minor >= self.level_minor


class Move(NamedTuple):
    """Principal lent (positive) or paid back (negative) on a day; due_on: of the installment, when that was earlier."""

    on: date
    due_on: date
    principal_minor: int


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The loan after some events. prepaid_minor: principal paid outside any installment; capitalized_minor: interest
    that became principal; overpaid_minor: what belongs to the borrower.
    """

    every: Every
    convention: Convention
    rules: Rules
    method: Method
    slots: tuple[Slot, ...]
    moves: tuple[Move, ...]
    rates: tuple[tuple[date, Fraction], ...]
    prepaid_minor: int = 0
    capitalized_minor: int = 0
    overpaid_minor: int = 0
    interest_refunded_minor: int = 0
    charged_off_on: date | None = None

    @property
    def outstanding_minor(self) -> int:
        return sum(move.principal_minor for move in self.moves)

    @property
    def is_scheduled(self) -> bool:
        """Whether interest runs on the balance as agreed, whenever somebody pays."""
        return self.rules.interest_on == "scheduled_balance"

    @property
    def maturity_on(self) -> date:
        return self.slots[-1].period.due_on

    def rate_on(self, on: date) -> Fraction:
        """The yearly rate of that day: of two changes on one day the later one."""
        return next(rate for since, rate in reversed(self.rates) if since <= on)
