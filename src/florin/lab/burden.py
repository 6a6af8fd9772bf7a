"""Burden: who is over-indebted, watched month by month while a lane is simulated.

There is no agreed definition (D'Alessio and Iezzi, Bank of Italy, occasional paper 149, 2013, compare those in use). Two of
the usual signs can be seen in the lab: *arrears*, two payments behind or more (as the Institute for Fiscal Studies counts
them, 2018), and a *burden* of debt that does not go away. Income is not in the lab, so the burden is measured by what
people have to spend a month. X: which multiple of it, and for how long.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from florin.lab.arrays import Flags, Minor, Whole
from florin.lab.book import Book
from florin.lab.world import World

# Two monthly payments behind.
ARREARS_DAYS = 60
# X: more than a month's spending money owed at three month's ends in a row.
MONTHS_OWED, MONTHS_RUNNING = 1.0, 3


class Burden:
    """A watch of `simulate_lane`. heavy, in_arrears: of each person, so far; to all lenders together."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._running: Whole | None = None
        self.heavy: Flags = np.zeros(0, dtype=np.bool_)
        self.in_arrears: Flags = np.zeros(0, dtype=np.bool_)

    def __call__(self, day: int, books: Sequence[Book | None], spending_minor: Minor) -> None:
        on = date.fromordinal(self._world.begins_on.toordinal() + day)
        if (on + timedelta(days=1)).day != 1:
            return
        if self._running is None:
            self._running = np.zeros(len(spending_minor), dtype=np.int64)
            self.heavy, self.in_arrears = (np.zeros(len(spending_minor), dtype=np.bool_) for _ in range(2))
        owed = np.zeros(len(spending_minor), dtype=np.int64)
        for book in books:
            if book is not None:
                owed += book.principal_minor()
                self.in_arrears |= (book.days_past_due() > ARREARS_DAYS) | book.charged_off()
        self._running = np.where(owed > MONTHS_OWED * spending_minor, self._running + 1, 0)
        self.heavy |= self._running >= MONTHS_RUNNING

    def over_indebted(self) -> Flags:
        """Who was in arrears, or under a burden that did not go away."""
        found: Flags = self.heavy | self.in_arrears
        return found
