"""Campaigns by the owner's program: coupons and subsidies with a budget, opened, topped up, recalled, closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from florin.campaigns.budget import RecallBudget, TopUpCampaign
from florin.campaigns.open import CloseCampaign, OpenCampaign, kind_of
from florin.engine import ClaimKind, NotFound, Submission, claim, clock, lane_for
from florin.events import CampaignTerms
from florin.queries.campaigns import CampaignView, campaign_by_id, campaigns_of_merchant, may_open_campaigns
from florin.queries.campaigns import campaigns as all_campaigns
from florin.wires.rest import shapes
from florin.wires.rest.owner import execute, known_id
from florin.wires.rest.problems import Refuse, RefusedBy
from florin.wires.rest.serve import Answer, Call


async def open_campaign(call: Call, body: shapes.NewCampaign) -> Answer:
    """POST /v1/owner/campaigns"""
    opens_on = body.from_on or (await call.house.reads.ask_async(clock.read)).on
    command = OpenCampaign(
        campaign_id=call.house.engine.new_id(lane_for(f"campaign/{body.name}")),
        name=body.name,
        name_zh=body.name_zh,
        budget_minor=body.budget_minor,
        terms=CampaignTerms(
            kind=kind_of(body.share_ppm, body.yearly_rate_ppm),
            sponsor=body.sponsor,
            opens_on=opens_on,
            closes_on=body.until_on + timedelta(days=1),
            merchants=tuple(map(int, body.merchant_ids)),
            programs=body.programs,
            counts=body.counts,
            amount_off_minor=body.amount_off_minor,
            threshold_minor=body.threshold_minor,
            per_person_max=body.per_person_max,
            share_ppm=body.share_ppm,
            yearly_rate_ppm=body.yearly_rate_ppm,
            person_year_minor_max=body.person_year_minor_max,
            refund_order=body.refund_order,
            warning_minor=body.warning_minor,
        ),
    )
    outcome = await execute(call, command, ("open-campaign", body))
    return Answer(_shown(await _found(call, outcome.event_id)), 201, outcome.replayed)


async def get_campaigns(call: Call, body: Any) -> Answer:
    """GET /v1/owner/campaigns"""
    found = await call.house.reads.ask_async(all_campaigns)
    return Answer(shapes.Campaigns(items=tuple(map(_shown, found))))


async def get_campaign(call: Call, body: Any) -> Answer:
    """GET /v1/owner/campaigns/{campaign_id}"""
    return Answer(_shown(await _found(call, known_id(call, "campaign_id", "campaign"))))


async def open_own_campaign(call: Call, body: shapes.NewOwnCampaign) -> Answer:
    """POST /v1/campaigns: of the merchant whose app's key it is, at his own cost and his shop alone."""
    app_id, merchant_id = _merchant_of(call)
    if not await call.house.reads.ask_async(may_open_campaigns, merchant_id=merchant_id):
        raise Refuse("CampaignsNotAllowed")
    opens_on = body.from_on or (await call.house.reads.ask_async(clock.read)).on
    command = OpenCampaign(
        campaign_id=call.house.engine.new_id(lane_for(f"campaign/{merchant_id}/{body.name}")),
        name=body.name,
        name_zh=body.name_zh,
        budget_minor=body.budget_minor,
        terms=CampaignTerms(
            kind=kind_of(body.share_ppm, 0),
            sponsor="merchant",
            opens_on=opens_on,
            closes_on=body.until_on + timedelta(days=1),
            merchants=(merchant_id,),
            programs=body.programs,
            counts=body.counts,
            amount_off_minor=body.amount_off_minor,
            threshold_minor=body.threshold_minor,
            per_person_max=body.per_person_max,
            share_ppm=body.share_ppm,
            warning_minor=body.warning_minor,
        ),
    )
    once = claim(ClaimKind.REQUEST, app_id, call.idempotency_key, ("open-own-campaign", body))
    (outcome,) = await call.house.engine.execute_async((Submission(command=command, claims=(once,)),))
    if outcome.refusal is not None:
        raise RefusedBy(outcome.refusal, replayed=outcome.replayed)
    return Answer(_shown(await _found(call, outcome.event_id)), 201, outcome.replayed)


async def get_own_campaigns(call: Call, body: Any) -> Answer:
    """GET /v1/campaigns"""
    _, merchant_id = _merchant_of(call)
    found = await call.house.reads.ask_async(campaigns_of_merchant, merchant_id=merchant_id)
    return Answer(shapes.Campaigns(items=tuple(map(_shown, found))))


def _merchant_of(call: Call) -> tuple[int, int]:
    """(app, merchant) of the key."""
    app_id = call.key.app_id
    assert app_id is not None, "a merchant's key is an app's"
    return app_id, call.house.engine.reference.apps[app_id].merchant_id


async def top_up(call: Call, body: shapes.BudgetChange) -> Answer:
    """POST /v1/owner/campaigns/{campaign_id}/top-up"""
    campaign_id = known_id(call, "campaign_id", "campaign")
    command = TopUpCampaign(campaign_id=campaign_id, amount_minor=body.amount_minor)
    return await _changed(call, command, campaign_id, ("top-up-campaign", campaign_id, body))


async def recall(call: Call, body: shapes.BudgetChange) -> Answer:
    """POST /v1/owner/campaigns/{campaign_id}/recall"""
    campaign_id = known_id(call, "campaign_id", "campaign")
    command = RecallBudget(campaign_id=campaign_id, amount_minor=body.amount_minor)
    return await _changed(call, command, campaign_id, ("recall-budget", campaign_id, body))


async def close_campaign(call: Call, body: shapes.Reason) -> Answer:
    """POST /v1/owner/campaigns/{campaign_id}/close"""
    campaign_id = known_id(call, "campaign_id", "campaign")
    command = CloseCampaign(campaign_id=campaign_id, reason=body.reason)
    return await _changed(call, command, campaign_id, ("close-campaign", campaign_id, body))


async def _changed(call: Call, command: Any, campaign_id: int, content: Any) -> Answer:
    outcome = await execute(call, command, content)
    return Answer(_shown(await _found(call, campaign_id)), 201, outcome.replayed)


async def _found(call: Call, campaign_id: int) -> CampaignView:
    view = await call.house.reads.ask_async(campaign_by_id, campaign_id=campaign_id)
    if view is None:
        raise RefusedBy(NotFound(what="campaign", id=campaign_id))
    return view


def _shown(view: CampaignView) -> shapes.Campaign:
    campaign, terms = view.campaign, view.campaign.terms
    return shapes.Campaign(
        id=str(campaign.id),
        name=campaign.name,
        name_zh=campaign.name_zh,
        state="open" if campaign.state.name == "OPEN" else "closed",
        kind=terms.kind,
        sponsor=terms.sponsor,
        from_on=terms.opens_on,
        until_on=terms.closes_on - timedelta(days=1),
        merchant_ids=tuple(map(str, terms.merchants)),
        programs=terms.programs,
        counts=terms.counts,
        amount_off_minor=terms.amount_off_minor,
        threshold_minor=terms.threshold_minor,
        per_person_max=terms.per_person_max,
        share_ppm=terms.share_ppm,
        yearly_rate_ppm=terms.yearly_rate_ppm,
        person_year_minor_max=terms.person_year_minor_max,
        refund_order=terms.refund_order,
        warning_minor=terms.warning_minor,
        allotted_minor=view.allotted_minor,
        spent_minor=view.spent_minor,
        left_minor=view.left_minor,
        is_low=view.is_low,
    )
