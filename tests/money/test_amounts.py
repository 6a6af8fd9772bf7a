"""Amounts: nothing is lost in splitting, and a text is an amount or it is not."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.money import (
    AmountTextInvalid,
    parse_yuan,
    round_half_up,
    round_up,
    share_minor,
    share_out,
    shown,
    split_minor,
    yuan_text,
)

AMOUNTS = st.integers(0, 10**12)


@given(total_minor=AMOUNTS, parts=st.integers(1, 60))
def test_installments_always_add_up_to_the_purchase(total_minor, parts):
    assert sum(split_minor(total_minor, parts)) == total_minor


@given(total_minor=AMOUNTS, parts=st.integers(1, 60))
def test_installments_differ_by_a_fen_at_most_and_the_earliest_are_the_larger(total_minor, parts):
    installments = split_minor(total_minor, parts)

    assert installments == sorted(installments, reverse=True)
    assert installments[0] - installments[-1] <= 1


@given(weights=st.lists(AMOUNTS, min_size=1, max_size=24).filter(any), data=st.data())
def test_a_smaller_total_shared_out_never_gives_anybody_more_than_before(weights, data):
    total_minor = data.draw(st.integers(0, sum(weights)))

    parts = share_out(total_minor, weights)

    assert sum(parts) == total_minor
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


@given(total_minor=AMOUNTS, parts=st.integers(1, 60))
def test_sharing_out_among_equals_is_splitting(total_minor, parts):
    assert share_out(total_minor, [500] * parts) == split_minor(total_minor, parts)


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [(Fraction(399, 2), 200), (Decimal("199.499999"), 199), (Decimal("0.5"), 1), (Fraction(0), 0), (7, 7)],
)
def test_half_a_fen_is_rounded_up(exact, rounded):
    assert round_half_up(exact) == rounded


def test_rounding_up_takes_the_next_fen_unless_it_is_whole():
    assert (round_up(Fraction(1, 10)), round_up(Decimal("1990.0"))) == (1, 1990)


def test_a_merchant_fee_of_0_60_percent_on_199_yuan_is_1_19():
    assert share_minor(199_00, 6_000) == 1_19


@given(amount_minor=AMOUNTS, ppm=st.integers(0, 2_000_000))
def test_a_share_in_parts_per_million_is_rounded_half_up(amount_minor, ppm):
    assert share_minor(amount_minor, ppm) == round_half_up(Fraction(amount_minor * ppm, 1_000_000))


@pytest.mark.parametrize(
    ("text", "minor"), [("199.00", 199_00), ("199.9", 199_90), ("199", 199_00), ("0.01", 1), ("0", 0)]
)
def test_yuan_are_read(text, minor):
    assert parse_yuan(text) == minor


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "+1", "-1", "1.", ".5", "1.234", "01", "1,000", "1e3", "NaN", "１", "١", "1\n", "1.0.0", "9" * 14],
)
def test_anything_else_is_no_amount(text):
    with pytest.raises(AmountTextInvalid, match="two decimals"):
        parse_yuan(text)


@given(amount_minor=AMOUNTS)
def test_an_amount_written_is_read_back(amount_minor):
    assert parse_yuan(yuan_text(amount_minor)) == amount_minor


def test_an_amount_below_zero_is_written_with_its_sign():
    assert yuan_text(-5) == "-0.05"


@pytest.mark.parametrize(
    ("amount_minor", "currency", "locale", "text"),
    [
        (1199_00, "CNY", "en", "¥1,199.00"),
        (1199_00, "CNY", "zh", "¥1,199.00"),
        (-5, "CNY", "en", "-¥0.05"),
        (1199, "JPY", "en", "¥1,199"),
        (1199_00, "EUR", "en", "€1,199.00"),
        (1199_00, "EUR", "de", "1.199,00\xa0€"),
    ],
)
def test_a_person_reads_an_amount_in_her_own_way(amount_minor, currency, locale, text):
    assert shown(amount_minor, currency, locale) == text
