"""Freeze and unfreeze a line: nothing new is authorized while it is frozen.

What is committed still becomes owed on receipt, what is owed is still billed and to be repaid.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from florin.credit.decline import refuse_code
from florin.credit.line import Line, LineState
from florin.events import LineFrozen, LineUnfrozen
from florin.events.refusals import Refusal
from florin.money.at import At


class FreezeLine(msgspec.Struct, frozen=True, kw_only=True):
    """reason: for the record, in words. code: why, of `adverse.REASONS`; the customer reads it."""

    needs_advance: ClassVar[bool] = False

    line_id: int
    reason: str
    code: str = "other"


class UnfreezeLine(msgspec.Struct, frozen=True, kw_only=True):
    needs_advance: ClassVar[bool] = False

    line_id: int
    reason: str


class LineIsClosed(Refusal, frozen=True, kw_only=True):
    en = "This line is closed. Open a new one to use pay later again."
    zh = "该额度已关闭。如需继续使用，请重新开通。"

    line_id: int


class LineAlreadyFrozen(Refusal, frozen=True, kw_only=True):
    en = "This line is frozen already."
    zh = "该额度已处于冻结状态。"

    line_id: int


class LineNotFrozen(Refusal, frozen=True, kw_only=True):
    en = "This line is not frozen; it can be used."
    zh = "该额度未被冻结，可以正常使用。"

    line_id: int


class LineIsChargedOff(Refusal, frozen=True, kw_only=True):
    en = "This line is charged off: it cannot be used, frozen or not. {due_minor} is still owed and can be repaid."
    zh = "该额度已核销，无论是否冻结都不能使用。仍欠 {due_minor}，可以随时还款。"

    due_minor: int
    line_id: int


def decide(line: Line, command: FreezeLine | UnfreezeLine, at: At) -> tuple[LineFrozen] | tuple[LineUnfrozen] | Refusal:
    if line.state is LineState.CLOSED:
        return LineIsClosed(line_id=line.id)
    if line.state is LineState.CHARGED_OFF:
        return LineIsChargedOff(due_minor=line.due_minor, line_id=line.id)
    if isinstance(command, FreezeLine):
        if line.state is LineState.FROZEN:
            return LineAlreadyFrozen(line_id=line.id)
        if refusal := refuse_code(command.code):
            return refusal
        return (
            LineFrozen(
                value_on=at.on,
                line_id=line.id,
                person_id=line.person_id,
                reason=command.reason,
                code=command.code,
            ),
        )
    if line.state is LineState.OPEN:
        return LineNotFrozen(line_id=line.id)
    return (LineUnfrozen(value_on=at.on, line_id=line.id, person_id=line.person_id, reason=command.reason),)
