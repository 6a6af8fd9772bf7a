"""What installments cost, for merchants and owners."""

from __future__ import annotations

from typing import Any

from florin.campaigns.coupon import CampaignNotRunning
from florin.credit.plans import offers
from florin.credit.program import load_program
from florin.engine import NotFound, clock
from florin.money.at import At
from florin.payments.borne import borne_quote
from florin.queries.agreements import agreement_by_id
from florin.queries.campaigns import CampaignView, campaign_for
from florin.queries.partners import lenders_in_force
from florin.wires.rest import shapes, show
from florin.wires.rest.lines import refuse_program
from florin.wires.rest.problems import RefusedBy
from florin.wires.rest.serve import Answer, Call


async def get_quotes(call: Call, body: Any) -> Answer:
    """GET /v1/quotes"""
    query: shapes.QuoteQuery = call.query
    refuse_program(query.program)
    at = await call.house.reads.ask_async(clock.read)
    program = load_program(query.program)
    terms = program.terms_on(at.on)
    quotes = offers(query.amount_minor, terms, query.fee_payer)
    if query.subsidy_id:
        view = await _campaign_of(call, query, at)
        quotes = tuple(
            borne_quote(
                quote,
                query.amount_minor,
                terms,
                view.campaign,
                left_minor=view.left_minor,
                borne_minor=view.borne_minor,
                merchant_id=call.key.merchant_id or 0,
                program=program.name,
                at=at,
            )
            for quote in quotes
        )
    partners = await call.house.reads.ask_async(lenders_in_force, program=program, on=at.on)
    shown = shapes.Quotes(
        program=program.name,
        amount_minor=query.amount_minor,
        currency=program.currency,
        offers=tuple(show.offer(quote) for quote in quotes),
        lender=show.lender(call.house.settings.lender),
        partners=tuple(map(show.joint_lender, partners)),
    )
    return Answer(shown)


async def _campaign_of(call: Call, query: shapes.QuoteQuery, at: At) -> CampaignView:
    """The campaign that the quote is asked with, and what it has borne for the shopper of the agreement. Raises RefusedBy."""
    agreement_id, person_id = int(query.agreement_id or 0), 0
    if agreement_id:
        agreement = await call.house.reads.ask_async(agreement_by_id, agreement_id=agreement_id)
        if agreement is None or agreement.app_id != call.key.app_id:
            raise RefusedBy(NotFound(what="agreement", id=agreement_id))
        person_id = agreement.person_id
    campaign_id = int(query.subsidy_id)
    view = await call.house.reads.ask_async(campaign_for, campaign_id=campaign_id, person_id=person_id, on=at.on)
    if view is None:
        raise RefusedBy(NotFound(what="campaign", id=campaign_id))
    if not view.campaign.gives_on(at.on):
        raise RefusedBy(CampaignNotRunning(campaign=view.campaign.name))
    return view
