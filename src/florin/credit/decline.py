"""Decline: the owner says no to somebody who asked for a line, or for more of one, with the reason that she reads."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from florin.credit.adverse import REASONS
from florin.credit.line import Line
from florin.events import CreditDeclined
from florin.events.refusals import Refusal
from florin.money.at import At


class DeclineCredit(msgspec.Struct, frozen=True, kw_only=True):
    """line_id: the line that she wanted more of; 0: she asked for a new one. amount: what she asked for, 0 if she named none.
    code: one of `adverse.REASONS`; reason: for the record, in words.
    """

    needs_advance: ClassVar[bool] = False

    person_id: int
    line_id: int = 0
    program: str
    amount_minor: int = 0
    code: str
    reason: str = ""


class ReasonUnknown(Refusal, frozen=True, kw_only=True):
    en = "There is no reason {code} for an adverse action. Choose one of {known}."
    zh = "没有“{code}”这一不利决定理由，请选择：{known}。"

    code: str
    known: str


class LineOfAnother(Refusal, frozen=True, kw_only=True):
    en = "The line {line_id} is not hers. Name a line of the person, or none for a new one."
    zh = "额度 {line_id} 不属于该用户。请填写其本人的额度，或留空表示申请新额度。"

    line_id: int


def refuse_code(code: str) -> ReasonUnknown | None:
    """None for a code of the list."""
    return None if code in REASONS else ReasonUnknown(code=code, known=", ".join(REASONS))


def decide(line: Line | None, command: DeclineCredit, at: At) -> tuple[CreditDeclined] | Refusal:
    """line: the one that the command names."""
    if refusal := refuse_code(command.code):
        return refusal
    if line is not None and line.person_id != command.person_id:
        return LineOfAnother(line_id=command.line_id)
    return (
        CreditDeclined(
            value_on=at.on,
            line_id=command.line_id,
            person_id=command.person_id,
            program=command.program,
            asked_minor=command.amount_minor,
            code=command.code,
            reason=command.reason,
        ),
    )
