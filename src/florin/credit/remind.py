"""Reminders: what the terms' `dunning` says to a customer before and after her due day, each step once a statement.

Steps up to the due day are for every statement on which something is left; steps after it for the oldest one that is past
due, which speaks for the line. While collection is paused, or a promise to pay is open, nobody is reminded; afterwards only the
newest step that has come is taken, never all that were left out. A line that owes nothing has no steps.
"""

from __future__ import annotations

from datetime import date, timedelta

from msgspec.structs import replace

from florin.credit.interest import grace_ends_on
from florin.credit.items import Account, Statement
from florin.credit.terms import DunningStep, Program, Terms
from florin.events import Reminded

_A_DAY = timedelta(days=1)


def reminder_on(account: Account, statement: Statement, program: Program) -> date | None:
    """The day of a statement's next reminder; None when there is nothing more to say."""
    terms = program.terms_on(statement.closes_on)
    steps = _steps_left(account, statement, terms)
    if not steps:
        return None
    earliest_on = grace_ends_on(statement, program) + _A_DAY if statement.past_due else statement.closes_on
    on = max(statement.due_on + timedelta(days=steps[0].days_past_due), earliest_on, _silent_until(account))
    if on <= account.through_on:
        on = account.through_on + _A_DAY
    # What is said before the due day is not said after it.
    return on if statement.past_due or on <= statement.due_on else None


def reminder(account: Account, statement: Statement, on: date, program: Program) -> Reminded:
    """The event of that day: the newest step that has come."""
    terms = program.terms_on(statement.closes_on)
    come = [
        step
        for step in _steps_left(account, statement, terms)
        if statement.due_on + timedelta(days=step.days_past_due) <= on
    ]
    return Reminded(
        value_on=on,
        line_id=account.line_id,
        closes_on=statement.closes_on,
        due_on=statement.due_on,
        days_past_due=come[-1].days_past_due,
        channel=come[-1].channel,
        text=come[-1].text,
        due_minor=account.due_minor,
    )


def after_reminder(account: Account, event: Reminded) -> Account:
    """The step is not taken again; nothing where a corrected history has no such statement any more."""
    statements = tuple(
        replace(statement, reminded=event.days_past_due) if statement.closes_on == event.closes_on else statement
        for statement in account.statements
    )
    return replace(account, statements=statements)


def _steps_left(account: Account, statement: Statement, terms: Terms) -> list[DunningStep]:
    """In the order of days; with `past_due` only of the oldest such statement."""
    if not terms.dunning:
        return []
    if statement.past_due:
        speaks = statement.due_on == account.past_due_on()
    else:
        speaks = not statement.in_full and statement.remaining_minor > terms.full_payment_tolerance_minor
    if not speaks:
        return []
    return [
        step
        for step in terms.dunning
        if (step.days_past_due > 0) == statement.past_due
        and (statement.reminded is None or step.days_past_due > statement.reminded)
    ]


def _silent_until(account: Account) -> date:
    """The first day on which somebody may be reminded again."""
    first_on = date.min
    if account.pause is not None:
        first_on = account.pause.until_on + _A_DAY
    if account.case is not None:
        first_on = max(first_on, account.case.silent_until)
    return first_on
