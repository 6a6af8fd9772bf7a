"""Merchants by the owner's program: stopped, opened again, and where they sell."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from florin.engine import NotFound
from florin.queries.merchants import MerchantView, merchant_by_id
from florin.wires.rest import shapes, show
from florin.wires.rest.owner import number_in
from florin.wires.rest.problems import Refuse, RefusedBy
from florin.wires.rest.serve import Answer, Call


async def freeze_merchant(call: Call, body: Any) -> Answer:
    """POST /v1/owner/merchants/{merchant_id}/freeze"""
    return await _move_merchant(call, call.house.engine.freeze_merchant)


async def unfreeze_merchant(call: Call, body: Any) -> Answer:
    """POST /v1/owner/merchants/{merchant_id}/unfreeze"""
    return await _move_merchant(call, call.house.engine.unfreeze_merchant)


async def place_merchant(call: Call, body: shapes.NewPlace) -> Answer:
    """POST /v1/owner/merchants/{merchant_id}/place"""
    merchant_id = number_in(call, "merchant_id")
    await known_merchant(call, merchant_id)
    place = call.house.engine.place_merchant
    await asyncio.to_thread(place, merchant_id, market=body.market, category=body.category)
    return Answer(show.merchant(await known_merchant(call, merchant_id)))


async def _move_merchant(call: Call, move: Callable[[int], bool]) -> Answer:
    merchant_id = number_in(call, "merchant_id")
    before = await known_merchant(call, merchant_id)
    if before.state == "closed":
        raise Refuse("MerchantClosed")
    await asyncio.to_thread(move, merchant_id)
    return Answer(show.merchant(await known_merchant(call, merchant_id)))


async def known_merchant(call: Call, merchant_id: int) -> MerchantView:
    found = await call.house.reads.ask_async(merchant_by_id, merchant_id=merchant_id)
    if found is None:
        raise RefusedBy(NotFound(what="merchant", id=merchant_id))
    return found
