"""People and wallets: join, top up, withdraw."""

from __future__ import annotations

from florin.engine.actions.action import NOTHING, Action, Events, beside, by, own
from florin.engine.actions.settlement import answer, send
from florin.engine.ids import lane_of
from florin.engine.room import Room
from florin.engine.tables.small import PERSON
from florin.events.refusals import Refusal
from florin.wallet import join, top_up, withdraw


def _join(room: Room, command: join.Join) -> Events:
    room.add_row(PERSON, (lane_of(command.person_id), command.person_id, command.name, command.logon))
    return join.decide(command, room.at)


def _top_up(room: Room, command: top_up.TopUp) -> Events | Refusal:
    return top_up.decide(command, room.at)


def _withdraw(room: Room, command: withdraw.Withdraw) -> Events | Refusal:
    terms = room.reference.withdrawal_terms(room.at.on)
    decided = withdraw.decide(room.wallet(command.person_id), command, room.at, terms)
    if not isinstance(decided, Refusal):
        fee_minor = decided[0].fee_minor
        send(room, command.withdrawal_id, command.amount_minor, person_id=command.person_id, fee_minor=fee_minor)
    return decided


def _settle_withdrawal(room: Room, command: withdraw.SettleWithdrawal) -> Events | Refusal:
    sent = room.payouts[command.withdrawal_id]
    decided = withdraw.decide_settled(sent, command, room.at)
    return decided if isinstance(decided, Refusal) else answer(room, sent, command, decided)


ACTIONS: dict[type, Action] = {
    join.Join: Action(own("person_id"), lambda command: NOTHING, _join),
    top_up.TopUp: Action(beside("person_id"), by(wallets="person_id"), _top_up),
    withdraw.Withdraw: Action(own("withdrawal_id"), by(wallets="person_id"), _withdraw),
    withdraw.SettleWithdrawal: Action(
        beside("person_id"), by(wallets="person_id", payouts="withdrawal_id"), _settle_withdrawal
    ),
}
