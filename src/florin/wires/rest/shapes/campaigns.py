"""Campaigns and their budgets."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from florin.events import CampaignKind, RefundOrder, Sponsor
from florin.wires.rest.fields import Id, Name
from florin.wires.rest.shapes.base import Taken


class NewCampaign(Taken, frozen=True, kw_only=True):
    """amount_off_minor: a coupon, for orders of threshold_minor and more; share_ppm: a subsidy of the installment fee that the
    shopper would pay, parts per million: 500000 is half of it; yearly_rate_ppm: a subsidy of so much a year of what is lent, up
    to the fee: 10000 is one percentage point. One of the three. person_year_minor_max: what a subsidy bears at most for one
    person in a calendar year; 0: no cap. sponsor: who pays; `merchant` names himself in
    merchant_ids. from_on: today when it is left out. until_on: its last day.
    """

    name: Name
    budget_minor: Annotated[int, Meta(ge=1, le=10**13)]
    until_on: date
    name_zh: Annotated[str, Meta(max_length=64)] = ""
    from_on: date | None = None
    sponsor: Sponsor = "mall"
    merchant_ids: Annotated[tuple[Id, ...], Meta(max_length=100)] = ()
    programs: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()
    counts: Annotated[tuple[Annotated[int, Meta(ge=2, le=60)], ...], Meta(max_length=60)] = ()
    amount_off_minor: Annotated[int, Meta(ge=0, le=10**12)] = 0
    threshold_minor: Annotated[int, Meta(ge=0, le=10**12)] = 0
    per_person_max: Annotated[int, Meta(ge=0, le=10_000)] = 0
    share_ppm: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    yearly_rate_ppm: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    person_year_minor_max: Annotated[int, Meta(ge=0, le=10**12)] = 0
    refund_order: RefundOrder | None = None
    warning_minor: Annotated[int, Meta(ge=0, le=10**13)] = 0


class NewOwnCampaign(Taken, frozen=True, kw_only=True):
    """What a merchant bears himself, at his shop alone: a coupon (amount_off_minor) or a part of the shopper's installment fee
    (share_ppm), for these counts. warning_minor: less left than this is worth a word.
    """

    name: Name
    budget_minor: Annotated[int, Meta(ge=1, le=10**13)]
    until_on: date
    name_zh: Annotated[str, Meta(max_length=64)] = ""
    from_on: date | None = None
    programs: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()
    counts: Annotated[tuple[Annotated[int, Meta(ge=2, le=60)], ...], Meta(max_length=60)] = ()
    amount_off_minor: Annotated[int, Meta(ge=0, le=10**12)] = 0
    threshold_minor: Annotated[int, Meta(ge=0, le=10**12)] = 0
    per_person_max: Annotated[int, Meta(ge=0, le=10_000)] = 0
    share_ppm: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    warning_minor: Annotated[int, Meta(ge=0, le=10**13)] = 0


class BudgetChange(Taken, frozen=True, kw_only=True):
    """amount_minor: by how much the budget is topped up, or what of it, not spent, is taken back."""

    amount_minor: Annotated[int, Meta(ge=1, le=10**13)]


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign and its budget: allotted so far, spent (less what came back), left. is_low: less than warning_minor is left.

    spent counts what is reserved for installment fees of orders that are not received yet.
    """

    id: str
    name: str
    name_zh: str
    state: Literal["open", "closed"]
    kind: CampaignKind
    sponsor: Sponsor
    from_on: date
    until_on: date
    merchant_ids: tuple[str, ...]
    programs: tuple[str, ...]
    counts: tuple[int, ...]
    amount_off_minor: int
    threshold_minor: int
    per_person_max: int
    share_ppm: int
    yearly_rate_ppm: int
    person_year_minor_max: int
    refund_order: RefundOrder | None
    warning_minor: int
    allotted_minor: int
    spent_minor: int
    left_minor: int
    is_low: bool


class Campaigns(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, the newest first."""

    items: tuple[Campaign, ...]
