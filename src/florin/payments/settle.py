"""Settle: what the merchant is owed becomes available, and is paid out; lender and payment institution square their pair.

A *window* is one business day of one merchant in one lane, or the part of it between two cut-offs of his terms (T+0). It is
swept once, after it is over, into the merchant's available balance in his home lane; a payout takes what is available above
zero.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from florin.events import (
    BooksSettled,
    Event,
    FeesSwept,
    MallSettled,
    NetworkSettled,
    PaidOut,
    PayoutReturned,
    PayoutSettled,
    PayoutsHeld,
    WindowReceived,
    WindowSwept,
)
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.merchant import MerchantBalance
from florin.payments.settlement_terms import MIDNIGHT, USUAL, SettlementTerms
from florin.wallet.payout import Payout, refuse_answer

# How the reason begins for which payouts wait after one came back; then comes the bank's.
RETURNED: Final = "the bank sent a payout back: "


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """One window. amount_minor: the sum of its payable, below zero when refunds outweighed sales. Never zero.

    window_from, window_until: minutes after midnight; it holds what was posted at cut-offs from the one to before the other.
    """

    merchant_id: int
    lane: int
    window_on: date
    amount_minor: int
    window_from: int = 0
    window_until: int = MIDNIGHT


class PayOut(msgspec.Struct, frozen=True, kw_only=True):
    """Pay the merchant all that is available."""

    payout_id: int
    merchant_id: int


class SettlePayout(msgspec.Struct, frozen=True, kw_only=True):
    """What the bank says of a payout. returned: it could not pay; `reason` in its words, `reason_code` in the standard's.

    late: it had paid, and the money came back; only with `returned`.
    """

    payout_id: int
    merchant_id: int
    amount_minor: int
    bank_reference: str
    returned: bool = False
    reason: str = ""
    reason_code: str = ""
    late: bool = False


class SettleBooks(msgspec.Struct, frozen=True, kw_only=True):
    """One lane's pair: what the lender owes the institution and the other way; below zero, more was given back than owed."""

    lane: int
    lender_owes_minor: int
    institution_owes_minor: int


class SettleMall(msgspec.Struct, frozen=True, kw_only=True):
    """One lane's share of what the mall owes the institution and the lender, and the institution the mall of its commission;
    below zero, more was given back than owed.
    """

    lane: int
    institution_minor: int
    lender_minor: int
    commission_minor: int = 0


class SettleNetwork(msgspec.Struct, frozen=True, kw_only=True):
    """One lane's share of what institution and lender owe a card's network; below zero, more was given back than owed."""

    lane: int
    institution_minor: int
    lender_minor: int


class SweepFees(msgspec.Struct, frozen=True, kw_only=True):
    """Take one lane's own fees out of the safeguarded account; below zero, bring back what was refunded of them."""

    lane: int
    amount_minor: int


class NothingToPayOut(Refusal, frozen=True, kw_only=True):
    en = (
        "There is nothing to pay out: {available_minor} is available, and the terms keep some of it or want more first."
    )
    zh = "没有可打款的金额：当前可用{available_minor}，未超过留存额或未达到最低打款额。"

    available_minor: int


class PayoutsStopped(Refusal, frozen=True, kw_only=True):
    en = "Nothing is paid out to this merchant: {reason}. Release his payouts, or reopen him, first."
    zh = "该商户的打款已停止：{reason}。请先恢复打款或重新开通商户。"

    reason: str


def decide_sweep(command: Sweep, at: At, *, round: int = 0) -> tuple[WindowSwept, WindowReceived]:
    """Both sides of the lanes' clearing, in one transaction. round: of the merchant's payouts."""
    amount, negative = abs(command.amount_minor), command.amount_minor < 0
    common = {
        "value_on": at.on,
        "merchant_id": command.merchant_id,
        "window_on": command.window_on,
        "window_from": command.window_from,
        "window_until": command.window_until,
    }
    return (
        WindowSwept(**common, amount_minor=amount, negative=negative),  # type: ignore[arg-type]
        WindowReceived(**common, amount_minor=amount, negative=negative, from_lane=command.lane, round=round),  # type: ignore[arg-type]
    )


def decide_payout(
    balance: MerchantBalance, command: PayOut, at: At, terms: SettlementTerms = USUAL, *, state: str = "open"
) -> tuple[PaidOut] | Refusal:
    """What the terms let go of what is available. state: the merchant's; nothing leaves for one who is frozen."""
    if state == "frozen" or balance.held_because:
        return PayoutsStopped(reason=balance.held_because or "frozen")
    amount = terms.payable_minor(balance.available_minor)
    if not amount:
        return NothingToPayOut(available_minor=balance.available_minor)
    left = balance.available_minor - amount
    return (
        PaidOut(
            value_on=at.on, merchant_id=command.merchant_id, amount_minor=amount, left_minor=left, round=balance.round
        ),
    )


def decide_settled_payout(
    sent: Payout, command: SettlePayout, at: At, balance: MerchantBalance | None = None
) -> tuple[Event, ...] | Refusal:
    """Settled or returned, as the bank says: once, and for what was sent.

    What came back holds the merchant's payouts until his account is changed, or somebody says otherwise: the next would come
    back too. balance: the merchant's.
    """
    if refusal := refuse_answer(
        sent, amount_minor=command.amount_minor, beneficiary_id=command.merchant_id, late=command.late
    ):
        return refusal
    common = {
        "value_on": at.on,
        "merchant_id": command.merchant_id,
        "amount_minor": command.amount_minor,
        "payout_id": command.payout_id,
        "bank_reference": command.bank_reference,
    }
    if command.returned or command.late:
        why = {"reason": command.reason, "reason_code": command.reason_code, "late": command.late}
        returned = PayoutReturned(**common, **why, round=balance.round if balance else 0)  # type: ignore[arg-type]
        if balance is None or balance.held_because:
            return (returned,)
        held = f"{RETURNED}{command.reason or command.reason_code}"
        return (returned, PayoutsHeld(value_on=at.on, merchant_id=command.merchant_id, reason=held, by="bank"))
    return (PayoutSettled(**common),)  # type: ignore[arg-type]


def decide_books(command: SettleBooks, at: At) -> tuple[BooksSettled]:
    net = max(min(command.lender_owes_minor, command.institution_owes_minor), 0)
    return (
        BooksSettled(
            value_on=at.on,
            net_minor=net,
            lender_pays_minor=command.lender_owes_minor - net,
            institution_pays_minor=command.institution_owes_minor - net,
        ),
    )


def decide_mall(command: SettleMall, at: At) -> tuple[MallSettled]:
    return (
        MallSettled(
            value_on=at.on,
            institution_minor=command.institution_minor,
            lender_minor=command.lender_minor,
            commission_minor=command.commission_minor,
        ),
    )


def decide_network(command: SettleNetwork, at: At) -> tuple[NetworkSettled]:
    return (
        NetworkSettled(value_on=at.on, institution_minor=command.institution_minor, lender_minor=command.lender_minor),
    )


def decide_fees(command: SweepFees, at: At) -> tuple[FeesSwept]:
    amount = command.amount_minor
    return (FeesSwept(value_on=at.on, amount_minor=abs(amount), negative=amount < 0),)
