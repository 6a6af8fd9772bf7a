"""The calendar of a loan: periods of months, weeks or days from the day it is lent, and their share of a year.

A period is half-open, [from_on, due_on): money that moves on a day counts from that day's start. Months are counted
from one anchor and clamped to the month's end, not for ever: 31 January, 28 February, 31 March.
"""

from __future__ import annotations

from calendar import isleap
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal, NamedTuple, get_args

import msgspec

from florin.credit.schedules.convention import Convention
from florin.credit.schedules.invalid import ConventionUnknown, DueBeforeDisbursement, counted_periods
from florin.money.dates import months_after

Unit = Literal["months", "weeks", "days"]


class Every(msgspec.Struct, frozen=True):
    """The distance between two due dates: Every(1, "months"), Every(2, "weeks"), Every(15, "days")."""

    count: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.unit not in get_args(Unit):
            raise ConventionUnknown(f"a period of {self.unit!r}: choose one of {', '.join(get_args(Unit))}")
        counted_periods(self.count)

    def after(self, start: date, times: int, day: int | None = None) -> date:
        """The date so many periods after `start`; day: of the month, where it is clamped (default: the start's)."""
        if self.unit == "months":
            return months_after(start, self.count * times, day)
        return start + timedelta(days=self.count * times * (7 if self.unit == "weeks" else 1))


class Period(NamedTuple):
    """[from_on, due_on). months: that it counts in a `30/…` day count; None, as many as its days make."""

    from_on: date
    due_on: date
    months: Fraction | None

    def until(self, on: date) -> Period:
        """Its beginning alone, [from_on, on), counted as the same part of it as before."""
        months = _months(self) * Fraction((on - self.from_on).days, (self.due_on - self.from_on).days)
        return Period(self.from_on, on, months)


def periods_of(
    disbursed_on: date, every: Every, count: int, first_due_on: date | None = None, due_day: int | None = None
) -> tuple[Period, ...]:
    """The periods of a loan, one after the other.

    first_due_on: of the first installment (default: one period after the disbursement); the others follow it. A first
    period of another length is short or long. due_day: the day of the month to return to, where `first_due_on` was
    clamped (a loan due on month ends that begins on 30 November has due_day 31).
    Raises PeriodsOutOfRange, DueBeforeDisbursement, ConventionUnknown (due_day outside 1 to 31).
    """
    counted_periods(count)
    if due_day is not None and not 1 <= due_day <= 31:
        raise ConventionUnknown(f"due_day is {due_day}: give a day of the month, 1 to 31")
    anchor = first_due_on or every.after(disbursed_on, 1, due_day)
    if anchor <= disbursed_on:
        raise DueBeforeDisbursement(anchor, disbursed_on)
    # Counted from the disbursement where the first period is whole, so that 30 January, 28 February, 30 March holds.
    day = due_day or (disbursed_on.day if anchor == every.after(disbursed_on, 1) else anchor.day)
    due_dates = [anchor, *(every.after(anchor, times, day) for times in range(1, count))]
    whole = Fraction(every.count) if every.unit == "months" else None
    is_whole = disbursed_on == every.after(disbursed_on, 0, day) and anchor == every.after(disbursed_on, 1, day)
    first = whole if is_whole else None
    return tuple(
        Period(from_on, due_on, whole if number else first)
        for number, (from_on, due_on) in enumerate(zip([disbursed_on, *due_dates[:-1]], due_dates, strict=True))
    )


def year_share(convention: Convention, every: Every, period: Period, start: date, end: date) -> Fraction:
    """The part of a year in [start, end), which lies within the period; additive, so that split days do not matter."""
    days, year = convention.day_count.split("/")
    if days == "30E":
        return Fraction(_eurobond_day(end) - _eurobond_day(start), 360)
    if days == "30" and every.unit == "months":
        length = (period.due_on - period.from_on).days
        return _months(period) * 30 * Fraction((end - start).days, length) / _year_days(convention, year, period)
    if year == "actual":
        return _actual_years(convention, period, start, end)
    return Fraction((end - start).days, int(year))


def _months(period: Period) -> Fraction:
    """Months of a period: whole ones, and odd days as a share of the month that they begin."""
    if period.months is not None:
        return period.months
    whole = 0
    while months_after(period.from_on, whole + 1) <= period.due_on:
        whole += 1
    begun, next_one = months_after(period.from_on, whole), months_after(period.from_on, whole + 1)
    return whole + Fraction((period.due_on - begun).days, (next_one - begun).days)


def _year_days(convention: Convention, year: str, period: Period) -> int:
    if year != "actual":
        return int(year)
    return 366 if _leap(convention, period, period.from_on.year) else 365


def _actual_years(convention: Convention, period: Period, start: date, end: date) -> Fraction:
    shift = timedelta(days=1 if convention.year_boundary == "december_31" else 0)
    share, begun = Fraction(0), start
    while begun < end:
        year = (begun + shift).year
        until = min(end, date(year + 1, 1, 1) - shift)
        share += Fraction((until - begun).days, 366 if _leap(convention, period, year) else 365)
        begun = until
    return share


def _leap(convention: Convention, period: Period, year: int) -> bool:
    if not isleap(year):
        return False
    return convention.leap_year == "calendar" or period.from_on < date(year, 2, 29) <= period.due_on


def _eurobond_day(on: date) -> int:
    return on.year * 360 + on.month * 30 + min(on.day, 30)
