"""Annualized rates: the published examples, and an independent solver."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyxirr import irr

from florin.money.dates import months_after
from florin.money.rates import (
    Dated,
    Flow,
    RateNotFound,
    UnitPeriod,
    eu_rate,
    eu_years,
    installment_rate,
    period_rate,
    single_payment_rate,
    uk_years,
    unit_periods,
    us_actuarial_rate,
    us_unit_periods,
    yearly_rate,
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


def on(text: str) -> date:
    return date.fromisoformat(text)


def every(first: str, unit: UnitPeriod, amounts: list[int]) -> list[Dated]:
    """Payments from a first date, one a unit period; half months fall on the 1st and the 16th."""
    paid = []
    for number, amount_minor in enumerate(amounts):
        if unit.unit in ("months", "years"):
            months = unit.length * number * (12 if unit.unit == "years" else 1)
            paid.append(Dated(months_after(on(first), months), amount_minor))
        elif unit.unit == "half_months":
            day = months_after(on(first), number // 2)
            paid.append(Dated(day.replace(day=16) if number % 2 else day, amount_minor))
        else:
            days = unit.length * number * (7 if unit.unit == "weeks" else 1)
            paid.append(Dated(on(first) + timedelta(days=days), amount_minor))
    return paid


MONTH, HALF_MONTH, TWO_MONTHS, QUARTER = (
    UnitPeriod(1, "months"),
    UnitPeriod(1, "half_months"),
    UnitPeriod(2, "months"),
    UnitPeriod(3, "months"),
)
WEEK, TWO_WEEKS, FOUR_WEEKS = UnitPeriod(1, "weeks"), UnitPeriod(2, "weeks"), UnitPeriod(4, "weeks")
YEAR, DAY = UnitPeriod(1, "years"), UnitPeriod(1, "days")

APPENDIX_J = [
    ("(c)(1)(i)", 5_000_00, "1978-01-10", "1978-02-10", MONTH, [230_00] * 24, "9.69"),
    ("(c)(1)(ii) long first period", 6_000_00, "1978-02-10", "1978-04-01", MONTH, [200_00] * 36, "11.82"),
    ("(c)(1)(iii) short first period", 5_000_00, "1978-02-23", "1978-03-01", HALF_MONTH, [219_17] * 24, "10.34"),
    ("(c)(1)(iv) long first period", 10_000_00, "1978-05-23", "1978-10-01", QUARTER, [385_00] * 40, "8.97"),
    ("(c)(1)(v) long first period", 500_00, "1978-03-20", "1978-04-21", WEEK, [17_60] * 30, "14.96"),
    ("(c)(2)(i)", 5_000_00, "1978-01-10", "1978-02-10", MONTH, [250_00] + [230_00] * 23, "10.08"),
    ("(c)(2)(ii)", 400_00, "1978-03-18", "1978-04-20", FOUR_WEEKS, [39_50] + [38_31] * 11, "28.50"),
    ("(c)(3)(i)", 5_000_00, "1978-01-10", "1978-02-10", MONTH, [230_00] * 23 + [280_00], "10.50"),
    ("(c)(3)(ii)", 200_00, "1978-04-03", "1978-04-11", TWO_WEEKS, [9_50] * 19 + [30_00], "12.22"),
    ("(c)(4)(i)", 5_000_00, "1978-01-10", "1978-02-10", MONTH, [250_00] + [230_00] * 22 + [280_00], "10.90"),
    ("(c)(4)(ii)", 8_000_00, "1978-01-10", "1978-03-01", TWO_MONTHS, [449_36] + [465_00] * 18 + [200_00], "7.30"),
]
# FSharp.Finance.Personal, tests/AprUsActuarialTests.fs, "extra examples", which it confirmed with a spreadsheet.
EXTRA = [
    ("shorter first period", 10_000_00, "1978-06-23", "1978-10-01", QUARTER, [385_00] * 40, "9.15"),
    ("first period below a quarter", 10_000_00, "1978-07-23", "1978-10-01", QUARTER, [385_00] * 40, "9.32"),
    ("daily", 1_000_00, "2023-10-26", "2023-11-30", DAY, [220_00] * 5, "94.15"),
    ("weekly, long first period", 1_000_00, "2023-10-28", "2023-11-30", WEEK, [250_00] * 5, "176.52"),
    ("weekly, whole first period", 1_000_00, "2023-11-23", "2023-11-30", WEEK, [250_00] * 5, "412.40"),
    ("weekly, short first period", 1_000_00, "2023-11-24", "2023-11-30", WEEK, [250_00] * 5, "434.30"),
    ("yearly", 1_000_00, "2023-10-26", "2023-11-30", YEAR, [500_00] * 5, "78.34"),
]


@pytest.mark.parametrize(
    ("example", "advance_minor", "start", "first", "unit", "amounts", "published"), APPENDIX_J + EXTRA
)
def test_the_american_rate_of_dated_payments_is_the_published_one(
    example, advance_minor, start, first, unit, amounts, published
):
    rate = yearly_rate([Dated(on(start), advance_minor)], every(first, unit, amounts), "us_actuarial", unit)

    assert percent(rate) == published, example


# curo, test/daycounts/us_appendix_j_test.dart, where it says "validated with FFIEC APR tool": a fee of the first day.
@pytest.mark.parametrize(
    ("lent_minor", "fee_minor", "start", "first", "unit", "amounts", "published"),
    [
        (100_000_00, 1_000_00, "2026-04-27", "2027-04-30", YEAR, [40_215_00] * 3, "10.528415"),
        (100_000_00, 1_000_00, "2026-04-27", "2026-10-31", UnitPeriod(6, "months"), [19_700_00] * 6, "10.569370"),
        (100_000_00, 1_000_00, "2026-04-27", "2026-07-31", QUARTER, [13_946_73] * 8, "10.859928"),
        (10_000_00, 200_00, "2026-01-10", "2026-02-15", MONTH, [884_91] * 12, "14.692036"),
    ],
)
def test_a_fee_of_the_first_day_counts_as_a_payment_of_that_day(
    lent_minor, fee_minor, start, first, unit, amounts, published
):
    payments = [Dated(on(start), fee_minor), *every(first, unit, amounts)]

    rate = yearly_rate([Dated(on(start), lent_minor)], payments, "us_actuarial", unit)

    assert abs(rate * 100 - Decimal(published)) < Decimal("0.00001")


def test_one_advance_and_one_payment_within_a_year_as_in_appendix_j_c_5_i():
    rate = single_payment_rate(Dated(on("1978-01-03"), 1_000_00), Dated(on("1978-09-15"), 1_080_00))

    assert percent(rate) == "11.45"


def test_a_single_payment_after_whole_months_is_priced_by_the_month():
    rate = single_payment_rate(Dated(on("2026-01-10"), 1_000_00), Dated(on("2026-07-10"), 1_050_00))

    assert percent(rate) == "10.00"


def test_two_advances_are_worth_what_is_paid_for_them():
    advances = [Dated(on("2026-01-01"), 1_000_00), Dated(on("2026-03-01"), 500_00)]
    payments = every("2026-04-01", MONTH, [130_00] * 12)

    rate = yearly_rate(advances, payments, "us_actuarial")

    monthly_rate = float(rate) / 12
    worth = 1_000_00 * (1 + monthly_rate) ** 2 + 500_00
    assert worth == pytest.approx(sum(130_00 / (1 + monthly_rate) ** n for n in range(1, 13)), rel=1e-6)


def test_an_advance_that_comes_with_the_payment_shortens_the_credit():
    payments = every("2026-02-01", MONTH, [110_00] * 10)
    at_once = yearly_rate([Dated(on("2026-01-01"), 1_000_00)], payments, "eu")

    in_two_parts = yearly_rate([Dated(on("2026-01-01"), 500_00), Dated(on("2026-04-01"), 500_00)], payments, "eu")

    assert in_two_parts > at_once


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ("2026-01-10", "2026-02-15", (1, Fraction(5, 30))),
        ("2026-01-31", "2026-02-28", (1, Fraction(0))),
        ("2028-01-31", "2028-02-29", (1, Fraction(0))),
        ("2026-01-10", "2026-01-20", (0, Fraction(10, 30))),
        ("2026-01-10", "2027-03-15", (14, Fraction(5, 30))),
    ],
)
def test_unit_periods_of_a_month_as_curo_counts_them(start, end, months):
    assert unit_periods(on(start), on(end)) == months


@pytest.mark.parametrize(
    ("start", "end", "unit", "counted"),
    [
        ("2026-01-10", "2026-05-01", QUARTER, (1, Fraction(22, 90))),
        ("2026-01-10", "2026-08-01", UnitPeriod(6, "months"), (1, Fraction(22, 180))),
        ("2026-01-10", "2026-01-20", WEEK, (1, Fraction(3, 7))),
        ("2026-01-01", "2027-01-01", YEAR, (1, Fraction(0))),
        ("1978-01-10", "1978-03-01", TWO_MONTHS, (0, Fraction(52, 60))),
    ],
)
def test_unit_periods_of_other_lengths(start, end, unit, counted):
    assert us_unit_periods(on(start), on(end), unit) == counted


# curo, test/daycounts/eu_2008_48_ec_test.dart
@pytest.mark.parametrize(
    ("start", "end", "years"),
    [
        ("2019-01-12", "2020-01-12", Fraction(1)),
        ("2019-01-31", "2019-02-28", Fraction(1, 12)),
        ("2019-02-28", "2019-03-31", Fraction(1, 12)),
        ("2019-01-31", "2019-03-01", Fraction(1, 12) + Fraction(1, 365)),
        ("2020-12-31", "2021-03-01", Fraction(2, 12) + Fraction(1, 366)),
        ("2019-01-01", "2020-06-15", Fraction(17, 12) + Fraction(14, 365)),
        ("2020-03-01", "2021-08-15", Fraction(17, 12) + Fraction(14, 366)),
    ],
)
def test_european_years_are_whole_months_back_and_days_over_the_year_before(start, end, years):
    assert eu_years(on(start), on(end)) == years


# curo, test/daycounts/uk_conc_app_test.dart. Its 20 November 2023 to 15 January 2024 is left out: there 1/12 + 11/365 +
# 14/366 covers 25 of the 26 odd days; ours is 1/12 + 12/365 + 14/366.
@pytest.mark.parametrize(
    ("start", "end", "unit", "years"),
    [
        ("2025-01-31", "2025-02-28", MONTH, Fraction(1, 12)),
        ("2025-01-12", "2025-02-15", MONTH, Fraction(1, 12) + Fraction(3, 365)),
        ("2020-01-31", "2020-02-29", MONTH, Fraction(1, 12)),
        ("2023-12-15", "2024-02-29", MONTH, Fraction(2, 12) + Fraction(14, 366)),
        ("2020-01-01", "2020-01-23", WEEK, Fraction(3, 52) + Fraction(1, 366)),
        ("2024-01-12", "2024-01-30", WEEK, Fraction(2, 52) + Fraction(4, 366)),
        ("2023-11-20", "2024-01-15", MONTH, Fraction(1, 12) + Fraction(12, 365) + Fraction(14, 366)),
    ],
)
def test_british_years_are_whole_months_and_days_of_their_own_year(start, end, unit, years):
    assert uk_years(on(start), on(end), unit) == years


# FSharp.Finance.Personal, tests/AprUnitedKingdomTests.fs
@pytest.mark.parametrize(
    ("payments", "published"),
    [
        ([Dated(date(2012, 10, 15), 510_00)], "324.44"),
        ([Dated(date(2012, 11, 10), 270_00), Dated(date(2012, 12, 10), 270_00)], "84.63"),
    ],
)
def test_the_rate_over_calendar_days_as_published_for_the_united_kingdom(payments, published):
    for convention in ("uk_days", "eu_days"):
        assert percent(yearly_rate([Dated(date(2012, 10, 10), 500_00)], payments, convention)) == published


@pytest.mark.parametrize(
    ("convention", "paid_on", "published"),
    [("eu_days", "1995-07-01", "12.9620"), ("eu", "1995-07-01", "12.9243"), ("uk", "1995-07-01", "12.9243")],
)
def test_the_directive_s_example_by_the_calendar_and_by_standard_months(convention, paid_on, published):
    rate = yearly_rate([Dated(on("1994-01-01"), 1_000_00)], [Dated(on(paid_on), 1_200_00)], convention)

    assert percent(rate, "0.0001") == published


@pytest.mark.parametrize(("convention", "published"), [("eu_days", "16.9026"), ("eu", "16.8526")])
def test_what_the_creditor_keeps_back_is_not_lent(convention, published):
    rate = yearly_rate([Dated(on("1994-01-01"), 950_00)], [Dated(on("1995-07-01"), 1_200_00)], convention)

    assert percent(rate, "0.0001") == published


def test_curo_s_loan_by_dates_with_and_without_a_fee():
    advance = [Dated(on("2026-01-05"), 10_000_00)]
    payments = every("2026-02-05", MONTH, [1_707_00] * 6)

    assert percent(yearly_rate(advance, payments, "eu"), "0.00001") == "8.56926"
    assert percent(yearly_rate(advance, payments, "china_compound"), "0.00001") == "8.56926"
    assert percent(yearly_rate(advance, payments, "china_simple"), "0.00001") == "8.25004"
    with_fee = [*payments, Dated(on("2026-02-05"), 50_00)]
    assert percent(yearly_rate(advance, with_fee, "eu"), "0.00001") == "10.44749"


def test_a_short_first_period_makes_the_same_payments_dearer_in_every_convention():
    payments = every("2026-02-10", MONTH, [215_00] * 5)
    for convention in ("china_compound", "china_simple", "us_actuarial", "eu", "eu_days", "uk", "uk_days"):
        whole = yearly_rate([Dated(on("2026-01-10"), 1_000_00)], payments, convention)
        short = yearly_rate([Dated(on("2026-01-25"), 1_000_00)], payments, convention)
        assert short > whole, convention


@pytest.mark.parametrize(
    ("advances", "payments"),
    [
        ([], [Dated(date(2026, 1, 1), 1)]),
        ([Dated(date(2026, 1, 1), 1)], []),
        ([Dated(date(2026, 1, 2), 1)], [Dated(date(2026, 1, 1), 1)]),
        ([Dated(date(2026, 1, 1), 1)], [Dated(date(2026, 1, 2), 10**9)]),
    ],
)
def test_what_has_no_rate_is_said_by_name(advances, payments):
    with pytest.raises(RateNotFound):
        yearly_rate(advances, payments, "eu")


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
