"""A coupon: a part of an order that a campaign pays, and why it does not.

The shopper sees what the coupon takes off before she agrees, and the command says it again: a coupon that has changed is
refused, never quietly applied. Her own use of it comes back when all of the payment is given back, not before.
"""

from __future__ import annotations

from florin.campaigns.budget import Budget, CampaignBudgetSpent
from florin.campaigns.campaign import Campaign
from florin.events import CampaignPart
from florin.events.refusals import Refusal
from florin.money.at import At


class CampaignNotRunning(Refusal, frozen=True, kw_only=True):
    en = "{campaign} is not running today. Pay without it."
    zh = "活动“{campaign}”当前未在进行，请不使用该优惠付款。"

    campaign: str


class CouponNotForThisOrder(Refusal, frozen=True, kw_only=True):
    en = "{campaign} does not hold for this order of {amount_minor}: it is for orders from {threshold_minor} at its shops."
    zh = "活动“{campaign}”不适用于本单（{amount_minor}）：须在活动商户消费满{threshold_minor}。"

    campaign: str
    amount_minor: int
    threshold_minor: int


class CouponChanged(Refusal, frozen=True, kw_only=True):
    en = "{campaign} takes {coupon_minor} off this order, not {requested_minor}. Look at the amount and confirm it."
    zh = "活动“{campaign}”可抵扣{coupon_minor}，与请求的{requested_minor}不同，请核对后重新确认。"

    campaign: str
    coupon_minor: int
    requested_minor: int


class CouponUsedUp(Refusal, frozen=True, kw_only=True):
    en = "You have used {campaign} {used} times, which is as often as one person may. Pay without it."
    zh = "您已使用活动“{campaign}”{used}次，达到每人上限，请不使用该优惠付款。"

    campaign: str
    used: int


def refuse_coupon(
    campaign: Campaign, *, merchant_id: int, order_minor: int, coupon_minor: int, used: int, at: At
) -> Refusal | None:
    """Whether this campaign takes so much off this order. used: by this person so far. The budget is asked apart."""
    terms = campaign.terms
    if not campaign.gives_on(at.on):
        return CampaignNotRunning(campaign=campaign.name)
    offered_minor = campaign.coupon_minor(order_minor)
    if not offered_minor or not campaign.holds_for(merchant_id):
        return CouponNotForThisOrder(
            campaign=campaign.name, amount_minor=order_minor, threshold_minor=terms.threshold_minor
        )
    if coupon_minor != offered_minor:
        return CouponChanged(campaign=campaign.name, coupon_minor=offered_minor, requested_minor=coupon_minor)
    if terms.per_person_max and used >= terms.per_person_max:
        return CouponUsedUp(campaign=campaign.name, used=used)
    return None


def refuse_budget(campaign: Campaign, budget: Budget, amount_minor: int) -> Refusal | None:
    """budget: with at least `amount_minor`, or whole: then what is left is all there is."""
    short_minor = amount_minor - budget.left_minor
    if short_minor <= 0:
        return None
    return CampaignBudgetSpent(campaign=campaign.name, left_minor=budget.left_minor, short_minor=short_minor)


def part_of(campaign: Campaign, amount_minor: int) -> CampaignPart:
    return CampaignPart(campaign_id=campaign.id, amount_minor=amount_minor, sponsor=campaign.terms.sponsor)
