"""Plans in the room: what actions on installments to come, and on what is to become some, ask their pure rules."""

from __future__ import annotations

from collections.abc import Sequence

from florin.credit import convert, plan_payoff
from florin.engine.room import Room
from florin.events import Event
from florin.events.refusals import Refusal

Events = Sequence[Event]


def pay_off_plan(room: Room, command: plan_payoff.PayOffPlan) -> Events | Refusal:
    line = room.named_line(command)
    return plan_payoff.decide(
        line,
        room.account(line.id),
        command,
        room.at,
        wallet_balance_minor=room.wallet(line.person_id).balance_minor,
        program=room.program(line),
    )


def convert_purchase(room: Room, command: convert.ConvertPurchase) -> Events | Refusal:
    line = room.named_line(command)
    return convert.decide_purchase(line, room.account(line.id), command, room.at, program=room.program(line))


def convert_bill(room: Room, command: convert.ConvertBill) -> Events | Refusal:
    line = room.named_line(command)
    return convert.decide_bill(line, room.account(line.id), command, room.at, program=room.program(line))
