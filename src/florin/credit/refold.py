"""Refold a line: post what today's rules and terms say otherwise than was posted.

Drift is only reported (`florin fold --check`); posting it is a decision of its own, with a reason, line by line. It comes
from a version of the terms that was added for days that are over, or from a rule that was mended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import msgspec

from florin.credit.correction import refold
from florin.credit.items import Account
from florin.credit.line import Line
from florin.credit.terms import Program
from florin.events import Event, Refolded
from florin.events.refusals import Refusal
from florin.ledger import Entry
from florin.money.at import At


class RefoldLine(msgspec.Struct, frozen=True, kw_only=True):
    """reason: who approved it and why, for the record."""

    needs_advance: ClassVar[bool] = True

    line_id: int
    reason: str


class NoDrift(Refusal, frozen=True, kw_only=True):
    en = "Nothing differs on this line: its fold is what is posted. Nothing was changed."
    zh = "该额度的重算结果与入账一致，未作任何更改。"

    line_id: int


def decide(
    line: Line,
    account: Account,
    command: RefoldLine,
    at: At,
    *,
    program: Program,
    history: Sequence[Event],
    posted: Iterable[Entry],
) -> tuple[Refolded] | Refusal:
    """history: all events of the line. posted: the entries that they have derived so far."""
    event = Refolded(value_on=at.on, line_id=line.id, person_id=line.person_id, reason=command.reason)
    folded, entries = refold(history, posted, event, program)
    same = msgspec.structs.replace(folded, sequence=account.sequence, through_on=account.through_on) == account
    return NoDrift(line_id=line.id) if same and not entries else (event,)
