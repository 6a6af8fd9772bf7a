"""A loan as agreed, and its schedule: principal, rate, calendar, conventions, down payment, flat fee.

`schedule` is what an offer shows. `Loan` holds the same terms, and `history.py` tells what became of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Literal

import msgspec

from florin.credit.schedules.calendar import Every, Period, periods_of, year_share
from florin.credit.schedules.convention import Convention
from florin.credit.schedules.invalid import (
    ConventionUnknown,
    DownPaymentInvalid,
    Rate,
    counted_periods,
    exact_rate,
    is_whole,
    positive_amount,
)
from florin.credit.schedules.level import leveled
from florin.credit.schedules.projection import Row, project
from florin.credit.schedules.state import Method, Move, Rules, Slot, State
from florin.money.amounts import split_minor

DEFAULT_RULES = Rules()


class Loan(msgspec.Struct, frozen=True, kw_only=True):
    """The terms. Amounts are integers of minor units, yearly_rate a share (Decimal("0.12") is 12 % a year).

    method: `level`, equal installments, the part of interest falling; `equal_principal`, equal parts of principal, the
    installment falling; `flat`, equal parts of principal, and interest of each period on the whole principal.
    principal_minor: what is bought, the down payment in it. The down payment is due on the day of disbursement, as
    installment 0: an amount, or a share of the principal (rounded as interest is).
    fee_minor: a flat fee beside the interest. fee: `spread` over the installments; `equal_total`, so spread that the
    totals differ by one minor unit at most (method `flat` without interest); `up_front`, with installment 0.
    remainder: which installments carry what an even split leaves, of a fee, and of principal by method `flat`.
    """

    principal_minor: int
    yearly_rate: Rate
    periods: int
    every: Every
    disbursed_on: date
    convention: Convention
    method: Method = "level"
    first_due_on: date | None = None
    due_day: int | None = None
    down_payment_minor: int = 0
    down_payment_share: Rate | None = None
    fee_minor: int = 0
    fee: Literal["spread", "equal_total", "up_front"] = "spread"
    remainder: Literal["first", "last"] = "first"
    rules: Rules = DEFAULT_RULES

    def __post_init__(self) -> None:
        positive_amount("principal_minor", self.principal_minor)
        exact_rate(self.yearly_rate)
        counted_periods(self.periods)
        if self.fee_minor != 0:
            positive_amount("fee_minor", self.fee_minor)
        for name, allowed in {
            "method": ("level", "equal_principal", "flat"),
            "fee": ("spread", "equal_total", "up_front"),
            "remainder": ("first", "last"),
        }.items():
            if getattr(self, name) not in allowed:
                raise ConventionUnknown(f"{name} is {getattr(self, name)!r}: choose one of {', '.join(allowed)}")
        if self.fee == "equal_total" and (self.method != "flat" or self.yearly_rate != 0):
            raise ConventionUnknown("equal_total makes principal and fee one sum: it needs method flat and a rate of 0")
        self.down_payment()

    def down_payment(self) -> int:
        """The down payment in minor units. Raises DownPaymentInvalid."""
        amount_minor = self.down_payment_minor
        if self.down_payment_share is not None:
            if amount_minor:
                raise DownPaymentInvalid("a down payment is a share or an amount: give one of the two")
            amount_minor = self.convention.rounded(self.principal_minor * exact_rate(self.down_payment_share))
        if not is_whole(amount_minor) or not 0 <= amount_minor < self.principal_minor:
            raise DownPaymentInvalid(
                f"a down payment of {amount_minor!r}: it must be at least 0 and below the principal of "
                f"{self.principal_minor}"
            )
        return amount_minor

    def calendar(self) -> tuple[Period, ...]:
        """Its periods. Raises DueBeforeDisbursement."""
        return periods_of(self.disbursed_on, self.every, self.periods, self.first_due_on, self.due_day)


class Installment(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a schedule. from_on to due_on is its period, half-open. balance_minor: principal that remains when
    it, and all before it, is paid. Number 0 is a down payment or a fee up front. settled_on: when it was paid in full.
    """

    number: int
    from_on: date
    due_on: date
    principal_minor: int
    interest_minor: int
    fee_minor: int
    balance_minor: int
    paid_principal_minor: int = 0
    paid_interest_minor: int = 0
    paid_fee_minor: int = 0
    settled_on: date | None = None

    @property
    def total_minor(self) -> int:
        return self.principal_minor + self.interest_minor + self.fee_minor

    @property
    def paid_minor(self) -> int:
        return self.paid_principal_minor + self.paid_interest_minor + self.paid_fee_minor

    @property
    def unpaid_minor(self) -> int:
        return self.total_minor - self.paid_minor


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """All installments, in order of time. prepaid_minor: principal paid outside any installment (the `reduce_…` rules).
    capitalized_minor: interest that a re-age made principal. The parts of principal and what was prepaid add up to
    what was lent and what was capitalized.
    """

    principal_minor: int
    disbursed_on: date
    installments: tuple[Installment, ...]
    prepaid_minor: int = 0
    capitalized_minor: int = 0

    @property
    def interest_minor(self) -> int:
        return sum(installment.interest_minor for installment in self.installments)

    @property
    def fee_minor(self) -> int:
        return sum(installment.fee_minor for installment in self.installments)

    @property
    def total_minor(self) -> int:
        return sum(installment.total_minor for installment in self.installments)


def schedule(loan: Loan) -> Schedule:
    """The schedule as agreed, before anything happens.

    Interest is exact within a period and rounded once at its end; the last installment carries the rest, so that the
    parts of principal add up to the principal. Raises the errors of `invalid.py`.
    """
    state = opened(loan)
    return schedule_of(loan, state, project(state, loan.disbursed_on))


def opened(loan: Loan) -> State:
    """The state on the day of disbursement, before any payment."""
    down_payment_minor = loan.down_payment()
    slots = _numbered_slots(loan, down_payment_minor)
    state = State(
        every=loan.every,
        convention=loan.convention,
        rules=loan.rules,
        method=loan.method,
        slots=slots,
        moves=(Move(loan.disbursed_on, loan.disbursed_on, loan.principal_minor),),
        rates=((loan.disbursed_on, Fraction(0) if loan.method == "flat" else exact_rate(loan.yearly_rate)),),
    )
    if loan.method == "flat":
        return state
    return leveled(state, loan.disbursed_on, after=loan.disbursed_on)


def schedule_of(loan: Loan, state: State, rows: Sequence[Row], *, trimmed: bool = False) -> Schedule:
    """Rows as a schedule. trimmed: without installments that came to nothing."""
    balance_minor = loan.principal_minor + state.capitalized_minor - state.prepaid_minor
    installments = []
    for row in rows:
        slot = row.slot
        balance_minor -= row.principal_minor
        if trimmed and slot.is_open and row.total_minor == 0:
            continue
        installments.append(
            Installment(
                number=slot.number,
                from_on=slot.period.from_on,
                due_on=slot.period.due_on,
                principal_minor=row.principal_minor,
                interest_minor=row.interest_minor,
                fee_minor=slot.fee_minor,
                balance_minor=balance_minor,
                paid_principal_minor=slot.paid_principal_minor,
                paid_interest_minor=slot.paid_interest_minor,
                paid_fee_minor=slot.paid_fee_minor,
                settled_on=slot.settled_on,
            )
        )
    return Schedule(
        principal_minor=loan.principal_minor,
        disbursed_on=loan.disbursed_on,
        installments=tuple(installments),
        prepaid_minor=state.prepaid_minor,
        capitalized_minor=state.capitalized_minor,
    )


def _numbered_slots(loan: Loan, down_payment_minor: int) -> tuple[Slot, ...]:
    periods = loan.calendar()
    up_front_minor = loan.fee_minor if loan.fee == "up_front" else 0
    slots = []
    if down_payment_minor or up_front_minor:
        day_zero = Period(loan.disbursed_on, loan.disbursed_on, None)
        slots.append(Slot(number=0, period=day_zero, principal_minor=down_payment_minor, fee_minor=up_front_minor))
    fees = _split(loan, loan.fee_minor - up_front_minor)
    lent_minor = loan.principal_minor - down_payment_minor
    for number, (period, fee_minor) in enumerate(zip(periods, fees, strict=True), start=1):
        slots.append(Slot(number=number, period=period, fee_minor=fee_minor))
    if loan.method != "flat":
        return tuple(slots)
    principals = _split(loan, lent_minor)
    if loan.fee == "equal_total":
        totals = _split(loan, lent_minor + loan.fee_minor)
        principals = [total - fee for total, fee in zip(totals, fees, strict=True)]
    first = len(slots) - loan.periods
    for index, principal_minor in enumerate(principals):
        share = year_share(loan.convention, loan.every, periods[index], *periods[index][:2])
        interest_minor = loan.convention.rounded(lent_minor * exact_rate(loan.yearly_rate) * share)
        slots[first + index] = msgspec.structs.replace(
            slots[first + index], principal_minor=principal_minor, opening_interest_minor=interest_minor
        )
    return tuple(slots)


def _split(loan: Loan, total_minor: int) -> list[int]:
    parts = split_minor(total_minor, loan.periods)
    return parts if loan.remainder == "first" else parts[::-1]
