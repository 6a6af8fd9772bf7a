"""Partner banks by the owner's program: an agreement to fund a share of each new loan, and whose each part of its loans is."""

from __future__ import annotations

from typing import Any

import msgspec

from florin.credit.funding import CloseFunding, OpenFunding
from florin.engine import NotFound, lane_for
from florin.queries.partners import PartnerView, partner_by_id
from florin.queries.partners import partners as all_partners
from florin.wires.rest import shapes
from florin.wires.rest.owner import execute, known_id
from florin.wires.rest.problems import RefusedBy
from florin.wires.rest.serve import Answer, Call


async def open_partner(call: Call, body: shapes.NewPartner) -> Answer:
    """POST /v1/owner/partners"""
    command = OpenFunding(
        agreement_id=call.house.engine.new_id(lane_for(f"partner/{body.partner}")),
        partner=body.partner,
        programs=body.programs,
        share_ppm=body.share_ppm,
        servicing_ppm=body.servicing_ppm,
        cap_minor=body.cap_minor,
        from_on=body.from_on,
        until_on=body.until_on,
    )
    outcome = await execute(call, command, ("open-partner", body))
    return Answer(_shown(await _found(call, outcome.event_id)), 201, outcome.replayed)


async def get_partners(call: Call, body: Any) -> Answer:
    """GET /v1/owner/partners"""
    found = await call.house.reads.ask_async(all_partners)
    return Answer(shapes.Partners(items=tuple(_shown(view) for view in found)))


async def get_partner(call: Call, body: Any) -> Answer:
    """GET /v1/owner/partners/{agreement_id}"""
    return Answer(_shown(await _found(call, known_id(call, "agreement_id", "funding_agreement"))))


async def close_partner(call: Call, body: shapes.Reason) -> Answer:
    """POST /v1/owner/partners/{agreement_id}/close"""
    agreement_id = known_id(call, "agreement_id", "funding_agreement")
    command = CloseFunding(agreement_id=agreement_id, reason=body.reason)
    outcome = await execute(call, command, ("close-partner", agreement_id, body))
    return Answer(_shown(await _found(call, agreement_id)), 201, outcome.replayed)


async def _found(call: Call, agreement_id: int) -> PartnerView:
    view = await call.house.reads.ask_async(partner_by_id, agreement_id=agreement_id)
    if view is None:
        raise RefusedBy(NotFound(what="funding_agreement", id=agreement_id))
    return view


def _shown(view: PartnerView) -> shapes.Partner:
    own = {"id": str(view.id), "own_minor": view.own_minor, "left_minor": view.left_minor}
    return msgspec.convert({**msgspec.to_builtins(view), **own}, shapes.Partner)
