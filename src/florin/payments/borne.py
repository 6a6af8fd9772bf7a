"""An offer of installments with a campaign that bears a part of its fee: what the shopper pays, and the yearly rate of that.

The rules are those of the till (`pay.borne_plan`): what is shown here is granted there, unless somebody spends it meanwhile.
"""

from __future__ import annotations

from msgspec.structs import replace

from florin.campaigns.campaign import Campaign
from florin.campaigns.subsidy import subsidy_minor, subsidy_part
from florin.credit.plans import PlanQuote, lent_years_minor, quote_of
from florin.credit.terms import Terms
from florin.money.at import At


def borne_quote(
    quote: PlanQuote,
    principal_minor: int,
    terms: Terms,
    campaign: Campaign,
    *,
    left_minor: int,
    borne_minor: int,
    merchant_id: int,
    program: str,
    at: At,
) -> PlanQuote:
    """The offer as the shopper pays it; as it was where the campaign bears nothing, or has not so much left.

    left_minor: of its budget. borne_minor: for her in this year so far.
    """
    choice = quote.choice()
    minor = subsidy_minor(
        campaign,
        choice,
        lent_years_minor=lent_years_minor(principal_minor, choice, terms),
        merchant_id=merchant_id,
        program=program,
        borne_minor=borne_minor,
    )
    if not campaign.gives_on(at.on) or not 0 < minor <= left_minor:
        return quote
    return quote_of(principal_minor, replace(choice, subsidy=subsidy_part(campaign, minor, at.on)), terms)
