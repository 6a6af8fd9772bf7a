"""People by the owner's program: who they are, their wallets, and what their lines may come to together."""

from __future__ import annotations

from typing import Any, cast

from florin.credit.shared_limit import SetSharedLimit
from florin.engine import ClaimKind, NotFound, claim, lane_for
from florin.events import PersonJoined, SharedLimitSet, ToppedUp
from florin.queries.persons import PersonView, person_by_id
from florin.queries.shared_limits import shared_limit_history, shared_limits
from florin.wallet.join import Join
from florin.wallet.top_up import TopUp
from florin.wires.rest import shapes, show
from florin.wires.rest.owner import execute, known_id, number_in
from florin.wires.rest.problems import RefusedBy
from florin.wires.rest.serve import Answer, Call


async def join(call: Call, body: shapes.NewPerson) -> Answer:
    """POST /v1/owner/persons"""
    person_id = call.house.engine.new_id(lane_for(body.logon))
    command = Join(person_id=person_id, logon=body.logon, name=body.name)
    outcome = await execute(call, command, ("join", body), (claim(ClaimKind.LOGON, 0, body.logon),))
    event = cast(PersonJoined, outcome.event)
    shown = shapes.Person(
        id=str(event.person_id), name=event.name, logon=body.logon, wallet_balance_minor=0, line_id=None
    )
    return Answer(shown, 201, outcome.replayed)


async def get_person(call: Call, body: Any) -> Answer:
    """GET /v1/owner/persons/{person_id}"""
    person = await known_person(call, number_in(call, "person_id"))
    shown = shapes.Person(
        id=str(person.id),
        name=person.name,
        logon=person.logon,
        wallet_balance_minor=person.balance_minor,
        line_id=None if person.line_id is None else str(person.line_id),
        line_ids=tuple(map(str, person.line_ids)),
    )
    return Answer(shown)


async def top_up(call: Call, body: shapes.NewTopUp) -> Answer:
    """POST /v1/owner/persons/{person_id}/top-ups"""
    person_id = known_id(call, "person_id", "person")
    command = TopUp(person_id=person_id, amount_minor=body.amount_minor, bank_reference=body.bank_reference)
    once = (claim(ClaimKind.BANK, 0, body.bank_reference),)
    outcome = await execute(call, command, ("top-up", person_id, body), once)
    event = cast(ToppedUp, outcome.event)
    shown = shapes.TopUp(
        id=str(outcome.event_id),
        person_id=str(event.person_id),
        amount_minor=event.amount_minor,
        bank_reference=event.bank_reference,
        value_on=event.value_on,
    )
    return Answer(shown, 201, outcome.replayed)


async def get_shared_limits(call: Call, body: Any) -> Answer:
    """GET /v1/owner/persons/{person_id}/shared-limits"""
    person = await known_person(call, number_in(call, "person_id"))
    limits = await call.house.reads.ask_async(shared_limits, person_id=person.id)
    changes = await call.house.reads.ask_async(shared_limit_history, person_id=person.id)
    return Answer(show.shared_limits(limits, changes))


async def set_shared_limit(call: Call, body: shapes.NewSharedLimit) -> Answer:
    """POST /v1/owner/persons/{person_id}/shared-limits"""
    person_id = known_id(call, "person_id", "person")
    command = SetSharedLimit(person_id=person_id, group=body.group, limit_minor=body.limit_minor, reason=body.reason)
    outcome = await execute(call, command, ("shared-limit", person_id, body))
    event = cast(SharedLimitSet, outcome.event)
    shown = shapes.SharedLimitChange(
        id=str(outcome.event_id),
        group=event.group,
        value_on=event.value_on,
        limit_minor=event.limit_minor,
        reason=event.reason,
    )
    return Answer(shown, 201, outcome.replayed)


async def known_person(call: Call, person_id: int) -> PersonView:
    person = await call.house.reads.ask_async(person_by_id, person_id=person_id)
    if person is None:
        raise RefusedBy(NotFound(what="person", id=person_id))
    return person
