"""Capture: all or part of an authorization becomes owed, and payable to the merchant. Credit is taken
before wallet money, and that before the coupon.
"""

from __future__ import annotations

import msgspec

from florin.credit.plans import installment_choice, subsidized
from florin.credit.terms import Terms
from florin.events import Captured, Channel, InstallmentChoice
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.fees import charged, mdr_of, schedule_of
from florin.payments.merchant import Merchant
from florin.payments.pay import PlanNotOffered
from florin.payments.payment import Payment, PaymentState


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    """amount_minor: above zero, at most what is still open; 0 takes all of it. Each capture has a key of its own."""

    payment_id: int
    amount_minor: int = 0


class CaptureExceedsAuthorization(Refusal, frozen=True, kw_only=True):
    en = "Only {open_minor} of this authorization is open; {requested_minor} was asked. Capture at most that."
    zh = "该授权剩余{open_minor}，请求{requested_minor}，请减少请款金额。"

    requested_minor: int
    open_minor: int


class NothingAuthorized(Refusal, frozen=True, kw_only=True):
    en = "There is nothing left to capture or release on this payment: it is {state}."
    zh = "该笔付款没有可请款或撤销的授权，当前状态：{state}。"

    state: str


def decide(
    payment: Payment,
    merchant: Merchant,
    terms: Terms | None,
    command: Capture,
    at: At,
    channel: Channel = "online",
) -> tuple[Captured] | Refusal:
    """channel: by which the trade was sold; its fees are those of the day on which it was authorized."""
    expired = payment.expires_at is not None and payment.expires_at <= at.instant
    if payment.state is not PaymentState.AUTHORIZED or payment.open_minor == 0 or expired:
        return NothingAuthorized(state="expired" if expired else payment.state.name.lower())
    amount = command.amount_minor or payment.open_minor
    if not 0 < amount <= payment.open_minor:
        return CaptureExceedsAuthorization(requested_minor=amount, open_minor=payment.open_minor)
    credit = min(amount, payment.credit_open_minor)
    from_wallet = min(amount - credit, payment.wallet_open_minor)
    coupon = payment.coupon_part(amount - credit - from_wallet, held_minor=amount - credit - from_wallet)
    # A merchant's own coupon is a discount: he receives the rest, and pays his fee on that.
    funded = credit + from_wallet + (coupon.funded_minor if coupon else 0)
    before = payment.credit_paid_minor + payment.wallet_paid_minor
    before += payment.coupon.funded_minor and payment.coupon_paid_minor if payment.coupon else 0
    plan = payment.plan
    if plan is not None and credit and terms is not None and credit != payment.credit_authorized_minor:
        # A part captured alone is a plan of its own: its fee is priced on its own principal.
        plan = installment_choice(credit, plan.count, terms, plan.fee_payer)
        if plan is None:
            return PlanNotOffered(count=payment.plan.count if payment.plan else 0, amount_minor=credit)
        plan = subsidized(plan, payment.plan, payment.subsidy_promised_minor)
    schedule = schedule_of(merchant, terms if credit else None, payment.authorized_on, channel)
    count = plan.count if plan and credit else 0
    fees = charged(schedule, payment.fees, credit_minor=credit, wallet_minor=funded - credit, count=count)
    return (
        Captured(
            value_on=at.on,
            trade_id=payment.trade_id,
            payment_id=payment.id,
            line_id=payment.line_id if credit else 0,
            person_id=payment.person_id,
            merchant_id=payment.merchant_id,
            credit_minor=credit,
            wallet_minor=from_wallet,
            held_credit_minor=credit,
            held_wallet_minor=from_wallet,
            # The fee on all that is captured so far, less what was charged before: parts pay what the whole would.
            mdr_minor=mdr_of(fees)
            if schedule.planned
            else merchant.mdr_minor(before + funded) - merchant.mdr_minor(before),
            fees=fees,
            plan=plan if credit else None,
            coupon=coupon,
            place=payment.place if credit else None,
            counted=payment.particulars.counted if credit else None,
            card=payment.particulars.card and credit > 0,
            promised=payment.promised_part(_promised_minor(payment, plan if credit else None, amount)),
        ),
    )


def _promised_minor(payment: Payment, plan: InstallmentChoice | None, amount_minor: int) -> int:
    """What this capture frees of the promise: what it spends of it; the last one all the rest."""
    if amount_minor == payment.open_minor or plan is None or plan.subsidy is None:
        return payment.subsidy_promised_minor if amount_minor == payment.open_minor else 0
    return plan.subsidy.amount_minor
