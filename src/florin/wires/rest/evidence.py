"""What a mall's program does for its buyers, and evidence: a refund asked for in her name, files shown and looked at."""

from __future__ import annotations

import asyncio
from typing import Any

from florin.engine import NotFound, lane_of
from florin.events import EvidenceFile
from florin.payments.requests.ask import RequestRefund
from florin.payments.requests.dispute import GiveEvidence, refuse_files
from florin.payments.requests.terms import escrow_terms
from florin.queries.requests import RequestView
from florin.store.evidence import keep_evidence, media_type, read_evidence
from florin.wires.rest import payments, requests, shapes
from florin.wires.rest.items import counts_of
from florin.wires.rest.problems import RefusedBy
from florin.wires.rest.serve import Answer, Call


async def ask(call: Call, body: shapes.NewRefundRequest) -> Answer:
    """POST /v1/payments/{payment_id}/refund-requests"""
    view = await payments.own(call)
    payment_id = payments.paid(view)
    assert view.payment is not None, "what is paid has its payment"
    command = RequestRefund(
        request_id=call.house.engine.new_id(lane_of(payment_id)),
        payment_id=payment_id,
        person_id=view.payment.person_id,
        amount_minor=body.amount_minor,
        reason=body.reason,
        sort=body.sort,
        note=body.note,
        items=counts_of(body.items),
    )
    outcome = await requests.execute(call, command, ("ask-refund", view.trade.id, body))
    assert outcome.event is not None, "it is asked, or was before, or is refused"
    asked = await requests.of_number(call, outcome.event.request_id)  # type: ignore[attr-defined]
    return Answer(requests.shown(asked), 201, outcome.replayed)


async def give(call: Call, body: shapes.NewEvidence) -> Answer:
    """POST /v1/refund-requests/{request_id}/evidence"""
    view = await requests.own(call)
    files = () if body.file is None else (await _kept(call, body.file),)
    command = GiveEvidence(
        request_id=view.request.id,
        payment_id=view.request.payment_id,
        merchant_id=view.request.merchant_id,
        note=body.note,
        files=files,
    )
    digests = [file.digest for file in files]
    outcome = await requests.execute(call, command, ("evidence", view.request.id, body.note, digests))
    return Answer(requests.shown(await requests.own(call)), 201, outcome.replayed)


async def get_file(call: Call, body: Any) -> Answer:
    """GET /v1/refund-requests/{request_id}/evidence/{digest}"""
    return await _file(call, await requests.own(call))


async def get_file_of_dispute(call: Call, body: Any) -> Answer:
    """GET /v1/owner/disputes/{request_id}/evidence/{digest}"""
    return await _file(call, await requests.found(call))


async def _kept(call: Call, file: shapes.NewFile) -> EvidenceFile:
    """The file, kept under its digest. What may not be shown is refused before anything is kept. Raises RefusedBy."""
    shown = EvidenceFile(digest="-", name=file.name, type=media_type(file.content), size=len(file.content))
    terms = escrow_terms(call.house.engine.at().on)
    if refusal := refuse_files((shown,), 0, terms):
        raise RefusedBy(refusal)
    digest = await asyncio.to_thread(keep_evidence, call.house.settings.evidence, file.content)
    return EvidenceFile(digest=digest, name=shown.name, type=shown.type, size=shown.size)


async def _file(call: Call, view: RequestView) -> Answer:
    """A file that a side of this dispute has shown; every other is not there."""
    digest = call.parts["digest"]
    file = next((each for given in view.evidence for each in given.files if each.digest == digest), None)
    content = None
    if file is not None:
        content = await asyncio.to_thread(read_evidence, call.house.settings.evidence, digest)
    if file is None or content is None:
        raise RefusedBy(NotFound(what="evidence file", id=view.request.id))
    return Answer(
        shapes.EvidenceFile(name=file.name, type=file.type, size=file.size, digest=file.digest, content=content)
    )
