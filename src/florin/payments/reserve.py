"""Reserve: a share of what a day brought a merchant is kept for a time, against refunds to come, and then given free.

What is kept is still his: it is told on his statement, and a refund of a swept sale may draw on it when nothing else is there.
"""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
from msgspec.structs import replace

from florin.events import ReserveHeld, ReserveReleased
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.merchant import Merchant, MerchantBalance


class HoldReserve(msgspec.Struct, frozen=True, kw_only=True):
    """brought_minor: what was swept for the merchant today, over all lanes; above zero."""

    hold_id: int
    merchant_id: int
    brought_minor: int


class ReleaseReserve(msgspec.Struct, frozen=True, kw_only=True):
    hold_id: int
    merchant_id: int


class ReserveHold(msgspec.Struct, frozen=True, kw_only=True):
    """One day's part of a rolling reserve. released_on: None while it is kept."""

    id: int
    lane: int
    merchant_id: int
    amount_minor: int
    held_on: date
    release_on: date
    released_on: date | None = None


class NothingToReserve(Refusal, frozen=True, kw_only=True):
    en = "The terms of this day keep nothing back of {brought_minor}."
    zh = "当日结算条件下，{brought_minor}无需留存。"

    brought_minor: int


class ReserveReleasedAlready(Refusal, frozen=True, kw_only=True):
    en = "This part of the reserve was given free on {released_on}."
    zh = "该笔留存款已于{released_on}释放。"

    hold_id: int
    released_on: date


def decide_hold(
    merchant: Merchant, balance: MerchantBalance, command: HoldReserve, at: At
) -> tuple[ReserveHeld] | Refusal:
    terms = merchant.settlement_on(at.on)
    amount = terms.reserve_minor(command.brought_minor)
    if not amount:
        return NothingToReserve(brought_minor=command.brought_minor)
    held = ReserveHeld(
        value_on=at.on,
        merchant_id=merchant.id,
        amount_minor=amount,
        release_on=at.on + timedelta(days=terms.reserve_days),
        round=balance.round,
    )
    return (held,)


def decide_release(
    hold: ReserveHold, balance: MerchantBalance, command: ReleaseReserve, at: At
) -> tuple[ReserveReleased] | Refusal:
    if hold.released_on is not None:
        return ReserveReleasedAlready(hold_id=hold.id, released_on=hold.released_on)
    return (
        ReserveReleased(
            value_on=at.on,
            merchant_id=hold.merchant_id,
            amount_minor=hold.amount_minor,
            hold_id=hold.id,
            round=balance.round,
        ),
    )


def hold_of(event: ReserveHeld, *, hold_id: int, lane: int) -> ReserveHold:
    """The row of what an event keeps."""
    return ReserveHold(
        id=hold_id,
        lane=lane,
        merchant_id=event.merchant_id,
        amount_minor=event.amount_minor,
        held_on=event.value_on,
        release_on=event.release_on,
    )


def released(hold: ReserveHold, on: date) -> ReserveHold:
    return replace(hold, released_on=on)
