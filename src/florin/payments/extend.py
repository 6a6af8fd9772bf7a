"""Extend: the buyer puts off the clock that confirms receipt; the seller has a hold last longer. How often is data."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from florin.events import AuthorizationExtended, ReceiptExtended
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.capture import NothingAuthorized
from florin.payments.payment import Payment, PaymentState
from florin.payments.receive import NothingToReceive, NotYourPayment, RequestOpen
from florin.payments.requests.terms import EscrowTerms


class ExtendReceipt(msgspec.Struct, frozen=True, kw_only=True):
    payment_id: int
    person_id: int


class ExtendAuthorization(msgspec.Struct, frozen=True, kw_only=True):
    """merchant_id: whose it is."""

    payment_id: int
    merchant_id: int


class ExtendedAlready(Refusal, frozen=True, kw_only=True):
    en = "This was put off {times} times already, which is as often as one may."
    zh = "已延长{times}次，达到上限。"

    times: int


def decide_receipt(
    payment: Payment, command: ExtendReceipt, at: At, *, terms: EscrowTerms
) -> tuple[ReceiptExtended] | Refusal:
    """The day on which the clock would come moves by the days of the terms."""
    if command.person_id != payment.person_id:
        return NotYourPayment(payment_id=payment.id)
    if payment.particulars.request_id:
        return RequestOpen(request_id=payment.particulars.request_id)
    if payment.state is not PaymentState.ESCROWED or payment.confirm_on is None:
        return NothingToReceive(state=payment.state.name.lower())
    if payment.particulars.extensions >= terms.extension_times:
        return ExtendedAlready(times=payment.particulars.extensions)
    return (
        ReceiptExtended(
            value_on=at.on,
            trade_id=payment.trade_id,
            payment_id=payment.id,
            person_id=payment.person_id,
            merchant_id=payment.merchant_id,
            days=terms.extension_days,
            confirm_on=payment.confirm_on + timedelta(days=terms.extension_days),
        ),
    )


def decide_authorization(
    payment: Payment, command: ExtendAuthorization, at: At, *, terms: EscrowTerms
) -> tuple[AuthorizationExtended] | Refusal:
    """Before it expires it holds longer, by the days of the terms; what it holds was asked of line and wallet already."""
    expired = payment.expires_at is not None and payment.expires_at <= at.instant
    if command.merchant_id != payment.merchant_id or payment.state is not PaymentState.AUTHORIZED or expired:
        return NothingAuthorized(state="expired" if expired else payment.state.name.lower())
    if payment.particulars.hold_extensions >= terms.hold_extension_times:
        return ExtendedAlready(times=payment.particulars.hold_extensions)
    assert payment.expires_at is not None, "an authorization ends"
    return (
        AuthorizationExtended(
            value_on=at.on,
            trade_id=payment.trade_id,
            payment_id=payment.id,
            person_id=payment.person_id,
            merchant_id=payment.merchant_id,
            expires_at=payment.expires_at + timedelta(days=terms.hold_extension_days),
        ),
    )
