"""Contradictory input, each by its name: what was given, what is allowed, what to do.

These are a caller's mistakes, so they are errors and no refusals: nothing was lent and nobody was told no.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

Rate = Decimal | Fraction | int

YEARLY_RATE_MAX = 10
PERIODS_MAX = 1_200
AMOUNT_MINOR_MAX = 10**15


class ScheduleInputInvalid(ValueError):
    """Base of all errors about what a caller asked for."""


class ConventionUnknown(ScheduleInputInvalid):
    """A convention is asked for by a name that nobody knows, or two of them contradict each other."""


class RateNotExact(ScheduleInputInvalid):
    """A rate is a float, which is not the number that was written."""

    def __init__(self, rate: object) -> None:
        super().__init__(f"the yearly rate {rate!r} is a {type(rate).__name__}: give a Decimal, a Fraction or an int")


class RateOutOfRange(ScheduleInputInvalid):
    """A yearly rate below zero or above 1000 %; it is a share, so 0.12 is 12 %."""

    def __init__(self, rate: Rate) -> None:
        super().__init__(f"the yearly rate {rate} is not between 0 and {YEARLY_RATE_MAX}: it is a share, 0.12 is 12 %")


class PeriodsOutOfRange(ScheduleInputInvalid):
    """No period, or too many."""

    def __init__(self, periods: int) -> None:
        super().__init__(f"{periods} periods: give 1 to {PERIODS_MAX}")


class AmountOutOfRange(ScheduleInputInvalid):
    """An amount that must be positive is not, is no integer of minor units, or is absurdly large."""

    def __init__(self, what: str, amount_minor: object) -> None:
        super().__init__(f"{what} is {amount_minor!r}: give an integer of minor units from 1 to {AMOUNT_MINOR_MAX}")


class DueBeforeDisbursement(ScheduleInputInvalid):
    """The first installment would be due on or before the day the money is lent."""

    def __init__(self, first_due_on: date, disbursed_on: date) -> None:
        super().__init__(f"first due on {first_due_on}, but lent on {disbursed_on}: the first due date must be later")


class DownPaymentInvalid(ScheduleInputInvalid):
    """A down payment that is negative, not below the principal, or given both as a share and as an amount."""


class EventBeforeDisbursement(ScheduleInputInvalid):
    """An event is dated before the loan began."""

    def __init__(self, on: date, disbursed_on: date) -> None:
        super().__init__(f"an event of {on} precedes the disbursement of {disbursed_on}: date it on that day or later")


class EventImpossible(ScheduleInputInvalid):
    """An event that this loan cannot have on that day; the text says why and what can be done instead."""


class LookBeforeDisbursement(ScheduleInputInvalid):
    """A question about a day on which the loan did not exist."""

    def __init__(self, as_of: date, disbursed_on: date) -> None:
        super().__init__(f"asked about {as_of}, but the money is lent on {disbursed_on}: ask for that day or later")


def exact_rate(rate: Rate) -> Fraction:
    """The rate as an exact fraction. Raises RateNotExact for a float, RateOutOfRange below 0 or above 10 (1000 %)."""
    if not _is_exact(rate):
        raise RateNotExact(rate)
    if isinstance(rate, Decimal) and not rate.is_finite():
        raise RateOutOfRange(rate)
    if not 0 <= rate <= YEARLY_RATE_MAX:
        raise RateOutOfRange(rate)
    return Fraction(rate)


def positive_amount(what: str, amount_minor: int) -> int:
    """The amount itself. Raises AmountOutOfRange unless it is an integer from 1 to 10^15."""
    if not is_whole(amount_minor) or not 1 <= amount_minor <= AMOUNT_MINOR_MAX:
        raise AmountOutOfRange(what, amount_minor)
    return amount_minor


def counted_periods(periods: int) -> int:
    """The number of periods itself. Raises PeriodsOutOfRange."""
    if not is_whole(periods) or not 1 <= periods <= PERIODS_MAX:
        raise PeriodsOutOfRange(periods)
    return periods


def is_whole(number: object) -> bool:
    """Whether it is an integer, and no truth value."""
    return isinstance(number, int) and not isinstance(number, bool)


def _is_exact(rate: object) -> bool:
    return is_whole(rate) or isinstance(rate, Decimal | Fraction)
