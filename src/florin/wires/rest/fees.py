"""Fees by the owner's program: who got which fen of a payment, or of the sales of days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from florin.engine import NotFound, clock
from florin.queries.shares import shares_of_days, shares_of_payment
from florin.wires.rest.owner import known_id
from florin.wires.rest.problems import RefusedBy
from florin.wires.rest.serve import Answer, Call


async def get_shares(call: Call, body: Any) -> Answer:
    """GET /v1/owner/payments/{payment_id}/shares"""
    payment_id = known_id(call, "payment_id", "payment")
    found = await call.house.reads.ask_async(shares_of_payment, payment_id=payment_id, language=call.language)
    if found is None:
        raise RefusedBy(NotFound(what="payment", id=payment_id))
    return Answer(found)


async def get_shares_of_days(call: Call, body: Any) -> Answer:
    """GET /v1/owner/shares"""
    today = (await call.house.reads.ask_async(clock.read)).on
    from_on = call.query.from_on or today
    found = await call.house.reads.ask_async(
        shares_of_days,
        from_on=from_on,
        until_on=call.query.until_on or max(from_on, today) + timedelta(days=1),
        merchant_id=int(call.query.merchant_id or 0),
        language=call.language,
    )
    return Answer(found)
