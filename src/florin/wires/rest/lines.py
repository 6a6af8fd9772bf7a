"""Lines by the owner's program: given, limited, lifted, frozen, closed, and read as of today or of a day."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from florin.credit.autopay import SetAutopay
from florin.credit.close import CloseLine
from florin.credit.freeze import FreezeLine, UnfreezeLine
from florin.credit.limit import GiveUplift, SetLimit
from florin.credit.move_cycle import MoveCycle
from florin.credit.open import OpenLine
from florin.credit.program import program_names
from florin.engine import NotFound, Outcome, clock, lane_of
from florin.events import (
    AutopaySet,
    CycleMoved,
    LimitSet,
    LineClosed,
    LineFrozen,
    LineOpened,
    LineUnfrozen,
    UpliftGiven,
)
from florin.queries.as_of import DayOutOfRange, LineAsOf, line_as_of_day
from florin.queries.limits import limit_history
from florin.queries.lines import LineView, line_by_id
from florin.wires.rest import shapes, show
from florin.wires.rest.owner import execute, known_id, number_in
from florin.wires.rest.persons import known_person
from florin.wires.rest.problems import RefusedBy, invalid
from florin.wires.rest.serve import Answer, Call


async def open_line(call: Call, body: shapes.NewLine) -> Answer:
    """POST /v1/owner/lines"""
    person = await known_person(call, int(body.person_id))
    refuse_program(body.program)
    command = OpenLine(
        person_id=person.id,
        line_id=call.house.engine.new_id(lane_of(person.id)),
        program=body.program,
        limit_minor=body.limit_minor,
    )
    outcome = await execute(call, command, ("open-line", body))
    event = cast(LineOpened, outcome.event)
    return _changed(outcome, "opened", limit_minor=event.limit_minor)


async def get_line(call: Call, body: Any) -> Answer:
    """GET /v1/owner/lines/{line_id}"""
    query: shapes.LineQuery = call.query
    if query.on is None and query.known_on is None:
        return Answer(show.line(await line_view(call), call.house.settings.lender))
    line_id = number_in(call, "line_id")

    def question(connection: Any) -> LineAsOf | None:
        today = clock.read(connection).on
        on, known_on = query.on or today, query.known_on or today
        return line_as_of_day(connection, line_id=line_id, on=on, known_on=known_on, today=today)

    try:
        view = await call.house.reads.ask_async(question)
    except DayOutOfRange as wrong:
        raise invalid(wrong.which, wrong.problem, wrong.fix) from None
    if view is None:
        raise RefusedBy(NotFound(what="line", id=line_id))
    return Answer(show.line_as_of(view, call.house.settings.lender))


async def set_limit(call: Call, body: shapes.NewLimit) -> Answer:
    """POST /v1/owner/lines/{line_id}/limit"""
    line_id = known_id(call, "line_id", "line")
    command = SetLimit(line_id=line_id, limit_minor=body.limit_minor, reason=body.reason, code=body.code)
    outcome = await execute(call, command, ("limit", line_id, body))
    event = cast(LimitSet, outcome.event)
    return _changed(outcome, "limit-set", limit_minor=event.limit_minor, reason=event.reason)


async def give_uplift(call: Call, body: shapes.NewUplift) -> Answer:
    """POST /v1/owner/lines/{line_id}/uplifts"""
    line_id = known_id(call, "line_id", "line")
    command = GiveUplift(line_id=line_id, amount_minor=body.amount_minor, until_on=body.until_on, reason=body.reason)
    outcome = await execute(call, command, ("uplift", line_id, body))
    event = cast(UpliftGiven, outcome.event)
    shown = shapes.LimitChange(
        id=str(outcome.event_id),
        what="uplift-given",
        value_on=event.value_on,
        amount_minor=event.amount_minor,
        until_on=event.until_on,
        reason=event.reason,
    )
    return Answer(shown, 201, outcome.replayed)


async def move_bill_day(call: Call, body: shapes.NewBillDay) -> Answer:
    """POST /v1/owner/lines/{line_id}/bill-day"""
    line_id = known_id(call, "line_id", "line")
    outcome = await execute(call, MoveCycle(line_id=line_id, cycle_day=body.cycle_day), ("bill-day", line_id, body))
    event = cast(CycleMoved, outcome.event)
    shown = shapes.BillDay(
        id=str(outcome.event_id),
        line_id=str(event.line_id),
        cycle_day=event.cycle_day,
        due_day=event.due_day,
        value_on=event.value_on,
    )
    return Answer(shown, 201, outcome.replayed)


async def close_line(call: Call, body: shapes.NewClosing) -> Answer:
    """POST /v1/owner/lines/{line_id}/close"""
    line_id = known_id(call, "line_id", "line")
    command = CloseLine(line_id=line_id, reason=body.reason, when_paid=body.when_paid, code=body.code)
    outcome = await execute(call, command, ("close", line_id, body))
    event = outcome.event
    return _changed(outcome, "closed" if isinstance(event, LineClosed) else "closing", reason=body.reason)


async def set_autopay(call: Call, body: shapes.NewAutopay) -> Answer:
    """POST /v1/owner/lines/{line_id}/autopay"""
    line_id = known_id(call, "line_id", "line")
    outcome = await execute(call, SetAutopay(line_id=line_id, sources=body.sources), ("autopay", line_id, body))
    event = cast(AutopaySet, outcome.event)
    shown = shapes.Autopay(
        id=str(outcome.event_id), line_id=str(event.line_id), sources=event.sources, value_on=event.value_on
    )
    return Answer(shown, 201, outcome.replayed)


async def get_limit_history(call: Call, body: Any) -> Answer:
    """GET /v1/owner/lines/{line_id}/limit-history"""
    line_id = number_in(call, "line_id")
    found = await call.house.reads.ask_async(limit_history, line_id=line_id)
    if not found:
        raise RefusedBy(NotFound(what="line", id=line_id))
    return Answer(shapes.LimitHistory(items=tuple(map(show.limit_change, found))))


async def freeze_line(call: Call, body: shapes.NewFreeze) -> Answer:
    """POST /v1/owner/lines/{line_id}/freeze"""
    line_id = known_id(call, "line_id", "line")
    outcome = await execute(
        call, FreezeLine(line_id=line_id, reason=body.reason, code=body.code), ("freeze", line_id, body)
    )
    return _changed(outcome, "frozen", reason=cast(LineFrozen, outcome.event).reason)


async def unfreeze_line(call: Call, body: shapes.Reason) -> Answer:
    """POST /v1/owner/lines/{line_id}/unfreeze"""
    line_id = known_id(call, "line_id", "line")
    outcome = await execute(call, UnfreezeLine(line_id=line_id, reason=body.reason), ("unfreeze", line_id, body))
    return _changed(outcome, "unfrozen", reason=cast(LineUnfrozen, outcome.event).reason)


def _changed(outcome: Outcome, what: Any, *, limit_minor: int | None = None, reason: str | None = None) -> Answer:
    event = outcome.event
    assert event is not None
    shown = shapes.Change(
        id=str(outcome.event_id),
        line_id=str(event.line_id),
        what=what,
        value_on=event.value_on,
        limit_minor=limit_minor,
        reason=reason,
    )
    return Answer(shown, 201, outcome.replayed)


async def line_view(call: Call) -> LineView:
    line_id = number_in(call, "line_id")
    view = await call.house.reads.ask_async(line_question(line_id))
    if view is None:
        raise RefusedBy(NotFound(what="line", id=line_id))
    return view


def line_question(line_id: int) -> Callable[[Any], LineView | None]:
    return lambda connection: line_by_id(connection, line_id=line_id, at=clock.read(connection))


def refuse_program(name: str) -> None:
    if name not in program_names():
        raise invalid("program", "There is no such program.", f"Send one of: {', '.join(program_names())}.")
