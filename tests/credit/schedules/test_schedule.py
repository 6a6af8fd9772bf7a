"""Schedules as agreed: methods, first periods, down payments, fees, rounding."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from credit.schedules.builders import MONTHLY, convention, day, loan
from florin.credit.schedules import Every, Loan, periods_of, schedule, year_share, yearly_price


def totals(agreed) -> list[int]:
    return [line.total_minor for line in agreed.installments]


def test_the_first_interest_is_a_twelfth_of_the_yearly_rate_by_30_360():
    first = schedule(loan()).installments[0]

    assert (first.due_on, first.interest_minor) == (day("2026-02-01"), 12_00)


def test_equal_principal_has_equal_parts_and_falling_installments():
    lines = schedule(loan(method="equal_principal")).installments

    assert {line.principal_minor for line in lines} == {100_00}
    assert [line.interest_minor for line in lines[:3]] == [12_00, 11_00, 10_00]


def test_what_equal_parts_leave_is_the_last_installment_s():
    lines = schedule(loan(principal_minor=1_000_00, periods=3, method="equal_principal")).installments

    assert [line.principal_minor for line in lines] == [333_33, 333_33, 333_34]


@pytest.mark.parametrize(
    ("day_count", "interest_minor"),
    [("30/360", 1_000_00), ("actual/360", 1_033_33), ("actual/365", 1_019_18), ("actual/actual", 1_016_39)],
)
def test_january_of_a_leap_year_by_each_day_count(day_count, interest_minor):
    terms = loan(principal_minor=100_000_00, disbursed_on=day("2024-01-01"), convention=convention(day_count=day_count))

    assert schedule(terms).installments[0].interest_minor == interest_minor


def test_a_year_of_interest_on_a_bullet_is_the_yearly_rate_where_a_year_is_a_year():
    for day_count in ("30/360", "30E/360", "actual/365", "actual/actual", "30/365"):
        terms = loan(periods=1, every=Every(12, "months"), convention=convention(day_count=day_count))
        expected = 142_03 if day_count == "30/365" else 144_00  # 360 days of 365
        assert schedule(terms).installments[0].interest_minor == expected, day_count


def test_the_eurobond_count_takes_day_31_as_day_30():
    terms = convention(day_count="30E/360")
    (period,) = periods_of(day("2026-01-31"), MONTHLY, 1, day("2026-03-31"))

    assert year_share(terms, MONTHLY, period, *period[:2]) == Fraction(60, 360)


def test_a_leap_year_may_count_only_where_it_holds_its_29_february():
    whole = loan(principal_minor=100_000_00, disbursed_on=day("2024-01-01"))
    ours = convention(day_count="actual/actual", leap_year="february_29_in_period")

    lines = schedule(Loan(**{**fields(whole), "convention": ours})).installments

    january, february = lines[0], lines[1]
    assert january.interest_minor == 1_019_18  # 31/365
    assert february.interest_minor == round(Fraction(100_000_00 - january.principal_minor) * 12 * 29 / 100 / 366)


def fields(terms: Loan) -> dict:
    return {name: getattr(terms, name) for name in terms.__struct_fields__}


def test_a_short_first_period_bears_less_interest_and_a_long_one_more():
    regular, short, long = (
        schedule(loan(first_due_on=day(first))).installments[0] for first in ("2026-02-01", "2026-01-17", "2026-02-15")
    )

    # By 30/360: 16 of January's 31 days, and a month with 14 of February's 28 days.
    assert [line.interest_minor for line in (short, regular, long)] == [6_19, 12_00, 18_00]


def test_month_ends_are_clamped_but_not_for_ever():
    lines = schedule(loan(disbursed_on=day("2026-01-31"), periods=4)).installments

    assert [str(line.due_on) for line in lines] == ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]


def test_a_due_day_is_returned_to_after_a_clamped_first_date():
    lines = schedule(loan(first_due_on=day("2026-02-28"), due_day=30, periods=3)).installments

    assert [str(line.due_on) for line in lines] == ["2026-02-28", "2026-03-30", "2026-04-30"]


@pytest.mark.parametrize("terms", [{"down_payment_minor": 300_00}, {"down_payment_share": Decimal("0.25")}])
def test_a_down_payment_is_installment_0_and_bears_no_interest(terms):
    lines = schedule(loan(**terms)).installments

    assert (lines[0].number, lines[0].due_on, lines[0].total_minor) == (0, day("2026-01-01"), 300_00)
    assert lines[1].interest_minor == 9_00
    assert sum(line.principal_minor for line in lines) == 1_200_00


@pytest.mark.parametrize(
    ("periods", "fee_minor", "expected"),
    [
        (3, 25_00, [341_68, 341_66, 341_66]),
        (6, 45_00, [174_17, 174_17, 174_17, 174_17, 174_16, 174_16]),
    ],
)
def test_the_flat_fees_of_huabei_with_principal_and_fee_split_apart(periods, fee_minor, expected):
    terms = loan(principal_minor=1_000_00, yearly_rate=0, periods=periods, method="flat", fee_minor=fee_minor)

    assert totals(schedule(terms)) == expected


def test_a_flat_fee_in_equal_totals_or_with_the_remainder_last_or_up_front():
    terms = {"principal_minor": 1_000_00, "yearly_rate": 0, "periods": 3, "method": "flat", "fee_minor": 25_00}

    assert totals(schedule(loan(**terms, fee="equal_total"))) == [341_67, 341_67, 341_66]
    assert totals(schedule(loan(**terms, remainder="last"))) == [341_66, 341_66, 341_68]
    assert totals(schedule(loan(**terms, fee="up_front"))) == [25_00, 333_34, 333_33, 333_33]


@pytest.mark.parametrize(("rounding", "interest_minor"), [("HALF_EVEN", [0, 2]), ("HALF_UP", [1, 2]), ("UP", [1, 2])])
def test_a_half_goes_to_the_even_neighbor_or_up_as_the_terms_say(rounding, interest_minor):
    # 1.00 at 6 % a year bears exactly half a minor unit in a month; 3.00 one and a half.
    lines = [
        schedule(
            loan(
                principal_minor=minor,
                yearly_rate=Decimal("0.06"),
                periods=1,
                convention=convention(rounding=rounding),
            )
        ).installments[0]
        for minor in (100, 300)
    ]

    assert [line.interest_minor for line in lines] == interest_minor


def test_installments_in_whole_yuan_leave_the_rest_to_the_last():
    lines = schedule(loan(convention=convention(installment_multiple_minor=100))).installments

    assert {line.total_minor for line in lines[:-1]} == {107_00}
    assert lines[-1].total_minor == 102_16


def test_a_multiple_that_would_make_the_installment_zero_is_not_applied():
    lines = schedule(loan(principal_minor=40, periods=4, convention=convention(installment_multiple_minor=100)))

    assert [line.principal_minor for line in lines.installments] == [10, 10, 10, 10]


def test_installments_may_be_rounded_another_way_than_interest():
    near, down = (
        schedule(loan(convention=convention(installment_rounding=rounding))).installments[0].total_minor
        for rounding in (None, "DOWN")
    )

    assert (near, down) == (106_62, 106_61)  # 106.6185


def test_the_smallest_installment_with_a_lower_last_one():
    lines = schedule(loan(convention=convention(level_adjustment="lower_last"))).installments
    level_minor = lines[0].total_minor

    assert level_minor - 12 < lines[-1].total_minor <= level_minor


def test_sixty_months_end_at_zero():
    lines = schedule(loan(principal_minor=1_000_000_00, periods=60, yearly_rate=Decimal("0.0499"))).installments

    assert (len(lines), lines[-1].balance_minor) == (60, 0)
    # 1,000,000 × (0.0499/12) / (1 − (1 + 0.0499/12)^−60)
    assert lines[0].total_minor == 1_886_665


def test_the_price_of_a_level_loan_without_fees_is_its_rate():
    terms = loan(principal_minor=10_000_000_00)

    assert abs(yearly_price(schedule(terms), "us_actuarial") - Decimal("0.12")) < Decimal("0.000001")
    assert abs(yearly_price(schedule(terms), "eu") - (Decimal("1.01") ** 12 - 1)) < Decimal("0.000001")


def test_a_flat_fee_of_7_5_percent_on_12_months_costs_13_6_percent_simple():
    terms = loan(principal_minor=120_000_00, yearly_rate=0, method="flat", fee_minor=9_000_00)

    assert (yearly_price(schedule(terms), "china_simple") * 100).quantize(Decimal("0.1")) == Decimal("13.6")
