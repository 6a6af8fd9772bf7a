"""A campaign: its terms never change; its state says whether it still gives."""

from __future__ import annotations

from datetime import date
from enum import IntEnum

import msgspec

from florin.events import CampaignTerms


class CampaignState(IntEnum):
    OPEN = 1
    CLOSED = 2


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """One campaign, as every process keeps it in memory: reference data, reloaded when its version moves. is_low: it has run
    low and its owner was told; until it is refilled nobody is told again.
    """

    id: int
    lane: int
    name: str
    name_zh: str
    state: CampaignState
    terms: CampaignTerms
    is_low: bool = False

    def gives_on(self, on: date) -> bool:
        """Whether it gives anything on a day."""
        return self.state is CampaignState.OPEN and self.terms.opens_on <= on < self.terms.closes_on

    def holds_for(self, merchant_id: int) -> bool:
        return not self.terms.merchants or merchant_id in self.terms.merchants

    def year_of(self, on: date) -> int:
        """In which year something of that day counts against a person's cap; 0: it does not count, there is none."""
        return on.year if self.terms.person_year_minor_max else 0

    def coupon_minor(self, order_minor: int) -> int:
        """What its coupon takes off an order; 0 for one that is too small. Never all of the order: that pays with something."""
        if self.terms.kind != "coupon" or order_minor < max(self.terms.threshold_minor, 2):
            return 0
        return min(self.terms.amount_off_minor, order_minor - 1)
