"""Repay: the shopper pays, from the wallet or through the bank.

The amount clears billed debts first, the oldest statement first, then unbilled ones. The wallet is never asked for
more than is owed. Through the bank more may arrive: the excess is owed to the customer and, by the terms, goes to the
wallet at once; by the terms its limit comes back only when it has cleared (`repayment_hold.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

import msgspec

from florin.credit.account import evolve
from florin.credit.correction import correct
from florin.credit.items import Account
from florin.credit.line import Line
from florin.credit.payoff import payoff
from florin.credit.repayment_hold import credit_balance_paid
from florin.credit.sell_claims import passes_on_minor, refuse_sold
from florin.credit.terms import Program
from florin.events import CreditBalancePaid, Event, Repaid, RepaymentSource
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.wallet.top_up import AmountNotPositive
from florin.wallet.withdraw import WalletTooLow


class Repay(msgspec.Struct, frozen=True, kw_only=True):
    """amount_minor: above zero. reference: the bank's, for a repayment through the bank. value_on: the day on which it
    counts, when that is over; the bank's only. None: today.
    """

    needs_advance: ClassVar[bool] = True

    line_id: int
    amount_minor: int
    source: RepaymentSource
    reference: str = ""
    value_on: date | None = None


class ValueDateImpossible(Refusal, frozen=True, kw_only=True):
    en = "It cannot count on {value_on}: choose a day from {first_on} to {last_on}."
    zh = "不能按{value_on}入账：请选择{first_on}至{last_on}之间的日期。"

    value_on: date
    first_on: date
    last_on: date


class WalletNotBackdated(Refusal, frozen=True, kw_only=True):
    en = "A repayment from the wallet counts on the day it is made. Leave the value date out."
    zh = "余额还款只能当天入账，请不要填写入账日期。"

    value_on: date


class NothingOwed(Refusal, frozen=True, kw_only=True):
    en = "There is nothing to repay. Nothing was taken from your wallet."
    zh = "您没有需要还的款项，未从余额扣款。"

    line_id: int


class RepaymentAboveOwed(Refusal, frozen=True, kw_only=True):
    en = "You owe {owed_minor} in all. Nothing was taken from your wallet. Repay {owed_minor} or less."
    zh = "您目前共欠 {owed_minor}，未从余额扣款。请还 {owed_minor} 或更少。"

    amount_minor: int
    owed_minor: int
    line_id: int


def decide(
    line: Line,
    account: Account,
    command: Repay,
    at: At,
    *,
    wallet_balance_minor: int,
    program: Program,
    history: Sequence[Event] | None = None,
) -> tuple[Repaid | CreditBalancePaid, ...] | Refusal:
    """The repayment, and the payment of an excess to the wallet. The account must have been advanced to `at.on`.

    A repayment through the bank is money that has arrived, so it is taken whatever is owed; unless all that was owed has been
    sold, or was when it is to count. history: all events of the
    line, needed when it counts on a day that is over.
    """
    if command.amount_minor <= 0:
        return AmountNotPositive(amount_minor=command.amount_minor)
    on = command.value_on or at.on
    if refusal := refuse_value_date(line, on, at):
        return refusal
    if refusal := _refuse_sold(line, account, on, at, program):
        return refusal
    if command.source == "wallet" and on != at.on:
        return WalletNotBackdated(value_on=on)
    if command.source == "wallet":
        refusal = _refuse_wallet(account, command, at, wallet_balance_minor, program)
        if refusal is not None:
            return refusal
    repaid = Repaid(
        value_on=on,
        line_id=line.id,
        person_id=line.person_id,
        amount_minor=command.amount_minor,
        source=command.source,
        reference=command.reference,
        known_on=at.on if on < at.on else None,
    )
    after, _ = evolve(account, repaid, program) if on == at.on else correct(history or (), repaid, program)
    excess = credit_balance_paid(line, after, at, program)
    return (repaid,) if excess is None else (repaid, excess)


def refuse_value_date(line: Line, on: date, at: At) -> Refusal | None:
    """Why something cannot count on that day: it is ahead, or the line was not open yet."""
    if line.opened_on <= on <= at.on:
        return None
    return ValueDateImpossible(value_on=on, first_on=line.opened_on, last_on=at.on)


def _refuse_sold(line: Line, account: Account, on: date, at: At, program: Program) -> Refusal | None:
    """What would have lowered a claim before it was sold is between us and the buyer; so is what nobody owes us any more."""
    sold = account.sold
    if sold is None:
        return None
    owed_minor = payoff(account, at.on, program).total_minor + passes_on_minor(account, at.on, program)
    return refuse_sold(account, line_id=line.id) if on < sold.on or owed_minor == 0 else None


def _refuse_wallet(
    account: Account, command: Repay, at: At, wallet_balance_minor: int, program: Program
) -> Refusal | None:
    owed_minor = payoff(account, at.on, program).total_minor + passes_on_minor(account, at.on, program)
    if owed_minor == 0:
        return NothingOwed(line_id=command.line_id)
    if command.amount_minor > owed_minor:
        return RepaymentAboveOwed(amount_minor=command.amount_minor, owed_minor=owed_minor, line_id=command.line_id)
    if command.amount_minor > wallet_balance_minor:
        return WalletTooLow(
            balance_minor=wallet_balance_minor,
            requested_minor=command.amount_minor,
            short_minor=command.amount_minor - wallet_balance_minor,
        )
    return None
