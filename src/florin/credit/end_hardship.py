"""End a hardship plan early, by agreement: the rest is due with the next bill, or goes on in its installments.

It ends as a broken plan does (`hardship.py`), on the day of the agreement and without anything having been missed. What is
missed by then is not late for the time in which the plan ran: it falls past due on the next day at the earliest.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from florin.credit.hardship import Entries, over
from florin.credit.interest import accrued
from florin.credit.items import Account
from florin.credit.line import Line
from florin.credit.terms import HardshipRest, Program
from florin.events import HardshipEndedEarly
from florin.events.refusals import Refusal
from florin.money.at import At


class EndHardship(msgspec.Struct, frozen=True, kw_only=True):
    """rest: what becomes of the installments to come; None: as the terms say of a broken plan. reason: who agreed and why."""

    needs_advance: ClassVar[bool] = True

    line_id: int
    reason: str
    rest: HardshipRest | None = None


class NoHardshipPlan(Refusal, frozen=True, kw_only=True):
    en = "No hardship plan runs on the line {line_id}. What is owed is paid as it was agreed."
    zh = "额度 {line_id} 没有执行中的困难帮扶分期，请按原约定还款。"

    line_id: int


def decide(
    line: Line, account: Account, command: EndHardship, at: At, *, program: Program
) -> tuple[HardshipEndedEarly] | Refusal:
    """The account must have been advanced to `at.on`."""
    agreed_on = account.hardship_on
    if agreed_on is None:
        return NoHardshipPlan(line_id=line.id)
    return (
        HardshipEndedEarly(
            value_on=at.on,
            line_id=line.id,
            person_id=line.person_id,
            rest=command.rest or program.terms_on(agreed_on).hardship_broken,
            rest_minor=sum(plan.principal_minor + plan.fee_minor for plan in account.plans if plan.hardship),
            reason=command.reason,
        ),
    )


def after_hardship_ended_early(
    account: Account, event: HardshipEndedEarly, program: Program
) -> tuple[Account, Entries]:
    """It is over. A history corrected since may show that it had ended by then: then nothing is left to end."""
    if account.hardship_on is None:
        return account, ()
    account = accrued(account, event.value_on, program)
    return over(account, event.value_on, at_once=event.rest == "due_at_once")
