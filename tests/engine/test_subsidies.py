"""Installment fees that a campaign bears in part: who owes which part, and what each gets back."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from credit.play import program_with
from florin.campaigns.budget import CampaignBudgetSpent
from florin.campaigns.subsidy import SubsidyChanged, SubsidyNotForThisPlan
from florin.credit.explain import question_of
from florin.credit.plan_payoff import PayOffPlan, quote
from florin.credit.plans import installment_choice, quote_of, subsidized
from florin.credit.plans import quote as plan_quote
from florin.credit.program import load_program
from florin.engine import clock
from florin.engine.reference import Reference
from florin.engine.tables.account import account_of
from florin.events import CampaignPart
from florin.money.at import At
from florin.payments.trade import Flow
from florin.queries.explain import explain_line
from florin.queries.merchant import read_trades
from world import DIRECT_APP, ESCROW_APP, SHOP, World

PROGRAM = load_program("huabei")
PRICE = 1_200_00
FEE = 54_00  # 4.5 % of it, for six installments
HALF = {"kind": "fee_subsidy", "share_ppm": 500_000}


@pytest.fixture
def world(new_database):
    with new_database() as database, World(database.engine, mdr_refunded=True) as world:
        world.person("alice", wallet_minor=10_000_00, limit_minor=50_000_00)
        yield world


def buy(world, campaign, *, count=6, price_minor=PRICE, borne_minor=FEE // 2, app=DIRECT_APP, **options):
    trade_id = world.ask(price_minor, app=app, **options)
    capture = options.get("flow") is not Flow.MANUAL
    return world.pay(
        "alice",
        trade_id,
        price_minor,
        installments=count,
        subsidy_id=campaign,
        subsidy_minor=borne_minor,
        capture=capture,
    )


def account(world):
    row = world.one("SELECT account FROM line_account WHERE line_id = %s", world.line_ids["alice"])
    return account_of(row)


def test_the_shopper_owes_her_part_of_the_fee_the_mall_the_other_and_all_of_it_is_deferred(world):
    campaign = world.campaign(1_000_00, **HALF)

    outcome = buy(world, campaign)

    assert outcome.refusal is None
    assert world.line("alice").fee_minor == 27_00
    assert world.balance("DEFERRED_FEE_INCOME") == FEE
    assert world.balance("CAMPAIGN_COST", campaign) == 27_00 == world.balance("LENDER_DUE_FROM_MALL")
    assert world.budget(campaign).left_minor == 973_00
    world.assert_books_hold()


def test_the_rate_that_is_offered_is_of_what_she_pays(world):
    terms = PROGRAM.terms_on(world.today)
    whole = installment_choice(PRICE, 6, terms)
    assert whole.fee_minor == FEE
    rates = [
        plan_quote(PRICE, 6, terms).annualized_rate,
        _rate(whole, 27_00, terms),
        _rate(whole, FEE, terms),
    ]

    assert rates[0] > rates[1] > rates[2] == 0


def _rate(whole, borne_minor, terms):
    return quote_of(
        PRICE, replace(whole, subsidy=CampaignPart(campaign_id=7, amount_minor=borne_minor)), terms
    ).annualized_rate


def test_the_mall_pays_the_lender_on_the_next_day_and_the_fee_is_income_as_it_is_billed(world):
    campaign = world.campaign(1_000_00, **HALF)
    buy(world, campaign)

    world.until(date(2026, 4, 2))

    assert world.balance("LENDER_DUE_FROM_MALL") == 0
    assert world.balance("MALL_BANK") == -27_00
    assert world.balance("FEE_INCOME") == 9_00
    assert world.statements("alice")[0][2] == 200_00 + 4_50
    assert world.balance("DEFERRED_FEE_INCOME") == FEE - 9_00


def test_in_escrow_it_is_promised_and_borne_at_receipt_for_what_is_really_lent(world):
    campaign = world.campaign(1_000_00, **HALF)
    payment_id = buy(world, campaign, app=ESCROW_APP).event_id
    assert world.balance("MEMO_SUBSIDY", campaign) == 27_00
    assert world.balance("CAMPAIGN_COST", campaign) == 0
    assert world.budget(campaign).left_minor == 973_00
    world.assert_books_hold()

    assert world.refund(payment_id, 400_00).refusal is None
    assert world.receive(payment_id).refusal is None

    assert world.balance("MEMO_SUBSIDY", campaign) == 0
    assert world.balance("CAMPAIGN_COST", campaign) == 18_00 == world.line("alice").fee_minor
    assert world.budget(campaign).left_minor == 982_00
    world.assert_books_hold()


def test_a_refund_of_all_before_receipt_frees_the_promise(world):
    campaign = world.campaign(1_000_00, **HALF)
    payment_id = buy(world, campaign, app=ESCROW_APP).event_id

    assert world.refund(payment_id, PRICE).refusal is None

    assert world.budget(campaign).left_minor == 1_000_00
    world.assert_books_hold()


def test_a_capture_in_parts_bears_its_share_and_the_rest_of_the_promise_is_freed(world):
    campaign = world.campaign(1_000_00, **HALF)
    payment_id = buy(world, campaign, flow=Flow.MANUAL).event_id
    assert world.capture(payment_id, 500_00).refusal is None
    world.assert_books_hold()
    assert world.budget(campaign).left_minor == 973_00

    assert world.void(payment_id).refusal is None

    assert world.balance("MEMO_SUBSIDY", campaign) == 0
    assert world.balance("CAMPAIGN_COST", campaign) == 11_25 == world.line("alice").fee_minor
    assert world.budget(campaign).left_minor == 988_75
    world.assert_books_hold()


def test_a_refund_gives_each_party_what_is_not_earned_of_its_part(world):
    campaign = world.campaign(1_000_00, **HALF)
    payment_id = buy(world, campaign).event_id
    world.buy("alice", 2_000_00)
    world.until(date(2026, 4, 2))

    world.connection.execute("UPDATE merchant_balance SET negative_limit_minor = 1000000")
    world.connection.commit()
    assert world.refund(payment_id, 400_00).refusal is None

    # five of six installments were to come: 1,000.00 of principal, 22.50 of fee each
    assert world.balance("CAMPAIGN_COST", campaign) == 27_00 - 9_00
    assert world.budget(campaign).left_minor == 1_000_00 - 18_00
    assert account(world).plans[0].borne_minor == 13_50 == account(world).plans[0].fee_minor
    assert world.balance("DEFERRED_FEE_INCOME") == 27_00
    world.assert_books_hold()


def test_an_early_payoff_gives_the_campaign_back_what_is_not_earned_where_the_terms_waive_fees(world):
    campaign = world.campaign(1_000_00, **HALF)
    payment_id = buy(world, campaign).event_id
    world.until(date(2026, 4, 2))
    found = quote(account(world), world.today, PROGRAM, item_id=payment_id)
    assert found is not None
    command = PayOffPlan(
        line_id=world.line_ids["alice"], amount_minor=found.total_minor, source="wallet", item_id=payment_id
    )

    assert world.do(command).refusal is None

    back_minor = found.subsidy_back.amount_minor if found.subsidy_back else 0
    assert (
        back_minor
        == {"owed": 0, "waived": 22_50, "current_period": 18_00}[PROGRAM.terms_on(world.today).plan_payoff_fee]
    )
    assert world.balance("CAMPAIGN_COST", campaign) == 27_00 - back_minor
    assert world.budget(campaign).left_minor == 973_00 + back_minor
    assert world.balance("DEFERRED_FEE_INCOME") == 0
    world.assert_books_hold()


def test_a_merchant_bears_his_own_part_as_a_fee_of_his(world):
    campaign = world.campaign(1_000_00, **HALF, sponsor="merchant", merchants=(SHOP,))
    payment_id = buy(world, campaign).event_id

    assert world.balance("CAMPAIGN_COST") == 0
    assert world.balance("MERCHANT_PAYABLE", SHOP) == PRICE - 7_20 - 27_00
    assert world.balance("DEFERRED_FEE_INCOME") == FEE
    world.assert_books_hold()

    (trade,) = read_trades(world.connection, merchant_id=SHOP, since=datetime(2026, 1, 1, tzinfo=UTC)).trades
    assert trade.merchant_fee_minor == 27_00

    assert world.refund(payment_id, PRICE // 2).refusal is None
    (trade,) = read_trades(world.connection, merchant_id=SHOP, since=datetime(2026, 1, 1, tzinfo=UTC)).trades
    assert trade.merchant_fee_minor == 13_50

    assert world.refund(payment_id, PRICE // 2).refusal is None
    assert world.balance("MERCHANT_PAYABLE", SHOP) == 0 == world.balance("DEFERRED_FEE_INCOME")
    assert world.budget(campaign).left_minor == 1_000_00
    world.assert_books_hold()


def test_what_a_merchant_bore_and_is_not_owed_any_more_comes_back_to_him_with_an_early_payoff(world, monkeypatch):
    waiving = program_with(plan_payoff_fee="waived")
    monkeypatch.setattr(Reference, "program", staticmethod(lambda name: waiving))
    campaign = world.campaign(1_000_00, **HALF, sponsor="merchant", merchants=(SHOP,))
    payment_id = buy(world, campaign).event_id
    command = PayOffPlan(line_id=world.line_ids["alice"], amount_minor=PRICE, source="wallet", item_id=payment_id)

    outcome = world.do(command)

    assert outcome.refusal is None
    assert outcome.event.payoff.subsidy_back.amount_minor == 27_00
    assert world.balance("MERCHANT_PAYABLE", SHOP) == PRICE - 7_20 == world.balance("MERCHANT_PAYABLE")
    assert world.budget(campaign).left_minor == 1_000_00
    assert world.balance("DEFERRED_FEE_INCOME") == 0
    world.assert_books_hold()


def test_a_subsidy_holds_for_its_counts_programs_and_budget_and_for_what_was_shown(world):
    campaign = world.campaign(30_00, **HALF, counts=(12,))
    assert isinstance(buy(world, campaign).refusal, SubsidyNotForThisPlan)
    campaign = world.campaign(30_00, **HALF, programs=("bank-card",))
    assert isinstance(buy(world, campaign).refusal, SubsidyNotForThisPlan)
    campaign = world.campaign(30_00, **HALF)
    assert isinstance(buy(world, campaign, fee_payer="merchant").refusal, SubsidyNotForThisPlan)
    assert isinstance(buy(world, campaign, borne_minor=1).refusal, SubsidyChanged)
    assert buy(world, campaign).refusal is None
    refusal = buy(world, campaign).refusal
    assert (
        refusal == CampaignBudgetSpent(campaign="campaign-5", left_minor=3_00, short_minor=24_00)
        or refusal.left_minor == 3_00
    )
    world.assert_books_hold()


def test_a_coupon_and_a_subsidy_of_one_payment_each_keep_to_their_own_budget(world):
    coupon, subsidy = world.campaign(100_00), world.campaign(100_00, **HALF)
    trade_id = world.ask(PRICE + 20_00, app=DIRECT_APP)

    outcome = world.pay(
        "alice", trade_id, PRICE, installments=6, campaign_id=coupon, coupon_minor=20_00, subsidy_id=subsidy,
        subsidy_minor=27_00,
    )  # fmt: skip

    assert outcome.refusal is None
    assert (world.budget(coupon).left_minor, world.budget(subsidy).left_minor) == (80_00, 73_00)
    world.assert_books_hold()
    assert world.refund(outcome.event_id, PRICE + 20_00).refusal is None
    assert (world.budget(coupon).left_minor, world.budget(subsidy).left_minor) == (100_00, 100_00)
    assert world.line("alice").exposure_minor == 0 == world.line("alice").fee_minor
    world.assert_books_hold()


@given(
    fee_minor=st.integers(1, 10**6),
    borne=st.fractions(0, 1),
    part=st.fractions(0, 1),
    left_minor=st.integers(0, 10**6),
)
def test_a_plan_priced_anew_on_a_part_never_bears_more_than_its_fee_or_what_is_promised(
    fee_minor, borne, part, left_minor
):
    terms = PROGRAM.terms_on(date(2026, 3, 5))
    choice = installment_choice(PRICE, 6, terms)
    subsidy = CampaignPart(campaign_id=7, amount_minor=int(fee_minor * borne))
    before = replace(choice, fee_minor=fee_minor, subsidy=subsidy if subsidy.amount_minor else None)

    found = subsidized(replace(choice, fee_minor=int(fee_minor * part)), before, left_minor)

    assert found.shopper_fee_minor >= 0
    assert found.subsidy is None or 0 < found.subsidy.amount_minor <= left_minor


def test_the_answer_about_a_refund_names_the_campaign_and_what_goes_back_to_it(world):
    campaign = world.campaign(1_000_00, name="Half the fee", **HALF)
    payment_id = buy(world, campaign).event_id
    event_id = world.refund(payment_id, PRICE).event_id
    at = clock.read(world.connection)

    for language, said in (
        ("en", "Half the fee bears a part of the installment fee. ¥27.00 of that is not needed any more"),
        ("zh", "活动“Half the fee”补贴了部分分期手续费，其中 ¥27.00 不再需要"),
    ):
        found = explain_line(
            world.connection,
            line_id=world.line_ids["alice"],
            question=question_of(f"event={event_id}"),
            at=At(on=at.on, instant=at.instant),
            language=language,
        )
        assert any(note.text.startswith(said) for note in found.answer.notes)
