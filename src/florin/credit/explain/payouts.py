"""A merchant's payout, back to his sales: each window, and in it each sale with its fees and refunds.

Pure like the rest: the events and what they posted come from outside (`florin.queries.explain`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from florin.credit.explain.parts import Part, added, ref
from florin.credit.explain.trace import Record
from florin.events import (
    DisputeFunded,
    DisputeOpened,
    Event,
    MerchantPaidBack,
    PaidOut,
    PayoutReturned,
    Refunded,
    RefundFunded,
    RequestClosed,
    ReserveHeld,
    ReserveReleased,
    ShareReceived,
    ShareReturned,
    SharesGiven,
    ShareTakenBack,
    TransferFunded,
    WindowReceived,
)
from florin.ledger import POSTINGS, Account, Entry, Rule


class Window(NamedTuple):
    """One business day of one merchant in one lane, or a part of it between two cut-offs, in minutes after midnight."""

    lane: int
    window_on: date
    begins: int
    ends: int

    @classmethod
    def of(cls, event: WindowReceived) -> Window:
        return cls(event.from_lane, event.window_on, event.window_from, event.window_until)


def payout(paid: Record, moved: Sequence[Record], sold: Mapping[Window, Sequence[Record]]) -> Part:
    """What a payout consists of. moved: what changed the available balance since the payout before it, in order; sold:
    for each window that was swept into it, the events that moved the merchant's payable in it.
    """
    event = paid.event
    assert isinstance(event, PaidOut)
    parts = [_movement(record, sold) for record in moved]
    rest_minor = event.amount_minor - sum(part.amount_minor for part in parts)
    if rest_minor:
        parts.insert(0, Part(what="payout.before", amount_minor=rest_minor))
    values = {"on": event.value_on}
    return added("payout", parts, values=values, event=ref(paid.id, event), rules=("PAY_OUT",), notes=_totals(parts))


def _movement(record: Record, sold: Mapping[Window, Sequence[Record]]) -> Part:
    event = record.event
    found = ref(record.id, event)
    match event:
        case WindowReceived():
            minor = -event.amount_minor if event.negative else event.amount_minor
            sales = [part for one in sold.get(Window.of(event), ()) for part in _sale(one)]
            rest_minor = minor - sum(part.amount_minor for part in sales)
            if rest_minor:
                sales.append(Part(what="payout.unexplained", amount_minor=rest_minor))
            return added("payout.window", sales, values={"on": event.window_on}, event=found, rules=("SWEEP_IN",))
        case RefundFunded():
            return Part(
                what="payout.refund_funded", amount_minor=-event.amount_minor, item_id=event.payment_id, event=found
            )
        case TransferFunded():
            values = {"on": event.value_on}
            return Part(what="payout.transfer", amount_minor=-event.amount_minor, values=values, event=found)
        case PayoutReturned():
            return Part(
                what="payout.returned", amount_minor=event.amount_minor, values={"on": event.value_on}, event=found
            )
        case (
            DisputeFunded()
            | ReserveHeld()
            | ReserveReleased()
            | MerchantPaidBack()
            | ShareReceived()
            | ShareTakenBack()
        ):
            said, sign = _MOVES[type(event)]
            return Part(what=said, amount_minor=sign * event.amount_minor, values={"on": event.value_on}, event=found)
    raise AssertionError(f"{type(event).__name__} moves no available balance")


_MOVES: dict[type[Event], tuple[str, int]] = {
    DisputeFunded: ("payout.disputed", -1),
    ReserveHeld: ("payout.reserve_held", -1),
    ReserveReleased: ("payout.reserve_released", 1),
    MerchantPaidBack: ("payout.paid_back", 1),
    ShareReceived: ("payout.share_received", 1),
    ShareTakenBack: ("payout.share_given_back", -1),
}


def _sale(record: Record) -> list[Part]:
    """One sale or refund: gross, then each fee."""
    sums: dict[Rule, int] = {}
    for entry in record.entries:
        minor = _payable(entry)
        if minor:
            sums[entry.rule] = sums.get(entry.rule, 0) + minor
    parts = [
        Part(what=_SAYS.get(rule, "payout.other"), amount_minor=minor, rules=(rule.name,))
        for rule, minor in sums.items()
    ]
    if not parts:
        return []
    event = record.event
    what = _OF_EVENT.get(type(event), "payout.sale")
    return [added(what, parts, values={"on": event.value_on}, item_id=event.payment_id, event=ref(record.id, event))]


_OF_EVENT: dict[type[Event], str] = {
    Refunded: "payout.refund",
    DisputeOpened: "payout.dispute",
    RequestClosed: "payout.dispute_over",
    SharesGiven: "payout.released",
    ShareReturned: "payout.share_returned",
}
_SAYS = {
    Rule.HOLD_DISPUTED: "payout.held",
    Rule.FREEZE_SHARES: "payout.frozen",
    Rule.RETURN_SHARE: "payout.share_back",
    Rule.CHARGE_RETURN_FEE: "payout.return_fee",
    Rule.DRAW_CREDIT: "payout.gross_credit",
    Rule.RELEASE_ESCROW: "payout.gross_wallet",
    Rule.RELEASE_COUPON: "payout.gross_coupon",
    Rule.CHARGE_MDR: "payout.mdr",
    Rule.CHARGE_CREDIT_FEE: "payout.credit_fee",
    Rule.CHARGE_COMMISSION: "payout.commission",
    Rule.CHARGE_SOFTWARE_FEE: "payout.software_fee",
    Rule.CHARGE_MERCHANT_FEE: "payout.merchant_fee",
    Rule.REFUND_CREDIT: "payout.refunded_credit",
    Rule.REFUND_WALLET: "payout.refunded_wallet",
    Rule.REFUND_COUPON: "payout.refunded_coupon",
    Rule.SWEEP_OUT: "payout.funded",
}


def _payable(entry: Entry) -> int:
    """What an entry adds to what the merchant is owed."""
    minor = 0
    for leg in POSTINGS[entry.rule]:
        if leg.credit is Account.MERCHANT_PAYABLE:
            minor += entry.amount_minor
        if leg.debit is Account.MERCHANT_PAYABLE:
            minor -= entry.amount_minor
    return -minor if entry.reversed else minor


def _totals(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The same amount by kind, over all sales."""
    sums: dict[str, int] = {}
    for window in parts:
        for sale in window.parts:
            for part in sale.parts:
                sums[part.what] = sums.get(part.what, 0) + part.amount_minor
    return tuple(Part(what=what, amount_minor=minor) for what, minor in sums.items())
