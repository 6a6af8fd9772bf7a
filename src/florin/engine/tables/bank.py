"""Breaks between the bank and the books, and receipts that fit nothing: to rows and back."""

from __future__ import annotations

from typing import Any

from florin.engine.tables.table import Table, bigint, day, smallint, text
from florin.payments.bank_break import BankBreak
from florin.wallet.receipt import Receipt

BANK_BREAK = Table(
    "bank_break",
    [smallint("lane"), bigint("id"), text("account"), text("what"), text("reference"), text("entry_ref"),
     bigint("expected_minor"), bigint("found_minor"), day("since_on"), text("state"), text("owner"), text("note"),
     day("resolved_on"), text("resolved_by"), text("reason")],
    changing=("state", "owner", "note", "resolved_on", "resolved_by", "reason"),
)  # fmt: skip
RECEIPT = Table(
    "receipt",
    [smallint("lane"), bigint("id"), bigint("amount_minor"), text("bank_reference"), day("booked_on"), text("party"),
     text("party_account"), text("text"), text("state"), bigint("payout_id")],
    changing=("state", "payout_id"),
)  # fmt: skip


def break_of(row: tuple[Any, ...]) -> BankBreak:
    (lane, identifier, account, what, reference, entry_ref, expected, found, since_on, state, owner, note, resolved_on,
     resolved_by, reason) = row  # fmt: skip
    return BankBreak(
        lane=lane, id=identifier, account=account, what=what, reference=reference, entry_ref=entry_ref,
        expected_minor=expected, found_minor=found, since_on=since_on, state=state, owner=owner, note=note,
        resolved_on=resolved_on, resolved_by=resolved_by, reason=reason,
    )  # fmt: skip


def break_row(found: BankBreak) -> tuple[Any, ...]:
    return (
        found.lane, found.id, found.account, found.what, found.reference, found.entry_ref, found.expected_minor,
        found.found_minor, found.since_on, found.state, found.owner, found.note, found.resolved_on, found.resolved_by,
        found.reason,
    )  # fmt: skip


def receipt_of(row: tuple[Any, ...]) -> Receipt:
    lane, identifier, amount, reference, booked_on, party, party_account, said, state, payout_id = row
    return Receipt(
        lane=lane, id=identifier, amount_minor=amount, bank_reference=reference, booked_on=booked_on, party=party,
        party_account=party_account, text=said, state=state, payout_id=payout_id,
    )  # fmt: skip


def receipt_row(receipt: Receipt) -> tuple[Any, ...]:
    return (
        receipt.lane, receipt.id, receipt.amount_minor, receipt.bank_reference, receipt.booked_on, receipt.party,
        receipt.party_account, receipt.text, receipt.state, receipt.payout_id,
    )  # fmt: skip
