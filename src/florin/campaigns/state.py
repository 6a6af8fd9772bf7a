"""What the state pays the mall for a campaign of its own. The mall has laid it out, and owes nobody anything by being paid."""

from __future__ import annotations

import msgspec

from florin.campaigns.budget import refuse_amount
from florin.campaigns.campaign import Campaign
from florin.events import StatePaid
from florin.events.refusals import Refusal
from florin.money.at import At


class RecordStatePayment(msgspec.Struct, frozen=True, kw_only=True):
    """Money that has arrived on the mall's account, by the bank's reference. It may come before the costs do."""

    campaign_id: int
    amount_minor: int
    bank_reference: str


class NotTheStatesCampaign(Refusal, frozen=True, kw_only=True):
    en = "{campaign} is not the state's: nothing is claimed for it. Name the campaign that the money is for."
    zh = "活动“{campaign}”不是政府补贴活动，没有应收款项，请指明款项所属活动。"

    campaign: str


def decide(campaign: Campaign, command: RecordStatePayment, at: At) -> tuple[StatePaid] | Refusal:
    if campaign.terms.sponsor != "state":
        return NotTheStatesCampaign(campaign=campaign.name)
    if refusal := refuse_amount(command.amount_minor):
        return refusal
    return (
        StatePaid(
            value_on=at.on,
            campaign_id=campaign.id,
            amount_minor=command.amount_minor,
            bank_reference=command.bank_reference,
        ),
    )
