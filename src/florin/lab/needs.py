"""Needs: what people come to want, and when, whatever anybody lends.

A month has a Poisson number of them for each person, spread over its days as evenly as the season lets, so that what is
drawn never depends on what was bought. Where a day brings somebody two, they come one after the other (`turn`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from florin.lab.arrays import Bits, Flags, Index, Minor, Real, Small, Whole
from florin.lab.draws import Purpose, bits, key, normal, uniform
from florin.lab.people import SPENDING_MEDIAN_MINOR, People
from florin.lab.world import World

# X: dearer things are wanted by who has more, though not in proportion.
_PRICE_ELASTICITY = 0.6
_PRICE_STEP_MINOR = 10
_NEEDS_MAX = 60
_TURNS_MAX = 16
_OF_PRICES = ("price_minor", "price_sigma")

# So many needs at once that what is computed of them stays in a core's cache.
_BLOCK = 16_384


@dataclass(frozen=True, kw_only=True)
class Needs:
    """In order of day, turn and person. person: place in the lane. worth: above the price, as a share of it. wait_days: the
    most.

    draws: 64 bits of each, for what is drawn when it is looked at. starts: (days + 1,) where each day's begin.
    """

    person: Index
    day: Whole
    turn: Small
    category: Small
    price_minor: Minor
    worth: Real
    wait_days: Whole
    draws: Bits
    starts: Index

    @property
    def count(self) -> int:
        return len(self.person)


def draw_needs(world: World, people: People, seed: int) -> Needs:
    """All needs of a lane over a world's days. A month's needs are numbered, so a longer world only adds months."""
    months = [
        _month(world, people, seed, number, first, last) for number, (first, last) in enumerate(_months(world.days))
    ]
    person, day, turn, number = (np.concatenate(parts) for parts in zip(*months, strict=True))
    found = Needs(
        person=person,
        day=day,
        turn=turn,
        category=np.empty(len(person), dtype=np.int8),
        price_minor=np.empty(len(person), dtype=np.int64),
        worth=np.empty(len(person)),
        wait_days=np.empty(len(person), dtype=np.int64),
        draws=np.empty(len(person), dtype=np.uint64),
        starts=np.searchsorted(day, np.arange(world.days + 1)),
    )
    richer = (people.spending_minor / SPENDING_MEDIAN_MINOR) ** _PRICE_ELASTICITY
    for first in range(0, found.count, _BLOCK):
        block = slice(first, first + _BLOCK)
        _draw(world, found, block, people.ids[person[block]], number[block], richer[person[block]], seed)
    return found


def _draw(world: World, found: Needs, block: slice, ids: Bits, number: Whole, richer: Real, seed: int) -> None:
    """What is wanted by a block of needs: each of a person and by its number among his."""

    def drawn(purpose: Purpose) -> Bits:
        return bits(key(seed, purpose), ids, number)

    parameters, table = world.parameters, world.parameters.needs
    category = _categories(world, drawn(Purpose.NEED_KIND))
    medians, sigmas = (np.array([getattr(need, name) for need in table], dtype=np.float64) for name in _OF_PRICES)
    prices = medians[category] * richer * np.exp(sigmas[category] * normal(drawn(Purpose.NEED_PRICE)))
    longest = np.array([need.wait_days for need in table])[category]
    found.category[block] = category
    found.price_minor[block] = np.maximum(np.rint(prices / _PRICE_STEP_MINOR), 1) * _PRICE_STEP_MINOR
    found.worth[block] = parameters.value_mean + parameters.value_spread * normal(drawn(Purpose.NEED_VALUE))
    found.wait_days[block] = np.floor(uniform(drawn(Purpose.NEED_WAIT)) * (longest + 1))
    found.draws[block] = drawn(Purpose.OUTLET)


def _months(days: int) -> list[tuple[int, int]]:
    """Spans of 30 days, the last one shorter: the rhythm of drawing, not the calendar's."""
    return list(pairwise([*range(0, days, 30), days]))


def _month(
    world: World, people: People, seed: int, number: int, first: int, last: int
) -> tuple[Index, Whole, Small, Whole]:
    """Whose, on which day, in which turn, and numbered how, the needs of one span are; in order of day, turn and person."""
    season = world.season[first:last]
    mean = sum(need.needs for need in world.parameters.needs) * season.sum() / 30.0
    often = np.searchsorted(_poisson(mean), uniform(bits(key(seed, Purpose.NEEDS), people.ids, number)))
    person = np.repeat(np.arange(people.count), often)
    ordinal = np.arange(len(person)) - np.repeat(np.cumsum(often) - often, often)
    phase = uniform(bits(key(seed, Purpose.NEED_DAY), people.ids, number))
    within = (ordinal + phase[person]) / often[person]
    cumulative = np.cumsum(season) / season.sum()
    day = np.minimum(first + np.searchsorted(cumulative, within), last - 1)
    numbers = number * _NEEDS_MAX + ordinal
    if world.everyday:
        day = np.where(_is_everyday(world, people, seed, person, numbers), _evenly(within, first, last), day)
        order = np.lexsort((ordinal, day, person))
        person, day, numbers = person[order], day[order], numbers[order]
    turn = _turns(person, day)
    order = np.argsort(((day - first) * _TURNS_MAX + turn).astype(np.int16), kind="stable")
    return person[order], day[order], turn[order].astype(np.int8), numbers[order]


def _categories(world: World, drawn: Bits) -> Small:
    often = np.cumsum([need.needs for need in world.parameters.needs])
    return np.searchsorted(often[:-1] / often[-1], uniform(drawn), side="right").astype(np.int8)


def _is_everyday(world: World, people: People, seed: int, person: Index, numbers: Whole) -> Flags:
    """Whether needs are of a kind that no season moves."""
    category = _categories(world, bits(key(seed, Purpose.NEED_KIND), people.ids[person], numbers))
    found: Flags = np.isin(world.categories, world.everyday)[category]
    return found


def _evenly(within: Real, first: int, last: int) -> Whole:
    """The days of a span without a season."""
    steps = np.arange(1, last - first + 1) / (last - first)
    days: Whole = np.minimum(first + np.searchsorted(steps, within), last - 1)
    return days


def _poisson(mean: float) -> Real:
    """The distribution function of a Poisson number, up to the most that there may be."""
    counts = np.arange(_NEEDS_MAX)
    logs = counts * np.log(mean) - mean - np.cumsum(np.log(np.maximum(counts, 1)))
    cumulative: Real = np.cumsum(np.exp(logs))
    return cumulative[:-1]


def _turns(person: Index, day: Whole) -> Whole:
    """How many needs of the same person and day come before each; given in order of both."""
    same = np.zeros(len(person), dtype=np.bool_)
    same[1:] = (person[1:] == person[:-1]) & (day[1:] == day[:-1])
    counted = np.cumsum(same)
    before = np.maximum.accumulate(np.where(same, 0, counted))
    turns: Whole = np.minimum(counted - before, _TURNS_MAX - 1)
    return turns
