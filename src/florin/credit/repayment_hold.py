"""The hold of a repayment: what came through the bank may still be taken back, so the limit waits until it has cleared.

The debt falls at once, and so do its interest and its age. What the repayment lowered of principal, and what of it stands in
the credit balance, stays in the exposure (`Account.uncleared_minor`) until the clock has let the terms' `repayment_hold_days`
pass, counted from the day on which the repayment counts, or until the owner says that the bank has confirmed it. Meanwhile it
is neither spent again nor paid out to the wallet. A repayment that the bank takes back counts as never made, and so does its
hold (`return_repayment.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from operator import attrgetter
from typing import ClassVar

import msgspec
from msgspec.structs import replace

from florin.credit.items import Account
from florin.credit.line import Line, LineState
from florin.credit.particulars import Uncleared
from florin.credit.terms import Program
from florin.events import CreditBalancePaid, Repaid, RepaymentCleared, RepaymentConfirmed
from florin.events.refusals import Refusal
from florin.ledger import Entry, Rule
from florin.money.at import At


class ConfirmRepayment(msgspec.Struct, frozen=True, kw_only=True):
    """The bank says that a repayment will not come back. amount, reference: the bank's own of the repayment."""

    needs_advance: ClassVar[bool] = True

    line_id: int
    amount_minor: int
    reference: str


class PayCreditBalance(msgspec.Struct, frozen=True, kw_only=True):
    """Pay to the wallet what the lender owes the customer and has cleared: the day close's own command."""

    needs_advance: ClassVar[bool] = True

    line_id: int


class NoRepaymentHeld(Refusal, frozen=True, kw_only=True):
    en = (
        "No repayment of {amount_minor} with the reference {reference} is waiting to clear. It has cleared already, was never "
        "held, or was taken back: compare the bank's file."
    )
    zh = "没有待确认的还款：金额{amount_minor}，参考号{reference}。可能已确认、无需确认，或已被退回，请核对银行文件。"

    amount_minor: int
    reference: str
    line_id: int


def decide(
    line: Line, account: Account, command: ConfirmRepayment, at: At, *, program: Program
) -> tuple[RepaymentConfirmed | CreditBalancePaid, ...] | Refusal:
    """The end of the hold, and the payment to the wallet of what it had kept from it. The account must have been advanced to
    `at.on`. Of several alike the first to clear is meant.
    """
    for held in account.uncleared:
        if (held.amount_minor, held.reference) == (command.amount_minor, command.reference):
            break
    else:
        return NoRepaymentHeld(amount_minor=command.amount_minor, reference=command.reference, line_id=line.id)
    confirmed = RepaymentConfirmed(
        value_on=at.on,
        line_id=line.id,
        person_id=line.person_id,
        amount_minor=held.amount_minor,
        reference=held.reference,
        repaid_on=held.repaid_on,
    )
    paid = credit_balance_paid(line, after_cleared(account, confirmed), at, program)
    return (confirmed,) if paid is None else (confirmed, paid)


def decide_payment(line: Line, account: Account, at: At, *, program: Program) -> tuple[CreditBalancePaid, ...]:
    """Nothing where nothing has cleared. The account must have been advanced to `at.on`."""
    paid = credit_balance_paid(line, account, at, program)
    return () if paid is None else (paid,)


def credit_balance_paid(line: Line, account: Account, at: At, program: Program) -> CreditBalancePaid | None:
    """The payment to the wallet of all that the lender owes the customer and that has cleared; None when nothing is, or the
    terms keep it on the line; a closed one keeps nothing.

    account: after the repayment, refund or clearing that left something over.
    """
    paid_minor = account.cleared_balance_minor
    stays = not program.terms_on(at.on).credit_balance_to_wallet and line.state is not LineState.CLOSED
    if paid_minor == 0 or stays:
        return None
    return CreditBalancePaid(value_on=at.on, line_id=line.id, person_id=line.person_id, amount_minor=paid_minor)


def after_held(account: Account, before: Account, event: Repaid, program: Program) -> Account:
    """The account after a repayment, with its hold, if the terms of its day have one and it had not cleared when we learned
    of it.

    before: the account that the repayment found.
    """
    days = program.terms_on(event.value_on).repayment_hold_days
    clears_on = event.value_on + timedelta(days=days)
    if event.source != "bank" or (event.known_on or event.value_on) >= clears_on:
        return account
    held = Uncleared(
        amount_minor=event.amount_minor,
        reference=event.reference,
        repaid_on=event.value_on,
        clears_on=clears_on,
        debt_minor=before.principal_minor - account.principal_minor,
        balance_minor=account.credit_balance_minor - before.credit_balance_minor,
    )
    if held.held_minor == 0:
        return account
    return replace(account, uncleared=tuple(sorted((*account.uncleared, held), key=_clears_on)))


def after_cleared(account: Account, event: RepaymentCleared | RepaymentConfirmed) -> Account:
    """Without the hold of that repayment. A corrected history may not know it any more: then nothing happens."""
    uncleared = list(account.uncleared)
    for held in uncleared:
        if (held.amount_minor, held.reference, held.repaid_on) == (
            event.amount_minor,
            event.reference,
            event.repaid_on,
        ):
            uncleared.remove(held)
            break
    return replace(account, uncleared=tuple(uncleared))


def after_balance_used(account: Account, entries: Iterable[Entry] = (), *, paid_out: bool = False) -> Account:
    """Holds after the credit balance fell: what has cleared is used first.

    entries: what it paid of the debt. What was used of a repayment that has not cleared is held on the principal that it
    paid, or, paid out, as it was; what it paid of interest and the like is held no more, as with any repayment.
    """
    used_minor = -min(0, account.cleared_balance_minor)
    if used_minor == 0:
        return account
    principal_minor = used_minor if paid_out else sum(e.amount_minor for e in entries if e.rule in _ON_PRINCIPAL)
    uncleared = []
    for held in account.uncleared:
        part_minor = min(used_minor, held.balance_minor)
        on_debt_minor = min(part_minor, principal_minor)
        used_minor -= part_minor
        principal_minor -= on_debt_minor
        held = replace(held, debt_minor=held.debt_minor + on_debt_minor, balance_minor=held.balance_minor - part_minor)
        if held.held_minor:
            uncleared.append(held)
    return replace(account, uncleared=tuple(uncleared))


def next_cleared(account: Account, on: date) -> RepaymentCleared:
    """The clock's event for the repayment that clears first. There must be one."""
    held = account.uncleared[0]
    return RepaymentCleared(
        value_on=on,
        line_id=account.line_id,
        amount_minor=held.amount_minor,
        reference=held.reference,
        repaid_on=held.repaid_on,
    )


_clears_on = attrgetter("clears_on")
_ON_PRINCIPAL = {Rule.USE_CREDIT_BALANCE_BILLED, Rule.USE_CREDIT_BALANCE_PAST_DUE}
