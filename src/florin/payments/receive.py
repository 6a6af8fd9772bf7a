"""Receive: the buyer, or the clock, confirms receipt. From this day it is owed, and the merchant is credited."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

from florin.credit.plans import installment_choice, subsidized
from florin.credit.terms import Terms
from florin.events import Channel, Received
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.fees import charged, mdr_of, schedule_of
from florin.payments.merchant import Merchant
from florin.payments.payment import Payment, PaymentState


class Receive(msgspec.Struct, frozen=True, kw_only=True):
    """Confirm all that is left of an escrowed payment. person_id: the buyer, when it is he who confirms."""

    payment_id: int
    person_id: int = 0
    by: Literal["buyer", "clock", "seller"] = "buyer"


class NothingToReceive(Refusal, frozen=True, kw_only=True):
    en = "There is nothing to confirm on this payment: it is {state}."
    zh = "该笔付款无需确认收货，当前状态：{state}。"

    state: str


class RequestOpen(Refusal, frozen=True, kw_only=True):
    en = "A refund was asked for this order, and is not settled yet. Withdraw the request first, then confirm receipt."
    zh = "该订单有未完结的退款申请，请先撤销申请，再确认收货。"

    request_id: int


class ClockNotDue(Refusal, frozen=True, kw_only=True):
    """The clock has come for a payment whose day was put off meanwhile."""

    en = "The clock does not confirm this receipt today: it would on {confirm_on}."
    zh = "自动确认收货尚未到期，到期日为{confirm_on}。"

    confirm_on: date


class NotYourPayment(Refusal, frozen=True, kw_only=True):
    en = "Only the buyer can confirm receipt of this order."
    zh = "只有买家本人可以确认收货。"

    payment_id: int


def decide(
    payment: Payment,
    merchant: Merchant,
    terms: Terms | None,
    command: Receive,
    at: At,
    channel: Channel = "online",
) -> tuple[Received] | Refusal:
    """All that is left becomes owed. After a partial refund a plan's fee is priced anew, on what is really lent.

    channel: by which the trade was sold; its fees are those of the day on which it was paid.
    """
    if payment.state is not PaymentState.ESCROWED:
        return NothingToReceive(state=payment.state.name.lower())
    if command.by == "buyer" and command.person_id != payment.person_id:
        return NotYourPayment(payment_id=payment.id)
    if payment.particulars.request_id:
        return RequestOpen(request_id=payment.particulars.request_id)
    if command.by == "clock" and payment.confirm_on is not None and payment.confirm_on > at.on:
        return ClockNotDue(confirm_on=payment.confirm_on)
    credit, from_wallet = payment.credit_left_minor, payment.wallet_left_minor
    coupon = payment.coupon_part(payment.coupon_left_minor)
    plan = payment.plan if credit else None
    if plan is not None and terms is not None and credit != payment.credit_paid_minor:
        # Too little may be left for a plan at all: then it is billed with the next statement, without a fee.
        anew = installment_choice(credit, plan.count, terms, plan.fee_payer)
        plan = None if anew is None else subsidized(anew, plan, payment.subsidy_promised_minor)
    money = from_wallet + (coupon.funded_minor if coupon else 0)
    schedule = schedule_of(merchant, terms if credit else None, payment.authorized_on, channel)
    count = plan.count if plan and credit else 0
    fees = charged(schedule, payment.fees, credit_minor=credit, wallet_minor=money, count=count)
    return (
        Received(
            value_on=at.on,
            trade_id=payment.trade_id,
            payment_id=payment.id,
            line_id=payment.line_id if credit else 0,
            person_id=payment.person_id,
            merchant_id=payment.merchant_id,
            credit_minor=credit,
            wallet_minor=from_wallet,
            mdr_minor=mdr_of(fees) if schedule.planned else merchant.mdr_minor(credit + money),
            fees=fees,
            by=command.by,
            plan=plan,
            place=payment.place if credit else None,
            drawn=payment.drawn and credit > 0,
            coupon=coupon,
            promised=payment.promised_part(payment.subsidy_promised_minor),
        ),
    )
