"""Return a repayment: the bank took it back, so it counts as never made.

The debt, its age and its interest are again what they would have been; no penalty is charged for the time before the
return was known. Money of it that went on to the wallet is owed back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from florin.credit.line import Line
from florin.events import Event, Repaid, RepaymentReturned
from florin.events.refusals import Refusal
from florin.money.at import At


class ReturnRepayment(msgspec.Struct, frozen=True, kw_only=True):
    """reference, amount_minor: the bank's own of the repayment. reason: the bank's, in words."""

    needs_advance: ClassVar[bool] = True

    line_id: int
    amount_minor: int
    reference: str
    reason: str = ""


class NoSuchRepayment(Refusal, frozen=True, kw_only=True):
    en = "No repayment of {amount_minor} with the reference {reference} is left to return. Compare the bank's file."
    zh = "找不到可退回的还款：金额{amount_minor}，参考号{reference}。请核对银行文件。"

    amount_minor: int
    reference: str
    line_id: int


def decide(
    line: Line, command: ReturnRepayment, at: At, *, history: Sequence[Event] | None
) -> tuple[RepaymentReturned] | Refusal:
    """history: all events of the line. Of several alike the oldest that was not returned yet is meant."""
    made = [event for event in history or () if _is_it(event, command, Repaid)]
    returned = [event for event in history or () if _is_it(event, command, RepaymentReturned)]
    for event in returned:
        made.remove(next(repaid for repaid in made if repaid.value_on == event.value_on))
    if not made:
        return NoSuchRepayment(amount_minor=command.amount_minor, reference=command.reference, line_id=line.id)
    return (
        RepaymentReturned(
            value_on=made[0].value_on,
            line_id=line.id,
            person_id=line.person_id,
            amount_minor=command.amount_minor,
            reference=command.reference,
            known_on=at.on,
            reason=command.reason,
        ),
    )


def _is_it(event: Event, command: ReturnRepayment, kind: type[Repaid] | type[RepaymentReturned]) -> bool:
    if not isinstance(event, kind):
        return False
    through_the_bank = not isinstance(event, Repaid) or event.source == "bank"
    return through_the_bank and (event.reference, event.amount_minor) == (command.reference, command.amount_minor)
