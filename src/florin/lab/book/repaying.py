"""Repayments of many people on one day: what each clears, as `florin.credit.account` and `allocation` do it."""

from __future__ import annotations

import numpy as np

from florin.credit.terms import Terms, Waterfall
from florin.lab.arrays import Index, Minor, Whole
from florin.lab.book.late import watch
from florin.lab.book.standing import accrue, cure, unbilled_interest
from florin.lab.book.state import State
from florin.lab.book.statements import Statements


def repay(state: State, people: Index, amounts: Minor) -> None:
    """Money through the bank, today. people: each once; amounts: above zero. The clock must have acted."""
    state.sums.repaid[people] += amounts
    quick = state.paid_on_time(people, amounts)
    whom = people[quick]
    if whom.size:
        state.clear(whom, state.forget_only(whom))
    people, amounts = people[~quick], amounts[~quick]
    place = np.zeros(state.count, np.intp)
    place[people] = np.arange(people.size)
    for group in state.by_open(people):
        _repay(state, group, amounts[place[group]])


def _repay(state: State, people: Index, amounts: Minor) -> None:
    terms, tables = state.tables.terms_on(state.today), state.tables
    statements = state.statements(people)
    accrue(state, people, statements)
    _recover(state, people, amounts, terms)
    _clear_all(state, people, statements, amounts, terms)
    statements.mark_in_full(state.today, tables)
    if amounts.any():
        _take_accrued(state, people, statements, amounts, terms)
        state.credit_balance[people] += amounts
        state.used[people] -= amounts
        cure(state, people, statements)
    if terms.credit_balance_to_wallet:
        paid_out = state.credit_balance[people]
        if paid_out.any():
            state.sums.paid_out[people] += paid_out
            state.used[people] += paid_out
            state.credit_balance[people] = 0
    statements.drop(statements.settled(tables))
    state.keep(people, statements)
    watch(state, people, statements)


def regimes(terms: Terms, past_due_on: Whole, on: int) -> Whole:
    """Which of the terms' waterfalls each person is in. past_due_on: 0 where nothing is."""
    days = np.where(past_due_on > 0, np.maximum(on - past_due_on, 0), 0)
    begins = np.array([waterfall.from_days_past_due for waterfall in terms.waterfall], np.int64)
    return np.searchsorted(begins, days, side="right") - 1


def _recover(state: State, people: Index, amounts: Minor, terms: Terms) -> None:
    meant = np.flatnonzero(state.lost_since[people])
    if meant.size == 0:
        return
    whom, left = people[meant], amounts[meant]
    before, claimed = left.copy(), state.claims.owed("principal")[whom]
    state.claims.recover(whom, left, regimes(terms, state.lost_since[whom], state.today), terms.waterfall)
    state.used[whom] -= claimed - state.claims.owed("principal")[whom]
    state.sums.recovery[whom] += before - left
    amounts[meant] = left


def _clear_all(state: State, people: Index, statements: Statements, amounts: Minor, terms: Terms) -> None:
    """By the waterfall in force, which may change as arrears are cured by this very amount; `amounts` keeps the rest."""
    if len(terms.waterfall) == 1:
        left = _clear(state, people, statements, amounts, terms.waterfall[0])
        amounts[:] = left
        cure(state, people, statements)
        return
    going = amounts > 0
    while going.any():
        regime = regimes(terms, statements.first_past_due(), state.today)
        oldest = statements.past_due.argmax(axis=0)[None] if statements.cells.shape[0] else None
        part = np.where(going, amounts, 0)
        if oldest is not None:
            missed = np.take_along_axis(statements.missed(), oldest, axis=0)[0]
            part = np.where(statements.past_due.any(axis=0), np.minimum(part, missed), part)
        rest = np.zeros_like(part)
        for number, waterfall in enumerate(terms.waterfall):
            of_regime = np.where(regime == number, part, 0)
            if of_regime.any():
                rest += _clear(state, people, statements, of_regime, waterfall)
        amounts -= part - rest
        cure(state, people, statements)
        going &= (amounts > 0) & (rest == 0) & (part > 0)


def _clear(state: State, people: Index, statements: Statements, part: Minor, waterfall: Waterfall) -> Minor:
    """Billed debts, which count toward every open minimum, then purchases of this cycle, then installments to come."""
    left = part.copy()
    taken = statements.clear(left, waterfall)
    statements.count(part - left)
    principal = taken["principal"]
    stopped = state.stopped[people]
    if stopped.any():
        state.sums.interest[people] += taken["interest"] * stopped
        state.sums.penalty[people] += taken["penalty"] * stopped
    if left.any():
        of_cycle = np.minimum(left, state.unbilled[people])
        if of_cycle.any():
            state.change_unbilled(people, -of_cycle)
            left -= of_cycle
            principal = principal + of_cycle
        _pay_ahead(state, people, left, waterfall)
    state.clear(people, principal)
    return left


def _pay_ahead(state: State, people: Index, left: Minor, waterfall: Waterfall) -> None:
    meant = np.flatnonzero((left > 0) & (state.to_come[people] + state.fee_to_come[people] > 0))
    if meant.size == 0:
        return
    whom, rest = people[meant], left[meant]
    fee_first = waterfall.order.index("fee") < waterfall.order.index("principal")
    taken = state.installments.pay_ahead(whom, rest, fee_first=np.full(whom.shape, fee_first, np.bool_))
    left[meant] = rest
    state.to_come[whom] -= taken.principal
    state.fee_to_come[whom] -= taken.fee
    state.sums.fee[whom] += taken.income
    state.clear(whom, taken.principal)


def _take_accrued(state: State, people: Index, statements: Statements, amounts: Minor, terms: Terms) -> None:
    """What is left when nothing posted is owed any more takes what has accrued and is owed already."""
    tables = state.tables
    unposted, of_penalty = statements.unposted(tables), statements.unposted_penalty(tables)
    for place in range(statements.cells.shape[0]):
        interest = np.minimum(np.maximum(unposted[place], 0), amounts)
        amounts -= interest
        penalty = np.minimum(np.maximum(of_penalty[place], 0), amounts)
        amounts -= penalty
        statements.posted[place] += interest
        statements.penalty_posted[place] += penalty
        state.sums.interest[people] += interest
        state.sums.penalty[people] += penalty
    if tables.from_posting:
        interest = np.minimum(unbilled_interest(state, people, terms), amounts)
        amounts -= interest
        state.cycle_posted[people] += interest
        state.sums.interest[people] += interest
