"""Open a line: a person is given credit under a program's terms."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from florin.credit.line import Line, LineState
from florin.credit.terms import Program
from florin.events import LineOpened
from florin.events.refusals import Refusal
from florin.money.at import At


class OpenLine(msgspec.Struct, frozen=True, kw_only=True):
    """line_id: a new one. program: a program's name. limit_minor: within what the terms allow."""

    needs_advance: ClassVar[bool] = False

    person_id: int
    line_id: int
    program: str
    limit_minor: int


class LimitOutOfRange(Refusal, frozen=True, kw_only=True):
    en = "A limit of {limit_minor} is not offered. Choose one from {least_minor} to {most_minor}."
    zh = "无法设置 {limit_minor} 的额度。请选择 {least_minor} 至 {most_minor} 之间的额度。"

    limit_minor: int
    least_minor: int
    most_minor: int


class HasLineAlready(Refusal, frozen=True, kw_only=True):
    en = "You have a pay-later line already. Use that one, or close it first."
    zh = "您已开通先享后付额度。请直接使用，或先关闭原有额度。"

    line_id: int


def decide(command: OpenLine, at: At, *, program: Program, existing: Line | None = None) -> tuple[LineOpened] | Refusal:
    """existing: the person's line under this program, if there is one; a closed one does not stand in the way."""
    terms = program.terms_on(at.on)
    if existing is not None and existing.state is not LineState.CLOSED:
        return HasLineAlready(line_id=existing.id)
    if not terms.limit_minor_min <= command.limit_minor <= terms.limit_minor_max:
        return LimitOutOfRange(
            limit_minor=command.limit_minor, least_minor=terms.limit_minor_min, most_minor=terms.limit_minor_max
        )
    opened = LineOpened(
        value_on=at.on,
        line_id=command.line_id,
        person_id=command.person_id,
        program=program.name,
        limit_minor=command.limit_minor,
    )
    return (opened,)
