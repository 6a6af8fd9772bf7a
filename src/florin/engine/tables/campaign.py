"""Campaigns, the slices of their budgets and what a person has had of one: to rows and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from florin.campaigns.budget import Budget, Slice
from florin.campaigns.campaign import Campaign, CampaignState
from florin.campaigns.use import CampaignUse
from florin.engine.tables.table import Table, bigint, integer, json, smallint, text
from florin.events import CampaignTerms

CAMPAIGN = Table(
    "campaign",
    [
        smallint("lane"),
        smallint("state"),
        smallint("low", 0),
        bigint("id"),
        text("name"),
        text("name_zh"),
        json("terms"),
    ],
    changing=("state", "low"),
)
BUDGET = Table(
    "campaign_budget",
    [smallint("lane"), smallint("slice"), bigint("id"), bigint("allotted_minor"), bigint("spent_minor")],
    key=("lane", "id", "slice"),
    changing=("allotted_minor", "spent_minor"),
)
CAMPAIGN_USE = Table(
    "campaign_use",
    [
        smallint("lane"),
        smallint("year"),
        integer("used"),
        bigint("person_id"),
        bigint("campaign_id"),
        bigint("borne_minor"),
        bigint("most_minor"),
    ],
    key=("lane", "person_id", "campaign_id", "year"),
    changing=("used", "borne_minor"),
)

_encode = msgspec.json.Encoder().encode


def campaign_row(campaign: Campaign) -> tuple[Any, ...]:
    return (
        campaign.lane, int(campaign.state), int(campaign.is_low), campaign.id, campaign.name, campaign.name_zh,
        _encode(campaign.terms).decode(),
    )  # fmt: skip


def campaign_of(row: Sequence[Any]) -> Campaign:
    lane, state, low, identifier, name, name_zh, terms = row
    return Campaign(
        id=identifier, lane=lane, name=name, name_zh=name_zh, state=CampaignState(state),
        terms=msgspec.convert(terms, CampaignTerms), is_low=bool(low),
    )  # fmt: skip


def budget_rows(budget: Budget) -> list[tuple[Any, ...]]:
    """A row for each slice that the batch holds."""
    return [(budget.lane, slice.number, budget.id, slice.allotted_minor, slice.spent_minor) for slice in budget.slices]


def slice_of(row: tuple[Any, ...]) -> Slice:
    _, number, _, allotted, spent = row
    return Slice(number=number, allotted_minor=allotted, spent_minor=spent)


def use_row(use: CampaignUse) -> tuple[Any, ...]:
    return (use.lane, use.year, use.used, use.person_id, use.campaign_id, use.borne_minor, use.most_minor)


def use_of(row: tuple[Any, ...]) -> CampaignUse:
    lane, year, used, person_id, campaign_id, borne, most = row
    return CampaignUse(
        lane=lane,
        year=year,
        used=used,
        person_id=person_id,
        campaign_id=campaign_id,
        borne_minor=borne,
        most_minor=most,
    )
