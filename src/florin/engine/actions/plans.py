"""Installments to come, and what is to become some: payoff, conversion, re-age and hardship."""

from __future__ import annotations

from msgspec.structs import replace

from florin.credit import convert, end_hardship, hardship, plan_payoff, reage
from florin.engine.actions.action import Action, Events, beside, by, of_account
from florin.engine.actions.lines import of_repayment
from florin.engine.room import Room
from florin.events import Repaid
from florin.events.refusals import Refusal


def _pay_off_plan(room: Room, command: plan_payoff.PayOffPlan) -> Events | Refusal:
    line = room.named_line(command)
    decided = plan_payoff.decide(
        line,
        room.account(line.id),
        command,
        room.at,
        wallet_balance_minor=room.wallet(line.person_id).balance_minor,
        program=room.program(line),
    )
    return decided if isinstance(decided, Refusal) else (_to_merchant(room, decided[0]),)


def _to_merchant(room: Room, event: Repaid) -> Repaid:
    """What comes back of a fee that a merchant's own campaign bore is payable to him: the event names him."""
    back = None if event.payoff is None else event.payoff.subsidy_back
    if back is None or back.sponsor != "merchant":
        return event
    (merchant_id,) = room.reference.campaigns[back.campaign_id].terms.merchants
    return replace(event, merchant_id=merchant_id)


ACTIONS: dict[type, Action] = {
    plan_payoff.PayOffPlan: Action(beside("line_id"), by(accounts="line_id"), _pay_off_plan, of_repayment),
    convert.ConvertPurchase: Action(beside("line_id"), by(accounts="line_id"), of_account(convert.decide_purchase)),
    convert.ConvertBill: Action(beside("line_id"), by(accounts="line_id"), of_account(convert.decide_bill)),
    reage.ReAge: Action(beside("line_id"), by(accounts="line_id"), of_account(reage.decide)),
    hardship.AgreeHardship: Action(beside("line_id"), by(accounts="line_id"), of_account(hardship.decide)),
    end_hardship.EndHardship: Action(beside("line_id"), by(accounts="line_id"), of_account(end_hardship.decide)),
}
