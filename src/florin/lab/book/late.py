"""Being late, for many people on one day: an unmet minimum falls past due, late charges have their days and caps, accrual
stops, and debt so old that it is lost is charged off. As `florin.credit.appointments`, `late` and `charge_off`.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from florin.credit.terms import DAYS_A_YEAR, LateCharge, Terms
from florin.lab.arrays import Flags, Index, Minor, Whole
from florin.lab.book.standing import accrue, cure, unbilled_interest
from florin.lab.book.state import State
from florin.lab.book.statements import BUCKETS, Statements
from florin.lab.book.tables import NEVER


def become_late(state: State, people: Index) -> None:
    """What today brings to people whose `late_on` has come."""
    # Whoever has met every minimum by the day on which the newest could fall past due is not late with any.
    met = (state.missed[people] == 0) & (state.past_due_on[people] == 0) & (state.due_on[people] < state.today)
    if not state.due_late:
        state.late_on[people[met]] = NEVER
        people = people[~met]
    for group in state.by_open(people):
        statements = state.statements(group)
        _fall_past_due(state, statements)
        _charge_late(state, group, statements)
        _stop_accrual(state, group, statements)
        state.keep(group, statements)
        watch(state, group, statements)
        gone = group[_charge_off_due(state, statements)]
        if gone.size:
            _charge_off(state, gone)


def watch(state: State, people: Index, statements: Statements) -> None:
    """Note when to look at these people again; nothing may happen on that day, but nothing happens before."""
    if statements.cells.shape[0] == 0:
        for of_people in (state.past_due_on, state.due_on, state.remaining, state.missed):
            of_people[people] = 0
        state.late_on[people] = NEVER
        return
    past_due = statements.past_due != 0
    falls = statements.grace_ends(state.tables) + 1
    on = np.where(statements.issued & ~past_due & (falls > state.today), falls, NEVER)
    state.due_on[people] = statements.due.max(axis=0)
    state.remaining[people] = statements.remaining().sum(axis=0)
    state.missed[people] = statements.missed().max(axis=0)
    state.past_due_on[people] = 0
    if past_due.any():
        on = np.minimum(on, _next_charge_on(state, statements, past_due))
        since = statements.first_past_due()
        state.past_due_on[people] = since
        due = statements.due < statements.due.max(axis=0)
        state.remaining_late[people] = (statements.remaining() * due).sum(axis=0)
        state.missed_late[people] = (statements.missed() * due).max(axis=0)
        on = np.minimum(on, _ages_on(state, people, since))
    state.late_on[people] = on.min(axis=0)


def _ages_on(state: State, people: Index, since: Whole) -> Whole:
    """When arrears are so old that accrual stops, or that they are charged off."""
    found = np.full(people.shape, NEVER, np.int64)
    for name, done in (("non_accrual_days", state.stopped[people]), ("charge_off_days", False)):
        days = np.asarray(state.tables.term(name, since))
        comes = np.where((since > 0) & (days > 0) & ~np.asarray(done), np.maximum(since + days, state.today + 1), NEVER)
        found = np.minimum(found, comes)
    return found


def _fall_past_due(state: State, statements: Statements) -> None:
    """A minimum that is unmet when its due day and grace have passed."""
    tables = state.tables
    unmet = statements.missed() > tables.term("minimum_tolerance_minor", statements.closes)
    falls = statements.issued & (statements.past_due == 0) & unmet & (statements.grace_ends(tables) < state.today)
    statements.past_due[falls] = 1
    statements.late[falls] = 1


# ── late charges ──────────────────────────────────────────────────────────────────────────────────────────────────


def _charge_late(state: State, people: Index, statements: Statements) -> None:
    off_books = state.stopped[people]
    for charges, where in state.tables.cases("late_charges", statements.closes):
        for number, charge in enumerate(charges):
            for place in range(statements.cells.shape[0]):
                days = np.maximum(charge.days_past_due, _grace(state, statements, place) + 1)
                due = (statements.past_due[place] != 0) & (statements.late_charges[place] <= number)
                due &= statements.due[place] + days <= state.today
                due &= where if where is True else np.asarray(where)[place]
                if due.any():
                    minor = np.where(due, _late_charge(state, people, statements, place, charge), 0)
                    statements.penalty[place] += minor
                    statements.late_charged[place] += minor
                    statements.late_charges[place, minor > 0] = number + 1
                    state.sums.late_charged[people] += minor
                    state.sums.penalty[people] += np.where(off_books, 0, minor)


def _grace(state: State, statements: Statements, place: int) -> Whole:
    return np.asarray(state.tables.term("grace_days", statements.closes[place]))


def _next_charge_on(state: State, statements: Statements, past_due: Flags) -> Whole:
    found = np.full(past_due.shape, NEVER, np.int64)
    grace = np.asarray(state.tables.term("grace_days", statements.closes))
    for charges, where in state.tables.cases("late_charges", statements.closes):
        for number, charge in enumerate(charges):
            comes = statements.due + np.maximum(charge.days_past_due, grace + 1)
            waits = past_due & (statements.late_charges <= number) & (comes > state.today) & where
            found = np.where(waits, np.minimum(found, comes), found)
    return found


def _late_charge(state: State, people: Index, statements: Statements, place: int, charge: LateCharge) -> Minor:
    """A share of what each misses and a fixed amount, at least the floor, within the charge's caps and the all-in cap."""
    closes = statements.closes[place]
    charged = statements.late_charged[place]
    minor = np.maximum(
        charge.floor_minor, _share(state, statements.missed()[place], charge.share, closes) + charge.amount_minor
    )
    if charge.cap_minor:
        minor = np.minimum(minor, charge.cap_minor - charged)
    share_of_image = _share(state, statements.image[place], charge.cap_share, closes)
    minor = np.where(share_of_image != 0, np.minimum(minor, share_of_image - charged), minor)
    principal = statements.principal[: place + 1].sum(axis=0)
    return np.minimum(np.maximum(minor, 0), _room(state, people, statements, place, principal))


def _share(state: State, minor: Minor, share: object, closes: Whole) -> Minor:
    exact = Fraction(str(share))
    if not exact:
        return np.zeros_like(minor)
    numerator, denominator = 2 * exact.numerator, 2 * exact.denominator
    found = np.zeros_like(minor)
    for rounding, where in state.tables.cases("rounding", closes):
        whole = (minor * numerator + denominator // 2) // denominator
        if rounding == "half_even":
            rest = minor * numerator - (minor * numerator // denominator) * denominator
            whole -= (rest == denominator // 2) & (whole % 2 == 1)
        found = whole if where is True else np.where(where, whole, found)
    return found


def _room(state: State, people: Index, statements: Statements, place: int, principal: Minor) -> Minor:
    """What the all-in cap leaves for late charges; as much as anything where the terms have none."""
    closes = statements.closes[place]
    found = np.full(people.shape, np.iinfo(np.int64).max, np.int64)
    for version, terms in enumerate(state.tables.terms):
        if terms.yearly_rate_max is None:
            continue
        left = Fraction(terms.yearly_rate_max) / DAYS_A_YEAR - sum(terms.charged_daily_rates())
        room = principal * left.numerator * _days_to_next_due(state, people, statements, place) // left.denominator
        room = np.maximum(room - statements.late_charged[place], 0)
        found = np.where(state.tables.version_on(closes) == version, room, found)
    return found


def _days_to_next_due(state: State, people: Index, statements: Statements, place: int) -> Whole:
    """From the due day of each statement to that of the next close."""
    keys = statements.closes[place] * len(state.calendars) + state.calendar[people]
    known, index = np.unique(keys, return_inverse=True)
    due = []
    for key in known:
        closes_on, number = divmod(int(key), len(state.calendars))
        cycle_day, due_day = state.calendars[number]
        due.append(state.tables.due_on(state.tables.next_close_on(closes_on, cycle_day), due_day) if closes_on else 0)
    return np.asarray(np.array(due, np.int64)[index] - statements.due[place])


# ── accrual stops, and charge-off ─────────────────────────────────────────────────────────────────────────────────


def _stop_accrual(state: State, people: Index, statements: Statements) -> None:
    """What is billed of interest and penalties leaves the books; the customer owes it all the same."""
    since = statements.first_past_due()
    days = np.asarray(state.tables.term("non_accrual_days", since))
    stops = (since > 0) & (days > 0) & (since + days <= state.today) & ~state.stopped[people]
    if stops.any():
        state.sums.interest[people] -= statements.interest.sum(axis=0) * stops
        state.sums.penalty[people] -= statements.penalty.sum(axis=0) * stops
        state.stopped[people] |= stops


def _charge_off_due(state: State, statements: Statements) -> Flags:
    since = statements.first_past_due()
    days = np.asarray(state.tables.term("charge_off_days", since))
    return np.asarray((since > 0) & (days > 0) & (since + days <= state.today))


def _charge_off(state: State, people: Index) -> None:
    """Move what the mode of their terms takes to claims."""
    since = state.past_due_on[people]
    for mode, where in state.tables.cases("charge_off_mode", since):
        meant = people if where is True else people[np.asarray(where)]
        if meant.size:
            _charge_off_by(state, meant, mode)


def _charge_off_by(state: State, people: Index, mode: str) -> None:
    statements, tables, sums = state.statements(people), state.tables, state.sums
    accrue(state, people, statements)
    waived = mode == "principal"
    stopped = state.stopped[people]
    taken = statements.issued & ((statements.past_due != 0) | (mode != "past_due"))
    unposted = np.zeros_like(statements.interest), np.zeros_like(statements.interest)
    if not waived:
        unposted = statements.unposted(tables), statements.unposted_penalty(tables)
    billed = {bucket: statements.left(bucket) * taken for bucket in BUCKETS}
    in_all = {bucket: minor.sum(axis=0) for bucket, minor in billed.items()}
    for place in range(statements.cells.shape[0]):
        claimed = {bucket: minor[place] for bucket, minor in billed.items()}
        for bucket, minor in zip(("interest", "penalty"), unposted, strict=True):
            charged = np.zeros_like(claimed[bucket]) if waived else claimed[bucket]
            claimed[bucket] = charged + np.maximum(minor[place], 0) * taken[place]
        state.claims.add(people, statements.closes[place], claimed)
    sums.lost_principal[people] += in_all["principal"]
    sums.lost_fee[people] += in_all["fee"]
    on_books = ~stopped
    if waived:
        sums.interest[people] -= in_all["interest"] * on_books
        sums.penalty[people] -= in_all["penalty"] * on_books
    else:
        sums.lost_interest[people] += in_all["interest"] * on_books
        sums.lost_penalty[people] += in_all["penalty"] * on_books
    state.lend(people, -in_all["principal"])
    state.lost_since[people] = np.where(
        state.lost_since[people] > 0, state.lost_since[people], state.past_due_on[people]
    )
    state.bar(people)
    if mode != "past_due":
        _charge_off_unbilled(state, people, tables.terms_on(state.today), waived=waived)
    statements.drop(taken)
    cure(state, people, statements)
    state.keep(people, statements)
    watch(state, people, statements)


def _charge_off_unbilled(state: State, people: Index, terms: Terms, *, waived: bool) -> None:
    """Purchases of this cycle, installments to come, which are due at once, and what purchases have borne."""
    sums = state.sums
    installments = state.installments.remove(people)
    principal = state.unbilled[people] + installments.principal
    claimed = {bucket: np.zeros(people.shape, np.int64) for bucket in BUCKETS}
    claimed["principal"] = principal
    sums.fee[people] += installments.income - installments.fee
    if waived:
        sums.shopper_fee[people] -= installments.fee
    else:
        claimed["fee"] = installments.fee
        sums.fee_forgone[people] += installments.fee
        claimed["interest"] = unbilled_interest(state, people, terms)
    state.claims.add(people, np.full(people.shape, NEVER, np.int64), claimed)
    sums.lost_principal[people] += principal
    state.lend(people, -principal)
    state.to_come[people] = 0
    state.fee_to_come[people] = 0
    state.end_cycle(people)
