"""Fees by the owner's program: plans, who is on which, what a sale costs and why; who got which fen."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

from florin.engine import NotFound, clock
from florin.engine.admin import add_fee_plan
from florin.payments.fee_plan import FeePlanInvalid, FeePlanUnknown, FeesBeginInThePast, fee_plan_of
from florin.queries.fees import MerchantFees, fees_of_merchant, fees_of_payment, plans
from florin.queries.shares import shares_of_days, shares_of_payment
from florin.wires.rest import shapes
from florin.wires.rest.owner import known_id
from florin.wires.rest.problems import RefusedBy, invalid
from florin.wires.rest.serve import Answer, Call


async def get_plans(call: Call, body: Any) -> Answer:
    """GET /v1/owner/fee-plans"""
    today = (await call.house.reads.ask_async(clock.read)).on
    found = await call.house.reads.ask_async(plans, on=today, language=call.language)
    return Answer(shapes.FeePlans(items=tuple(found)))


async def add_plan(call: Call, body: shapes.NewFeePlan) -> Answer:
    """POST /v1/owner/fee-plans"""
    try:
        plan = fee_plan_of(body.toml, source="toml")
    except FeePlanInvalid as wrong:
        raise invalid("toml", wrong.problem, "docs/how-to/fees.md explains each field.") from None
    refusal = await asyncio.to_thread(call.house.engine.apart, lambda c, _: add_fee_plan(c, plan, body.toml))
    if refusal is not None:
        raise RefusedBy(refusal)
    begins = tuple(version.from_on for version in plan.versions)
    return Answer(shapes.FeePlanAdded(name=plan.name, title_en=plan.title_en, title_zh=plan.title_zh, versions=begins))


async def get_merchant_fees(call: Call, body: Any) -> Answer:
    """GET /v1/owner/merchants/{merchant_id}/fees"""
    merchant_id = known_id(call, "merchant_id", "merchant")
    today = (await call.house.reads.ask_async(clock.read)).on
    return Answer(await _fees_of(call, merchant_id, call.query.on or today))


async def set_merchant_fees(call: Call, body: shapes.NewMerchantFees) -> Answer:
    """POST /v1/owner/merchants/{merchant_id}/fees"""
    merchant_id = known_id(call, "merchant_id", "merchant")
    today = (await call.house.reads.ask_async(clock.read)).on
    from_on = body.from_on or today
    if body.plan not in {plan.name for plan in await call.house.reads.ask_async(plans, on=today)}:
        raise RefusedBy(FeePlanUnknown(plan=body.plan))
    if from_on < today:
        raise RefusedBy(FeesBeginInThePast(from_on=from_on, today=today))
    await _fees_of(call, merchant_id, from_on)
    await asyncio.to_thread(call.house.engine.assign_fees, merchant_id=merchant_id, plan=body.plan, from_on=from_on)
    return Answer(await _fees_of(call, merchant_id, from_on))


async def _fees_of(call: Call, merchant_id: int, on: date) -> MerchantFees:
    found = await call.house.reads.ask_async(fees_of_merchant, merchant_id=merchant_id, on=on, language=call.language)
    if found is None:
        raise RefusedBy(NotFound(what="merchant", id=merchant_id))
    return found


async def get_payment_fees(call: Call, body: Any) -> Answer:
    """GET /v1/owner/payments/{payment_id}/fees"""
    payment_id = known_id(call, "payment_id", "payment")
    found = await call.house.reads.ask_async(fees_of_payment, payment_id=payment_id, language=call.language)
    if found is None:
        raise RefusedBy(NotFound(what="payment", id=payment_id))
    return Answer(shapes.PaymentFees(items=tuple(found)))


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
