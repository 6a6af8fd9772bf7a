"""Campaigns in the lab: what is given on some days, and a budget that is never overspent.

As in the house (`florin.campaigns`): a *coupon* takes an amount off an order from a threshold on and the mall pays it; or
merchants bear the fee of *installments*; or they *cut* their prices, which needs no budget. A lane holds its slice of a
budget, so much for each of its people. Purchases draw on it in the order of their moment in the day; who finds too little
left decides again without it, and the campaign is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from florin.lab.arrays import Flags, Minor, Real, Small, Whole

Kind = Literal["cut", "coupon", "installments"]


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """opens, closes: numbers of the world's days, the last one not in it. cut_ppm: of prices. off_minor, from_minor: of a
    coupon. lenders: whose installments merchants bear. budget_minor: for each person; None: as much as is asked.
    """

    name: str
    kind: Kind
    opens: int
    closes: int
    markets: tuple[str, ...]
    cut_ppm: int = 0
    off_minor: int = 0
    from_minor: int = 0
    lenders: tuple[str, ...] = ()
    budget_minor: int | None = None

    def gives_on(self, day: int) -> bool:
        return self.opens <= day < self.closes


@dataclass(frozen=True, kw_only=True)
class Coupon:
    """A coupon as a purchase meets it. here: (m,) the markets where it holds."""

    off_minor: int
    from_minor: int
    here: Flags

    def of(self, market: Small | Whole, price_minor: Minor) -> Minor:
        """What it takes off each order; never all of it, as `florin.campaigns.campaign` says."""
        holds = self.here[market] & (price_minor >= max(self.from_minor, 2))
        return np.where(holds, np.minimum(self.off_minor, price_minor - 1), 0)


class Spent(NamedTuple):
    """What became of a lane's slice of a campaign. ended_on: the day on which it refused somebody; -1: it never did. moment:
    when in that day, 0 to 1. used: orders that it gave something.
    """

    name: str
    budget_minor: int | None
    spent_minor: int
    used: int
    ended_on: int = -1
    moment: float = 0.0

    @property
    def left_minor(self) -> int | None:
        return None if self.budget_minor is None else self.budget_minor - self.spent_minor


class Purses:
    """The slices that a lane holds of all campaigns of its world."""

    def __init__(self, campaigns: tuple[Campaign, ...], people: int) -> None:
        self._campaigns = campaigns
        self.spent = [
            Spent(each.name, None if each.budget_minor is None else each.budget_minor * people, 0, 0)
            for each in campaigns
        ]

    def open_on(self, day: int) -> tuple[int, ...]:
        """Which campaigns give something."""
        return tuple(
            place
            for place, campaign in enumerate(self._campaigns)
            if campaign.gives_on(day) and self.spent[place].ended_on < 0
        )

    def spend(self, day: int, giving: tuple[int, ...], drawn: dict[Kind, Minor], moment: Real) -> Flags:
        """Draw on the budgets, in the order of the moments. drawn: by purchase, what each kind gives it.

        Returns who is refused; for them nothing is drawn.
        """
        order = np.argsort(moment, kind="stable")
        refused = np.zeros(len(moment), dtype=np.bool_)
        for place in giving:
            amounts, left_minor = drawn.get(self._campaigns[place].kind), self.spent[place].left_minor
            if amounts is None or left_minor is None:
                continue
            over = np.flatnonzero((np.cumsum(amounts[order]) > left_minor) & (amounts[order] > 0))
            if over.size:
                refused[order[over]] = True
                first = float(moment[order[over[0]]])
                self.spent[place] = self.spent[place]._replace(ended_on=day, moment=first)
        for place in giving:
            amounts = drawn.get(self._campaigns[place].kind)
            if amounts is not None:
                given = amounts[~refused]
                before = self.spent[place]
                self.spent[place] = before._replace(
                    spent_minor=before.spent_minor + int(given.sum()), used=before.used + int((given > 0).sum())
                )
        return refused
