"""Campaigns, the slices of their budgets and how often a person has used one: to rows and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from florin.campaigns.budget import Budget, Slice
from florin.campaigns.campaign import Campaign, CampaignState
from florin.campaigns.coupon import CouponUse
from florin.engine.tables.table import Table, bigint, integer, json, smallint, text
from florin.events import CampaignTerms

CAMPAIGN = Table(
    "campaign",
    [smallint("lane"), smallint("state"), bigint("id"), text("name"), text("name_zh"), json("terms")],
    changing=("state",),
)
BUDGET = Table(
    "campaign_budget",
    [smallint("lane"), smallint("slice"), bigint("id"), bigint("allotted_minor"), bigint("spent_minor")],
    key=("lane", "id", "slice"),
    changing=("allotted_minor", "spent_minor"),
)
COUPON_USE = Table(
    "coupon_use",
    [smallint("lane"), bigint("person_id"), bigint("campaign_id"), integer("used")],
    key=("lane", "person_id", "campaign_id"),
    changing=("used",),
)

_encode = msgspec.json.Encoder().encode


def campaign_row(campaign: Campaign) -> tuple[Any, ...]:
    return (
        campaign.lane, int(campaign.state), campaign.id, campaign.name, campaign.name_zh, _encode(campaign.terms).decode(),
    )  # fmt: skip


def campaign_of(row: Sequence[Any]) -> Campaign:
    lane, state, identifier, name, name_zh, terms = row
    return Campaign(
        id=identifier, lane=lane, name=name, name_zh=name_zh, state=CampaignState(state),
        terms=msgspec.convert(terms, CampaignTerms),
    )  # fmt: skip


def budget_rows(budget: Budget) -> list[tuple[Any, ...]]:
    """A row for each slice that the batch holds."""
    return [(budget.lane, slice.number, budget.id, slice.allotted_minor, slice.spent_minor) for slice in budget.slices]


def slice_of(row: tuple[Any, ...]) -> Slice:
    _, number, _, allotted, spent = row
    return Slice(number=number, allotted_minor=allotted, spent_minor=spent)


def use_row(use: CouponUse) -> tuple[Any, ...]:
    return (use.lane, use.person_id, use.campaign_id, use.used)


def use_of(row: tuple[Any, ...]) -> CouponUse:
    lane, person_id, campaign_id, used = row
    return CouponUse(lane=lane, person_id=person_id, campaign_id=campaign_id, used=used)
