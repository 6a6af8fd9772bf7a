"""Lines that are late, by the owner's program: pauses of collection, claims sold, refunds taken back, and what
customers were told."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from florin.credit.adverse import REASONS, Adverse, code_of
from florin.credit.decline import DeclineCredit
from florin.credit.pause import PauseCollection, ResumeCollection
from florin.credit.sell_claims import SellClaims
from florin.credit.settle_buyer import NoSuchClaimBuyer, RecordBuyerPayment
from florin.engine import ClaimKind, NotFound, claim, lane_for
from florin.engine.listeners import OWNER_TOPICS
from florin.events import (
    ChargedOff,
    ChargedOffByOwner,
    ClaimsSold,
    CreditDeclined,
    Event,
    LimitSet,
    LineClosed,
    LineClosing,
    LineFrozen,
    RefundReversed,
    Reminded,
)
from florin.events.refusals import Language
from florin.payments.fees import merchant_fees_of
from florin.payments.reverse_refund import ReverseRefund
from florin.queries.claims import ClaimBuyer, claim_buyer, claim_buyers
from florin.queries.notices import Notice, notices_of
from florin.queries.payments import payment_by_trade
from florin.queries.webhooks import owner_webhook
from florin.wires.rest import shapes
from florin.wires.rest.cases import step
from florin.wires.rest.lines import line_view
from florin.wires.rest.owner import execute, known_id
from florin.wires.rest.problems import Refuse, RefusedBy
from florin.wires.rest.serve import Answer, Call


async def pause(call: Call, body: shapes.NewPause) -> Answer:
    """POST /v1/owner/lines/{line_id}/pause"""
    line_id = known_id(call, "line_id", "line")
    command = PauseCollection(line_id=line_id, until_on=body.until_on, reason=body.reason)
    return step(await execute(call, command, ("pause", line_id, body)), "paused")


async def resume(call: Call, body: shapes.Reason) -> Answer:
    """POST /v1/owner/lines/{line_id}/resume"""
    line_id = known_id(call, "line_id", "line")
    return step(
        await execute(call, ResumeCollection(line_id=line_id, reason=body.reason), ("resume", line_id, body)), "resumed"
    )


async def sell(call: Call, body: shapes.NewSale) -> Answer:
    """POST /v1/owner/lines/{line_id}/sale"""
    line_id = known_id(call, "line_id", "line")
    command = SellClaims(
        line_id=line_id,
        buyer=body.buyer,
        contact=body.contact,
        price_minor=body.price_minor,
        reference=body.reference,
    )
    outcome = await execute(call, command, ("sale", line_id, body))
    event = cast(ClaimsSold, outcome.event)
    shown = shapes.ClaimSale(
        id=str(outcome.event_id),
        line_id=str(event.line_id),
        value_on=event.value_on,
        buyer=event.buyer,
        reference=event.reference,
        price_minor=event.price_minor,
        sold_minor=event.sold_minor,
    )
    return Answer(shown, 201, outcome.replayed)


async def get_buyers(call: Call, body: Any) -> Answer:
    """GET /v1/owner/claim-buyers"""
    found = await call.house.reads.ask_async(claim_buyers)
    return Answer(shapes.ClaimBuyers(items=tuple(map(_buyer, found))))


async def record_buyer_payment(call: Call, body: shapes.NewBuyerPayment) -> Answer:
    """POST /v1/owner/claim-buyers/payments"""
    await _known_buyer(call, body.buyer)
    command = RecordBuyerPayment(
        lane=lane_for(f"buyer/{body.buyer}"),
        buyer=body.buyer,
        amount_minor=body.amount_minor,
        bank_reference=body.bank_reference,
    )
    once = (claim(ClaimKind.BANK, 0, body.bank_reference),)
    outcome = await execute(call, command, ("claim-buyer-payment", body), once)
    return Answer(_buyer(await _known_buyer(call, body.buyer)), 201, outcome.replayed)


async def _known_buyer(call: Call, name: str) -> ClaimBuyer:
    found = await call.house.reads.ask_async(claim_buyer, name=name)
    if isinstance(found, NoSuchClaimBuyer):
        raise RefusedBy(found)
    return found


def _buyer(found: ClaimBuyer) -> shapes.ClaimBuyer:
    return msgspec.convert({**msgspec.to_builtins(found), "owes_minor": found.owes_minor}, shapes.ClaimBuyer)


async def reverse_refund(call: Call, body: shapes.NewReversal) -> Answer:
    """POST /v1/owner/payments/{payment_id}/refunds/reverse: by the id under which the merchant knows the order."""
    trade_id = known_id(call, "payment_id", "payment")
    view = await call.house.reads.ask_async(payment_by_trade, trade_id=trade_id)
    if view is None:
        raise RefusedBy(NotFound(what="payment", id=trade_id))
    if view.payment is None:
        raise Refuse("NotPaid", state="waiting for the shopper")
    command = ReverseRefund(
        payment_id=view.payment.id, request_no=body.refund_number, reason=body.reason, value_on=body.value_on
    )
    outcome = await execute(call, command, ("reverse-refund", trade_id, body))
    event = cast(RefundReversed, outcome.event)
    shown = shapes.RefundReversal(
        id=str(outcome.event_id),
        line_id=str(event.line_id),
        refund_number=event.request_no,
        credit_minor=event.credit_minor,
        wallet_minor=event.wallet_minor,
        merchant_fee_minor=event.mdr_minor + merchant_fees_of(event.fees),
        value_on=event.value_on,
        known_on=event.known_on or event.value_on,
    )
    return Answer(shown, 201, outcome.replayed)


async def get_notices(call: Call, body: Any) -> Answer:
    """GET /v1/owner/lines/{line_id}/notices"""
    view = await line_view(call)
    found = await call.house.reads.ask_async(notices_of, line_id=view.line.id)
    return Answer(shapes.Notices(items=tuple(_notice(notice, call.language) for notice in found)))


async def decline(call: Call, body: shapes.NewDecline) -> Answer:
    """POST /v1/owner/persons/{person_id}/declines"""
    person_id = known_id(call, "person_id", "person")
    command = DeclineCredit(
        person_id=person_id,
        line_id=int(body.line_id or 0),
        program=body.program,
        amount_minor=body.amount_minor or 0,
        code=body.code,
        reason=body.reason,
    )
    outcome = await execute(call, command, ("decline", person_id, body))
    event = cast(CreditDeclined, outcome.event)
    shown = shapes.Declined(
        id=str(outcome.event_id),
        person_id=str(event.person_id),
        line_id=str(event.line_id) if event.line_id else None,
        value_on=event.value_on,
        code=event.code,
        reason=REASONS[event.code].text(call.language),
    )
    return Answer(shown, 201, outcome.replayed)


async def get_owner_webhook(call: Call, body: Any) -> Answer:
    """GET /v1/owner/webhook"""
    view = await call.house.reads.ask_async(owner_webhook)
    topics = tuple(sorted(set(OWNER_TOPICS.values())))
    return Answer(shapes.OwnerWebhook(url=view.url if view else None, topics=topics))


def _notice(notice: Notice, language: Language) -> shapes.Notice:
    event, what = notice.event, _WHAT[type(notice.event)]
    if isinstance(event, Reminded):
        return shapes.Notice(
            id=str(notice.event_id),
            what=what,
            value_on=event.value_on,
            text=event.text,
            channel=event.channel,
            closes_on=event.closes_on,
            due_on=event.due_on,
            due_minor=event.due_minor,
        )
    assert isinstance(event, Adverse)
    amount_minor = event.limit_minor if isinstance(event, LimitSet) else getattr(event, "asked_minor", 0)
    return shapes.Notice(
        id=str(notice.event_id),
        what=what,
        value_on=event.value_on,
        code=code_of(event),
        reason=REASONS[code_of(event)].text(language),
        amount_minor=amount_minor or None,
    )


_WHAT: dict[type[Event], Any] = {
    Reminded: "reminded",
    LimitSet: "limit-cut",
    LineFrozen: "frozen",
    LineClosing: "closing",
    LineClosed: "closed",
    ChargedOff: "charged-off",
    ChargedOffByOwner: "charged-off",
    CreditDeclined: "uplift-declined",
}
