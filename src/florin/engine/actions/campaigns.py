"""Campaigns and their budgets; what the mall and the state pay for them."""

from __future__ import annotations

from msgspec.structs import replace

from florin.campaigns import open as open_campaign
from florin.campaigns.budget import Budget, Draw, RecallBudget, TopUpCampaign, decide_recall, decide_top_up, new_budget
from florin.campaigns.campaign import Campaign, CampaignState
from florin.campaigns.state import RecordStatePayment
from florin.campaigns.state import decide as decide_state_payment
from florin.campaigns.watch import WatchBudget
from florin.campaigns.watch import decide as decide_watch
from florin.engine.actions.action import NOTHING, Action, Events, Needs, beside, by, own
from florin.engine.ids import lane_of
from florin.engine.room import Room
from florin.engine.submission import NotFound
from florin.events.refusals import Refusal


def _open_campaign(room: Room, command: open_campaign.OpenCampaign) -> Events | Refusal:
    unknown = next((i for i in command.terms.merchants if i not in room.reference.merchants), None)
    if unknown is not None:
        return NotFound(what="merchant", id=unknown)
    decided = open_campaign.decide(command, room.at)
    if not isinstance(decided, Refusal):
        campaign = open_campaign.opened(decided[0], lane=lane_of(command.campaign_id))
        room.add(room.campaigns, campaign.id, campaign)
        budget = new_budget(
            campaign.id, lane=campaign.lane, budget_minor=command.budget_minor, slices=command.terms.slices
        )
        room.add(room.budgets, budget.id, budget)
    return decided


def _close_campaign(room: Room, command: open_campaign.CloseCampaign) -> Events | Refusal:
    campaign: Campaign = room.campaigns[command.campaign_id]
    decided = open_campaign.decide_close(campaign, command, room.at)
    if not isinstance(decided, Refusal):
        room.change(room.campaigns, campaign.id, replace(campaign, state=CampaignState.CLOSED))
    return decided


def _top_up_campaign(room: Room, command: TopUpCampaign) -> Events | Refusal:
    return decide_top_up(command, room.at)


def _recall_budget(room: Room, command: RecallBudget) -> Events | Refusal:
    budget: Budget = room.budgets[command.campaign_id]
    return decide_recall(budget, command, room.at)


def _watch_budget(room: Room, command: WatchBudget) -> Events:
    campaign: Campaign = room.campaigns[command.campaign_id]
    decided = decide_watch(campaign, command, room.at)
    if decided:
        room.change(room.campaigns, campaign.id, replace(campaign, is_low=not campaign.is_low))
    return decided


ACTIONS: dict[type, Action] = {
    open_campaign.OpenCampaign: Action(own("campaign_id"), lambda command: NOTHING, _open_campaign),
    open_campaign.CloseCampaign: Action(beside("campaign_id"), by(campaigns="campaign_id"), _close_campaign),
    TopUpCampaign: Action(beside("campaign_id"), lambda c: Needs(budgets=(Draw(c.campaign_id, 0),)), _top_up_campaign),
    RecallBudget: Action(
        beside("campaign_id"), lambda c: Needs(budgets=(Draw(c.campaign_id, max(c.amount_minor, 0)),)), _recall_budget
    ),
    WatchBudget: Action(beside("campaign_id"), by(campaigns="campaign_id"), _watch_budget),
    RecordStatePayment: Action(
        beside("campaign_id"),
        by(campaigns="campaign_id"),
        lambda room, c: decide_state_payment(room.campaigns[c.campaign_id], c, room.at),
    ),
}
