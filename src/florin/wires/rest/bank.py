"""The bank by the owner's program: breaks and whose they are, money that fits nothing and whose it is found to be."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import msgspec

from florin.bank import bank_of
from florin.bank.reconcile import break_by_id, charge_steps, explain_charge, may_be_charge, order_charge
from florin.credit.repay import Repay
from florin.engine import NotFound, Submission, clock, lane_of
from florin.payments.bank_break import AssignBreak, BreakIsNoCharge, ResolveBreak
from florin.payments.reconcile import business_days
from florin.queries.bank import (
    BreakRow,
    ReceiptRow,
    bank_holidays,
    break_shown,
    break_with_entry,
    breaks,
    open_receipts,
    receipt_shown,
)
from florin.queries.safeguarding import safeguarding
from florin.wallet.receipt import AllocateReceipt, SendBackReceipt
from florin.wallet.top_up import TopUp
from florin.wires.rest import shapes
from florin.wires.rest.owner import known_id, owner_claim
from florin.wires.rest.problems import RefusedBy, invalid
from florin.wires.rest.serve import Answer, Call

# Before it no month goes back.
_FIRST = date.min + timedelta(days=30)


async def get_breaks(call: Call, body: Any) -> Answer:
    """GET /v1/owner/bank/breaks"""
    on, holidays = await _today(call), await call.house.reads.ask_async(bank_holidays)
    found = await call.house.reads.ask_async(breaks)
    return Answer(shapes.BankBreaks(items=tuple(_break(row, on, holidays) for row in found)))


async def assign_break(call: Call, body: shapes.BreakAssignment) -> Answer:
    """POST /v1/owner/bank/breaks/{break_id}/assign"""
    break_id = known_id(call, "break_id", "bank_break")
    command = AssignBreak(break_id=break_id, to=body.to, note=body.note)
    replayed = await _run(call, ("assign-break", break_id, body), command)
    return Answer(await _known_break(call, break_id), 201, replayed)


async def resolve_break(call: Call, body: shapes.BreakResolution) -> Answer:
    """POST /v1/owner/bank/breaks/{break_id}/resolve"""
    break_id = known_id(call, "break_id", "bank_break")
    command = ResolveBreak(break_id=break_id, by=body.by, reason=body.reason)
    replayed = await _run(call, ("resolve-break", break_id, body), command)
    return Answer(await _known_break(call, break_id), 201, replayed)


async def record_charge(call: Call, body: shapes.BreakResolution) -> Answer:
    """POST /v1/owner/bank/breaks/{break_id}/charge"""
    break_id = known_id(call, "break_id", "bank_break")
    found = await call.house.reads.ask_async(break_by_id, break_id=break_id)
    if found is None:
        raise RefusedBy(NotFound(what="bank_break", id=break_id))
    if may_be_charge(found):
        on = await _today(call)
        # First the order, which said twice is one: who dies in between says it again.
        await asyncio.to_thread(call.house.engine.apart, lambda c, _: order_charge(bank_of(c), found, on=on))
    elif found.state == "open":
        raise RefusedBy(BreakIsNoCharge(break_id=break_id))
    key = owner_claim(call, ("charge", break_id, body))
    replayed = await _submit(call, charge_steps(found, by=body.by, reason=body.reason, claims=(key,)))
    await asyncio.to_thread(call.house.engine.apart, lambda c, _: explain_charge(c, found))
    return Answer(await _known_break(call, break_id), 201, replayed)


async def get_safeguarding(call: Call, body: Any) -> Answer:
    """GET /v1/owner/safeguarding"""
    query: shapes.SafeguardingQuery = call.query
    today = await _today(call)
    until_on = query.until_on or today + timedelta(days=1)
    from_on = query.from_on or (until_on - timedelta(days=30) if until_on > _FIRST else until_on)
    found = await call.house.reads.ask_async(safeguarding, from_on=from_on, until_on=until_on, language=call.language)
    return Answer(shapes.Safeguarding(items=tuple(found)))


async def get_receipts(call: Call, body: Any) -> Answer:
    """GET /v1/owner/bank/receipts"""
    on, holidays = await _today(call), await call.house.reads.ask_async(bank_holidays)
    found = await call.house.reads.ask_async(open_receipts)
    return Answer(shapes.UnallocatedReceipts(items=tuple(_receipt(row, on, holidays) for row in found)))


async def allocate_receipt(call: Call, body: shapes.Allocation) -> Answer:
    """POST /v1/owner/bank/receipts/{receipt_id}/allocate"""
    receipt = await _known_receipt(call)
    if (body.person_id is None) == (body.line_id is None):
        raise invalid("person_id", "One of person_id and line_id says whose it is.", "Send one of the two.")
    command: Any
    if body.line_id is not None:
        on = await _today(call)
        value_on = receipt.booked_on if receipt.booked_on < on else None
        command = Repay(
            line_id=int(body.line_id), amount_minor=receipt.amount_minor, source="bank",
            reference=receipt.bank_reference, value_on=value_on,
        )  # fmt: skip
    else:
        command = TopUp(
            person_id=int(body.person_id or 0), amount_minor=receipt.amount_minor, bank_reference=receipt.bank_reference
        )
    allocated = AllocateReceipt(receipt_id=receipt.id, by=body.by, reason=body.reason)
    return await _explained(call, receipt, ("allocate-receipt", receipt.id, body), body, allocated, command)


async def send_back_receipt(call: Call, body: shapes.BreakResolution) -> Answer:
    """POST /v1/owner/bank/receipts/{receipt_id}/send-back"""
    receipt = await _known_receipt(call)
    payout_id = call.house.engine.new_id(lane_of(receipt.id))
    command = SendBackReceipt(receipt_id=receipt.id, payout_id=payout_id, by=body.by, reason=body.reason)
    return await _explained(call, receipt, ("send-back-receipt", receipt.id, body), body, command)


async def _explained(call: Call, receipt: ReceiptRow, content: Any, body: Any, *commands: Any) -> Answer:
    """Done together with the break that the money came with, all or nothing."""
    found = await call.house.reads.ask_async(break_with_entry, entry_ref=receipt.bank_reference)
    more = () if found is None else (ResolveBreak(break_id=found, by=body.by, reason=body.reason),)
    replayed = await _run(call, content, *commands, *more)
    shown = await call.house.reads.ask_async(receipt_shown, receipt_id=receipt.id)
    assert shown is not None
    holidays = await call.house.reads.ask_async(bank_holidays)
    return Answer(_receipt(shown, await _today(call), holidays), 201, replayed)


async def _run(call: Call, content: Any, *commands: Any) -> bool:
    """Linked commands under the owner's key, whether it was a replay. Raises RefusedBy."""
    first = Submission(command=commands[0], claims=(owner_claim(call, content),), group=1 if commands[1:] else 0)
    rest = [Submission(command=command, group=1) for command in commands[1:]]
    return await _submit(call, [first, *rest])


async def _submit(call: Call, steps: Sequence[Submission]) -> bool:
    outcomes = await call.house.engine.execute_async(steps)
    if outcomes[0].replayed:
        if outcomes[0].refusal is not None:
            raise RefusedBy(outcomes[0].refusal, replayed=True)
        return True
    own = [o.refusal for o in outcomes if o.refusal is not None and o.refusal.name != "GroupRefused"]
    if own:
        raise RefusedBy(own[0])
    return False


async def _today(call: Call) -> date:
    at = await call.house.reads.ask_async(clock.read)
    return at.on


async def _known_break(call: Call, break_id: int) -> shapes.BankBreak:
    found = await call.house.reads.ask_async(break_shown, break_id=break_id)
    if found is None:
        raise RefusedBy(NotFound(what="bank_break", id=break_id))
    return _break(found, await _today(call), await call.house.reads.ask_async(bank_holidays))


async def _known_receipt(call: Call) -> ReceiptRow:
    receipt_id = known_id(call, "receipt_id", "receipt")
    found = await call.house.reads.ask_async(receipt_shown, receipt_id=receipt_id)
    if found is None:
        raise RefusedBy(NotFound(what="receipt", id=receipt_id))
    return found


def _break(row: BreakRow, on: date, holidays: Mapping[date, bool]) -> shapes.BankBreak:
    age = business_days(row.since_on, row.resolved_on or on, holidays)
    return msgspec.convert({**asdict(row), "id": str(row.id), "age": age}, shapes.BankBreak)


def _receipt(row: ReceiptRow, on: date, holidays: Mapping[date, bool]) -> shapes.UnallocatedReceipt:
    age = business_days(row.booked_on, on, holidays)
    return msgspec.convert({**asdict(row), "id": str(row.id), "age": age}, shapes.UnallocatedReceipt)
