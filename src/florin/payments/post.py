"""Post: the entries of every event that needs no look at a line's items.

A sale, a hold, a receipt, a top-up move fixed accounts by fixed amounts, so their entries follow from the event alone. What
a repayment or a refund clears in the debt depends on the items; those entries come from `credit.account` and join these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from florin.events import (
    Authorized,
    BankCharged,
    BooksSettled,
    CampaignOpened,
    CampaignPart,
    CampaignRecalled,
    CampaignToppedUp,
    Captured,
    ClaimBuyerPaid,
    ClaimBuyerSettled,
    DisputeFunded,
    DisputeOpened,
    Escrowed,
    Event,
    FeePart,
    FeesSwept,
    InstallmentChoice,
    LoanFunding,
    MallSettled,
    MerchantPaidBack,
    NetworkSettled,
    PaidOut,
    PartnerSettled,
    PayoutReturned,
    PayoutSettled,
    Provisioned,
    ReceiptAllocated,
    ReceiptSentBack,
    ReceiptUnallocated,
    Received,
    Refunded,
    RefundFunded,
    RefundReversed,
    Repaid,
    RepaymentReturned,
    RequestClosed,
    ReserveHeld,
    ReserveReleased,
    SentBackAnswered,
    ShareReceived,
    ShareReturned,
    SharesGiven,
    ShareTakenBack,
    StatePaid,
    ToppedUp,
    TransferFunded,
    TransferReceived,
    Voided,
    WindowReceived,
    WindowSwept,
    WithdrawalRequested,
    WithdrawalReturned,
    WithdrawalSettled,
)
from florin.ledger import Entry, Rule

Entries = list[Entry]


def entries_of(event: Event) -> Entries:
    """What the event moves by itself, in order, zero amounts left out."""
    rule = _ENTRIES.get(type(event))
    return [entry for entry in rule(event) if entry.amount_minor] if rule else []


def _authorized(event: Authorized) -> Entries:
    return [
        Entry(Rule.HOLD_CREDIT, event.credit_minor),
        Entry(Rule.ESCROW_WALLET, event.wallet_minor),
        *_coupon_spent(event.coupon),
        *_promise(event.plan.subsidy if event.plan else None),
    ]


def _escrowed(event: Escrowed) -> Entries:
    return [
        Entry(Rule.HOLD_CREDIT, event.held_credit_minor, reversed=True),
        Entry(Rule.DRAW_INTO_ESCROW if event.drawn else Rule.COMMIT_CREDIT, event.credit_minor),
        Entry(Rule.ESCROW_WALLET, event.wallet_minor - event.held_wallet_minor),
        *_coupon_spent(event.coupon),
        *_funded(event.funding),
        *_promise(event.plan.subsidy if event.plan else None),
    ]


def _captured(event: Captured) -> Entries:
    return [
        Entry(Rule.HOLD_CREDIT, event.held_credit_minor, reversed=True),
        Entry(Rule.ESCROW_WALLET, event.wallet_minor - event.held_wallet_minor),
        Entry(Rule.DRAW_CREDIT, event.credit_minor),
        *_coupon_spent(event.coupon),
        *_owed(event),
    ]


def _received(event: Received) -> Entries:
    if event.drawn:
        return [Entry(Rule.RECEIVE_DRAWN, event.credit_minor), *_owed(event)]
    return [
        Entry(Rule.COMMIT_CREDIT, event.credit_minor, reversed=True),
        Entry(Rule.DRAW_CREDIT, event.credit_minor),
        *_owed(event),
    ]


def _owed(event: Captured | Received) -> Entries:
    return [
        Entry(Rule.RELEASE_ESCROW, event.wallet_minor),
        Entry(Rule.RELEASE_COUPON, event.coupon.funded_minor if event.coupon else 0),
        Entry(Rule.CHARGE_MDR, event.mdr_minor),
        *_fees(event.fees),
        *_promise(event.promised, kept=False),
        *_installment_fee(event.plan),
        *_funded(event.funding),
        Entry(Rule.FREEZE_SHARES, event.frozen.amount_minor if event.frozen else 0),
    ]


def _fees(parts: Sequence[FeePart], *, given_back: bool = False) -> Entries:
    """Fees of the merchant's plan and of a card's network, beside the mdr that its event counts by itself."""
    return [Entry(_FEES[part.fee], part.amount_minor, reversed=given_back) for part in parts if part.fee != "mdr"]


_FEES = {
    "credit_fee": Rule.CHARGE_CREDIT_FEE,
    "commission": Rule.CHARGE_COMMISSION,
    "software_fee": Rule.CHARGE_SOFTWARE_FEE,
    "interchange": Rule.PAY_INTERCHANGE,
    "network_acquirer": Rule.OWE_NETWORK_ACQUIRER,
    "network_issuer": Rule.OWE_NETWORK_ISSUER,
}


def _funded(funding: LoanFunding | None) -> Entries:
    """A partner bank's part of a loan that begins."""
    return [] if funding is None else [Entry(Rule.FUND_LOAN, funding.partner_minor)]


def _installment_fee(plan: InstallmentChoice | None) -> Entries:
    if plan is None:
        return []
    if plan.fee_payer == "merchant":
        return [Entry(Rule.CHARGE_MERCHANT_FEE, plan.fee_minor)]
    return [Entry(Rule.CHARGE_SHOPPER_FEE, plan.shopper_fee_minor), *_subsidy(plan.subsidy)]


def _promise(part: CampaignPart | None, *, kept: bool = True) -> Entries:
    """What a campaign reserves to bear of a fee, or is freed of."""
    return [] if part is None else [Entry(Rule.PROMISE_SUBSIDY, part.amount_minor, part.campaign_id, reversed=not kept)]


def _subsidy(part: CampaignPart | None, *, given_back: bool = False) -> Entries:
    """What a campaign bears of a shopper's fee; a merchant's own is a fee of his, and only counted."""
    if part is None:
        return []
    by_merchant = Entry(Rule.CHARGE_MERCHANT_FEE, part.amount_minor, reversed=given_back)
    by_campaign = [
        Entry(rule, part.amount_minor, part.campaign_id, reversed=given_back) for rule in _FEE_BORNE_BY[part.sponsor]
    ]
    return [by_merchant, *by_campaign] if part.sponsor == "merchant" else by_campaign


_FEE_BORNE_BY = {
    "mall": (Rule.SUBSIDIZE_FEE,),
    "state": (Rule.SUBSIDIZE_FEE, Rule.CLAIM_ON_STATE),
    "merchant": (Rule.GIVE_DISCOUNT,),
}


def _coupon_spent(part: CampaignPart | None) -> Entries:
    """What a campaign bears, beyond what an authorization had reserved. A merchant's own coupon moves no money."""
    if part is None:
        return []
    return [Entry(rule, part.amount_minor - part.held_minor, part.campaign_id) for rule in _BORNE_BY[part.sponsor]]


_BORNE_BY = {
    "mall": (Rule.ESCROW_COUPON,),
    "state": (Rule.ESCROW_COUPON, Rule.CLAIM_ON_STATE),
    "merchant": (Rule.GIVE_DISCOUNT,),
}


def _coupon_back(part: CampaignPart | None, *, from_escrow: bool) -> Entries:
    """What goes back to a campaign: out of escrow, or from what the merchant was paid."""
    back = [entry._replace(reversed=True) for entry in _coupon_spent(part)]
    if from_escrow:
        return back
    paid_back = Rule.REFUND_COUPON
    return [
        entry._replace(rule=paid_back, reversed=False) if entry.rule is Rule.ESCROW_COUPON else entry for entry in back
    ]


def _voided(event: Voided) -> Entries:
    return [
        Entry(Rule.HOLD_CREDIT, event.credit_minor, reversed=True),
        Entry(Rule.ESCROW_WALLET, event.wallet_minor, reversed=True),
        *_coupon_back(event.coupon, from_escrow=True),
        *_promise(event.promised, kept=False),
    ]


def _refunded(event: Refunded) -> Entries:
    if event.before_receipt:
        given_back = Entry(Rule.COMMIT_CREDIT, event.credit_minor, reversed=True)
        return [
            Entry(Rule.RETURN_DRAWN, event.credit_minor) if event.drawn else given_back,
            Entry(Rule.ESCROW_WALLET, event.wallet_minor, reversed=True),
            *_coupon_back(event.coupon, from_escrow=True),
            Entry(Rule.SHARE_PRINCIPAL, event.funding.partner_minor if event.funding else 0),
            *_promise(event.promised, kept=False),
        ]
    return [
        # The money of a swept sale comes back from the merchant's available balance, through the lanes' clearing.
        Entry(Rule.SWEEP_OUT, event.swept_minor, reversed=True),
        Entry(Rule.HOLD_DISPUTED, event.from_held_minor, reversed=True),
        Entry(Rule.FREEZE_SHARES, event.from_frozen_minor, reversed=True),
        Entry(Rule.REFUND_CREDIT, event.credit_minor),
        Entry(Rule.REFUND_WALLET, event.wallet_minor),
        Entry(Rule.CHARGE_MDR, event.mdr_back_minor, reversed=True),
        *_fees(event.fees_back, given_back=True),
        Entry(Rule.CHARGE_MERCHANT_FEE, event.merchant_fee_back_minor, reversed=True),
        *_coupon_back(event.coupon, from_escrow=False),
        *_subsidy(event.subsidy_back, given_back=True),
    ]


def _dispute_opened(event: DisputeOpened) -> Entries:
    return [
        Entry(Rule.SWEEP_OUT, event.swept_minor, reversed=True),
        Entry(Rule.HOLD_DISPUTED, event.held_minor),
    ]


def _request_closed(event: RequestClosed) -> Entries:
    return [
        Entry(Rule.HOLD_DISPUTED, event.released_minor, reversed=True),
        Entry(Rule.CHARGE_RETURN_FEE, event.fee_minor),
    ]


def _shares_given(event: SharesGiven) -> Entries:
    return [
        Entry(Rule.SHARE_OUT, event.shared_minor),
        Entry(Rule.FREEZE_SHARES, event.released_minor, reversed=True),
    ]


def _share_received(event: ShareReceived) -> Entries:
    return [Entry(Rule.SHARE_TO_PERSON if event.to_person else Rule.SHARE_IN, event.amount_minor)]


def _refund_reversed(event: RefundReversed) -> Entries:
    return [
        Entry(Rule.REFUND_CREDIT, event.credit_minor, reversed=True),
        Entry(Rule.REFUND_WALLET, event.wallet_minor, reversed=True),
        Entry(Rule.CHARGE_MDR, event.mdr_minor),
        *_fees(event.fees),
    ]


def _repaid(event: Repaid) -> Entries:
    return [
        Entry(Rule.REPAY_FROM_WALLET if event.source == "wallet" else Rule.REPAY_FROM_BANK, event.amount_minor),
        *_subsidy(event.payoff.subsidy_back if event.payoff else None, given_back=True),
    ]


def _books_settled(event: BooksSettled) -> Entries:
    return [
        Entry(Rule.NET_BOOKS, event.net_minor),
        _signed(Rule.LENDER_PAYS, event.lender_pays_minor),
        _signed(Rule.PAYMENTS_PAYS, event.institution_pays_minor),
    ]


def _mall_settled(event: MallSettled) -> Entries:
    return [
        _signed(Rule.MALL_PAYS_PAYMENTS, event.institution_minor),
        _signed(Rule.MALL_PAYS_LENDER, event.lender_minor),
        _signed(Rule.PAYMENTS_PAY_MALL, event.commission_minor),
    ]


def _network_settled(event: NetworkSettled) -> Entries:
    return [
        _signed(Rule.PAYMENTS_PAY_NETWORK, event.institution_minor),
        _signed(Rule.LENDER_PAYS_NETWORK, event.lender_minor),
    ]


def _partner_settled(event: PartnerSettled) -> Entries:
    return [
        Entry(Rule.NET_PARTNER, event.net_minor),
        _signed(Rule.LENDER_PAYS_PARTNER, event.lender_pays_minor),
        _signed(Rule.PARTNER_PAYS, event.partner_pays_minor),
    ]


def _buyer_settled(event: ClaimBuyerSettled) -> Entries:
    return [
        Entry(Rule.PAY_CLAIM_BUYER, event.paid_minor),
        Entry(Rule.TAKE_BACK_FROM_BUYER, event.taken_back_minor),
    ]


def _signed(rule: Rule, amount_minor: int) -> Entry:
    return Entry(rule, abs(amount_minor), reversed=amount_minor < 0)


def _by(rule: Rule, *, reversed: bool = False) -> Callable[[Any], Entries]:
    return lambda event: [Entry(rule, event.amount_minor, reversed=reversed)]


def _sent_back_answered(event: SentBackAnswered) -> Entries:
    if event.returned:
        return [Entry(Rule.SEND_BACK_RECEIPT, event.amount_minor, reversed=True)]
    return [Entry(Rule.SETTLE_PAYOUT, event.amount_minor)]


def _returned(sent: Rule, settled: Rule) -> Callable[[Any], Entries]:
    """What the bank could not pay is not in transit any more; what it had paid is back in cash first."""

    def entries(event: PayoutReturned | WithdrawalReturned) -> Entries:
        back = [Entry(settled, event.amount_minor, reversed=True)] if event.late else []
        return [*back, Entry(sent, event.amount_minor, reversed=True), *_fee_back(event)]

    return entries


def _fee_back(event: PayoutReturned | WithdrawalReturned) -> Entries:
    """What a person had paid for taking the money out."""
    if isinstance(event, PayoutReturned):
        return []
    return [Entry(Rule.CHARGE_WITHDRAWAL, event.fee_minor, reversed=True)]


_ENTRIES: dict[type[Event], Callable[[Any], Entries]] = {
    Authorized: _authorized,
    Escrowed: _escrowed,
    Captured: _captured,
    Received: _received,
    Voided: _voided,
    Refunded: _refunded,
    RefundReversed: _refund_reversed,
    Repaid: _repaid,
    RepaymentReturned: _by(Rule.REPAY_FROM_BANK, reversed=True),
    ReceiptUnallocated: _by(Rule.RECEIVE_UNALLOCATED),
    ReceiptAllocated: _by(Rule.RECEIVE_UNALLOCATED, reversed=True),
    ReceiptSentBack: _by(Rule.SEND_BACK_RECEIPT),
    SentBackAnswered: _sent_back_answered,
    BankCharged: lambda event: [
        Entry(Rule.BANK_CHARGE, event.amount_minor),
        Entry(Rule.MAKE_GOOD, event.amount_minor),
    ],
    ToppedUp: _by(Rule.TOP_UP),
    WithdrawalRequested: lambda event: [
        Entry(Rule.WITHDRAW, event.amount_minor),
        Entry(Rule.CHARGE_WITHDRAWAL, event.fee_minor),
    ],
    WithdrawalReturned: _returned(Rule.WITHDRAW, Rule.SETTLE_WITHDRAWAL),
    WithdrawalSettled: _by(Rule.SETTLE_WITHDRAWAL),
    WindowSwept: lambda event: [Entry(Rule.SWEEP_OUT, event.amount_minor, reversed=event.negative)],
    WindowReceived: lambda event: [Entry(Rule.SWEEP_IN, event.amount_minor, reversed=event.negative)],
    RefundFunded: _by(Rule.SWEEP_IN, reversed=True),
    DisputeOpened: _dispute_opened,
    DisputeFunded: _by(Rule.SWEEP_IN, reversed=True),
    RequestClosed: _request_closed,
    TransferReceived: _by(Rule.TRANSFER_IN),
    TransferFunded: _by(Rule.TRANSFER_OUT),
    SharesGiven: _shares_given,
    ShareReceived: _share_received,
    ShareReturned: _by(Rule.RETURN_SHARE),
    ShareTakenBack: _by(Rule.SHARE_IN, reversed=True),
    PaidOut: _by(Rule.PAY_OUT),
    PayoutReturned: _returned(Rule.PAY_OUT, Rule.SETTLE_PAYOUT),
    PayoutSettled: _by(Rule.SETTLE_PAYOUT),
    ReserveHeld: _by(Rule.HOLD_RESERVE),
    ReserveReleased: _by(Rule.HOLD_RESERVE, reversed=True),
    MerchantPaidBack: _by(Rule.MERCHANT_PAYS_BACK),
    BooksSettled: _books_settled,
    PartnerSettled: _partner_settled,
    ClaimBuyerPaid: _by(Rule.BUYER_PAYS),
    ClaimBuyerSettled: _buyer_settled,
    CampaignOpened: lambda event: [Entry(Rule.ALLOT_BUDGET, event.budget_minor, event.campaign_id)],
    CampaignToppedUp: lambda event: [Entry(Rule.ALLOT_BUDGET, event.amount_minor, event.campaign_id)],
    CampaignRecalled: lambda event: [Entry(Rule.ALLOT_BUDGET, event.amount_minor, event.campaign_id, reversed=True)],
    MallSettled: _mall_settled,
    NetworkSettled: _network_settled,
    StatePaid: lambda event: [Entry(Rule.STATE_PAYS, event.amount_minor, event.campaign_id)],
    Provisioned: lambda event: [_signed(Rule.PROVIDE, event.amount_minor)],
    FeesSwept: lambda event: [Entry(Rule.SWEEP_FEES, event.amount_minor, reversed=event.negative)],
}
