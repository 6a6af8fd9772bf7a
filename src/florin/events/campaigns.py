"""Campaigns and the mall: budgets opened, filled, recalled; what the mall and the state pay."""

from __future__ import annotations

from florin.events.base import Event
from florin.events.parts import CampaignTerms


class CampaignOpened(Event, frozen=True, kw_only=True):
    """A sponsor gives so much money to be spent by these terms."""

    kind = 130
    campaign_id: int
    name: str
    name_zh: str
    budget_minor: int
    terms: CampaignTerms


class CampaignToppedUp(Event, frozen=True, kw_only=True):
    """The budget is larger by so much."""

    kind = 131
    campaign_id: int
    amount_minor: int


class CampaignRecalled(Event, frozen=True, kw_only=True):
    """So much of the budget, not spent, was taken back."""

    kind = 132
    campaign_id: int
    amount_minor: int


class CampaignClosed(Event, frozen=True, kw_only=True):
    """Nothing more is given; what was given stays, and what is refunded still comes back to the budget."""

    kind = 133
    campaign_id: int
    reason: str


class MallSettled(Event, frozen=True, kw_only=True):
    """The mall paid this lane's share of what its campaigns owe, through the bank; below zero it got something back.

    commission_minor: what the institution paid the mall of its fees; below zero it got something back.
    """

    kind = 134
    institution_minor: int
    lender_minor: int
    commission_minor: int = 0


class CampaignRanLow(Event, frozen=True, kw_only=True):
    """Less of a budget is left than the amount that is worth a word."""

    kind = 195
    campaign_id: int
    name: str
    left_minor: int
    warning_minor: int


class CampaignRefilled(Event, frozen=True, kw_only=True):
    """A budget that had run low has enough again: topped up, or by what came back."""

    kind = 196
    campaign_id: int
    left_minor: int


class StatePaid(Event, frozen=True, kw_only=True):
    """The state paid the mall what it had laid out for a campaign of the state's."""

    kind = 135
    campaign_id: int
    amount_minor: int
    bank_reference: str
