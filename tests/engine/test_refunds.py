"""Refunds in every stage of a sale, with the books proven after each: whose money moves, and what is left of the debt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from conftest import FreshDatabase
from florin.payments.merchant import MerchantBalanceTooLow
from florin.payments.payment import PaymentState
from world import DIRECT_APP, ESCROW_APP, SHOP, World


@pytest.fixture
def world(fresh_database: FreshDatabase, request: pytest.FixtureRequest) -> Iterator[World]:
    """A world with alice in it; a test may be marked with other terms for the merchant."""
    with World(fresh_database.engine, **getattr(request, "param", {})) as made:
        made.person("alice", limit_minor=1_000_000, wallet_minor=200_000)
        yield made


def merchant_with(**terms: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("world", [terms], indirect=True, ids=["terms"])


def owed(world: World) -> tuple[int, int, int, int]:
    """(committed, principal, fee, wallet)."""
    line = world.line("alice")
    return line.committed_minor, line.principal_minor, line.fee_minor, world.wallet_minor("alice")


def sell_for_others(world: World, amount_minor: int) -> None:
    """Other sales, so that the merchant has money of his own to give back."""
    if "bob" not in world.people:
        world.person("bob", wallet_minor=5_000_000)
    world.buy("bob", wallet_minor=amount_minor)


def trust_the_merchant(world: World) -> None:
    """From now on he may go below zero: his money was paid out to him before the goods came back."""
    world.connection.execute("UPDATE merchant_balance SET negative_limit_minor = 1000000")
    world.connection.commit()


# ── before receipt ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("credit_minor", "wallet_minor"), [(30_000, 0), (0, 30_000), (20_000, 10_000)])
def test_before_receipt_all_of_it_comes_back_and_no_statement_shows_it(world: World, credit_minor, wallet_minor):
    sale = world.buy("alice", credit_minor, wallet_minor, app=ESCROW_APP)

    assert world.refund(sale.event.payment_id, 30_000).event

    assert owed(world) == (0, 0, 0, 200_000)
    assert world.payment(sale.event.payment_id).state is PaymentState.REFUNDED
    assert world.balance("MERCHANT_PAYABLE") == world.balance("MDR_INCOME") == 0
    world.assert_books_hold()
    world.until(date(2026, 4, 1))
    assert world.statements("alice") == []


def test_a_part_before_receipt_leaves_the_rest_to_be_received(world: World):
    sale = world.buy("alice", 20_000, 10_000, app=ESCROW_APP).event.payment_id

    assert world.refund(sale, 5_000).event
    assert owed(world) == (15_000, 0, 0, 190_000)
    assert world.refund(sale, 18_000).event
    assert owed(world) == (0, 0, 0, 193_000)
    world.assert_books_hold()
    assert world.receive(sale).event

    assert owed(world) == (0, 0, 0, 193_000)
    assert world.balance("MERCHANT_PAYABLE", SHOP) == 7_000 - 42
    world.assert_books_hold()


def test_before_receipt_a_plan_is_not_begun_and_costs_nobody_a_fee(world: World):
    sale = world.buy("alice", 600_000, app=ESCROW_APP, installments=12).event.payment_id

    assert world.refund(sale, 600_000).event

    assert owed(world) == (0, 0, 0, 200_000)
    assert world.balance("DEFERRED_FEE_INCOME") == 0
    world.assert_books_hold()


# ── after receipt, the same day ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("app", [DIRECT_APP, ESCROW_APP])
def test_after_receipt_the_debt_falls_and_the_open_window_pays(world: World, app):
    sale = world.buy("alice", 20_000, 10_000, app=app).event.payment_id
    if app == ESCROW_APP:
        world.receive(sale)

    refunded = world.refund(sale, 25_000)

    assert refunded.event.swept_minor == 0
    assert owed(world) == (0, 0, 0, 195_000)
    assert world.balance("MERCHANT_PAYABLE", SHOP) == 30_000 - 180 - 25_000
    world.assert_books_hold()
    world.until(date(2026, 3, 3))
    assert world.one("SELECT sum(amount_minor) FROM payout") == 30_000 - 180 - 25_000


def test_the_rest_of_a_sale_is_refunded_once_and_no_fen_more(world: World):
    sale = world.buy("alice", 20_000, 10_000).event.payment_id
    assert world.refund(sale, 12_345).event
    assert world.refund(sale, 12_345).event

    too_much = world.refund(sale, 5_311)
    assert too_much.refusal.refundable_minor == 5_310
    assert world.refund(sale, 5_310).event

    assert owed(world) == (0, 0, 0, 200_000)
    assert world.payment(sale).state is PaymentState.REFUNDED
    assert world.refund(sale, 1).refusal.refundable_minor == 0
    world.assert_books_hold()


def test_the_same_refund_number_gives_back_once(world: World):
    sale = world.buy("alice", 20_000).event.payment_id

    first, again = world.refund(sale, 5_000, "r1"), world.refund(sale, 5_000, "r1")
    other = world.refund(sale, 6_000, "r1")

    assert again.replayed
    assert again.event_id == first.event_id
    assert other.refusal.name == "KeyConflict"
    assert world.line("alice").principal_minor == 15_000


# ── billed, repaid ────────────────────────────────────────────────────────────────────────────────────────────────


def test_after_the_bill_what_remains_due_falls_and_the_image_stays(world: World):
    sale = world.buy("alice", 120_000).event.payment_id
    world.until(date(2026, 4, 1))
    sell_for_others(world, 300_000)
    world.until(date(2026, 4, 2))
    trust_the_merchant(world)

    assert world.refund(sale, 120_000).event

    assert world.statements("alice") == [(date(2026, 4, 1), date(2026, 4, 10), 120_000, 12_000, 0, 0)]
    assert world.line("alice").due_minor == 0
    world.assert_books_hold()
    world.until(date(2026, 5, 1))
    assert world.line("alice").past_due_on is None
    assert len(world.statements("alice")) == 1


def test_after_repayment_it_goes_to_the_wallet(world: World):
    sale = world.buy("alice", 100_000).event.payment_id
    assert world.repay("alice", 100_000).event
    assert owed(world) == (0, 0, 0, 100_000)

    refunded = world.refund(sale, 60_000)

    assert [type(event).__name__ for event in refunded.events] == ["Refunded", "CreditBalancePaid"]
    assert owed(world) == (0, 0, 0, 160_000)
    assert world.line("alice").credit_balance_minor == 0
    world.assert_books_hold()


def test_after_a_part_was_repaid_the_refund_clears_other_debt_before_the_wallet_gets_any(world: World):
    tea = world.buy("alice", 50_000).event.payment_id
    world.buy("alice", 30_000)
    assert world.repay("alice", 60_000, "bank").event

    assert world.refund(tea, 50_000).event

    assert owed(world) == (0, 0, 0, 230_000)
    world.assert_books_hold()


def test_a_refund_that_meets_the_minimum_cures_what_was_past_due(world: World):
    sale = world.buy("alice", 100_000).event.payment_id
    world.until(date(2026, 4, 12))
    assert world.line("alice").past_due_on == date(2026, 4, 10)
    trust_the_merchant(world)

    assert world.refund(sale, 100_000).event

    assert world.line("alice").past_due_on is None
    assert world.balance("PRINCIPAL_PAST_DUE") == 0
    world.assert_books_hold()
    world.until(date(2026, 5, 1))
    # Two days' interest on 1,000.00 were borne before the goods came back.
    assert [row[2] for row in world.statements("alice")] == [100_000, 100]


# ── plans ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fee_payer", ["shopper", "merchant"])
@pytest.mark.parametrize("billed", [False, True])
def test_a_plan_returned_whole_is_owed_no_more_and_its_unearned_fee_goes_back_to_who_bore_it(
    world: World, fee_payer, billed
):
    sale = world.buy("alice", 600_000, installments=12, fee_payer=fee_payer).event.payment_id
    if billed:
        world.until(date(2026, 4, 1))
        trust_the_merchant(world)
    payable_before = world.balance("MERCHANT_PAYABLE", SHOP) + world.balance("MERCHANT_AVAILABLE", SHOP)

    refunded = world.refund(sale, 600_000)

    assert refunded.event
    earned = 3_750 if billed else 0
    line = world.line("alice")
    assert line.principal_minor == 0
    assert world.balance("DEFERRED_FEE_INCOME") == 0
    assert world.balance("FEE_INCOME") == earned
    back = 45_000 - earned if fee_payer == "merchant" else 0
    assert refunded.event.merchant_fee_back_minor == back
    paid_back = payable_before - world.balance("MERCHANT_PAYABLE", SHOP) - world.balance("MERCHANT_AVAILABLE", SHOP)
    assert paid_back == 600_000 - back
    world.assert_books_hold()


def test_a_part_of_a_plan_lowers_every_installment_to_come_and_its_fee(world: World):
    sale = world.buy("alice", 600_000, installments=12).event.payment_id

    assert world.refund(sale, 200_000).event
    world.assert_books_hold()
    world.until(date(2026, 4, 1))

    # 4,000.00 left: 333.34 of principal and 25.00 of fee on the first statement.
    assert world.statements("alice")[0][2] == 33_334 + 2_500
    assert world.line("alice").fee_minor == 30_000


def test_a_plan_captured_in_parts_is_returned_whole(world: World):
    """Each capture is a plan of its own with its own fee; the payment gives back what all of them cost."""
    held = world.authorize("alice", 600_000, installments=12, fee_payer="merchant").event.payment_id
    assert world.capture(held, 300_000).event
    assert world.capture(held, 300_000).event
    assert world.balance("DEFERRED_FEE_INCOME") == 45_000

    refunded = world.refund(held, 600_000)

    assert refunded.refusal is None
    assert refunded.event.merchant_fee_back_minor == 45_000
    assert world.line("alice").principal_minor == 0
    assert world.balance("DEFERRED_FEE_INCOME") == 0
    world.assert_books_hold()


# ── swept ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_swept_sale_is_refunded_from_what_is_available_and_refused_beyond_it(world: World):
    sale = world.buy("alice", 20_000, 30_000).event.payment_id
    world.until(date(2026, 3, 3))
    assert world.balance("MERCHANT_AVAILABLE", SHOP) == 0, "swept and paid out"

    refused = world.refund(sale, 10_000)

    assert refused.refusal == MerchantBalanceTooLow(available_minor=0, requested_minor=10_000, short_minor=10_000)
    assert world.payment(sale).refunded_minor == 0
    assert owed(world) == (0, 20_000, 0, 170_000)
    world.assert_books_hold()


@merchant_with(negative_limit_minor=25_000, mdr_refunded=True)
def test_a_merchant_may_go_below_zero_as_far_as_his_terms_allow_and_the_next_window_fills_it(world: World):
    sale = world.buy("alice", 20_000, 30_000).event.payment_id
    world.until(date(2026, 3, 3))

    first, second = world.refund(sale, 25_000), world.refund(sale, 500)

    assert first.event.mdr_back_minor == 150
    assert first.event.swept_minor == 24_850
    assert second.refusal.short_minor == 347
    assert world.balance("MERCHANT_AVAILABLE", SHOP) == -24_850
    world.assert_books_hold()
    sell_for_others(world, 100_000)
    world.until(date(2026, 3, 4))
    assert world.balance("MERCHANT_AVAILABLE", SHOP) == 0
    assert world.one("SELECT amount_minor FROM payout ORDER BY requested_on DESC LIMIT 1") == 99_400 - 24_850
    assert world.refund(sale, 500).event
    world.assert_books_hold()


@merchant_with(mdr_refunded=True)
def test_a_merchant_who_gets_his_fee_back_gets_all_of_it_in_the_end(world: World):
    sale = world.buy("alice", 9_999, 3_334).event.payment_id

    for amount_minor in (1, 1_111, 2_222, 3_333, 6_666):
        assert world.refund(sale, amount_minor).event

    assert world.balance("MDR_INCOME") == world.balance("MERCHANT_PAYABLE") == 0
    assert owed(world) == (0, 0, 0, 200_000)
    world.assert_books_hold()


def test_a_swept_plan_with_the_merchants_fee_draws_only_what_he_had_received(world: World):
    sale = world.buy("alice", 600_000, installments=12, fee_payer="merchant").event.payment_id
    sell_for_others(world, 100)
    world.until(date(2026, 3, 3))
    trust_the_merchant(world)

    refunded = world.refund(sale, 600_000)

    assert refunded.event.swept_minor == 600_000 - 45_000
    assert world.balance("MERCHANT_AVAILABLE", SHOP) == -555_000
    world.assert_books_hold()


# ── manual capture ────────────────────────────────────────────────────────────────────────────────────────────────


def test_of_a_part_captured_only_that_part_is_refunded_and_the_rest_is_voided(world: World):
    held = world.authorize("alice", 60_000, 40_000).event.payment_id
    assert (world.line("alice").held_minor, world.wallet_minor("alice")) == (60_000, 160_000)
    assert world.refund(held, 1).refusal.name == "NothingToRefund"
    assert world.capture(held, 70_000).event

    assert world.refund(held, 70_001).refusal.refundable_minor == 70_000
    assert world.refund(held, 65_000).event
    world.assert_books_hold()
    assert world.void(held).event
    assert world.refund(held, 5_000).event

    line = world.line("alice")
    assert (line.held_minor, line.principal_minor, world.wallet_minor("alice")) == (0, 0, 200_000)
    assert world.payment(held).state is PaymentState.REFUNDED
    world.assert_books_hold()


def test_a_payment_refunded_in_full_while_a_part_is_still_held_may_still_be_captured(world: World):
    held = world.authorize("alice", 60_000).event.payment_id
    world.capture(held, 20_000)

    assert world.refund(held, 20_000).event
    assert world.payment(held).state is PaymentState.AUTHORIZED
    assert world.capture(held).event

    assert (world.line("alice").held_minor, world.line("alice").principal_minor) == (0, 40_000)
    world.assert_books_hold()


# ── the merchant's side of it ─────────────────────────────────────────────────────────────────────────────────────


@merchant_with(mdr_refunded=True)
def test_a_refund_before_receipt_has_no_share_in_the_fee_that_is_given_back_later(world: World):
    payment_id = world.buy("alice", wallet_minor=10_000, app=ESCROW_APP).event_id
    assert world.refund(payment_id, 5_000).event
    assert world.receive(payment_id).event.mdr_minor == 30
    assert world.refund(payment_id, 1).event.mdr_back_minor == 0
    assert world.refund(payment_id, 4_999).event.mdr_back_minor == 30
    world.assert_books_hold()


def test_a_sale_captured_in_parts_pays_the_fee_of_the_whole(world: World):
    payment_id = world.authorize("alice", wallet_minor=8_300).event_id
    for _ in range(100):
        assert world.capture(payment_id, 83).event
    assert world.payment(payment_id).mdr_minor == 50


def test_what_was_swept_is_not_refunded_from_the_window_of_a_later_capture(world: World):
    payment_id = world.authorize("alice", wallet_minor=100_000).event_id
    world.capture(payment_id, 99_999)
    world.until(date(2026, 3, 3))
    world.capture(payment_id, 1)
    assert isinstance(world.refund(payment_id, 100_000).refusal, MerchantBalanceTooLow)
    sell_for_others(world, 200_000)
    world.until(date(2026, 3, 4))
    assert world.one("SELECT available_minor FROM merchant_balance") >= 0
