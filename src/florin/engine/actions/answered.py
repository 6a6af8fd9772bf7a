"""What a line answered to who pays without having seen a cashier: recorded with the payment, or with its refusal."""

from __future__ import annotations

from msgspec.structs import replace

from florin.credit.line import Line
from florin.credit.terms import Terms
from florin.engine.actions.action import Events
from florin.engine.ids import lane_of
from florin.engine.room import Room
from florin.events.market import CheckoutBy
from florin.events.refusals import Refusal
from florin.market import answer
from florin.market.answer import Answer, answer_yes
from florin.market.checkout import asks, by_paying
from florin.payments.merchant import Merchant
from florin.payments.pay import Pay, TenderNotAccepted, sold_at
from florin.payments.trade import Trade


def with_answer(
    room: Room,
    decided: Events | Refusal,
    trade: Trade,
    line: Line | None,
    terms: Terms | None,
    command: Pay,
    *,
    by: CheckoutBy,
) -> Events | Refusal:
    """What was decided, and beside it what the line answered, where more is decided of it than what it has left.

    line: as it was before. A refusal that is not the line's (the order is paid, the shop is closed) was no answer of it.
    """
    if line is None or terms is None or not command.credit_minor or not asks(room.reference.acceptance, line.program):
        return decided
    merchant: Merchant = room.merchant(trade.merchant_id)
    found = _answer(room, decided, trade, merchant, line, terms, command)
    if found is None:
        return decided
    event = by_paying(
        found,
        trade_id=trade.id if trade.id in room.trades else 0,
        person_id=line.person_id,
        merchant_id=merchant.id,
        amount_minor=command.credit_minor,
        place=sold_at(trade, merchant),
        by=by,
        at=room.at,
    )
    if isinstance(decided, Refusal):
        room.record(event, room.ids.take(lane_of(line.person_id)))
        return decided
    return (*decided, event)


def _answer(
    room: Room,
    decided: Events | Refusal,
    trade: Trade,
    merchant: Merchant,
    line: Line,
    terms: Terms,
    command: Pay,
) -> Answer | None:
    place, at = sold_at(trade, merchant), room.at
    acceptance, shared = room.reference.acceptance, room.shared_by(line)
    if not isinstance(decided, Refusal):
        return answer_yes(line, terms, place, at, acceptance=acceptance, merchant_id=merchant.id, shared=shared)
    found = answer(
        line,
        terms,
        command.credit_minor,
        place,
        at,
        acceptance=acceptance,
        merchant_id=merchant.id,
        trade_id=trade.id,
        shared=shared,
    )
    if decided == TenderNotAccepted(tender=terms.tender):
        return replace(found, verdict="no", most_minor=0, refusal=decided)
    return found if found.refusal == decided else None
