"""Void: what an authorization has left is released, all or some of it, on request or because its time is over."""

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


class ReleaseExceedsAuthorization(Refusal, frozen=True, kw_only=True):
    en = "Only {open_minor} of this authorization is left; {requested_minor} was to be released. Release at most that."
    zh = "该授权剩余{open_minor}，请求解冻{requested_minor}，请减少解冻金额。"

    requested_minor: int
    open_minor: int


class Void(msgspec.Struct, frozen=True, kw_only=True):
    """amount_minor: at most what is still open; 0 releases all of it. request_no: what the merchant calls it."""

    payment_id: int
    reason: Literal["voided", "expired"] = "voided"
    amount_minor: int = 0
    request_no: str = ""


def decide(payment: Payment, command: Void, at: At) -> tuple[Voided] | Refusal:
    if payment.state in (PaymentState.CAPTURED, PaymentState.ESCROWED):
        return AlreadyCaptured(state=payment.state.name.lower())
    if payment.state is not PaymentState.AUTHORIZED or payment.open_minor == 0:
        return NothingAuthorized(state=payment.state.name.lower())
    amount = command.amount_minor or payment.open_minor
    if not 0 < amount <= payment.open_minor:
        return ReleaseExceedsAuthorization(requested_minor=amount, open_minor=payment.open_minor)
    # What a capture would take last goes first, so that what is left is taken as it would have been.
    from_coupon = min(amount, payment.coupon_open_minor)
    from_wallet = min(amount - from_coupon, payment.wallet_open_minor)
    credit = amount - from_coupon - from_wallet
    ends = amount == payment.open_minor
    return (
        Voided(
            value_on=at.on,
            trade_id=payment.trade_id,
            payment_id=payment.id,
            line_id=payment.line_id if credit else 0,
            person_id=payment.person_id,
            merchant_id=payment.merchant_id,
            credit_minor=credit,
            wallet_minor=from_wallet,
            reason=command.reason,
            coupon=payment.coupon_part(from_coupon),
            place=payment.place if credit else None,
            counted=payment.particulars.counted if credit else None,
            # A campaign's promise waits for the part that is still to be taken.
            promised=payment.promised_part(payment.subsidy_promised_minor if ends else 0),
            request_no=command.request_no,
        ),
    )
