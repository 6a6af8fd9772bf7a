"""The cycle closes for many people: a statement bills what waits, as `florin.credit.closing` does."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from florin.credit.terms import Terms
from florin.lab.arrays import Flags, Index, Minor
from florin.lab.book.installments import ToCome
from florin.lab.book.late import watch
from florin.lab.book.repaying import regimes
from florin.lab.book.standing import accrue
from florin.lab.book.state import State
from florin.lab.book.statements import BUCKETS, Statements, grace_kept
from florin.lab.book.tables import Tables


def close(state: State, people: Index) -> None:
    """Bill people whose cycle closes today, where anything waits or is left to pay. Each once."""
    billed = state.installments.bill(people, state.today)
    waits = (state.unbilled[people] > 0) | (state.open[people] > 0) | state.bears(people)
    waits |= billed.principal + billed.fee + billed.income > 0
    people, billed = people[waits], ToCome(*(minor[waits] for minor in billed))
    place = np.zeros(state.count, np.intp)
    place[people] = np.arange(people.size)
    for group in state.by_open(people):
        _close(state, group, ToCome(*(minor[place[group]] for minor in billed)))


class _Bill(NamedTuple):
    """What a close bills each person."""

    purchases: Minor
    installments: ToCome
    interest: Minor
    penalty: Minor


def _close(state: State, people: Index, installments: ToCome) -> None:
    tables, terms = state.tables, state.tables.terms_on(state.today)
    statements = state.statements(people, room=1)
    accrue(state, people, statements)
    free = grace_kept(state.revolved[people], state.grace_lost[people], terms)
    ahead = state.cycle_posted[people]
    borne = own = np.zeros(people.shape, np.int64)
    if tables.from_posting:
        borne = np.where(state.bears(people), state.cycle_borne(people), 0)
        own = np.where(free, 0, np.maximum(_rounded_today(state, borne) - ahead, 0))
    of_older = _post(statements, tables)
    bill = _Bill(state.unbilled[people], installments, own + of_older[0], of_older[1])
    issued = _issue(state, people, statements, bill, terms)
    issued["borne"], issued["posted"] = borne, ahead + own
    issued["contingent"] = np.ones_like(borne) if terms.interest_start == "due" else free & (ahead == 0)
    _add(state, people, statements, issued)
    _book(state, people, bill)
    _turn_cycle(state, people, terms)
    _use_credit_balance(state, people, statements, terms)
    remaining = statements.remaining()
    among = remaining.sum(axis=0) <= terms.full_payment_tolerance_minor
    if among.any():
        statements.mark_in_full(state.today, tables, among)
    if not remaining.all():
        statements.drop(statements.settled(tables))
    state.keep(people, statements)
    watch(state, people, statements)


def _rounded_today(state: State, exact: Minor) -> Minor:
    return state.tables.rounded(exact, np.full(exact.shape, state.today, np.int64))


def _post(statements: Statements, tables: Tables) -> tuple[Minor, Minor]:
    """Bill what older statements have borne: interest and penalties of each person."""
    if not statements.issued.any():
        return statements.principal.sum(axis=0), statements.principal.sum(axis=0)
    interest = np.maximum(statements.unposted(tables), 0)
    penalty = np.maximum(statements.unposted_penalty(tables), 0)
    statements.posted += interest
    statements.penalty_posted += penalty
    return interest.sum(axis=0), penalty.sum(axis=0)


def _issue(
    state: State, people: Index, statements: Statements, bill: _Bill, terms: Terms
) -> dict[str, Minor | Flags | int]:
    """The new statement's fields."""
    principal = bill.purchases + bill.installments.principal
    fee = bill.installments.fee
    image = principal + fee + bill.interest + bill.penalty
    due_days = [state.tables.due_on(state.today, due_day) for _, due_day in state.calendars]
    due = np.array(due_days, np.int64)[state.calendar[people]]
    return {
        "closes": state.today,
        "due": due,
        "through": state.today if terms.interest_start == "posting" else due,
        "image": image,
        "unmet": _minimum(state, people, statements, bill, terms),
        "principal": principal,
        "fee": fee,
        "interest": bill.interest,
        "penalty": bill.penalty,
        "in_full": image == 0,
    }


def _minimum(state: State, people: Index, statements: Statements, bill: _Bill, terms: Terms) -> Minor:
    """A share of what may revolve, rounded up, and all of what may not; `statements`: just before the close."""
    in_full = set(terms.minimum_in_full)
    earlier = statements.remaining().sum(axis=0)
    missed = statements.missed().max(axis=0) if "missed" in in_full else np.zeros_like(earlier)
    kinds = {
        "installment": bill.installments.principal,
        "fee": bill.installments.fee,
        "interest": bill.interest,
        "penalty": bill.penalty,
    }
    zero = np.zeros_like(earlier)
    whole = sum((minor for kind, minor in kinds.items() if kind in in_full), start=zero)
    ordinary = sum((minor for kind, minor in kinds.items() if kind not in in_full), start=bill.purchases + earlier)
    balance = ordinary + whole
    ordinary = ordinary - missed
    over = zero
    if "over_limit" in in_full:
        over = np.maximum(_owed(state, people, earlier, bill) - state.limit[people], 0)
        over = np.minimum(over, ordinary)
    ordinary = ordinary - over
    numerator, denominator = terms.minimum_share.as_integer_ratio()
    share = -(-ordinary * numerator // denominator)
    minimum = np.maximum(share + whole + missed + over, terms.minimum_floor_minor)
    minimum = np.maximum(np.minimum(balance, minimum), 0)
    return np.where(balance < terms.minimum_whole_below_minor, balance, minimum)


def _owed(state: State, people: Index, earlier: Minor, bill: _Bill) -> Minor:
    """All that is owed just before the close."""
    owed = earlier + bill.purchases + state.to_come[people] + state.fee_to_come[people]
    if state.claims.person.size:
        for bucket in BUCKETS:
            owed = owed + state.claims.owed(bucket)[people]
    return owed


def _add(state: State, people: Index, statements: Statements, issued: dict[str, Minor | Flags | int]) -> None:
    places, columns = state.open[people], np.arange(people.size)
    if (places == places[0]).all():
        for field, minor in issued.items():
            statements.left(field)[places[0]] = minor
        return
    for field, minor in issued.items():
        statements.left(field)[places, columns] = minor


def _book(state: State, people: Index, bill: _Bill) -> None:
    if bill.installments.principal.any() or bill.installments.fee.any() or bill.installments.income.any():
        state.to_come[people] -= bill.installments.principal
        state.fee_to_come[people] -= bill.installments.fee
        state.sums.fee[people] += bill.installments.income
    if bill.interest.any() or bill.penalty.any():
        on_books = ~state.stopped[people]
        state.sums.interest[people] += bill.interest * on_books
        state.sums.penalty[people] += bill.penalty * on_books


def _turn_cycle(state: State, people: Index, terms: Terms) -> None:
    if state.tables.loses_grace:
        lost = state.revolved[people]
        one_less = np.maximum(state.grace_lost[people] - 1, 0)
        state.grace_lost[people] = np.where(lost, terms.grace_lost_for, one_less)
        state.revolved[people] = False
    state.end_cycle(people)


def _use_credit_balance(state: State, people: Index, statements: Statements, terms: Terms) -> None:
    """A credit balance that stayed on the line pays what is billed, at once. It counts toward that minimum and newer ones."""
    balance = np.where(state.stopped[people], 0, state.credit_balance[people])
    if not balance.any():
        return
    regime = regimes(terms, statements.first_past_due(), state.today)
    earlier = Statements(statements.cells.copy(), statements.fields)
    left = balance.copy()
    for number, waterfall in enumerate(terms.waterfall):
        of_regime = np.where(regime == number, left, 0)
        left -= of_regime
        statements.clear(of_regime, waterfall)
        left += of_regime
    paid = earlier.remaining() - statements.remaining()
    statements.unmet -= np.cumsum(paid, axis=0) * statements.issued
    principal = earlier.principal.sum(axis=0) - statements.principal.sum(axis=0)
    state.clear(people, principal)
    state.credit_balance[people] -= balance - left
    state.used[people] += balance - left
