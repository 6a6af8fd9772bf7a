"""The yearly price of a credit, by the formulas of the law that asks for it.

Every rate carries its convention, because the same plan has several:

* `china_compound`: the internal rate of return, compounded over the year (Announcement 2021 No. 3 of the People's Bank);
* `china_simple`: the rate of return per month times twelve, to be labelled simple;
* `us_actuarial`: Regulation Z, Appendix J: rate per unit period times unit periods a year, odd days at simple interest;
* `eu`: Directive 2008/48, Annex I: compound, time in whole months (weeks, years) and days;
* `eu_days`: the same equation over calendar days, 365 to the year (Directive 98/7, Annex III, by the calendar);
* `uk`: CONC App 1.2 of the Financial Conduct Authority: compound, whole months (weeks) and days, a day of a leap year being
  a 366th; `uk_days`: the same over calendar days, 365 to the year, as many calculators do.

A rate is a share, found to fifteen decimals and given to seven, rounded half up: 0.0968573 is 9.68573 %.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Literal, NamedTuple

from florin.money.dates import months_after

Convention = Literal["china_compound", "china_simple", "us_actuarial", "eu", "eu_days", "uk", "uk_days"]
Unit = Literal["months", "half_months", "weeks", "days", "years"]

PRECISION = Decimal("0.0000001")
MONTHS = 12
YEAR_DAYS = 365

_UNITS_A_YEAR: dict[Unit, int] = {"months": 12, "half_months": 24, "weeks": 52, "days": YEAR_DAYS, "years": 1}
_UNIT_DAYS: dict[Unit, int] = {"weeks": 7, "days": 1}
_DIGITS = 28
_CLOSE_ENOUGH = Decimal("1e-15")
_RATE_MAX = Decimal(10) ** 6


class Flow(NamedTuple):
    """Money at a time. periods: whole unit periods (years for `eu`) since the first advance; odd: a fraction of one
    more.
    """

    amount_minor: int
    periods: int
    odd: Fraction = Fraction(0)


class Dated(NamedTuple):
    """Money on a day. amount_minor: zero or more, of the borrower or to her, by the list it is in."""

    on: date
    amount_minor: int


class UnitPeriod(NamedTuple):
    """The unit period of Appendix J: the usual distance of payments, such as (1, "months") or (2, "weeks")."""

    length: int
    unit: Unit

    @property
    def a_year(self) -> Fraction:
        return Fraction(_UNITS_A_YEAR[self.unit], self.length)


A_MONTH = UnitPeriod(1, "months")


class RateNotFound(ValueError):
    """No yearly rate makes these payments worth these advances; the text says why."""


def yearly_rate(
    advances: Sequence[Dated], payments: Sequence[Dated], convention: Convention, unit: UnitPeriod = A_MONTH
) -> Decimal:
    """The annualized rate of dated money, odd first periods and several advances included.

    advances: what the borrower gets; payments: what she pays, charges included; each in any order, time runs from the
    first advance. unit: for `us_actuarial` the unit period; for `eu` and `uk`, weeks count whole weeks instead of
    months. `china_compound` measures time as `eu` in months does, `china_simple` as `us_actuarial` in months.
    Zero where she pays no more than she gets. Raises RateNotFound: no advance or payment, a payment before the first
    advance, or no rate below a million.
    """
    if not advances or not payments:
        raise RateNotFound("a rate needs an advance and a payment: give at least one of each")
    began_on = min(advance.on for advance in advances)
    if min(payment.on for payment in payments) < began_on:
        raise RateNotFound(f"a payment precedes the first advance of {began_on}: there is no credit to price")
    if convention in ("us_actuarial", "china_simple"):
        unit = A_MONTH if convention == "china_simple" else unit
        paid = _in_unit_periods(began_on, payments, unit)
        per_period = period_rate(_in_unit_periods(began_on, advances, unit), paid)
        return _rounded(per_period * _decimal(unit.a_year))
    unit = A_MONTH if convention == "china_compound" else unit
    return eu_rate(_in_years(began_on, advances, convention, unit), _in_years(began_on, payments, convention, unit))


def single_payment_rate(advance: Dated, payment: Dated) -> Decimal:
    """Regulation Z, Appendix J (b)(4)(i): one advance and one payment within a year; the term is the unit period.

    The finance charge as a share of the advance, times the number of such terms in a year of 365 days, or of twelve
    months where the term is whole months.
    """
    days = (payment.on - advance.on).days
    if days <= 0:
        raise RateNotFound(f"paid on {payment.on}, advanced on {advance.on}: the payment must be later")
    months, odd = unit_periods(advance.on, payment.on)
    terms = Fraction(MONTHS, months) if months and not odd else Fraction(YEAR_DAYS, days)
    charge = Fraction(payment.amount_minor - advance.amount_minor, advance.amount_minor)
    return _rounded(_decimal(max(charge, Fraction(0)) * terms))


def installment_rate(
    principal_minor: int, payments: Sequence[int], convention: Convention, periods_per_year: Fraction = Fraction(MONTHS)
) -> Decimal:
    """The annualized rate of equal-spaced payments that begin one period (of the year's 12: a month) after the advance."""
    period = period_rate(
        [Flow(principal_minor, 0)], [Flow(minor, number) for number, minor in enumerate(payments, start=1)]
    )
    if convention not in ("china_simple", "us_actuarial"):
        return _rounded((1 + period) ** _decimal(periods_per_year) - 1)
    return _rounded(period * _decimal(periods_per_year))


def us_actuarial_rate(advances: Sequence[Flow], payments: Sequence[Flow], periods_per_year: int | Fraction) -> Decimal:
    """Regulation Z, Appendix J: the rate per unit period, times unit periods a year."""
    return _rounded(period_rate(advances, payments) * _decimal(Fraction(periods_per_year)))


def eu_rate(advances: Sequence[Flow], payments: Sequence[Flow]) -> Decimal:
    """Directive 2008/48, Annex I: X in sum(advances / (1+X)^t) = sum(payments / (1+X)^t), t in years."""
    return _rounded(_solve(lambda rate: _present(advances, rate, _compound) - _present(payments, rate, _compound)))


def period_rate(advances: Sequence[Flow], payments: Sequence[Flow]) -> Decimal:
    """The rate per unit period, unrounded: whole periods compound, the odd fraction bears simple interest."""
    return _solve(lambda rate: _present(advances, rate, _actuarial) - _present(payments, rate, _actuarial))


def unit_periods(start: date, on: date, months: int = 1) -> tuple[int, Fraction]:
    """Whole unit periods of so many months counted back from `on`, and what is left before them as a fraction of one.

    Appendix J (b)(5): what is left counts its whole months as 30 days each, and its odd days. A payment on a month's
    last day is one of the start's day, clamped: 31 January to 28 February is a month.
    """
    whole_months, odd_days = _months_back(start, on)
    whole, left = divmod(whole_months, months)
    return whole, Fraction(30 * left + odd_days, 30 * months)


def us_unit_periods(start: date, on: date, unit: UnitPeriod) -> tuple[int, Fraction]:
    """The same for any unit period: two half months make a month and one has 15 days, a week has 7, and a year's odd days are
    365ths.
    """
    if unit.unit == "months":
        return unit_periods(start, on, unit.length)
    if unit.unit == "half_months":
        months, odd_days = _months_back(start, on)
        halves, odd_days = 2 * months + odd_days // 15, odd_days % 15
        whole, left = divmod(halves, unit.length)
        return whole, Fraction(15 * left + odd_days, 15 * unit.length)
    if unit.unit == "years":
        whole_months, _ = _months_back(start, on)
        years = whole_months // (MONTHS * unit.length)
        odd_days = (_back(start, on, years * MONTHS * unit.length) - start).days
        return years, Fraction(odd_days, YEAR_DAYS * unit.length)
    length = _UNIT_DAYS[unit.unit] * unit.length
    whole, odd_days = divmod((on - start).days, length)
    return whole, Fraction(odd_days, length)


def years_between(start: date, on: date) -> tuple[int, Fraction]:
    """Years of 365 days and the fraction of one more."""
    days = (on - start).days
    return days // YEAR_DAYS, Fraction(days % YEAR_DAYS, YEAR_DAYS)


def eu_years(start: date, on: date, unit: UnitPeriod = A_MONTH) -> Fraction:
    """Years as Directive 2008/48, Annex I, and 2014/17, Annex I, count them: whole months (or weeks) back from `on`, and the
    days before them over the length of the year that ends with those days, 365 or 366.
    """
    if unit.unit == "weeks":
        weeks, odd_days = divmod((on - start).days, 7)
        whole = Fraction(weeks, _UNITS_A_YEAR["weeks"])
        ends_on = start + timedelta(days=odd_days)
    else:
        months, odd_days = _months_back(start, on)
        whole = Fraction(months, MONTHS)
        ends_on = _back(start, on, months)
    year_days = (ends_on - months_after(ends_on, -MONTHS)).days
    return whole + Fraction(odd_days, year_days)


def uk_years(start: date, on: date, unit: UnitPeriod = A_MONTH) -> Fraction:
    """Years as CONC App 1.2 counts them: whole months (or weeks) from the start, and the days after them, each over the length
    of its own calendar year.
    """
    if unit.unit == "weeks":
        weeks = (on - start).days // 7
        whole, counted_to = Fraction(weeks, _UNITS_A_YEAR["weeks"]), start + timedelta(days=7 * weeks)
    else:
        months = 0
        while months_after(start, months + 1) <= on:
            months += 1
        whole, counted_to = Fraction(months, MONTHS), months_after(start, months)
    while counted_to < on:
        until = min(on, date(counted_to.year + 1, 1, 1))
        whole += Fraction((until - counted_to).days, 366 if isleap(counted_to.year) else YEAR_DAYS)
        counted_to = until
    return whole


def _in_unit_periods(began_on: date, money: Sequence[Dated], unit: UnitPeriod) -> list[Flow]:
    return [Flow(one.amount_minor, *us_unit_periods(began_on, one.on, unit)) for one in money]


def _in_years(began_on: date, money: Sequence[Dated], convention: Convention, unit: UnitPeriod) -> list[Flow]:
    def years(on: date) -> Fraction:
        if convention in ("eu_days", "uk_days"):
            return Fraction((on - began_on).days, YEAR_DAYS)
        return uk_years(began_on, on, unit) if convention == "uk" else eu_years(began_on, on, unit)

    return [Flow(one.amount_minor, 0, years(one.on)) for one in money]


def _months_back(start: date, on: date) -> tuple[int, int]:
    """Whole months counted back from `on`, and the days before them."""
    months = 0
    while _back(start, on, months + 1) >= start:
        months += 1
    return months, (_back(start, on, months) - start).days


def _back(start: date, on: date, months: int) -> date:
    """So many months before `on`; on a month's last day, the start's later day is meant."""
    is_month_end = on.day == monthrange(on.year, on.month)[1]
    return months_after(on, -months, max(on.day, start.day) if is_month_end else on.day)


_Discount = Callable[[Decimal, Flow], Decimal]


def _actuarial(rate: Decimal, flow: Flow) -> Decimal:
    return (1 + _decimal(flow.odd) * rate) * (1 + rate) ** flow.periods


def _compound(rate: Decimal, flow: Flow) -> Decimal:
    power: Decimal = (1 + rate) ** (flow.periods + _decimal(flow.odd))
    return power


def _present(flows: Sequence[Flow], rate: Decimal, discount: _Discount) -> Decimal:
    return sum((flow.amount_minor / discount(rate, flow) for flow in flows), start=Decimal(0))


def _solve(shortfall: Callable[[Decimal], Decimal]) -> Decimal:
    """The rate at which what is paid is worth what was advanced: bisection, since the shortfall rises with the rate.

    Zero when the payments do not exceed the advances. Raises RateNotFound when no rate up to a million makes them equal.
    """
    with localcontext(prec=_DIGITS):
        if shortfall(Decimal(0)) >= 0:
            return Decimal(0)
        low, high = Decimal(0), Decimal("0.01")
        while shortfall(high) < 0:
            low, high = high, high * 2
            if high > _RATE_MAX:
                raise RateNotFound("no rate makes these payments worth these advances")
        while high - low > _CLOSE_ENOUGH * max(Decimal(1), high):
            middle = (low + high) / 2
            low, high = (middle, high) if shortfall(middle) < 0 else (low, middle)
        return high


def _decimal(fraction: Fraction) -> Decimal:
    return Decimal(fraction.numerator) / fraction.denominator


def _rounded(rate: Decimal) -> Decimal:
    return rate.quantize(PRECISION, rounding=ROUND_HALF_UP)
