"""Choice: for a need, the best of every outlet by every tender, now, on the next pay day, or not at all.

All is in shares of the need's price. What an outlet is worth by a way of paying is known before (`outlets.py`); this day's
part is k_t, what paying by t costs him as he sees it now. Money costs him the buffer it empties. Credit costs the same
later, weighed by beta, and with what it charges; so it is dear to who owes much and cheap to who has little cash.
*Experienced* utility is the same without beta (Ji Huang, SSRN 3950954, of present-biased borrowers): decisions are made by
the one, surplus is counted by the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from florin.lab.arrays import Flags, Index, Minor, Real, Small, Whole
from florin.lab.needs import Needs
from florin.lab.outlets import NEVER, Outlets, coupon_minor, dearer_minor
from florin.lab.people import People
from florin.lab.world import Lender, World


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How those who look stand today, one place for each need looked at. owed_minor: to all lenders.

    available_minor: (lender, need), 0 where he may buy nothing. next_bill_days: by lender, until a purchase is paid. holds:
    (lender, need) whether he has a line there, if it is asked who is declined.
    """

    cash_minor: Minor
    next_cash_days: Whole
    available_minor: Minor
    owed_minor: Minor
    next_bill_days: tuple[int, ...]
    holds: Flags | None = None


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The needs that are met now, one place each, and apart from them those that wait for the next pay day.

    count: of installments; free: the merchant pays their fee. price_minor: what is paid to the merchant. trouble: of being
    without a buffer then, as experienced, as a share of the price. no_cash: he did not have the money. coupon_minor: of the
    price, what a campaign pays. declined: needs for which he would have used a line that had not enough left, or is blocked.
    """

    needs: Index
    person: Index
    market: Small
    tender: Small
    count: Small
    free: Flags
    no_cash: Flags
    price_minor: Minor
    trouble: Real
    coupon_minor: Minor
    waits: Index
    declined: Index

    def where(self, kept: Flags) -> Chosen:
        """Some of what is met, and none of what waits or is declined."""
        none = self.waits[:0]
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return Chosen(
            **{name: value[kept] for name, value in fields.items() if name not in ("waits", "declined")},
            waits=none,
            declined=none,
        )


def choose(
    world: World,
    people: People,
    needs: Needs,
    outlets: Outlets,
    looked: Index | slice,
    standing: Standing,
    *,
    may_wait: bool,
) -> Chosen:
    """What becomes of the needs `looked` at, one a person. may_wait: they were not put off before."""
    looking = _Looking(world, people, needs, outlets, looked, standing)
    way, value = looking.best()
    met = value > looking.nothing
    waits = np.zeros(0, dtype=np.intp)
    if may_wait:
        waits = looking.waits(value)
        met[waits] = False
    return looking.chosen(
        np.flatnonzero(met), way, waits, np.flatnonzero(looking.wish > np.maximum(value, looking.nothing))
    )


class _Looking:
    """The needs that are looked at on a day, one place each, and what paying costs whom they belong to."""

    def __init__(
        self, world: World, people: People, needs: Needs, outlets: Outlets, looked: Index | slice, standing: Standing
    ) -> None:
        self.world, self.needs, self.outlets, self.standing, self.looked = world, needs, outlets, standing, looked
        self.person, self.price_minor = needs.person[looked], needs.price_minor[looked]
        self.spending_minor, self.beta = people.spending_minor[self.person], people.beta[self.person]
        self.utility, self.market = outlets.utility[:, looked], outlets.market[:, looked]
        self.nothing = outlets.nothing[looked]
        self.bare = _bare(world, standing.owed_minor + self.price_minor, self.spending_minor)
        self.emptied = _emptied(world, self.spending_minor, standing.cash_minor - self.price_minor)
        self.dear = np.flatnonzero(outlets.may_plan[looked])
        self.planned = np.zeros((len(outlets.ways), len(self.dear)), dtype=np.bool_)
        self.wish: Real | float = NEVER

    def best(self) -> tuple[Index, Real]:
        """The best way of paying for each need, and what it is worth so."""
        value = np.empty(self.utility.shape)
        np.subtract(self.utility[0], self.emptied, out=value[0])
        lenders = [way.tender - 1 for way in self.outlets.ways[1:]]
        if lenders:
            standing, world = self.standing, self.world
            charges = [_carrying(world, world.lenders[place], standing.next_bill_days[place]) for place in lenders]
            at_once = np.array(charges)[:, None] + self.bare
            np.subtract(self.utility[1:], self.beta * (1.0 + at_once) - 1.0, out=value[1:])
            value[[way.free for way in self.outlets.ways]] = NEVER
            if self.dear.size:
                self._by_installments(value, at_once[:, self.dear])
            if standing.holds is not None:
                self.wish = np.where(standing.holds[lenders], value[1:], NEVER).max(axis=0)
            value[1:][standing.available_minor[lenders] < self._to_pay_minor(slice(1, None))] = NEVER
        value[0][self.standing.cash_minor < self._to_pay_minor(0)] = NEVER
        way = value.argmax(axis=0)
        return way, np.take_along_axis(value, way[None], axis=0)[0]

    def waits(self, value: Real) -> Index:
        """Which are better put off to the next pay day, when there will be money, than met now or never."""
        days = self.standing.next_cash_days
        may = np.flatnonzero((self.needs.wait_days[self.looked] >= days) & (days > 0))
        parameters, spending_minor = self.world.parameters, self.spending_minor[may]
        then_minor = self.standing.cash_minor[may] + spending_minor - self.price_minor[may]
        cost = parameters.wait_cost + parameters.liquidity_weight * _gone(self.world, spending_minor, then_minor)
        later = self.beta[may] * (self.outlets.best[self.looked][may] - cost)
        return may[(then_minor >= 0) & (later > value[may]) & (later > self.nothing[may])]

    def chosen(self, met: Index, way: Index, waits: Index, declined: Index) -> Chosen:
        """What is bought by those who meet their needs."""
        ways = self.outlets.ways
        count = self._count(way)[met]
        way = way[met]
        person, price_minor, market = self.person[met], self.price_minor[met], self.market[way, met]
        trouble = np.where(way == 0, self.emptied[met], self.bare[met])
        spread = np.flatnonzero(count)
        if spread.size:
            each_minor = price_minor[spread] / count[spread]
            owed_minor = self.standing.owed_minor[met[spread]]
            trouble[spread] = _bare(self.world, owed_minor + each_minor, self.spending_minor[met[spread]])
        to_shop_minor = dearer_minor(self.world, price_minor, market, self.needs.category[self.looked][met])
        return Chosen(
            needs=_at(self.looked, met),
            person=person,
            market=market,
            tender=np.array([each.tender for each in ways], dtype=np.int8)[way],
            count=count,
            free=np.array([each.free for each in ways])[way],
            no_cash=self.standing.cash_minor[met] < price_minor,
            price_minor=to_shop_minor,
            trouble=trouble,
            coupon_minor=coupon_minor(self.world, to_shop_minor, market),
            waits=_at(self.looked, waits),
            declined=_at(self.looked, declined),
        )

    def _by_installments(self, value: Real, at_once: Real) -> None:
        """Dear purchases are spread where that is easier on him."""
        dear, credit = self.dear, slice(1, None)
        count = self.outlets.count[credit, self.looked][:, dear]
        fee = np.take_along_axis(self.outlets.fees[credit], count.astype(np.intp), axis=1)
        each_minor = self.price_minor[dear] / np.maximum(count, 1)
        spread = fee + _bare(self.world, self.standing.owed_minor[dear] + each_minor, self.spending_minor[dear])
        planned = (count > 0) & (spread < at_once)
        beta = self.beta[dear]
        decided = beta * (1.0 + np.where(planned, spread, at_once)) - 1.0
        utility = self.utility[credit, dear]
        for w, way in enumerate(self.outlets.ways[credit]):
            if way.free:
                decided[w] -= beta * fee[w]
                utility[w, ~planned[w]] = NEVER
        value[credit, dear] = utility - decided
        self.planned[credit] = planned

    def _count(self, way: Index) -> Small:
        """How many installments each would take by its way of paying."""
        found = np.zeros(len(way), dtype=np.int8)
        if self.dear.size:
            of_dear = way[self.dear], np.arange(len(self.dear))
            found[self.dear] = self.outlets.count[:, self.looked][:, self.dear][of_dear] * self.planned[of_dear]
        return found

    def _to_pay_minor(self, ways: int | slice) -> Minor:
        """What he would pay at the outlet of each way."""
        category, market = self.needs.category[self.looked], self.market[ways]
        to_shop_minor = dearer_minor(self.world, self.price_minor, market, category)
        if self.world.coupon is None:
            return to_shop_minor
        return to_shop_minor - coupon_minor(self.world, np.broadcast_to(to_shop_minor, market.shape), market)


def _at(looked: Index | slice, places: Index) -> Index:
    return places + looked.start if isinstance(looked, slice) else looked[places]


def _bare(world: World, to_come_minor: Minor | Real, spending_minor: Minor) -> Real:
    """Credit is paid from money to come: what is owed then is what empties the buffer."""
    return world.parameters.liquidity_weight * _share(to_come_minor / spending_minor)


def _emptied(world: World, spending_minor: Minor, left_minor: Minor) -> Real:
    return world.parameters.liquidity_weight * _gone(world, spending_minor, left_minor)


def _gone(world: World, spending_minor: Minor, left_minor: Minor) -> Real:
    """How much of the buffer is gone when so much is left: 0 none, 1 all."""
    wanted = np.maximum(world.parameters.buffer_months * spending_minor, 1.0)
    return _share(1.0 - left_minor / wanted)


def _share(number: Real) -> Real:
    """Kept between 0 and 1."""
    np.maximum(number, 0.0, out=number)
    np.minimum(number, 1.0, out=number)
    return number


def _carrying(world: World, lender: Lender, days: int) -> float:
    """What he expects to be charged: interest from the purchase on where no days are free, and on what he may not pay whole."""
    terms = lender.program.terms_on(world.begins_on)
    daily = float(terms.interest_daily_rate)
    from_purchase = daily * days if terms.interest_free == "never" else 0.0
    return from_purchase + revolving(world, lender) * daily * 30.0


def revolving(world: World, lender: Lender) -> float:
    """The share of a lender's customers who pay the minimum where they could pay all."""
    return world.parameters.revolving_card if lender.is_card else world.parameters.revolving
