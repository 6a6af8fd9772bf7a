"""Reverse a refund: the shop has won the dispute, or the refund was a mistake; the money is the merchant's again.

What the refund gave back on credit is owed again, as a debt of that purchase from the day on which the reversal counts: not
billed, without installments; on what was charged off it is claimed again, and where the claim was sold it is the buyer's. What
went to the wallet as the tender is taken back from it. The merchant's fee is charged again as it was given back; what he got
back of an installment fee stays his, because no installments come back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

import msgspec

from florin.events import Event, Refunded, RefundReversed
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.payment import Payment
from florin.wallet.wallet import Wallet
from florin.wallet.withdraw import WalletTooLow


class ReverseRefund(msgspec.Struct, frozen=True, kw_only=True):
    """request_no: the merchant's own number of the refund. value_on: the day from which it is owed again, no earlier than the
    refund counted; None: today.
    """

    needs_advance: ClassVar[bool] = True

    payment_id: int
    request_no: str
    reason: str
    value_on: date | None = None


class NoSuchRefund(Refusal, frozen=True, kw_only=True):
    en = "This payment has no refund {request_no} that could be reversed: it has {known}. Send the number of one of them."
    zh = "该笔付款没有可撤销的退款 {request_no}，现有：{known}。请填写其中之一的退款号。"

    request_no: str
    known: str


class RefundReversedAlready(Refusal, frozen=True, kw_only=True):
    en = "The refund {request_no} was reversed on {reversed_on} already. Nothing more is owed by it."
    zh = "退款 {request_no} 已于{reversed_on}撤销，不会重复产生欠款。"

    request_no: str
    reversed_on: date


class RefundNotReversible(Refusal, frozen=True, kw_only=True):
    en = "The refund {request_no} cannot be reversed: {because}. Ask for a new payment instead."
    zh = "退款 {request_no} 不能撤销（{because}），请重新发起付款。"

    request_no: str
    because: str


class ReversalDateImpossible(Refusal, frozen=True, kw_only=True):
    en = "A reversal cannot count on {value_on}: choose a day from {first_on}, when the refund counted, to {last_on}."
    zh = "撤销不能按{value_on}入账：请选择{first_on}（退款入账日）至{last_on}之间的日期。"

    value_on: date
    first_on: date
    last_on: date


def decide(
    payment: Payment, wallet: Wallet, command: ReverseRefund, at: At, *, history: Sequence[Event]
) -> tuple[RefundReversed] | Refusal:
    """history: all events of the line that paid, in the order of recording."""
    refunds = {e.request_no: e for e in history if isinstance(e, Refunded) and e.payment_id == payment.id}
    refund = refunds.get(command.request_no)
    if refund is None:
        return NoSuchRefund(request_no=command.request_no, known=", ".join(sorted(refunds)) or "-")
    for event in history:
        if isinstance(event, RefundReversed) and (event.payment_id, event.request_no) == (
            payment.id,
            refund.request_no,
        ):
            return RefundReversedAlready(request_no=refund.request_no, reversed_on=event.known_on or event.value_on)
    if because := _not_reversible(refund):
        return RefundNotReversible(request_no=refund.request_no, because=because)
    on = command.value_on or at.on
    if not refund.value_on <= on <= at.on:
        return ReversalDateImpossible(value_on=on, first_on=refund.value_on, last_on=at.on)
    if refund.wallet_minor > wallet.balance_minor:
        return WalletTooLow(
            balance_minor=wallet.balance_minor,
            requested_minor=refund.wallet_minor,
            short_minor=refund.wallet_minor - wallet.balance_minor,
        )
    return (
        RefundReversed(
            value_on=on,
            known_on=at.on if on < at.on else None,
            trade_id=payment.trade_id,
            payment_id=payment.id,
            line_id=payment.line_id,
            person_id=payment.person_id,
            merchant_id=payment.merchant_id,
            credit_minor=refund.credit_minor,
            wallet_minor=refund.wallet_minor,
            mdr_minor=refund.mdr_back_minor,
            fees=refund.fees_back,
            request_no=refund.request_no,
            reason=command.reason,
            place=refund.place,
            counted=refund.counted,
            items=refund.items,
        ),
    )


def _not_reversible(refund: Refunded) -> str:
    if refund.before_receipt:
        return "it was given before receipt, so nothing had been owed"
    if refund.funding is not None:
        return "a part of the loan was a partner's"
    if refund.coupon is not None or refund.subsidy_back is not None:
        return "a part of it went back to a campaign"
    return ""
