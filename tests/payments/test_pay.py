"""Asking and paying: the tenders make up the amount, and each says why it may not be used."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.credit.authorize import CreditLimitExceeded, LineNotOpen
from florin.credit.line import LineState
from florin.events import Authorized, Captured, Escrowed, InstallmentChoice, TradeAsked, TradeClosed
from florin.events.refusals import Refusal
from florin.payments import ask, charge, close, pay
from florin.payments.merchant import MerchantFrozen
from florin.payments.payment import evolve
from florin.payments.trade import Flow, TradeDetail, TradeState
from florin.wallet.withdraw import WalletTooLow
from payments.builders import (
    ALICE,
    AT,
    BOB,
    LINE,
    NOW,
    PAYMENT,
    TEA_HOUSE,
    TERMS,
    TODAY,
    TRADE,
    line,
    merchant,
    trade,
    wallet,
)


def decide(a_trade=None, *, of=None, a_line=None, a_wallet=None, terms=TERMS, **tenders):
    command = pay.Pay(payment_id=PAYMENT, trade_id=TRADE, **({"person_id": ALICE, "line_id": LINE} | tenders))
    return pay.decide(
        trade=a_trade or trade(),
        merchant=of or merchant(),
        line=a_line or line(),
        wallet=a_wallet or wallet(1_000_00),
        terms=terms,
        command=command,
        at=AT,
    )


def asked(**changes):
    fields = {
        "trade_id": TRADE, "app_id": 1, "merchant_id": TEA_HOUSE, "out_trade_no": "tea-1", "amount_minor": 100_00,
        "subject": "tea", "flow": Flow.DIRECT,
    }  # fmt: skip
    return ask.Ask(**(fields | changes))


# ── ask and close ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_merchant_asks_to_be_paid():
    assert ask.decide(merchant(), asked(), AT) == (
        TradeAsked(value_on=TODAY, trade_id=TRADE, merchant_id=TEA_HOUSE, amount_minor=100_00),
    )


@pytest.mark.parametrize("amount_minor", [0, -1, ask.AMOUNT_MINOR_MAX + 1])
def test_an_amount_out_of_range_is_refused_with_the_range(amount_minor):
    refusal = ask.decide(merchant(), asked(amount_minor=amount_minor), AT)

    assert isinstance(refusal, ask.AmountOutOfRange)
    assert "from ¥0.01 to ¥100,000,000.00" in refusal.sentence()


@pytest.mark.parametrize("state", ["frozen", "closed"])
def test_a_merchant_who_is_not_open_takes_no_new_payment(state):
    of = merchant(state=state)

    assert isinstance(ask.decide(of, asked(), AT), MerchantFrozen)
    assert isinstance(decide(of=of, credit_minor=100_00), MerchantFrozen)


def test_an_order_that_would_be_over_before_it_began_is_refused():
    late, in_time = asked(expires_at=NOW), asked(expires_at=NOW + timedelta(seconds=1))

    assert isinstance(ask.decide(merchant(), late, AT), ask.ExpiryPassed)
    assert isinstance(ask.decide(merchant(), in_time, AT), tuple)


def test_an_unpaid_trade_is_closed_once_and_a_paid_one_never():
    waiting, command = trade(), close.Close(trade_id=TRADE, reason="cancelled")

    assert close.decide(waiting, command, AT) == (
        TradeClosed(value_on=TODAY, trade_id=TRADE, merchant_id=TEA_HOUSE, reason="cancelled"),
    )
    assert isinstance(close.decide(trade(state=TradeState.CLOSED), command, AT), pay.TradeNotOpen)
    already_paid = close.decide(trade(state=TradeState.PAID, payment_id=PAYMENT), command, AT)
    assert already_paid == pay.TradeAlreadyPaid(trade_id=TRADE, payment_id=PAYMENT)


# ── pay ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("flow", "capture", "kind"),
    [
        (Flow.DIRECT, True, Captured),
        (Flow.DIRECT, False, Captured),
        (Flow.ESCROW, True, Escrowed),
        (Flow.ESCROW, False, Escrowed),
        (Flow.MANUAL, True, Captured),
        (Flow.MANUAL, False, Authorized),
    ],
)
def test_the_flow_of_the_trade_says_what_paying_it_means(flow, capture, kind):
    (event,) = decide(trade(flow=flow), credit_minor=70_00, wallet_minor=30_00, capture=capture)

    assert type(event) is kind
    assert (event.credit_minor, event.wallet_minor) == (70_00, 30_00)
    assert (event.trade_id, event.payment_id, event.line_id) == (TRADE, PAYMENT, LINE)
    assert (event.person_id, event.merchant_id, event.value_on) == (ALICE, TEA_HOUSE, TODAY)


def test_a_hold_ends_after_seven_days():
    (held,) = decide(trade(flow=Flow.MANUAL), credit_minor=100_00, capture=False)

    assert held.expires_at == NOW + timedelta(days=7)


def test_a_purchase_from_the_wallet_alone_names_no_line():
    (event,) = decide(wallet_minor=100_00)

    assert event.line_id == 0


def test_a_direct_sale_costs_the_merchant_his_rate_of_the_whole_sale():
    (event,) = decide(trade(199_00), credit_minor=100_00, wallet_minor=99_00)

    assert event.mdr_minor == 1_19


@given(
    amount_minor=st.integers(1, 10**6),
    credit_minor=st.integers(-(10**6), 2 * 10**6),
    wallet_minor=st.integers(-(10**6), 2 * 10**6),
)
def test_what_is_paid_is_exactly_what_was_asked(amount_minor, credit_minor, wallet_minor):
    decided = decide(
        trade(amount_minor),
        a_line=line(10**7),
        a_wallet=wallet(10**7),
        credit_minor=credit_minor,
        wallet_minor=wallet_minor,
    )

    adds_up = credit_minor >= 0 and wallet_minor >= 0 and credit_minor + wallet_minor == amount_minor
    assert isinstance(decided, pay.TendersDoNotAddUp) == (not adds_up)


@given(st.data())
def test_tenders_that_add_up_and_are_there_are_taken(data):
    amount_minor = data.draw(st.integers(1, 10**6))
    credit_minor = data.draw(st.integers(0, amount_minor))

    (event,) = decide(
        trade(amount_minor),
        a_line=line(credit_minor),
        a_wallet=wallet(amount_minor - credit_minor),
        credit_minor=credit_minor,
        wallet_minor=amount_minor - credit_minor,
    )

    assert event.credit_minor + event.wallet_minor == amount_minor


def test_each_tender_must_have_enough_left():
    too_much = decide(trade(100_01), a_line=line(100_00), credit_minor=100_01)
    too_little = decide(a_wallet=wallet(99_99), wallet_minor=100_00)

    assert too_much == CreditLimitExceeded(requested_minor=100_01, available_minor=100_00, over_minor=1, line_id=LINE)
    assert too_little == WalletTooLow(balance_minor=99_99, requested_minor=100_00, short_minor=1)


def test_a_tender_that_the_merchant_does_not_take_is_refused_only_when_it_is_used():
    no_credit = trade(detail=TradeDetail(tenders=("wallet",)))

    assert decide(no_credit, credit_minor=100_00) == pay.TenderNotAccepted(tender="credit")
    assert isinstance(decide(no_credit, wallet_minor=100_00), tuple)


def test_nobody_pays_with_the_line_of_another_or_with_none():
    nobody = pay.decide(
        trade=trade(), merchant=merchant(), line=None, wallet=wallet(), terms=None,
        command=pay.Pay(payment_id=PAYMENT, trade_id=TRADE, person_id=BOB, credit_minor=100_00), at=AT,
    )  # fmt: skip

    assert nobody == pay.NoLine(person_id=BOB)
    assert decide(person_id=BOB, credit_minor=100_00) == pay.NoLine(person_id=BOB)


def test_a_frozen_line_pays_nothing_new_and_does_not_stop_the_wallet():
    frozen = line(state=LineState.FROZEN)

    assert decide(a_line=frozen, credit_minor=100_00) == LineNotOpen(state="frozen", line_id=LINE)
    assert isinstance(decide(a_line=frozen, wallet_minor=100_00), tuple)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"state": TradeState.PAID, "payment_id": 99}, pay.TradeAlreadyPaid(trade_id=TRADE, payment_id=99)),
        ({"state": TradeState.CLOSED}, pay.TradeNotOpen(trade_id=TRADE)),
        ({"expires_at": NOW}, pay.TradeNotOpen(trade_id=TRADE)),
        ({"detail": TradeDetail(buyer_id=BOB)}, pay.TradeOfAnotherBuyer(trade_id=TRADE)),
    ],
)
def test_only_an_open_trade_is_paid_and_only_by_its_buyer(changes, refusal):
    assert decide(trade(**changes), credit_minor=100_00) == refusal


def test_expiry_is_judged_at_the_moment_of_paying():
    assert isinstance(decide(trade(expires_at=NOW + timedelta(seconds=1)), credit_minor=100_00), tuple)


# ── installments ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("count", "fee_minor"), [(3, 138_00), (6, 270_00), (12, 450_00)])
@pytest.mark.parametrize("fee_payer", ["shopper", "merchant"])
def test_the_fee_of_a_plan_is_a_share_of_the_credit_part_alone(count, fee_minor, fee_payer):
    spread = trade(6_500_00, installments=count, detail=TradeDetail(fee_payer=fee_payer))

    (event,) = decide(spread, credit_minor=6_000_00, wallet_minor=500_00)

    assert event.plan == InstallmentChoice(count=count, fee_minor=fee_minor, fee_payer=fee_payer)


def test_the_merchants_choice_of_installments_goes_before_the_shoppers():
    chosen_by_both = decide(trade(300_00, installments=3), credit_minor=300_00, installments=12)
    chosen_by_her = decide(trade(300_00), credit_minor=300_00, installments=12)

    assert (chosen_by_both[0].plan.count, chosen_by_her[0].plan.count) == (3, 12)


def test_a_plan_that_is_not_offered_is_refused_and_one_without_credit_is_no_plan():
    assert decide(trade(300_00), credit_minor=300_00, installments=7) == pay.PlanNotOffered(
        count=7, amount_minor=300_00
    )
    assert decide(trade(99_99), credit_minor=99_99, installments=3) == pay.PlanNotOffered(count=3, amount_minor=99_99)
    assert decide(trade(300_00), wallet_minor=300_00, installments=12)[0].plan is None


# ── the payment that comes of it ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("flow", Flow)
def test_a_new_payment_keeps_the_evidence_of_its_limit(flow):
    spent = line(500_00, held_minor=10_00, committed_minor=20_00, principal_minor=30_00)
    of, command = trade(flow=flow), pay.Pay(payment_id=PAYMENT, trade_id=TRADE, person_id=ALICE, credit_minor=100_00)
    (event,) = decide(of, a_line=spent, credit_minor=100_00)

    begun = pay.new_payment(of, merchant(), spent, TERMS, event, command)

    assert (begun.exposure_before_minor, begun.limit_effective_minor, begun.tolerance_minor) == (60_00, 500_00, 0)
    assert evolve(begun, event).paid_minor == 100_00


def test_escrow_alone_waits_for_receipt_and_the_goods_say_how_long():
    virtual = trade(flow=Flow.ESCROW, detail=TradeDetail(goods="virtual"))
    own_days = trade(flow=Flow.ESCROW, detail=TradeDetail(confirm_days=3))

    assert pay.confirm_on(trade(), TERMS, TODAY) is None
    assert pay.confirm_on(trade(flow=Flow.ESCROW), TERMS, TODAY) == TODAY + timedelta(days=10)
    assert pay.confirm_on(virtual, TERMS, TODAY) == TODAY + timedelta(days=1)
    assert pay.confirm_on(own_days, TERMS, TODAY) == TODAY + timedelta(days=3)
    assert pay.confirm_on(trade(flow=Flow.ESCROW), None, TODAY) == TODAY + timedelta(days=10)


# ── charge ────────────────────────────────────────────────────────────────────────────────────────────────────────


def charged(**changes):
    fields = {
        "trade_id": TRADE, "payment_id": PAYMENT, "app_id": 1, "merchant_id": TEA_HOUSE, "out_trade_no": "tea-1",
        "amount_minor": 100_00, "subject": "tea", "flow": Flow.DIRECT, "person_id": ALICE, "line_id": LINE,
        "credit_minor": 100_00,
    }  # fmt: skip
    return charge.Charge(**(fields | changes))


def decide_charge(command):
    return charge.decide(
        trade=charge.trade_of(command, lane=8, at=AT), merchant=merchant(), line=line(), wallet=wallet(), terms=TERMS,
        command=command, at=AT,
    )  # fmt: skip


def test_a_charge_asks_and_pays_at_once_by_the_same_rule_as_pay():
    assert decide_charge(charged()) == decide(credit_minor=100_00)
    assert isinstance(decide_charge(charged(credit_minor=99_00)), pay.TendersDoNotAddUp)
    assert isinstance(decide_charge(charged(amount_minor=0, credit_minor=0)), ask.AmountOutOfRange)


@pytest.mark.parametrize(
    ("agreement", "refused"),
    [
        ({}, None),
        ({"state": "ended"}, charge.AgreementNotActive(agreement_id=4)),
        ({"app_id": 2}, charge.AgreementNotActive(agreement_id=4)),
        ({"limit_minor": 99_99}, charge.AgreementLimitExceeded(limit_minor=99_99, over_minor=1)),
    ],
)
def test_an_agreement_allows_its_own_app_up_to_its_limit_while_it_stands(agreement, refused):
    fields = {
        "id": 4, "lane": 8, "app_id": 1, "person_id": ALICE, "line_id": LINE, "state": "active", "limit_minor": 100_00,
    }  # fmt: skip

    refusal = charge.refuse_agreement(charge.Agreement(**(fields | agreement)), charged(agreement_id=4))

    assert refusal == refused


def test_an_agreement_that_nobody_knows_allows_nothing():
    assert charge.refuse_agreement(None, charged(agreement_id=4)) == charge.AgreementNotActive(agreement_id=4)


def test_every_refusal_of_payments_can_be_read_aloud_in_both_languages():
    refusals: list[Refusal] = [
        pay.TradeAlreadyPaid(trade_id=1, payment_id=2), pay.TradeNotOpen(trade_id=1), pay.NoLine(person_id=1),
        pay.TradeOfAnotherBuyer(trade_id=1), pay.TendersDoNotAddUp(tendered_minor=1, amount_minor=2),
        pay.TenderNotAccepted(tender="credit"), pay.PlanNotOffered(count=3, amount_minor=4),
        MerchantFrozen(merchant="Tea House"), ask.ExpiryPassed(expires_at="now"),
        charge.AgreementNotActive(agreement_id=4), charge.AgreementLimitExceeded(limit_minor=1, over_minor=2),
    ]  # fmt: skip

    for refusal in refusals:
        assert "{" not in refusal.sentence("en") + refusal.sentence("zh")
