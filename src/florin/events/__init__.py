"""Events: what was agreed with the world, and nothing else.

An event says that 199.00 was captured, that 300.00 was received, that a statement was issued with these numbers. It holds
no allocation, no accrual, no balance: those are derived by folding events under the terms of their day. Events are written
once, by the engine, and never changed. This package is the whole vocabulary; what each event *does* stands beside the
action that decides it (`payments/capture.py`, `credit/repay.py`).

Five ids (trade, payment, line, person, merchant) name the owners that an event touches; they are columns of the event's
row, the other fields are its body. Amounts are integers of minor units (fen) and never negative: an event's name says
the direction. `value_on` is the day it counts; the row adds the day and the instant at which we knew.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal

import msgspec

OWNERS = ("trade_id", "payment_id", "line_id", "person_id", "merchant_id")

FeePayer = Literal["shopper", "merchant"]
PlanMethod = Literal["flat", "declining"]
FeeTiming = Literal["each", "upfront"]
RepaymentSource = Literal["wallet", "bank"]
ReminderChannel = Literal["message", "letter"]
ReminderText = Literal["due_soon", "due_today", "past_due", "urgent", "final"]
Channel = Literal["online", "offline"]


Sponsor = Literal["mall", "state", "merchant"]
CampaignKind = Literal["coupon", "fee_subsidy"]
RefundOrder = Literal["credit_first", "proportional", "coupon_last"]


class CampaignPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The part of a payment that a campaign bears, and who is behind it. held: what an authorization had reserved of it."""

    campaign_id: int
    amount_minor: int
    held_minor: int = 0
    sponsor: Sponsor = "mall"

    @property
    def funded_minor(self) -> int:
        """What somebody pays in for the merchant: all of it, or nothing of his own discount."""
        return 0 if self.sponsor == "merchant" else self.amount_minor


class CampaignTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a campaign gives, to whom, and when: from opens_on, and no more from closes_on.

    merchants, programs, counts: where it holds; empty: everywhere. amount_off, threshold, per_person_max: of a coupon, how
    much, from which order amount, how often a person (0: as often as she likes). share_ppm: of a fee subsidy, parts per
    million of the installment fee that the shopper would bear. refund_order: None is the merchant's. warning: a rest below it
    is worth a word. slices: into how many rows the budget is cut, so that payments at once do not wait for one row.
    """

    kind: CampaignKind
    sponsor: Sponsor
    opens_on: date
    closes_on: date
    merchants: tuple[int, ...] = ()
    programs: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    amount_off_minor: int = 0
    threshold_minor: int = 0
    per_person_max: int = 0
    share_ppm: int = 0
    refund_order: RefundOrder | None = None
    warning_minor: int = 0
    slices: int = 8


class InstallmentChoice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a purchase is spread: `count` installments, one fee for all of them, and who pays that fee.

    method: a flat fee, or interest at yearly_rate on what is left (`declining`), which is then all of the fee.
    fee_timing: a part of the fee with each installment, or all of it with the first. subsidy: the part of a fee of the
    shopper's that a campaign bears; he owes the rest.
    """

    count: int
    fee_minor: int
    fee_payer: FeePayer
    method: PlanMethod = "flat"
    yearly_rate: Decimal = Decimal(0)
    fee_timing: FeeTiming = "each"
    subsidy: CampaignPart | None = None

    @property
    def shopper_fee_minor(self) -> int:
        """What the shopper owes of the fee."""
        if self.fee_payer == "merchant":
            return 0
        return self.fee_minor - (0 if self.subsidy is None else self.subsidy.amount_minor)


class LoanFunding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a joint loan is funded: under which agreement, with what share of it (parts per million) from the partner bank.

    servicing_ppm: what the lender keeps of the income that it collects for the partner. partner_minor: the partner's part
    of this event's amount.
    """

    agreement_id: int
    share_ppm: int
    partner_minor: int
    servicing_ppm: int = 0


class PlanPayoff(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was agreed when one plan was paid off: the plan of a purchase, or of the bill closed on a day; the fee that was
    still owed, and the charge for paying early. subsidy_back: what goes back to a campaign of a fee that is not owed any more.
    """

    item_id: int = 0
    closes_on: date | None = None
    fee_minor: int = 0
    charge_minor: int = 0
    subsidy_back: CampaignPart | None = None


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where something was bought: the merchant's market and kind of goods as they were then, and the channel."""

    market: str = ""
    category: str = ""
    channel: Channel = "online"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all events; `kind` is the number stored in the row and never reused."""

    kind: ClassVar[int] = 0
    body_fields: ClassVar[tuple[tuple[str, Any], ...]] = ()

    value_on: date
    trade_id: int = 0
    payment_id: int = 0
    line_id: int = 0
    person_id: int = 0
    merchant_id: int = 0


# ── people and wallets ────────────────────────────────────────────────────────────────────────────────────────────


class PersonJoined(Event, frozen=True, kw_only=True):
    """A shopper has an account here: a wallet with nothing in it."""

    kind = 1
    name: str


class ToppedUp(Event, frozen=True, kw_only=True):
    """Money from the person's bank reached the wallet."""

    kind = 2
    amount_minor: int
    bank_reference: str


class WithdrawalRequested(Event, frozen=True, kw_only=True):
    """The wallet was debited; the money is on its way to the person's bank."""

    kind = 3
    amount_minor: int


class WithdrawalSettled(Event, frozen=True, kw_only=True):
    """The bank has paid a withdrawal out."""

    kind = 4
    amount_minor: int
    withdrawal_id: int
    bank_reference: str


class WithdrawalReturned(Event, frozen=True, kw_only=True):
    """The bank could not pay a withdrawal out; it is in the wallet again."""

    kind = 5
    amount_minor: int
    withdrawal_id: int
    bank_reference: str
    reason: str


# ── the credit line ───────────────────────────────────────────────────────────────────────────────────────────────


class LineOpened(Event, frozen=True, kw_only=True):
    """A line of credit was given under a program's terms."""

    kind = 20
    program: str
    limit_minor: int


class LimitSet(Event, frozen=True, kw_only=True):
    """The limit is another one from now on; what is owed stays owed, even above it. code: of a cut, why (`credit.adverse`)."""

    kind = 21
    limit_minor: int
    reason: str
    code: str = ""


class LineFrozen(Event, frozen=True, kw_only=True):
    """Nothing new is authorized; what is committed still becomes owed, and is still to be repaid. code: why
    (`credit.adverse`).
    """

    kind = 22
    reason: str
    code: str = ""


class LineUnfrozen(Event, frozen=True, kw_only=True):
    """The line may be used again."""

    kind = 23
    reason: str


class LineClosed(Event, frozen=True, kw_only=True):
    """The line is closed for good; it was owed nothing and held nothing."""

    kind = 24
    reason: str


class Repaid(Event, frozen=True, kw_only=True):
    """The person paid `amount_minor`; which debts it clears is derived (the waterfall in force that day).

    known_on: the business date on which we learned of it, when that is after the day on which it counts. payoff: it is
    for one plan, by a quote.
    """

    kind = 25
    amount_minor: int
    source: RepaymentSource
    reference: str = ""
    known_on: date | None = None
    payoff: PlanPayoff | None = None


class CreditBalancePaid(Event, frozen=True, kw_only=True):
    """Money that the lender owed the customer (a refund above all debt) went to the wallet."""

    kind = 26
    amount_minor: int


# Lines that tell something and bill nothing.
TOLD_LINES = ("adjustment", "rate")


class StatementLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a statement's image. item_id: the purchase (its payment's id). number, count: installment k of n.

    statement_closes_on: of an interest or penalty line, the statement that has borne it; of an adjustment, the statement
    that a correction has shown to bill too much (below zero) or too little. rate: from this bill on a plan bears another
    rate, and so much more or less (below zero) of interest is to come. Both are told, not billed: they are no part of the
    image.
    """

    what: Literal["purchase", "installment", "fee", "interest", "penalty", "adjustment", "rate"]
    amount_minor: int
    item_id: int = 0
    number: int = 0
    count: int = 0
    posted_on: date | None = None
    statement_closes_on: date | None = None


class StatementIssued(Event, frozen=True, kw_only=True):
    """A cycle was closed; these numbers are its image and never change.

    image: the sum of the lines without adjustments, what this cycle adds. earlier: what remained of earlier statements
    on that day; it stays payable on them, and the minimum asks for its share.
    """

    kind = 27
    opens_on: date
    closes_on: date
    due_on: date
    image_minor: int
    minimum_minor: int
    lines: tuple[StatementLine, ...]
    earlier_minor: int = 0


class FellPastDue(Event, frozen=True, kw_only=True):
    """The minimum of the statement closed on `closes_on` was not met by its due day."""

    kind = 28
    closes_on: date
    missed_minor: int


class LateCharged(Event, frozen=True, kw_only=True):
    """A statement stayed past due until a late charge of the terms fell due. number: which of them, from 1."""

    kind = 29
    closes_on: date
    number: int
    amount_minor: int


class AccrualStopped(Event, frozen=True, kw_only=True):
    """Arrears are so old that interest and penalties are no asset any more until they are paid (non-accrual)."""

    kind = 30
    days_past_due: int


class CycleMoved(Event, frozen=True, kw_only=True):
    """The line's own cycle day and due day from now on; the running cycle closes on the new day."""

    kind = 31
    cycle_day: int
    due_day: int


class RepaymentReturned(Event, frozen=True, kw_only=True):
    """The bank took a repayment back: it counts as never made.

    value_on, amount and reference are those of the repayment; known_on: the business date of its return.
    """

    kind = 33
    amount_minor: int
    reference: str
    known_on: date
    reason: str = ""


class Refolded(Event, frozen=True, kw_only=True):
    """An approved correction: what a fold by today's rules and terms says otherwise than was posted, is posted now."""

    kind = 101
    reason: str


class UpliftGiven(Event, frozen=True, kw_only=True):
    """The limit is so much higher through `until_on`; from the next day on it is not, whoever has noticed."""

    kind = 34
    amount_minor: int
    until_on: date
    reason: str


class LineClosing(Event, frozen=True, kw_only=True):
    """Nothing new is bought; what is owed or reserved runs on, is billed and repaid, and then the line closes by itself."""

    kind = 37
    reason: str


class AutopaySet(Event, frozen=True, kw_only=True):
    """From which of her sources, in which order, what is due is taken on its due day; from none: it is off."""

    kind = 38
    sources: tuple[RepaymentSource, ...]


class AutopayTried(Event, frozen=True, kw_only=True):
    """An attempt of a due day: what was due, what the wallet gave (its repayment follows) and what the bank is asked for.

    The bank's answer comes under the same reference, as a repayment or as a failure.
    """

    kind = 110
    due_on: date
    attempt: int
    due_minor: int
    wallet_minor: int
    bank_minor: int
    reference: str


class AutopayFailed(Event, frozen=True, kw_only=True):
    """The bank could not debit what an attempt asked it for."""

    kind = 111
    amount_minor: int
    reference: str
    reason: str


class UpliftEnded(Event, frozen=True, kw_only=True):
    """An uplift's last day has passed; the limit fell with the day, this only records it."""

    kind = 35
    amount_minor: int
    until_on: date


class RepaymentCleared(Event, frozen=True, kw_only=True):
    """The days for which a repayment through the bank was held have passed: the limit that it frees is free from today.

    amount and reference are those of the repayment; repaid_on: the day on which it counts.
    """

    kind = 120
    amount_minor: int
    reference: str
    repaid_on: date


class RepaymentConfirmed(Event, frozen=True, kw_only=True):
    """The bank confirmed a repayment that was held: it has cleared before its days had passed. Fields as of the clock's."""

    kind = 121
    amount_minor: int
    reference: str
    repaid_on: date


class SharedLimitSet(Event, frozen=True, kw_only=True):
    """What a person's lines in a group of programs may come to together is another sum from now on; None: the terms' again."""

    kind = 122
    group: str
    limit_minor: int | None
    reason: str


class CostCharged(Event, frozen=True, kw_only=True):
    """A cost of collection that the customer owes, put on her oldest statement."""

    kind = 32
    amount_minor: int
    reason: str


# ── trades and payments ───────────────────────────────────────────────────────────────────────────────────────────


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

    place: where it was bought, on this event and on those that follow it, if the line's terms have sub-limits.
    """

    kind = 42
    credit_minor: int
    wallet_minor: int
    expires_at: datetime
    plan: InstallmentChoice | None = None
    coupon: CampaignPart | None = None
    place: Place | None = None


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


class Captured(Event, frozen=True, kw_only=True):
    """Paid directly: owed from this day, and payable to the merchant.

    held_*: the part of it that an earlier authorization had reserved. funding: of a loan that a partner bank shares. promised:
    what it had reserved of a fee's subsidy, which is free again; the plan says what is borne.
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
    promised: CampaignPart | None = None


class Received(Event, frozen=True, kw_only=True):
    """The buyer (or the clock) confirmed receipt of an escrowed payment: owed from this day, and payable to the merchant.

    drawn: its loan began when it was paid. funding: of a loan that a partner bank shares from this day. promised: what was
    reserved of a fee's subsidy, which is free again; the plan says what is borne.
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


class Voided(Event, frozen=True, kw_only=True):
    """An authorization, or what is left of it, was released: on request or by time. promised: of a fee's subsidy."""

    kind = 46
    credit_minor: int
    wallet_minor: int
    reason: Literal["voided", "expired"]
    coupon: CampaignPart | None = None
    place: Place | None = None
    promised: CampaignPart | None = None


class Refunded(Event, frozen=True, kw_only=True):
    """Money given back. Before receipt the commitment is released; after it the debt falls in the refund order.

    known_on: the business date on which we learned of it, when that is after the day on which it counts. drawn: before
    receipt, of a loan that had begun when it was paid; funding: when a partner bank shares it.
    mdr_back_minor and merchant_fee_back_minor are what the merchant gets back of his fees; `swept_minor` is what was drawn
    from the merchant's available balance because the sale's window had been swept (0 when it was still open). promised: what
    was reserved of a fee's subsidy and is free again, before receipt; subsidy_back: what is not earned of it, after receipt.
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
    coupon: CampaignPart | None = None
    promised: CampaignPart | None = None
    subsidy_back: CampaignPart | None = None


class RefundReversed(Event, frozen=True, kw_only=True):
    """A refund after receipt is taken back whole: its credit part is owed again from this day, and payable to the merchant.

    mdr: the merchant's fee that the refund had given back, charged again. known_on: the business date on which we learned of
    it, when that is after the day on which it counts.
    """

    kind = 164
    credit_minor: int
    wallet_minor: int
    mdr_minor: int
    request_no: str
    reason: str
    known_on: date | None = None
    place: Place | None = None


# ── plans made of what is owed already ────────────────────────────────────────────────────────────────────────────


class PurchaseConverted(Event, frozen=True, kw_only=True):
    """A purchase (item_id: its payment) went into installments after it was made."""

    kind = 70
    item_id: int
    amount_minor: int
    plan: InstallmentChoice


class BillConverted(Event, frozen=True, kw_only=True):
    """So much of the bill closed on a day went into installments; what is left of it is due as it was."""

    kind = 71
    closes_on: date
    amount_minor: int
    plan: InstallmentChoice


# ── relief for who cannot pay as agreed ───────────────────────────────────────────────────────────────────────────


class ReAged(Event, frozen=True, kw_only=True):
    """By agreement nothing is past due any more: what least payments lacked since past_due_on is asked for by later bills."""

    kind = 150
    arrears_minor: int
    past_due_on: date
    reason: str


class HardshipAgreed(Event, frozen=True, kw_only=True):
    """All that was owed became one plan at a reduced rate, and nothing new is bought while it runs.

    amount: the principal in it. charges: what else was owed, spread beside it and bearing nothing. penalty_waived: penalties
    are no part of it and owed no more.
    """

    kind = 151
    amount_minor: int
    charges_minor: int
    plan: InstallmentChoice
    penalty_waived: bool
    reason: str


class HardshipEnded(Event, frozen=True, kw_only=True):
    """The plan was kept to its end; or so much of an installment was missed for too long, and it is over."""

    kind = 152
    kept: bool
    missed_minor: int = 0


# ── merchants and settlement ──────────────────────────────────────────────────────────────────────────────────────


class WindowSwept(Event, frozen=True, kw_only=True):
    """One merchant's payable of one window left this lane for his home lane; below zero it came back."""

    kind = 60
    window_on: date
    amount_minor: int
    negative: bool = False


class WindowReceived(Event, frozen=True, kw_only=True):
    """The home lane's side of a sweep: the merchant's available balance rose (or, negative, fell)."""

    kind = 61
    window_on: date
    from_lane: int
    amount_minor: int
    negative: bool = False


class RefundFunded(Event, frozen=True, kw_only=True):
    """A refund of a swept sale was drawn from the merchant's available balance, for the payer's lane."""

    kind = 62
    amount_minor: int
    to_lane: int


class PaidOut(Event, frozen=True, kw_only=True):
    """The merchant's available balance is on its way to his bank."""

    kind = 63
    amount_minor: int


class PayoutSettled(Event, frozen=True, kw_only=True):
    """The bank has paid the merchant."""

    kind = 64
    amount_minor: int
    payout_id: int
    bank_reference: str


class PayoutReturned(Event, frozen=True, kw_only=True):
    """The bank could not pay the merchant; the amount is available again."""

    kind = 65
    amount_minor: int
    payout_id: int
    bank_reference: str
    reason: str


class BooksSettled(Event, frozen=True, kw_only=True):
    """Lender and payment institution netted this lane's pair and settled the rest through the bank.

    net_minor: cleared against each other. Of the rest at most one of the two sides is above zero; one below zero was
    settled the other way.
    """

    kind = 66
    net_minor: int
    lender_pays_minor: int
    institution_pays_minor: int


class FeesSwept(Event, frozen=True, kw_only=True):
    """The payment institution took its own fees out of the safeguarded account; negative: brought some back."""

    kind = 67
    amount_minor: int
    negative: bool = False


# ── joint lending ─────────────────────────────────────────────────────────────────────────────────────────────────


class FundingAgreed(Event, frozen=True, kw_only=True):
    """A partner bank funds its share of each new loan under these programs, up to a cap on all that is owed to it.

    share_ppm, servicing_ppm: parts per million, as in `LoanFunding`. from_on, until_on: first and last day of new loans.
    """

    kind = 180
    agreement_id: int
    partner: str
    programs: tuple[str, ...]
    share_ppm: int
    servicing_ppm: int
    cap_minor: int
    from_on: date
    until_on: date | None = None


class FundingClosed(Event, frozen=True, kw_only=True):
    """No new loan is funded under the agreement; those that were are shared until they are paid."""

    kind = 181
    agreement_id: int
    reason: str


class PartnerSettled(Event, frozen=True, kw_only=True):
    """Lender and partner bank netted what they owed each other under an agreement in this lane, and the bank moved the rest.

    net_minor: cleared against each other. Of the rest at most one of the two sides is above zero; one below zero was
    settled the other way.
    """

    kind = 182
    agreement_id: int
    net_minor: int
    lender_pays_minor: int
    partner_pays_minor: int


# ── campaigns and the mall ────────────────────────────────────────────────────────────────────────────────────────


class CampaignOpened(Event, frozen=True, kw_only=True):
    """A sponsor gives so much money to be spent by these terms."""

    kind = 130
    campaign_id: int
    name: str
    name_zh: str
    budget_minor: int
    terms: CampaignTerms


class CampaignToppedUp(Event, frozen=True, kw_only=True):
    """The budget is larger by so much."""

    kind = 131
    campaign_id: int
    amount_minor: int


class CampaignRecalled(Event, frozen=True, kw_only=True):
    """So much of the budget, not spent, was taken back."""

    kind = 132
    campaign_id: int
    amount_minor: int


class CampaignClosed(Event, frozen=True, kw_only=True):
    """Nothing more is given; what was given stays, and what is refunded still comes back to the budget."""

    kind = 133
    campaign_id: int
    reason: str


class MallSettled(Event, frozen=True, kw_only=True):
    """The mall paid this lane's share of what its campaigns owe, through the bank; below zero it got something back."""

    kind = 134
    institution_minor: int
    lender_minor: int


class StatePaid(Event, frozen=True, kw_only=True):
    """The state paid the mall what it had laid out for a campaign of the state's."""

    kind = 135
    campaign_id: int
    amount_minor: int
    bank_reference: str


# ── being late for long ───────────────────────────────────────────────────────────────────────────────────────────


class ChargedOff(Event, frozen=True, kw_only=True):
    """The clock booked a line's debt as a loss, so many days past due; it is owed all the same.

    mode: what was charged off. bears_interest: whether the claim goes on bearing interest.
    """

    kind = 80
    mode: Literal["whole_line", "past_due", "principal"]
    bears_interest: bool
    days_past_due: int


class ChargedOffByOwner(Event, frozen=True, kw_only=True):
    """The owner booked a line's debt as a loss; it is owed all the same."""

    kind = 81
    mode: Literal["whole_line", "past_due", "principal"]
    bears_interest: bool
    reason: str


class ProvisionBucket(msgspec.Struct, frozen=True, kw_only=True):
    """Debt of one program, so long past due. owed: on the books; claimed: charged off; allowance: what `owed` should have."""

    program: str
    bucket: str
    lines: int
    owed_minor: int
    claimed_minor: int
    allowance_minor: int


class Provisioned(Event, frozen=True, kw_only=True):
    """The allowance of one lane is what these buckets ask for; before_minor: what it was, below zero after charge-offs."""

    kind = 82
    before_minor: int
    buckets: tuple[ProvisionBucket, ...]

    @property
    def amount_minor(self) -> int:
        """What was missing; below zero, what there was too much."""
        return sum(bucket.allowance_minor for bucket in self.buckets) - self.before_minor


class CaseOpened(Event, frozen=True, kw_only=True):
    """The line has been past due for so many days: somebody is to look after it."""

    kind = 83
    days_past_due: int


class CaseClosed(Event, frozen=True, kw_only=True):
    """Nothing is past due any more. promise_kept: the promise that was open, if there was one."""

    kind = 84
    promise_kept: bool


class PromiseJudged(Event, frozen=True, kw_only=True):
    """The day of a promise is over: so much was paid since it was made."""

    kind = 85
    kept: bool
    promised_minor: int
    paid_minor: int


class CaseAssigned(Event, frozen=True, kw_only=True):
    kind = 86
    assignee: str


class CaseNoted(Event, frozen=True, kw_only=True):
    kind = 87
    note: str
    by: str


class Promised(Event, frozen=True, kw_only=True):
    """The customer promised to pay so much by the end of a day; a new promise takes the place of an open one."""

    kind = 88
    amount_minor: int
    pay_by: date
    by: str


class Contacted(Event, frozen=True, kw_only=True):
    """The customer was contacted, within the hours and as often as the terms allow."""

    kind = 89
    channel: Literal["call", "message", "letter", "visit"]
    by: str
    at: datetime


class Reminded(Event, frozen=True, kw_only=True):
    """The customer was reminded of the statement closed on `closes_on`, by the step of the terms' `dunning` for this many days
    past due (below zero: before its due day). due: what remained of all statements then.
    """

    kind = 160
    closes_on: date
    due_on: date
    days_past_due: int
    channel: ReminderChannel
    text: ReminderText
    due_minor: int


class CollectionPaused(Event, frozen=True, kw_only=True):
    """Through `until_on` nobody is reminded, and what the terms name stands still; interest runs on."""

    kind = 161
    until_on: date
    reason: str


class CollectionResumed(Event, frozen=True, kw_only=True):
    """A pause ended before its last day."""

    kind = 162
    reason: str


class ClaimsSold(Event, frozen=True, kw_only=True):
    """All claims of a charged-off line belong to a buyer from now on, who pays the price. sold: what was claimed then.

    contact: where the customer pays him. reference: of the sale, the same for all lines of one.
    """

    kind = 163
    buyer: str
    contact: str
    reference: str
    price_minor: int
    sold_minor: int


class CreditDeclined(Event, frozen=True, kw_only=True):
    """The owner said no to somebody who asked for a line, or, where a line is named, for more of it. asked: how much, if she
    said; code: why (`credit.adverse`).
    """

    kind = 165
    program: str
    code: str
    reason: str = ""
    asked_minor: int = 0


# ── refusals ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Refused(Event, frozen=True, kw_only=True):
    """A command was refused: which, why, and the numbers that explain it."""

    kind = 90
    command: str
    refusal: str
    numbers: dict[str, Any]


def _all_kinds() -> dict[int, type[Event]]:
    kinds: dict[int, type[Event]] = {}
    for event_type in Event.__subclasses__():
        assert event_type.kind not in kinds, f"two events share the kind {event_type.kind}"
        event_type.body_fields = tuple(
            (f.name, f.default) for f in msgspec.structs.fields(event_type) if f.name not in (*OWNERS, "value_on")
        )
        kinds[event_type.kind] = event_type
    return kinds


KINDS: dict[int, type[Event]] = _all_kinds()


def body_of(event: Event) -> dict[str, Any]:
    """The part of an event that goes to the row's body: all but `value_on`, the owners' ids, and what is at its default."""
    body = {}
    for name, default in event.body_fields:
        value = getattr(event, name)
        if value != default:
            body[name] = value
    return body


def event_of(kind: int, owners: dict[str, Any], body: dict[str, Any]) -> Event:
    """The event that a row holds. owners: `value_on` and the five ids. Raises KeyError for an unknown kind."""
    return msgspec.convert({**owners, **body}, KINDS[kind])
