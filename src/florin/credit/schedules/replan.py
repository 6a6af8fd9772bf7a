"""Changes of the plan: a new rate, arrears put into what is to come, a new plan, and the charge-off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import get_args

from msgspec.structs import replace

from florin.credit.schedules.calendar import Period, periods_of
from florin.credit.schedules.events import ChargeOff, Entry, RateChange, ReAge, ReAgedInterest, ReAmortize
from florin.credit.schedules.invalid import ConventionUnknown, EventImpossible, counted_periods, exact_rate
from florin.credit.schedules.level import leveled
from florin.credit.schedules.projection import Row, project
from florin.credit.schedules.state import Move, Slot, State


def change_rate(state: State, event: RateChange) -> State:
    """Raises RateNotExact, RateOutOfRange, ConventionUnknown."""
    if event.installment not in ("found_anew", "kept"):
        raise ConventionUnknown(f"installment is {event.installment!r}: choose found_anew or kept")
    changed = replace(state, rates=(*state.rates, (event.on, exact_rate(event.yearly_rate))))
    return leveled(changed, event.on, after=event.on) if event.installment == "found_anew" else changed


def re_amortize(state: State, event: ReAmortize) -> State:
    """Raises EventImpossible when no installment is to come."""
    first = next((row.slot for row in _open_rows(state, event.on) if row.due_on > event.on), None)
    if first is None:
        raise EventImpossible(f"nothing is due after {event.on} to put arrears into: re-age the loan instead")
    moved_fee_minor = sum(row.unpaid("fee") for row in _open_rows(state, event.on) if row.due_on <= event.on)
    slots = (_closed(slot, event.on) if slot.period.due_on <= event.on else slot for slot in state.slots)
    closed = replace(state, slots=tuple(slots))
    # What was owed in interest and is no longer, is owed with the next installment.
    moved_minor = _interest_owed_minor(state, event.on) - _interest_owed_minor(closed, event.on)
    with_arrears = replace(
        first,
        opening_interest_minor=first.opening_interest_minor + moved_minor,
        fee_minor=first.fee_minor + moved_fee_minor,
    )
    slots = (with_arrears if slot.number == first.number else slot for slot in closed.slots)
    return leveled(replace(closed, slots=tuple(slots)), event.on, after=event.on)


def re_age(state: State, event: ReAge) -> tuple[State, Entry]:
    """Raises EventImpossible when nothing is owed or the first due date is past, PeriodsOutOfRange, ConventionUnknown."""
    if event.interest not in get_args(ReAgedInterest):
        names = ", ".join(get_args(ReAgedInterest))
        raise ConventionUnknown(f"interest is {event.interest!r}: choose one of {names}")
    if event.first_due_on < event.on:
        raise EventImpossible(f"re-aged on {event.on}, but first due on {event.first_due_on}: name that day or a later")
    rows = _open_rows(state, event.on)
    interest_minor = sum(row.unpaid("interest") for row in rows)
    if event.interest == "equal_parts_to_maturity":
        interest_minor = sum(row.unpaid("interest") for row in project(state, event.on))
    fee_minor = sum(row.unpaid("fee") for row in rows)
    principal_minor = state.outstanding_minor
    if principal_minor + interest_minor + fee_minor == 0:
        raise EventImpossible(f"nothing is owed on {event.on}, so there is nothing to re-age")
    entry = Entry(
        on=event.on,
        cause="re_age",
        principal_minor=principal_minor,
        interest_minor=0 if event.interest == "waived" else interest_minor,
        fee_minor=fee_minor,
    )
    kept = [_closed(slot, event.on) for slot in _cut(state.slots, event.on)]
    first_number = max((slot.number for slot in kept), default=0) + 1
    slots = [Slot(number=first_number + index, period=period) for index, period in enumerate(_new_periods(event))]
    slots[0] = replace(slots[0], fee_minor=fee_minor)
    aged = replace(state, slots=(*kept, *slots), every=event.every)
    if event.interest.startswith("equal_parts"):
        return _in_equal_parts(aged, event, len(kept), principal_minor, interest_minor), entry
    if event.interest == "capitalized":
        move = Move(event.on, event.on, interest_minor)
        capitalized_minor = aged.capitalized_minor + interest_minor
        aged = replace(aged, moves=(*aged.moves, move), capitalized_minor=capitalized_minor)
    elif event.interest == "first_installment":
        slots[0] = replace(slots[0], opening_interest_minor=interest_minor)
        aged = replace(aged, slots=(*kept, *slots))
    return leveled(aged, event.on, after=date.min), entry


def charge_off(state: State, event: ChargeOff) -> tuple[State, Entry]:
    """Raises EventImpossible when it is charged off already, ConventionUnknown."""
    if event.interest not in ("stops", "continues", "accelerates"):
        raise ConventionUnknown(f"interest is {event.interest!r}: choose stops, continues or accelerates")
    if state.charged_off_on is not None:
        raise EventImpossible(f"charged off on {state.charged_off_on} already: it cannot be on {event.on} again")
    rows = _open_rows(state, event.on)
    if not any(row.unpaid_minor for row in rows):
        raise EventImpossible(f"nothing is owed on {event.on}, so there is nothing to charge off")
    entry = Entry(
        on=event.on,
        cause="charge_off",
        principal_minor=sum(row.unpaid("principal") for row in rows),
        interest_minor=sum(row.unpaid("interest") for row in rows),
        fee_minor=sum(row.unpaid("fee") for row in rows),
    )
    charged = replace(state, charged_off_on=event.on)
    if event.interest == "stops":
        charged = replace(charged, rates=(*charged.rates, (event.on, Fraction(0))))
    if event.interest == "accelerates" and event.on < state.maturity_on:
        charged = replace(charged, slots=_cut(state.slots, event.on))
    return charged, entry


def _open_rows(state: State, on: date) -> list[Row]:
    return [row for row in project(state, on, until=on) if row.slot.is_open]


def _interest_owed_minor(state: State, on: date) -> int:
    return sum(row.unpaid("interest") for row in _open_rows(state, on))


def _closed(slot: Slot, on: date) -> Slot:
    """What was paid stays with it, what was unpaid leaves it."""
    return replace(
        slot,
        fee_minor=slot.paid_fee_minor,
        opening_interest_minor=0,
        settled_on=slot.settled_on or on,
        closed=True,
    )


def _cut(slots: Sequence[Slot], on: date) -> tuple[Slot, ...]:
    """The slots due by that day, and the one that it falls into, ending there; it holds what later ones were paid and
    the fees they would have borne.
    """
    before = tuple(slot for slot in slots if slot.period.due_on <= on)
    after = [slot for slot in slots if slot.period.due_on > on]
    holds = any(slot.paid_minor or slot.fee_minor or slot.opening_interest_minor for slot in after)
    begins_on = after[0].period.from_on if after else on
    if not after or (not holds and begins_on >= on and any(slot.is_open for slot in before)):
        return before
    current = replace(
        after[0],
        period=after[0].period.until(on),
        opening_interest_minor=sum(slot.opening_interest_minor for slot in after),
        fee_minor=sum(slot.fee_minor for slot in after),
        paid_principal_minor=sum(slot.paid_principal_minor for slot in after),
        paid_interest_minor=sum(slot.paid_interest_minor for slot in after),
        paid_fee_minor=sum(slot.paid_fee_minor for slot in after),
        settled_on=None,
    )
    return (*before, current)


def _new_periods(event: ReAge) -> tuple[Period, ...]:
    if event.first_due_on > event.on:
        return periods_of(event.on, event.every, event.periods, event.first_due_on)
    counted_periods(event.periods)
    first = Period(event.on, event.on, None)
    return (first, *periods_of(event.on, event.every, event.periods - 1)) if event.periods > 1 else (first,)


def _in_equal_parts(state: State, event: ReAge, kept: int, principal_minor: int, interest_minor: int) -> State:
    """Equal totals and equal interest; the last installment carries the rest of each."""
    convention, count = state.convention, event.periods
    total_part_minor = convention.rounded_installment(Fraction(principal_minor + interest_minor, count))
    interest_part_minor = convention.rounded(Fraction(interest_minor, count))
    slots = list(state.slots)
    for index in range(count):
        is_last = index == count - 1
        slots[kept + index] = replace(
            slots[kept + index],
            principal_minor=total_part_minor - interest_part_minor,
            opening_interest_minor=interest_minor - interest_part_minor * index if is_last else interest_part_minor,
        )
    return replace(state, slots=tuple(slots), rates=(*state.rates, (event.on, Fraction(0))))
