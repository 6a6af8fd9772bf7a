"""The part of an order in installments that is paid from the wallet at once: how much, and that no fen is lost."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from florin.credit.program import load_program
from florin.payments.down_payment import down_payment_minor, with_down_payment
from florin.payments.pay import Pay

TERMS = load_program("pay-in-4").versions[0].terms
QUARTER = replace(TERMS, down_payment_share=Decimal("0.25"))
ORDER = Pay(payment_id=2, trade_id=1, person_id=4, line_id=3, credit_minor=100_00)


def test_a_quarter_of_the_order_is_taken_from_the_wallet_and_the_rest_stays_on_credit():
    paying = with_down_payment(ORDER, 3, QUARTER)

    assert (paying.wallet_minor, paying.credit_minor) == (25_00, 75_00)


def test_what_she_pays_from_the_wallet_anyway_counts_toward_it():
    paying = with_down_payment(replace(ORDER, credit_minor=90_00, wallet_minor=10_00), 3, QUARTER)
    enough = replace(ORDER, credit_minor=60_00, wallet_minor=40_00)

    assert (paying.wallet_minor, paying.credit_minor) == (25_00, 75_00)
    assert with_down_payment(enough, 3, QUARTER) == enough


def test_an_order_that_is_paid_next_month_and_terms_without_it_move_nothing():
    assert with_down_payment(ORDER, 0, QUARTER) == ORDER
    assert with_down_payment(ORDER, 3, TERMS) == ORDER
    assert with_down_payment(ORDER, 3, None) == ORDER


@given(
    credit_minor=st.integers(1, 10**10),
    wallet_minor=st.integers(0, 10**10),
    ppm=st.integers(1, 999_999),
)
def test_the_two_tenders_still_add_up_and_the_share_is_reached_or_one_fen_stays_on_credit(
    credit_minor, wallet_minor, ppm
):
    terms = replace(TERMS, down_payment_share=Decimal(ppm) / 1_000_000)
    order = replace(ORDER, credit_minor=credit_minor, wallet_minor=wallet_minor)

    paying = with_down_payment(order, 3, terms)

    whole_minor = credit_minor + wallet_minor
    assert paying.credit_minor + paying.wallet_minor == whole_minor
    assert paying.credit_minor >= 1
    assert paying.wallet_minor >= min(down_payment_minor(whole_minor, terms), whole_minor - 1)
    assert paying.wallet_minor >= wallet_minor
