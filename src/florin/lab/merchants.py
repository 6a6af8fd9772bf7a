"""Merchants: what each earns, whether he takes a lender's credit, and what of its fee reaches his prices.

A market's merchants lie between 0 and 1 in order of their margins, which go from half the kind's mean to one and a half of
it. One takes credit for which he may choose by the *tourist test* (Rochet and Tirole 2002, 2008): its fee is no more than
what another way of being paid would cost him, and what he earns of the sales that it brings. A mall that owns the credit
does not ask.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from florin.lab.arrays import Index, Real, Whole
from florin.lab.compare import CREDIT_KINDS, Compared, Kind
from florin.lab.outlets import merchant_place
from florin.lab.simulate import Lane
from florin.lab.units import MILLION
from florin.lab.world import Lender, World

# From half to one and a half of a kind's mean margin.
_LEAST, _SPREAD = 0.5, 1.0


def places_of(lane: Lane, at: Index) -> Real:
    """The merchants of bought needs `at`, by their place."""
    return merchant_place(lane.needs.draws[at], lane.met.market[at].astype(np.int64))


def margins_ppm(world: World, category: Index, place: Real) -> Whole:
    """The margin of each merchant, in millionths of his price."""
    mean = np.array([need.margin for need in world.parameters.needs])[category]
    return np.rint(mean * (_LEAST + _SPREAD * place) * MILLION).astype(np.int64)


def brought_share(compared: Compared) -> float:
    """The share of credit sales that a merchant would not have had: new, and taken from another outlet."""
    volume = int(compared.volume_minor[list(CREDIT_KINDS)].sum())
    brought = int(compared.volume_minor[[Kind.NEW, Kind.FROM_OUTLET]].sum())
    return brought / volume if volume else 0.0


def tourist_test(world: World, lender: Lender, brought: float) -> Real:
    """The share of merchants, (m, c), for whom taking the lender's credit pays when `brought` of its sales are sales gained.

    They pay credit fee and mdr on all of it; spared is the mdr of the wallet's money. All margins that pass: those above a
    threshold.
    """
    place = 1 + world.lender_at(lender.name)
    spared_ppm = world.mdr_ppm[:, 0].mean(axis=0)
    fee = (lender.credit_fee_ppm + world.mdr_ppm[:, place].mean(axis=0) - spared_ppm) / MILLION
    mean = np.array([need.margin for need in world.parameters.needs])
    if brought <= 0:
        willing: Real = (fee <= 0).astype(np.float64)
        return willing
    threshold = (fee / brought / mean - _LEAST) / _SPREAD
    passing: Real = 1.0 - np.clip(threshold, 0.0, 1.0)
    return passing


def asked(world: World, name: str, markets: tuple[str, ...], brought: float) -> World:
    """The same world, where in these markets the merchants whom the test lets take the lender's credit do."""
    lender = world.lender(name)
    accepted = lender.accepted.copy()
    willing = tourist_test(world, lender, brought)
    for market in markets:
        m = world.market_at(market)
        accepted[m] = np.where(lender.accepted[m] > 0, willing[m], 0.0)
    return world.change(name, accepted=accepted)


def passed_through(world: World, credit_share: Real) -> World:
    """The same world with prices that bear a part of what credit costs merchants.

    credit_share: (lender, m, c), of sales, those paid by it.
    """
    fees = np.stack([lender.credit_fee_ppm for lender in world.lenders])
    mean_ppm = (fees * credit_share).sum(axis=0)
    return replace(world, price_ppm=np.rint(world.parameters.passed_through * mean_ppm).astype(np.int64))
