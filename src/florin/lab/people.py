"""People: what each has, knows and is, drawn by his number alone.

A population is a list of numbers; who is in it twice is drawn twice alike, so two copies of everybody double every total
exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from florin.lab.arrays import Bits, Flags, Minor, Real, Small, Whole
from florin.lab.draws import Purpose, bits, further, key, normal, uniform
from florin.lab.units import MILLION
from florin.lab.world import Lender, World

# Pay days of a month; X: most are paid about the 5th, the 10th or the 15th.
PAY_DAYS = (5, 10, 15, 20, 25)
_PAID_ON_SHARES = (0.2, 0.3, 0.25, 0.1, 0.15)

# X: what people have for the needs of the lab a month, in fen: a lognormal.
SPENDING_MEDIAN_MINOR, SPENDING_SIGMA = 75_000, 0.55

_LIMIT_STEP_MINOR = 10_000


@dataclass(frozen=True, kw_only=True)
class People:
    """One lane of people, by place. ids: their numbers. spending_minor: a month. score: 0 the worst to 1 the best.

    beta: what a later cost weighs when they decide. reach: (m, people) whether they use a market, taste: (m, people) as a
    share of a price. wallet: place in WALLETS. limits_minor: (lender, people), 0 where there is no line; read: (lender,
    people) the score as the lender reads it.
    """

    ids: Bits
    spending_minor: Minor
    pay_day: Whole
    score: Real
    beta: Real
    prudence: Real
    cash_minor: Minor
    reach: Flags
    taste: Real
    wallet: Small
    read: Real
    limits_minor: Minor

    @property
    def count(self) -> int:
        return len(self.ids)


def draw_people(world: World, ids: Bits, seed: int) -> People:
    """The people of these numbers, in this order, in a world."""
    parameters = world.parameters

    def drawn(purpose: Purpose, moment: int = 0) -> Bits:
        return bits(key(seed, purpose), ids, moment)

    score = uniform(drawn(Purpose.SCORE))
    # X: who has more scores better, somewhat.
    standing = 0.5 * normal(drawn(Purpose.INCOME)) + 0.5 * np.sqrt(3.0) * 2.0 * (score - 0.5)
    spending = np.rint(SPENDING_MEDIAN_MINOR * np.exp(SPENDING_SIGMA * 1.414 * standing)).astype(np.int64)
    # beta: one less an exponential of the mean's distance, at least a half.
    distance = -np.log(uniform(drawn(Purpose.PRESENT_BIAS))) * (1.0 - parameters.present_bias)
    reached = [parameters.reach[market] for market in world.markets]
    reach = np.array([uniform(drawn(Purpose.REACH, m)) < share for m, share in enumerate(reached)])
    read = np.array([_read(lender, score, drawn(Purpose.LIMIT, place)) for place, lender in enumerate(world.lenders)])
    holds_card = uniform(drawn(Purpose.CARD)) < parameters.card_share * (0.5 + score)
    return People(
        ids=ids,
        spending_minor=spending,
        pay_day=np.array(PAY_DAYS)[np.searchsorted(np.cumsum(_PAID_ON_SHARES)[:-1], uniform(drawn(Purpose.PAY_DAY)))],
        score=score,
        beta=np.maximum(1.0 - distance, 0.5),
        prudence=np.clip(parameters.prudence + 0.2 * normal(drawn(Purpose.PRUDENCE)), 0.0, 1.0),
        cash_minor=np.rint(spending * uniform(drawn(Purpose.STARTING_CASH))).astype(np.int64),
        reach=reach,
        taste=np.array(
            [parameters.taste_spread * normal(drawn(Purpose.TASTE, market)) for market in range(len(world.markets))]
        ),
        wallet=(uniform(drawn(Purpose.WALLET)) < 0.46).astype(
            np.int8
        ),  # U: WeChat Pay's share of payments off the malls
        read=read,
        limits_minor=np.array(
            [
                _limits(world, lender, read[place], spending, reach, holds_card)
                for place, lender in enumerate(world.lenders)
            ]
        ),
    )


def _read(lender: Lender, score: Real, drawn: Bits) -> Real:
    return np.clip(score + lender.noise * normal(further(drawn, 1)), 0.0, 1.0)


def _limits(world: World, lender: Lender, read: Real, spending_minor: Minor, reach: Flags, holds_card: Flags) -> Minor:
    """Lines to those whom the lender reaches and approves, in whole hundreds of yuan, within its program's bounds."""
    if not lender.lends:
        return np.zeros(len(read), dtype=np.int64)
    terms = lender.program.terms_on(world.begins_on)
    months = world.parameters.limit_months * (0.3 + 1.4 * read) * lender.limit_ppm / MILLION
    asked_minor = (spending_minor * months).astype(np.int64) // _LIMIT_STEP_MINOR * _LIMIT_STEP_MINOR
    limits_minor = np.clip(asked_minor, terms.limit_minor_min, terms.limit_minor_max)
    if lender.is_card:
        reached = holds_card
    else:
        homes = [place for place, owner in enumerate(world.owners) if owner == lender.group]
        reached = np.logical_or.reduce(reach[homes]) if homes else np.ones(len(read), dtype=np.bool_)
    approved = reached & (read >= 1.0 - world.parameters.approved_share)
    return np.where(approved, limits_minor, 0)
