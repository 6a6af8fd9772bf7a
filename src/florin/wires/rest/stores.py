"""Stores and tills of a merchant, by the owner's program: registered once, named by trades and by printed codes."""

from __future__ import annotations

import asyncio
from typing import Any

from florin.engine import NotFound
from florin.queries.merchants import merchant_by_id
from florin.queries.stores import StoreRow, stores_of
from florin.wires.rest import shapes
from florin.wires.rest.owner import known_id
from florin.wires.rest.problems import RefusedBy, invalid
from florin.wires.rest.serve import Answer, Call


async def get_stores(call: Call, body: Any) -> Answer:
    """GET /v1/owner/merchants/{merchant_id}/stores"""
    merchant_id = await _merchant(call)
    found = await call.house.reads.ask_async(stores_of, merchant_id=merchant_id)
    return Answer(shapes.Stores(items=tuple(_shown(call, row) for row in found)))


async def put_store(call: Call, body: shapes.NewStore) -> Answer:
    """POST /v1/owner/merchants/{merchant_id}/stores"""
    merchant_id = await _merchant(call)
    put = call.house.engine.put_store
    await asyncio.to_thread(put, merchant_id, body.code, name=body.name, name_zh=body.name_zh, address=body.address)
    return Answer(_shown(call, await _store(call, merchant_id, body.code)))


async def close_store(call: Call, body: Any) -> Answer:
    """POST /v1/owner/merchants/{merchant_id}/stores/{store}/close"""
    merchant_id = await _merchant(call)
    code = call.parts["store"]
    await asyncio.to_thread(call.house.engine.close_store, merchant_id, code)
    return Answer(_shown(call, await _store(call, merchant_id, code)))


async def put_terminal(call: Call, body: shapes.NewTerminal) -> Answer:
    """POST /v1/owner/merchants/{merchant_id}/stores/{store}/terminals"""
    merchant_id = await _merchant(call)
    store = await _store(call, merchant_id, call.parts["store"])
    put = call.house.engine.put_terminal
    made = await asyncio.to_thread(put, merchant_id, store.code, body.code, app_id=int(body.app_id))
    if made is None:
        raise invalid("app_id", "This merchant has no such app.", "Send the number of one of the merchant's own apps.")
    return Answer(_shown(call, await _store(call, merchant_id, store.code)))


async def close_terminal(call: Call, body: Any) -> Answer:
    """POST /v1/owner/merchants/{merchant_id}/stores/{store}/terminals/{terminal}/close"""
    merchant_id = await _merchant(call)
    store = await _store(call, merchant_id, call.parts["store"])
    code = call.parts["terminal"]
    found = next((terminal for terminal in store.terminals if terminal.code == code), None)
    if found is None:
        raise RefusedBy(NotFound(what="terminal", id=0))
    await asyncio.to_thread(call.house.engine.close_terminal, merchant_id, store.code, code)
    return Answer(_shown(call, await _store(call, merchant_id, store.code)))


async def _merchant(call: Call) -> int:
    merchant_id = known_id(call, "merchant_id", "merchant")
    if await call.house.reads.ask_async(merchant_by_id, merchant_id=merchant_id) is None:
        raise RefusedBy(NotFound(what="merchant", id=merchant_id))
    return merchant_id


async def _store(call: Call, merchant_id: int, code: str) -> StoreRow:
    for row in await call.house.reads.ask_async(stores_of, merchant_id=merchant_id):
        if row.code == code:
            return row
    raise RefusedBy(NotFound(what="store", id=0))


def _shown(call: Call, row: StoreRow) -> shapes.Store:
    return shapes.Store(
        merchant_id=str(row.merchant_id),
        code=row.code,
        name=row.name,
        name_zh=row.name_zh,
        address=row.address,
        state="open" if row.state == "open" else "closed",
        terminals=tuple(
            shapes.Terminal(
                id=str(terminal.id),
                code=terminal.code,
                app_id=str(terminal.app_id),
                state="open" if terminal.state == "open" else "closed",
                counter_url=call.house.settings.counter_url(terminal.id),
            )
            for terminal in row.terminals
        ),
    )
