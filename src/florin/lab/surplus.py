"""Surplus accounts: who gains what in a world, and what the whole world gains.

Each party has lines, positive where it gains. A line is either a *transfer*, which another party has with the other sign,
or a *real* gain or cost: what goods are worth to who buys them, what they cost to make, what it takes to run malls, rails
and lending, what money costs where it is borrowed from outside, and the harm of being charged off. So all parties' lines
sum to the whole, which `whole_minor` counts apart from the real lines' sources alone; `tests/lab` compares the two to the
fen.

Consumer surplus is in experienced utility, as money: what a purchase is worth less what is paid for it, now and later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from florin.lab.arrays import Index, Minor, Real, Whole, sums_at
from florin.lab.book import Book
from florin.lab.merchants import margins_ppm, places_of
from florin.lab.simulate import Lane
from florin.lab.units import MILLION, parts_minor
from florin.lab.world import WALLETS, Lender, World, rail_of

Party = Literal["consumers", "merchants", "mall", "rail", "issuer", "network"]
PARTIES: tuple[Party, ...] = ("consumers", "merchants", "mall", "rail", "issuer", "network")

# X: who is so many days past due when the lab ends is counted as lost.
LOST_AT_THE_END_DAYS = 90

# So many purchases at once that what is computed of them stays in a core's cache.
_BLOCK = 8_192


class Line(NamedTuple):
    """One line: whose it is, of which group or lender (empty where there is but one), and what for."""

    party: Party
    of: str
    what: str


@dataclass(frozen=True)
class Accounts:
    """Lines in fen, for the people, the days and the world that were simulated. They add, and subtract for a counterfactual."""

    lines: Counter[Line] = field(default_factory=Counter)
    whole_minor: int = 0

    def __add__(self, other: Accounts) -> Accounts:
        return Accounts(_summed((self.lines, 1), (other.lines, 1)), self.whole_minor + other.whole_minor)

    def __sub__(self, other: Accounts) -> Accounts:
        return Accounts(_summed((self.lines, 1), (other.lines, -1)), self.whole_minor - other.whole_minor)

    def party_minor(self, party: Party, of: str | None = None) -> int:
        """What a party gains; `of` one group or lender, or of all."""
        return sum(minor for line, minor in self.lines.items() if line.party == party and of in (None, line.of))

    def group_minor(self, group: str, world: World) -> int:
        """What a group gains as mall, rail and issuer together."""
        lenders = [lender.name for lender in world.lenders if lender.group == group]
        return (
            self.party_minor("mall", group)
            + self.party_minor("rail", group)
            + sum(self.party_minor("issuer", name) for name in lenders)
        )

    def what_minor(self, party: Party, what: str, of: str | None = None) -> int:
        """One line, of one group or lender or of all."""
        return sum(
            minor
            for line, minor in self.lines.items()
            if (line.party, line.what) == (party, what) and of in (None, line.of)
        )

    def parts_minor(self) -> int:
        """The sum of all lines: the whole, if nothing is forgotten."""
        return sum(self.lines.values())


def account(lane: Lane) -> Accounts:
    """The accounts of a lane."""
    tally = _Tally()
    bought = np.flatnonzero(lane.met.bought)
    for first in range(0, max(len(bought), 1), _BLOCK):
        sales = _Sales(lane, bought[first : first + _BLOCK])
        _buying(tally, sales)
        _selling(tally, sales)
        _paying(tally, sales)
        _selling_on_credit(tally, sales)
    for place, book in enumerate(lane.books):
        if book is not None:
            _lending(tally, lane, place, book)
    return Accounts(tally.lines, tally.whole_minor)


class _Tally:
    """Transfers are entered twice, real lines once and in the whole."""

    def __init__(self) -> None:
        self.lines: Counter[Line] = Counter()
        self.whole_minor = 0

    def moved(self, payer: tuple[Party, str], taker: tuple[Party, str], what: str, minor: int) -> None:
        self.lines[Line(*payer, what)] -= minor
        self.lines[Line(*taker, what)] += minor

    def real(self, whose: tuple[Party, str], what: str, minor: int) -> None:
        self.lines[Line(*whose, what)] += minor
        self.whole_minor += minor


class _Sales:
    """Purchases of a lane, one place each, and the fees of each. at: the needs that were bought."""

    def __init__(self, lane: Lane, at: Index) -> None:
        world, met = lane.world, lane.met
        self.lane, self.world, self.at = lane, world, at
        self.person = lane.needs.person[at]
        self.market, self.tender = met.market[at].astype(np.intp), met.tender[at].astype(np.intp)
        self.category, self.wallet = (
            lane.needs.category[at].astype(np.intp),
            lane.people.wallet[self.person].astype(np.intp),
        )
        self.price, self.worth, self.list_price = met.price_minor[at], met.worth_minor[at], lane.needs.price_minor[at]
        self.merchant = places_of(lane, at)
        self.goods = self.list_price - parts_minor(self.list_price, margins_ppm(world, self.category, self.merchant))
        self.mdr = parts_minor(self.price, world.mdr_ppm[self.wallet, self.tender, self.market, self.category])
        self.commission = parts_minor(self.price, world.commission_ppm[self.market, self.category])
        self.software = parts_minor(self.price, world.software_ppm[self.market, self.category])
        self.ads = parts_minor(self.price, world.ads_ppm[self.market])
        credit_fees = np.stack(
            [np.zeros_like(world.commission_ppm), *(lender.credit_fee_ppm for lender in world.lenders)]
        )
        self.credit_fee = parts_minor(self.price, credit_fees[self.tender, self.market, self.category])
        fees = self.mdr + self.credit_fee + self.commission + self.software + self.ads
        self.profit = self.price - self.goods - fees

    def by_market(self, amounts: Minor) -> list[int]:
        """Sums by market."""
        found: list[int] = sums_at(self.market, amounts, len(self.world.markets)).tolist()
        return found


def _buying(tally: _Tally, sales: _Sales) -> None:
    tally.real(("consumers", ""), "goods", int(sales.worth.sum()))
    tally.moved(("consumers", ""), ("merchants", ""), "price", int(sales.price.sum()))
    if sales.world.campaigns:
        coupons = sales.by_market(sales.lane.met.coupon_minor[sales.at])
        for owner, minor in zip(sales.world.owners, coupons, strict=True):
            tally.moved(("mall", owner), ("consumers", ""), "coupon", minor)


def _selling(tally: _Tally, sales: _Sales) -> None:
    """Merchants pay for goods and to the mall; what is the mall's own shop is the mall's profit."""
    world = sales.world
    merchants: tuple[Party, str] = ("merchants", "")
    tally.real(merchants, "cost of goods", -int(sales.goods.sum()))
    for name, amounts in (
        ("commission", sales.commission),
        ("software fee", sales.software),
        ("advertising", sales.ads),
    ):
        for owner, minor in zip(world.owners, sales.by_market(amounts), strict=True):
            tally.moved(merchants, ("mall", owner), name, minor)
    serving = parts_minor(sales.price, world.parameters.mall_cost.ppm)
    own = parts_minor(sales.profit, world.own_retail_ppm[sales.market])
    by_market = zip(world.owners, sales.by_market(serving), sales.by_market(own), strict=True)
    for m, (owner, serving_minor, own_minor) in enumerate(by_market):
        if world.ads_ppm[m] or world.commission_ppm[m].any():
            tally.real(("mall", owner), "serving", -serving_minor)
        tally.moved(merchants, ("mall", owner), "own retail", own_minor)


def _paying(tally: _Tally, sales: _Sales) -> None:
    """The rail takes the merchant's fee and bears what moving money costs; of a card, what its bank and network take."""
    world, parameters = sales.world, sales.world.parameters
    tenders: list[Lender | None] = [None, *world.lenders]
    markets, wallets = len(world.markets), len(WALLETS)
    size = len(tenders) * wallets * markets
    alike = (sales.tender * wallets + sales.wallet) * markets + sales.market
    used = np.bincount(alike, minlength=size).reshape(-1, markets).sum(axis=1)
    mdr = sums_at(alike, sales.mdr, size)
    for t, lender in enumerate(tenders):
        is_card = lender is not None and lender.is_card
        cost = parameters.card_processing if is_card else parameters.wallet_processing
        of_tender = np.flatnonzero(sales.tender == t)
        price, here = sales.price[of_tender], alike[of_tender]
        processing = sums_at(here, parts_minor(price, cost.ppm), size)
        terms = lender.program.terms_on(world.begins_on) if lender is not None and is_card else None
        interchange = network = issuer_network = np.zeros(size, dtype=np.int64)
        if terms is not None:
            interchange = sums_at(here, parts_minor(price, int(terms.interchange_rate * MILLION)), size)
            of_network = parts_minor(price, int(terms.network_rate * MILLION))
            network, issuer_network = sums_at(here, of_network, size), sums_at(here, of_network // 2, size)
        for w, wallet in enumerate(WALLETS):
            if not used[t * wallets + w]:
                continue
            for m, market in enumerate(world.markets):
                place = (t * wallets + w) * markets + m
                rail: tuple[Party, str] = ("rail", rail_of(market, wallet if lender is None else lender.group))
                tally.moved(("merchants", ""), rail, "mdr", int(mdr[place]))
                tally.real(rail, "processing", -int(processing[place]))
                if lender is not None and is_card:
                    mine: tuple[Party, str] = ("issuer", lender.name)
                    half = int(issuer_network[place])
                    tally.moved(rail, mine, "interchange", int(interchange[place]))
                    tally.moved(rail, ("network", ""), "network fee", int(network[place]) - half)
                    tally.moved(mine, ("network", ""), "network fee", half)


def _selling_on_credit(tally: _Tally, sales: _Sales) -> None:
    """What lenders take from merchants, and what each purchase costs them to serve."""
    lenders = sales.world.lenders
    fees = sums_at(sales.tender, sales.credit_fee, 1 + len(lenders)).tolist()
    counts = np.bincount(sales.tender, minlength=1 + len(lenders)).tolist()
    each_minor = round(sales.world.parameters.purchase_cost_minor)
    for place, lender in enumerate(lenders):
        if lender.lends:
            mine: tuple[Party, str] = ("issuer", lender.name)
            tally.moved(("merchants", ""), mine, "credit fee", fees[place + 1])
            tally.real(mine, "serving purchases", -each_minor * counts[place + 1])


def _lending(tally: _Tally, lane: Lane, place: int, book: Book) -> None:
    world, lender, sums = lane.world, lane.world.lenders[place], book.sums
    parameters = world.parameters
    people: tuple[Party, str] = ("consumers", "")
    merchants: tuple[Party, str] = ("merchants", "")
    mine: tuple[Party, str] = ("issuer", lender.name)
    forgone = np.minimum(sums.fee_forgone, sums.shopper_fee)
    tally.moved(people, mine, "installment fee", int((sums.shopper_fee - forgone).sum()))
    tally.moved(merchants, mine, "installment fee", int((sums.merchant_fee - (sums.fee_forgone - forgone)).sum()))
    tally.moved(people, mine, "interest", int(sums.interest.sum()))
    tally.moved(people, mine, "penalty", int(sums.penalty.sum()))
    tally.moved(people, mine, "recovery", int(sums.recovery.sum()))
    lost = lost_minor(book)
    tally.moved(mine, people, "loss", int(lost.sum()))
    tally.real(people, "distress", -int(parts_minor(lost, round(parameters.distress_cost * MILLION)).sum()))
    tally.real(mine, "funding", -int(_funding(book, lender).sum()))
    lines = int((lane.people.limits_minor[place] > 0).sum())
    months = round(world.days * 12 / 365)
    tally.real(mine, "serving lines", -round(parameters.account_month_minor) * lines * months)
    # A customer is won once and stays for years: what winning him costs is spread over five. X
    tally.real(mine, "acquisition", -(lender.acquire_minor * months // 60) * lines)


class Shops(NamedTuple):
    """The purchases of a lane as their shops see them, one place each, in fen. at: which need; merchant: his place among those
    of the market. earned: the price less the goods; paying: fees for being paid, the credit's among them; mall: commission,
    software fee and advertising. Fees of installments, which merchants pay by the plan, are not in it.
    """

    at: Index
    market: Index
    merchant: Real
    earned: Minor
    paying: Minor
    mall: Minor

    def left(self) -> Minor:
        return self.earned - self.paying - self.mall


def shops(lane: Lane) -> Shops:
    """Every purchase of a lane, whoever owns the shop."""
    sales = _Sales(lane, np.flatnonzero(lane.met.bought))
    return Shops(
        at=sales.at,
        market=sales.market,
        merchant=sales.merchant,
        earned=sales.price - sales.goods,
        paying=sales.mdr + sales.credit_fee,
        mall=sales.commission + sales.software + sales.ads,
    )


def merchant_profit_minor(lane: Lane) -> Minor:
    """What merchants keep of each need's purchase: the price less goods and fees, and less what is the mall's own shop; 0
    where it was not met. Fees of installments, which merchants pay by the plan, are not in it.
    """
    sales = _Sales(lane, np.flatnonzero(lane.met.bought))
    found = np.zeros(lane.needs.count, dtype=np.int64)
    found[sales.at] = sales.profit - parts_minor(sales.profit, lane.world.own_retail_ppm[sales.market])
    return found


def lost_minor(book: Book) -> Minor:
    """What each person will not pay: charged off, and what is so late at the end that it is taken for lost."""
    sums = book.sums
    charged_off = sums.lost_principal + sums.lost_fee + sums.lost_interest + sums.lost_penalty
    return charged_off + np.where(book.days_past_due() > LOST_AT_THE_END_DAYS, book.principal_minor(), 0)


def _funding(book: Book, lender: Lender) -> Minor:
    """What the money lent to each person cost, to the fen: his principal's days at the lender's rate."""
    scale = MILLION * 365
    days: Whole = book.principal_days()
    assert days.max(initial=0) < 2**62 // max(lender.funding.yearly_ppm(), 1), "an amount of a lifetime fits"
    return (days * lender.funding.yearly_ppm() + scale // 2) // scale


def consumer_minor(lane: Lane) -> Minor:
    """Each person's surplus: the consumers' lines, by person."""
    met, needs = lane.met, lane.needs
    gained = np.where(met.bought, met.worth_minor - met.price_minor + met.coupon_minor, 0)
    found = sums_at(needs.person, gained, lane.people.count)
    share = round(lane.world.parameters.distress_cost * MILLION)
    for book in lane.books:
        if book is not None:
            sums, lost = book.sums, lost_minor(book)
            forgone = np.minimum(sums.fee_forgone, sums.shopper_fee)
            charged = sums.shopper_fee - forgone + sums.interest + sums.penalty + sums.recovery
            found += lost - charged - parts_minor(lost, share)
    return found


def _summed(*signed: tuple[Counter[Line], int]) -> Counter[Line]:
    """Counters added with their signs; lines at zero stay, so that two worlds have the same ones."""
    found: Counter[Line] = Counter()
    for lines, sign in signed:
        for line, minor in lines.items():
            found[line] += sign * minor
    return found


def total(accounts: Iterable[Accounts]) -> Accounts:
    """Several lanes together."""
    found = Accounts()
    for each in accounts:
        found += each
    return found
