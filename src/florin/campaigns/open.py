"""Open a campaign, and close it. Its terms are checked once, here, and never change; a mistake is another campaign."""

from __future__ import annotations

import msgspec

from florin.campaigns.budget import BUDGET_MINOR_MAX, refuse_amount
from florin.campaigns.campaign import Campaign, CampaignState
from florin.events import CampaignClosed, CampaignOpened, CampaignTerms
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


def refuse_terms(terms: CampaignTerms, at: At) -> CampaignTermsInvalid | None:
    """The first field that contradicts itself or another one."""
    of_coupon = terms.kind == "coupon"
    rules = (
        ("closes_on", terms.closes_on, terms.closes_on > max(terms.opens_on, at.on), "Choose a day after today and opens_on."),
        ("amount_off_minor", terms.amount_off_minor, (0 < terms.amount_off_minor <= BUDGET_MINOR_MAX) == of_coupon,
         "A coupon takes something off; nothing else does."),
        ("threshold_minor", terms.threshold_minor, 0 <= terms.threshold_minor <= BUDGET_MINOR_MAX, "Choose an order amount."),
        ("share_ppm", terms.share_ppm, (0 < terms.share_ppm <= MILLION) != of_coupon and terms.share_ppm >= 0,
         "A fee subsidy pays a share of the fee, up to all of it; nothing else does."),
        ("per_person_max", terms.per_person_max, 0 <= terms.per_person_max <= 10_000, "Choose 0 for no maximum, or a number."),
        ("merchants", len(terms.merchants), terms.sponsor != "merchant" or len(terms.merchants) == 1,
         "A merchant's own campaign holds at his shop alone: name him."),
        ("warning_minor", terms.warning_minor, 0 <= terms.warning_minor <= BUDGET_MINOR_MAX, "Choose an amount."),
        ("slices", terms.slices, 1 <= terms.slices <= SLICES_MAX, f"Choose 1 to {SLICES_MAX}."),
    )  # fmt: skip
    wrong = next(((field, value, fix) for field, value, holds, fix in rules if not holds), None)
    return None if wrong is None else CampaignTermsInvalid(field=wrong[0], value=str(wrong[1]), fix=wrong[2])


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
