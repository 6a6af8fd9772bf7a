"""Bills over REST: a published day of a merchant, in the form that was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import msgspec

from florin.documents.bills import bill_file
from florin.engine import NotFound
from florin.queries.bills import Bill, NotPublished, of_app, read_bill
from florin.wires.rest.owner import known_id
from florin.wires.rest.problems import Refuse, RefusedBy, invalid
from florin.wires.rest.serve import Answer, Call


async def get_bill(call: Call, body: Any) -> Answer:
    """GET /v1/bills/{day}: of the app whose key it is."""
    app_id = call.key.app_id
    assert app_id is not None, "a merchant's key is an app's"
    app = call.house.engine.reference.apps[app_id]
    return await _answer(call, app.merchant_id, lambda bill: of_app(bill, app_id))


async def get_bill_of_merchant(call: Call, body: Any) -> Answer:
    """GET /v1/owner/merchants/{merchant_id}/bills/{day}"""
    return await _answer(call, known_id(call, "merchant_id", "merchant"), lambda bill: bill)


async def _answer(call: Call, merchant_id: int, part: Callable[[Bill], Bill]) -> Answer:
    try:
        on = date.fromisoformat(call.parts["day"])
    except ValueError:
        raise invalid("day", "This is no date.", "Write the day of the bill, as in 2026-03-02.") from None
    if on == date.max:
        raise Refuse("BillNotPublished", through_on="–")
    try:
        bill = await call.house.reads.ask_async(
            read_bill, merchant_id=merchant_id, from_on=on, before_on=on + timedelta(days=1)
        )
    except NotPublished as refused:
        raise Refuse("BillNotPublished", through_on=str(refused.through_on or "–")) from None
    if bill is None:
        raise RefusedBy(NotFound(what="merchant", id=merchant_id))
    file = await asyncio.to_thread(lambda: bill_file(part(bill), call.query.form))
    if file.content_type == "application/json":
        return Answer(msgspec.Raw(file.content))
    return Answer(file.content, content_type=file.content_type.encode())
