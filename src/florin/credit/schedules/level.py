"""The level installment: the one amount that pays off what is owed over the slots that are to come.

It solves, exactly, B(j) = B(j-1) × (1 + r(j)) - L with B(n) = 0, where r(j) is the interest of one period; the first
period's interest is taken as it accrues, so that days already past, odd first periods and mixed rates are in it. Then L
is rounded, and the last installment carries the rest.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from msgspec.structs import replace

from florin.credit.schedules.projection import Row, growth, project
from florin.credit.schedules.state import Slot, State

SPREADS_MAX = 3


def leveled(state: State, as_of: date, after: date) -> State:
    """The state with a new level, or new equal parts of principal, for the open slots that are due after a day."""
    rows = project(state, as_of)
    first = next((i for i, row in enumerate(rows) if row.slot.is_open and row.due_on > after), None)
    if first is None:
        return state
    targets = frozenset(row.slot.number for row in rows[first:] if row.slot.is_open)
    if state.method != "level":
        return _with_principal(state, rows[first:], targets)
    level_minor = state.convention.rounded_installment(_level(state, rows[first:], targets))
    if state.convention.level_adjustment == "lower_last":
        return _lowered_last(state, as_of, targets, level_minor)
    found = _with_level(state, targets, level_minor)
    return found if state.convention.level_adjustment == "none" else _spread(found, as_of, targets, level_minor)


def _level(state: State, rows: tuple[Row, ...], targets: frozenset[int]) -> Fraction:
    owed, installments = Fraction(0), Fraction(0)
    for index, row in enumerate(rows):
        if index == 0:
            owed = row.before_minor + row.accrued
        else:
            factor = 1 + growth(state, row.slot.period)
            owed, installments = owed * factor, installments * factor
        if row.slot.number in targets:
            owed += row.slot.paid_principal_minor
            installments += 1
    return owed / installments


def _with_principal(state: State, rows: tuple[Row, ...], targets: frozenset[int]) -> State:
    """Equal parts of principal; interest comes on top."""
    paid_minor = sum(row.slot.paid_principal_minor for row in rows if row.slot.number in targets)
    owed_minor = rows[0].before_minor + paid_minor
    part_minor = state.convention.rounded_installment(Fraction(owed_minor, len(targets)))
    slots = (replace(slot, principal_minor=part_minor) if slot.number in targets else slot for slot in state.slots)
    return replace(state, slots=tuple(slots))


def _with_level(state: State, targets: frozenset[int], level_minor: int) -> State:
    def level_of(slot: Slot) -> Slot:
        if slot.number not in targets:
            return slot
        return replace(slot, level_minor=max(level_minor, slot.paid_minor))

    return replace(state, slots=tuple(level_of(slot) for slot in state.slots))


def _spread(state: State, as_of: date, targets: frozenset[int], level_minor: int) -> State:
    """Spreads the difference of the last installment over all of them, as `level_adjustment` says."""
    difference_minor = _last_difference(state, as_of, targets)
    for _ in range(SPREADS_MAX):
        half = len(targets) // 2
        if half == 0 or abs(difference_minor) <= half:
            break
        share_minor = state.convention.rounded(Fraction(difference_minor, len(targets)))
        tried_minor = state.convention.rounded_installment(level_minor + share_minor)
        if tried_minor == level_minor:
            break
        tried = _with_level(state, targets, tried_minor)
        tried_difference_minor = _last_difference(tried, as_of, targets)
        if abs(tried_difference_minor) >= abs(difference_minor):
            break
        state, level_minor, difference_minor = tried, tried_minor, tried_difference_minor
    return state


def _lowered_last(state: State, as_of: date, targets: frozenset[int], level_minor: int) -> State:
    """The smallest level, in steps of its multiple, for which the last installment is not above the one before."""
    step_minor = state.convention.installment_multiple_minor

    def is_low(minor: int) -> bool:
        return _last_difference(_with_level(state, targets, minor), as_of, targets) <= 0

    # Rounding moves the last installment by at most a step an installment, so few steps decide.
    for _ in range(2 * len(targets) + 2):
        if not is_low(level_minor):
            level_minor += step_minor
        elif level_minor > step_minor and is_low(level_minor - step_minor):
            level_minor -= step_minor
        else:
            break
    return _with_level(state, targets, level_minor)


def _last_difference(state: State, as_of: date, targets: frozenset[int]) -> int:
    rows = [row for row in project(state, as_of) if row.slot.number in targets]
    if len(rows) < 2:
        return 0
    last, before = rows[-1], rows[-2]
    return (last.principal_minor + last.interest_minor) - (before.principal_minor + before.interest_minor)
