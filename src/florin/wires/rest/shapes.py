"""The shapes of this wire's JSON: what is sent to it, and what it answers.

Amounts are integers of minor units in fields ending in `_minor`, always: never text, never a float. Ids are text. Dates are
`YYYY-MM-DD` on the platform's calendar, times are RFC 3339 with a zone.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from florin.events import CampaignKind, FeePayer, FeeTiming, PlanMethod, RefundOrder, Sponsor
from florin.wires.rest.fields import Address, AmountMinor, Id, IdOrNone, Instant, Name, Note, Text

Tender = Literal["credit", "wallet"]
TenderKind = Literal["credit", "wallet", "coupon"]
PaymentStateName = Literal["waiting", "expired", "closed", "authorized", "escrowed", "captured", "voided", "refunded"]
Count = Annotated[int, Meta(ge=0, le=60, description="Number of installments; 0 pays next month.")]
LimitMinor = Annotated[int, Meta(ge=0, le=10**12, description="A limit in minor units.")]


class Taken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of what is sent: a field that is not known is refused by name.

    Its encoding is what a key stands for; fields at their default stay out of it, so that a field added later does not make
    yesterday's request another one.
    """


# ── what a merchant sends ─────────────────────────────────────────────────────────────────────────────────────────


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
    tender: Annotated[Tender | UnsetType, Meta(description="What a charge takes; credit unless you say so.")] = UNSET
    capture: Annotated[
        bool | UnsetType, Meta(description="false reserves only: capture later. true unless you say so.")
    ] = UNSET
    installments: Count = 0
    fee_payer: Annotated[FeePayer, Meta(description="Who bears the fee of the installments.")] = "shopper"
    tenders: Annotated[
        tuple[Tender, ...], Meta(min_length=1, max_length=2, description="What a checkout may take.")
    ] = (
        "wallet",
        "credit",
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
    """

    amount_minor: AmountMinor
    refund_number: Annotated[str, Meta(max_length=64, pattern=r"^[^\x00-\x20\x7f-\xa0\u2028\u2029]*$")] = ""
    reason: Note = ""
    value_on: date | None = None


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


# ── what a merchant is answered ───────────────────────────────────────────────────────────────────────────────────


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


# ── what the owner sends ──────────────────────────────────────────────────────────────────────────────────────────


class NewPerson(Taken, frozen=True, kw_only=True):
    """logon: how the person signs in, unique in the house."""

    logon: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=64,
            pattern=r"^[^\x00-\x20\x7f-\xa0\u2028\u2029]+$",
            extra={"fix": "Send a string of 1 to 64 characters, without blanks."},
        ),
    ]
    name: Name


class NewTopUp(Taken, frozen=True, kw_only=True):
    """bank_reference: the bank's own number of the incoming money; one number, one top-up."""

    amount_minor: AmountMinor
    bank_reference: Name


class NewLine(Taken, frozen=True, kw_only=True):
    """program: whose terms it is under."""

    person_id: Id
    limit_minor: LimitMinor
    program: Name = "huabei"


class NewLimit(Taken, frozen=True, kw_only=True):
    """reason: for the record. code: of a cut, what the customer reads (docs/reference/adverse-actions.md)."""

    limit_minor: LimitMinor
    reason: Text
    code: Name = "other"


class NewFreeze(Taken, frozen=True, kw_only=True):
    """reason: for the record. code: what the customer reads (docs/reference/adverse-actions.md)."""

    reason: Text
    code: Name = "other"


class NewDecline(Taken, frozen=True, kw_only=True):
    """line_id: the line that she wanted more of; left out, she asked for a new one. amount: what she asked for. code: what she
    reads (docs/reference/adverse-actions.md); reason: for the record.
    """

    program: Name
    code: Name
    line_id: Id | None = None
    amount_minor: AmountMinor | None = None
    reason: Note = ""


class NewSharedLimit(Taken, frozen=True, kw_only=True):
    """group: as programs name it in `exposure_group`. limit_minor: the person's own; left out: the terms'. reason: for the
    record.
    """

    group: Annotated[str, Meta(min_length=1, max_length=64)]
    limit_minor: LimitMinor | None = None
    reason: Text


class NewBillDay(Taken, frozen=True, kw_only=True):
    """cycle_day: the day of the month on which the cycle closes; 31 is its last day."""

    cycle_day: Annotated[int, Meta(ge=1, le=31, extra={"fix": "Send a day of the month from 1 to 31."})]


class NewUplift(Taken, frozen=True, kw_only=True):
    """amount_minor: so much above the limit. until_on: its last day. reason: for the record."""

    amount_minor: AmountMinor
    until_on: date
    reason: Text


class NewClosing(Taken, frozen=True, kw_only=True):
    """reason: for the record. when_paid: a line that still owes something sells nothing more and closes when all is paid. code:
    what the customer reads (docs/reference/adverse-actions.md).
    """

    reason: Text
    when_paid: bool = False
    code: Name = "other"


class NewAutopay(Taken, frozen=True, kw_only=True):
    """sources: in the order in which they are asked on the due day; an empty list turns it off."""

    sources: tuple[Literal["wallet", "bank"], ...]


class Reason(Taken, frozen=True, kw_only=True):
    """reason: for the record."""

    reason: Text


class NewChargeOff(Taken, frozen=True, kw_only=True):
    """mode: what is charged off; the program's own when it is left out. reason: for the record. code: what the customer reads
    (docs/reference/adverse-actions.md).
    """

    reason: Text
    mode: Literal["whole_line", "past_due", "principal"] | None = None
    code: Name = "past-due"


class NewCost(Taken, frozen=True, kw_only=True):
    """reason: what it was for; the customer reads it."""

    amount_minor: AmountMinor
    reason: Text


class NewAssignment(Taken, frozen=True, kw_only=True):
    assignee: Name


class NewNote(Taken, frozen=True, kw_only=True):
    """by: who wrote it."""

    note: Text
    by: Name


class NewContact(Taken, frozen=True, kw_only=True):
    """by: who contacts her."""

    channel: Literal["call", "message", "letter", "visit"]
    by: Name


class NewPromise(Taken, frozen=True, kw_only=True):
    """pay_by: the last day on which paying keeps it. by: who heard it."""

    amount_minor: AmountMinor
    pay_by: date
    by: Name


class NewPause(Taken, frozen=True, kw_only=True):
    """until_on: the last day of the pause. reason: for the record."""

    until_on: date
    reason: Text


class NewReversal(Taken, frozen=True, kw_only=True):
    """refund_number: the merchant's own number of the refund. reason: for the record. value_on: the day from which it is owed
    again, no earlier than the refund counted; today when it is left out.
    """

    refund_number: Annotated[str, Meta(min_length=1, max_length=64)]
    reason: Text
    value_on: date | None = None


class NewSale(Taken, frozen=True, kw_only=True):
    """price: of this line, zero or more. buyer: who owns the claims from now on; contact: where the customer pays him.
    reference: of the sale, the same for all its lines.
    """

    buyer: Name
    contact: Text
    price_minor: Annotated[int, Meta(ge=0, le=10**12)]
    reference: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]


class NewBuyerPayment(Taken, frozen=True, kw_only=True):
    """What a buyer of claims has paid to the lender's account. buyer: as in the sale."""

    buyer: Name
    amount_minor: AmountMinor
    bank_reference: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]


class NewRepayment(Taken, frozen=True, kw_only=True):
    """source: `wallet` takes it from the person's wallet; `bank` is money that has arrived, by the bank's reference. value_on:
    the day on which it arrived, when that is over; the bank's only.
    """

    amount_minor: AmountMinor
    source: Literal["wallet", "bank"]
    bank_reference: Annotated[str, Meta(max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")] = ""
    value_on: date | None = None


class ReturnedRepayment(Taken, frozen=True, kw_only=True):
    """A repayment that the bank took back, by its amount and the bank's reference. reason: the bank's, in words."""

    amount_minor: AmountMinor
    bank_reference: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]
    reason: Note = ""


class ConfirmedRepayment(Taken, frozen=True, kw_only=True):
    """A repayment that the bank says will not come back, by its amount and the bank's reference."""

    amount_minor: AmountMinor
    bank_reference: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]


class NewPlace(Taken, frozen=True, kw_only=True):
    """market, category: in the owner's words, as sub-limits name them; what is left out stays."""

    market: Annotated[str, Meta(max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")] | None = None
    category: Annotated[str, Meta(max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")] | None = None


class LineQuery(Taken, frozen=True, kw_only=True):
    """on: as of the end of that day, by the days on which things count. known_on: by what was known at the end of that day.
    Each is today when it is left out.
    """

    on: date | None = None
    known_on: date | None = None


class NewReceipt(Taken, frozen=True, kw_only=True):
    """person_id: the buyer who confirms."""

    person_id: Id


class NewPartner(Taken, frozen=True, kw_only=True):
    """share_ppm: the partner bank's part of each loan, parts per million: 700000 is 70 %. servicing_ppm: what the house keeps
    of the income that it collects for the partner. cap_minor: the most that may be owed to it at a time. from_on: today when
    it is left out. until_on: last day of new loans.
    """

    partner: Name
    programs: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=100)]
    share_ppm: Annotated[int, Meta(ge=0, le=1_000_000)]
    cap_minor: AmountMinor
    servicing_ppm: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    from_on: date | None = None
    until_on: date | None = None


class NewCampaign(Taken, frozen=True, kw_only=True):
    """amount_off_minor: a coupon, for orders of threshold_minor and more; share_ppm: a subsidy of the installment fee that the
    shopper would pay, parts per million: 500000 is half of it; yearly_rate_ppm: a subsidy of so much a year of what is lent, up
    to the fee: 10000 is one percentage point. One of the three. person_year_minor_max: what a subsidy bears at most for one
    person in a calendar year; 0: no cap. sponsor: who pays; `merchant` names himself in
    merchant_ids. from_on: today when it is left out. until_on: its last day.
    """

    name: Name
    budget_minor: Annotated[int, Meta(ge=1, le=10**13)]
    until_on: date
    name_zh: Annotated[str, Meta(max_length=64)] = ""
    from_on: date | None = None
    sponsor: Sponsor = "mall"
    merchant_ids: Annotated[tuple[Id, ...], Meta(max_length=100)] = ()
    programs: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()
    counts: Annotated[tuple[Annotated[int, Meta(ge=2, le=60)], ...], Meta(max_length=60)] = ()
    amount_off_minor: Annotated[int, Meta(ge=0, le=10**12)] = 0
    threshold_minor: Annotated[int, Meta(ge=0, le=10**12)] = 0
    per_person_max: Annotated[int, Meta(ge=0, le=10_000)] = 0
    share_ppm: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    yearly_rate_ppm: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    person_year_minor_max: Annotated[int, Meta(ge=0, le=10**12)] = 0
    refund_order: RefundOrder | None = None
    warning_minor: Annotated[int, Meta(ge=0, le=10**13)] = 0


class BudgetChange(Taken, frozen=True, kw_only=True):
    """amount_minor: by how much the budget is topped up, or what of it, not spent, is taken back."""

    amount_minor: Annotated[int, Meta(ge=1, le=10**13)]


class NewAgreement(Taken, frozen=True, kw_only=True):
    """The person's standing consent that the app may charge her without asking again. limit_minor: at most so much at a time.
    line_id: the line it may charge; left out, the wallet alone.
    """

    person_id: Id
    app_id: Id
    limit_minor: AmountMinor
    line_id: IdOrNone = ""


class ExplainQuery(Taken, frozen=True, kw_only=True):
    """what: the question: `owed`, `payoff`, `available`, `minimum`, `interest`, `penalty`, `credit-balance`, `statement` or
    `refusal`; of one kind `statement=2026-04`, `minimum=2026-04`, `interest=2026-04`, `line=2026-04/2`,
    `purchase=PAYMENT` (the id within the payer's lane, as in `item_id`), `event=ID`,
    `refusal=ID`. on: as of the end of that day.
    """

    what: Annotated[str, Meta(min_length=1, max_length=64)] = "owed"
    on: date | None = None


class StatementQuery(Taken, frozen=True, kw_only=True):
    """closes_before: only statements that closed before that day."""

    limit: Annotated[int, Meta(ge=1, le=60)] = 12
    closes_before: date | None = None


class PayoffQuery(Taken, frozen=True, kw_only=True):
    """through_on: the last day that is quoted; today when it is left out."""

    through_on: date | None = None


class PlanQuery(Taken, frozen=True, kw_only=True):
    """payment_id: of the purchase whose plan is meant; or closes_on: of the bill that was put into installments."""

    payment_id: Id | None = None
    closes_on: date | None = None


class NewPlanPayoff(Taken, frozen=True, kw_only=True):
    """amount_minor: as the quote says. payment_id or closes_on: which plan. bank_reference: of money that has arrived."""

    amount_minor: AmountMinor
    source: Literal["wallet", "bank"]
    payment_id: Id | None = None
    closes_on: date | None = None
    bank_reference: Annotated[str, Meta(max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")] = ""


class ConversionQuery(Taken, frozen=True, kw_only=True):
    """A purchase by payment_id; or so much (amount_minor; left out, the most) of the bill closed on closes_on."""

    installments: Annotated[int, Meta(ge=2, le=60)]
    payment_id: Id | None = None
    closes_on: date | None = None
    amount_minor: AmountMinor | None = None


class NewConversion(Taken, frozen=True, kw_only=True):
    """A purchase by payment_id; or so much (amount_minor) of the bill closed on closes_on."""

    installments: Annotated[int, Meta(ge=2, le=60)]
    payment_id: Id | None = None
    closes_on: date | None = None
    amount_minor: AmountMinor | None = None


class HardshipQuery(Taken, frozen=True, kw_only=True):
    """waive_penalty: as if penalties were owed no more."""

    installments: Annotated[int, Meta(ge=2, le=60)]
    waive_penalty: bool = False


class NewHardship(Taken, frozen=True, kw_only=True):
    """All that is owed in so many installments. waive_penalty: penalties are owed no more. reason: for the record, in words."""

    installments: Annotated[int, Meta(ge=2, le=60)]
    reason: Note
    waive_penalty: bool = False


class NewHardshipEnd(Taken, frozen=True, kw_only=True):
    """rest: what becomes of the installments to come; null: as the terms say of a broken plan. reason: for the record."""

    reason: Note
    rest: Literal["due_at_once", "continue"] | None = None


# ── what the owner is answered ────────────────────────────────────────────────────────────────────────────────────


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """line_id: the person's line, if any."""

    id: str
    name: str
    logon: str
    wallet_balance_minor: int
    line_id: str | None


class TopUp(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    person_id: str
    amount_minor: int
    bank_reference: str
    value_on: date


class Uplift(msgspec.Struct, frozen=True, kw_only=True):
    """So much above the limit, through the day `until_on`."""

    amount_minor: int
    until_on: date


class SubLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The part of the limit for a market, a kind of goods, a channel (of those that are named, all), what is reserved or
    owed of it, and what may be spent there.
    """

    market: str
    category: str
    channel: Literal["", "online", "offline"]
    limit_minor: int
    outstanding_minor: int
    available_minor: int


class SharedLimitUsed(msgspec.Struct, frozen=True, kw_only=True):
    """What the lines of a person in a group may come to together, what they use, and what is left; below zero after a cut."""

    group: str
    limit_minor: int
    exposure_minor: int
    available_minor: int


class UnclearedRepayment(msgspec.Struct, frozen=True, kw_only=True):
    """A repayment through the bank that may still come back. held: what of the limit is free again from clears_on."""

    amount_minor: int
    bank_reference: str
    repaid_on: date
    clears_on: date
    held_minor: int


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line as of `as_of`, by what was known on `known_on`. limit_in_force: the limit and its uplifts. held: reserved.
    committed: paid into escrow. owed: principal, fees and interest posted; payoff adds the interest that no statement has
    billed. due: what remains of issued statements. available: what may still be spent, the shared limit heeded; below zero
    after a cut. lender: who lends. shared_limit: of a line that shares one, as of today; null for an earlier day, of which it
    is not known. credit_balance: what the lender owes the person. uncleared: repayments that have not cleared, and the limit
    that they keep.
    """

    id: str
    person_id: str
    program: str
    currency: str
    lender: Lender
    state: Literal["open", "frozen", "closing", "hardship", "closed", "charged-off", "sold"]
    opened_on: date
    as_of: date
    known_on: date
    limit_minor: int
    limit_in_force_minor: int
    uplifts: tuple[Uplift, ...]
    sub_limits: tuple[SubLimit, ...]
    available_minor: int
    shared_limit: SharedLimitUsed | None
    held_minor: int
    committed_minor: int
    owed_minor: int
    principal_minor: int
    fee_minor: int
    interest_minor: int
    payoff_minor: int
    credit_balance_minor: int
    uncleared_minor: int
    uncleared: tuple[UnclearedRepayment, ...]
    due_minor: int
    due_on: date | None
    past_due_on: date | None
    days_past_due: int


class Autopay(msgspec.Struct, frozen=True, kw_only=True):
    """From which sources, in which order, what is due is taken on its due day; from none: it is off."""

    id: str
    line_id: str
    sources: tuple[Literal["wallet", "bank"], ...]
    value_on: date


class SharedLimit(msgspec.Struct, frozen=True, kw_only=True):
    """exposure_minor: what her lines in the group use together. limit_minor: her own; null: the terms'."""

    group: str
    limit_minor: int | None
    exposure_minor: int


class SharedLimitChange(msgspec.Struct, frozen=True, kw_only=True):
    """limit_minor: her own from then on; null: the terms'."""

    id: str
    group: str
    value_on: date
    limit_minor: int | None
    reason: str


class SharedLimits(msgspec.Struct, frozen=True, kw_only=True):
    """items: by group. changes: the newest first, 100 at most."""

    items: tuple[SharedLimit, ...]
    changes: tuple[SharedLimitChange, ...]


class BillDay(msgspec.Struct, frozen=True, kw_only=True):
    """cycle_day, due_day: of the month, from the running cycle on; due_day 0: so many days after the close, by the terms."""

    id: str
    line_id: str
    cycle_day: int
    due_day: int
    value_on: date


class LimitChange(msgspec.Struct, frozen=True, kw_only=True):
    """amount_minor: the limit that was set, or the uplift that was given or has ended. until_on: the uplift's last day."""

    id: str
    what: Literal["opened", "limit-set", "uplift-given", "uplift-ended"]
    value_on: date
    amount_minor: int
    until_on: date | None
    reason: str


class LimitHistory(msgspec.Struct, frozen=True, kw_only=True):
    """The newest first, at most a hundred."""

    items: tuple[LimitChange, ...]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a line. what: opened, limit-set, frozen, unfrozen, closing, closed."""

    id: str
    line_id: str
    what: Literal["opened", "limit-set", "frozen", "unfrozen", "closing", "closed"]
    value_on: date
    limit_minor: int | None = None
    reason: str | None = None


class CollectionStep(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was done about a line that is late."""

    id: str
    line_id: str
    what: Literal["charged-off", "cost-charged", "assigned", "noted", "contacted", "promised", "paused", "resumed"]
    value_on: date


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the customer was told. Of a reminder: text: which, by channel; due_minor: what remained of her statements
    then. Of an adverse action: code and reason, in the language asked for; amount_minor: the new limit, or what she asked for.
    """

    id: str
    what: Literal["reminded", "limit-cut", "frozen", "closing", "closed", "charged-off", "uplift-declined"]
    value_on: date
    text: str | None = None
    channel: str | None = None
    closes_on: date | None = None
    due_on: date | None = None
    due_minor: int | None = None
    code: str | None = None
    reason: str | None = None
    amount_minor: int | None = None


class Declined(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody was told no. reason: what she reads, in the language asked for."""

    id: str
    person_id: str
    line_id: str | None
    value_on: date
    code: str
    reason: str


class Lender(msgspec.Struct, frozen=True, kw_only=True):
    """Who lends, and where to ask or complain; null where the house has not said (`FLORIN_LENDER`, `FLORIN_HOTLINE`)."""

    name: str | None
    hotline: str | None


class JointLender(msgspec.Struct, frozen=True, kw_only=True):
    """A partner bank, and its share of a loan that it lends beside the house: parts per million."""

    partner: str
    share_ppm: int


class Notices(msgspec.Struct, frozen=True, kw_only=True):
    """The newest first."""

    items: tuple[Notice, ...]


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


class ClaimSale(msgspec.Struct, frozen=True, kw_only=True):
    """sold: what was claimed when it was sold."""

    id: str
    line_id: str
    value_on: date
    buyer: str
    reference: str
    price_minor: int
    sold_minor: int


class ClaimBuyer(msgspec.Struct, frozen=True, kw_only=True):
    """Who bought claims. sold: of how much; price: for how much; paid: by him. passed_on: what still came in of it and was
    paid to him; taken_back: of that again. owes: price and what was taken back, less paid; below zero where he has paid ahead.
    """

    buyer: str
    lines: int
    sold_minor: int
    price_minor: int
    paid_minor: int
    passed_on_minor: int
    taken_back_minor: int
    owes_minor: int


class ClaimBuyers(msgspec.Struct, frozen=True, kw_only=True):
    """By name."""

    items: tuple[ClaimBuyer, ...]


class OwnerWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """url: null when nobody listens. Messages are always signed."""

    url: str | None
    topics: tuple[str, ...]


class ReAge(msgspec.Struct, frozen=True, kw_only=True):
    """What bringing a line current would do today. arrears: what least payments lack since past_due_on; bills: the closes of
    those that are past due. paid, needed: least payments made, and what the terms ask for. next_minimum_before, next_minimum:
    what the next bill asks for at least without it, and with it.
    """

    line_id: str
    as_of: date
    past_due_on: date
    days_past_due: int
    arrears_minor: int
    bills: tuple[date, ...]
    paid_minor: int
    needed_minor: int
    next_closes_on: date | None
    next_minimum_before_minor: int
    next_minimum_minor: int


class ReAged(msgspec.Struct, frozen=True, kw_only=True):
    """A line that is current again by agreement. arrears: left to later bills."""

    id: str
    line_id: str
    arrears_minor: int
    past_due_on: date
    value_on: date
    reason: str


class HardshipPart(msgspec.Struct, frozen=True, kw_only=True):
    """One installment. interest: of the plan; charges: of what was owed beside principal."""

    number: int
    bills_on: date
    due_on: date
    principal_minor: int
    interest_minor: int
    charges_minor: int
    total_minor: int


class HardshipPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a hardship plan would come to today. Rates in percent a year, as text: before, interest and penalty of what is late;
    and what principal bears while the plan runs. waived: owed no more.
    """

    line_id: str
    as_of: date
    principal_minor: int
    charges_minor: int
    interest_minor: int
    total_minor: int
    waived_penalty_minor: int
    waived_fee_minor: int
    yearly_rate_before_percent: str
    yearly_rate_percent: str
    installments: tuple[HardshipPart, ...]


class Hardship(msgspec.Struct, frozen=True, kw_only=True):
    """A hardship plan as agreed."""

    id: str
    line_id: str
    installments: int
    principal_minor: int
    charges_minor: int
    interest_minor: int
    penalty_waived: bool
    value_on: date
    reason: str


class HardshipEnd(msgspec.Struct, frozen=True, kw_only=True):
    """A hardship plan that ended by agreement. rest_minor: what was to come of it, its interest included."""

    id: str
    line_id: str
    rest: Literal["due_at_once", "continue"]
    rest_minor: int
    value_on: date
    reason: str


class CollectionPromise(msgspec.Struct, frozen=True, kw_only=True):
    """paid: since it was made."""

    amount_minor: int
    pay_by: date
    paid_minor: int


class CollectionCase(msgspec.Struct, frozen=True, kw_only=True):
    """A case from its opening until nothing is past due. contacted_on: the days of contacts, of the last week."""

    line_id: str
    opened_on: date
    assignee: str
    past_due_on: date | None
    owed_minor: int
    promise: CollectionPromise | None
    promises_broken: int
    contacted_on: tuple[date, ...]


class Repayment(msgspec.Struct, frozen=True, kw_only=True):
    """value_on: the day on which it counts. known_on: the business date on which it was booked."""

    id: str
    line_id: str
    amount_minor: int
    source: Literal["wallet", "bank"]
    bank_reference: str
    value_on: date
    known_on: date


class RepaymentReturn(msgspec.Struct, frozen=True, kw_only=True):
    """A repayment that counts as never made. value_on: its own day. known_on: the business date of its return."""

    id: str
    line_id: str
    amount_minor: int
    bank_reference: str
    reason: str
    value_on: date
    known_on: date


class RepaymentConfirmation(msgspec.Struct, frozen=True, kw_only=True):
    """A repayment that has cleared before its days had passed. repaid_on: its own day."""

    id: str
    line_id: str
    amount_minor: int
    bank_reference: str
    repaid_on: date
    value_on: date


class PayoffDay(msgspec.Struct, frozen=True, kw_only=True):
    on: date
    total_minor: int


class Payoff(msgspec.Struct, frozen=True, kw_only=True):
    """What it takes to owe nothing: today's by kind, what has accrued included, and the total of each day asked for, if
    nothing happens until then. good_through_on: the last of these days on which today's total is right.
    """

    line_id: str
    as_of: date
    good_through_on: date
    principal_minor: int
    fee_minor: int
    interest_minor: int
    penalty_minor: int
    cost_minor: int
    total_minor: int
    days: tuple[PayoffDay, ...]


class PlanPayoff(msgspec.Struct, frozen=True, kw_only=True):
    """What settles the installments to come of one plan. fee: still owed; waived: need not be paid; charge: for paying early.
    billed: what is left of it on bills, beside this. good_through_on: the last day on which it is the same.
    """

    line_id: str
    payment_id: str | None
    closes_on: date | None
    as_of: date
    good_through_on: date
    installments: int
    principal_minor: int
    fee_minor: int
    waived_minor: int
    charge_minor: int
    total_minor: int
    billed_minor: int
    lender: Lender


class Conversion(msgspec.Struct, frozen=True, kw_only=True):
    """What putting it into installments comes to. payable_now: what stays to be paid of the bill, by due_on. least, most: the
    amounts that are possible. first_bill_on: the close that bills the first installment.
    """

    line_id: str
    amount_minor: int
    least_minor: int
    most_minor: int
    payable_now_minor: int
    due_on: date | None
    first_bill_on: date
    offer: Offer
    lender: Lender


class Converted(msgspec.Struct, frozen=True, kw_only=True):
    """What went into installments, for good."""

    id: str
    line_id: str
    payment_id: str | None
    closes_on: date | None
    amount_minor: int
    installments: Installments
    value_on: date


class StatementLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the image. payment_id: of a purchase or installment, as the merchant knows it is not told here."""

    what: str
    amount_minor: int
    number: int | None
    count: int | None
    posted_on: date | None


class StatementShown(msgspec.Struct, frozen=True, kw_only=True):
    """image, minimum: as issued, for ever. remaining, minimum_left: what is left of them today."""

    line_id: str
    opens_on: date
    closes_on: date
    due_on: date
    image_minor: int
    minimum_minor: int
    remaining_minor: int
    minimum_left_minor: int
    past_due: bool
    lines: tuple[StatementLine, ...]


class DocumentLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the image. payment_id, subject, merchant, bought_on: of a purchase or installment; number, count: k of n.
    statement_closes_on: of interest, a late charge or a correction, the statement that it is for. lent_with: the partner bank
    that lent its share of the purchase.
    """

    what: str
    amount_minor: int
    payment_id: str | None
    subject: str | None
    merchant: str | None
    bought_on: date | None
    number: int | None
    count: int | None
    statement_closes_on: date | None
    lent_with: JointLender | None


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """Money that came in. counted_minor: what of it went to this statement; in its own cycle none, it went to what was owed
    then.
    """

    on: date
    what: Literal["repaid", "refunded"]
    amount_minor: int
    counted_minor: int
    subject: str | None


class StatementDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A statement with all that the law wants on it. image, minimum, earlier: as issued, for ever; remaining, minimum_left:
    as of `as_of`. Rates in percent, as text: annualized_rate is simple, on what is unpaid after its due day. partners: banks
    that lent a share of what is on it.
    """

    line_id: str
    person: str
    program: str
    title: str
    currency: str
    as_of: date
    opens_on: date
    closes_on: date
    due_on: date
    image_minor: int
    minimum_minor: int
    earlier_minor: int
    remaining_minor: int
    minimum_left_minor: int
    past_due: bool
    annualized_rate_percent: str
    daily_rate_percent: str
    penalty_daily_rate_percent: str
    lines: tuple[DocumentLine, ...]
    received: tuple[Received, ...]
    received_since: tuple[Received, ...]
    lender: str | None
    partners: tuple[str, ...]
    hotline: str | None


class StatementList(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. next_closes_before: for the next, older page; null on the last one."""

    items: tuple[StatementShown, ...]
    next_closes_before: date | None


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    person_id: str
    app_id: str
    line_id: str | None
    state: Literal["active", "ended"]
    limit_minor: int
    lender: Lender


class Partner(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement with a partner bank, and its loans as they are now. lent: the principal of all of them. owed: what of it is
    owed; own and partner are its parts; charged_off: of the partner's. left: what the cap leaves for new loans; below zero
    after a repayment was returned.
    """

    id: str
    partner: str
    state: Literal["open", "closed"]
    programs: tuple[str, ...]
    share_ppm: int
    servicing_ppm: int
    cap_minor: int
    from_on: date
    until_on: date | None
    loans: int
    lent_minor: int
    owed_minor: int
    own_minor: int
    partner_minor: int
    charged_off_minor: int
    left_minor: int


class Partners(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[Partner, ...]


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign and its budget: allotted so far, spent (less what came back), left. is_low: less than warning_minor is left.

    spent counts what is reserved for installment fees of orders that are not received yet.
    """

    id: str
    name: str
    name_zh: str
    state: Literal["open", "closed"]
    kind: CampaignKind
    sponsor: Sponsor
    from_on: date
    until_on: date
    merchant_ids: tuple[str, ...]
    programs: tuple[str, ...]
    counts: tuple[int, ...]
    amount_off_minor: int
    threshold_minor: int
    per_person_max: int
    share_ppm: int
    yearly_rate_ppm: int
    person_year_minor_max: int
    refund_order: RefundOrder | None
    warning_minor: int
    allotted_minor: int
    spent_minor: int
    left_minor: int
    is_low: bool


class Campaigns(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, the newest first."""

    items: tuple[Campaign, ...]


class MerchantState(msgspec.Struct, frozen=True, kw_only=True):
    """frozen: takes no new payment, in every process, from the next batch on. market, category: as sub-limits name them."""

    id: str
    market: str
    category: str
    state: Literal["open", "frozen", "closed"]


def percent_text(share: Decimal) -> str:
    """A share as percent with two decimals: 0.1445 is "14.45"."""
    return f"{(share * 100).quantize(Decimal('0.01'))}"
