"""Coupons and budgets in the house: what is spent, what comes back, and that no race overspends."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from florin.campaigns.budget import CampaignBudgetSpent, RecallBudget, RecallExceedsBudget, TopUpCampaign
from florin.campaigns.coupon import CampaignNotRunning, CouponUsedUp
from florin.campaigns.open import CloseCampaign
from florin.campaigns.state import NotTheStatesCampaign, RecordStatePayment
from florin.campaigns.watch import WatchBudget
from florin.engine import Submission
from florin.engine.fall_due import watch_budgets
from florin.payments.trade import Flow
from world import DIRECT_APP, ESCROW_APP, SHOP, World


@pytest.fixture
def world(new_database):
    with new_database() as database, World(database.engine, mdr_refunded=True, connections=2) as world:
        world.person("alice", wallet_minor=1_000_00, limit_minor=10_000_00)
        yield world


def test_a_coupon_pays_its_part_and_the_merchant_gets_all_of_the_order(world):
    campaign = world.campaign(100_00)

    outcome = world.buy_with_coupon("alice", campaign, 50_00, 30_00)

    assert outcome.refusal is None
    payment = world.payment(outcome.event_id)
    assert (payment.credit_paid_minor, payment.wallet_paid_minor, payment.coupon_paid_minor) == (50_00, 30_00, 20_00)
    assert world.budget(campaign).left_minor == 80_00
    assert world.balance("MERCHANT_PAYABLE", SHOP) == 100_00 - 60
    assert world.balance("CAMPAIGN_COST", campaign) == 20_00 == world.balance("PAYMENTS_DUE_FROM_MALL")
    world.assert_books_hold()


def test_the_mall_pays_for_its_coupons_on_the_next_day_and_gets_back_what_is_refunded(world):
    campaign = world.campaign(100_00)
    kept, refunded = (world.buy_with_coupon("alice", campaign, 80_00).event_id for _ in range(2))

    world.until(world.today + timedelta(days=1))
    assert world.balance("MALL_BANK") == -40_00
    assert world.balance("PAYMENTS_DUE_FROM_MALL") == 0

    world.top_up("alice", 1_00)
    world.buy("alice", 200_00)  # so that the merchant has something to refund from
    world.until(world.today + timedelta(days=1))
    world.connection.execute("UPDATE merchant SET negative_limit_minor = 1000000")
    world.connection.execute("UPDATE merchant_balance SET negative_limit_minor = 1000000")
    world.connection.commit()
    assert world.refund(refunded, 100_00).refusal is None
    world.until(world.today + timedelta(days=1))

    assert world.balance("MALL_BANK") == -20_00 == -world.balance("CAMPAIGN_COST", campaign)
    assert world.budget(campaign).left_minor == 80_00
    assert world.payment(kept).coupon_refunded_minor == 0


def test_in_escrow_a_coupon_is_funded_and_goes_back_to_its_budget_when_the_order_is_refunded(world):
    campaign = world.campaign(100_00)
    payment_id = world.buy_with_coupon("alice", campaign, 80_00, app=ESCROW_APP).event_id
    assert world.balance("FUNDED_ESCROW", payment_id) == 20_00
    world.assert_books_hold()

    assert world.refund(payment_id, 100_00).refusal is None

    assert world.balance("FUNDED_ESCROW", payment_id) == 0 == world.balance("CAMPAIGN_COST", campaign)
    assert world.budget(campaign).left_minor == 100_00
    world.assert_books_hold()


def test_what_an_authorization_holds_of_a_coupon_is_captured_or_goes_back(world):
    campaign = world.campaign(100_00)
    offered = {"campaign_id": campaign, "coupon_minor": 20_00}
    trade_id = world.ask(100_00, app=DIRECT_APP, flow=Flow.MANUAL)
    payment_id = world.pay("alice", trade_id, 80_00, capture=False, **offered).event_id
    assert world.budget(campaign).left_minor == 80_00
    world.assert_books_hold()

    assert world.capture(payment_id, 90_00).refusal is None
    world.assert_books_hold()
    assert world.void(payment_id).refusal is None

    payment = world.payment(payment_id)
    assert (payment.coupon_paid_minor, payment.coupon_released_minor) == (10_00, 10_00)
    assert world.budget(campaign).left_minor == 90_00 == 100_00 - world.balance("CAMPAIGN_COST", campaign)
    world.assert_books_hold()


def test_a_merchants_own_coupon_is_a_discount_of_his_and_moves_no_money(world):
    campaign = world.campaign(100_00, sponsor="merchant", merchants=(SHOP,))

    payment_id = world.buy_with_coupon("alice", campaign, 80_00).event_id

    assert world.balance("MERCHANT_PAYABLE", SHOP) == 80_00 - 48
    assert world.balance("CAMPAIGN_COST") == 0 == world.balance("PAYMENTS_DUE_FROM_MALL")
    assert world.budget(campaign).left_minor == 80_00
    world.assert_books_hold()
    assert world.refund(payment_id, 100_00).refusal is None
    assert world.balance("MERCHANT_PAYABLE", SHOP) == 0
    assert world.budget(campaign).left_minor == 100_00
    world.assert_books_hold()


def test_what_the_states_campaign_costs_the_mall_lays_out_and_claims(world):
    campaign = world.campaign(100_00, sponsor="state")

    payment_id = world.buy_with_coupon("alice", campaign, 80_00).event_id

    assert world.balance("DUE_FROM_STATE", campaign) == 20_00 == world.balance("STATE_GRANTS", campaign)
    world.until(world.today + timedelta(days=1))
    assert world.payment(payment_id).coupon_left_minor == 20_00

    world.bank.book("mall", 20_00, "treasury-1", world.today)
    paid = RecordStatePayment(campaign_id=campaign, amount_minor=20_00, bank_reference="treasury-1")
    assert world.do(paid).refusal is None
    assert world.balance("DUE_FROM_STATE", campaign) == 0 == world.balance("MALL_BANK")
    world.assert_books_hold()
    other = replace(paid, campaign_id=world.campaign(1_00))
    assert isinstance(world.do(other).refusal, NotTheStatesCampaign)


def test_a_coupon_comes_back_to_its_owner_when_all_is_refunded_and_not_before(world):
    campaign = world.campaign(100_00, per_person_max=1, refund_order="proportional")
    payment_id = world.buy_with_coupon("alice", campaign, 80_00).event_id

    assert world.refund(payment_id, 50_00).refusal is None
    assert world.payment(payment_id).coupon_refunded_minor == 10_00
    assert world.budget(campaign).left_minor == 90_00
    assert isinstance(world.buy_with_coupon("alice", campaign, 80_00).refusal, CouponUsedUp)

    assert world.refund(payment_id, 50_00).refusal is None
    assert world.buy_with_coupon("alice", campaign, 80_00).refusal is None
    world.assert_books_hold()


def test_the_merchants_own_order_of_refunds_holds_where_the_campaign_has_none(world):
    world.connection.execute("UPDATE merchant SET refund_order = 'coupon_last'")
    world.connection.execute("UPDATE clock SET reference_version = reference_version + 1")
    world.connection.commit()
    campaign = world.campaign(100_00)
    payment_id = world.buy_with_coupon("alice", campaign, 60_00, 20_00).event_id

    assert world.refund(payment_id, 40_00).refusal is None

    payment = world.payment(payment_id)
    refunded = (payment.credit_refunded_minor, payment.wallet_refunded_minor, payment.coupon_refunded_minor)
    assert refunded == (30_00, 10_00, 0)


def test_a_budget_that_runs_out_says_what_is_left_and_the_purchase_goes_on_without_it(world):
    campaign = world.campaign(30_00)
    trade_id = world.ask(100_00, app=2)
    assert world.buy_with_coupon("alice", campaign, 80_00).refusal is None

    offered = {"campaign_id": campaign, "coupon_minor": 20_00}
    outcome = world.pay("alice", trade_id, 80_00, **offered)

    assert outcome.refusal == CampaignBudgetSpent(campaign="campaign-2", left_minor=10_00, short_minor=10_00)
    assert world.pay("alice", trade_id, 100_00).refusal is None
    assert world.do(TopUpCampaign(campaign_id=campaign, amount_minor=10_00)).refusal is None
    assert world.buy_with_coupon("alice", campaign, 80_00).refusal is None
    assert world.budget(campaign).left_minor == 0
    world.assert_books_hold()


def test_what_is_not_spent_is_recalled_and_no_more(world):
    campaign = world.campaign(100_00)
    assert world.buy_with_coupon("alice", campaign, 80_00).refusal is None

    too_much = world.do(RecallBudget(campaign_id=campaign, amount_minor=80_01))
    assert too_much.refusal == RecallExceedsBudget(requested_minor=80_01, left_minor=80_00)
    assert world.do(RecallBudget(campaign_id=campaign, amount_minor=80_00)).refusal is None

    assert world.budget(campaign).left_minor == 0
    world.assert_books_hold()


def test_a_closed_campaign_gives_nothing_and_still_takes_back(world):
    campaign = world.campaign(100_00)
    payment_id = world.buy_with_coupon("alice", campaign, 80_00).event_id

    assert world.do(CloseCampaign(campaign_id=campaign, reason="over")).refusal is None

    assert isinstance(world.buy_with_coupon("alice", campaign, 80_00).refusal, CampaignNotRunning)
    assert world.refund(payment_id, 100_00).refusal is None
    assert world.budget(campaign).left_minor == 100_00


def test_a_campaign_that_does_not_exist_is_named(world):
    refusal = world.buy_with_coupon("alice", 99, 80_00).refusal

    assert refusal is not None
    assert refusal.numbers() == {"what": "campaign", "id": 99}


@pytest.mark.parametrize("slices", [1, 8])
def test_a_hundred_payments_at_once_spend_exactly_the_budget_and_not_a_fen_more(world, slices):
    shoppers = [f"shopper-{number}" for number in range(20)]
    for name in shoppers:
        world.person(name, limit_minor=10_000_00)
    campaign = world.campaign(1_010_00, slices=slices)
    commands = [
        replace(
            world.charge_command(name, 100_00).command, credit_minor=80_00, campaign_id=campaign, coupon_minor=20_00
        )
        for name in shoppers
        for _ in range(5)
    ]

    with ThreadPoolExecutor(20) as threads:
        outcomes = list(threads.map(world.do, commands))

    refusals = [outcome.refusal for outcome in outcomes if outcome.refusal]
    assert len(refusals) == 50
    assert {type(refusal) for refusal in refusals} == {CampaignBudgetSpent}
    assert {refusal.left_minor for refusal in refusals} == {10_00}
    assert world.budget(campaign).left_minor == 10_00
    world.assert_books_hold()


def test_two_payments_of_one_person_at_once_use_one_coupon_once(world):
    campaign = world.campaign(1_000_00, per_person_max=1)
    commands = [
        replace(
            world.charge_command("alice", 100_00).command, credit_minor=80_00, campaign_id=campaign, coupon_minor=20_00
        )
        for _ in range(12)
    ]

    with ThreadPoolExecutor(12) as threads:
        outcomes = list(threads.map(world.do, commands))

    assert sum(outcome.refusal is None for outcome in outcomes) == 1
    assert {type(outcome.refusal) for outcome in outcomes if outcome.refusal} == {CouponUsedUp}


def test_a_slice_that_somebody_holds_stops_neither_coupons_nor_payments_without(world):
    campaign = world.campaign(800_00)
    with psycopg.connect(world.dsn) as other:
        other.execute("SELECT FROM campaign_budget WHERE id = %s AND slice < 7 FOR UPDATE", (campaign,))

        assert world.buy_with_coupon("alice", campaign, 80_00).refusal is None
        assert world.buy("alice", 100_00).refusal is None
        other.rollback()


def test_while_all_slices_are_held_payments_without_the_coupon_go_on(world):
    world.person("bob", limit_minor=10_000_00)
    campaign = world.campaign(800_00, slices=2)
    with psycopg.connect(world.dsn) as other:
        other.execute("SELECT FROM campaign_budget WHERE id = %s FOR UPDATE", (campaign,))
        with_coupon = replace(
            world.charge_command("alice", 100_00).command, credit_minor=80_00, campaign_id=campaign, coupon_minor=20_00
        )
        submissions = [Submission(command=with_coupon), world.charge_command("bob", 100_00)]

        busy, paid = world.engine.execute(submissions)
        other.rollback()

    assert (busy.refusal.name, paid.refusal) == ("Busy", None)
    assert world.do(with_coupon).refusal is None
    world.assert_books_hold()


def test_a_payment_without_a_coupon_keeps_nothing_of_coupons(world):
    world.buy("alice", 100_00)

    kept = world.one(
        "SELECT coupon IS NULL AND coupon_paid_minor IS NULL AND coupon_released_minor IS NULL"
        "   AND coupon_refunded_minor IS NULL FROM payment"
    )
    body = world.one("SELECT body FROM event WHERE kind = 44")

    assert kept
    assert set(body) == {"credit_minor", "wallet_minor", "mdr_minor"}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_paid_with_coupons_and_refunded_nothing_is_lost(world, data):
    sponsor = data.draw(st.sampled_from(("mall", "state", "merchant")))
    order = data.draw(st.sampled_from((None, "credit_first", "proportional", "coupon_last")))
    merchants = (SHOP,) if sponsor == "merchant" else ()
    campaign = world.campaign(1_000_00, sponsor=sponsor, merchants=merchants, refund_order=order)
    wallet_minor = data.draw(st.integers(0, 80_00))
    before = (world.wallet_minor("alice"), world.line("alice").exposure_minor, world.balance("MERCHANT_PAYABLE", SHOP))
    app = data.draw(st.sampled_from((1, 2)))
    payment_id = world.buy_with_coupon("alice", campaign, 80_00 - wallet_minor, wallet_minor, app=app).event_id

    refunds = data.draw(st.lists(st.integers(1, 60_00), max_size=4))
    received = app == 2
    for amount_minor in refunds:
        if not received and data.draw(st.booleans()):
            received = world.receive(payment_id).refusal is None
        left_minor = world.payment(payment_id).refundable_minor
        if left_minor:
            assert world.refund(payment_id, min(amount_minor, left_minor)).refusal is None
    payment = world.payment(payment_id)
    assert world.budget(campaign).left_minor == 1_000_00 - payment.coupon_left_minor
    if payment.refundable_minor:
        assert world.refund(payment_id, payment.refundable_minor).refusal is None

    assert world.budget(campaign).left_minor == 1_000_00
    after = (world.wallet_minor("alice"), world.line("alice").exposure_minor, world.balance("MERCHANT_PAYABLE", SHOP))
    assert after == before
    world.assert_books_hold()


def crossings(world):
    """What was said of budgets, in order: (kind, left)."""
    rows = world.connection.execute(
        "SELECT kind, (body->>'left_minor')::bigint FROM event WHERE kind IN (195, 196) ORDER BY recorded_at"
    ).fetchall()
    world.connection.commit()
    return rows


def test_a_budget_that_runs_low_is_said_once_until_it_is_refilled(world):
    campaign = world.campaign(100_00, warning_minor=50_00)
    watch_budgets(world.engine, world.connection)
    assert crossings(world) == []

    for _ in range(3):
        assert world.buy_with_coupon("alice", campaign, 80_00).refusal is None
        watch_budgets(world.engine, world.connection)
        watch_budgets(world.engine, world.connection)
    assert crossings(world) == [(195, 40_00)]

    assert world.do(TopUpCampaign(campaign_id=campaign, amount_minor=10_00)).event
    assert watch_budgets(world.engine, world.connection) == 1
    assert world.buy_with_coupon("alice", campaign, 80_00).refusal is None
    assert watch_budgets(world.engine, world.connection) == 1
    assert crossings(world) == [(195, 40_00), (196, 50_00), (195, 30_00)]
    world.assert_books_hold()


def test_of_several_who_look_at_once_one_says_that_a_budget_runs_low(world):
    campaign = world.campaign(100_00, warning_minor=90_00)
    assert world.buy_with_coupon("alice", campaign, 80_00).refusal is None

    seen = Submission(command=WatchBudget(campaign_id=campaign, left_minor=80_00))
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: world.engine.execute([seen]), range(8)))

    assert crossings(world) == [(195, 80_00)]


def test_a_closed_campaign_does_not_run_low(world):
    campaign = world.campaign(100_00, warning_minor=90_00)
    assert world.buy_with_coupon("alice", campaign, 80_00).refusal is None
    assert world.do(CloseCampaign(campaign_id=campaign, reason="over")).event

    assert watch_budgets(world.engine, world.connection) == 0
    assert crossings(world) == []
