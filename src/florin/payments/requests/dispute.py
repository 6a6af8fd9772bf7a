"""Dispute: what the seller has refused goes to the operator, with evidence of both sides; he decides, or his silence does.

Before receipt the money is in escrow and stays there. After it, what the seller was paid for this sale and still has, up to
the amount in dispute, is held: out of the sale's window while that is open, else out of his available balance. What he has been
paid out is not there; then less is held, or nothing, and the dispute goes on all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

import msgspec

from florin.events import DisputeDecided, DisputeFunded, DisputeOpened, Event, EvidenceFile, EvidenceGiven
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.items import OrderLine
from florin.payments.merchant import MerchantBalance
from florin.payments.payment import Payment, PaymentState
from florin.payments.requests.ask import refuse_note
from florin.payments.requests.carry_out import Refunding, carried_out, refund_of
from florin.payments.requests.request import RefundRequest, RequestState, TooLate, owners_of, refuse_turn
from florin.payments.requests.terms import EscrowTerms


class OpenDispute(msgspec.Struct, frozen=True, kw_only=True):
    request_id: int
    payment_id: int
    person_id: int
    note: str = ""


class GiveEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """person_id or merchant_id: whose it is. files: kept already, under their digests."""

    request_id: int
    payment_id: int
    person_id: int = 0
    merchant_id: int = 0
    note: str = ""
    files: tuple[EvidenceFile, ...] = ()


class DecideDispute(msgspec.Struct, frozen=True, kw_only=True):
    """refund: what the buyer gets, from nothing to all that she has asked."""

    request_id: int
    payment_id: int
    refund_minor: int
    note: str = ""


class NothingShown(Refusal, frozen=True, kw_only=True):
    en = "Say something, or show a file."
    zh = "请填写说明或上传文件。"


class EvidenceRefused(Refusal, frozen=True, kw_only=True):
    en = "This file cannot be taken: {because}. Files may be {types}, up to {bytes_max} bytes each, {files_max} in all."
    zh = "文件无法接收：{because}。支持{types}，单个不超过{bytes_max}字节，共{files_max}个。"

    because: str
    types: str
    bytes_max: int
    files_max: int


class DecisionOutOfRange(Refusal, frozen=True, kw_only=True):
    en = "A dispute over {asked_minor} is decided with a refund from nothing to that; it was {refund_minor}."
    zh = "争议金额为{asked_minor}，裁决退款须在零至该金额之间，收到的是{refund_minor}。"

    asked_minor: int
    refund_minor: int


def decide_open(
    request: RefundRequest,
    payment: Payment,
    balance: MerchantBalance | None,
    command: OpenDispute,
    at: At,
    *,
    terms: EscrowTerms,
    is_swept: bool,
) -> tuple[Event, ...] | Refusal:
    """balance: the seller's, needed only for a sale that was swept. is_swept: whether its window is over."""
    turn = refuse_turn(request, payment, RequestState.REFUSED, person_id=command.person_id)
    if refusal := turn or refuse_note(command.note):
        return refusal
    held = _held_minor(request, payment, balance, is_swept=is_swept)
    swept = held if is_swept else 0
    opened = DisputeOpened(
        value_on=at.on,
        **owners_of(request, payment),
        evidence_by=at.on + timedelta(days=terms.evidence_days),
        due_on=at.on + timedelta(days=terms.decision_days),
        note=command.note,
        held_minor=held,
        swept_minor=swept,
    )
    if not swept:
        return (opened,)
    funded = DisputeFunded(
        value_on=at.on,
        trade_id=payment.trade_id,
        payment_id=payment.id,
        merchant_id=payment.merchant_id,
        amount_minor=swept,
        to_lane=payment.lane,
        round=0 if balance is None else balance.round,
    )
    return opened, funded


def _held_minor(request: RefundRequest, payment: Payment, balance: MerchantBalance | None, *, is_swept: bool) -> int:
    if payment.state is not PaymentState.CAPTURED:
        return 0
    held = min(request.amount_minor, net_left_minor(payment))
    if is_swept:
        assert balance is not None, "a swept sale is disputed with the seller's balance"
        held = min(held, balance.available_minor)
    return max(held, 0)


def net_left_minor(payment: Payment) -> int:
    """What a sale has brought its seller, after his fees, what he has given back, and what others have of it or may get."""
    coupon = 0 if payment.coupon is None or not payment.coupon.funded_minor else payment.coupon_left_minor
    plan = payment.plan
    borne = 0 if plan is None else plan.fee_minor if plan.fee_payer == "merchant" else 0
    fees = payment.mdr_minor - payment.mdr_back_minor + max(borne - payment.merchant_fee_back_minor, 0)
    sharing = payment.particulars.sharing
    shared = 0 if sharing is None else sharing.frozen_minor + sharing.given_minor
    return payment.credit_left_minor + payment.wallet_left_minor + coupon - fees - shared


def decide_evidence(
    request: RefundRequest, payment: Payment, command: GiveEvidence, at: At, *, terms: EscrowTerms
) -> tuple[EvidenceGiven] | Refusal:
    """Each side, while the dispute is open and the time for it is not over."""
    by: Literal["buyer", "seller"] = "buyer" if command.person_id else "seller"
    owner = {"person_id": command.person_id} if by == "buyer" else {"merchant_id": command.merchant_id}
    if refusal := refuse_turn(request, payment, RequestState.DISPUTED, **owner) or refuse_note(command.note):
        return refusal
    if request.evidence_by is not None and at.on > request.evidence_by:
        return TooLate(due_on=request.evidence_by)
    if not command.note.strip() and not command.files:
        return NothingShown()
    shown = request.buyer_files if by == "buyer" else request.seller_files
    if refusal := refuse_files(command.files, shown, terms):
        return refusal
    return (
        EvidenceGiven(
            value_on=at.on,
            **owners_of(request, payment),
            by=by,
            note=command.note,
            files=command.files,
        ),
    )


def refuse_files(files: Sequence[EvidenceFile], shown: int, terms: EscrowTerms) -> EvidenceRefused | None:
    """shown: how many this side has shown before."""
    because = ""
    if shown + len(files) > terms.evidence_files_max:
        because = f"{shown + len(files)} files"
    for file in files:
        if file.type not in terms.evidence_types:
            because = f"{file.name[:60]}: {file.type[:60] or '?'}"
        elif not 0 < file.size <= terms.evidence_bytes_max:
            because = f"{file.name[:60]}: {file.size} bytes"
    if not because:
        return None
    return EvidenceRefused(
        because=because,
        types=", ".join(terms.evidence_types),
        bytes_max=terms.evidence_bytes_max,
        files_max=terms.evidence_files_max,
    )


def decide_decision(
    request: RefundRequest,
    payment: Payment,
    lines: Sequence[OrderLine],
    command: DecideDispute,
    at: At,
    *,
    refunding: Refunding,
    by: Literal["operator", "clock"] = "operator",
) -> tuple[Event, ...] | Refusal:
    """What the buyer gets is refunded, what is held beyond it is the seller's again, and the clock goes on for the rest."""
    if refusal := refuse_turn(request, payment, RequestState.DISPUTED) or refuse_note(command.note):
        return refusal
    if not 0 <= command.refund_minor <= request.amount_minor:
        return DecisionOutOfRange(asked_minor=request.amount_minor, refund_minor=command.refund_minor)
    decided = DisputeDecided(
        value_on=at.on,
        **owners_of(request, payment),
        refund_minor=command.refund_minor,
        by=by,
        note=command.note,
    )
    refund = refund_of(request, payment, lines, amount_minor=command.refund_minor)
    done = carried_out(request, payment, refund, refunding, at, how="decided")
    return done if isinstance(done, Refusal) else (decided, *done)
