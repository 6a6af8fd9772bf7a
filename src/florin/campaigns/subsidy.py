"""A fee subsidy: the part of an installment fee of the shopper's that a campaign bears, and why it does not.

It is promised with the payment, spent with the loan, and what is not earned of it comes back with a refund or an early
payoff, as the shopper's own part does.
"""

from __future__ import annotations

from florin.campaigns.campaign import Campaign
from florin.campaigns.coupon import CampaignNotRunning
from florin.events import InstallmentChoice
from florin.events.refusals import Refusal
from florin.money import share_minor
from florin.money.at import At


class SubsidyNotForThisPlan(Refusal, frozen=True, kw_only=True):
    en = "{campaign} bears no part of the fee of this plan. Choose another number of installments, or pay without it."
    zh = "活动“{campaign}”不补贴该分期的手续费，请选择其他期数，或不使用该优惠付款。"

    campaign: str


class SubsidyChanged(Refusal, frozen=True, kw_only=True):
    en = "{campaign} bears {subsidy_minor} of this fee, not {requested_minor}. Look at the amount and confirm it."
    zh = "活动“{campaign}”可补贴手续费{subsidy_minor}，与请求的{requested_minor}不同，请核对后重新确认。"

    campaign: str
    subsidy_minor: int
    requested_minor: int


def subsidy_minor(campaign: Campaign, choice: InstallmentChoice, *, merchant_id: int, program: str) -> int:
    """What a campaign bears of a plan's fee, rounded half up; 0 where it does not hold, and of a fee that a merchant bears."""
    terms = campaign.terms
    holds = (
        terms.kind == "fee_subsidy"
        and choice.fee_payer == "shopper"
        and campaign.holds_for(merchant_id)
        and (not terms.programs or program in terms.programs)
        and (not terms.counts or choice.count in terms.counts)
    )
    return share_minor(choice.fee_minor, terms.share_ppm) if holds else 0


def refuse_subsidy(
    campaign: Campaign, choice: InstallmentChoice, *, merchant_id: int, program: str, requested_minor: int, at: At
) -> Refusal | None:
    """Whether this campaign bears so much of this plan's fee. The budget is asked apart."""
    if not campaign.gives_on(at.on):
        return CampaignNotRunning(campaign=campaign.name)
    borne_minor = subsidy_minor(campaign, choice, merchant_id=merchant_id, program=program)
    if not borne_minor:
        return SubsidyNotForThisPlan(campaign=campaign.name)
    if borne_minor != requested_minor:
        return SubsidyChanged(campaign=campaign.name, subsidy_minor=borne_minor, requested_minor=requested_minor)
    return None
