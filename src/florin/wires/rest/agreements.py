"""What a buyer agrees to, told by the owner's program: that she has received, and that an app may charge her."""

from __future__ import annotations

import asyncio
from typing import Any

from florin.engine import NotFound
from florin.payments.charge import Agreement
from florin.payments.receive import Receive
from florin.queries.agreements import active_agreements, agreement_by_id, app_exists
from florin.queries.payments import payment_by_trade
from florin.wires.rest import shapes, show
from florin.wires.rest.lines import line_question
from florin.wires.rest.owner import execute, number_in
from florin.wires.rest.persons import known_person
from florin.wires.rest.problems import Refuse, RefusedBy, invalid
from florin.wires.rest.serve import Answer, Call


async def receive(call: Call, body: shapes.NewReceipt) -> Answer:
    """POST /v1/owner/payments/{payment_id}/receive: the buyer confirms receipt in the owner's own application."""
    trade_id = number_in(call, "payment_id")
    view = await call.house.reads.ask_async(payment_by_trade, trade_id=trade_id)
    if view is None:
        raise RefusedBy(NotFound(what="payment", id=trade_id))
    if view.payment is None:
        raise Refuse("NotPaid", state="waiting for the shopper")
    command = Receive(payment_id=view.payment.id, person_id=int(body.person_id), by="buyer")
    outcome = await execute(call, command, ("receive", trade_id, body))
    return Answer(show.receipt(outcome), 201, outcome.replayed)


async def agree(call: Call, body: shapes.NewAgreement) -> Answer:
    """POST /v1/owner/agreements: the same again gives the one that is active."""
    person = await known_person(call, int(body.person_id))
    app_id, line_id = int(body.app_id), int(body.line_id or 0)
    if not await call.house.reads.ask_async(app_exists, app_id=app_id):
        raise invalid("app_id", "There is no such app.", "Send the number of an app.")
    if line_id:
        line = await call.house.reads.ask_async(line_question(line_id))
        if line is None or line.line.person_id != person.id:
            raise invalid("line_id", "This is no line of that person.", "Send a line of hers, or leave it out.")
    active = await call.house.reads.ask_async(active_agreements, person_id=person.id, app_id=app_id)
    for agreement in active:
        if (agreement.line_id, agreement.limit_minor) == (line_id, body.limit_minor):
            return Answer(_agreement(agreement, call), 201, replayed=True)
    agreement_id = await asyncio.to_thread(
        call.house.engine.add_agreement,
        app_id=app_id,
        person_id=person.id,
        line_id=line_id,
        limit_minor=body.limit_minor,
    )
    return Answer(_agreement(await _found_agreement(call, agreement_id), call), 201)


async def end_agreement(call: Call, body: Any) -> Answer:
    """DELETE /v1/owner/agreements/{agreement_id}: once ended, an agreement stays so."""
    agreement = await _found_agreement(call, number_in(call, "agreement_id"))
    await asyncio.to_thread(call.house.engine.end_agreement, agreement.id, person_id=agreement.person_id)
    return Answer(_agreement(await _found_agreement(call, agreement.id), call))


async def _found_agreement(call: Call, agreement_id: int) -> Agreement:
    agreement = await call.house.reads.ask_async(agreement_by_id, agreement_id=agreement_id)
    if agreement is None:
        raise RefusedBy(NotFound(what="agreement", id=agreement_id))
    return agreement


def _agreement(agreement: Agreement, call: Call) -> shapes.Agreement:
    return shapes.Agreement(
        id=str(agreement.id),
        person_id=str(agreement.person_id),
        app_id=str(agreement.app_id),
        line_id=str(agreement.line_id) if agreement.line_id else None,
        state=agreement.state,  # type: ignore[arg-type]
        limit_minor=agreement.limit_minor,
        lender=show.lender(call.house.settings.lender),
    )
