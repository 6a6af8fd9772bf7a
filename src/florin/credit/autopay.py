"""Autopay: on its due day, what remains due is taken from the shopper's own sources, in her order; never from credit.

The terms have a default order of sources, she may choose another or none. Each attempt takes what is still due then, not what
the bill once said: who has paid early is not debited again. The wallet gives what it has; the bank is asked for the rest,
and its answer comes after this, as a repayment or as a failure.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar

import msgspec

from florin.credit.freeze import LineIsClosed
from florin.credit.items import Account
from florin.credit.line import Line, LineState
from florin.credit.terms import Program, Terms
from florin.events import AutopayFailed, AutopaySet, AutopayTried, Repaid, RepaymentSource
from florin.events.refusals import Refusal
from florin.money.at import At


class SetAutopay(msgspec.Struct, frozen=True, kw_only=True):
    """sources: in the order in which they are asked; none turns it off."""

    needs_advance: ClassVar[bool] = False

    line_id: int
    sources: tuple[RepaymentSource, ...]


class TryAutopay(msgspec.Struct, frozen=True, kw_only=True):
    """attempt: which of the due day's, from 1."""

    needs_advance: ClassVar[bool] = True

    line_id: int
    due_on: date
    attempt: int


class FailAutopay(msgspec.Struct, frozen=True, kw_only=True):
    """The bank could not debit what attempt `reference` asked it for."""

    needs_advance: ClassVar[bool] = False

    line_id: int
    amount_minor: int
    reference: str
    reason: str


class SourceRepeated(Refusal, frozen=True, kw_only=True):
    en = "A source was named twice. Name each source once, in the order in which they are to be asked."
    zh = "扣款来源重复。请按扣款顺序填写，每个来源只填一次。"

    line_id: int


def sources_of(line: Line, terms: Terms) -> tuple[RepaymentSource, ...]:
    """Her own order, or that of the terms; none while it is off."""
    own = line.particulars.autopay
    return terms.autopay_sources if own is None else own


def reference_of(line_id: int, due_on: date, attempt: int) -> str:
    """The one reference of an attempt, for our own record and for the bank."""
    return f"autopay/{line_id}/{due_on}/{attempt}"


def remaining_due_minor(account: Account, due_on: date) -> int:
    """What remains of the statements that are due by that day."""
    return sum(statement.remaining_minor for statement in account.statements if statement.due_on <= due_on)


def asked_minor(line: Line) -> int:
    """What the bank was asked for and has not answered."""
    return sum(debit.amount_minor for debit in line.particulars.asked)


def decide_sources(line: Line, command: SetAutopay, at: At) -> tuple[AutopaySet] | Refusal:
    if line.state is LineState.CLOSED:
        return LineIsClosed(line_id=line.id)
    if len(set(command.sources)) < len(command.sources):
        return SourceRepeated(line_id=line.id)
    return (AutopaySet(value_on=at.on, line_id=line.id, person_id=line.person_id, sources=command.sources),)


def decide(
    line: Line, account: Account, command: TryAutopay, at: At, *, wallet_balance_minor: int, program: Program
) -> tuple[AutopayTried | Repaid, ...]:
    """What was tried, and the repayment from the wallet. The account must have been advanced to `at.on`.

    What the bank was asked for before and has not answered is not asked for again: it may arrive any day. Nothing is taken on
    another day than the due day: it would be a debit that nobody was told of.
    """
    reference = reference_of(line.id, command.due_on, command.attempt)
    due_minor = remaining_due_minor(account, command.due_on) if at.on == command.due_on else 0
    wanted_minor = max(0, due_minor - asked_minor(line))
    wallet_minor = bank_minor = 0
    for source in sources_of(line, program.terms_on(at.on)):
        left_minor = wanted_minor - wallet_minor - bank_minor
        if source == "wallet":
            wallet_minor = min(left_minor, wallet_balance_minor)
        else:
            bank_minor = left_minor
    tried = AutopayTried(
        value_on=at.on,
        line_id=line.id,
        person_id=line.person_id,
        due_on=command.due_on,
        attempt=command.attempt,
        due_minor=due_minor,
        wallet_minor=wallet_minor,
        bank_minor=bank_minor,
        reference=reference,
    )
    if not wallet_minor:
        return (tried,)
    repaid = Repaid(
        value_on=at.on,
        line_id=line.id,
        person_id=line.person_id,
        amount_minor=wallet_minor,
        source="wallet",
        reference=reference,
    )
    return tried, repaid


def decide_failed(line: Line, command: FailAutopay, at: At) -> tuple[AutopayFailed]:
    failed = AutopayFailed(
        value_on=at.on,
        line_id=line.id,
        person_id=line.person_id,
        amount_minor=command.amount_minor,
        reference=command.reference,
        reason=command.reason,
    )
    return (failed,)
