"""Paying back: a merchant whose balance is below zero owes what refunds took beyond it.

His next sales pay it by themselves. Where there will be none the house asks for it: an invoice says by when, and what he then
pays through his bank is recorded; never more than he owes.
"""

from __future__ import annotations

from datetime import date

import msgspec

from florin.events import MerchantInvoiced, MerchantPaidBack
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.merchant import MerchantBalance


class InvoiceMerchant(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for all that is owed."""

    merchant_id: int
    due_on: date


class PayBack(msgspec.Struct, frozen=True, kw_only=True):
    """amount_minor: what arrived in the safeguarded account. bank_reference: one, one receipt."""

    merchant_id: int
    amount_minor: int
    bank_reference: str


class MerchantOwesNothing(Refusal, frozen=True, kw_only=True):
    en = "This merchant owes nothing: {available_minor} is available."
    zh = "该商户没有欠款，当前可用{available_minor}。"

    available_minor: int


class PaysBackMoreThanOwed(Refusal, frozen=True, kw_only=True):
    en = "The merchant owes {owed_minor}; {paid_minor} is {over_minor} more. Send the rest back to his bank."
    zh = "该商户欠款{owed_minor}，收到{paid_minor}，多出{over_minor}，请将多出部分退回其银行账户。"

    owed_minor: int
    paid_minor: int
    over_minor: int


class InvoiceDueTooSoon(Refusal, frozen=True, kw_only=True):
    en = "An invoice cannot be due on {due_on}; today is {on}."
    zh = "付款期限不能是{due_on}，今天是{on}。"

    due_on: date
    on: date


def decide_invoice(balance: MerchantBalance, command: InvoiceMerchant, at: At) -> tuple[MerchantInvoiced] | Refusal:
    if balance.available_minor >= 0:
        return MerchantOwesNothing(available_minor=balance.available_minor)
    if command.due_on < at.on:
        return InvoiceDueTooSoon(due_on=command.due_on, on=at.on)
    owed = -balance.available_minor
    return (MerchantInvoiced(value_on=at.on, merchant_id=balance.id, amount_minor=owed, due_on=command.due_on),)


def decide_paid_back(balance: MerchantBalance, command: PayBack, at: At) -> tuple[MerchantPaidBack] | Refusal:
    owed = max(-balance.available_minor, 0)
    if not owed:
        return MerchantOwesNothing(available_minor=balance.available_minor)
    if not 0 < command.amount_minor <= owed:
        return PaysBackMoreThanOwed(
            owed_minor=owed, paid_minor=command.amount_minor, over_minor=command.amount_minor - owed
        )
    return (
        MerchantPaidBack(
            value_on=at.on,
            merchant_id=balance.id,
            amount_minor=command.amount_minor,
            bank_reference=command.bank_reference,
            round=balance.round,
        ),
    )
