"""Ask for a refund: the buyer wants money back, all or part of it, or for some items; from now on the clock stands still."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from florin.events import ItemCount, RefundRequested, RequestSort
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.items import OrderLine, RefundOfOtherItems, items_minor, refuse_items
from florin.payments.payment import Payment, PaymentState
from florin.payments.receive import NotYourPayment, RequestOpen
from florin.payments.refund import refuse_refund
from florin.payments.requests.terms import EscrowTerms

NOTE_MAX = 500


class RequestRefund(msgspec.Struct, frozen=True, kw_only=True):
    """request_id: made by the caller in the payer's lane. sort: `return` sends goods back first. reason: one of the terms'.

    items: then the amount is what they come to.
    """

    request_id: int
    payment_id: int
    person_id: int
    amount_minor: int
    reason: str
    sort: RequestSort = "refund"
    note: str = ""
    items: tuple[ItemCount, ...] = ()


class TooManyRequests(Refusal, frozen=True, kw_only=True):
    en = (
        "A refund was asked for this order {requests} times, which is as often as one may. Speak to the shop, or to us."
    )
    zh = "该订单已申请退款{requests}次，达到上限，请联系商家或客服。"

    requests: int


class TooLateToAsk(Refusal, frozen=True, kw_only=True):
    en = "A refund could be asked for until {until_on}. Speak to the shop."
    zh = "该订单申请退款的截止日期为{until_on}，请联系商家。"

    until_on: date


class RequestReasonUnknown(Refusal, frozen=True, kw_only=True):
    en = "{reason} is no reason that we know. Choose one of: {known}."
    zh = "未知的退款原因：{reason}。可选：{known}。"

    reason: str
    known: str


class NoteTooLong(Refusal, frozen=True, kw_only=True):
    en = "This text is {letters} letters long. Say it in at most {most}."
    zh = "说明文字共{letters}字，请控制在{most}字以内。"

    letters: int
    most: int = NOTE_MAX


def decide(
    payment: Payment, lines: Sequence[OrderLine], command: RequestRefund, at: At, *, terms: EscrowTerms
) -> tuple[RefundRequested] | Refusal:
    """lines: of the payment's order."""
    refusal = _refuse(payment, lines, command, at, terms)
    if refusal is not None:
        return refusal
    # The day on which the clock would have come may be today: then none is left, and it comes as soon as it goes on.
    left = None if payment.confirm_on is None else max((payment.confirm_on - at.on).days, 0)
    return (
        RefundRequested(
            value_on=at.on,
            trade_id=payment.trade_id,
            payment_id=payment.id,
            person_id=payment.person_id,
            merchant_id=payment.merchant_id,
            request_id=command.request_id,
            sort=command.sort,
            amount_minor=command.amount_minor,
            reason=command.reason,
            answer_by=at.on + timedelta(days=terms.seller_answer_days),
            note=command.note,
            items=command.items,
            days_left=left,
        ),
    )


def _refuse(
    payment: Payment, lines: Sequence[OrderLine], command: RequestRefund, at: At, terms: EscrowTerms
) -> Refusal | None:
    particulars = payment.particulars
    if command.person_id != payment.person_id:
        return NotYourPayment(payment_id=payment.id)
    if particulars.request_id:
        return RequestOpen(request_id=particulars.request_id)
    if particulars.requests >= terms.requests_max:
        return TooManyRequests(requests=particulars.requests)
    if command.reason not in terms.reasons:
        return RequestReasonUnknown(reason=command.reason[:40], known=", ".join(terms.reasons))
    if refusal := refuse_note(command.note) or refuse_refund(payment, command.amount_minor):
        return refusal
    if payment.state is not PaymentState.ESCROWED and payment.payable_on is not None:
        until_on = payment.payable_on + timedelta(days=terms.after_receipt_days)
        if at.on > until_on:
            return TooLateToAsk(until_on=until_on)
    if command.items:
        given_back = particulars.given_back
        if refusal := refuse_items(lines, given_back, command.items):
            return refusal
        items_are = items_minor(lines, given_back, command.items)
        if items_are != command.amount_minor:
            return RefundOfOtherItems(items_minor=items_are, fee_minor=0, requested_minor=command.amount_minor)
    return None


def refuse_note(note: str) -> NoteTooLong | None:
    return NoteTooLong(letters=len(note)) if len(note) > NOTE_MAX else None
