"""The clock's part in an account: which event is next, and on which day.

Its numbers are agreed with the world from then on. What the events do is in `closing.py` (a cycle closes), `late.py` (a
minimum is unmet), `charge_off.py`, `collect.py`, `remind.py`, `limit.py` (an uplift ends), `repayment_hold.py` (a repayment
clears) and `hardship.py` (a plan is kept, or broken).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from operator import attrgetter, itemgetter
from typing import NamedTuple

from msgspec.structs import replace

from florin.credit.charge_off import charged_off_by_clock
from florin.credit.closing import next_close_on, not_before, scheduled_statement
from florin.credit.collect import case_events
from florin.credit.hardship import ended_by_clock
from florin.credit.interest import grace_ends_on
from florin.credit.items import Account, Statement, days_past_due, missed_minor
from florin.credit.late import late_charge_minor, late_charge_on, next_chargeable
from florin.credit.remind import reminder, reminder_on
from florin.credit.repayment_hold import next_cleared
from florin.credit.terms import Program, Terms
from florin.events import (
    AccrualStopped,
    CaseClosed,
    CaseOpened,
    ChargedOff,
    FellPastDue,
    HardshipEnded,
    LateCharged,
    PromiseJudged,
    Reminded,
    RepaymentCleared,
    StatementIssued,
    UpliftEnded,
)

_Timed = StatementIssued | FellPastDue | LateCharged | AccrualStopped
_Collected = ChargedOff | CaseOpened | CaseClosed | PromiseJudged | Reminded
Scheduled = _Timed | _Collected | UpliftEnded | RepaymentCleared | HardshipEnded


class Appointment(NamedTuple):
    """A day on which the clock acts, and in which order on one day."""

    on: date
    turn: int
    statement: Statement | None = None


def next_action_on(account: Account, program: Program) -> date:
    """The next day on which the clock changes the account; date.max when it will not, unless something happens."""
    return _next(account, program).on


def scheduled(account: Account, program: Program) -> Scheduled:
    """The event of `next_action_on`; on one day the past due comes before its price, and both before the close."""
    event = scheduled_by(account, date.max, program)
    assert event is not None
    return event


def scheduled_by(account: Account, by_on: date, program: Program) -> Scheduled | None:
    """As `scheduled`, if that is on `by_on` or before."""
    on, turn, statement = _next(account, program)
    if on > by_on:
        return None
    if turn == _CLOSE:
        return scheduled_statement(account, on, program)
    if turn == _UPLIFT_ENDS:
        uplift = min(account.uplifts, key=_until_on)
        return UpliftEnded(
            value_on=on, line_id=account.line_id, amount_minor=uplift.amount_minor, until_on=uplift.until_on
        )
    if turn == _CLEARS:
        return next_cleared(account, on)
    if turn == _STOP:
        return AccrualStopped(value_on=on, line_id=account.line_id, days_past_due=days_past_due(account, on))
    if turn == _CHARGE_OFF:
        return charged_off_by_clock(account, on, program)
    if turn == _CASE:
        return replace(next(case_events(account, program)), value_on=on)
    if turn == _HARDSHIP_ENDS:
        ended = ended_by_clock(account, program)
        assert ended is not None
        return replace(ended, value_on=on)
    assert statement is not None
    if turn == _REMIND:
        return reminder(account, statement, on, program)
    if turn == _PAST_DUE:
        return FellPastDue(
            value_on=on,
            line_id=account.line_id,
            closes_on=statement.closes_on,
            missed_minor=missed_minor(account, statement.closes_on),
        )
    return LateCharged(
        value_on=on,
        line_id=account.line_id,
        closes_on=statement.closes_on,
        number=statement.late_charges + 1,
        amount_minor=late_charge_minor(account, statement, program),
    )


def _next(account: Account, program: Program) -> Appointment:
    """The first appointment. The newest answer is kept: the same account is asked several times in a row."""
    global _newest
    of_account, of_program, appointment = _newest
    if of_account is not account or of_program is not program or appointment is None:
        appointment = min(_appointments(account, program), key=_on_and_turn)
        _newest = account, program, appointment
    return appointment


_newest: tuple[Account | None, Program | None, Appointment | None] = (None, None, None)

# A hardship plan ends after all else of its day: what is missed then falls past due on another day.
_PAST_DUE, _LATE_CHARGE, _STOP, _CHARGE_OFF, _CASE, _CLOSE, _REMIND, _HARDSHIP_ENDS = range(8)
_on_and_turn = itemgetter(0, 1)
# Before all else: what is asked for above the limit is asked by the limit of that day, and what has cleared is there.
_UPLIFT_ENDS, _CLEARS = -2, -1
_until_on = attrgetter("until_on")


def _appointments(account: Account, program: Program) -> Iterator[Appointment]:
    yield Appointment(next_close_on(account, program), _CLOSE)
    if account.hardship_on is not None:
        ended = ended_by_clock(account, program)
        if ended is not None:
            yield Appointment(not_before(ended.value_on, account), _HARDSHIP_ENDS)
    for statement in account.statements:
        terms = program.terms_on(statement.closes_on)
        if account.hardship_on is not None:
            pass
        elif not statement.past_due:
            if missed_minor(account, statement.closes_on) > terms.minimum_tolerance_minor:
                after_on = grace_ends_on(statement, program) + timedelta(days=1)
                yield Appointment(not_before(after_on, account), _PAST_DUE, statement)
        elif statement.late_charges < len(terms.late_charges):
            chargeable = next_chargeable(account, statement, program)
            if chargeable is not None:
                after_on = _unpaused(late_charge_on(chargeable, terms), account, terms, "late_charges")
                yield Appointment(not_before(after_on, account), _LATE_CHARGE, chargeable)
        remind_on = reminder_on(account, statement, program) if terms.dunning else None
        if remind_on is not None:
            yield Appointment(remind_on, _REMIND, statement)
    if account.uplifts:
        until_on = min(uplift.until_on for uplift in account.uplifts)
        yield Appointment(not_before(until_on + timedelta(days=1), account), _UPLIFT_ENDS)
    if account.uncleared:
        yield Appointment(not_before(account.uncleared[0].clears_on, account), _CLEARS)
    for event in case_events(account, program):
        case_on = event.value_on
        if isinstance(event, CaseOpened):
            case_on = _unpaused(case_on, account, program.terms_on(case_on), "collection")
        yield Appointment(not_before(case_on, account), _CASE)
    since_on = account.past_due_on()
    if since_on is None:
        return
    terms = program.terms_on(since_on)
    if terms.non_accrual_days and not account.accrual_stopped:
        yield Appointment(not_before(since_on + timedelta(days=terms.non_accrual_days), account), _STOP)
    if terms.charge_off_days:
        charge_off_on = _unpaused(since_on + timedelta(days=terms.charge_off_days), account, terms, "charge_off")
        yield Appointment(not_before(charge_off_on, account), _CHARGE_OFF)


def _unpaused(on: date, account: Account, terms: Terms, what: str) -> date:
    """That day; if collection is paused on it and the terms let this stand still, the day after the pause."""
    pause = account.pause
    if pause is None or what not in terms.pause_stops or not pause.from_on <= on <= pause.until_on:
        return on
    return pause.until_on + timedelta(days=1)
