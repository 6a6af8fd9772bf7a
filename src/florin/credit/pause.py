"""Pause collection: through a day nobody is reminded, and what the terms name in `pause_stops` stands still.

Late charges, the opening of a case and the charge-off wait for the end of the pause; a daily penalty is not borne in it.
Interest runs on, and so do days past due. A new pause takes the place of the one before; it may be ended early.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar

import msgspec
from msgspec.structs import replace

from florin.credit.freeze import LineIsClosed
from florin.credit.interest import accrued
from florin.credit.items import Account, Pause
from florin.credit.line import Line, LineState
from florin.credit.terms import Program
from florin.events import CollectionPaused, CollectionResumed
from florin.events.refusals import Refusal
from florin.money.at import At


class PauseCollection(msgspec.Struct, frozen=True, kw_only=True):
    """From today through the day `until_on`. reason: for the record, in words."""

    needs_advance: ClassVar[bool] = True

    line_id: int
    until_on: date
    reason: str


class ResumeCollection(msgspec.Struct, frozen=True, kw_only=True):
    """Today is a day without the pause again."""

    needs_advance: ClassVar[bool] = True

    line_id: int
    reason: str


class PauseOutOfRange(Refusal, frozen=True, kw_only=True):
    en = "Collection cannot be paused until {until_on}. Choose a day from {first_on} to {last_on}."
    zh = "不能暂停催收至{until_on}。请选择{first_on}至{last_on}之间的日期。"

    until_on: date
    first_on: date
    last_on: date
    line_id: int


class NotPaused(Refusal, frozen=True, kw_only=True):
    en = "Collection of this line is not paused: there is nothing to end."
    zh = "该额度没有暂停催收，无需恢复。"

    line_id: int


def decide(
    line: Line, account: Account, command: PauseCollection | ResumeCollection, at: At, *, program: Program
) -> tuple[CollectionPaused | CollectionResumed] | Refusal:
    """The account must have been advanced to `at.on`."""
    if isinstance(command, ResumeCollection):
        if not paused_on(account, at.on):
            return NotPaused(line_id=line.id)
        return (CollectionResumed(value_on=at.on, line_id=line.id, person_id=line.person_id, reason=command.reason),)
    if line.state is LineState.CLOSED and account.owed_minor == 0:
        return LineIsClosed(line_id=line.id)
    last_on = at.on + timedelta(days=program.terms_on(at.on).pause_days_max)
    if not at.on <= command.until_on <= last_on:
        return PauseOutOfRange(until_on=command.until_on, first_on=at.on, last_on=last_on, line_id=line.id)
    return (
        CollectionPaused(
            value_on=at.on,
            line_id=line.id,
            person_id=line.person_id,
            until_on=command.until_on,
            reason=command.reason,
        ),
    )


def paused_on(account: Account, on: date) -> bool:
    """Whether collection stands still on a day."""
    return account.pause is not None and account.pause.from_on <= on <= account.pause.until_on


def after_pause(account: Account, event: CollectionPaused, program: Program) -> Account:
    """What was borne until now is borne by the pause before."""
    account = accrued(account, event.value_on, program)
    return replace(account, pause=Pause(from_on=event.value_on, until_on=event.until_on))


def after_resumption(account: Account, event: CollectionResumed, program: Program) -> Account:
    account = accrued(account, event.value_on, program)
    if account.pause is None:
        return account
    return replace(account, pause=replace(account.pause, until_on=event.value_on - timedelta(days=1)))
