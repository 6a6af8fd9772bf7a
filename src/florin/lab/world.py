"""Worlds: who owns which market, who lends, where it is accepted, and what everybody is charged.

The ecosystems' presets say where a program is accepted, the fee presets what a merchant pays, the programs' presets what a
shopper pays: the lab reads what the house runs on. A world that differs, a what-if, is made of another by `launch`,
`accept`, `own` and the like; nothing in it is random.

Axes: w a wallet (`WALLETS`), t a tender (0: the wallet's money, 1 + l: credit of lender l), m a market, c a category.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from florin.credit.program import load_program
from florin.credit.terms import Program
from florin.events import Channel
from florin.events.parts import Place
from florin.lab.arrays import Minor, Real, Whole
from florin.lab.campaign import Campaign, Coupon
from florin.lab.parameters import Parameters
from florin.lab.units import MILLION, OfBalance
from florin.market import Acceptance
from florin.market.load import load_ecosystem
from florin.payments.fee_plan import FeeTender, FeeVersion, PlanFee, fee_preset

MARKETS = ("taobao", "tmall", "jd", "street", "chat", "web")
WALLETS = ("ali", "tencent")
GROUPS = ("ali", "jd", "tencent", "bank", "others")

# Whose program it is. JD lends by one form here: it bills by the month, as the others do.
LENDERS = {"bank-card": "bank", "huabei": "ali", "baitiao-bill": "jd", "fenfu": "tencent"}
ECOSYSTEM_CREDIT = ("huabei", "baitiao-bill", "fenfu")
OWNERS = {"taobao": "ali", "tmall": "ali", "jd": "jd", "chat": "tencent", "street": "others", "web": "others"}

# Days from payment to receipt on a market where money waits in escrow. U: a parcel is confirmed after some days, other
# goods at once.
ESCROW_DAYS = {"groceries": 2, "fashion": 5, "home": 5, "electronics": 5}

UNCAPPED = np.int64(10**12)


MONTHS_MAX = 120


class UnknownHere(ValueError):
    """A name that the world does not know: which one, and which it knows."""


@dataclass(frozen=True, kw_only=True)
class Lender:
    """One program that may be lent by. Arrays by (m, c).

    accepted: the share of merchants who take it, 0 to 1. cap_minor: of one purchase. credit_fee_ppm: what a merchant pays the
    lender of a purchase; free_share: of merchants who pay a shopper's installments' fee. noise: how wrong it reads scores.
    enforcement: the share of those who would not pay that its grip keeps. limit_ppm: of the usual limit; 0: no lines.
    """

    name: str
    group: str
    program: Program
    launched: bool
    accepted: Real
    cap_minor: Minor
    credit_fee_ppm: Whole
    free_share: Real
    funding: OfBalance
    noise: float
    enforcement: float
    acquire_minor: int
    limit_ppm: int = MILLION

    @property
    def is_card(self) -> bool:
        return self.program.tender == "card"

    @property
    def lends(self) -> bool:
        """Whether anybody can owe it anything."""
        return self.launched and self.limit_ppm > 0


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that is not drawn. mdr_ppm: (w, t, m, c); commission, software: (m, c), ads: (m,), taken by the market's
    owner.

    own_retail_ppm: (m,) the share of sales whose merchant is the mall itself. price_ppm: (m, c) by how much prices lie
    above those of a world without fees for credit. entered: (m, c) the logarithm of how many merchants there are for each
    before. season: (days,) how many needs arise on a day, against the usual; everyday: the kinds of goods that it leaves
    alone. campaigns: what is given on some days; coupon: what is given today (`giving`).
    """

    begins_on: date
    days: int
    parameters: Parameters
    markets: tuple[str, ...]
    categories: tuple[str, ...]
    owners: tuple[str, ...]
    lenders: tuple[Lender, ...]
    mdr_ppm: Whole
    commission_ppm: Whole
    software_ppm: Whole
    ads_ppm: Whole
    own_retail_ppm: Whole
    price_ppm: Whole
    entered: Real
    season: Real
    everyday: tuple[str, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    coupon: Coupon | None = None

    def lender(self, name: str) -> Lender:
        return self.lenders[self.lender_at(name)]

    def lender_at(self, name: str) -> int:
        """Its place. Raises UnknownHere."""
        return _place(name, [lender.name for lender in self.lenders], "lender")

    def market_at(self, name: str) -> int:
        """Its place. Raises UnknownHere."""
        return _place(name, self.markets, "market")

    def launch(self, *names: str) -> World:
        """The same with exactly these lenders."""
        for name in names:
            self.lender_at(name)
        return replace(self, lenders=tuple(replace(each, launched=each.name in names) for each in self.lenders))

    def change(self, name: str, **changes: object) -> World:
        """The same with another lender of this name."""
        place = self.lender_at(name)
        changed = replace(self.lenders[place], **changes)  # type: ignore[arg-type]
        return replace(self, lenders=(*self.lenders[:place], changed, *self.lenders[place + 1 :]))

    def accept(self, name: str, market: str, share: float) -> World:
        """The same, where a share of a market's merchants take a lender's credit, without a cap where it was refused."""
        if not 0 <= share <= 1:
            raise UnknownHere(f"A share of {share:g} of the merchants of {market} cannot be: it lies between 0 and 1.")
        lender, place = self.lender(name), self.market_at(market)
        accepted, cap_minor = lender.accepted.copy(), lender.cap_minor.copy()
        cap_minor[place][accepted[place] == 0] = UNCAPPED
        accepted[place] = share
        return self.change(name, accepted=accepted, cap_minor=cap_minor)

    def own(self, market: str, group: str) -> World:
        """The same, where a market belongs to another group, which takes what the owner took."""
        _place(group, GROUPS, "group")
        place = self.market_at(market)
        return replace(self, owners=(*self.owners[:place], group, *self.owners[place + 1 :]))

    def giving(self, *campaigns: Campaign) -> World:
        """The world as it is on a day on which these campaigns give something: at most one coupon."""
        world = self
        for campaign in campaigns:
            here = np.isin(self.markets, campaign.markets)
            match campaign.kind:
                case "cut":
                    world = replace(world, price_ppm=world.price_ppm - campaign.cut_ppm * here[:, None])
                case "coupon":
                    coupon = Coupon(off_minor=campaign.off_minor, from_minor=campaign.from_minor, here=here)
                    world = replace(world, coupon=coupon)
                case "installments":
                    for name in campaign.lenders:
                        free_share = np.where(here[:, None], 1.0, world.lender(name).free_share)
                        world = world.change(name, free_share=free_share)
        return world

    def day(self, on: date) -> int:
        """The number of a day; the first is 0."""
        return (on - self.begins_on).days


def preset_world(parameters: Parameters, *, begins_on: date = date(2026, 1, 1), months: int = 24) -> World:
    """The world of the presets: Ali, JD, Tencent and the bank, all four of whom lend. months: of 30 days and a bit, in all."""
    if not 1 <= months <= MONTHS_MAX:
        raise UnknownHere(f"{months} months cannot be simulated: choose 1 to {MONTHS_MAX}.")
    categories = tuple(need.category for need in parameters.needs)
    places = [
        [Place(market=m, category=c, channel="offline" if m == "street" else "online") for c in categories]
        for m in MARKETS
    ]
    acceptance = Acceptance([load_ecosystem(name) for name in ("ali", "jd", "tencent", "bank")])
    lenders = tuple(_lender(name, parameters, places, acceptance, begins_on) for name in LENDERS)
    days = (_months_after(begins_on, months) - begins_on).days
    ads = {"taobao": parameters.ads_taobao, "tmall": parameters.ads_tmall, "jd": parameters.ads_jd}
    malls = {market: _plan(OWNERS[market], begins_on) for market in ("taobao", "tmall", "jd")}

    def of_mall(fee: PlanFee) -> Whole:
        return np.array(
            [[_fee_ppm(malls.get(p.market), fee, "wallet", p, begins_on) for p in row] for row in places],
            dtype=np.int64,
        )

    return World(
        begins_on=begins_on,
        days=days,
        parameters=parameters,
        markets=MARKETS,
        categories=categories,
        owners=tuple(OWNERS[market] for market in MARKETS),
        lenders=lenders,
        mdr_ppm=_mdr_ppm(lenders, places, begins_on),
        commission_ppm=of_mall("commission"),
        software_ppm=of_mall("software_fee"),
        ads_ppm=np.array([ads[m].ppm if m in ads else 0 for m in MARKETS], dtype=np.int64),
        own_retail_ppm=np.array(
            [round(parameters.own_retail * MILLION) if m == "jd" else 0 for m in MARKETS], dtype=np.int64
        ),
        price_ppm=np.zeros((len(MARKETS), len(categories)), dtype=np.int64),
        entered=np.zeros((len(MARKETS), len(categories))),
        season=np.ones(days),
    )


def _lender(
    name: str, parameters: Parameters, places: Sequence[Sequence[Place]], acceptance: Acceptance, on: date
) -> Lender:
    group, program = LENDERS[name], load_program(name)
    rulings = [[acceptance.ruling(name, place, on) for place in row] for row in places]
    caps = [[UNCAPPED if ruling.cap_minor is None else ruling.cap_minor for ruling in row] for row in rulings]
    plan = _plan(group, on)
    credit_fees = [[_fee_ppm(plan, "credit_fee", "credit", place, on) for place in row] for row in places]
    is_card, has_mall = program.tender == "card", group in ("ali", "jd")
    return Lender(
        name=name,
        group=group,
        program=program,
        launched=True,
        accepted=np.array([[float(ruling.accepted) for ruling in row] for row in rulings]),
        cap_minor=np.array(caps, dtype=np.int64),
        credit_fee_ppm=np.zeros_like(credit_fees) if is_card else np.array(credit_fees, dtype=np.int64),
        free_share=np.zeros((len(places), len(places[0]))),
        funding=parameters.funding_bank if is_card else parameters.funding_tech,
        noise=parameters.noise_bank if is_card else parameters.noise_mall if has_mall else parameters.noise_wallet,
        enforcement=0.0 if is_card else parameters.enforcement_mall if has_mall else parameters.enforcement_wallet,
        acquire_minor=round(parameters.acquire_away_minor if is_card else parameters.acquire_home_minor),
    )


def _mdr_ppm(lenders: Sequence[Lender], places: Sequence[Sequence[Place]], on: date) -> Whole:
    """(w, t, m, c). In a market with a rail of its own by its owner's plan, elsewhere by the wallet's or the lender's."""

    def of(wallet: str, lender: Lender | None, place: Place) -> int:
        tender: FeeTender = "wallet" if lender is None else "card" if lender.is_card else "credit"
        group = rail_of(place.market, wallet if lender is None else lender.group)
        return _fee_ppm(_plan(group, on), "mdr", tender, place, on)

    tenders = (None, *lenders)
    return np.array(
        [[[[of(w, t, place) for place in row] for row in places] for t in tenders] for w in WALLETS], dtype=np.int64
    )


def rail_of(market: str, group: str) -> str:
    """Whose rail a payment takes: the market owner's where he has one, else that of the wallet or card."""
    return OWNERS[market] if OWNERS[market] != "others" else group


def _plan(group: str, on: date) -> FeeVersion | None:
    return fee_preset(group).version_on(on)


def _fee_ppm(version: FeeVersion | None, fee: PlanFee, tender: FeeTender, place: Place, on: date) -> int:
    """The first of a kind that fits, as the house charges it."""
    channel: Channel = place.channel
    fits = (
        terms.rate_ppm
        for terms in (version.fees if version else ())
        if terms.fee == fee
        and terms.holds(on, market=place.market, category=place.category, channel=channel)
        and terms.takes(tender, 0)
    )
    return next(fits, 0)


def _months_after(on: date, months: int) -> date:
    year, month = divmod(on.month - 1 + months, 12)
    return date(on.year + year, month + 1, on.day)


def _place(name: str, known: Iterable[str], what: str) -> int:
    names = list(known)
    if name not in names:
        raise UnknownHere(f"There is no {what} {name!r}. There are {', '.join(names)}.")
    return names.index(name)


def dates(world: World) -> Iterator[date]:
    """Every day of a world, in order."""
    first = world.begins_on.toordinal()
    return (date.fromordinal(first + day) for day in range(world.days))
