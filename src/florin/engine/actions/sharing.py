"""Profit sharing: receivers, parts given of a sale, parts that come back."""

from __future__ import annotations

from florin.engine.actions.action import Action, Events, Needs, beside, by
from florin.engine.room import Room
from florin.events.refusals import Refusal
from florin.payments.sharing import give_back, receivers, share
from florin.payments.sharing.receivers import AddReceiver, RemoveReceiver


def _share(room: Room, command: share.Share) -> Events | Refusal:
    payment = room.payment(command.payment_id)
    merchant = room.merchant(payment.merchant_id)
    known = room.receivers.get(command.merchant_id)
    return share.decide(payment, merchant, known, room.balances, command, room.at)


def _return(room: Room, command: give_back.ReturnShare) -> Events | Refusal:
    balance = room.balance(command.receiver_id)
    assert balance is not None
    return give_back.decide(room.payment(command.payment_id), balance, command, room.at)


def _add(room: Room, command: AddReceiver) -> Events | Refusal:
    return receivers.decide_add(room.receivers[command.merchant_id], command, room.at)


def _remove(room: Room, command: RemoveReceiver) -> Events | Refusal:
    return receivers.decide_remove(room.receivers[command.merchant_id], command, room.at)


def _share_needs(command: share.Share) -> Needs:
    return Needs(
        payments=(command.payment_id,),
        receivers=(command.merchant_id,) if command.parts else (),
        balances=tuple({part.receiver_id for part in command.parts if part.app_id}),
        wallets=tuple({part.receiver_id for part in command.parts if not part.app_id}),
    )


ACTIONS: dict[type, Action] = {
    AddReceiver: Action(beside("merchant_id"), by(receivers="merchant_id"), _add),
    RemoveReceiver: Action(beside("merchant_id"), by(receivers="merchant_id"), _remove),
    share.Share: Action(
        beside("payment_id"),
        _share_needs,
        _share,
        lambda room, command: Needs(
            trades_seen=(payment.trade_id,) if (payment := room.payments.get(command.payment_id)) else ()
        ),
    ),
    give_back.ReturnShare: Action(beside("payment_id"), by(payments="payment_id", balances="receiver_id"), _return),
}
