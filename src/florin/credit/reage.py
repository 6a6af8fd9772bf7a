"""Re-age: a line that is past due is brought current by agreement, because its owner sees that the shopper pays again.

What least payments lacked is not forgiven: it revolves, the next bill asks for its share of it, and it bears interest as what
is left of any bill does. Days past due begin anew, penalties stop, and late charges that had not come never come. The terms
say how much must have been paid before and how often it may be done, so that it hides no loss. It needs a bill to ask
again: where each order is due by itself there is the hardship plan instead.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar

import msgspec
from msgspec.structs import replace

from florin.credit.allocation import cure
from florin.credit.freeze import LineIsChargedOff, LineIsClosed
from florin.credit.hardship import refuse_in_hardship
from florin.credit.interest import accrued
from florin.credit.items import Account, Statement, days_past_due, missed_minor
from florin.credit.line import Line, LineState
from florin.credit.statement import next_statement
from florin.credit.terms import Program
from florin.events import ReAged
from florin.events.refusals import Refusal
from florin.ledger import Entry
from florin.money.at import At
from florin.money.dates import months_after


class ReAge(msgspec.Struct, frozen=True, kw_only=True):
    """reason: who agreed and why, for the record."""

    needs_advance: ClassVar[bool] = True

    line_id: int
    reason: str


class ReAgePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a re-age would do. arrears: what least payments lack since past_due_on; bills: the closes of those past due.

    paid: since the first of the last bills that count; needed: what must have been. next_minimum_before, next_minimum: what the
    next bill (next_closes_on) asks for at least without it, and with it, if nothing else happens.
    """

    on: date
    past_due_on: date
    days_past_due: int
    arrears_minor: int
    bills: tuple[date, ...]
    paid_minor: int
    needed_minor: int
    next_closes_on: date | None
    next_minimum_before_minor: int
    next_minimum_minor: int


class ReAgeNotOffered(Refusal, frozen=True, kw_only=True):
    en = "By the terms of {program} no line is brought current by agreement. Take the arrears, or agree on a hardship plan."
    zh = "“{program}”的条款不支持重新计龄。请催收逾期款项，或协商困难帮扶分期。"

    program: str


class NothingPastDue(Refusal, frozen=True, kw_only=True):
    en = "Nothing is past due on this line, so there is nothing to bring current."
    zh = "该额度没有逾期款项，无需重新计龄。"

    line_id: int


class ReAgeTooOften(Refusal, frozen=True, kw_only=True):
    en = (
        "This line was brought current {count} times within {years} years, last on {last_on}: as often as the terms allow. "
        "It can be again from {again_on}."
    )
    zh = "该额度 {years} 年内已重新计龄 {count} 次，最近一次为{last_on}，已达条款上限。{again_on}起可再次办理。"

    count: int
    years: int
    last_on: date
    again_on: date
    line_id: int


class ReAgeTooLittlePaid(Refusal, frozen=True, kw_only=True):
    en = (
        "{paid_minor} was paid since the bill of {since_on}; {needed_minor} is needed, {payments} least payments. "
        "{short_minor} more must be paid first."
    )
    zh = "自{since_on}账单以来已还 {paid_minor}，需还满 {needed_minor}（{payments} 期最低还款额）。请先再还 {short_minor}。"

    paid_minor: int
    needed_minor: int
    short_minor: int
    payments: int
    since_on: date
    line_id: int


def preview(line: Line, account: Account, on: date, program: Program) -> ReAgePreview | Refusal:
    """What a re-age would do on a day to which the account has been advanced, or why it cannot be."""
    if line.state is LineState.CLOSED:
        return LineIsClosed(line_id=line.id)
    if line.state is LineState.CHARGED_OFF:
        return LineIsChargedOff(due_minor=line.due_minor, line_id=line.id)
    if not program.terms_on(on).reage_per_years:
        return ReAgeNotOffered(program=program.name)
    if refusal := refuse_in_hardship(account):
        return refusal
    past_due_on = account.past_due_on()
    if past_due_on is None:
        return NothingPastDue(line_id=line.id)
    not_yet = _too_often(account, on, program) or _too_little_paid(account, on, program)
    if not_yet is not None:
        return not_yet
    counted, needed_minor = _counted(account, on, program)
    arrears_minor = _arrears_minor(account)
    agreed = ReAged(
        value_on=on, line_id=line.id, arrears_minor=arrears_minor, past_due_on=past_due_on, reason="as previewed"
    )
    before, after = (next_statement(each, program) for each in (account, after_reage(account, agreed, program)[0]))
    return ReAgePreview(
        on=on,
        past_due_on=past_due_on,
        days_past_due=days_past_due(account, on),
        arrears_minor=arrears_minor,
        bills=tuple(statement.closes_on for statement in account.statements if statement.past_due),
        paid_minor=counted.counted_minor,
        needed_minor=needed_minor,
        next_closes_on=after.closes_on if after else None,
        next_minimum_before_minor=before.minimum_minor if before else 0,
        next_minimum_minor=after.minimum_minor if after else 0,
    )


def decide(line: Line, account: Account, command: ReAge, at: At, *, program: Program) -> tuple[ReAged] | Refusal:
    """The account must have been advanced to `at.on`."""
    found = preview(line, account, at.on, program)
    if isinstance(found, Refusal):
        return found
    return (
        ReAged(
            value_on=at.on,
            line_id=line.id,
            person_id=line.person_id,
            arrears_minor=found.arrears_minor,
            past_due_on=found.past_due_on,
            reason=command.reason,
        ),
    )


def after_reage(account: Account, event: ReAged, program: Program) -> tuple[Account, tuple[Entry, ...]]:
    """Every minimum that is past due counts as met; newer ones ask for it no more. A history corrected since may have less
    past due, or nothing: then less is left to later bills. That it was agreed stands, and counts.
    """
    account = accrued(account, event.value_on, program)
    arrears_minor = _arrears_minor(account)
    statements = tuple(
        replace(
            statement,
            deferred_minor=statement.deferred_minor
            + (
                statement.unmet_minor
                if statement.past_due
                else min(arrears_minor, statement.arrears_minor, statement.unmet_minor)
            ),
        )
        for statement in account.statements
    )
    account = replace(account, statements=statements, reaged_on=(*account.reaged_on, event.value_on))
    return cure(account, program)


def _arrears_minor(account: Account) -> int:
    """What the minimums that are past due lack in all: each asks for what the older ones left."""
    return max((missed_minor(account, s.closes_on) for s in account.statements if s.past_due), default=0)


def _too_often(account: Account, on: date, program: Program) -> ReAgeTooOften | None:
    for most in program.terms_on(on).reage_per_years:
        if len(account.reaged_on) < most.count:
            continue
        again_on = months_after(account.reaged_on[-most.count], 12 * most.years)
        if on < again_on:
            return ReAgeTooOften(
                count=most.count,
                years=most.years,
                last_on=account.reaged_on[-1],
                again_on=again_on,
                line_id=account.line_id,
            )
    return None


def _too_little_paid(account: Account, on: date, program: Program) -> ReAgeTooLittlePaid | None:
    counted, needed_minor = _counted(account, on, program)
    short_minor = needed_minor - counted.counted_minor
    if short_minor <= 0:
        return None
    return ReAgeTooLittlePaid(
        paid_minor=counted.counted_minor,
        needed_minor=needed_minor,
        short_minor=short_minor,
        payments=program.terms_on(on).reage_min_paid,
        since_on=counted.closes_on,
        line_id=account.line_id,
    )


def _counted(account: Account, on: date, program: Program) -> tuple[Statement, int]:
    """(the bill since whose close payments count, what they must come to): so many times what the newest bill asks for at
    least, older arrears aside, paid within that many bills, in one sum or in several.
    """
    payments = program.terms_on(on).reage_min_paid
    last = account.statements[-payments:] or account.statements[-1:]
    newest = account.statements[-1]
    return last[0], payments * (newest.minimum_minor - newest.arrears_minor)
