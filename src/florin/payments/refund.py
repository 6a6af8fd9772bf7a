"""Refund: money given back to where it came from, whatever stage the sale is in.

Before receipt the commitment is released and no statement ever shows it. After receipt the merchant gives the money back:
from the window of the sale while that is open, else from his available balance. In which order the tenders are given back is
a term (`tenders.py`); a coupon goes back to its campaign's budget; what the credit part clears in the debt is the refund order
of `florin.credit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from florin.campaigns.campaign import Campaign
from florin.events import (
    CampaignPart,
    CreditBalancePaid,
    Event,
    FeePart,
    ItemCount,
    Refunded,
    RefundFunded,
    RefundOrder,
)
from florin.events.refusals import Refusal
from florin.money import round_half_up
from florin.money.at import At
from florin.payments.fees import given_back, mdr_of, merchant_fees_of
from florin.payments.items import OrderLine, RefundOfOtherItems, items_minor, refuse_items
from florin.payments.merchant import Merchant, MerchantBalance, MerchantBalanceTooLow
from florin.payments.payment import Payment, PaymentState
from florin.payments.settlement_terms import SettlementTerms
from florin.payments.tenders import Tenders, split_refund


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """amount_minor: above zero, at most what was paid and not yet given back. request_no: the merchant's own number.

    value_on: the day on which it counts in the shopper's debt, when that is over; None: today.
    items: what is given back; then the amount is theirs less the fee that the merchant keeps of it.
    notify_url: where the merchant is told of it, instead of where he hears of all.
    """

    payment_id: int
    amount_minor: int
    request_no: str
    reason: str = ""
    value_on: date | None = None
    items: tuple[ItemCount, ...] = ()
    fee_minor: int = 0
    notify_url: str = ""


class CreditRefundPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What the lender's side says of the credit part before it is agreed.

    excess_minor: above all debt, to be paid to the wallet now. merchant_fee_back_minor: the part of the installment fee that
    the merchant paid and that is not earned. subsidy_back: that part of a campaign.
    """

    excess_minor: int = 0
    merchant_fee_back_minor: int = 0
    subsidy_back: CampaignPart | None = None


NO_PREVIEW = CreditRefundPreview()


class _Shared(NamedTuple):
    """What a refund takes of a shared sale: out of what is frozen, and out of what is free in the open window."""

    frozen_minor: int = 0
    free_minor: int = 0


NOT_SHARED = _Shared()


class NothingToRefund(Refusal, frozen=True, kw_only=True):
    en = "Nothing was paid here that could be refunded: the payment is {state}."
    zh = "没有可退的款项，当前状态：{state}。"

    state: str


class RefundExceedsPayment(Refusal, frozen=True, kw_only=True):
    en = "At most {refundable_minor} of this payment can still be refunded; {requested_minor} is {over_minor} too much."
    zh = "最多可退{refundable_minor}，申请{requested_minor}，超出{over_minor}。"

    requested_minor: int
    refundable_minor: int
    over_minor: int


class RefundAmountNotPositive(Refusal, frozen=True, kw_only=True):
    en = "A refund must be above zero; it was {requested_minor}."
    zh = "退款金额必须大于零，收到的是{requested_minor}。"

    requested_minor: int


class RefundDateImpossible(Refusal, frozen=True, kw_only=True):
    en = "A refund cannot count on {value_on}: choose a day from {first_on}, when the sale became final, to {last_on}."
    zh = "退款不能按{value_on}入账：请选择{first_on}（交易完成日）至{last_on}之间的日期。"

    value_on: date
    first_on: date
    last_on: date


def split(payment: Payment, merchant: Merchant, campaign: Campaign | None, amount_minor: int) -> Tenders:
    """What a refund gives back of each tender, by the campaign's order, else by the merchant's."""
    order: RefundOrder | None = None if campaign is None else campaign.terms.refund_order
    return split_refund(payment, amount_minor, order or merchant.refund_order)


def refuse_refund(payment: Payment, amount_minor: int) -> Refusal | None:
    if amount_minor <= 0:
        return RefundAmountNotPositive(requested_minor=amount_minor)
    if payment.paid_minor == 0:
        return NothingToRefund(state=payment.state.name.lower())
    if amount_minor > payment.refundable_minor:
        return RefundExceedsPayment(
            requested_minor=amount_minor,
            refundable_minor=payment.refundable_minor,
            over_minor=amount_minor - payment.refundable_minor,
        )
    return None


def decide(
    *,
    payment: Payment,
    merchant: Merchant,
    balance: MerchantBalance | None,
    preview: CreditRefundPreview,
    command: Refund,
    at: At,
    campaign: Campaign | None = None,
    lines: Sequence[OrderLine] = (),
) -> tuple[Event, ...] | Refusal:
    """Refunded; with it RefundFunded when the sale was swept, and CreditBalancePaid when the debt was smaller than the refund.

    balance: the merchant's, needed only for a swept sale. preview: of the credit part, from `florin.credit.refund`. campaign:
    of the payment's coupon. lines: of its order.
    """
    if refusal := refuse_refund(payment, command.amount_minor) or _refuse_items(payment, lines, command):
        return refusal
    parts = split(payment, merchant, campaign, command.amount_minor)
    coupon = payment.coupon_part(parts.coupon_minor)
    before_receipt = payment.state is PaymentState.ESCROWED
    on = at.on if before_receipt else command.value_on or at.on
    if on > at.on or (payment.payable_on is not None and on < payment.payable_on):
        return RefundDateImpossible(value_on=on, first_on=payment.payable_on or at.on, last_on=at.on)
    money = parts.wallet_minor + (coupon.funded_minor if coupon else 0)
    fees = () if before_receipt else given_back(payment.fees, credit_minor=parts.credit_minor, wallet_minor=money)
    mdr_back = 0 if before_receipt else mdr_back_minor(payment, merchant, command.amount_minor, fees)
    net = parts.credit_minor + money - mdr_back - merchant_fees_of(fees)
    net -= preview.merchant_fee_back_minor + _own_subsidy_minor(preview)
    ends = command.amount_minor == payment.refundable_minor
    # What is held for a dispute is there for this, whoever gives it back.
    from_held = min(payment.dispute_held_minor, max(net, 0))
    terms = merchant.settlement_on(at.on)
    shared = NOT_SHARED if before_receipt else _of_shared(payment, net - from_held, terms, at)
    is_swept = not before_receipt and payment.is_swept(terms, at) and not shared.free_minor
    swept = net - from_held - shared.frozen_minor if is_swept else 0
    if swept > 0:
        assert balance is not None, "a swept refund is decided with the merchant's balance"
        if refusal := refuse_balance(balance, swept):
            return refusal
    refunded = replace(
        refunded_event(payment, parts.credit_minor, preview.merchant_fee_back_minor, at),
        value_on=on,
        known_on=at.on if on < at.on else None,
        wallet_minor=parts.wallet_minor,
        before_receipt=before_receipt,
        drawn=before_receipt and payment.drawn and parts.credit_minor > 0,
        place=payment.place if before_receipt and parts.credit_minor else None,
        counted=payment.particulars.counted if parts.credit_minor else None,
        request_no=command.request_no,
        reason=command.reason,
        notify_url=command.notify_url,
        mdr_back_minor=mdr_back,
        swept_minor=max(swept, 0),
        coupon=coupon,
        promised=payment.promised_part(payment.subsidy_promised_minor) if before_receipt and ends else None,
        subsidy_back=preview.subsidy_back,
        from_held_minor=from_held,
        from_frozen_minor=shared.frozen_minor,
        from_released_minor=shared.free_minor,
        items=command.items,
        fee_minor=command.fee_minor,
        fees_back=fees,
    )
    events: list[Event] = [refunded]
    if swept > 0:
        events.append(
            RefundFunded(
                value_on=at.on,
                trade_id=payment.trade_id,
                payment_id=payment.id,
                merchant_id=payment.merchant_id,
                amount_minor=swept,
                to_lane=payment.lane,
                round=0 if balance is None else balance.round,
            )
        )
    if preview.excess_minor:
        events.append(
            CreditBalancePaid(
                value_on=at.on,
                person_id=payment.person_id,
                line_id=payment.line_id,
                amount_minor=preview.excess_minor,
            )
        )
    return tuple(events)


def _of_shared(payment: Payment, net_minor: int, terms: SettlementTerms, at: At) -> _Shared:
    """Of a sale that is shared: first what is frozen, then what is free in the open window, if enough; else as if swept."""
    sharing = payment.particulars.sharing
    if sharing is None or net_minor <= 0:
        return NOT_SHARED
    frozen = min(sharing.frozen_minor, net_minor)
    rest = net_minor - frozen
    return _Shared(frozen, rest if rest <= sharing.free_minor_in(terms, at) else 0)


def _refuse_items(payment: Payment, lines: Sequence[OrderLine], command: Refund) -> Refusal | None:
    """Items that are named are there to be given back, and come to the amount."""
    if not command.items and not command.fee_minor:
        return None
    given_back = payment.particulars.given_back
    if refusal := refuse_items(lines, given_back, command.items):
        return refusal
    items_are = items_minor(lines, given_back, command.items)
    if command.fee_minor < 0 or items_are - command.fee_minor != command.amount_minor:
        return RefundOfOtherItems(
            items_minor=items_are, fee_minor=command.fee_minor, requested_minor=command.amount_minor
        )
    return None


def _own_subsidy_minor(preview: CreditRefundPreview) -> int:
    """What the merchant gets back of a fee of the shopper's that he had borne in part."""
    back = preview.subsidy_back
    return back.amount_minor - back.funded_minor if back is not None else 0


def refunded_event(payment: Payment, credit_minor: int, merchant_fee_back_minor: int, at: At) -> Refunded:
    """The credit part of a refund after receipt, as the lender's account folds it."""
    return Refunded(
        value_on=at.on,
        trade_id=payment.trade_id,
        payment_id=payment.id,
        line_id=payment.line_id if credit_minor else 0,
        person_id=payment.person_id,
        merchant_id=payment.merchant_id,
        credit_minor=credit_minor,
        wallet_minor=0,
        before_receipt=False,
        request_no="",
        merchant_fee_back_minor=merchant_fee_back_minor,
    )


def mdr_back_minor(payment: Payment, merchant: Merchant, amount_minor: int, fees: Sequence[FeePart] = ()) -> int:
    """The merchant's fee given back with this refund: the share of all refunds so far, less what was given back before; where
    he has a fee plan, what that gives back (fees), else by his own terms.

    The fee was charged on what was received, so what was refunded before receipt has no share in it.
    """
    if any(one.fee == "mdr" for one in payment.fees):
        return mdr_of(fees)
    if not merchant.mdr_refunded:
        return 0
    given_back = payment.refunded_minor - payment.refunded_before_receipt_minor + amount_minor
    share = round_half_up(Fraction(payment.mdr_minor * given_back, payment.received_minor))
    return max(share - payment.mdr_back_minor, 0)


def refuse_balance(balance: MerchantBalance, amount_minor: int) -> Refusal | None:
    """A swept sale is refunded from what is available; below zero as far as his reserve covers it, and his terms allow."""
    short = amount_minor - balance.available_minor - balance.reserve_minor - balance.negative_limit_minor
    if short <= 0:
        return None
    return MerchantBalanceTooLow(
        available_minor=balance.available_minor, requested_minor=amount_minor, short_minor=short
    )
