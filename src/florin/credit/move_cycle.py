"""Move the cycle day: the line's bills are made on another day of the month, and are due as many days later as before.

The running cycle closes on the new day, sooner or later than it would have; what is billed already keeps its due day. An
installment whose day is no close day any more waits for the next close.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar

import msgspec

from florin.credit.freeze import LineIsClosed
from florin.credit.items import Account
from florin.credit.line import Line, LineState
from florin.credit.terms import Program, Terms
from florin.events import CycleMoved
from florin.events.refusals import Refusal
from florin.money.at import At

DAYS_OF_MONTH = 31


class MoveCycle(msgspec.Struct, frozen=True, kw_only=True):
    """cycle_day: from 1 to 31, the month's last day where it has no such day."""

    needs_advance: ClassVar[bool] = True

    line_id: int
    cycle_day: int


class CycleDayOutOfRange(Refusal, frozen=True, kw_only=True):
    en = "There is no day {cycle_day} in a month. Choose a bill day from 1 to 31; 31 is the month's last day."
    zh = "每月没有{cycle_day}日。请选择 1 至 31 日作为账单日，31 日即每月最后一天。"

    cycle_day: int


class CycleDayUnchanged(Refusal, frozen=True, kw_only=True):
    en = "Your bills are made on day {cycle_day} of the month already. Choose another day to change it."
    zh = "您的账单日已经是每月{cycle_day}日。如需更改，请选择其他日期。"

    cycle_day: int
    line_id: int


class CycleMovedAlready(Refusal, frozen=True, kw_only=True):
    en = "You moved your bill day on {moved_on}. It can be moved again from {again_on}, after your next bill."
    zh = "您已于{moved_on}更改过账单日。下次账单之后，即{again_on}起可再次更改。"

    moved_on: date
    again_on: date
    line_id: int


class CycleMoveWhilePastDue(Refusal, frozen=True, kw_only=True):
    en = "The minimum that was due on {due_on} has not been paid. Pay it, then move your bill day."
    zh = "您{due_on}到期的最低还款额尚未还清。请还清后再更改账单日。"

    due_on: date
    line_id: int


class NoCycleToMove(Refusal, frozen=True, kw_only=True):
    en = "This line has no monthly bill: each order is due by itself, and its days cannot be moved."
    zh = "此额度没有月度账单，每笔订单单独还款，还款日不能更改。"

    line_id: int


def decide(
    line: Line, account: Account, command: MoveCycle, at: At, *, program: Program
) -> tuple[CycleMoved] | Refusal:
    """The account must have been advanced to `at.on`: a bill of today is made on the old day first."""
    terms = program.terms_on(at.on)
    if line.state is LineState.CLOSED:
        return LineIsClosed(line_id=line.id)
    if terms.billing == "order":
        return NoCycleToMove(line_id=line.id)
    if not 1 <= command.cycle_day <= DAYS_OF_MONTH:
        return CycleDayOutOfRange(cycle_day=command.cycle_day)
    if command.cycle_day == (account.cycle_day or terms.cycle_day):
        return CycleDayUnchanged(cycle_day=command.cycle_day, line_id=line.id)
    due_on = account.past_due_on()
    if due_on is not None:
        return CycleMoveWhilePastDue(due_on=due_on, line_id=line.id)
    if account.moved_on != date.min:
        again_on = program.next_close_on(account.moved_on, account.cycle_day)
        if at.on < again_on:
            return CycleMovedAlready(moved_on=account.moved_on, again_on=again_on, line_id=line.id)
    moved = CycleMoved(
        value_on=at.on,
        line_id=line.id,
        person_id=line.person_id,
        cycle_day=command.cycle_day,
        due_day=moved_due_day(terms, command.cycle_day),
    )
    return (moved,)


def moved_due_day(terms: Terms, cycle_day: int) -> int:
    """The due day that keeps its distance from the cycle day, counted in a month of 31 days; 0 where the terms count days
    from the close anyway.
    """
    if terms.due_day == 0:
        return 0
    return (cycle_day + terms.due_day - terms.cycle_day - 1) % DAYS_OF_MONTH + 1
