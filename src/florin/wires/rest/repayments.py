"""Repayments by the owner's program: taken, taken back by the bank, confirmed."""

from __future__ import annotations

from typing import cast

from florin.credit.repay import Repay
from florin.credit.repayment_hold import ConfirmRepayment
from florin.credit.return_repayment import ReturnRepayment
from florin.engine import ClaimKind, Outcome, claim
from florin.engine.submission import Claim
from florin.events import Repaid, RepaymentConfirmed, RepaymentReturned, RepaymentSource
from florin.wires.rest import shapes
from florin.wires.rest.owner import execute, known_id
from florin.wires.rest.problems import invalid
from florin.wires.rest.serve import Answer, Call


async def repay(call: Call, body: shapes.NewRepayment) -> Answer:
    """POST /v1/owner/lines/{line_id}/repayments"""
    line_id = known_id(call, "line_id", "line")
    once = once_by_bank(body.source, body.bank_reference)
    command = Repay(
        line_id=line_id,
        amount_minor=body.amount_minor,
        source=body.source,
        reference=body.bank_reference,
        value_on=body.value_on,
    )
    return repaid(await execute(call, command, ("repay", line_id, body), once))


async def return_repayment(call: Call, body: shapes.ReturnedRepayment) -> Answer:
    """POST /v1/owner/lines/{line_id}/repayments/return"""
    line_id = known_id(call, "line_id", "line")
    command = ReturnRepayment(
        line_id=line_id, amount_minor=body.amount_minor, reference=body.bank_reference, reason=body.reason
    )
    outcome = await execute(call, command, ("return-repayment", line_id, body))
    event = cast(RepaymentReturned, outcome.event)
    shown = shapes.RepaymentReturn(
        id=str(outcome.event_id),
        line_id=str(event.line_id),
        amount_minor=event.amount_minor,
        bank_reference=event.reference,
        reason=event.reason,
        value_on=event.value_on,
        known_on=event.known_on,
    )
    return Answer(shown, 201, outcome.replayed)


async def confirm_repayment(call: Call, body: shapes.ConfirmedRepayment) -> Answer:
    """POST /v1/owner/lines/{line_id}/repayments/confirm"""
    line_id = known_id(call, "line_id", "line")
    command = ConfirmRepayment(line_id=line_id, amount_minor=body.amount_minor, reference=body.bank_reference)
    outcome = await execute(call, command, ("confirm-repayment", line_id, body))
    event = cast(RepaymentConfirmed, outcome.event)
    shown = shapes.RepaymentConfirmation(
        id=str(outcome.event_id),
        line_id=str(event.line_id),
        amount_minor=event.amount_minor,
        bank_reference=event.reference,
        repaid_on=event.repaid_on,
        value_on=event.value_on,
    )
    return Answer(shown, 201, outcome.replayed)


def once_by_bank(source: RepaymentSource, bank_reference: str) -> tuple[Claim, ...]:
    """The claim that takes a bank's money once; none for the wallet's. Raises FieldsInvalid when the two do not fit."""
    if (source == "bank") != bool(bank_reference):
        problem = "is needed for money from a bank" if source == "bank" else "belongs to money from a bank"
        raise invalid("bank_reference", f"The bank's reference {problem}.", "Send both, or `source` wallet without it.")
    return (claim(ClaimKind.BANK, 0, bank_reference),) if bank_reference else ()


def repaid(outcome: Outcome) -> Answer:
    """What a repayment made, of the line or of one plan."""
    event = cast(Repaid, outcome.event)
    shown = shapes.Repayment(
        id=str(outcome.event_id),
        line_id=str(event.line_id),
        amount_minor=event.amount_minor,
        source=event.source,
        bank_reference=event.reference,
        value_on=event.value_on,
        known_on=event.known_on or event.value_on,
    )
    return Answer(shown, 201, outcome.replayed)
