"""Close a line for good: at once when it owes nothing, holds nothing and is owed nothing; else, if asked, when all is paid.

A line that is to close takes no new purchase. What is in escrow may still be received, plans run on and are billed, and with
the last repayment, refund or void the line closes by itself.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

import msgspec

from florin.credit.decline import refuse_code
from florin.credit.freeze import LineIsClosed
from florin.credit.items import Account
from florin.credit.line import Line, LineState
from florin.credit.payoff import payoff
from florin.credit.terms import Program
from florin.events import LineClosed, LineClosing
from florin.events.refusals import Refusal
from florin.money.at import At


class CloseLine(msgspec.Struct, frozen=True, kw_only=True):
    """when_paid: a line that cannot be closed yet takes no new purchase from now on, and closes when all is paid. reason: for
    the record, in words. code: why, of `adverse.REASONS`; the customer reads it.
    """

    needs_advance: ClassVar[bool] = True

    line_id: int
    reason: str
    when_paid: bool = False
    code: str = "other"


class LineClosesAlready(Refusal, frozen=True, kw_only=True):
    en = "This line takes no new purchases and closes by itself when all of it is paid. There is nothing more to do."
    zh = "该额度已停止新消费，结清后将自动关闭，无需再次申请。"

    line_id: int


class StillOwed(Refusal, frozen=True, kw_only=True):
    en = "You still owe {owed_minor}, future installments included. Repay it, then close the line."
    zh = "您还有 {owed_minor} 未还（含未到期的分期）。请还清后再关闭。"

    owed_minor: int
    line_id: int


class StillReserved(Refusal, frozen=True, kw_only=True):
    en = "{reserved_minor} is reserved for orders that are not finished. Confirm receipt or cancel them first."
    zh = "还有 {reserved_minor} 被未完成的订单占用。请确认收货或取消订单后再关闭。"

    reserved_minor: int
    line_id: int


class StillOwedToCustomer(Refusal, frozen=True, kw_only=True):
    en = "We owe you {credit_balance_minor}. It must be paid to your wallet before the line is closed."
    zh = "我们应退您 {credit_balance_minor}。退回余额后才能关闭。"

    credit_balance_minor: int
    line_id: int


class StillUncleared(Refusal, frozen=True, kw_only=True):
    en = (
        "{uncleared_minor} of repayments has not cleared with the bank yet. Close the line on {clears_on} or later, or let it "
        "close when all is paid."
    )
    zh = "还款中有 {uncleared_minor} 银行尚未确认。请在{clears_on}当天或之后关闭，或选择还清后自动关闭。"

    uncleared_minor: int
    clears_on: date
    line_id: int


def decide(
    line: Line, account: Account, command: CloseLine, at: At, *, program: Program
) -> tuple[LineClosed | LineClosing] | Refusal:
    """The account must have been advanced to `at.on`: interest that no statement has billed is owed too."""
    if line.state is LineState.CLOSED:
        return LineIsClosed(line_id=line.id)
    if unknown := refuse_code(command.code):
        return unknown
    said: dict[str, Any] = {"value_on": at.on, "line_id": line.id, "person_id": line.person_id}
    said |= {"reason": command.reason, "code": command.code}
    refusal = refuse_close(line, account, at, program)
    if refusal is None:
        return (LineClosed(**said),)
    if not command.when_paid:
        return refusal
    if line.particulars.closing:
        return LineClosesAlready(line_id=line.id)
    return (LineClosing(**said),)


def refuse_close(line: Line, account: Account, at: At, program: Program) -> Refusal | None:
    """Why the line cannot be closed now."""
    owed_minor = payoff(account, at.on, program).total_minor
    if owed_minor > 0:
        return StillOwed(owed_minor=owed_minor, line_id=line.id)
    reserved_minor = line.held_minor + line.committed_minor
    if reserved_minor > 0:
        return StillReserved(reserved_minor=reserved_minor, line_id=line.id)
    if account.uncleared:
        return StillUncleared(
            uncleared_minor=account.uncleared_minor, clears_on=account.uncleared[-1].clears_on, line_id=line.id
        )
    if account.credit_balance_minor > 0:
        return StillOwedToCustomer(credit_balance_minor=account.credit_balance_minor, line_id=line.id)
    return None
