"""Outlets: what each need finds at the markets, whatever the day and whatever anybody's money.

Of outlet m by tender t the utility is

    worth + outlet_noise * (ln weight_m + shock_m) + taste_m - dearer_m + ease_mt + tender_noise * shock_t

less what paying by t costs him that day (`choice.py`). All but the last is known before the first day, so it is computed
for all needs of a lane at once, and the best outlet of each way of paying is what a day has to choose from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from florin.credit.terms import Terms
from florin.lab.arrays import Bits, Flags, Index, Minor, Real, Small, Whole
from florin.lab.draws import further, gumbel, uniform
from florin.lab.needs import Needs
from florin.lab.people import People
from florin.lab.world import UNCAPPED, World

NOTHING, WALLET = np.int8(-1), np.int8(0)
NEVER = -1e9

# X: installments are chosen from this part of a month's money on; more of them where more is owed a month.
_PLANNED_FROM, _LONGER_FROM, _LONGEST_FROM = 0.5, 1.0, 2.0

_OUTSIDE, _MERCHANT, _TENDER, _MOMENT = 1_000, 2_000, 3_000, 4_000

# So many needs at once that what is computed of them stays in a core's cache.
_BLOCK = 16_384


class Way(NamedTuple):
    """A way of paying: the wallet's money, or a lender's credit. free: with installments whose fee the merchant pays."""

    tender: int
    free: bool = False


@dataclass(frozen=True, kw_only=True)
class Outlets:
    """What the needs of a lane find. By (way, need): utility of the best outlet that takes it, which market that is, and how
    many installments he would take. By need: utility of the best outlet whatever it takes, and of buying nothing; whether
    it is dear enough to be spread. fees: (way, installments) as a share of the price.
    """

    ways: tuple[Way, ...]
    utility: Real
    market: Small
    count: Small
    best: Real
    nothing: Real
    may_plan: Flags
    fees: Real


def find_outlets(world: World, people: People, needs: Needs) -> Outlets:
    """The outlets of all needs of a lane."""
    ways = tuple(_ways(world))
    found = Outlets(
        ways=ways,
        utility=np.full((len(ways), needs.count), NEVER),
        market=np.full((len(ways), needs.count), NOTHING),
        count=np.zeros((len(ways), needs.count), dtype=np.int8),
        best=np.full(needs.count, NEVER),
        nothing=np.empty(needs.count),
        may_plan=np.zeros(needs.count, dtype=np.bool_),
        fees=np.stack([_fees(world, way) for way in ways]),
    )
    shelves = _shelves(world)
    # Who does not use a market has no taste for it at all.
    taste = np.where(people.reach, people.taste, NEVER)
    for first in range(0, needs.count, _BLOCK):
        _find(world, people, needs, shelves, taste, found, slice(first, first + _BLOCK))
    return found


def merchant_place(draws: Bits, market: int | Whole) -> Real:
    """Which merchant of a market each need would be met by: his place between 0 and 1, the more of a margin the higher."""
    return uniform(further(draws, _MERCHANT + market))


def moment(draws: Bits) -> Real:
    """When in its day each need is looked at, 0 to 1."""
    return uniform(further(draws, _MOMENT))


def dearer_minor(world: World, price_minor: Minor, market: Small, category: Small) -> Minor:
    """Prices at a market, with what lies on them there, or is cut."""
    if not world.price_ppm.any():
        return price_minor
    dearer_ppm = world.price_ppm[np.maximum(market, 0), category]
    return price_minor + (price_minor * dearer_ppm + 500_000) // 1_000_000


def coupon_minor(world: World, price_minor: Minor, market: Small) -> Minor:
    """What a coupon pays of each price. market: NOTHING has none."""
    if world.coupon is None:
        return np.zeros_like(price_minor)
    return np.where(market >= 0, world.coupon.of(np.maximum(market, 0), price_minor), 0)


def worth_minor(
    world: World, people: People, needs: Needs, at: Index, market: Small, tender: Small, trouble: Real, waited: Flags
) -> Minor:
    """What buying needs `at` is worth to whom they belong: before the price, and with the trouble of paying and of waiting
    taken off. In fen, to the nearest.

    By need of the lane: its market and tender; trouble of being without a buffer, as a share of the price; whether it waited.
    """
    found = np.empty(len(at), dtype=np.int64)
    ease = np.array([[_ease(world, m, t) for t in range(1 + len(world.lenders))] for m in range(len(world.markets))])
    shelves = _shelves(world)
    for first in range(0, len(at), _BLOCK):
        block = slice(first, first + _BLOCK)
        need = at[block]
        m, t = market[need].astype(np.int64), tender[need].astype(np.int64)
        person, category, draws = needs.person[need], needs.category[need], needs.draws[need]
        goods = _goods(world, shelves[m, category], needs.worth[need], draws, m, people.taste[m, person])
        handy = world.parameters.tender_noise * gumbel(further(draws, _TENDER + t))
        loss = trouble[need] - ease[m, t] - handy
        # What dearer prices take is in the price, as money.
        worth = 1.0 + (goods + world.price_ppm[m, category] / 1e6) - loss - world.parameters.wait_cost * waited[need]
        found[block] = np.rint(needs.price_minor[need] * worth)
    return found


def _ways(world: World) -> Iterator[Way]:
    """Where merchants pay the fee, that comes before the same without: of two alike the first is taken."""
    yield Way(int(WALLET))
    for place, lender in enumerate(world.lenders):
        if lender.lends:
            if lender.free_share.any():
                yield Way(place + 1, free=True)
            yield Way(place + 1)


def _fees(world: World, way: Way) -> Real:
    fees = np.zeros(128)
    if way.tender:
        for offer in _terms(world, way).installments:
            fees[offer.count] = float(offer.fee_rate)
    return fees


def _terms(world: World, way: Way) -> Terms:
    return world.lenders[way.tender - 1].program.terms_on(world.begins_on)


def _find(world: World, people: People, needs: Needs, shelves: Real, taste: Real, found: Outlets, block: slice) -> None:
    """Fill in the needs of a block."""
    person, category, draws = needs.person[block], needs.category[block], needs.draws[block]
    price_minor, worth = needs.price_minor[block], needs.worth[block]
    utility, market, best = found.utility[:, block], found.market[:, block], found.best[block]
    for m in range(len(world.markets)):
        goods = _goods(world, shelves[m][category], worth, draws, m, taste[m][person])
        if world.coupon is not None:
            here = np.full(len(price_minor), m, dtype=np.int8)
            goods += coupon_minor(world, dearer_minor(world, price_minor, here, category), here) / price_minor
        np.maximum(best, goods, out=best)
        taking = _Taking(world, m, category, price_minor, draws)
        for w, way in enumerate(found.ways):
            taken = taking.takes(way)
            if taken is False:
                continue
            eased = goods + _ease(world, m, way.tender) if way.tender else goods
            if taken is not True:
                eased = np.where(taken, eased, NEVER)
            np.copyto(market[w], np.int8(m), where=eased > utility[w])
            np.maximum(utility[w], eased, out=utility[w])
    handy: dict[int, Real] = {}
    for w, way in enumerate(found.ways):
        if way.tender not in handy:
            handy[way.tender] = world.parameters.tender_noise * gumbel(further(draws, _TENDER + way.tender))
        utility[w] += handy[way.tender]
    found.nothing[block] = world.parameters.outlet_noise * gumbel(further(draws, _OUTSIDE))
    _plan(world, found, block, price_minor, people.spending_minor[person])


def _goods(world: World, shelf: Real, worth: Real, draws: Bits, market: int | Whole, taste: Real) -> Real:
    """Utility of the goods at a market, or each at its own, before paying."""
    shock = gumbel(further(draws, market))
    shock *= world.parameters.outlet_noise
    goods: Real = worth + shelf
    goods += shock
    goods += taste
    return goods


def _shelves(world: World) -> Real:
    """(m, c): how much a market has of a kind of goods, and how dear."""
    table = world.parameters.needs
    weights = np.array([[need.weights.get(market, 0.0) for need in table] for market in world.markets])
    with np.errstate(divide="ignore"):
        shelves = np.where(weights > 0, np.log(weights), NEVER)
    having = world.parameters.outlet_noise * (shelves + world.entered)
    found: Real = np.maximum(having - world.price_ppm / 1e6, NEVER)
    return found


class _Taking:
    """Who takes what at one market. Merchants with the highest margins take credit first."""

    def __init__(self, world: World, m: int, category: Small, price_minor: Minor, draws: Bits) -> None:
        self._world, self._m = world, m
        self._category, self._price_minor, self._draws = category, price_minor, draws
        self._merchant: Real | None = None

    def takes(self, way: Way) -> Flags | bool:
        """Whether the merchant whom each need would meet takes this way of paying; True: all do."""
        if not way.tender:
            return True
        lender = self._world.lenders[way.tender - 1]
        taken = self._among(lender.accepted[self._m])
        if way.free:
            taken = taken & self._among(lender.free_share[self._m])
        caps = lender.cap_minor[self._m]
        if taken is False or (caps >= UNCAPPED).all():
            return taken
        within: Flags = self._price_minor <= caps[self._category]
        return within & taken

    def _among(self, share: Real) -> Flags | bool:
        if not share.any():
            return False
        if (share >= 1.0).all():
            return True
        if self._merchant is None:
            self._merchant = merchant_place(self._draws, self._m)
        among: Flags = self._merchant >= 1.0 - share[self._category]
        return among


def _ease(world: World, m: int, t: int) -> float:
    """Of paying by a tender at a market: a bank's card is some trouble online, a mall's own credit one touch."""
    if t == 0:
        return 0.0
    lender = world.lenders[t - 1]
    if lender.is_card:
        return 0.0 if world.markets[m] == "street" else -world.parameters.card_friction
    return world.parameters.home_ease if world.owners[m] == lender.group else 0.0


def _plan(world: World, found: Outlets, block: slice, price_minor: Minor, spending_minor: Minor) -> None:
    """How many installments he would take: 0 where the amount is small or none are offered."""
    months = price_minor / spending_minor
    dear = np.flatnonzero(months >= _PLANNED_FROM)
    months, least_minor = months[dear], _least_minor(world, price_minor[dear])
    found.may_plan[block][dear] = True
    for w, way in enumerate(found.ways):
        if not way.tender:
            continue
        terms = _terms(world, way)
        offered = {offer.count for offer in terms.installments}
        count = np.zeros(len(dear), dtype=np.int8)
        for least, each in ((_PLANNED_FROM, 3), (_LONGER_FROM, 6), (_LONGEST_FROM, 12)):
            if each in offered:
                count[(months >= least) & (least_minor >= terms.installment_amount_minor_min)] = each
        found.count[w, block][dear] = count


def _least_minor(world: World, price_minor: Minor) -> Minor:
    """What is paid at least, wherever it is bought: plans are not offered for less than an amount."""
    cut_ppm = max(-int(world.price_ppm.min()), 0)
    off_minor = 0 if world.coupon is None else world.coupon.off_minor
    return price_minor - -(-price_minor * cut_ppm // 1_000_000) - off_minor if cut_ppm or off_minor else price_minor
