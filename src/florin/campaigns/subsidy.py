"""A subsidy: the part of an installment fee of the shopper's that a campaign bears, and why it does not.

A *fee subsidy* is a share of the fee. A *rate subsidy* is so much a year of what is lent, as long as the plan lasts: one
percentage point, say, of what the loan costs by the year. Either may be capped for each person and calendar year; what is left
of her cap is then borne, and no more. It is promised with the payment, spent with the loan, and what is not earned of it comes
back with a refund or an early payoff, as the shopper's own part does: to the budget, and to her cap of the year in which it was
promised.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from msgspec.structs import replace

from florin.campaigns.campaign import Campaign
from florin.campaigns.coupon import CampaignNotRunning, part_of
from florin.events import CampaignPart, InstallmentChoice
from florin.events.refusals import Refusal
from florin.money import share_minor
from florin.money.amounts import MILLION, round_half_up
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


class SubsidyCapSpent(Refusal, frozen=True, kw_only=True):
    en = (
        "{campaign} bears {most_minor} for one person in {year}. {left_minor} of yours is left, {short_minor} too little. "
        "Look at the amount and confirm it, or pay without it."
    )
    zh = (
        "活动“{campaign}”在{year}年每人最多补贴{most_minor}，您剩余{left_minor}，还差{short_minor}。"
        "请核对金额后重新确认，或不使用该优惠付款。"
    )

    campaign: str
    year: int
    most_minor: int
    left_minor: int
    short_minor: int


def subsidy_minor(
    campaign: Campaign,
    choice: InstallmentChoice,
    *,
    lent_years_minor: Fraction,
    merchant_id: int,
    program: str,
    borne_minor: int = 0,
) -> int:
    """What a campaign bears of a plan's fee, rounded half up; 0 where it does not hold, and of a fee that a merchant bears.

    lent_years_minor: what the plan lends, times how long (`credit.plans`). borne_minor: for this person in this year so far.
    """
    whole_minor = _uncapped_minor(campaign, choice, lent_years_minor, merchant_id, program)
    return min(whole_minor, _left_of_cap_minor(campaign, borne_minor, whole_minor))


def refuse_subsidy(
    campaign: Campaign,
    choice: InstallmentChoice,
    *,
    lent_years_minor: Fraction,
    merchant_id: int,
    program: str,
    requested_minor: int,
    at: At,
    borne_minor: int = 0,
) -> Refusal | None:
    """Whether this campaign bears so much of this plan's fee. The budget is asked apart."""
    if not campaign.gives_on(at.on):
        return CampaignNotRunning(campaign=campaign.name)
    whole_minor = _uncapped_minor(campaign, choice, lent_years_minor, merchant_id, program)
    if not whole_minor:
        return SubsidyNotForThisPlan(campaign=campaign.name)
    left_minor = _left_of_cap_minor(campaign, borne_minor, whole_minor)
    if left_minor < whole_minor and left_minor < requested_minor:
        return SubsidyCapSpent(
            campaign=campaign.name,
            year=at.on.year,
            most_minor=campaign.terms.person_year_minor_max,
            left_minor=left_minor,
            short_minor=requested_minor - left_minor,
        )
    offered_minor = min(whole_minor, left_minor)
    if offered_minor != requested_minor:
        return SubsidyChanged(campaign=campaign.name, subsidy_minor=offered_minor, requested_minor=requested_minor)
    return None


def subsidy_part(campaign: Campaign, amount_minor: int, on: date) -> CampaignPart:
    """What is promised of a campaign on a day."""
    return replace(part_of(campaign, amount_minor), year=campaign.year_of(on))


def _uncapped_minor(
    campaign: Campaign, choice: InstallmentChoice, lent_years_minor: Fraction, merchant_id: int, program: str
) -> int:
    terms = campaign.terms
    holds = (
        choice.fee_payer == "shopper"
        and campaign.holds_for(merchant_id)
        and (not terms.programs or program in terms.programs)
        and (not terms.counts or choice.count in terms.counts)
    )
    if not holds or terms.kind == "coupon":
        return 0
    if terms.kind == "fee_subsidy":
        return share_minor(choice.fee_minor, terms.share_ppm)
    return min(choice.fee_minor, round_half_up(lent_years_minor * Fraction(terms.yearly_rate_ppm, MILLION)))


def _left_of_cap_minor(campaign: Campaign, borne_minor: int, whole_minor: int) -> int:
    """What is left of a person's cap; of a campaign that has none, all that is wanted."""
    most_minor = campaign.terms.person_year_minor_max
    return most_minor - borne_minor if most_minor else whole_minor
