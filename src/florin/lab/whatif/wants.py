"""Wants: what people of a book come to want over the coming months, whatever the terms are.

Each want is one of a person's own purchases again: its amount, its shop, its installments. There are more wants than purchases
on credit, for people pay with other means too; `chance` says how near to credit each is.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from florin.lab.arrays import Bits, Flags, Index, Minor, Real, Small, Whole
from florin.lab.draws import Purpose, bits, further, key, uniform
from florin.lab.needs import _turns
from florin.lab.whatif.habits import Habits
from florin.lab.whatif.live import History

_DAYS_A_MONTH = 30.4375
_SPAN_DAYS = 30
_WANTS_MAX = 400
_TURNS_MAX = 16


@dataclass(frozen=True, kw_only=True)
class Wants:
    """In order of day, turn and person. chance: logistic, of scale 1, where above minus `ln(share / (1 - share))` is paid with
    credit under today's terms. starts: (days + 1,) where each day's begin; day 0 is the book's, on which nobody wants more.
    """

    person: Index
    turn: Small
    amount_minor: Minor
    shop: Small
    count: Small
    free: Flags
    chance: Real
    starts: Index

    @property
    def size(self) -> int:
        return len(self.person)


def draw_wants(habits: Habits, history: History, days: int, seed: int) -> Wants:
    """All wants of days 1 to `days`. A span's wants are numbered, so that longer only adds spans."""
    spans = list(pairwise([*range(1, days + 1, _SPAN_DAYS), days + 1]))
    parts = [_span(habits, seed, number, first) for number, (first, _) in enumerate(spans)]
    person, day, drawn = (np.concatenate(each) for each in zip(*parts, strict=True))
    kept = day <= days
    person, day, drawn = person[kept], day[kept], drawn[kept]
    in_order = np.lexsort((day, person))
    person, day, drawn = person[in_order], day[in_order], drawn[in_order]
    turn = _turns(person, day)
    kept = turn < _TURNS_MAX - 1  # who wants more than that on a day is left with as much
    person, day, drawn, turn = person[kept], day[kept], drawn[kept], turn[kept]
    in_order = np.argsort(day * _TURNS_MAX + turn, kind="stable")
    person, day, turn, drawn = person[in_order], day[in_order], turn[in_order], drawn[in_order]
    even = uniform(further(drawn, 1))
    row = history.starts[:-1][person] + np.floor(uniform(further(drawn, 2)) * history.purchases[person]).astype(np.intp)
    return Wants(
        person=person,
        turn=turn.astype(np.int8),
        amount_minor=history.amount_minor[row],
        shop=history.shop[row],
        count=history.count[row],
        free=history.free[row],
        chance=np.log(even / (1.0 - even)),
        starts=np.searchsorted(day, np.arange(days + 2)),
    )


def _span(habits: Habits, seed: int, number: int, first: int) -> tuple[Index, Whole, Bits]:
    """Whose, on which day, and with which bits the wants of a span of 30 days are."""
    mean = habits.needs * (_SPAN_DAYS / _DAYS_A_MONTH)
    even = uniform(bits(key(seed, Purpose.HABIT_NEEDS), habits.ids, number))
    often = np.minimum(np.floor(mean + even).astype(np.int64), _WANTS_MAX)
    person = np.repeat(np.arange(habits.ids.size), often)
    ordinal = np.arange(person.size) - np.repeat(np.cumsum(often) - often, often)
    drawn = bits(key(seed, Purpose.HABIT_NEED), habits.ids[person], number * _WANTS_MAX + ordinal)
    day = first + np.floor(uniform(further(drawn, 3)) * _SPAN_DAYS).astype(np.int64)
    return person, day, drawn
