"""Settle with who bought claims: the price that he pays comes in, and what still arrives of what was sold goes out to him.

The owner records a price when the bank has it, by the bank's reference; it may come in parts, and before all of it is owed.
What a day passed on to a buyer is his to the fen, and the close after it sends it. A day on which more was taken back (a
refund that was reversed, a repayment that the bank took back) he owes, beside the price: his account is not ours to debit.
"""

from __future__ import annotations

import msgspec

from florin.events import ClaimBuyerPaid, ClaimBuyerSettled
from florin.events.refusals import Refusal
from florin.money.at import At


class RecordBuyerPayment(msgspec.Struct, frozen=True, kw_only=True):
    """Money of a buyer of claims that has arrived on the lender's account, by the bank's reference."""

    lane: int
    buyer: str
    amount_minor: int
    bank_reference: str


class SettleBuyer(msgspec.Struct, frozen=True, kw_only=True):
    """What one day passed on to a buyer in a lane; below zero, more was taken back than passed on."""

    lane: int
    buyer: str
    passed_on_minor: int


class BuyerPaymentNotPositive(Refusal, frozen=True, kw_only=True):
    en = "A payment of {amount_minor} cannot be recorded. Send an amount above zero."
    zh = "无法记录 {amount_minor} 的付款，请填写大于零的金额。"

    amount_minor: int


class NoSuchClaimBuyer(Refusal, frozen=True, kw_only=True):
    en = "No claims were sold to {buyer}. Known buyers: {known}."
    zh = "没有向“{buyer}”转让过债权。已有受让方：{known}。"

    buyer: str
    known: str


def decide_paid(command: RecordBuyerPayment, at: At) -> tuple[ClaimBuyerPaid] | Refusal:
    """Who the buyers are, the caller knows."""
    if command.amount_minor <= 0:
        return BuyerPaymentNotPositive(amount_minor=command.amount_minor)
    return (
        ClaimBuyerPaid(
            value_on=at.on,
            buyer=command.buyer,
            amount_minor=command.amount_minor,
            bank_reference=command.bank_reference,
        ),
    )


def decide_settled(command: SettleBuyer, at: At) -> tuple[ClaimBuyerSettled]:
    return (
        ClaimBuyerSettled(
            value_on=at.on,
            buyer=command.buyer,
            paid_minor=max(command.passed_on_minor, 0),
            taken_back_minor=max(-command.passed_on_minor, 0),
        ),
    )
