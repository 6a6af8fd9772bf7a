"""Watch a budget: when less is left than the amount worth a word, the owner is told, once until it is refilled.

A payment holds some slices of a budget and cannot know what is left of all; so the clock's rounds look, and say what they
saw. The campaign's row, locked, decides who says it first.
"""

from __future__ import annotations

import msgspec

from florin.campaigns.campaign import Campaign, CampaignState
from florin.events import CampaignRanLow, CampaignRefilled
from florin.money.at import At


class WatchBudget(msgspec.Struct, frozen=True, kw_only=True):
    """left_minor: of the whole budget, as it was seen."""

    campaign_id: int
    left_minor: int


def decide(campaign: Campaign, command: WatchBudget, at: At) -> tuple[CampaignRanLow | CampaignRefilled] | tuple[()]:
    """Nothing where nothing has been crossed, or somebody has said so already; nor of a campaign that is closed."""
    warning_minor = campaign.terms.warning_minor
    is_low = command.left_minor < warning_minor
    if is_low == campaign.is_low or (is_low and campaign.state is CampaignState.CLOSED):
        return ()
    owners = {"value_on": at.on, "campaign_id": campaign.id, "left_minor": command.left_minor}
    if is_low:
        return (CampaignRanLow(**owners, name=campaign.name, warning_minor=warning_minor),)  # type: ignore[arg-type]
    return (CampaignRefilled(**owners),)  # type: ignore[arg-type]
