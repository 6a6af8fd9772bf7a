"""Void: what an authorization has left is released, on request or because its time is over."""

from __future__ import annotations

from typing import Literal

import msgspec

from florin.events import Voided
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.capture import NothingAuthorized
from florin.payments.payment import Payment, PaymentState


class AlreadyCaptured(Refusal, frozen=True, kw_only=True):
    en = "There is nothing left to release: the payment is {state}. Refund it instead."
    zh = "该笔付款已无可撤销的授权，当前状态：{state}。请改为退款。"

    state: str


class Void(msgspec.Struct, frozen=True, kw_only=True):
    payment_id: int
    reason: Literal["voided", "expired"] = "voided"


def decide(payment: Payment, command: Void, at: At) -> tuple[Voided] | Refusal:
    if payment.state in (PaymentState.CAPTURED, PaymentState.ESCROWED):
        return AlreadyCaptured(state=payment.state.name.lower())
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
            coupon=payment.coupon_part(payment.coupon_open_minor),
            place=payment.place if payment.credit_open_minor else None,
            counted=payment.particulars.counted if payment.credit_open_minor else None,
            promised=payment.promised_part(payment.subsidy_promised_minor),
        ),
    )
