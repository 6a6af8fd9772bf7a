"""Where the bank and the books differ."""

from __future__ import annotations

from typing import Final

from florin.wires.rest import bank, shapes
from florin.wires.rest.operations.refused import KEYED
from florin.wires.rest.serve import Operation

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET",
        path="/v1/owner/bank/breaks",
        name="list_bank_breaks",
        summary="Where the bank's statement and our orders differ, the oldest first",
        tag="owner",
        needs="owner",
        run=bank.get_breaks,
        answer=shapes.BankBreaks,
    ),
    Operation(
        method="POST",
        path="/v1/owner/bank/breaks/{break_id}/assign",
        name="assign_bank_break",
        summary="Somebody looks into a break, and notes what is known",
        tag="owner",
        needs="owner",
        run=bank.assign_break,
        body=shapes.BreakAssignment,
        examples={"asked": {"to": "mei", "note": "asked the bank"}},
        answer=shapes.BankBreak,
        status=201,
        idempotent=True,
        refusals=("BreakNotOpen", "NotFound", *KEYED),
    ),
    Operation(
        method="POST",
        path="/v1/owner/bank/breaks/{break_id}/resolve",
        name="resolve_bank_break",
        summary="A break is explained",
        description="It moves no money. A charge is recorded with `florin bank break … --charge`.",
        tag="owner",
        needs="owner",
        run=bank.resolve_break,
        body=shapes.BreakResolution,
        examples={"mended": {"by": "mei", "reason": "the bank gives it back on 5 March"}},
        answer=shapes.BankBreak,
        status=201,
        idempotent=True,
        refusals=("BreakNotOpen", "ReasonMissing", "NotFound", *KEYED),
    ),
    Operation(
        method="GET",
        path="/v1/owner/bank/receipts",
        name="list_unallocated_receipts",
        summary="Money that came and fits nothing, the oldest first",
        tag="owner",
        needs="owner",
        run=bank.get_receipts,
        answer=shapes.UnallocatedReceipts,
    ),
    Operation(
        method="POST",
        path="/v1/owner/bank/receipts/{receipt_id}/allocate",
        name="allocate_receipt",
        summary="It is known whose the money is: a top-up of a wallet, or a repayment",
        tag="owner",
        needs="owner",
        run=bank.allocate_receipt,
        body=shapes.Allocation,
        examples={"a wallet": {"by": "mei", "reason": "she called", "person_id": "1099511627777"}},
        answer=shapes.UnallocatedReceipt,
        status=201,
        idempotent=True,
        refusals=("ReceiptNotOpen", "NothingOwed", "RepaymentAboveOwed", "BreakNotOpen", "NotFound", *KEYED),
    ),
    Operation(
        method="POST",
        path="/v1/owner/bank/receipts/{receipt_id}/send-back",
        name="send_back_receipt",
        summary="The money goes back to the account that it came from",
        tag="owner",
        needs="owner",
        run=bank.send_back_receipt,
        body=shapes.BreakResolution,
        examples={"nobody's": {"by": "mei", "reason": "nobody knows it"}},
        answer=shapes.UnallocatedReceipt,
        status=201,
        idempotent=True,
        refusals=("ReceiptNotOpen", "SenderUnknown", "BreakNotOpen", "NotFound", *KEYED),
    ),
)
