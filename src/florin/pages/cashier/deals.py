"""What campaigns give on an order: the best coupon for it, and the best subsidy of each plan's fee.

The rules are those of the till (`florin.campaigns`), so the page offers what the engine would grant. What runs out before
she pays is refused there by name, and the page comes back without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from florin.campaigns.coupon import refuse_coupon
from florin.credit.plans import PlanQuote
from florin.credit.terms import Program, Terms
from florin.events.refusals import Language
from florin.money.at import At
from florin.payments.borne import borne_quote
from florin.payments.trade import Trade
from florin.queries.campaigns import CampaignView


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """What one campaign gives. amount_minor: off the order, or of a fee."""

    campaign_id: int
    name: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deals:
    """Campaigns that run today, and the coupon that is taken off this order; None: none, or she pays without it."""

    views: Sequence[CampaignView] = ()
    coupon: Deal | None = None

    @property
    def coupon_minor(self) -> int:
        return 0 if self.coupon is None else self.coupon.amount_minor

    def without_coupon(self) -> Deals:
        return replace(self, coupon=None)


NO_DEALS = Deals()


def deals_of(trade: Trade, views: Sequence[CampaignView], at: At, language: Language) -> Deals:
    """views: of the campaigns that are open, for this person."""
    running = [view for view in views if view.campaign.gives_on(at.on)]
    best: Deal | None = None
    for view in running:
        campaign = view.campaign
        minor = campaign.coupon_minor(trade.amount_minor)
        refusal = refuse_coupon(
            campaign,
            merchant_id=trade.merchant_id,
            order_minor=trade.amount_minor,
            coupon_minor=minor,
            used=view.used,
            at=at,
        )
        if refusal is None and minor <= view.left_minor and (best is None or minor > best.amount_minor):
            best = Deal(campaign_id=campaign.id, name=campaign_name(view, language), amount_minor=minor)
    return Deals(views=running, coupon=best)


def subsidized_quote(
    quote: PlanQuote,
    principal_minor: int,
    trade: Trade,
    program: Program,
    terms: Terms,
    deals: Deals,
    at: At,
    language: Language,
) -> tuple[PlanQuote, Deal | None]:
    """The offer as she pays it, with the campaign that bears the most of its fee."""
    best, deal = quote, None
    for view in deals.views:
        borne = borne_quote(
            quote,
            principal_minor,
            terms,
            view.campaign,
            left_minor=view.left_minor,
            borne_minor=view.borne_minor,
            merchant_id=trade.merchant_id,
            program=program.name,
            at=at,
        )
        if borne.subsidy is not None and (deal is None or borne.subsidy.amount_minor > deal.amount_minor):
            amount_minor = borne.subsidy.amount_minor
            best, deal = (
                borne,
                Deal(campaign_id=view.campaign.id, name=campaign_name(view, language), amount_minor=amount_minor),
            )
    return best, deal


def campaign_name(view: CampaignView, language: Language) -> str:
    return view.campaign.name_zh if language == "zh" else view.campaign.name
