"""How merchants answer to a credit: some take it and some do not, prices bear a part of its fees, shops enter where they
earn more.

One round: a trial of the world with and without the lenders says what each credit brings and what it costs; the world that
is given back has merchants who took that to heart. What they would do about what the others then do is left out.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from florin.lab.arrays import Bits, Real
from florin.lab.compare import compare
from florin.lab.merchants import asked, brought_share, passed_through
from florin.lab.simulate import Lane, simulate_lane
from florin.lab.surplus import merchant_profit_minor
from florin.lab.world import World

# Where merchants choose; in a mall the owner of the credit does not ask them.
GUESTS = ("street", "web")
# No market grows or shrinks by more than this factor in a round.
_MOST = 2.0


def answered(world: World, lacking: World, people: Bits, seed: int) -> World:
    """The world with merchants who answered. lacking: the world without the lenders whom they answer to."""
    having, before = simulate_lane(world, people, seed), simulate_lane(lacking, people, seed)
    compared = compare(having, before)
    found = world
    for lender in world.lenders:
        if lender.lends and not lacking.lender(lender.name).lends:
            found = asked(found, lender.name, GUESTS, brought_share(compared))
    return _entered(passed_through(found, _credit_share(having)), having, before)


def _credit_share(lane: Lane) -> Real:
    """(lender, m, c): of all sales, those paid by each lender's credit."""
    shape = (1 + len(lane.world.lenders), len(lane.world.markets), len(lane.world.categories))
    volumes = np.zeros(shape)
    at = np.flatnonzero(lane.met.bought)
    where = tuple(each[at].astype(np.intp) for each in (lane.met.tender, lane.met.market, lane.needs.category))
    np.add.at(volumes, where, lane.met.price_minor[at].astype(np.float64))
    share: Real = volumes[1:] / np.maximum(volumes.sum(axis=0), 1.0)
    return share


def _entered(world: World, having: Lane, before: Lane) -> World:
    """Shops enter where all of them together earn more, and leave where they earn less; a mall's own shop does neither."""
    now, then = _profit(having), _profit(before)
    ratio = np.where((now > 0) & (then > 0), now / np.maximum(then, 1.0), 1.0)
    growth = world.parameters.entry * np.log(np.clip(ratio, 1 / _MOST, _MOST))
    return replace(world, entered=world.entered + growth)


def _profit(lane: Lane) -> Real:
    """What the merchants of each market and kind of goods earn, (m, c), in fen."""
    at = np.flatnonzero(lane.met.bought)
    found = np.zeros((len(lane.world.markets), len(lane.world.categories)))
    where = lane.met.market[at].astype(np.intp), lane.needs.category[at].astype(np.intp)
    np.add.at(found, where, merchant_profit_minor(lane)[at].astype(np.float64))
    return found
