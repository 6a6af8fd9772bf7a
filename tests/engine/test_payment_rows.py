"""A payment's row and back: what was agreed of its plan comes back whole, from escrow to receipt."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from florin.engine.tables.payment import PAYMENT, payment_of, row_of
from florin.events import InstallmentChoice, Place
from florin.payments.payment import Payment, PaymentState
from florin.payments.trade import Flow

CHOICES = [
    None,
    InstallmentChoice(count=12, fee_minor=450_00, fee_payer="shopper"),
    InstallmentChoice(count=12, fee_minor=450_00, fee_payer="merchant"),
    InstallmentChoice(count=3, fee_minor=90, fee_payer="shopper", fee_timing="upfront"),
    InstallmentChoice(count=6, fee_minor=77, fee_payer="shopper", method="declining", yearly_rate=Decimal("0.1550")),
]


@pytest.mark.parametrize("place", [None, Place(), Place(market="guest", category="游戏", channel="offline")])
@pytest.mark.parametrize("plan", CHOICES)
def test_a_payment_comes_back_from_its_row_as_it_was(plan, place):
    payment = Payment(
        id=1, lane=1, trade_id=2, app_id=3, merchant_id=4, person_id=5, line_id=6, flow=Flow.ESCROW,
        state=PaymentState.ESCROWED, mdr_ppm=6_000, authorized_on=date(2026, 3, 5), credit_authorized_minor=100_00,
        wallet_authorized_minor=0, plan=plan, place=place,
    )  # fmt: skip
    row = zip(PAYMENT.columns, row_of(payment), strict=True)

    stored = [msgspec.json.decode(value) if column.cast == "jsonb" and value else value for column, value in row]

    assert payment_of(tuple(stored)) == payment
