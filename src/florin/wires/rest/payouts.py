"""Payouts: the day's batch and who approves it, by the owner's program; what a payout pays, for him and for the merchant."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import msgspec

from florin.engine import NotFound
from florin.engine.payout_batches import NoPayoutsThatDay, approve_payouts, set_policy
from florin.queries.merchant import read_payouts
from florin.queries.payout_batches import PayoutBatch, payout_batch, payout_batches, payout_lines
from florin.queries.payout_statements import PayoutStatement, read_payout_statement
from florin.wires.rest import shapes
from florin.wires.rest.owner import number_in
from florin.wires.rest.problems import RefusedBy, invalid
from florin.wires.rest.serve import Answer, Call
from florin.wires.rest.settlement import own_merchant

# So many sales and refunds are listed; the sums count all of them.
TRADES_MAX = 10_000


async def get_batches(call: Call, body: Any) -> Answer:
    """GET /v1/owner/payout-batches"""
    found = await call.house.reads.ask_async(payout_batches)
    return Answer(shapes.PayoutBatches(items=tuple(map(_batch, found))))


async def get_batch(call: Call, body: Any) -> Answer:
    """GET /v1/owner/payout-batches/{made_on}"""
    made_on = _day(call)
    batch = await _known(call, made_on)
    lines = await call.house.reads.ask_async(payout_lines, made_on=made_on)
    items = tuple(
        msgspec.convert(
            {**msgspec.structs.asdict(line), "id": str(line.id), "merchant_id": str(line.merchant_id)},
            shapes.PayoutLine,
        )
        for line in lines
    )
    return Answer(shapes.PayoutBatchLines(batch=batch, items=items))


async def approve(call: Call, body: shapes.PayoutApproval) -> Answer:
    """POST /v1/owner/payout-batches/{made_on}/approve: the same person twice is one approval."""
    made_on = _day(call)
    refusal = await asyncio.to_thread(
        call.house.engine.apart,
        lambda connection, _: approve_payouts(
            connection, made_on, seen_minor=body.seen_minor, by=body.by, reason=body.reason
        ),
    )
    if refusal is not None:
        raise RefusedBy(refusal)
    return Answer(await _known(call, made_on))


async def put_policy(call: Call, body: shapes.PayoutPolicy) -> Answer:
    """POST /v1/owner/payout-policy"""
    await asyncio.to_thread(call.house.engine.apart, lambda connection, _: set_policy(connection, body.approvals))
    return Answer(body)


async def get_statement(call: Call, body: Any) -> Answer:
    """GET /v1/owner/payouts/{payout_id}/statement"""
    return Answer(_statement(await _read(call)))


async def get_own_statement(call: Call, body: Any) -> Answer:
    """GET /v1/payouts/{payout_id}/statement: another merchant's is not there."""
    found = await _read(call)
    if found.merchant_id != own_merchant(call):
        raise RefusedBy(NotFound(what="payout", id=found.payout_id))
    return Answer(_statement(found))


async def get_own_payouts(call: Call, body: Any) -> Answer:
    """GET /v1/payouts"""
    merchant = call.house.engine.reference.merchants[own_merchant(call)]
    found = await call.house.reads.ask_async(read_payouts, lane=merchant.lane, merchant_id=merchant.id)
    items = tuple(
        msgspec.convert({**msgspec.structs.asdict(payout), "id": str(payout.id)}, shapes.PayoutSeen) for payout in found
    )
    return Answer(shapes.PayoutsSeen(items=items))


async def _read(call: Call) -> PayoutStatement:
    payout_id = number_in(call, "payout_id")
    found = await call.house.reads.ask_async(read_payout_statement, payout_id=payout_id, limit=TRADES_MAX)
    if found is None:
        raise RefusedBy(NotFound(what="payout", id=payout_id))
    return found


async def _known(call: Call, made_on: date) -> shapes.PayoutBatch:
    found = await call.house.reads.ask_async(payout_batch, made_on=made_on)
    if found is None:
        raise RefusedBy(NoPayoutsThatDay(made_on=made_on))
    return _batch(found)


def _day(call: Call) -> date:
    try:
        return date.fromisoformat(call.parts["made_on"])
    except ValueError:
        raise invalid("made_on", "This is no date.", "Write the day of the payouts, as in 2026-03-05.") from None


def _batch(batch: PayoutBatch) -> shapes.PayoutBatch:
    return msgspec.convert({**msgspec.structs.asdict(batch), "waits": batch.waits}, shapes.PayoutBatch)


def _statement(found: PayoutStatement) -> shapes.PayoutStatement:
    moves = tuple(shapes.PayoutMove(type=m.type, on=m.on, amount_minor=m.amount_minor) for m in found.moves)
    trades = tuple(
        shapes.PayoutTrade(
            payment_id=str(trade.trade_id),
            on=trade.on,
            order_number=trade.order_number,
            refund_number=trade.refund_number,
            received_minor=trade.earned.received_minor,
            fees=trade.earned.fees,
            net_minor=trade.earned.net_minor,
        )
        for trade in found.trades
    )
    return shapes.PayoutStatement(
        payout_id=str(found.payout_id),
        merchant_id=str(found.merchant_id),
        paid_on=found.paid_on,
        amount_minor=found.amount_minor,
        carried_in_minor=found.carried_in_minor,
        carried_out_minor=found.carried_out_minor,
        gross_minor=found.gross_minor,
        refunds_minor=found.refunds_minor,
        fees=found.fees,
        moves=moves,
        trades=trades,
        left_out=found.left_out,
    )
