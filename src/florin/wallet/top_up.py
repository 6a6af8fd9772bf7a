"""Top up: money that the person sent from a bank has arrived."""

from __future__ import annotations

import msgspec

from florin.events import ToppedUp
from florin.events.refusals import Refusal
from florin.money.at import At


class TopUp(msgspec.Struct, frozen=True, kw_only=True):
    """amount_minor: above zero. bank_reference: the bank's own number of the incoming money; one number, one top-up."""

    person_id: int
    amount_minor: int
    bank_reference: str


class AmountNotPositive(Refusal, frozen=True, kw_only=True):
    en = "The amount must be above zero; it was {amount_minor}."
    zh = "金额必须大于零，收到的是{amount_minor}。"

    amount_minor: int


def decide(command: TopUp, at: At) -> tuple[ToppedUp] | Refusal:
    if command.amount_minor <= 0:
        return AmountNotPositive(amount_minor=command.amount_minor)
    return (
        ToppedUp(
            value_on=at.on,
            person_id=command.person_id,
            amount_minor=command.amount_minor,
            bank_reference=command.bank_reference,
        ),
    )
