"""How merchants are settled: terms by day, payouts held, batches of payouts, and what a payout pays."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from florin.payments.settlement_terms import CUT_OFFS_MAX, DAYS, RESERVE_DAYS_MAX, USUAL
from florin.queries.payout_statements import MoveType
from florin.wires.rest.fields import AmountMinor, Name, Note, Text
from florin.wires.rest.shapes.base import Taken

_AMOUNT_MAX = 10**12
_Amount = Annotated[int, Meta(ge=0, le=_AMOUNT_MAX)]
_Time = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="A time of day: 12:00.")]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
assert Weekday.__args__ == DAYS  # type: ignore[attr-defined]


class NewSettlementTerms(Taken, frozen=True, kw_only=True):
    """Terms from a day on; all of them: what is left out is as usual. by, reason: who decides, and why.

    pays: once a day, once a week, or at each of `cut_offs` and after the day. cut_offs: times of the day, rising, at which what
    was sold becomes available (T+0); they change from tomorrow on. payout_minor_min: less waits. reserve_ppm, reserve_days: the
    share of what each day or window brings that is kept, and how long. fixed_reserve_minor: what a payout leaves.
    share_ppm_max, freeze_days: how much of a sale others may share in, and until when. from_on: today when it is left out,
    tomorrow where cut-offs change.
    """

    by: Name
    reason: Text
    from_on: date | None = None
    pays: Literal["daily", "weekly", "cut_off"] = "daily"
    weekday: Weekday = "monday"
    cut_offs: Annotated[tuple[_Time, ...], Meta(max_length=CUT_OFFS_MAX)] = ()
    business_days: bool = False
    payout_minor_min: _Amount = 0
    reserve_ppm: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    reserve_days: Annotated[int, Meta(ge=0, le=RESERVE_DAYS_MAX)] = 0
    fixed_reserve_minor: _Amount = 0
    share_ppm_max: Annotated[int, Meta(ge=0, le=1_000_000)] = USUAL.share_ppm_max
    freeze_days: Annotated[int, Meta(ge=1, le=RESERVE_DAYS_MAX)] = USUAL.freeze_days


class SettlementTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Terms in force from `from_on`; null: the usual ones, from the first day."""

    from_on: date | None
    pays: Literal["daily", "weekly", "cut_off"]
    weekday: Weekday
    cut_offs: tuple[str, ...]
    business_days: bool
    payout_minor_min: int
    reserve_ppm: int
    reserve_days: int
    fixed_reserve_minor: int
    share_ppm_max: int
    freeze_days: int


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """terms: of today; next_terms: what begins later. available_minor: settled and not paid out, below zero what he owes.

    held_because: why payouts wait; empty when they leave. payouts: how many there were.
    """

    merchant_id: str
    name: str
    state: str
    payout_account: str
    terms: SettlementTerms
    next_terms: tuple[SettlementTerms, ...]
    available_minor: int
    reserve_minor: int
    negative_limit_minor: int
    payouts: int
    held_because: str


class NewPayoutAccount(Taken, frozen=True, kw_only=True):
    """account: the bank account that is paid from now on. Payouts that waited because one came back go on."""

    account: Name
    by: Name


class NewInvoice(Taken, frozen=True, kw_only=True):
    """due_on: by when a merchant below zero is to pay all of it back."""

    due_on: date


class PaidBack(Taken, frozen=True, kw_only=True):
    """What a merchant below zero has paid to the safeguarded account. bank_reference: the bank's own; one is recorded once."""

    amount_minor: AmountMinor
    bank_reference: Name


class PayoutBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A day's payouts to merchants. needed, approved: how many must approve this sum, and who has. waits: the bank is not told
    yet. sent, settled, returned: how many payouts are in these states.
    """

    made_on: date
    payouts: int
    total_minor: int
    needed: int
    approved: tuple[str, ...]
    waits: bool
    sent: int
    settled: int
    returned: int


class PayoutBatches(msgspec.Struct, frozen=True, kw_only=True):
    """The newest first."""

    items: tuple[PayoutBatch, ...]


class PayoutLine(msgspec.Struct, frozen=True, kw_only=True):
    """One payout of a batch. account: the merchant's, as it is now."""

    id: str
    merchant_id: str
    merchant: str
    account: str
    amount_minor: int
    state: Literal["sent", "settled", "returned"]
    settled_on: date | None
    bank_reference: str


class PayoutBatchLines(msgspec.Struct, frozen=True, kw_only=True):
    """A batch and its payouts, by merchant."""

    batch: PayoutBatch
    items: tuple[PayoutLine, ...]


class PayoutApproval(Taken, frozen=True, kw_only=True):
    """seen_minor: the sum that you have seen; of another the approval says nothing. by: of four eyes each once."""

    seen_minor: Annotated[int, Meta(ge=1, le=10**15)]
    by: Name
    reason: Note = ""


class PayoutPolicy(Taken, frozen=True, kw_only=True):
    """approvals: how many people must approve a day's payouts before the bank is told, from the next batch on."""

    approvals: Annotated[int, Meta(ge=0, le=2)]


class PayoutSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A payout of yours."""

    id: str
    amount_minor: int
    state: Literal["sent", "settled", "returned"]
    requested_on: date
    settled_on: date | None
    bank_reference: str


class PayoutsSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The newest first."""

    items: tuple[PayoutSeen, ...]


class PayoutMove(msgspec.Struct, frozen=True, kw_only=True):
    """What moved the available balance. amount_minor: above zero it rose. on: the day that it is about."""

    type: MoveType
    on: date
    amount_minor: int


class PayoutTrade(msgspec.Struct, frozen=True, kw_only=True):
    """A sale, or what was given back of one. fees: by kind, above zero what was taken. net_minor: what is paid of it."""

    payment_id: str
    on: date
    order_number: str
    refund_number: str
    received_minor: int
    fees: dict[str, int]
    net_minor: int


class PayoutStatement(msgspec.Struct, frozen=True, kw_only=True):
    """A payout back to its sales, to the fen. carried_in_minor, carried_out_minor: what the payout before and this one left.

    left_out: trades beyond those that are listed; the sums count them.
    """

    payout_id: str
    merchant_id: str
    paid_on: date
    amount_minor: int
    carried_in_minor: int
    carried_out_minor: int
    gross_minor: int
    refunds_minor: int
    fees: dict[str, int]
    moves: tuple[PayoutMove, ...]
    trades: tuple[PayoutTrade, ...]
    left_out: int
