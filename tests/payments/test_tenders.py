"""In which order a refund gives the tenders back, to the fen, over any sequence of refunds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from florin.events import CampaignPart, RefundOrder
from florin.payments.tenders import Tenders, split_refund
from payments.builders import paid

ORDERS: tuple[RefundOrder, ...] = ("credit_first", "proportional", "coupon_last")
MINOR = st.integers(0, 10**9)


def sale(credit_minor, wallet_minor, coupon_minor):
    coupon = CampaignPart(campaign_id=7, amount_minor=coupon_minor) if coupon_minor else None
    return paid(credit_minor, wallet_minor, coupon=coupon, coupon_paid_minor=coupon_minor)


def after(payment, parts):
    return replace(
        payment,
        credit_refunded_minor=payment.credit_refunded_minor + parts.credit_minor,
        wallet_refunded_minor=payment.wallet_refunded_minor + parts.wallet_minor,
        coupon_refunded_minor=payment.coupon_refunded_minor + parts.coupon_minor,
    )


@pytest.mark.parametrize(
    ("order", "parts"),
    [
        ("credit_first", Tenders(50_00, 0, 0)),
        ("proportional", Tenders(30_00, 10_00, 10_00)),
        ("coupon_last", Tenders(37_50, 12_50, 0)),
    ],
)
def test_half_of_an_order_of_100_paid_60_by_credit_20_by_wallet_20_by_coupon(order, parts):
    assert split_refund(sale(60_00, 20_00, 20_00), 50_00, order) == parts


def test_the_last_tender_carries_the_fen_that_cannot_be_shared():
    payment = sale(1_00, 1_00, 1_00)

    assert split_refund(payment, 1_00, "proportional") == Tenders(33, 34, 33)
    assert split_refund(payment, 1, "proportional") == Tenders(0, 1, 0)
    assert split_refund(payment, 2_00, "proportional") == Tenders(67, 67, 66)


@given(
    credit_minor=MINOR,
    wallet_minor=MINOR,
    coupon_minor=MINOR,
    shares=st.lists(st.tuples(st.fractions(0, 1), st.sampled_from(ORDERS)), max_size=8),
    last=st.sampled_from(ORDERS),
)
def test_refunds_in_any_number_amount_and_order_give_back_exactly_each_tender(
    credit_minor, wallet_minor, coupon_minor, shares, last
):
    payment = sale(credit_minor, wallet_minor, coupon_minor)

    for share, order in [*shares, (1, last)]:
        amount_minor = int(payment.refundable_minor * share)
        parts = split_refund(payment, amount_minor, order)
        assert sum(parts) == amount_minor
        assert min(parts) >= 0
        payment = after(payment, parts)
        assert payment.credit_left_minor >= 0
        assert payment.wallet_left_minor >= 0
        assert payment.coupon_left_minor >= 0

    assert payment.credit_refunded_minor == credit_minor
    assert payment.wallet_refunded_minor == wallet_minor
    assert payment.coupon_refunded_minor == coupon_minor


@given(credit_minor=MINOR, coupon_minor=MINOR, share=st.fractions(0, 1))
def test_a_coupon_that_is_last_comes_back_only_when_nothing_else_is_left(credit_minor, coupon_minor, share):
    payment = sale(credit_minor, 0, coupon_minor)
    parts = split_refund(payment, int(payment.refundable_minor * share), "coupon_last")

    assert parts.coupon_minor == 0 or parts.credit_minor == credit_minor
