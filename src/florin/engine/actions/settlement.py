"""What closed days owe: windows swept, books settled, merchants paid out."""

from __future__ import annotations

from florin.engine.actions.action import NOTHING, Action, Events, beside, by, in_lane, own
from florin.engine.ids import lane_of
from florin.engine.room import Room
from florin.engine.tables.small import SWEEP
from florin.events.refusals import Refusal
from florin.payments import settle
from florin.wallet import withdraw
from florin.wallet.payout import Payout, answered


def _sweep(room: Room, command: settle.Sweep) -> Events:
    room.add_row(SWEEP, (command.lane, command.merchant_id, command.window_on, command.amount_minor, room.at.on))
    return settle.decide_sweep(command, room.at)


def _pay_out(room: Room, command: settle.PayOut) -> Events | Refusal:
    balance = room.balance(command.merchant_id)
    assert balance is not None
    decided = settle.decide_payout(balance, command, room.at)
    if not isinstance(decided, Refusal):
        send(room, command.payout_id, decided[0].amount_minor, merchant_id=balance.id)
    return decided


def _settle_payout(room: Room, command: settle.SettlePayout) -> Events | Refusal:
    sent = room.payouts[command.payout_id]
    decided = settle.decide_settled_payout(sent, command, room.at)
    return decided if isinstance(decided, Refusal) else answer(room, sent, command, decided)


def send(
    room: Room, identifier: int, amount_minor: int, *, merchant_id: int = 0, person_id: int = 0, fee_minor: int = 0
) -> None:
    sent = Payout(
        id=identifier,
        lane=lane_of(identifier),
        amount_minor=amount_minor,
        requested_on=room.at.on,
        merchant_id=merchant_id,
        person_id=person_id,
        fee_minor=fee_minor,
    )
    room.add(room.payouts, sent.id, sent)


def answer(
    room: Room, sent: Payout, command: settle.SettlePayout | withdraw.SettleWithdrawal, events: Events
) -> Events:
    answer = answered(
        sent, returned=command.returned or command.late, bank_reference=command.bank_reference, on=room.at.on
    )
    room.change(room.payouts, sent.id, answer)
    return events


ACTIONS: dict[type, Action] = {
    settle.SettleNetwork: Action(in_lane, lambda c: NOTHING, lambda room, c: settle.decide_network(c, room.at)),
    settle.SettleMall: Action(in_lane, lambda c: NOTHING, lambda room, c: settle.decide_mall(c, room.at)),
    settle.Sweep: Action(in_lane, by(balances="merchant_id"), _sweep),
    settle.PayOut: Action(own("payout_id"), by(balances="merchant_id"), _pay_out),
    settle.SettlePayout: Action(beside("merchant_id"), by(balances="merchant_id", payouts="payout_id"), _settle_payout),
    settle.SettleBooks: Action(in_lane, lambda c: NOTHING, lambda room, c: settle.decide_books(c, room.at)),
    settle.SweepFees: Action(in_lane, lambda c: NOTHING, lambda room, c: settle.decide_fees(c, room.at)),
}
