"""What a merchant sends and is answered: payments, captures, refunds, quotes, agreements."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from florin.events import FeePayer, FeeTiming, PlanMethod, Sponsor
from florin.wires.rest.fields import Address, AmountMinor, Id, IdOrNone, Instant, Name, Note, Text
from florin.wires.rest.shapes.base import Count, PaymentStateName, Taken, Tender, TenderKind
from florin.wires.rest.shapes.items import Goods, ItemCounts, OrderLines
from florin.wires.rest.shapes.lenders import JointLender, Lender

_PLACE_FIX = {"fix": "Send at most 32 letters, digits, dots, underscores and dashes."}
_Place = Annotated[str, Meta(max_length=32, pattern=r"^[0-9A-Za-z._-]*$", extra=_PLACE_FIX)]


class NewPayment(Taken, frozen=True, kw_only=True):
    """An order to be paid. With nothing but amount and subject it waits at `checkout_url` for whoever is shown it; with a
    `payment_code` or an `agreement_id` it is charged at once. `tender` and `capture` belong to a charge; `tenders`,
    `expires_at` and `return_url` to a checkout.
    """

    amount_minor: AmountMinor
    subject: Text
    currency: Literal["CNY"] = "CNY"
    order_number: Annotated[
        str,
        Meta(
            max_length=64,
            pattern=r"^[^\x00-\x20\x7f-\xa0\u2028\u2029]*$",
            extra={"fix": "Send a string of at most 64 characters, without blanks."},
            description="Your own number of the order, good for one payment. Without it the Idempotency-Key stands for it.",
        ),
    ] = ""
    payment_code: Annotated[
        str,
        Meta(
            max_length=64,
            pattern=r"^[0-9A-Za-z_-]*$",
            extra={"fix": "Send the code as it was scanned: letters and digits, as a string."},
            description="The code that the shopper shows at the till.",
        ),
    ] = ""
    agreement_id: Annotated[IdOrNone, Meta(description="The shopper's standing agreement with your app.")] = ""
    tender: Annotated[
        Tender | UnsetType,
        Meta(
            description="What a charge takes: an ecosystem's `credit`, a bank's `card`, or the `wallet`; left out, "
            "whichever line it is."
        ),
    ] = UNSET
    capture: Annotated[
        bool | UnsetType, Meta(description="false reserves only: capture later. true unless you say so.")
    ] = UNSET
    store_id: Annotated[_Place, Meta(description="Your number of the store it is sold in.")] = ""
    terminal_id: Annotated[_Place, Meta(description="Your number of the till.")] = ""
    installments: Count = 0
    fee_payer: Annotated[FeePayer, Meta(description="Who bears the fee of the installments.")] = "shopper"
    tenders: Annotated[
        tuple[Tender, ...], Meta(min_length=1, max_length=3, description="What a checkout may take.")
    ] = (
        "wallet",
        "credit",
        "card",
    )
    campaign_id: Annotated[IdOrNone, Meta(description="The campaign whose coupon a charge takes off.")] = ""
    coupon_minor: Annotated[
        int,
        Meta(
            ge=0, le=10**12, description="What the coupon takes off, as the shopper saw it; the tender pays the rest."
        ),
    ] = 0
    subsidy_id: Annotated[
        IdOrNone, Meta(description="The campaign that bears a part of a charge's installment fee.")
    ] = ""
    subsidy_minor: Annotated[
        int,
        Meta(ge=0, le=10**12, description="What it bears of the fee, as `/v1/quotes` says; the shopper owes the rest."),
    ] = 0
    expires_at: Annotated[Instant | None, Meta(description="Until when a checkout waits.")] = None
    return_url: Annotated[Address, Meta(description="Where the shopper goes after a checkout.")] = ""
    channel: Annotated[
        Literal["online", "offline"], Meta(description="Where it is sold: offline is in a shop, at a till.")
    ] = "online"
    goods: Goods = "express"
    lines: OrderLines = ()


class BatchItem(NewPayment, frozen=True, kw_only=True):
    """One payment of a batch, with its own idempotency key."""

    idempotency_key: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=255,
            pattern=r"^[\x21-\x7e]+$",
            extra={"fix": "Send a string of 1 to 255 visible ASCII characters, without blanks."},
        ),
    ]


class NewBatch(Taken, frozen=True, kw_only=True):
    """items: 1 to 1,000 payments, each independent of the others."""

    items: Annotated[tuple[msgspec.Raw, ...], Meta(min_length=1, max_length=1_000)]


class NewCapture(Taken, frozen=True, kw_only=True):
    """amount_minor: what to take of the authorization; left out, all of it."""

    amount_minor: AmountMinor | None = None


class NewRefund(Taken, frozen=True, kw_only=True):
    """refund_number: your own number of the refund, good for one; without it the Idempotency-Key stands for it. value_on: the
    day on which the goods came back, when that is over and not before the sale was final; before receipt it is today.
    items: what is given back; then the amount is what they come to, less the fee.
    """

    amount_minor: AmountMinor
    refund_number: Annotated[str, Meta(max_length=64, pattern=r"^[^\x00-\x20\x7f-\xa0\u2028\u2029]*$")] = ""
    reason: Note = ""
    value_on: date | None = None
    items: ItemCounts = ()
    fee_minor: Annotated[int, Meta(ge=0, le=10**10, description="What you keep of what the items come to.")] = 0


class PaymentQuery(Taken, frozen=True, kw_only=True):
    """Which payments, newest first. order_number: the one payment of that order. cursor: as the last page gave it."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    cursor: Annotated[str, Meta(max_length=200)] = ""
    order_number: Annotated[str, Meta(max_length=255, pattern=r"^[^\x00-\x20\x7f-\xa0]*$")] = ""
    created_from: Instant | None = None
    created_before: Instant | None = None


class QuoteQuery(Taken, frozen=True, kw_only=True):
    """amount_minor: of the purchase. fee_payer: who bears the fee. program: whose terms. subsidy_id: a campaign that bears a
    part of the fee, at your shop; agreement_id: the shopper's, whose cap of the year the campaign then counts.
    """

    amount_minor: AmountMinor
    fee_payer: FeePayer = "shopper"
    program: Name = "huabei"
    subsidy_id: IdOrNone = ""
    agreement_id: IdOrNone = ""


class Installments(msgspec.Struct, frozen=True, kw_only=True):
    """fee_minor: of the whole plan, whoever bears it."""

    count: int
    fee_minor: int
    fee_payer: FeePayer


class TenderShown(msgspec.Struct, frozen=True, kw_only=True):
    """authorized: reserved at first. paid: taken, into escrow or for good. released: reserved and never taken.

    campaign_id, sponsor: of a coupon; one of your own is a discount: you receive the rest.
    """

    tender: TenderKind
    authorized_minor: int
    paid_minor: int
    released_minor: int
    refunded_minor: int
    campaign_id: str | UnsetType = UNSET
    sponsor: Sponsor | UnsetType = UNSET


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """One order and what became of it. open: authorized and still to capture. refundable: paid and not given back.

    merchant_fee: our rate on the sale, less what was given back of it; an installment fee that the merchant bears stands in
    `installments`. paid_on: the day it was paid or authorized. created_at: not in the answer that creates it.
    confirm_on: when the clock confirms receipt; null while a refund request is open, which refund_request_id names, and
    until the first parcel where the terms of escrow count from it. parent_id:
    of the parent order that it is paid with.
    """

    id: str
    state: PaymentStateName
    amount_minor: int
    currency: str
    subject: str
    order_number: str
    flow: Literal["direct", "escrow", "manual"]
    paid_minor: int = 0
    refunded_minor: int = 0
    refundable_minor: int = 0
    open_minor: int = 0
    merchant_fee_minor: int = 0
    tenders: tuple[TenderShown, ...] = ()
    installments: Installments | None = None
    payer_id: str | None = None
    paid_on: date | None = None
    expires_at: datetime | None = None
    checkout_url: str | None = None
    created_at: datetime | UnsetType = UNSET
    confirm_on: date | None = None
    refund_request_id: str | None = None
    parent_id: str | None = None


class PaymentList(msgspec.Struct, frozen=True, kw_only=True):
    """next_cursor: for the next, older page; null on the last one."""

    items: tuple[Payment, ...]
    next_cursor: str | None


class BatchOutcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one item: a payment, or the problem that says why not. status: as it would be alone."""

    status: int
    payment: Payment | None = None
    problem: Any = None
    replayed: bool = False


class BatchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One outcome for each item, in order."""

    outcomes: tuple[BatchOutcome, ...]


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    """What one capture took."""

    id: str
    payment_id: str
    amount_minor: int
    credit_minor: int
    wallet_minor: int
    merchant_fee_minor: int
    captured_on: date
    coupon_minor: int = 0


class Void(msgspec.Struct, frozen=True, kw_only=True):
    """What was released; nothing of an order that nobody had paid."""

    id: str
    payment_id: str
    released_minor: int
    credit_minor: int
    wallet_minor: int
    voided_on: date
    coupon_minor: int = 0


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """What was given back, by tender. *_fee_back: of the merchant's rate, and of an installment fee that he bore, to him."""

    id: str
    payment_id: str
    refund_number: str
    amount_minor: int
    credit_minor: int
    wallet_minor: int
    merchant_fee_back_minor: int
    installment_fee_back_minor: int
    before_receipt: bool
    reason: str
    refunded_on: date
    coupon_minor: int = 0


class RefundList(msgspec.Struct, frozen=True, kw_only=True):
    """All refunds of a payment, oldest first."""

    items: tuple[Refund, ...]


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What the buyer's confirmation made final."""

    id: str
    payment_id: str
    amount_minor: int
    credit_minor: int
    wallet_minor: int
    merchant_fee_minor: int
    received_on: date
    coupon_minor: int = 0


class Webhooks(msgspec.Struct, frozen=True, kw_only=True):
    """Where your app, by its number, is told what happened. signed: a secret is set."""

    app_id: str
    url: str | None
    signed: bool
    topics: tuple[str, ...]


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """One plan. annualized_rate_percent: the yearly price of the credit, the largest of its rates, as text: "14.45".

    installments_minor: what the shopper pays in each period, fee included where she bears it. method: a flat fee, or interest
    on what is left, which is then all of the fee. fee_timing: billed with each installment, or all of it with the first.
    subsidy_minor: what the campaign that was asked for bears of the fee; the rates and the payments are of what is left of it.
    """

    count: int
    method: PlanMethod
    fee_timing: FeeTiming
    fee_payer: FeePayer
    fee_minor: int
    total_minor: int
    per_period_minor: int
    installments_minor: tuple[int, ...]
    annualized_rate_percent: str
    rate_convention: str
    subsidy_minor: int | UnsetType = UNSET


class Quotes(msgspec.Struct, frozen=True, kw_only=True):
    """The plans that the terms of today offer for an amount, the shortest first; none when it is too small. partners: banks
    that may lend a share of it beside the lender, in the order in which they are asked.
    """

    program: str
    amount_minor: int
    currency: str
    offers: tuple[Offer, ...]
    lender: Lender
    partners: tuple[JointLender, ...]


class NewReversal(Taken, frozen=True, kw_only=True):
    """refund_number: the merchant's own number of the refund. reason: for the record. value_on: the day from which it is owed
    again, no earlier than the refund counted; today when it is left out.
    """

    refund_number: Annotated[str, Meta(min_length=1, max_length=64)]
    reason: Text
    value_on: date | None = None


class NewReceipt(Taken, frozen=True, kw_only=True):
    """person_id: the buyer who confirms."""

    person_id: Id


class NewAgreement(Taken, frozen=True, kw_only=True):
    """The person's standing consent that the app may charge her without asking again. limit_minor: at most so much at a time.
    line_id: the line it may charge; left out, the wallet alone.
    """

    person_id: Id
    app_id: Id
    limit_minor: AmountMinor
    line_id: IdOrNone = ""


class RefundReversal(msgspec.Struct, frozen=True, kw_only=True):
    """credit: owed again; wallet: taken back from her wallet; merchant_fee: charged again."""

    id: str
    line_id: str
    refund_number: str
    credit_minor: int
    wallet_minor: int
    merchant_fee_minor: int
    value_on: date
    known_on: date


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    person_id: str
    app_id: str
    line_id: str | None
    state: Literal["active", "ended"]
    limit_minor: int
    lender: Lender
