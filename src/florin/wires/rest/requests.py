"""Refund requests by a seller's program, disputes by the owner's: seen, answered, decided. And parcels, and longer holds."""

from __future__ import annotations

from typing import Any, cast

from florin.engine import ClaimKind, NotFound, Outcome, Submission, claim
from florin.events import EvidenceGiven
from florin.payments.extend import ExtendAuthorization
from florin.payments.requests.answer import AnswerRequest
from florin.payments.requests.dispute import DecideDispute
from florin.payments.ship import Ship
from florin.queries.requests import RequestView, disputes, request_by_id, requests_of_merchant
from florin.wires.rest import owner, payments, shapes
from florin.wires.rest.items import counts_of
from florin.wires.rest.problems import RefusedBy
from florin.wires.rest.serve import Answer, Call


async def ship(call: Call, body: shapes.NewShipment) -> Answer:
    """POST /v1/payments/{payment_id}/shipments"""
    view = await payments.own(call)
    command = Ship(
        payment_id=payments.paid(view),
        merchant_id=view.trade.merchant_id,
        carrier=body.carrier,
        tracking_no=body.tracking_no,
        items=counts_of(body.items),
    )
    outcome = await execute(call, command, ("ship", view.trade.id, body))
    return Answer(await payments.shown(call, await payments.own(call)), 201, outcome.replayed)


async def extend(call: Call, body: Any) -> Answer:
    """POST /v1/payments/{payment_id}/extend"""
    view = await payments.own(call)
    command = ExtendAuthorization(payment_id=payments.paid(view), merchant_id=view.trade.merchant_id)
    outcome = await execute(call, command, ("extend", view.trade.id))
    return Answer(await payments.shown(call, await payments.own(call)), 201, outcome.replayed)


async def get_list(call: Call, body: Any) -> Answer:
    """GET /v1/refund-requests"""
    query: shapes.RequestQuery = call.query
    listed = await call.house.reads.ask_async(
        requests_of_merchant, merchant_id=cast(int, call.key.merchant_id), open_only=query.state == "open"
    )
    return Answer(shapes.RefundRequests(items=tuple(map(shown, listed))))


async def get(call: Call, body: Any) -> Answer:
    """GET /v1/refund-requests/{request_id}"""
    return Answer(shown(await own(call)))


async def answer(call: Call, body: shapes.NewAnswer) -> Answer:
    """POST /v1/refund-requests/{request_id}/answer"""
    view = await own(call)
    command = AnswerRequest(
        request_id=view.request.id,
        payment_id=view.request.payment_id,
        merchant_id=view.request.merchant_id,
        agree=body.agree,
        note=body.note,
        fee_minor=body.fee_minor,
        fee_to=body.fee_to,
    )
    outcome = await execute(call, command, ("answer-request", view.request.id, body))
    return Answer(shown(await own(call)), 201, outcome.replayed)


async def get_disputes(call: Call, body: Any) -> Answer:
    """GET /v1/owner/disputes"""
    listed = await call.house.reads.ask_async(disputes)
    return Answer(shapes.RefundRequests(items=tuple(map(shown, listed))))


async def get_dispute(call: Call, body: Any) -> Answer:
    """GET /v1/owner/disputes/{request_id}"""
    return Answer(shown(await found(call)))


async def decide(call: Call, body: shapes.NewDecision) -> Answer:
    """POST /v1/owner/disputes/{request_id}/decision"""
    view = await found(call)
    command = DecideDispute(
        request_id=view.request.id,
        payment_id=view.request.payment_id,
        refund_minor=body.refund_minor,
        note=body.note,
    )
    outcome = await owner.execute(call, command, ("decide-dispute", view.request.id, body))
    return Answer(shown(await found(call)), 201, outcome.replayed)


async def execute(call: Call, command: Any, content: Any) -> Outcome:
    """Run one command under the call's key. A refusal is not its answer: what stands in the way may be gone later."""
    claims = (claim(ClaimKind.REQUEST, call.key.app_id or 0, call.idempotency_key, content),)
    (outcome,) = await call.house.engine.execute_async((Submission(command=command, claims=claims),))
    if outcome.refusal is not None:
        raise RefusedBy(outcome.refusal, replayed=outcome.replayed)
    return outcome


async def own(call: Call) -> RequestView:
    """The request that the path names, if it is about an order of this app's merchant."""
    return await found(call, merchant_id=call.key.merchant_id)


async def of_number(call: Call, request_id: int) -> RequestView:
    """A request of this app's merchant. Raises RefusedBy."""
    view = await call.house.reads.ask_async(request_by_id, request_id=request_id, merchant_id=call.key.merchant_id)
    if view is None:
        raise RefusedBy(NotFound(what="refund request", id=request_id))
    return view


async def found(call: Call, *, merchant_id: int | None = None) -> RequestView:
    text = call.parts["request_id"]
    request_id = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    view = await call.house.reads.ask_async(request_by_id, request_id=request_id, merchant_id=merchant_id)
    if view is None:
        raise RefusedBy(NotFound(what="refund request", id=request_id))
    return view


def shown(view: RequestView) -> shapes.RefundRequest:
    request = view.request
    return shapes.RefundRequest(
        id=str(request.id),
        payment_id=str(view.trade_id),
        order_number=view.order_number,
        subject=view.subject,
        state=request.state.name.lower(),  # type: ignore[arg-type]
        waits_for=request.waits_for,
        due_on=request.due_on,
        sort=request.sort,
        amount_minor=request.amount_minor,
        reason=request.reason,
        note=request.note,
        asked_on=request.asked_on,
        items=tuple(shapes.Items(line=item.line, quantity=item.quantity) for item in request.items),
        answer=request.answer,
        fee_minor=request.fee_minor,
        fee_to=request.fee_to,
        carrier=request.carrier,
        tracking_no=request.tracking_no,
        evidence_by=request.evidence_by,
        evidence=tuple(map(_evidence, view.evidence)),
        held_minor=request.held_minor if request.state.is_open else 0,
        decision=request.decided,
        refunded_minor=request.refunded_minor,
    )


def _evidence(event: EvidenceGiven) -> shapes.Evidence:
    files = tuple(shapes.Shown(name=f.name, type=f.type, size=f.size, digest=f.digest) for f in event.files)
    return shapes.Evidence(by=event.by, given_on=event.value_on, note=event.note, files=files)
