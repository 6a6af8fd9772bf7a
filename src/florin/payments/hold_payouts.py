"""Holding payouts: nothing leaves for a merchant's bank until somebody says so, with the reason that he reads.

The risk desk holds by command; a payout that the bank sent back holds by itself, because the next one would come back too. What
he sells, gives back and has swept goes on meanwhile.
"""

from __future__ import annotations

import msgspec

from florin.events import PayoutsHeld, PayoutsReleased
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.merchant import MerchantBalance


class HoldPayouts(msgspec.Struct, frozen=True, kw_only=True):
    """reason: as the merchant reads it. by: who decided."""

    merchant_id: int
    reason: str
    by: str


class ReleasePayouts(msgspec.Struct, frozen=True, kw_only=True):
    merchant_id: int
    reason: str
    by: str


class PayoutsHeldAlready(Refusal, frozen=True, kw_only=True):
    en = "Payouts of this merchant are held already: {reason}."
    zh = "该商户的打款已暂停：{reason}。"

    reason: str


class PayoutsNotHeld(Refusal, frozen=True, kw_only=True):
    en = "Payouts of this merchant are not held."
    zh = "该商户的打款未被暂停。"

    merchant_id: int


def decide_hold(balance: MerchantBalance, command: HoldPayouts, at: At) -> tuple[PayoutsHeld] | Refusal:
    if balance.held_because:
        return PayoutsHeldAlready(reason=balance.held_because)
    return (PayoutsHeld(value_on=at.on, merchant_id=balance.id, reason=command.reason, by=command.by),)


def decide_release(balance: MerchantBalance, command: ReleasePayouts, at: At) -> tuple[PayoutsReleased] | Refusal:
    if not balance.held_because:
        return PayoutsNotHeld(merchant_id=balance.id)
    return (PayoutsReleased(value_on=at.on, merchant_id=balance.id, reason=command.reason, by=command.by),)
