"""Claims of many people: what was charged off and is owed all the same, a row for each statement that it was on."""

from __future__ import annotations

import numpy as np

from florin.credit.terms import Waterfall
from florin.lab.arrays import Index, Minor, Whole
from florin.lab.book.installments import _walk
from florin.lab.book.statements import BUCKETS


class Claims:
    """Rows of a person, the close of the statement (or `NEVER`: none had billed it), and an amount of each kind."""

    def __init__(self, count: int) -> None:
        self._owed: Minor = np.zeros((len(BUCKETS), count), np.int64)
        self.person: Whole = np.zeros(0, np.int64)
        self.closes: Whole = np.zeros(0, np.int64)
        self.amounts: Minor = np.zeros((len(BUCKETS), 0), np.int64)

    def add(self, people: Whole, closes: Whole, amounts: dict[str, Minor]) -> None:
        """A row for each person as often as he is named, where anything is claimed."""
        rows = np.stack([amounts[bucket] for bucket in BUCKETS])
        any_minor = rows.any(axis=0)
        self.person = np.concatenate([self.person, people[any_minor]])
        self.closes = np.concatenate([self.closes, closes[any_minor]])
        self.amounts = np.concatenate([self.amounts, rows[:, any_minor]], axis=1)
        for owed, minor in zip(self._owed, rows, strict=True):
            np.add.at(owed, people, minor)

    def owed(self, bucket: str) -> Minor:
        """What each person owes of one kind."""
        return np.asarray(self._owed[BUCKETS.index(bucket)])

    def recover(self, people: Index, amounts: Minor, regimes: Whole, waterfalls: tuple[Waterfall, ...]) -> None:
        """Clear claims with money that arrived; `amounts` keeps what is left over. regimes: each person's waterfall."""
        place = np.full(self._owed.shape[1], -1, np.int64)
        place[people] = np.arange(people.size)
        rows = np.flatnonzero(place[self.person] >= 0)
        for number, waterfall in enumerate(waterfalls):
            meant = rows[regimes[place[self.person[rows]]] == number]
            if meant.size:
                self._recover(meant, place, amounts, waterfall)
        left = self.amounts.any(axis=0)
        self.person, self.closes, self.amounts = self.person[left], self.closes[left], self.amounts[:, left]

    def _recover(self, rows: Index, place: Whole, amounts: Minor, waterfall: Waterfall) -> None:
        order = [BUCKETS.index(bucket) for bucket in waterfall.order if bucket in BUCKETS]
        who = np.tile(place[self.person[rows]], len(order))
        closes = np.tile(self.closes[rows], len(order))
        rank = np.repeat(np.arange(len(order)), rows.size)
        sequence = np.lexsort((closes, rank, who) if waterfall.by == "bucket" else (rank, closes, who))
        bucket, row = np.array(order)[rank[sequence]], np.tile(rows, len(order))[sequence]
        parts = _walk(who[sequence], self.amounts[bucket, row], amounts)
        self.amounts[bucket, row] -= parts
        np.subtract.at(self._owed, (bucket, self.person[row]), parts)
        np.subtract.at(amounts, who[sequence], parts)
