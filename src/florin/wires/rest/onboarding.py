"""Merchants who apply, by the owner's program: taken in, checked, approved or refused, opened. And the merchant's look."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from psycopg import Connection

from florin.engine import NotFound, onboarding
from florin.events.refusals import Refusal
from florin.payments.onboarding import Application, normalized
from florin.queries.onboarding import ApplicationView, application_by_id, application_of_merchant, applications
from florin.wires.rest import shapes
from florin.wires.rest.owner import number_in
from florin.wires.rest.problems import RefusedBy, invalid
from florin.wires.rest.serve import Answer, Call


async def get_applications(call: Call, body: Any) -> Answer:
    """GET /v1/owner/applications"""
    found = await call.house.reads.ask_async(applications)
    return Answer(shapes.Applications(items=tuple(map(_application, found))))


async def get_application(call: Call, body: Any) -> Answer:
    """GET /v1/owner/applications/{application_id}"""
    return Answer(await _shown(call, number_in(call, "application_id")))


async def apply(call: Call, body: shapes.NewApplication) -> Answer:
    """POST /v1/owner/applications: the same again gives the one that is there."""
    said = _said(body)
    applied = await asyncio.to_thread(
        call.house.engine.apart, lambda connection, ids: onboarding.apply(connection, ids, said, by=body.by)
    )
    if isinstance(applied, Refusal):
        raise RefusedBy(applied)
    return Answer(await _shown(call, applied.application_id), 201)


async def change(call: Call, body: shapes.NewApplication) -> Answer:
    """POST /v1/owner/applications/{application_id}/change"""
    said = _said(body)
    return await _step(call, lambda c, number: onboarding.change(c, number, said, by=body.by))


async def submit(call: Call, body: shapes.Decided) -> Answer:
    """POST /v1/owner/applications/{application_id}/submit"""
    return await _step(call, lambda c, number: onboarding.submit(c, number, by=body.by))


async def approve(call: Call, body: shapes.Approval) -> Answer:
    """POST /v1/owner/applications/{application_id}/approve"""
    decided = {"by": body.by, "reason": body.reason, "in_spite": body.in_spite}
    return await _step(call, lambda c, number: onboarding.approve(c, number, **decided))  # type: ignore[arg-type]


async def refuse(call: Call, body: shapes.DecidedWhy) -> Answer:
    """POST /v1/owner/applications/{application_id}/refuse"""
    return await _step(call, lambda c, number: onboarding.refuse(c, number, by=body.by, reason=body.reason))


async def open_merchant(call: Call, body: shapes.DecidedWhy) -> Answer:
    """POST /v1/owner/applications/{application_id}/open"""
    return await _step(call, lambda c, number: onboarding.open_merchant(c, number, by=body.by, reason=body.reason))


async def block(call: Call, body: shapes.NewBlock) -> Answer:
    """POST /v1/owner/blocked-parties"""
    if not normalized(body.text):
        raise invalid("text", "This has no letter and no digit.", "Send a name or a registration number.")
    await asyncio.to_thread(
        call.house.engine.apart, lambda c, _: onboarding.block(c, body.text, by=body.by, reason=body.reason)
    )
    return Answer(shapes.Blocked(text=body.text, blocked=True))


async def unblock(call: Call, body: shapes.Unblock) -> Answer:
    """POST /v1/owner/blocked-parties/remove: whether it was there or not, it is not any more."""
    await asyncio.to_thread(call.house.engine.apart, lambda c, _: onboarding.unblock(c, body.text))
    return Answer(shapes.Blocked(text=body.text, blocked=False))


async def need_licence(call: Call, body: shapes.Licence) -> Answer:
    """POST /v1/owner/licences"""
    await asyncio.to_thread(
        call.house.engine.apart, lambda c, _: onboarding.need_licence(c, body.category, body.document)
    )
    return Answer(body)


async def get_own_application(call: Call, body: Any) -> Answer:
    """GET /v1/application: of the merchant whose app's key it is."""
    merchant_id = call.house.engine.reference.apps[call.key.app_id or 0].merchant_id
    found = await call.house.reads.ask_async(application_of_merchant, merchant_id=merchant_id)
    if found is None:
        raise RefusedBy(NotFound(what="application", id=merchant_id))
    shown = shapes.OwnApplication(
        state=found.state,
        missing=tuple(found.missing),
        failed=tuple(finding.check for finding in found.findings if not finding.passes),
        reason=found.steps[-1].reason if found.steps else "",
    )
    return Answer(shown)


async def _step(call: Call, step: Callable[[Connection, int], Refusal | None]) -> Answer:
    application_id = number_in(call, "application_id")
    await _shown(call, application_id)
    refusal = await asyncio.to_thread(call.house.engine.apart, lambda connection, _: step(connection, application_id))
    if refusal is not None:
        raise RefusedBy(refusal)
    return Answer(await _shown(call, application_id))


async def _shown(call: Call, application_id: int) -> shapes.Application:
    found = await call.house.reads.ask_async(application_by_id, application_id=application_id)
    if found is None:
        raise RefusedBy(NotFound(what="application", id=application_id))
    return _application(found)


def _said(body: shapes.NewApplication) -> Application:
    said = msgspec.to_builtins(body)
    del said["by"]
    return msgspec.convert(said, Application)


def _application(view: ApplicationView) -> shapes.Application:
    shown = {**msgspec.to_builtins(view.application), **msgspec.to_builtins(view)}
    return msgspec.convert({**shown, "id": str(view.id), "merchant_id": str(view.merchant_id)}, shapes.Application)
