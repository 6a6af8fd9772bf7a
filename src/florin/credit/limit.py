"""The limit: set, higher or lower from now on, or lifted for a time. What is owed stays owed, even above it.

An uplift counts through its last day. Nobody has to take it back: each use asks for the limit of its day.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar

import msgspec
from msgspec.structs import replace

from florin.credit.decline import refuse_code
from florin.credit.freeze import LineIsClosed
from florin.credit.items import Account
from florin.credit.line import Line, LineState
from florin.credit.open import LimitOutOfRange
from florin.credit.particulars import Uplift
from florin.credit.terms import Program
from florin.events import LimitSet, UpliftEnded, UpliftGiven
from florin.events.refusals import Refusal
from florin.money.at import At


class SetLimit(msgspec.Struct, frozen=True, kw_only=True):
    """limit_minor: the new limit; zero keeps the line open for repayment only. reason: for the record, in words. code: why, of
    `adverse.REASONS`; the customer reads it of a cut.
    """

    needs_advance: ClassVar[bool] = False

    line_id: int
    limit_minor: int
    reason: str
    code: str = "other"


class GiveUplift(msgspec.Struct, frozen=True, kw_only=True):
    """amount_minor: so much above the limit, through the day `until_on`. reason: for the record, in words."""

    needs_advance: ClassVar[bool] = False

    line_id: int
    amount_minor: int
    until_on: date
    reason: str


UPLIFTS_MAX = 8
UPLIFT_DAYS_MAX = 366


class UpliftOutOfRange(Refusal, frozen=True, kw_only=True):
    en = "The limit cannot be lifted by {amount_minor}. Choose an amount above zero and up to {most_minor}."
    zh = "无法临时提额 {amount_minor}。请选择大于零且不超过 {most_minor} 的金额。"

    amount_minor: int
    most_minor: int
    line_id: int


class UpliftDaysOutOfRange(Refusal, frozen=True, kw_only=True):
    en = "The limit cannot be lifted until {until_on}. Choose a day from {first_on} to {last_on}."
    zh = "临时额度不能设到{until_on}。请选择{first_on}至{last_on}之间的日期。"

    until_on: date
    first_on: date
    last_on: date
    line_id: int


class TooManyUplifts(Refusal, frozen=True, kw_only=True):
    en = "This line has {count} uplifts already, as many as can run at a time. The first ends on {first_ends_on}; wait for it."
    zh = "该额度已有 {count} 笔临时额度，已达上限。最早的一笔于{first_ends_on}到期，请届时再试。"

    count: int
    first_ends_on: date
    line_id: int


def decide_uplift(line: Line, command: GiveUplift, at: At, *, program: Program) -> tuple[UpliftGiven] | Refusal:
    """Several uplifts may run at a time; with all of them the limit is at most the terms' highest."""
    terms = program.terms_on(at.on)
    if line.state is LineState.CLOSED:
        return LineIsClosed(line_id=line.id)
    last_on = at.on + timedelta(days=UPLIFT_DAYS_MAX)
    if not at.on <= command.until_on <= last_on:
        return UpliftDaysOutOfRange(until_on=command.until_on, first_on=at.on, last_on=last_on, line_id=line.id)
    most_minor = max(0, terms.limit_minor_max - line.limit_minor_on(at.on))
    if not 0 < command.amount_minor <= most_minor:
        return UpliftOutOfRange(amount_minor=command.amount_minor, most_minor=most_minor, line_id=line.id)
    running = [uplift.until_on for uplift in line.particulars.uplifts]
    if len(running) >= UPLIFTS_MAX:
        return TooManyUplifts(count=len(running), first_ends_on=min(running), line_id=line.id)
    given = UpliftGiven(
        value_on=at.on,
        line_id=line.id,
        person_id=line.person_id,
        amount_minor=command.amount_minor,
        until_on=command.until_on,
        reason=command.reason,
    )
    return (given,)


def decide(line: Line, command: SetLimit, at: At, *, program: Program) -> tuple[LimitSet] | Refusal:
    """Any limit up to the terms' highest; a cut may go below what a new line would be given."""
    terms = program.terms_on(at.on)
    if line.state is LineState.CLOSED:
        return LineIsClosed(line_id=line.id)
    if not 0 <= command.limit_minor <= terms.limit_minor_max:
        return LimitOutOfRange(limit_minor=command.limit_minor, least_minor=0, most_minor=terms.limit_minor_max)
    if refusal := refuse_code(command.code):
        return refusal
    limit_set = LimitSet(
        value_on=at.on,
        line_id=line.id,
        person_id=line.person_id,
        limit_minor=command.limit_minor,
        reason=command.reason,
        code=command.code if command.limit_minor < line.limit_minor else "",
    )
    return (limit_set,)


def after_uplift_given(account: Account, event: UpliftGiven) -> Account:
    """One uplift more; the clock will record its end."""
    uplift = Uplift(amount_minor=event.amount_minor, until_on=event.until_on)
    return replace(account, uplifts=(*account.uplifts, uplift))


def after_uplift_ended(account: Account, event: UpliftEnded) -> Account:
    """One uplift less; the limit fell when its last day had passed."""
    uplifts = list(account.uplifts)
    uplifts.remove(Uplift(amount_minor=event.amount_minor, until_on=event.until_on))
    return replace(account, uplifts=tuple(uplifts))
