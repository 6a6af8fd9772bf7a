"""Choice: for a need, the best of every outlet by every tender, now, on the next pay day, or not at all.

All is in shares of the need's price. Of outlet m by tender t the utility is

    u = worth + outlet_noise * (ln weight_m + shock_m) + taste_m - dearer_m - k_t + ease_mt + tender_noise * shock_t

where k_t is what paying by t costs him as he sees it now. Money costs him the buffer it empties. Credit costs the same
later, weighed by beta, and with what it charges; so it is dear to who owes much and cheap to who has little cash.
*Experienced* utility is the same without beta (Ji Huang, SSRN 3950954, of present-biased borrowers): decisions are made by
the one, surplus is counted by the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from florin.lab.arrays import Bits, Flags, Index, Minor, Real, Small, Whole
from florin.lab.draws import further, gumbel, uniform
from florin.lab.needs import Needs
from florin.lab.people import People
from florin.lab.world import UNCAPPED, Lender, World

NOTHING, WALLET = np.int8(-1), np.int8(0)
_NEVER = -1e9

# X: installments are chosen from this part of a month's money on; more of them where more is owed a month.
_PLANNED_FROM, _LONGER_FROM, _LONGEST_FROM = 0.5, 1.0, 2.0

_OUTSIDE, _MERCHANT, _TENDER = 1_000, 2_000, 3_000


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How people of a lane stand on a day. Money arrays: (people,) and (lender, people). next_bill_days: by lender."""

    cash_minor: Minor
    next_cash_days: Whole
    available_minor: Minor
    owed_minor: Minor
    next_bill_days: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """For each need looked at: market and tender, NOTHING where it is not met now. waits: for the next pay day.

    count: of installments; free: the merchant pays their fee. price_minor: what is paid to the merchant; worth_minor: what
    the purchase is worth to him as he experiences it, the trouble of paying and of being without a buffer taken off.
    no_cash: he did not have the money.
    """

    market: Small
    tender: Small
    count: Small
    free: Flags
    waits: Flags
    no_cash: Flags
    price_minor: Minor
    worth_minor: Minor


@dataclass(frozen=True, kw_only=True)
class _Cost:
    """Of paying by a tender, as a share of the price: as decided; as experienced, without what is charged, for that is
    counted in money when it is charged; and whether it can be.
    """

    decided: Real
    experienced: Real
    possible: Flags
    count: Small


def choose(world: World, people: People, needs: Needs, looked: Index, standing: Standing, *, waited: bool) -> Chosen:
    """What becomes of the needs `looked` at, one a person. waited: they were put off before, and are not again."""
    person, category = needs.person[looked], needs.category[looked]
    price_minor = needs.price_minor[looked]
    wanted = _Wanted(world, people, needs, looked)
    best, tender, market, loss = _nothing_yet(wanted.count)
    count, free = np.zeros(wanted.count, dtype=np.int8), np.zeros(wanted.count, dtype=np.bool_)
    cash = _by_wallet(world, people, person, price_minor, standing)
    by_tender = [
        cash,
        *(_by_credit(world, people, place, person, price_minor, standing) for place in range(len(world.lenders))),
    ]
    handy = [world.parameters.tender_noise * gumbel(further(wanted.draws, _TENDER + t)) for t in range(len(by_tender))]
    for m in range(len(world.markets)):
        outlet = wanted.outlet(m)
        for t, cost in enumerate(by_tender):
            if t and not world.lenders[t - 1].lends:
                continue
            taken = cost.possible if t == 0 else cost.possible & wanted.accepted(m, world.lenders[t - 1])
            if t and not taken.any():
                continue
            decided, experienced, sponsored = cost.decided, cost.experienced, None
            if t and world.lenders[t - 1].free_share[m].any():
                sponsored = wanted.sponsored(m, world.lenders[t - 1]) & (cost.count > 0)
                fee = _fee_share(world.lenders[t - 1], world, cost.count) * sponsored
                decided = decided - people.beta[person] * fee
            eased = _ease(world, m, t)
            utility = np.where(taken, outlet - decided + eased + handy[t], _NEVER)
            better = utility > best
            best[better] = utility[better]
            market[better], tender[better] = m, t
            count[better] = cost.count[better]
            loss[better] = (experienced - eased - handy[t])[better] if t else (experienced - handy[t])[better]
            free[better] = False if sponsored is None else sponsored[better]
    met = best > wanted.outside()
    waits = (
        np.zeros(wanted.count, dtype=np.bool_)
        if waited
        else _waits(world, people, needs, looked, wanted, standing, best)
    )
    met &= ~waits
    market[~met], tender[~met], count[~met] = NOTHING, NOTHING, 0
    chosen_market = np.maximum(market, 0)
    dearer = world.price_ppm[chosen_market, category]
    paid_minor = np.where(met, price_minor + (price_minor * dearer + 500_000) // 1_000_000, 0)
    worth = 1.0 + wanted.at(chosen_market) - loss - (world.parameters.wait_cost if waited else 0.0)
    return Chosen(
        market=market,
        tender=tender,
        count=count,
        free=free & met,
        waits=waits,
        no_cash=standing.cash_minor[person] < price_minor,
        price_minor=paid_minor,
        worth_minor=np.where(met, np.rint(price_minor * worth), 0.0).astype(np.int64),
    )


def merchant_place(draws: Bits, market: int) -> Real:
    """Which merchant of a market each need would be met by: his place between 0 and 1, the more of a margin the higher."""
    return uniform(further(draws, _MERCHANT + market))


class _Wanted:
    """What the needs are worth at each outlet, and who takes what there."""

    def __init__(self, world: World, people: People, needs: Needs, looked: Index) -> None:
        self.world, self.people = world, people
        self.person, self.category = needs.person[looked], needs.category[looked]
        self.price_minor, self.worth, self.draws = needs.price_minor[looked], needs.worth[looked], needs.draws[looked]
        self.count = len(looked)
        table = world.parameters.needs
        weights = np.array([[need.weights.get(market, 0.0) for need in table] for market in world.markets])
        with np.errstate(divide="ignore"):
            self._shelves = np.where(weights > 0, np.log(weights), _NEVER)
        self._outlets: list[Real] = []

    def outlet(self, m: int) -> Real:
        """Utility of the goods at market m, before paying."""
        world = self.world
        noise = world.parameters.outlet_noise
        shelf = np.maximum(noise * (self._shelves[m] + world.entered[m]) - world.price_ppm[m] / 1e6, _NEVER)[
            self.category
        ]
        utility = self.worth + shelf + noise * gumbel(further(self.draws, m)) + self.people.taste[m][self.person]
        found = np.where(self.people.reach[m][self.person], utility, _NEVER)
        self._outlets.append(found)
        return found

    def at(self, market: Small) -> Real:
        """Of each need at its own market, without what dearer prices take: they are paid in money."""
        place = market.astype(np.intp)
        found: Real = np.stack(self._outlets)[place, np.arange(self.count)]
        dearer: Real = self.world.price_ppm[place, self.category] / 1e6
        return found + dearer

    def best(self) -> Real:
        best: Real = np.max(np.stack(self._outlets), axis=0)
        return best

    def outside(self) -> Real:
        return self.world.parameters.outlet_noise * gumbel(further(self.draws, _OUTSIDE))

    def merchant(self, m: int) -> Real:
        """Which merchant of the market it would be: his place between 0 and 1, the more of a margin the higher."""
        return merchant_place(self.draws, m)

    def accepted(self, m: int, lender: Lender) -> Flags:
        """Whether that merchant takes the lender's credit for this amount. Those with the highest margins take it first."""
        share, caps = lender.accepted[m], lender.cap_minor[m]
        if not share.any():
            return np.zeros(self.count, dtype=np.bool_)
        all_take = bool((share >= 1.0).all())
        taken: Flags = (
            np.ones(self.count, dtype=np.bool_) if all_take else self.merchant(m) >= 1.0 - share[self.category]
        )
        return taken if (caps >= UNCAPPED).all() else taken & (self.price_minor <= caps[self.category])

    def sponsored(self, m: int, lender: Lender) -> Flags:
        """Whether that merchant pays the fee of the shopper's installments."""
        pays: Flags = self.merchant(m) >= 1.0 - lender.free_share[m][self.category]
        return pays


def _nothing_yet(count: int) -> tuple[Real, Small, Small, Real]:
    return np.full(count, _NEVER), np.full(count, NOTHING), np.full(count, NOTHING), np.zeros(count)


def _by_wallet(world: World, people: People, person: Index, price_minor: Minor, standing: Standing) -> _Cost:
    cash_minor = standing.cash_minor[person]
    emptied = _emptied(world, people.spending_minor[person], cash_minor - price_minor)
    cost = world.parameters.liquidity_weight * emptied
    return _Cost(
        decided=cost, experienced=cost, possible=cash_minor >= price_minor, count=np.zeros(len(person), dtype=np.int8)
    )


def _emptied(world: World, spending_minor: Minor, left_minor: Minor) -> Real:
    """How much of the buffer is gone when so much is left: 0 none, 1 all."""
    wanted = np.maximum(world.parameters.buffer_months * spending_minor, 1.0)
    gone: Real = np.clip(1.0 - left_minor / wanted, 0.0, 1.0)
    return gone


def _by_credit(
    world: World, people: People, place: int, person: Index, price_minor: Minor, standing: Standing
) -> _Cost:
    """Credit is paid from money to come: what is owed beside it then is what empties the buffer."""
    lender = world.lenders[place]
    none = np.zeros(len(person), dtype=np.int8)
    if not lender.lends:
        return _Cost(decided=np.zeros(0), experienced=np.zeros(0), possible=none.astype(np.bool_), count=none)
    spending_minor, beta = people.spending_minor[person], people.beta[person]
    owed_minor = standing.owed_minor[:, person].sum(axis=0)
    charge = _carrying(world, lender, standing.next_bill_days[place])
    weight = world.parameters.liquidity_weight
    bare = weight * np.clip((owed_minor + price_minor) / spending_minor, 0.0, 1.0)
    at_once = charge + bare
    count = _installments(world, lender, price_minor, spending_minor)
    parts = np.maximum(count, 1)
    bare_by_parts = weight * np.clip((owed_minor + price_minor / parts) / spending_minor, 0.0, 1.0)
    spread = _fee_share(lender, world, count) + bare_by_parts
    planned = (count > 0) & (spread < at_once)
    count = np.where(planned, count, 0).astype(np.int8)
    later = np.where(planned, spread, at_once)
    return _Cost(
        decided=beta * (1.0 + later) - 1.0,
        experienced=np.where(planned, bare_by_parts, bare),
        possible=standing.available_minor[place][person] >= price_minor,
        count=count,
    )


def _carrying(world: World, lender: Lender, days: int) -> float:
    """What he expects to be charged: interest from the purchase on where no days are free, and on what he may not pay whole."""
    terms = lender.program.terms_on(world.begins_on)
    daily = float(terms.interest_daily_rate)
    from_purchase = daily * days if terms.interest_free == "never" else 0.0
    return from_purchase + revolving(world, lender) * daily * 30.0


def revolving(world: World, lender: Lender) -> float:
    """The share of a lender's customers who pay the minimum where they could pay all."""
    return world.parameters.revolving_card if lender.is_card else world.parameters.revolving


def _installments(world: World, lender: Lender, price_minor: Minor, spending_minor: Minor) -> Small:
    """How many he would take: 0 where the amount is small or none are offered."""
    terms = lender.program.terms_on(world.begins_on)
    offered = {offer.count for offer in terms.installments}
    months = price_minor / spending_minor
    count = np.zeros(len(price_minor), dtype=np.int8)
    for least, each in ((_PLANNED_FROM, 3), (_LONGER_FROM, 6), (_LONGEST_FROM, 12)):
        if each in offered:
            count[(months >= least) & (price_minor >= terms.installment_amount_minor_min)] = each
    return count


def _fee_share(lender: Lender, world: World, count: Small) -> Real:
    """The fee of so many installments, as a share of the price."""
    terms = lender.program.terms_on(world.begins_on)
    rates = np.zeros(128)
    for offer in terms.installments:
        rates[offer.count] = float(offer.fee_rate)
    share: Real = rates[count]
    return share


def _ease(world: World, m: int, t: int) -> float:
    """Of paying by a tender at a market: a bank's card is some trouble online, a mall's own credit one touch."""
    if t == 0:
        return 0.0
    lender = world.lenders[t - 1]
    if lender.is_card:
        return 0.0 if world.markets[m] == "street" else -world.parameters.card_friction
    return world.parameters.home_ease if world.owners[m] == lender.group else 0.0


def _waits(
    world: World, people: People, needs: Needs, looked: Index, wanted: _Wanted, standing: Standing, best: Real
) -> Flags:
    """Whether it is better put off to the next pay day, when there will be money, than met now or never."""
    person = wanted.person
    days = standing.next_cash_days[person]
    may = (needs.wait_days[looked] >= days) & (days > 0)
    then_minor = standing.cash_minor[person] + people.spending_minor[person] - wanted.price_minor
    emptied = _emptied(world, people.spending_minor[person], then_minor)
    cost = world.parameters.wait_cost + world.parameters.liquidity_weight * emptied
    later = people.beta[person] * (wanted.best() - cost)
    return may & (then_minor >= 0) & (later > best) & (later > wanted.outside())
