"""Receipts that fit nothing: kept for whoever they are from, until it is known, or sent back."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec
from msgspec.structs import replace

from florin.events import ReceiptAllocated, ReceiptSentBack, ReceiptUnallocated, SentBackAnswered
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.wallet.payout import Payout, refuse_answer
from florin.wallet.top_up import AmountNotPositive


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """payout_id: of its way back. party, party_account: whom it came from, as the bank says."""

    id: int
    lane: int
    amount_minor: int
    bank_reference: str
    booked_on: date
    party: str = ""
    party_account: str = ""
    text: str = ""
    state: Literal["open", "allocated", "sending-back", "sent-back"] = "open"
    payout_id: int = 0


class KeepReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """Put money that fits nothing on record. receipt_id: made by the caller. bank_reference: of its entry, one receipt each."""

    receipt_id: int
    amount_minor: int
    bank_reference: str
    booked_on: date
    party: str = ""
    party_account: str = ""
    text: str = ""


class AllocateReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """It is known whose it is. Linked with the command that books it as his: a top-up or a repayment of the same amount."""

    receipt_id: int
    by: str
    reason: str


class SendBackReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """Send it back to where it came from. payout_id: made by the caller, in the receipt's lane."""

    receipt_id: int
    payout_id: int
    by: str
    reason: str


class SettleSentBack(msgspec.Struct, frozen=True, kw_only=True):
    """What the bank says of its way back. returned: it could not; `reason` in its words."""

    receipt_id: int
    payout_id: int
    amount_minor: int
    bank_reference: str
    returned: bool = False
    reason: str = ""


class ReceiptNotOpen(Refusal, frozen=True, kw_only=True):
    en = "This receipt of {amount_minor} is {state} already."
    zh = "该笔{amount_minor}的入账已处理：{state}。"

    receipt_id: int
    amount_minor: int
    state: str


class SenderUnknown(Refusal, frozen=True, kw_only=True):
    en = "The bank names no account that this money came from, so it cannot be sent back. Ask the bank."
    zh = "银行未提供付款账号，无法退回。请联系银行。"

    receipt_id: int


def decide_kept(command: KeepReceipt, at: At) -> tuple[ReceiptUnallocated] | Refusal:
    if command.amount_minor <= 0:
        return AmountNotPositive(amount_minor=command.amount_minor)
    return (
        ReceiptUnallocated(
            value_on=at.on, amount_minor=command.amount_minor, bank_reference=command.bank_reference,
            booked_on=command.booked_on, party=command.party, party_account=command.party_account, text=command.text,
        ),
    )  # fmt: skip


def decide_allocated(receipt: Receipt, command: AllocateReceipt, at: At) -> tuple[ReceiptAllocated] | Refusal:
    if receipt.state != "open":
        return _not_open(receipt)
    return (
        ReceiptAllocated(
            value_on=at.on, amount_minor=receipt.amount_minor, receipt_id=receipt.id,
            bank_reference=receipt.bank_reference, by=command.by, reason=command.reason,
        ),
    )  # fmt: skip


def decide_sent_back(receipt: Receipt, command: SendBackReceipt, at: At) -> tuple[ReceiptSentBack] | Refusal:
    if receipt.state != "open":
        return _not_open(receipt)
    if not receipt.party_account:
        return SenderUnknown(receipt_id=receipt.id)
    return (
        ReceiptSentBack(
            value_on=at.on,
            amount_minor=receipt.amount_minor,
            receipt_id=receipt.id,
            by=command.by,
            reason=command.reason,
        ),
    )


def decide_answered(
    receipt: Receipt, sent: Payout, command: SettleSentBack, at: At
) -> tuple[SentBackAnswered] | Refusal:
    """Sent back or not, as the bank says: once, and for what was sent."""
    if refusal := refuse_answer(sent, amount_minor=command.amount_minor, beneficiary_id=0):
        return refusal
    return (
        SentBackAnswered(
            value_on=at.on, amount_minor=command.amount_minor, receipt_id=receipt.id, payout_id=sent.id,
            bank_reference=command.bank_reference, returned=command.returned, reason=command.reason,
        ),
    )  # fmt: skip


def receipt_of(event: ReceiptUnallocated, *, identifier: int, lane: int) -> Receipt:
    """The receipt that an event begins."""
    return Receipt(
        id=identifier, lane=lane, amount_minor=event.amount_minor, bank_reference=event.bank_reference,
        booked_on=event.booked_on, party=event.party, party_account=event.party_account, text=event.text,
    )  # fmt: skip


def evolve_receipt(
    receipt: Receipt, event: ReceiptAllocated | ReceiptSentBack | SentBackAnswered, *, payout_id: int = 0
) -> Receipt:
    """The receipt after an event of its own. payout_id: of the payout that sends it back."""
    match event:
        case ReceiptAllocated():
            return replace(receipt, state="allocated")
        case ReceiptSentBack():
            return replace(receipt, state="sending-back", payout_id=payout_id)
        case SentBackAnswered():
            return replace(receipt, state="open" if event.returned else "sent-back")


def _not_open(receipt: Receipt) -> ReceiptNotOpen:
    return ReceiptNotOpen(receipt_id=receipt.id, amount_minor=receipt.amount_minor, state=receipt.state)
