"""Set the limit: higher or lower from now on. What is owed stays owed, even above it."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from florin.credit.freeze import LineIsClosed
from florin.credit.line import Line, LineState
from florin.credit.open import LimitOutOfRange
from florin.credit.terms import Program
from florin.events import LimitSet
from florin.events.refusals import Refusal
from florin.money.at import At


class SetLimit(msgspec.Struct, frozen=True, kw_only=True):
    """limit_minor: the new limit; zero keeps the line open for repayment only. reason: for the record, in words."""

    needs_advance: ClassVar[bool] = False

    line_id: int
    limit_minor: int
    reason: str


def decide(line: Line, command: SetLimit, at: At, *, program: Program) -> tuple[LimitSet] | Refusal:
    """Any limit up to the terms' highest; a cut may go below what a new line would be given."""
    terms = program.terms_on(at.on)
    if line.state is LineState.CLOSED:
        return LineIsClosed(line_id=line.id)
    if not 0 <= command.limit_minor <= terms.limit_minor_max:
        return LimitOutOfRange(limit_minor=command.limit_minor, least_minor=0, most_minor=terms.limit_minor_max)
    limit_set = LimitSet(
        value_on=at.on,
        line_id=line.id,
        person_id=line.person_id,
        limit_minor=command.limit_minor,
        reason=command.reason,
    )
    return (limit_set,)
