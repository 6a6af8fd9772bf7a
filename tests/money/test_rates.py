"""Annualized rates: the published examples, and an independent solver."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyxirr import irr

from florin.money.rates import (
    Flow,
    eu_rate,
    installment_rate,
    period_rate,
    unit_periods,
    us_actuarial_rate,
    years_between,
)


def percent(rate: Decimal, digits: str = "0.01") -> str:
    return str((rate * 100).quantize(Decimal(digits)))


def monthly(amounts: list[int], start: date, first: date) -> list[Flow]:
    whole, odd = unit_periods(start, first)
    return [Flow(minor, whole + number, odd) for number, minor in enumerate(amounts)]


JANUARY_10, FEBRUARY_10 = date(1978, 1, 10), date(1978, 2, 10)


@pytest.mark.parametrize(
    ("example", "advance_minor", "payments", "start", "first", "published", "exact"),
    [
        ("(c)(1)(i)", 5_000_00, [230_00] * 24, JANUARY_10, FEBRUARY_10, "9.69", "9.6857"),
        ("(c)(1)(ii)", 6_000_00, [200_00] * 36, FEBRUARY_10, date(1978, 4, 1), "11.82", "11.8165"),
        ("(c)(2)(i)", 5_000_00, [250_00] + [230_00] * 23, JANUARY_10, FEBRUARY_10, "10.08", "10.0829"),
        ("(c)(3)(i)", 5_000_00, [230_00] * 23 + [280_00], JANUARY_10, FEBRUARY_10, "10.50", "10.5005"),
        ("(c)(4)(i)", 5_000_00, [250_00] + [230_00] * 22 + [280_00], JANUARY_10, FEBRUARY_10, "10.90", "10.8955"),
    ],
)
def test_regulation_z_appendix_j_monthly(example, advance_minor, payments, start, first, published, exact):
    rate = us_actuarial_rate([Flow(advance_minor, 0)], monthly(payments, start, first), 12)

    assert percent(rate) == published, example
    assert abs(rate * 100 - Decimal(exact)) < Decimal("0.0001")


def test_regulation_z_appendix_j_quarterly_with_an_odd_first_period():
    whole, odd = unit_periods(date(1978, 5, 23), date(1978, 10, 1), months=3)
    payments = [Flow(385_00, whole + number, odd) for number in range(40)]

    rate = us_actuarial_rate([Flow(10_000_00, 0)], payments, 4)

    assert (whole, odd) == (1, Fraction(39, 90))
    assert (percent(rate), percent(rate, "0.0001")) == ("8.97", "8.9708")


def test_european_directive_98_7_example_of_546_days():
    lent_on, repaid_on = date(1994, 1, 1), date(1995, 7, 1)

    rate = eu_rate([Flow(1_000_00, 0)], [Flow(1_200_00, *years_between(lent_on, repaid_on))])

    assert percent(rate, "0.0001") == "12.9620"


def test_european_directive_example_with_standard_months():
    assert percent(eu_rate([Flow(1_000_00, 0)], [Flow(1_200_00, 1, Fraction(1, 2))]), "0.0001") == "12.9243"


def test_six_monthly_payments_as_published_for_the_european_method():
    payments = [1_707_00] * 6

    assert percent(installment_rate(10_000_00, payments, "eu"), "0.00001") == "8.56926"
    assert percent(installment_rate(10_000_00, payments, "china_simple"), "0.00001") == "8.25004"


@pytest.mark.parametrize(
    ("count", "fee_percent", "simple"),
    [
        (3, "2.5", "14.9"),
        (9, "6.5", "15.3"),
        (12, "8.8", "15.9"),
        (3, "2.3", "13.7"),
        (6, "4.5", "15.3"),
        (9, "5.9", "13.9"),
        (12, "7.5", "13.6"),
    ],
)
def test_a_flat_fee_hides_a_yearly_rate_about_twice_as_high(count, fee_percent, simple):
    total = 120_000_00 * (100 + Fraction(fee_percent)) / 100
    payments = [int(total / count)] * count

    assert percent(installment_rate(120_000_00, payments, "china_simple"), "0.1") == simple


def test_the_twelve_installments_of_the_story_cost_14_44_percent_compounded():
    assert percent(installment_rate(6_000_00, [537_50] * 12, "china_compound")) == "14.44"


def test_a_plan_without_a_fee_costs_nothing_a_year():
    assert installment_rate(6_000_00, [500_00] * 12, "china_compound") == 0


@settings(max_examples=50)
@given(
    principal_minor=st.integers(100_00, 10**8),
    fee_ppm=st.integers(1_000, 300_000),
    count=st.integers(2, 36),
)
def test_the_rate_agrees_with_an_independent_solver(principal_minor, fee_ppm, count):
    payment = principal_minor * (1_000_000 + fee_ppm) // 1_000_000 // count + 1

    ours = period_rate([Flow(principal_minor, 0)], [Flow(payment, month) for month in range(1, count + 1)])

    theirs = irr([-principal_minor, *[payment] * count])
    assert theirs is not None
    assert float(ours) == pytest.approx(theirs, abs=1e-9)
