"""The yearly price of a credit, by the formulas of the law that asks for it.

Every rate carries its convention, because the same plan has several. `china_compound`: the internal rate of return per
month, compounded over twelve (Announcement 2021 No. 3). `china_simple`: that monthly rate times twelve, to be labelled
simple. `us_actuarial`: Regulation Z, Appendix J: rate per unit period times unit periods a year, odd days at simple
interest. `eu`: Directive 2008/48, Annex I: compound, over time in years. A rate is a share, found to fifteen decimals
and given to seven, rounded half up: 0.0968573 is 9.68573 %.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Literal, NamedTuple

from florin.money.dates import months_after

Convention = Literal["china_compound", "china_simple", "us_actuarial", "eu"]

PRECISION = Decimal("0.0000001")
MONTHS = 12

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


def installment_rate(
    principal_minor: int, payments: Sequence[int], convention: Convention, periods_per_year: Fraction = Fraction(MONTHS)
) -> Decimal:
    """The annualized rate of equal-spaced payments that begin one period (of the year's 12: a month) after the advance."""
    period = period_rate(
        [Flow(principal_minor, 0)], [Flow(minor, number) for number, minor in enumerate(payments, start=1)]
    )
    if convention in ("china_compound", "eu"):
        return _rounded((1 + period) ** _decimal(periods_per_year) - 1)
    return _rounded(period * _decimal(periods_per_year))


def us_actuarial_rate(advances: Sequence[Flow], payments: Sequence[Flow], periods_per_year: int) -> Decimal:
    """Regulation Z, Appendix J: the rate per unit period, times unit periods a year."""
    return _rounded(period_rate(advances, payments) * periods_per_year)


def eu_rate(advances: Sequence[Flow], payments: Sequence[Flow]) -> Decimal:
    """Directive 2008/48, Annex I: X in sum(advances / (1+X)^t) = sum(payments / (1+X)^t), t in years."""
    return _rounded(_solve(lambda rate: _present(advances, rate, _compound) - _present(payments, rate, _compound)))


def period_rate(advances: Sequence[Flow], payments: Sequence[Flow]) -> Decimal:
    """The rate per unit period, unrounded: whole periods compound, the odd fraction bears simple interest."""
    return _solve(lambda rate: _present(advances, rate, _actuarial) - _present(payments, rate, _actuarial))


def unit_periods(start: date, on: date, months: int = 1) -> tuple[int, Fraction]:
    """Whole unit periods of so many months counted back from `on`, and the odd days before them as a fraction of one.

    Appendix J (b)(5): a month has 30 days for this.
    """
    whole = 0
    while months_after(on, -months * (whole + 1), on.day) >= start:
        whole += 1
    odd_days = (months_after(on, -months * whole, on.day) - start).days
    return whole, Fraction(odd_days, 30 * months)


def years_between(start: date, on: date) -> tuple[int, Fraction]:
    """Years of 365 days and the fraction of one more."""
    days = (on - start).days
    return days // 365, Fraction(days % 365, 365)


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

    Zero when the payments do not exceed the advances. Raises ValueError when no rate up to a million makes them equal.
    """
    with localcontext(prec=_DIGITS):
        if shortfall(Decimal(0)) >= 0:
            return Decimal(0)
        low, high = Decimal(0), Decimal("0.01")
        while shortfall(high) < 0:
            low, high = high, high * 2
            if high > _RATE_MAX:
                raise ValueError("no rate makes these payments worth these advances")
        while high - low > _CLOSE_ENOUGH * max(Decimal(1), high):
            middle = (low + high) / 2
            low, high = (middle, high) if shortfall(middle) < 0 else (low, middle)
        return high


def _decimal(fraction: Fraction) -> Decimal:
    return Decimal(fraction.numerator) / fraction.denominator


def _rounded(rate: Decimal) -> Decimal:
    return rate.quantize(PRECISION, rounding=ROUND_HALF_UP)
