"""Dates: half-open cycles, and days that a short month does not have."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.money import due_on_after, last_close_on, months_after, next_close_on, on_day, remaining_share

DATES = st.dates(date(2020, 1, 1), date(2040, 1, 1))
DAYS = st.integers(1, 31)


def test_a_day_that_the_month_does_not_have_is_its_last():
    assert on_day(2026, 2, 31) == date(2026, 2, 28)
    assert on_day(2028, 2, 30) == date(2028, 2, 29)


def test_bought_on_31_january_installments_fall_on_month_ends_and_come_back_to_the_31st():
    bought_on = date(2026, 1, 31)

    due = [months_after(bought_on, number) for number in (1, 2, 3)]

    assert due == [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]


def test_months_before_cross_the_year():
    assert months_after(date(2026, 1, 15), -2) == date(2025, 11, 15)


@pytest.mark.parametrize(
    ("on", "closes_on"),
    [
        (date(2026, 3, 31), date(2026, 4, 1)),
        (date(2026, 4, 1), date(2026, 5, 1)),
        (date(2026, 12, 2), date(2027, 1, 1)),
    ],
)
def test_a_purchase_of_the_1st_belongs_to_the_cycle_that_opens_on_it(on, closes_on):
    assert next_close_on(1, on) == closes_on


def test_a_cycle_of_the_31st_closes_on_the_last_day_of_short_months():
    assert next_close_on(31, date(2026, 1, 31)) == date(2026, 2, 28)
    assert next_close_on(31, date(2026, 2, 28)) == date(2026, 3, 31)


@given(cycle_day=DAYS, on=DATES)
def test_every_day_lies_in_exactly_one_cycle(cycle_day, on):
    opens_on, closes_on = last_close_on(cycle_day, on), next_close_on(cycle_day, on)

    assert opens_on <= on < closes_on
    assert next_close_on(cycle_day, opens_on) == closes_on
    assert last_close_on(cycle_day, closes_on - timedelta(days=1)) == opens_on


def test_closed_on_the_1st_it_is_due_on_the_10th():
    assert due_on_after(date(2026, 4, 1), 10) == date(2026, 4, 10)


def test_closed_on_the_25th_it_is_due_in_the_next_month():
    assert due_on_after(date(2026, 1, 25), 5) == date(2026, 2, 5)


def test_what_remains_of_a_period_is_an_exact_share():
    march, april = date(2026, 3, 1), date(2026, 4, 1)

    assert remaining_share(march, april, date(2026, 3, 11)) == Fraction(21, 31)
    assert remaining_share(march, april, date(2026, 2, 1)) == 1
    assert remaining_share(march, april, april) == 0
