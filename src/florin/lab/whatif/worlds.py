"""Two worlds of one program's lines: what credit costs and where it is taken on each day, and whose limit is another one.

The world of today's terms has the versions and rules that the house has stated already, also those that begin later; the other
one has the change's beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from msgspec.structs import replace

from florin.credit.terms import Program, Terms
from florin.lab.arrays import Flags, Index, Minor, Real, Small, Whole
from florin.lab.parameters import Parameters
from florin.lab.whatif.change import Change, LimitChange, Where
from florin.lab.whatif.habits import Habits, Standing
from florin.lab.whatif.live import Shop
from florin.market import Acceptance

_COUNTS = 128
_UNCAPPED = np.int64(10**15)


@dataclass(frozen=True, kw_only=True)
class Doors:
    """Which shops take a program, by shop. month_cap_minor: of one person's purchases under `rule` in a calendar month."""

    accepted: Flags
    cap_minor: Minor
    month_cap_minor: Minor
    rule: Whole


@dataclass(frozen=True, kw_only=True)
class Price:
    """What credit costs by the terms of one day, on which it was bought, closes_on, due_on: the days of its first bill."""

    terms: Terms
    bought_on: date
    closes_on: date
    due_on: date

    @classmethod
    def of(cls, program: Program, on: date) -> Price:
        closes_on = program.next_close_on(on)
        return cls(terms=program.terms_on(on), bought_on=on, closes_on=closes_on, due_on=program.due_on(closes_on))

    @cached_property
    def _fees(self) -> Real:
        fees = np.full(_COUNTS, np.nan)
        for offer in self.terms.installments:
            if offer.method == "flat" and offer.count < _COUNTS:
                fees[offer.count] = float(offer.fee_rate)
        return fees

    def counts(self, wanted: Small, price_minor: Minor) -> Small:
        """The installments that can be had of those wanted; 0 where they are not offered."""
        offered = ~np.isnan(self._fees[wanted]) & (price_minor >= self.terms.installment_amount_minor_min)
        return np.where(offered, wanted, 0).astype(np.int8)

    def cost(
        self, habits: Habits, person: Index, wanted: Small, free: Flags, price_minor: Minor, weight: float
    ) -> Real:
        """As shares of the prices, before a later cost is weighed: what is charged, and being bare until the next pay day where
        the bill comes before it. weight: the price of being without a buffer.
        """
        daily = float(self.terms.charged_daily_rates()[0])
        count = self.counts(wanted, price_minor)
        free_days = (self.due_on - self.bought_on).days
        from_purchase = daily * free_days if self.terms.interest_free == "never" else 0.0
        at_once = from_purchase + habits.revolving[person] * daily * 30.0
        planned = np.where(free, 0.0, np.nan_to_num(self._fees[count]))
        bare = np.clip(price_minor / np.maximum(count, 1) / habits.money_minor[person], 0.0, 1.0)
        early = 1.0 - paid_between(habits.pay_day[person], self.closes_on, self.due_on)
        cost: Real = np.where(count > 0, planned, at_once) + weight * bare * (1.0 + early)
        return cost


def paid_between(pay_day: Whole, closes_on: date, due_on: date) -> Flags:
    """Whose pay day lies between the close of a bill and its due day, so that he has the money then."""
    return np.asarray((due_on.day - pay_day) % 30 < (due_on - closes_on).days)


class World:
    """One program in one world, from the book's day on. limits: (day, lines, their limits) in order of the days."""

    def __init__(
        self,
        program: Program,
        acceptance: Acceptance,
        shops: Sequence[Shop],
        on: date,
        limits: Sequence[tuple[date, Index, Minor]] = (),
    ) -> None:
        self.program, self.on, self.limits = program, on, tuple(limits)
        self._acceptance, self._shops = acceptance, shops
        owner = acceptance.owner_of(program.name)
        self.has_home = owner is not None and bool(owner.homes)
        days = [] if owner is None else owner.days()
        self.begins = [on, *(day for day in days if day > on)]
        self._doors: dict[date, Doors] = {}
        self._rules: dict[tuple[str, str, str], int] = {}
        for begin in self.begins:
            self._doors[begin] = self._doors_of(begin)

    @property
    def rules(self) -> dict[tuple[str, str, str], int]:
        """Rules with a cap of a month, as (market, category, channel), by their number."""
        return self._rules

    def price(self, on: date) -> Price:
        """What credit of a day costs."""
        return Price.of(self.program, on)

    def doors(self, on: date) -> Doors:
        """Where credit is taken on a day."""
        return self._doors[max(day for day in self.begins if day <= on)]

    def _doors_of(self, on: date) -> Doors:
        rulings = [self._acceptance.ruling(self.program.name, shop.place, on) for shop in self._shops]
        rule = []
        for counted in (ruling.counted_in(on) for ruling in rulings):
            where = ("", "", "") if counted is None else (counted.market, counted.category, counted.channel)
            rule.append(0 if counted is None else self._rules.setdefault(where, len(self._rules)))
        return Doors(
            accepted=np.array([ruling.accepted for ruling in rulings], np.bool_),
            cap_minor=_caps([ruling.cap_minor for ruling in rulings]),
            month_cap_minor=_caps([ruling.month_cap_minor for ruling in rulings]),
            rule=np.array(rule, np.int64),
        )


def usual_world(program: Program, on: date) -> Program:
    """The program as if the terms of a day held for good: what people are used to."""
    version = replace(program.versions[0], terms=program.terms_on(on))
    return replace(program, versions=(version,))


def limits_of(change: Change, program: Program, standing: Standing, on: date) -> list[tuple[date, Index, Minor]]:
    """Whose limits each part of a change makes other ones, and which; a scale is rounded down to the fen. A line without a
    limit keeps none.
    """
    limits, found = standing.limit_minor.copy(), []
    for each in change.limits:
        if each.program != program.name:
            continue
        from_on = each.from_on or on
        meant = np.flatnonzero(_meant(each.where, standing) & (limits > 0))
        set_to = _limits(each, limits[meant], program.terms_on(from_on).limit_minor_max)
        other = set_to != limits[meant]
        limits[meant] = set_to
        found.append((from_on, meant[other], set_to[other]))
    return found


def _limits(change: LimitChange, limits: Minor, highest_minor: int) -> Minor:
    if change.scale is not None:
        whole, parts = change.scale.as_integer_ratio()
        return np.array([min(int(limit) * whole // parts, highest_minor) for limit in limits], np.int64)
    if change.amount_minor is not None:
        return np.full_like(limits, change.amount_minor)
    assert change.most_minor is not None
    return np.minimum(limits, change.most_minor)


def _meant(where: Where, standing: Standing) -> Flags:
    meant = np.ones(standing.limit_minor.shape, np.bool_)
    for name in ("score", "utilization", "days_past_due", "limit_minor"):
        values = getattr(standing, name)
        least, below = getattr(where, f"{name}_from"), getattr(where, f"{name}_below")
        if least is not None:
            meant &= values >= float(least)
        if below is not None:
            meant &= values < float(below)
    return meant


def _caps(caps: Sequence[int | None]) -> Minor:
    return np.array([_UNCAPPED if cap is None else cap for cap in caps], np.int64)


def enforcement(world: World, parameters: Parameters) -> float:
    """The share of those who would not pay that the lender's grip keeps."""
    if world.program.tender == "card":
        return 0.0
    return parameters.enforcement_mall if world.has_home else parameters.enforcement_wallet
