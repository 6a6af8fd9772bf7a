"""A parent order's tenders, shared out over its orders: exact both ways, whatever the amounts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from florin.payments.parent import split_tenders
from florin.payments.tenders import Tenders

AMOUNTS = st.lists(st.integers(1, 10**7), min_size=1, max_size=8)


@given(amounts=AMOUNTS, coupon=st.fractions(0, 1), credit=st.fractions(0, 1))
def test_every_order_is_paid_exactly_and_every_tender_is_used_up(amounts, coupon, credit):
    coupon_minor = int(sum(amounts) * coupon)
    credit_minor = int((sum(amounts) - coupon_minor) * credit)
    tenders = Tenders(credit_minor, sum(amounts) - coupon_minor - credit_minor, coupon_minor)

    parts = split_tenders(amounts, tenders)

    assert [sum(part) for part in parts] == amounts
    assert Tenders(*(sum(column) for column in zip(*parts, strict=True))) == tenders
    assert min(min(part) for part in parts) >= 0


def test_a_coupon_is_shared_by_amount_and_the_last_order_carries_the_remainder():
    # 20.00 off 100.00 + 50.00 + 50.01: 9.9995 is 10.00, then 10.00 of 100.01 at 50.00 is 4.9995, so 5.00.
    parts = split_tenders([100_00, 50_00, 50_01], Tenders(credit_minor=100_00, wallet_minor=80_01, coupon_minor=20_00))

    assert parts == [Tenders(50_00, 40_00, 10_00), Tenders(25_00, 20_00, 5_00), Tenders(25_00, 20_01, 5_00)]
