"""The gap between Alibaba's launch and Tencent's, taken apart.

Each of seven things that set the two apart is Alibaba's or Tencent's: 128 groups that could be, from Tencent, who has none of
Alibaba's, to Alibaba, who has all. What launching brings each of them is known from eight simulated worlds (for terms,
losses and reach change what people do) and from prices on what happened there (for the others do not). The Shapley value of
a thing is its mean contribution over all orders in which Tencent could come by them; the seven sum to the gap.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import factorial
from typing import NamedTuple

import numpy as np

from florin.lab.arrays import Bits, Real
from florin.lab.merchants import asked
from florin.lab.parameters import Parameters
from florin.lab.quantity import Words
from florin.lab.simulate import Lane, simulate_lane
from florin.lab.surplus import account, lost_minor
from florin.lab.units import MILLION
from florin.lab.world import WALLETS, World, preset_world, rail_of

PARTS = {
    "take": Words("Take on own sales", "自有销售的抽成"),
    "rail": Words("Fees for paying", "支付手续费"),
    "terms": Words("Interest and installments", "利息与分期收入"),
    "loss": Words("Losses", "坏账"),
    "funding": Words("Funding", "资金成本"),
    "cards": Words("Card costs avoided", "节省的卡成本"),
    "reach": Words("Reach and acquisition", "触达与获客"),
}
_ALI, _TENCENT, _SLOT = "huabei", "fenfu", "huabei"
_SIMULATED, _PRICED = ("terms", "loss", "reach"), ("take", "rail", "funding", "cards")

Holding = frozenset[str]


class Gap(NamedTuple):
    """Fen a person and year. parts: Shapley values, which sum to ali less tencent."""

    ali: float
    tencent: float
    parts: dict[str, float]


def gap(parameters: Parameters, people: Bits, seed: int, *, months: int) -> Gap:
    """Both launches, each alone beside cards, and what sets them apart."""
    base = preset_world(parameters, months=months)
    lacking = simulate_lane(base.launch("bank-card"), people, seed)
    worth: dict[Holding, float] = {}
    for flags in product((False, True), repeat=len(_SIMULATED)):
        simulated = frozenset(name for name, has in zip(_SIMULATED, flags, strict=True) if has)
        having = simulate_lane(_hybrid(base, simulated), people, seed)
        priced = _prices(base, having, lacking)
        for prices in product((False, True), repeat=len(_PRICED)):
            of_ali = frozenset(name for name, has in zip(_PRICED, prices, strict=True) if has)
            total = priced.always + sum(priced.of(name, name in of_ali) for name in _PRICED)
            worth[simulated | of_ali] = total * 12 / months / len(people)
    return Gap(worth[frozenset(PARTS)], worth[frozenset()], shapley(worth, tuple(PARTS)))


def shapley(worth: dict[Holding, float], names: tuple[str, ...]) -> dict[str, float]:
    """The Shapley values of a game: worth of each set of `names`, all 2^n. They sum to the worth of all less that of none."""
    n = len(names)
    found = dict.fromkeys(names, 0.0)
    for held, value in worth.items():
        for name in set(names) - held:
            weight = factorial(len(held)) * factorial(n - len(held) - 1) / factorial(n)
            found[name] += weight * (worth[held | {name}] - value)
    return found


def _hybrid(base: World, of_ali: Holding) -> World:
    """The world in which a group with these of Alibaba's traits, else Tencent's, lends beside cards."""
    ali, tencent = base.lender(_ALI), base.lender(_TENCENT)
    terms, loss, reach = (ali if name in of_ali else tencent for name in _SIMULATED)
    lender = replace(
        reach, name=_SLOT, program=terms.program, noise=loss.noise, enforcement=loss.enforcement, launched=True
    )
    place = base.lender_at(_SLOT)
    others = [replace(each, launched=each.is_card) for each in base.lenders]
    world = replace(base, lenders=(*others[:place], lender, *others[place + 1 :]))
    return asked(world, _SLOT, ("street", "web"), brought=0.5)


class _Prices(NamedTuple):
    """What one world brings the group, in fen. always: in any case; by_ali, by_tencent: priced as each of the two."""

    always: float
    by_ali: dict[str, float]
    by_tencent: dict[str, float]

    def of(self, name: str, ali: bool) -> float:
        return (self.by_ali if ali else self.by_tencent)[name]


def _prices(base: World, having: Lane, lacking: Lane) -> _Prices:
    place = having.world.lender_at(_SLOT)
    book = having.books[place]
    assert book is not None
    sums = book.sums
    lent = account(having)
    served = sum(
        lent.what_minor("issuer", what, _SLOT) for what in ("serving purchases", "serving lines", "acquisition")
    )
    charged = sums.shopper_fee + sums.merchant_fee - sums.fee_forgone + sums.interest + sums.penalty + sums.recovery
    always = float(int(charged.sum()) - int(lost_minor(book).sum()) + served)
    created = lent - account(lacking)
    taken = float(created.party_minor("mall", "ali"))
    days = float(book.principal_days().sum())
    funding = {name: -days * base.lender(name).funding.yearly_ppm() / MILLION / 365 for name in (_ALI, _TENCENT)}
    return _Prices(
        always=always,
        by_ali={
            "take": taken,
            "rail": _rail(base, having, lacking, _ALI),
            "funding": funding[_ALI],
            "cards": _card_costs(base, having, lacking, "ali"),
        },
        by_tencent={
            "take": float(created.party_minor("mall", "tencent")),
            "rail": _rail(base, having, lacking, _TENCENT),
            "funding": funding[_TENCENT],
            "cards": _card_costs(base, having, lacking, "tencent"),
        },
    )


def _volumes(lane: Lane) -> Real:
    """Sales by (wallet, tender, market, category), fen."""
    bought = np.flatnonzero(lane.met.bought)
    shape = lane.world.mdr_ppm.shape
    at = (
        lane.people.wallet[lane.needs.person[bought]].astype(np.intp),
        lane.met.tender[bought].astype(np.intp),
        lane.met.market[bought].astype(np.intp),
        lane.needs.category[bought].astype(np.intp),
    )
    volumes = np.zeros(shape)
    np.add.at(volumes, at, lane.met.price_minor[bought].astype(np.float64))
    return volumes


def _rail(base: World, having: Lane, lacking: Lane, name: str) -> float:
    """Fees for paying by the plans of one of the two, on its credit and on what its wallet and its markets gain or lose."""
    lender, slot = base.lender(name), 1 + base.lender_at(_SLOT)
    own = 1 + base.lender_at(name)
    gained = _volumes(having) - _volumes(lacking)
    processing = base.parameters.wallet_processing.ppm
    on_credit = (base.mdr_ppm[:, own] + lender.credit_fee_ppm - processing) * gained[:, slot]
    moved = 0.0
    for w, wallet in enumerate(WALLETS):
        for m, market in enumerate(base.markets):
            if rail_of(market, wallet) == lender.group:
                moved += float(((base.mdr_ppm[w, 0, m] - processing) * gained[w, 0, m]).sum())
                moved += (
                    float((base.mdr_ppm[w, 1, m] * gained[w, 1, m]).sum())
                    if rail_of(market, "bank") == lender.group
                    else 0.0
                )
    return (float(on_credit.sum()) + moved) / MILLION


def _card_costs(base: World, having: Lane, lacking: Lane, group: str) -> float:
    """What interchange, network and processing of cards cost less on the rails of a group's own markets."""
    card = next(lender for lender in base.lenders if lender.is_card)
    terms = card.program.terms_on(base.begins_on)
    ppm = float(terms.interchange_rate + terms.network_rate / 2) * MILLION + base.parameters.card_processing.ppm
    lost = _volumes(lacking)[:, 1] - _volumes(having)[:, 1]
    mine = [m for m, market in enumerate(base.markets) if rail_of(market, "bank") == group]
    return float(lost[:, mine].sum()) * ppm / MILLION if mine else 0.0
