"""Receivers: a merchant says with whom he shares, before he does, and takes it back."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from florin.events import ReceiverAdded, ReceiverRemoved
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.sharing.state import Receiver, Receivers

RECEIVERS_MAX: Final = 1_000  # X, our choice: the real ones take some 20,000


class AddReceiver(msgspec.Struct, frozen=True, kw_only=True):
    """receiver_id: a merchant, by his app; with app_id 0 a person. One who is there already stays as he is."""

    merchant_id: int
    receiver_id: int
    relation: str
    app_id: int = 0


class RemoveReceiver(msgspec.Struct, frozen=True, kw_only=True):
    """One who is not there is as good as removed."""

    merchant_id: int
    receiver_id: int
    app_id: int = 0


class ReceiverIsSelf(Refusal, frozen=True, kw_only=True):
    en = "A merchant cannot share with himself: what he does not share stays his own."
    zh = "分账接收方不能是商户自己，未分账的金额解冻后即归商户所有。"

    receiver_id: int


class TooManyReceivers(Refusal, frozen=True, kw_only=True):
    en = "A merchant has at most {most} receivers. Remove one that is not needed any more."
    zh = "分账接收方最多{most}个，请先删除不再使用的接收方。"

    most: int


def decide_add(receivers: Receivers, command: AddReceiver, at: At) -> tuple[ReceiverAdded, ...] | Refusal:
    if command.app_id and command.receiver_id == command.merchant_id:
        return ReceiverIsSelf(receiver_id=command.receiver_id)
    if receivers.find(app_id=command.app_id, receiver_id=command.receiver_id):
        return ()
    if len(receivers.receivers) >= RECEIVERS_MAX:
        return TooManyReceivers(most=RECEIVERS_MAX)
    return (
        ReceiverAdded(
            value_on=at.on,
            merchant_id=receivers.id,
            receiver_id=command.receiver_id,
            app_id=command.app_id,
            relation=command.relation,
        ),
    )


def decide_remove(receivers: Receivers, command: RemoveReceiver, at: At) -> tuple[ReceiverRemoved, ...]:
    if receivers.find(app_id=command.app_id, receiver_id=command.receiver_id) is None:
        return ()
    return (
        ReceiverRemoved(
            value_on=at.on, merchant_id=receivers.id, receiver_id=command.receiver_id, app_id=command.app_id
        ),
    )


def evolve(receivers: Receivers, event: ReceiverAdded | ReceiverRemoved) -> Receivers:
    if isinstance(event, ReceiverAdded):
        added = Receiver(receiver_id=event.receiver_id, app_id=event.app_id, relation=event.relation)
        return replace(receivers, receivers=(*receivers.receivers, added))
    left = [r for r in receivers.receivers if (r.app_id, r.receiver_id) != (event.app_id, event.receiver_id)]
    return replace(receivers, receivers=tuple(left))
