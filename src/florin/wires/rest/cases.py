"""Lines that are late, by the owner's program: booked as a loss, charged, and the collection case that is open."""

from __future__ import annotations

from typing import Any

from florin.credit.charge_off import ChargeOff
from florin.credit.collect import AssignCase, ChargeCost, Contact, NoOpenCase, NoteCase, PromiseToPay
from florin.credit.items import days_past_due
from florin.engine import Outcome
from florin.wires.rest import shapes
from florin.wires.rest.lines import line_view
from florin.wires.rest.owner import execute, known_id
from florin.wires.rest.problems import RefusedBy
from florin.wires.rest.serve import Answer, Call


async def charge_off(call: Call, body: shapes.NewChargeOff) -> Answer:
    """POST /v1/owner/lines/{line_id}/charge-off"""
    line_id = known_id(call, "line_id", "line")
    command = ChargeOff(line_id=line_id, reason=body.reason, mode=body.mode, code=body.code)
    return step(await execute(call, command, ("charge-off", line_id, body)), "charged-off")


async def charge_cost(call: Call, body: shapes.NewCost) -> Answer:
    """POST /v1/owner/lines/{line_id}/costs"""
    line_id = known_id(call, "line_id", "line")
    command = ChargeCost(line_id=line_id, amount_minor=body.amount_minor, reason=body.reason)
    return step(await execute(call, command, ("cost", line_id, body)), "cost-charged")


async def get_case(call: Call, body: Any) -> Answer:
    """GET /v1/owner/lines/{line_id}/case"""
    view = await line_view(call)
    case, on = view.account.case, view.at.on
    if case is None:
        raise RefusedBy(NoOpenCase(days_past_due=days_past_due(view.account, on), line_id=view.line.id))
    promise = case.promise
    shown = shapes.CollectionCase(
        line_id=str(view.line.id),
        opened_on=case.opened_on,
        assignee=case.assignee,
        past_due_on=view.line.past_due_on,
        owed_minor=view.account.owed_minor,
        promise=None
        if promise is None
        else shapes.CollectionPromise(
            amount_minor=promise.amount_minor, pay_by=promise.pay_by, paid_minor=promise.paid_minor
        ),
        promises_broken=case.promises_broken,
        contacted_on=case.contacted_on,
    )
    return Answer(shown)


async def assign_case(call: Call, body: shapes.NewAssignment) -> Answer:
    """POST /v1/owner/lines/{line_id}/case/assignment"""
    line_id = known_id(call, "line_id", "line")
    command = AssignCase(line_id=line_id, assignee=body.assignee)
    return step(await execute(call, command, ("assign", line_id, body)), "assigned")


async def note_case(call: Call, body: shapes.NewNote) -> Answer:
    """POST /v1/owner/lines/{line_id}/case/notes"""
    line_id = known_id(call, "line_id", "line")
    command = NoteCase(line_id=line_id, note=body.note, by=body.by)
    return step(await execute(call, command, ("note", line_id, body)), "noted")


async def contact(call: Call, body: shapes.NewContact) -> Answer:
    """POST /v1/owner/lines/{line_id}/case/contacts"""
    line_id = known_id(call, "line_id", "line")
    command = Contact(line_id=line_id, channel=body.channel, by=body.by)
    return step(await execute(call, command, ("contact", line_id, body)), "contacted")


async def promise(call: Call, body: shapes.NewPromise) -> Answer:
    """POST /v1/owner/lines/{line_id}/case/promises"""
    line_id = known_id(call, "line_id", "line")
    command = PromiseToPay(line_id=line_id, amount_minor=body.amount_minor, pay_by=body.pay_by, by=body.by)
    return step(await execute(call, command, ("promise", line_id, body)), "promised")


def step(outcome: Outcome, what: Any) -> Answer:
    """Something that was done about a line that is late."""
    event = outcome.event
    assert event is not None
    shown = shapes.CollectionStep(
        id=str(outcome.event_id), line_id=str(event.line_id), what=what, value_on=event.value_on
    )
    return Answer(shown, 201, outcome.replayed)
