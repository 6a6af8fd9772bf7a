"""Breaks: a difference between the bank and the books is found, somebody's to look into, and explained."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec
from msgspec.structs import replace

from florin.events import BankCharged, BreakAssigned, BreakFound, BreakResolved, Event
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.reconcile import BreakKind
from florin.wallet.top_up import AmountNotPositive


class BankBreak(msgspec.Struct, frozen=True, kw_only=True):
    """owner: who looks into it; empty: nobody yet. Amounts as the account shows them; 0: nothing there."""

    id: int
    lane: int
    account: str
    what: str
    reference: str
    entry_ref: str
    expected_minor: int
    found_minor: int
    since_on: date
    state: Literal["open", "resolved"] = "open"
    owner: str = ""
    note: str = ""
    resolved_on: date | None = None
    resolved_by: str = ""
    reason: str = ""


class FindBreak(msgspec.Struct, frozen=True, kw_only=True):
    """Put a break on record. break_id: made by the caller, in the account's lane."""

    break_id: int
    account: str
    what: BreakKind
    reference: str
    entry_ref: str
    expected_minor: int
    found_minor: int
    since_on: date


class AssignBreak(msgspec.Struct, frozen=True, kw_only=True):
    """It is `to`'s to look into; `note` is added to what is known."""

    break_id: int
    to: str
    note: str = ""


class ResolveBreak(msgspec.Struct, frozen=True, kw_only=True):
    """It is explained, for `reason`."""

    break_id: int
    by: str
    reason: str


class RecordBankCharge(msgspec.Struct, frozen=True, kw_only=True):
    """The bank took a charge from the safeguarded account. amount_minor: above zero. lane: of the account."""

    lane: int
    amount_minor: int
    bank_reference: str
    by: str
    reason: str


class BreakIsNoCharge(Refusal, frozen=True, kw_only=True):
    en = "This break is no charge of the bank: that takes money out of the safeguarded account for nothing of ours."
    zh = "该差异不是银行手续费：手续费应为备付金账户的支出，且没有对应的指令。"

    break_id: int


class BreakNotOpen(Refusal, frozen=True, kw_only=True):
    en = "This break was resolved on {resolved_on} by {by}: {reason}."
    zh = "该差异已于{resolved_on}由{by}处理：{reason}。"

    break_id: int
    resolved_on: date
    by: str
    reason: str


class ReasonMissing(Refusal, frozen=True, kw_only=True):
    en = "Say why: whoever reads this break in a year knows nothing else."
    zh = "请填写原因，以便日后查阅。"


def decide_found(command: FindBreak, at: At) -> tuple[BreakFound]:
    return (BreakFound(value_on=at.on, **msgspec.structs.asdict(command)),)


def decide_assigned(found: BankBreak, command: AssignBreak, at: At) -> tuple[BreakAssigned] | Refusal:
    if refusal := _refuse(found):
        return refusal
    return (BreakAssigned(value_on=at.on, break_id=found.id, to=command.to, note=command.note),)


def decide_resolved(found: BankBreak, command: ResolveBreak, at: At) -> tuple[BreakResolved] | Refusal:
    if refusal := _refuse(found):
        return refusal
    if not command.reason.strip():
        return ReasonMissing()
    return (BreakResolved(value_on=at.on, break_id=found.id, by=command.by, reason=command.reason),)


def decide_charge(command: RecordBankCharge, at: At) -> tuple[BankCharged] | Refusal:
    if command.amount_minor <= 0:
        return AmountNotPositive(amount_minor=command.amount_minor)
    return (
        BankCharged(
            value_on=at.on, amount_minor=command.amount_minor, bank_reference=command.bank_reference, by=command.by,
            reason=command.reason,
        ),
    )  # fmt: skip


def break_of(event: BreakFound, *, lane: int) -> BankBreak:
    """The break that an event begins."""
    return BankBreak(
        id=event.break_id, lane=lane, account=event.account, what=event.what, reference=event.reference,
        entry_ref=event.entry_ref, expected_minor=event.expected_minor, found_minor=event.found_minor,
        since_on=event.since_on,
    )  # fmt: skip


def evolve_break(found: BankBreak, event: Event) -> BankBreak:
    """The break after an event of its own."""
    match event:
        case BreakAssigned():
            return replace(found, owner=event.to, note="\n".join(filter(None, (found.note, event.note))))
        case BreakResolved():
            return replace(
                found, state="resolved", resolved_on=event.value_on, resolved_by=event.by, reason=event.reason
            )
    return found


def _refuse(found: BankBreak) -> Refusal | None:
    if found.state == "open" or found.resolved_on is None:
        return None
    return BreakNotOpen(break_id=found.id, resolved_on=found.resolved_on, by=found.resolved_by, reason=found.reason)
