"""What a statement has borne: the days, the amounts that bore, the rate, the one rounding.

The account keeps interest as an exact integer of minor units times days. Here the integer is taken apart again, from the
accounts before and after each step: so much on so many days. If the pieces do not give the whole (a corrected history
may drop what had accrued), the days are left out and the whole is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from florin.credit.explain.parts import Part, Span, TermUsed, plain, terms_used
from florin.credit.explain.trace import Step, Trace
from florin.credit.interest import accrued, rounded, unposted_minor, unposted_penalty_minor
from florin.credit.items import Account, Accrual, Statement
from florin.credit.terms import Program
from florin.events import StatementIssued
from florin.money.amounts import yuan_text

What = Literal["interest", "penalty"]
# Digits shown of a rate that is no short decimal: a yearly rate by the day.
_DIGITS = Context(prec=18)


class Borne(NamedTuple):
    """All that a statement has borne up to a day. exact: minor units, not rounded."""

    spans: tuple[Span, ...]
    exact: Fraction
    rounded_minor: int


class _Stretch(NamedTuple):
    """Days [from, to) on which one amount bore one rate."""

    base_minor: int
    from_on: date
    to_on: date
    daily_rate: Fraction

    @property
    def days(self) -> int:
        return (self.to_on - self.from_on).days

    @property
    def exact(self) -> Fraction:
        return self.base_minor * self.days * self.daily_rate


def borne_part(
    trace: Trace, what: What, closes_on: date, amount_minor: int, before: Account, on: date, *, upto: Step | None
) -> Part:
    """An amount of interest or penalty on account of one statement: all so far, rounded, less what was charged before.

    before: the account in which it is looked at; on: up to which day. upto: the step that charges it, if one does.
    """
    program = trace.program
    account = accrued(before, on, program)
    statement = _statement(account, closes_on)
    values = {"closes_on": closes_on}
    if statement is None and upto is not None and closes_on == on:
        borne, posted_minor = _of_cycle(trace, account, closes_on, upto), account.accruals_posted_minor
    elif statement is None:
        adjusted = Part(what=f"{what}.adjusted", amount_minor=amount_minor, values=values)
        return Part(what=f"{what}.of", amount_minor=amount_minor, values=values, parts=(adjusted,))
    else:
        borne, posted_minor = _of_statement(trace, what, statement, upto), _posted(what, statement)
    parts = [
        Part(
            what=_so_far(what, borne),
            amount_minor=borne.rounded_minor,
            values=values,
            spans=borne.spans,
            terms=_terms(program, what, closes_on),
            arithmetic=arithmetic(borne),
        )
    ]
    if posted_minor:
        parts.append(Part(what=f"{what}.charged_before", amount_minor=-posted_minor, values=values))
    rest_minor = amount_minor - sum(part.amount_minor for part in parts)
    if rest_minor:
        # Agreed with the numbers of then; history was corrected since.
        parts.append(Part(what=f"{what}.adjusted", amount_minor=rest_minor, values=values))
    return Part(what=f"{what}.of", amount_minor=amount_minor, values=values, parts=tuple(parts))


def cycle_part(trace: Trace, amount_minor: int) -> Part:
    """Interest that purchases which no statement has billed have borne up to the trace's day."""
    account = accrued(trace.account, trace.on, trace.program)
    borne = _of_cycle(trace, account, trace.on, None)
    parts = [
        Part(
            what=_so_far("interest", borne),
            amount_minor=borne.rounded_minor,
            spans=borne.spans,
            terms=_terms(trace.program, "interest", trace.on),
            arithmetic=arithmetic(borne),
        )
    ]
    rest_minor = amount_minor - borne.rounded_minor
    if rest_minor:
        parts.append(Part(what="interest.charged_before", amount_minor=rest_minor))
    return Part(what="interest.of_cycle", amount_minor=amount_minor, parts=tuple(parts))


def _so_far(what: What, borne: Borne) -> str:
    return f"{what}.so_far" if borne.spans else f"{what}.so_far_whole"


def arithmetic(borne: Borne) -> str:
    """399.00 × 10 × 0.0005 = 1.995 → 2.00"""
    terms = [f"{yuan_text(span.base_minor)} × {span.days} × {plain(span.daily_rate)}" for span in borne.spans]
    exact = plain(_decimal(borne.exact / 100))
    whole = f"{' + '.join(terms)} = {exact}" if terms else exact
    return f"{whole} → {yuan_text(borne.rounded_minor)}"


def _of_statement(trace: Trace, what: What, statement: Statement, upto: Step | None) -> Borne:
    program = trace.program
    accruals = _accruals(what, statement)
    issued = trace.statements.get(statement.closes_on)
    stretches: list[_Stretch] = []
    if issued is not None:
        if what == "interest":
            stretches += _of_cycle_days(trace, issued)
        stretches += _of_statement_days(trace, what, issued, upto)
    exact = _exact(accruals, program, what)
    unposted = unposted_minor if what == "interest" else unposted_penalty_minor
    return Borne(_if_whole(stretches, exact), exact, unposted(statement, program) + _posted(what, statement))


def _of_cycle(trace: Trace, account: Account, closes_on: date, upto: Step | None) -> Borne:
    exact = _exact(account.accruals, trace.program, "interest")
    stretches = list(_of_cycle_days(trace, upto))
    terms = trace.program.terms_on(closes_on)
    return Borne(_if_whole(stretches, exact), exact, rounded(exact, terms))


def _if_whole(stretches: list[_Stretch], exact: Fraction) -> tuple[Span, ...]:
    whole = sum((stretch.exact for stretch in stretches), start=Fraction(0))
    return tuple(map(_span, _merged(stretches))) if whole == exact else ()


def _of_statement_days(trace: Trace, what: What, issued: Step, upto: Step | None) -> Iterator[_Stretch]:
    """Of one statement, from its issue on: what accrued between one step and the next."""
    assert isinstance(issued.event, StatementIssued)
    closes_on = issued.event.closes_on
    for before, on, step in _passages(trace, issued, upto):
        here = _statement(before, closes_on)
        if here is None:
            return
        there = None if step is None else _statement(step.after, closes_on)
        if there is not None and there.accrued_through_on < on:
            continue  # the step did not look at interest; the next one will count these days too
        then = _statement(accrued(before, on, trace.program), closes_on)
        assert then is not None
        from_on = max(here.accrued_through_on, here.due_on) if what == "penalty" else here.accrued_through_on
        yield from _grown(_accruals(what, here), _accruals(what, then), from_on, on, trace.program, what, closes_on)


def _of_cycle_days(trace: Trace, upto: Step | None) -> Iterator[_Stretch]:
    """Of the purchases that one close bills, before it: where the terms let them bear interest from posting."""
    closes_on = upto.event.value_on if upto is not None else trace.on
    for before, on, step in _passages(trace, _opening(trace, upto), upto):
        if step is not None and step.after.accrued_through_on < on:
            continue
        then, from_on = accrued(before, on, trace.program), before.accrued_through_on
        yield from _grown(before.accruals, then.accruals, from_on, on, trace.program, "interest", closes_on)


def _opening(trace: Trace, upto: Step | None) -> Step:
    """The step after which the cycle that `upto` closes began."""
    last = trace.opened
    for step in trace.statements.values():
        if step is upto:
            break
        last = step
    return last


def _passages(trace: Trace, start: Step, upto: Step | None) -> Iterator[tuple[Account, date, Step | None]]:
    """(account, the day up to which it stood so, the step that ended it) from `start` to `upto`, or to the trace's day.

    The step is None for the last of them, at whose end somebody looks.
    """
    account = start.after
    first = 0 if start is trace.opened else trace.place(start) + 1
    for step in trace.steps[first:]:
        if step is upto:
            yield account, step.event.value_on, None
            return
        yield account, step.event.value_on, step
        account = step.after
    yield account, trace.on, None


def _grown(
    here: tuple[Accrual, ...],
    then: tuple[Accrual, ...],
    from_on: date,
    to_on: date,
    program: Program,
    what: What,
    closes_on: date,
) -> Iterator[_Stretch]:
    before = {accrual.version: accrual.minor_days for accrual in here}
    grown = {accrual.version: accrual.minor_days - before.get(accrual.version, 0) for accrual in then}
    spans = program.interest_spans(closes_on, from_on, to_on)
    for version, days in spans:
        days_of_version = sum(days for other, days in spans if other == version)
        base_minor, over = divmod(grown.get(version, 0), days_of_version)
        until_on = from_on + timedelta(days=days)
        if base_minor and not over:
            yield _Stretch(base_minor, from_on, until_on, _rate(program, version, what))
        from_on = until_on


def _merged(stretches: list[_Stretch]) -> list[_Stretch]:
    """Neighbors with the same amount and rate as one."""
    merged: list[_Stretch] = []
    for one in stretches:
        last = merged[-1] if merged else None
        if last and (last.base_minor, last.daily_rate, last.to_on) == (one.base_minor, one.daily_rate, one.from_on):
            merged[-1] = last._replace(to_on=one.to_on)
        else:
            merged.append(one)
    return merged


def _span(stretch: _Stretch) -> Span:
    return Span(
        base_minor=stretch.base_minor,
        from_on=stretch.from_on,
        to_on=stretch.to_on,
        days=stretch.days,
        daily_rate=_decimal(stretch.daily_rate),
        exact=_decimal(stretch.exact / 100),
    )


def _statement(account: Account, closes_on: date) -> Statement | None:
    return next((statement for statement in account.statements if statement.closes_on == closes_on), None)


def _accruals(what: What, statement: Statement) -> tuple[Accrual, ...]:
    return statement.accruals if what == "interest" else statement.penalties


def _posted(what: What, statement: Statement) -> int:
    return statement.posted_minor if what == "interest" else statement.penalty_posted_minor


def _exact(accruals: tuple[Accrual, ...], program: Program, what: What) -> Fraction:
    return sum((a.minor_days * _rate(program, a.version, what) for a in accruals), start=Fraction(0))


def _rate(program: Program, version: int, what: What) -> Fraction:
    return Fraction(program.interest_daily_rate(version) if what == "interest" else program.penalty_daily_rate(version))


def _terms(program: Program, what: What, on: date) -> tuple[TermUsed, ...]:
    of_interest = ("interest_daily_rate", "interest_start", "interest_on", "rounding")
    return terms_used(
        program, on, *(of_interest if what == "interest" else ("penalty_daily_rate", "penalty_on", "rounding"))
    )


def _decimal(exact: Fraction) -> Decimal:
    return _DIGITS.divide(Decimal(exact.numerator), Decimal(exact.denominator))
