"""The projection: what each installment amounts to, seen from a day.

Up to that day the balance is what was truly owed; from then on it is assumed that arrears are paid that day and all
else when it is due. Interest is exact within a period and posted once, rounded, at its end; what an installment cannot
bear, or what accrues after it was paid early, is carried as posted to the next one that is open. The last open one
carries what remains, so that the parts of principal always add up to what was lent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import pairwise

import msgspec
from msgspec.structs import replace

from florin.credit.schedules.calendar import Period, year_share
from florin.credit.schedules.state import Part, Slot, State


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A slot with its amounts. before_minor: principal not yet assigned to an earlier slot. accrued: its own interest
    and what was carried to it, exact, before any cap.
    """

    slot: Slot
    principal_minor: int
    interest_minor: int
    before_minor: int
    accrued: Fraction

    @property
    def due_on(self) -> date:
        return self.slot.period.due_on

    def amount(self, part: Part) -> int:
        return {"fee": self.slot.fee_minor, "interest": self.interest_minor, "principal": self.principal_minor}[part]

    def unpaid(self, part: Part) -> int:
        if self.slot.closed:
            return 0
        return self.amount(part) - self.slot.paid(part)

    @property
    def unpaid_minor(self) -> int:
        return self.unpaid("fee") + self.unpaid("interest") + self.unpaid("principal")

    @property
    def total_minor(self) -> int:
        return self.principal_minor + self.interest_minor + self.slot.fee_minor


def project(state: State, as_of: date, *, until: date | None = None) -> tuple[Row, ...]:
    """A row for each slot. until: no interest from that day on, as in a payoff (ignored where interest is scheduled)."""
    until = None if state.is_scheduled else until
    left_minor = state.outstanding_minor
    last = max((index for index, slot in enumerate(state.slots) if slot.is_open), default=-1)
    rows: list[Row] = []
    arrears_minor, carried_minor = 0, 0
    for index, slot in enumerate(state.slots):
        if slot.closed:
            rows.append(_paid_row(slot, left_minor, Fraction(0)))
            continue
        base_minor = left_minor
        if state.is_scheduled:
            base_minor += sum(slot.paid_principal_minor for slot in state.slots[index:])
        exact = _accrued(state, slot.period, base_minor, arrears_minor, as_of, until)
        posted_minor = state.convention.rounded(exact) + slot.opening_interest_minor + carried_minor
        accrued = exact + slot.opening_interest_minor + carried_minor
        if not slot.is_open:
            rows.append(_paid_row(slot, left_minor, accrued))
            carried_minor = 0 if state.is_scheduled else max(posted_minor - slot.paid_interest_minor, 0)
            continue
        row = _open_row(slot, left_minor, posted_minor, accrued, is_last=index == last)
        carried_minor = max(posted_minor - row.interest_minor, 0)
        taken_minor = row.principal_minor - slot.paid_principal_minor
        left_minor -= taken_minor
        arrears_minor += taken_minor
        rows.append(row)
    if last >= 0:
        # Whatever accrued after it, in periods paid early or past the end, is the last open one's.
        interest_minor = rows[last].interest_minor + carried_minor + _after_maturity(state, as_of)
        rows[last] = replace(rows[last], interest_minor=max(interest_minor, rows[last].slot.paid_interest_minor))
    return tuple(rows)


def growth(state: State, period: Period) -> Fraction:
    """Interest on one minor unit over a whole period."""
    cuts = [on for on, _ in state.rates]
    spans = _spans(period.from_on, period.due_on, cuts)
    return sum(
        (state.rate_on(a) * year_share(state.convention, state.every, period, a, b) for a, b in spans), Fraction(0)
    )


def _paid_row(slot: Slot, before_minor: int, accrued: Fraction) -> Row:
    return Row(
        slot=slot,
        principal_minor=slot.paid_principal_minor,
        interest_minor=slot.paid_interest_minor,
        before_minor=before_minor,
        accrued=accrued,
    )


def _open_row(slot: Slot, left_minor: int, posted_minor: int, accrued: Fraction, *, is_last: bool) -> Row:
    interest_minor, wanted_minor = posted_minor, slot.principal_minor
    if not is_last and wanted_minor is None:
        interest_minor = min(posted_minor, slot.level_minor)
        if slot.paid_principal_minor > slot.level_minor - interest_minor:
            # Paid early almost in full: there is no room for what accrues afterwards, so all of it is carried.
            interest_minor = 0
        interest_minor = max(interest_minor, slot.paid_interest_minor)
        wanted_minor = slot.level_minor - interest_minor
    if not is_last:
        # Interest that was paid ahead stays interest, even when a lower rate asks for less of it afterwards.
        interest_minor = max(interest_minor, slot.paid_interest_minor)
    unpaid_minor = left_minor
    if not is_last and wanted_minor is not None:
        unpaid_minor = min(max(wanted_minor - slot.paid_principal_minor, 0), left_minor)
    return Row(
        slot=slot,
        principal_minor=slot.paid_principal_minor + unpaid_minor,
        interest_minor=interest_minor,
        before_minor=left_minor,
        accrued=accrued,
    )


def _accrued(
    state: State, period: Period, left_minor: int, arrears_minor: int, as_of: date, until: date | None
) -> Fraction:
    """Interest of one period. left_minor: what is owed in it as projected; arrears_minor: due before it and unpaid."""
    end_on = period.due_on if until is None else min(period.due_on, until)
    cuts = [as_of, *(on for on, _ in state.rates)]
    cuts += [move.on for move in state.moves] + [move.due_on for move in state.moves]
    exact = Fraction(0)
    for start, end in _spans(period.from_on, end_on, cuts):
        base_minor = left_minor
        if not state.is_scheduled and start < as_of:
            base_minor = _owed_minor(state, start, arrears_minor)
        if base_minor > 0:
            rate = state.rate_on(start)
            exact += base_minor * rate * year_share(state.convention, state.every, period, start, end)
    return exact


def _owed_minor(state: State, on: date, arrears_minor: int) -> int:
    """Principal that bore interest on a day that is past."""
    if state.rules.overdue_interest:
        return sum(move.principal_minor for move in state.moves if move.on <= on)
    return sum(move.principal_minor for move in state.moves if min(move.on, move.due_on) <= on) - arrears_minor


def _after_maturity(state: State, as_of: date) -> int:
    """Interest from the last due date to the day of the look, posted each period, where the rules say that it runs."""
    rules = state.rules
    runs = rules.after_maturity == "continues" and rules.overdue_interest and not state.is_scheduled
    if not runs or as_of <= state.maturity_on:
        return 0
    posted_minor, times, from_on = 0, 1, state.maturity_on
    while from_on < as_of:
        due_on = state.every.after(state.maturity_on, times)
        period = Period(from_on, due_on, Fraction(state.every.count) if state.every.unit == "months" else None)
        posted_minor += state.convention.rounded(_accrued(state, period, 0, 0, as_of, None))
        from_on, times = due_on, times + 1
    return posted_minor


def _spans(start: date, end: date, cuts: list[date]) -> Iterator[tuple[date, date]]:
    """[start, end) cut into pieces in which nothing changes."""
    if start >= end:
        return
    days = sorted({start, end, *(cut for cut in cuts if start < cut < end)})
    yield from pairwise(days)
