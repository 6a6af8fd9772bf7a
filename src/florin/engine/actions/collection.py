"""Lines that are late for long: charge-off, cases, pauses, costs, provisions, the sale of claims."""

from __future__ import annotations

from florin.credit import charge_off, collect, pause, provision, sell_claims, settle_buyer
from florin.engine.actions.action import NOTHING, Action, Events, beside, by, in_lane, of_account
from florin.engine.clock import ZONE
from florin.engine.room import Room
from florin.events.refusals import Refusal


def _provide(room: Room, command: provision.Provision) -> Events:
    return provision.decide(command, room.at, lambda program: room.reference.terms(program, room.at.on))


def _work_case(
    room: Room, command: collect.AssignCase | collect.NoteCase | collect.Contact | collect.PromiseToPay
) -> Events | Refusal:
    line = room.named_line(command)
    local = room.at.instant.astimezone(ZONE)
    return collect.decide(line, room.account(line.id), command, room.at, local=local, program=room.program(line))


def _charge_cost(room: Room, command: collect.ChargeCost) -> Events | Refusal:
    line = room.named_line(command)
    return collect.decide_cost(line, room.account(line.id), command, room.at)


ACTIONS: dict[type, Action] = {
    charge_off.ChargeOff: Action(beside("line_id"), by(accounts="line_id"), of_account(charge_off.decide)),
    **{
        work: Action(beside("line_id"), by(accounts="line_id"), _work_case)
        for work in (collect.AssignCase, collect.NoteCase, collect.Contact, collect.PromiseToPay)
    },
    **{
        change: Action(beside("line_id"), by(accounts="line_id"), of_account(pause.decide))
        for change in (pause.PauseCollection, pause.ResumeCollection)
    },
    sell_claims.SellClaims: Action(beside("line_id"), by(accounts="line_id"), of_account(sell_claims.decide)),
    settle_buyer.RecordBuyerPayment: Action(
        in_lane, lambda command: NOTHING, lambda room, command: settle_buyer.decide_paid(command, room.at)
    ),
    settle_buyer.SettleBuyer: Action(
        in_lane, lambda command: NOTHING, lambda room, command: settle_buyer.decide_settled(command, room.at)
    ),
    collect.ChargeCost: Action(beside("line_id"), by(accounts="line_id"), _charge_cost),
    provision.Provision: Action(in_lane, lambda command: NOTHING, _provide),
}
