"""Trades and payments: asked for, paid, received, given back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from florin.events.base import Event
from florin.events.parts import (
    CampaignPart,
    FeePart,
    Frozen,
    InstallmentChoice,
    ItemCount,
    LoanFunding,
    MonthCounted,
    Place,
)


class TradeAsked(Event, frozen=True, kw_only=True):
    """A merchant asks to be paid."""

    kind = 40
    amount_minor: int


class TradeClosed(Event, frozen=True, kw_only=True):
    """An unpaid trade can no longer be paid."""

    kind = 41
    reason: Literal["closed", "cancelled", "expired"]


class Authorized(Event, frozen=True, kw_only=True):
    """The tenders are reserved until `expires_at`: credit held, wallet money set aside.

    place: where it was bought, on this event and on those that follow it, if the line's terms have sub-limits. card: the credit
    part is a bank's card. counted: the cap of a month that its credit part takes from, and what follows gives back to, if the
    rule that accepted it has one.
    """

    kind = 42
    credit_minor: int
    wallet_minor: int
    expires_at: datetime
    plan: InstallmentChoice | None = None
    coupon: CampaignPart | None = None
    place: Place | None = None
    counted: MonthCounted | None = None
    card: bool = False


class Escrowed(Event, frozen=True, kw_only=True):
    """Paid, and kept until the buyer confirms receipt: credit committed, wallet money in funded escrow.

    held_*: the part of it that an earlier authorization had reserved. drawn: the loan began at once, by the terms; the
    lender has paid it into escrow. funding: of a drawn loan that a partner bank shares.
    """

    kind = 43
    credit_minor: int
    wallet_minor: int
    held_credit_minor: int = 0
    held_wallet_minor: int = 0
    plan: InstallmentChoice | None = None
    drawn: bool = False
    funding: LoanFunding | None = None
    coupon: CampaignPart | None = None
    place: Place | None = None
    counted: MonthCounted | None = None
    card: bool = False


class Captured(Event, frozen=True, kw_only=True):
    """Paid directly: owed from this day, and payable to the merchant.

    held_*: the part of it that an earlier authorization had reserved. funding: of a loan that a partner bank shares. promised:
    what it had reserved of a fee's subsidy, which is free again; the plan says what is borne. fees: of the merchant's fee plan
    and of a card's network; those named `mdr` are what mdr_minor comes to. frozen: of a sale that is to be shared.
    """

    kind = 44
    credit_minor: int
    wallet_minor: int
    mdr_minor: int
    held_credit_minor: int = 0
    held_wallet_minor: int = 0
    plan: InstallmentChoice | None = None
    funding: LoanFunding | None = None
    coupon: CampaignPart | None = None
    place: Place | None = None
    counted: MonthCounted | None = None
    promised: CampaignPart | None = None
    fees: tuple[FeePart, ...] = ()
    card: bool = False
    frozen: Frozen | None = None


class Received(Event, frozen=True, kw_only=True):
    """The buyer (or the clock) confirmed receipt of an escrowed payment: owed from this day, and payable to the merchant.

    drawn: its loan began when it was paid. funding: of a loan that a partner bank shares from this day. promised: what was
    reserved of a fee's subsidy, which is free again; the plan says what is borne. fees: as of a capture.
    """

    kind = 45
    credit_minor: int
    wallet_minor: int
    mdr_minor: int
    by: Literal["buyer", "clock", "seller"] = "buyer"
    plan: InstallmentChoice | None = None
    drawn: bool = False
    funding: LoanFunding | None = None
    coupon: CampaignPart | None = None
    place: Place | None = None
    promised: CampaignPart | None = None
    fees: tuple[FeePart, ...] = ()
    frozen: Frozen | None = None


class Voided(Event, frozen=True, kw_only=True):
    """An authorization, or some of what is left of it, was released: on request or by time. promised: of a fee's subsidy.

    request_no: what the merchant called it.
    """

    kind = 46
    credit_minor: int
    wallet_minor: int
    reason: Literal["voided", "expired"]
    coupon: CampaignPart | None = None
    place: Place | None = None
    counted: MonthCounted | None = None
    promised: CampaignPart | None = None
    request_no: str = ""


class Refunded(Event, frozen=True, kw_only=True):
    """Money given back. Before receipt the commitment is released; after it the debt falls in the refund order.

    known_on: the business date on which we learned of it, when that is after the day on which it counts. drawn: before
    receipt, of a loan that had begun when it was paid; funding: when a partner bank shares it.
    mdr_back_minor and merchant_fee_back_minor are what the merchant gets back of his fees; `swept_minor` is what was drawn
    from the merchant's available balance because the sale's window had been swept (0 when it was still open). promised: what
    was reserved of a fee's subsidy and is free again, before receipt; subsidy_back: what is not earned of it, after receipt.
    from_held: what of it had been held for a dispute; from_frozen, what had been frozen for others; from_released, what of a
    shared sale had been given free, or had come back, today. items: what is given back; fee: what is kept of their amount.
    notify_url: where the merchant asked to be told of this refund; empty: where he hears of all.
    """

    kind = 47
    credit_minor: int
    wallet_minor: int
    before_receipt: bool
    request_no: str
    reason: str = ""
    mdr_back_minor: int = 0
    merchant_fee_back_minor: int = 0
    swept_minor: int = 0
    known_on: date | None = None
    drawn: bool = False
    funding: LoanFunding | None = None
    place: Place | None = None
    counted: MonthCounted | None = None
    coupon: CampaignPart | None = None
    promised: CampaignPart | None = None
    subsidy_back: CampaignPart | None = None
    from_held_minor: int = 0
    from_frozen_minor: int = 0
    from_released_minor: int = 0
    items: tuple[ItemCount, ...] = ()
    fee_minor: int = 0
    notify_url: str = ""
    fees_back: tuple[FeePart, ...] = ()


class RefundReversed(Event, frozen=True, kw_only=True):
    """A refund after receipt is taken back whole: its credit part is owed again from this day, and payable to the merchant.

    mdr, fees: what the refund had given back of fees, charged again. known_on: the business date on which we learned of it,
    when that is after the day on which it counts.
    """

    kind = 164
    credit_minor: int
    wallet_minor: int
    mdr_minor: int
    request_no: str
    reason: str
    known_on: date | None = None
    place: Place | None = None
    counted: MonthCounted | None = None
    items: tuple[ItemCount, ...] = ()
    fees: tuple[FeePart, ...] = ()
