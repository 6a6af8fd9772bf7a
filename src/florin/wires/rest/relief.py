"""Relief by the owner's program: a line brought current by agreement, and a hardship plan; each with what it would do first.

A preview is read from the line as of today and writes nothing. The command says what was agreed, and is refused by the same
names when the terms or the line make something else of it by then.
"""

from __future__ import annotations

from typing import Any, cast

from florin.credit import end_hardship, hardship, reage
from florin.events import HardshipAgreed, HardshipEndedEarly, ReAged
from florin.events.refusals import Refusal
from florin.wires.rest import shapes, show
from florin.wires.rest.lines import line_view
from florin.wires.rest.owner import execute, known_id
from florin.wires.rest.problems import RefusedBy
from florin.wires.rest.serve import Answer, Call


async def get_reage(call: Call, body: Any) -> Answer:
    """GET /v1/owner/lines/{line_id}/re-age"""
    view = await line_view(call)
    found = reage.preview(view.line, view.account, view.at.on, view.program)
    if isinstance(found, Refusal):
        raise RefusedBy(found)
    return Answer(show.reage(view.line.id, found))


async def make_reage(call: Call, body: shapes.Reason) -> Answer:
    """POST /v1/owner/lines/{line_id}/re-ages"""
    line_id = known_id(call, "line_id", "line")
    outcome = await execute(call, reage.ReAge(line_id=line_id, reason=body.reason), ("re-age", line_id, body))
    event = cast(ReAged, outcome.event)
    shown = shapes.ReAged(
        id=str(outcome.event_id),
        line_id=str(event.line_id),
        arrears_minor=event.arrears_minor,
        past_due_on=event.past_due_on,
        value_on=event.value_on,
        reason=event.reason,
    )
    return Answer(shown, 201, outcome.replayed)


async def get_hardship(call: Call, body: Any) -> Answer:
    """GET /v1/owner/lines/{line_id}/hardship-plan"""
    query: shapes.HardshipQuery = call.query
    view = await line_view(call)
    found = hardship.preview(
        view.line,
        view.account,
        query.installments,
        view.at.on,
        view.program,
        waive_penalty=query.waive_penalty,
    )
    if isinstance(found, Refusal):
        raise RefusedBy(found)
    return Answer(show.hardship(view.line.id, found))


async def agree_hardship(call: Call, body: shapes.NewHardship) -> Answer:
    """POST /v1/owner/lines/{line_id}/hardship-plans"""
    line_id = known_id(call, "line_id", "line")
    command = hardship.AgreeHardship(
        line_id=line_id, installments=body.installments, waive_penalty=body.waive_penalty, reason=body.reason
    )
    outcome = await execute(call, command, ("hardship-plan", line_id, body))
    event = cast(HardshipAgreed, outcome.event)
    shown = shapes.Hardship(
        id=str(outcome.event_id),
        line_id=str(event.line_id),
        installments=event.plan.count,
        principal_minor=event.amount_minor,
        charges_minor=event.charges_minor,
        interest_minor=event.plan.fee_minor,
        penalty_waived=event.penalty_waived,
        value_on=event.value_on,
        reason=event.reason,
    )
    return Answer(shown, 201, outcome.replayed)


async def end_hardship_plan(call: Call, body: shapes.NewHardshipEnd) -> Answer:
    """POST /v1/owner/lines/{line_id}/hardship-plan-ends"""
    line_id = known_id(call, "line_id", "line")
    command = end_hardship.EndHardship(line_id=line_id, rest=body.rest, reason=body.reason)
    outcome = await execute(call, command, ("hardship-plan-end", line_id, body))
    event = cast(HardshipEndedEarly, outcome.event)
    shown = shapes.HardshipEnd(
        id=str(outcome.event_id),
        line_id=str(event.line_id),
        rest=event.rest,
        rest_minor=event.rest_minor,
        value_on=event.value_on,
        reason=event.reason,
    )
    return Answer(shown, 201, outcome.replayed)
