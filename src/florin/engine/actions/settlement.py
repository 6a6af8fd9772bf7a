"""What closed days owe: windows swept, books settled, reserves kept and given free, merchants paid out or told to wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from florin.engine.actions.action import NOTHING, Action, Events, beside, by, in_lane, own
from florin.engine.ids import lane_of
from florin.engine.room import Room
from florin.engine.tables.small import SWEEP
from florin.events.refusals import Refusal
from florin.payments import hold_payouts, pay_back, reserve, settle, transfer
from florin.payments.hold_payouts import HoldPayouts, ReleasePayouts
from florin.payments.pay_back import InvoiceMerchant, PayBack
from florin.wallet import withdraw
from florin.wallet.payout import Payout, answered


def _sweep(room: Room, command: settle.Sweep) -> Events:
    window = (command.lane, command.merchant_id, command.window_on, command.window_from, command.window_until)
    room.add_row(SWEEP, (*window, command.amount_minor, room.at.on))
    balance = room.balance(command.merchant_id)
    return settle.decide_sweep(command, room.at, round=balance.round if balance else 0)


def _pay_out(room: Room, command: settle.PayOut) -> Events | Refusal:
    balance = room.balance(command.merchant_id)
    assert balance is not None
    merchant = room.merchant(command.merchant_id)
    terms = merchant.settlement_on(room.at.on)
    decided = settle.decide_payout(balance, command, room.at, terms, state=merchant.state)
    if not isinstance(decided, Refusal):
        send(room, command.payout_id, decided[0].amount_minor, merchant_id=balance.id)
    return decided


def _transfer(room: Room, command: transfer.Transfer) -> Events | Refusal:
    balance = room.balance(command.merchant_id)
    assert balance is not None
    return transfer.decide(room.merchant(command.merchant_id), balance, command, room.at)


def _settle_payout(room: Room, command: settle.SettlePayout) -> Events | Refusal:
    sent = room.payouts[command.payout_id]
    decided = settle.decide_settled_payout(sent, command, room.at, room.balance(command.merchant_id))
    return decided if isinstance(decided, Refusal) else answer(room, sent, command, decided)


def _hold_reserve(room: Room, command: reserve.HoldReserve) -> Events | Refusal:
    balance = room.balance(command.merchant_id)
    assert balance is not None
    decided = reserve.decide_hold(room.merchant(command.merchant_id), balance, command, room.at)
    if not isinstance(decided, Refusal):
        hold = reserve.hold_of(decided[0], hold_id=command.hold_id, lane=lane_of(command.hold_id))
        room.add(room.reserves, hold.id, hold)
    return decided


def _release_reserve(room: Room, command: reserve.ReleaseReserve) -> Events | Refusal:
    balance, hold = room.balance(command.merchant_id), room.reserves[command.hold_id]
    assert balance is not None
    decided = reserve.decide_release(hold, balance, command, room.at)
    if not isinstance(decided, Refusal):
        room.change(room.reserves, hold.id, reserve.released(hold, room.at.on))
    return decided


def _of_balance(decide: Callable[..., Events | Refusal]) -> Callable[[Room, Any], Events | Refusal]:
    """The rule of a command about a merchant's balance alone."""
    return lambda room, command: decide(room.balance(command.merchant_id), command, room.at)


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
        sent,
        returned=command.returned or command.late,
        bank_reference=command.bank_reference,
        on=room.at.on,
        reason=command.reason,
        reason_code=command.reason_code,
    )
    room.change(room.payouts, sent.id, answer)
    return events


ACTIONS: dict[type, Action] = {
    settle.SettleNetwork: Action(in_lane, lambda c: NOTHING, lambda room, c: settle.decide_network(c, room.at)),
    settle.SettleMall: Action(in_lane, lambda c: NOTHING, lambda room, c: settle.decide_mall(c, room.at)),
    settle.Sweep: Action(in_lane, by(balances="merchant_id"), _sweep),
    transfer.Transfer: Action(beside("person_id"), by(balances="merchant_id", wallets="person_id"), _transfer),
    settle.PayOut: Action(own("payout_id"), by(balances="merchant_id"), _pay_out),
    settle.SettlePayout: Action(beside("merchant_id"), by(balances="merchant_id", payouts="payout_id"), _settle_payout),
    reserve.HoldReserve: Action(own("hold_id"), by(balances="merchant_id"), _hold_reserve),
    reserve.ReleaseReserve: Action(
        beside("merchant_id"), by(balances="merchant_id", reserves="hold_id"), _release_reserve
    ),
    HoldPayouts: Action(beside("merchant_id"), by(balances="merchant_id"), _of_balance(hold_payouts.decide_hold)),
    ReleasePayouts: Action(beside("merchant_id"), by(balances="merchant_id"), _of_balance(hold_payouts.decide_release)),
    InvoiceMerchant: Action(beside("merchant_id"), by(balances="merchant_id"), _of_balance(pay_back.decide_invoice)),
    PayBack: Action(beside("merchant_id"), by(balances="merchant_id"), _of_balance(pay_back.decide_paid_back)),
    settle.SettleBooks: Action(in_lane, lambda c: NOTHING, lambda room, c: settle.decide_books(c, room.at)),
    settle.SweepFees: Action(in_lane, lambda c: NOTHING, lambda room, c: settle.decide_fees(c, room.at)),
}
