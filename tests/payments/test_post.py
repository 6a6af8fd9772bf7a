"""Entries of events: what each moves in the book, and that what a person sees of it is the book's own number."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from florin import events
from florin.events import Event, body_of, event_of
from florin.ledger import ACCOUNTS, Account, Entry, Rule, transfers_of
from florin.payments.fees import merchant_fees_of
from florin.payments.post import entries_of
from florin.wallet.wallet import Wallet, change_minor, evolve
from payments.events_of_money import COUPONS, EVENTS, MOVING, ON, OWNERS, PLANS, of_kind


def moved(event: Event) -> Counter[Account]:
    """By account, on its own side; a credit balance's entry, which the account derives, is added."""
    entries = entries_of(event)
    if isinstance(event, events.CreditBalancePaid) and event.amount_minor:
        entries.append(Entry(Rule.PAY_CREDIT_BALANCE, event.amount_minor))
    balances: Counter[Account] = Counter()
    for debit, credit, amount_minor in transfers_of(entries):
        balances[debit] += amount_minor * ACCOUNTS[debit].side
        balances[credit] -= amount_minor * ACCOUNTS[credit].side
    return balances


@given(event=EVENTS)
def test_what_an_event_does_to_a_wallet_is_what_it_moves_on_the_wallets_account(event):
    assert change_minor(event) == moved(event)[Account.WALLET]
    after = evolve(Wallet(id=4, lane=8, balance_minor=10), event)
    assert after.balance_minor == 10 + change_minor(event)
    taken_out = {events.WithdrawalRequested: 1, events.WithdrawalReturned: -1}.get(type(event), 0)
    assert after.withdrawn_minor == taken_out * getattr(event, "amount_minor", 0)


def test_every_event_either_moves_money_or_is_known_not_to():
    moves_none = {
        "PersonJoined", "LineOpened", "LimitSet", "LineFrozen", "LineUnfrozen", "LineClosed", "StatementIssued",
        "RepaymentCleared", "RepaymentConfirmed", "SharedLimitSet",
        "FellPastDue", "LateCharged", "AccrualStopped", "CycleMoved", "CostCharged",
        "UpliftGiven", "UpliftEnded", "LineClosing", "AutopaySet", "AutopayTried", "AutopayFailed",
        "ReAged", "HardshipAgreed", "HardshipEnded", "HardshipEndedEarly",
        "PurchaseConverted", "BillConverted", "Refolded", "ChargedOff", "ChargedOffByOwner",
        "CaseOpened", "CaseClosed", "CaseAssigned", "CaseNoted", "Promised", "PromiseJudged", "Contacted",
        "Reminded", "CollectionPaused", "CollectionResumed", "ClaimsSold", "CreditDeclined",
        "BreakFound", "BreakAssigned", "BreakResolved",
        "TradeAsked", "TradeClosed", "CampaignClosed", "CampaignRanLow", "CampaignRefilled",
        "FundingAgreed", "FundingClosed", "ParentAsked", "ParentPaid", "Refused",
            "PayoutsHeld", "PayoutsReleased", "MerchantInvoiced",
        "EcosystemAdded", "AcceptanceChanged", "CheckoutOpened", "ExperimentStarted", "ExperimentEnded",
        "ReceiptExtended", "RefundRequested", "RequestAnswered", "GoodsSentBack", "EvidenceGiven", "DisputeDecided",
        "AuthorizationExtended", "Shipped", "ReceiverAdded", "ReceiverRemoved",
    }  # fmt: skip

    of_buckets = {"Provisioned"}  # moves the sum of its buckets: tests/engine/test_charge_off.py
    moving = {kind.__name__ for kind in MOVING}
    assert {kind.__name__ for kind in events.KINDS.values()} == moves_none | moving | of_buckets


@pytest.mark.parametrize(
    "event",
    [
        events.PersonJoined(value_on=ON, person_id=4, name="Alice"),
        events.LineOpened(value_on=ON, line_id=3, person_id=4, program="huabei", limit_minor=100),
        events.TradeAsked(value_on=ON, trade_id=1, merchant_id=5, amount_minor=100),
        events.Refused(value_on=ON, person_id=4, command="Pay", refusal="NoLine", numbers={}),
    ],
)
def test_events_that_move_no_money_change_no_wallet(event):
    assert entries_of(event) == []
    assert change_minor(event) == 0


@given(event=EVENTS)
def test_no_event_moves_nothing_under_a_name(event):
    assert all(entry.amount_minor > 0 for entry in entries_of(event))


@given(event=EVENTS)
def test_an_event_comes_back_from_its_row_as_it_was(event):
    owners = {name: getattr(event, name) for name in OWNERS}

    assert event_of(event.kind, owners, body_of(event)) == event


@given(event=of_kind(events.Captured))
def test_a_capture_moves_what_is_owed_and_what_the_merchant_gets(event):
    on = moved(event)
    merchant_fee = event.plan.fee_minor if event.plan and event.plan.fee_payer == "merchant" else 0
    shopper_fee = event.plan.shopper_fee_minor if event.plan else 0
    subsidy = event.plan.subsidy if event.plan else None
    borne = subsidy.funded_minor if subsidy else 0
    merchant_fee += subsidy.amount_minor - borne if subsidy else 0

    assert on[Account.PRINCIPAL_UNBILLED] == event.credit_minor == on[Account.LENDER_DUE_TO_PAYMENTS]
    assert on[Account.MEMO_HELD] == -event.held_credit_minor
    funded = event.coupon.funded_minor if event.coupon else 0
    assert on[Account.FUNDED_ESCROW] == -event.held_wallet_minor
    assert on[Account.PAYMENTS_DUE_FROM_MALL] == funded
    assert on[Account.LENDER_DUE_FROM_MALL] == borne
    assert on[Account.CAMPAIGN_COST] == funded + borne
    assert on[Account.MEMO_SUBSIDY] == -(event.promised.amount_minor if event.promised else 0)
    assert on[Account.FEE_UNBILLED] == shopper_fee
    assert on[Account.DEFERRED_FEE_INCOME] == shopper_fee + merchant_fee + borne
    paid = event.credit_minor + event.wallet_minor + funded
    frozen = event.frozen.amount_minor if event.frozen else 0
    assert on[Account.MERCHANT_PAYABLE] == paid - event.mdr_minor - merchant_fee - merchant_fees_of(event.fees) - frozen
    assert on[Account.SHARES_FROZEN] == frozen


def test_fees_go_to_whom_they_are_and_a_refund_that_gives_them_back_takes_them_from_there():
    fees = tuple(events.FeePart(fee=fee, amount_minor=10**at) for at, fee in enumerate(get_args(events.FeeName)))
    sale = events.Captured(value_on=ON, credit_minor=0, wallet_minor=0, mdr_minor=1, fees=fees)

    on = {account: minor for account, minor in moved(sale).items() if minor}

    assert on == {
        Account.MERCHANT_PAYABLE: -1 - 10 - 100 - 1_000, Account.MDR_INCOME: 1, Account.CREDIT_FEE_INCOME: 10,
        Account.COMMISSION_INCOME: 100, Account.SOFTWARE_FEE_INCOME: 1_000, Account.PAYMENTS_DUE_TO_MALL: 1_100,
        Account.MALL_DUE_FROM_PAYMENTS: 1_100, Account.INTERCHANGE_COST: 10_000, Account.INTERCHANGE_INCOME: 10_000,
        Account.PAYMENTS_DUE_TO_LENDER: 10_010, Account.LENDER_DUE_FROM_PAYMENTS: 10_010,
        Account.PAYMENTS_NETWORK_COST: 100_000, Account.PAYMENTS_DUE_TO_NETWORK: 100_000,
        Account.LENDER_NETWORK_COST: 1_000_000, Account.LENDER_DUE_TO_NETWORK: 1_000_000,
    }  # fmt: skip
    refund = events.Refunded(
        value_on=ON,
        credit_minor=0,
        wallet_minor=0,
        before_receipt=False,
        request_no="r",
        mdr_back_minor=1,
        fees_back=fees,
    )
    assert moved(refund) == Counter({account: -minor for account, minor in on.items()})
    reversed_refund = events.RefundReversed(
        value_on=ON, credit_minor=0, wallet_minor=0, mdr_minor=1, request_no="r", reason="won", fees=fees
    )
    assert moved(reversed_refund) == Counter(on)


@given(
    credit_minor=st.integers(0, 10**9),
    wallet_minor=st.integers(0, 10**9),
    mdr_minor=st.integers(0, 10**9),
    plan=PLANS,
    coupon=COUPONS,
)
def test_escrow_and_receipt_together_move_what_a_direct_sale_moves(credit_minor, wallet_minor, mdr_minor, plan, coupon):
    owners = {"value_on": date(2026, 3, 5), "payment_id": 2, "line_id": 3, "person_id": 4, "merchant_id": 5}
    tenders = {"credit_minor": credit_minor, "wallet_minor": wallet_minor, "plan": plan, "coupon": coupon}
    direct = moved(events.Captured(**owners, **tenders, mdr_minor=mdr_minor))

    together = moved(events.Escrowed(**owners, **tenders))
    promised = plan.subsidy if plan else None
    received = events.Received(**owners, **tenders, mdr_minor=mdr_minor, promised=promised)
    for account, amount_minor in moved(received).items():
        together[account] += amount_minor

    assert {a: m for a, m in together.items() if m} == {a: m for a, m in direct.items() if m}


@given(credit_minor=st.integers(0, 10**9), wallet_minor=st.integers(0, 10**9), coupon=COUPONS)
def test_a_void_and_a_refund_before_receipt_leave_nothing_behind(credit_minor, wallet_minor, coupon):
    owners = {"value_on": date(2026, 3, 5), "payment_id": 2, "line_id": 3, "person_id": 4, "merchant_id": 5}
    tenders = {"credit_minor": credit_minor, "wallet_minor": wallet_minor, "coupon": coupon}
    expires_at = datetime(2026, 3, 12, tzinfo=UTC)

    for begun, undone in (
        (
            events.Authorized(**owners, **tenders, expires_at=expires_at),
            events.Voided(**owners, **tenders, reason="expired"),
        ),
        (
            events.Escrowed(**owners, **tenders),
            events.Refunded(**owners, **tenders, before_receipt=True, request_no="r"),
        ),
    ):
        left = moved(begun)
        for account, amount_minor in moved(undone).items():
            left[account] += amount_minor
        assert set(left.values()) <= {0}


@given(event=of_kind(events.Refunded))
def test_a_refund_after_receipt_is_paid_by_the_merchant_net_of_what_he_gets_back(event):
    if event.before_receipt:
        return
    on = moved(event)

    given_back = event.credit_minor + event.wallet_minor + (event.coupon.funded_minor if event.coupon else 0)
    given_back -= event.mdr_back_minor + event.merchant_fee_back_minor + merchant_fees_of(event.fees_back)
    given_back -= event.subsidy_back.amount_minor - event.subsidy_back.funded_minor if event.subsidy_back else 0
    assert (
        on[Account.MERCHANT_PAYABLE] == event.swept_minor + event.from_held_minor + event.from_frozen_minor - given_back
    )
    assert on[Account.SHARES_FROZEN] == -event.from_frozen_minor
    assert on[Account.DISPUTE_HELD] == -event.from_held_minor
    assert on[Account.LANE_CLEARING] == -event.swept_minor


@given(sale=of_kind(events.Captured), refunded_minor=st.integers(1, 10**9))
def test_what_a_campaign_bears_of_a_sale_comes_back_with_its_refund_whoever_is_behind_it(sale, refunded_minor):
    if sale.coupon is None:
        return
    sale = replace(sale, plan=None)
    back = replace(sale.coupon, amount_minor=min(refunded_minor, sale.coupon.amount_minor))
    refund = events.Refunded(
        value_on=ON, credit_minor=0, wallet_minor=0, before_receipt=False, request_no="r", coupon=back
    )
    on, after = moved(sale), moved(refund)

    borne = back.amount_minor - sale.coupon.amount_minor
    for account in (Account.CAMPAIGN_COST, Account.MEMO_DISCOUNT, Account.DUE_FROM_STATE, Account.STATE_GRANTS):
        assert on[account] + after[account] in (0, -borne)
    assert on[Account.CAMPAIGN_COST] + on[Account.MEMO_DISCOUNT] == sale.coupon.amount_minor
    assert on[Account.DUE_FROM_STATE] == (sale.coupon.amount_minor if sale.coupon.sponsor == "state" else 0)
    assert after[Account.MERCHANT_PAYABLE] == after[Account.PAYMENTS_DUE_FROM_MALL] == -back.funded_minor


@pytest.mark.parametrize("negative", [False, True])
def test_both_sides_of_a_sweep_clear_each_other(negative):
    common = {"value_on": date(2026, 3, 6), "merchant_id": 5, "window_on": date(2026, 3, 5)}
    out = moved(events.WindowSwept(**common, amount_minor=100, negative=negative))
    home = moved(events.WindowReceived(**common, amount_minor=100, negative=negative, from_lane=8))

    assert out[Account.LANE_CLEARING] + home[Account.LANE_CLEARING] == 0
    assert home[Account.MERCHANT_AVAILABLE] == -out[Account.MERCHANT_PAYABLE] == (-100 if negative else 100)
