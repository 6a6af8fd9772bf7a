"""Void: what an authorization has left is released, on request or because its time is over."""

from __future__ import annotations

from typing import Literal

import msgspec

from florin.events import Voided
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.capture import NothingAuthorized
from florin.payments.payment import Payment, PaymentState


class Void(msgspec.Struct, frozen=True, kw_only=True):
    payment_id: int
    reason: Literal["voided", "expired"] = "voided"


def decide(payment: Payment, command: Void, at: At) -> tuple[Voided] | Refusal:
    if payment.state is not PaymentState.AUTHORIZED or payment.open_minor == 0:
        return NothingAuthorized(state=payment.state.name.lower())
    return (
        Voided(
            value_on=at.on,
            trade_id=payment.trade_id,
            payment_id=payment.id,
            line_id=payment.line_id if payment.credit_open_minor else 0,
            person_id=payment.person_id,
            merchant_id=payment.merchant_id,
            credit_minor=payment.credit_open_minor,
            wallet_minor=payment.wallet_open_minor,
            reason=command.reason,
        ),
    )
