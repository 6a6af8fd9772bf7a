"""A payment: who paid, with which tenders, and how much of each was taken, given back or let go.

Every counter only rises, but for a refund that is reversed. What is open, payable or refundable is the difference of two of
them, and the database guards each difference (`payment_refunds_at_most_what_was_paid` and its sisters).
"""

from __future__ import annotations

from datetime import date, datetime
from enum import IntEnum
from typing import Any

import msgspec
from msgspec.structs import replace

from florin.events import (
    AuthorizationExtended,
    Authorized,
    CampaignPart,
    Captured,
    DisputeDecided,
    DisputeOpened,
    Escrowed,
    Event,
    EvidenceGiven,
    GoodsSentBack,
    InstallmentChoice,
    Place,
    ReceiptExtended,
    Received,
    Refunded,
    RefundRequested,
    RefundReversed,
    RequestAnswered,
    RequestClosed,
    ShareReturned,
    SharesGiven,
    Shipped,
    Voided,
)
from florin.money.at import At
from florin.payments.fees import FeeTaken, back_after, taken_after
from florin.payments.items import added
from florin.payments.particulars import ORDINARY, PaymentParticulars
from florin.payments.settlement_terms import SettlementTerms
from florin.payments.sharing import state as shares
from florin.payments.sharing.state import Sharing
from florin.payments.trade import Flow


class PaymentState(IntEnum):
    """AUTHORIZED waits for capture, ESCROWED for receipt; CAPTURED is final but for refunds; the last two are ends."""

    AUTHORIZED = 1
    ESCROWED = 2
    CAPTURED = 3
    VOIDED = 4
    REFUNDED = 5


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """One payment. Amounts in minor units, by tender: authorized, paid, released (never taken), refunded.

    coupon: the part that a campaign bears, as authorized; None for most. subsidy_promised: what a campaign has reserved to bear
    of the plan's fee, until the loan begins.

    fees: what it was charged by its merchant's plan and by a card's network, and what was given back; none for most.

    drawn: its loan began when it was paid into escrow, by the terms of that day.
    payable_on, payable_cut: the merchant's first window that it was credited in, as the day and its last cut-off then.
    confirm_on: the day on which the clock confirms receipt.
    dispute_held: of what the merchant was paid, what is held until a dispute is decided.
    share_until: the day on which the clock releases what is frozen of it for others.
    place: where it was bought, if the line's terms had sub-limits when it was authorized.
    exposure_before, limit_effective, tolerance: what the line was when it was authorized; group_*: what all lines of the
    payer that share a limit were, None where none is shared.
    """

    id: int
    lane: int
    trade_id: int
    app_id: int
    merchant_id: int
    person_id: int
    line_id: int
    flow: Flow
    state: PaymentState
    mdr_ppm: int
    authorized_on: date
    credit_authorized_minor: int
    wallet_authorized_minor: int
    credit_paid_minor: int = 0
    credit_released_minor: int = 0
    credit_refunded_minor: int = 0
    wallet_paid_minor: int = 0
    wallet_released_minor: int = 0
    wallet_refunded_minor: int = 0
    received_minor: int = 0
    refunded_before_receipt_minor: int = 0
    plan: InstallmentChoice | None = None
    place: Place | None = None
    drawn: bool = False
    merchant_fee_back_minor: int = 0
    mdr_minor: int = 0
    mdr_back_minor: int = 0
    payable_on: date | None = None
    payable_cut: int = 0
    confirm_on: date | None = None
    expires_at: datetime | None = None
    exposure_before_minor: int = 0
    limit_effective_minor: int = 0
    tolerance_minor: int = 0
    group_exposure_before_minor: int | None = None
    group_limit_minor: int | None = None
    coupon: CampaignPart | None = None
    coupon_paid_minor: int = 0
    coupon_released_minor: int = 0
    coupon_refunded_minor: int = 0
    subsidy_promised_minor: int = 0
    dispute_held_minor: int = 0
    share_until: date | None = None
    particulars: PaymentParticulars = ORDINARY
    fees: tuple[FeeTaken, ...] = ()

    @property
    def amount_minor(self) -> int:
        return self.credit_authorized_minor + self.wallet_authorized_minor + self.coupon_authorized_minor

    @property
    def coupon_authorized_minor(self) -> int:
        return 0 if self.coupon is None else self.coupon.amount_minor

    @property
    def paid_minor(self) -> int:
        return self.credit_paid_minor + self.wallet_paid_minor + self.coupon_paid_minor

    @property
    def refunded_minor(self) -> int:
        return self.credit_refunded_minor + self.wallet_refunded_minor + self.coupon_refunded_minor

    @property
    def refundable_minor(self) -> int:
        return self.paid_minor - self.refunded_minor

    @property
    def credit_open_minor(self) -> int:
        """Credit still held: authorized, neither taken nor released."""
        return self.credit_authorized_minor - self.credit_paid_minor - self.credit_released_minor

    @property
    def wallet_open_minor(self) -> int:
        return self.wallet_authorized_minor - self.wallet_paid_minor - self.wallet_released_minor

    @property
    def coupon_open_minor(self) -> int:
        return self.coupon_authorized_minor - self.coupon_paid_minor - self.coupon_released_minor

    @property
    def open_minor(self) -> int:
        return self.credit_open_minor + self.wallet_open_minor + self.coupon_open_minor

    @property
    def credit_left_minor(self) -> int:
        """Credit taken and not given back."""
        return self.credit_paid_minor - self.credit_refunded_minor

    @property
    def wallet_left_minor(self) -> int:
        return self.wallet_paid_minor - self.wallet_refunded_minor

    @property
    def coupon_left_minor(self) -> int:
        return self.coupon_paid_minor - self.coupon_refunded_minor

    def is_swept(self, terms: SettlementTerms, at: At) -> bool:
        """Whether the window that the merchant was credited in is over. terms: that settle him on the day.

        Of a sale that is shared it always is: its money was frozen instead.
        """
        if self.particulars.sharing is not None:
            return True
        return self.payable_on != at.on or terms.window_from(self.payable_cut) != terms.window_from(at.cut)

    def coupon_part(self, amount_minor: int, *, held_minor: int = 0) -> CampaignPart | None:
        """So much of its coupon, for an event; None when that is nothing."""
        if self.coupon is None or not amount_minor:
            return None
        return replace(self.coupon, amount_minor=amount_minor, held_minor=held_minor)

    def promised_part(self, amount_minor: int) -> CampaignPart | None:
        """So much of what is promised of its plan's fee, for an event; None when that is nothing."""
        if self.plan is None or self.plan.subsidy is None or not amount_minor:
            return None
        return replace(self.plan.subsidy, amount_minor=amount_minor, held_minor=0)


def _own_minor(part: CampaignPart | None) -> int:
    """What a merchant bears of a part himself: all of his own campaign's, nothing of another's."""
    return 0 if part is None else part.amount_minor - part.funded_minor


def _promised_minor(event: Captured | Received | Voided | Refunded) -> int:
    """What an event frees of a promise."""
    return 0 if event.promised is None else event.promised.amount_minor


def coupon_minor(event: Authorized | Escrowed | Captured | Received | Voided | Refunded) -> int:
    """What the event moves of a coupon."""
    return 0 if event.coupon is None else event.coupon.amount_minor


def evolve(payment: Payment, event: Event, *, cut: int = 0) -> Payment:
    """The payment after the event. A new payment starts with its tenders authorized and nothing taken.

    cut: the day's last cut-off when the event was recorded.
    """
    match event:
        case Authorized():
            return replace(
                payment,
                state=PaymentState.AUTHORIZED,
                expires_at=event.expires_at,
                subsidy_promised_minor=_borne_minor(event.plan),
            )
        case Escrowed():
            return replace(
                payment,
                state=PaymentState.ESCROWED,
                credit_paid_minor=payment.credit_paid_minor + event.credit_minor,
                wallet_paid_minor=payment.wallet_paid_minor + event.wallet_minor,
                coupon_paid_minor=payment.coupon_paid_minor + coupon_minor(event),
                subsidy_promised_minor=_borne_minor(event.plan),
                drawn=event.drawn,
            )
        case Captured():
            taken = event.credit_minor + event.wallet_minor + coupon_minor(event)
            return replace(
                payment,
                state=PaymentState.CAPTURED if taken == payment.open_minor else PaymentState.AUTHORIZED,
                credit_paid_minor=payment.credit_paid_minor + event.credit_minor,
                wallet_paid_minor=payment.wallet_paid_minor + event.wallet_minor,
                coupon_paid_minor=payment.coupon_paid_minor + coupon_minor(event),
                received_minor=payment.received_minor + taken,
                mdr_minor=payment.mdr_minor + event.mdr_minor,
                # Of parts the first counts: what was swept before must not be refunded from a later window.
                payable_on=payment.payable_on or event.value_on,
                payable_cut=payment.payable_cut if payment.payable_on else cut,
                subsidy_promised_minor=payment.subsidy_promised_minor - _promised_minor(event),
                plan=_plan_after(payment, event),
                fees=taken_after(payment.fees, event.fees),
                **_frozen(payment, event),
            )
        case Received():
            return replace(
                payment,
                state=PaymentState.CAPTURED,
                received_minor=payment.received_minor + event.credit_minor + event.wallet_minor + coupon_minor(event),
                mdr_minor=payment.mdr_minor + event.mdr_minor,
                payable_on=event.value_on,
                payable_cut=cut,
                subsidy_promised_minor=payment.subsidy_promised_minor - _promised_minor(event),
                plan=event.plan,
                confirm_on=None,
                fees=taken_after(payment.fees, event.fees),
                **_frozen(payment, event),
            )
        case Voided():
            return replace(
                payment,
                state=_state_after_release(payment, event),
                credit_released_minor=payment.credit_released_minor + event.credit_minor,
                wallet_released_minor=payment.wallet_released_minor + event.wallet_minor,
                coupon_released_minor=payment.coupon_released_minor + coupon_minor(event),
                subsidy_promised_minor=payment.subsidy_promised_minor - _promised_minor(event),
            )
        case Refunded():
            given = event.credit_minor + event.wallet_minor + coupon_minor(event)
            ends = given == payment.refundable_minor and payment.open_minor == 0
            return replace(
                payment,
                state=PaymentState.REFUNDED if ends else payment.state,
                credit_refunded_minor=payment.credit_refunded_minor + event.credit_minor,
                wallet_refunded_minor=payment.wallet_refunded_minor + event.wallet_minor,
                coupon_refunded_minor=payment.coupon_refunded_minor + coupon_minor(event),
                subsidy_promised_minor=payment.subsidy_promised_minor - _promised_minor(event),
                refunded_before_receipt_minor=payment.refunded_before_receipt_minor
                + (given if event.before_receipt else 0),
                mdr_back_minor=payment.mdr_back_minor + event.mdr_back_minor,
                merchant_fee_back_minor=payment.merchant_fee_back_minor
                + event.merchant_fee_back_minor
                + _own_minor(event.subsidy_back),
                confirm_on=None if ends else payment.confirm_on,
                dispute_held_minor=payment.dispute_held_minor - event.from_held_minor,
                particulars=_refunded(payment, event),
                fees=back_after(payment.fees, event.fees_back),
            )
        case RefundReversed():
            return replace(
                payment,
                state=PaymentState.CAPTURED if payment.state is PaymentState.REFUNDED else payment.state,
                credit_refunded_minor=payment.credit_refunded_minor - event.credit_minor,
                wallet_refunded_minor=payment.wallet_refunded_minor - event.wallet_minor,
                mdr_back_minor=payment.mdr_back_minor - event.mdr_minor,
                particulars=_given_back(payment, event, sign=-1),
                fees=back_after(payment.fees, event.fees, sign=-1),
            )
        case AuthorizationExtended():
            extended = replace(payment.particulars, hold_extensions=payment.particulars.hold_extensions + 1)
            return replace(payment, expires_at=event.expires_at, particulars=extended)
        case ReceiptExtended():
            extended = replace(payment.particulars, extensions=payment.particulars.extensions + 1)
            return replace(payment, confirm_on=event.confirm_on, particulars=extended)
        case RefundRequested():
            return replace(payment, confirm_on=None, particulars=_requested(payment.particulars, event))
        case DisputeOpened():
            return replace(payment, dispute_held_minor=payment.dispute_held_minor + event.held_minor)
        case RequestClosed():
            return replace(
                payment,
                confirm_on=event.confirm_on,
                dispute_held_minor=payment.dispute_held_minor - event.released_minor,
                particulars=replace(payment.particulars, request_id=0, days_left=None),
            )
        case SharesGiven() | ShareReturned():
            assert payment.particulars.sharing is not None, "only a frozen sale is shared"
            after = shares.evolve(payment.particulars.sharing, event, cut=cut)
            until = None if after.finished else payment.share_until
            return replace(payment, share_until=until, particulars=replace(payment.particulars, sharing=after))
        case Shipped(confirm_on=None, days_left=None):
            return payment
        case Shipped():
            started = replace(payment.particulars, confirm_days=None, days_left=event.days_left)
            return replace(payment, confirm_on=event.confirm_on, particulars=started)
        case RequestAnswered() | GoodsSentBack() | EvidenceGiven() | DisputeDecided():
            return payment
    raise AssertionError(f"{type(event).__name__} does not touch a payment")


def _state_after_release(payment: Payment, event: Voided) -> PaymentState:
    """Some of it may still be open; else what was taken stands, where something was."""
    if event.credit_minor + event.wallet_minor + coupon_minor(event) < payment.open_minor:
        return payment.state
    return PaymentState.CAPTURED if payment.paid_minor else PaymentState.VOIDED


def _frozen(payment: Payment, event: Captured | Received) -> dict[str, Any]:
    """What an event that freezes some of a sale for others changes."""
    if event.frozen is None:
        return {}
    sharing: Sharing | None = shares.frozen_by(payment.particulars.sharing, event.frozen)
    return {"share_until": event.frozen.until, "particulars": replace(payment.particulars, sharing=sharing)}


def _refunded(payment: Payment, event: Refunded) -> PaymentParticulars:
    particulars = _given_back(payment, event)
    if particulars.sharing is None:
        return particulars
    return replace(particulars, sharing=shares.evolve(particulars.sharing, event))


def _given_back(payment: Payment, event: Refunded | RefundReversed, *, sign: int = 1) -> PaymentParticulars:
    if not event.items:
        return payment.particulars
    return replace(payment.particulars, given_back=added(payment.particulars.given_back, event.items, sign=sign))


def _requested(particulars: PaymentParticulars, event: RefundRequested) -> PaymentParticulars:
    return replace(
        particulars, request_id=event.request_id, requests=particulars.requests + 1, days_left=event.days_left
    )


def _plan_after(payment: Payment, event: Captured) -> InstallmentChoice | None:
    """What is agreed of installments after a capture: each is a plan of its own; the payment's fee is all theirs, and so
    is what a campaign bears of it. The campaign stays named where it bears nothing yet: its promise is still to be freed.
    """
    if event.plan is None or payment.plan is None:
        return event.plan or payment.plan
    before = payment.plan if payment.credit_paid_minor else replace(event.plan, fee_minor=0, subsidy=None)
    subsidy = payment.plan.subsidy
    if subsidy is not None:
        subsidy = replace(subsidy, amount_minor=_borne_minor(before) + _borne_minor(event.plan))
    return replace(before, fee_minor=before.fee_minor + event.plan.fee_minor, subsidy=subsidy)


def _borne_minor(plan: InstallmentChoice | None) -> int:
    return 0 if plan is None or plan.subsidy is None else plan.subsidy.amount_minor
