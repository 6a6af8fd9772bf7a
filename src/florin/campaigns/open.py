"""Open a campaign, and close it. Its terms are checked once, here, and never change; a mistake is another campaign."""

from __future__ import annotations

import msgspec

from florin.campaigns.budget import BUDGET_MINOR_MAX, refuse_amount
from florin.campaigns.campaign import Campaign, CampaignState
from florin.events import CampaignClosed, CampaignKind, CampaignOpened, CampaignTerms
from florin.events.refusals import Refusal
from florin.money.amounts import MILLION
from florin.money.at import At

SLICES_MAX = 64


class OpenCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """campaign_id: made by the caller. budget_minor: all that it may spend until it is topped up."""

    campaign_id: int
    name: str
    budget_minor: int
    terms: CampaignTerms
    name_zh: str = ""


class CloseCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """reason: for the record, in words."""

    campaign_id: int
    reason: str


class CampaignTermsInvalid(Refusal, frozen=True, kw_only=True):
    en = "The campaign cannot be opened: {field} is {value}. {fix}"
    zh = "活动无法创建：{field} 的值为 {value}。{fix}"

    field: str
    value: str
    fix: str


class CampaignAlreadyClosed(Refusal, frozen=True, kw_only=True):
    en = "{campaign} is closed already."
    zh = "活动“{campaign}”已经关闭。"

    campaign: str


def decide(command: OpenCampaign, at: At) -> tuple[CampaignOpened] | Refusal:
    if refusal := refuse_amount(command.budget_minor) or refuse_terms(command.terms, at):
        return refusal
    return (
        CampaignOpened(
            value_on=at.on,
            campaign_id=command.campaign_id,
            name=command.name,
            name_zh=command.name_zh,
            budget_minor=command.budget_minor,
            terms=command.terms,
        ),
    )


def kind_of(share_ppm: int, yearly_rate_ppm: int) -> CampaignKind:
    """What is meant by what is given; more than one thing is refused with the terms."""
    return "fee_subsidy" if share_ppm else "rate_subsidy" if yearly_rate_ppm else "coupon"


def refuse_terms(terms: CampaignTerms, at: At) -> CampaignTermsInvalid | None:
    """The first field that contradicts itself or another one."""
    of_coupon = terms.kind == "coupon"
    rules = (
        ("closes_on", terms.closes_on, terms.closes_on > max(terms.opens_on, at.on), "Choose a day after today and opens_on."),
        ("amount_off_minor", terms.amount_off_minor, _only(of_coupon, terms.amount_off_minor, BUDGET_MINOR_MAX),
         "A coupon takes something off; nothing else does."),
        ("threshold_minor", terms.threshold_minor, 0 <= terms.threshold_minor <= BUDGET_MINOR_MAX, "Choose an order amount."),
        ("share_ppm", terms.share_ppm, _only(terms.kind == "fee_subsidy", terms.share_ppm, MILLION),
         "A fee subsidy pays a share of the fee, up to all of it; nothing else does."),
        ("yearly_rate_ppm", terms.yearly_rate_ppm, _only(terms.kind == "rate_subsidy", terms.yearly_rate_ppm, MILLION),
         "A rate subsidy pays so much a year of what is lent, up to 100 %; nothing else does."),
        ("person_year_minor_max", terms.person_year_minor_max,
         0 <= terms.person_year_minor_max <= (0 if of_coupon else BUDGET_MINOR_MAX),
         "Choose 0 for no maximum, or what a subsidy bears at most for a person in a year; a coupon has a number of uses."),
        ("per_person_max", terms.per_person_max, 0 <= terms.per_person_max <= 10_000, "Choose 0 for no maximum, or a number."),
        ("merchants", len(terms.merchants), terms.sponsor != "merchant" or len(terms.merchants) == 1,
         "A merchant's own campaign holds at his shop alone: name him."),
        ("warning_minor", terms.warning_minor, 0 <= terms.warning_minor <= BUDGET_MINOR_MAX, "Choose an amount."),
        ("slices", terms.slices, 1 <= terms.slices <= SLICES_MAX, f"Choose 1 to {SLICES_MAX}."),
    )  # fmt: skip
    wrong = next(((field, value, fix) for field, value, holds, fix in rules if not holds), None)
    return None if wrong is None else CampaignTermsInvalid(field=wrong[0], value=str(wrong[1]), fix=wrong[2])


def _only(wanted: bool, value: int, most: int) -> bool:
    """A field that one kind of campaign has, above zero, and no other kind."""
    return 0 < value <= most if wanted else value == 0


def opened(event: CampaignOpened, *, lane: int) -> Campaign:
    return Campaign(
        id=event.campaign_id,
        lane=lane,
        name=event.name,
        name_zh=event.name_zh or event.name,
        state=CampaignState.OPEN,
        terms=event.terms,
    )


def decide_close(campaign: Campaign, command: CloseCampaign, at: At) -> tuple[CampaignClosed] | Refusal:
    if campaign.state is CampaignState.CLOSED:
        return CampaignAlreadyClosed(campaign=campaign.name)
    return (CampaignClosed(value_on=at.on, campaign_id=campaign.id, reason=command.reason),)
