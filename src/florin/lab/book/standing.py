"""Where people stand today: what has accrued, and whether their minimums are met by now."""

from __future__ import annotations

import numpy as np

from florin.credit.terms import Terms
from florin.lab.arrays import Index, Minor
from florin.lab.book.state import State
from florin.lab.book.statements import Statements, grace_kept, lost_grace


def accrue(state: State, people: Index, statements: Statements) -> None:
    """Bring what statements bear to the beginning of today, and note who has lost the days free of interest."""
    if statements.cells.shape[0] == 0:
        return
    statements.accrue(state.today, state.tables)
    if state.tables.loses_grace:
        state.revolved[people] = lost_grace(statements, state.revolved[people], state.today, state.tables)


def unbilled_interest(state: State, people: Index, terms: Terms) -> Minor:
    """The interest owed already on purchases that no statement has billed; none while they may still be free.

    People must have been accrued to today.
    """
    if not state.tables.from_posting:
        return np.zeros(people.shape, np.int64)
    free = grace_kept(state.revolved[people], state.grace_lost[people], terms)
    today = np.full(people.shape, state.today, np.int64)
    borne = state.tables.rounded(state.cycle_borne(people), today) - state.cycle_posted[people]
    return np.where(free | ~state.bears(people), 0, np.maximum(borne, 0))


def cure(state: State, people: Index, statements: Statements) -> None:
    """Statements whose minimum is met are current again; when nothing is past due any more, what had been taken off the
    books is an asset again.
    """
    stopped = state.stopped[people]
    if not statements.past_due.any() and not stopped.any():
        return
    statements.met(state.tables)
    back = stopped & ~statements.past_due.any(axis=0)
    if back.any():
        state.sums.interest[people] += statements.interest.sum(axis=0) * back
        state.sums.penalty[people] += statements.penalty.sum(axis=0) * back
        state.stopped[people] = stopped & ~back
