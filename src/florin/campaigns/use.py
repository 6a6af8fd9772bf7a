"""What a person has had of a campaign: what counts against the most that one person may have of it."""

from __future__ import annotations

import msgspec


class CampaignUse(msgspec.Struct, frozen=True, kw_only=True):
    """How often a person has used a campaign's coupon, uses that came back not counted; or what its subsidy bears for her in a
    calendar year, less what came back of that.

    year: 0 for a coupon. borne_minor: never above most_minor, which is the campaign's and never changes.
    """

    person_id: int
    campaign_id: int
    lane: int
    year: int = 0
    used: int = 0
    borne_minor: int = 0
    most_minor: int = 0
