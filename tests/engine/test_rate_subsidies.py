"""Rate subsidies: so much a year of what is lent, capped for each person and year, and given back as it is not earned."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from florin.campaigns.budget import CampaignBudgetSpent
from florin.campaigns.subsidy import SubsidyCapSpent, SubsidyChanged
from florin.credit.autopay import SetAutopay
from florin.credit.plan_payoff import PayOffPlan, quote
from florin.credit.program import load_program
from florin.engine import lane_of
from florin.engine.submission import Submission
from florin.engine.tables.account import account_of
from florin.engine.tables.campaign import CAMPAIGN_USE, use_of
from florin.payments.pay import Pay
from florin.payments.trade import Flow
from world import DIRECT_APP, ESCROW_APP, World

PROGRAM = load_program("huabei")
PRICE = 1_200_00
BORNE = 6_50  # 1 % a year of 1,200, 1,100 … 100 for a month each
POINT = {"kind": "rate_subsidy", "yearly_rate_ppm": 10_000, "sponsor": "state", "person_year_minor_max": 3_000_00}


@pytest.fixture
def world(new_database):
    with new_database() as database, World(database.engine, mdr_refunded=True, negative_limit_minor=10**9) as world:
        world.person("alice", wallet_minor=10_000_00, limit_minor=50_000_00)
        yield world


def buy(world, campaign, *, count=12, price_minor=PRICE, borne_minor=BORNE, app=DIRECT_APP, name="alice", **options):
    trade_id = world.ask(price_minor, app=app, **options)
    capture = options.get("flow") is not Flow.MANUAL
    offered = {"subsidy_id": campaign, "subsidy_minor": borne_minor}
    return world.pay(name, trade_id, price_minor, installments=count, capture=capture, **offered)


def account(world):
    return account_of(world.one("SELECT account FROM line_account WHERE line_id = %s", world.line_ids["alice"]))


def borne(world, campaign, name="alice"):
    """By year, what has been borne for a person."""
    person_id = world.people[name]
    rows = CAMPAIGN_USE.load(world.connection, [(lane_of(person_id), person_id)], "")
    world.connection.commit()
    return {use.year: use.borne_minor for use in map(use_of, rows) if use.campaign_id == campaign and use.borne_minor}


def test_the_state_bears_a_point_a_year_of_what_is_lent_and_the_mall_claims_it(world):
    campaign = world.campaign(1_000_00, **POINT)

    outcome = buy(world, campaign)

    fee_minor = outcome.event.plan.fee_minor
    assert outcome.refusal is None
    assert outcome.event.plan.subsidy.amount_minor == BORNE
    assert world.line("alice").fee_minor == fee_minor - BORNE
    assert world.balance("DEFERRED_FEE_INCOME") == fee_minor
    assert world.balance("CAMPAIGN_COST", campaign) == BORNE == world.balance("DUE_FROM_STATE", campaign)
    assert world.budget(campaign).left_minor == 1_000_00 - BORNE
    assert borne(world, campaign) == {2026: BORNE}
    world.assert_books_hold()


def test_near_her_cap_a_shopper_gets_what_is_left_of_it_and_then_nothing(world):
    campaign = world.campaign(1_000_00, name="Point", **POINT | {"person_year_minor_max": 10_00})
    world.person("bob", limit_minor=50_000_00)
    assert buy(world, campaign).refusal is None

    assert buy(world, campaign).refusal == SubsidyCapSpent(
        campaign="Point", year=2026, most_minor=10_00, left_minor=3_50, short_minor=3_00
    )
    assert isinstance(buy(world, campaign, borne_minor=1_00).refusal, SubsidyChanged)
    assert buy(world, campaign, borne_minor=3_50).refusal is None
    assert buy(world, campaign, borne_minor=1).refusal.left_minor == 0
    assert buy(world, campaign, name="bob").refusal is None

    assert (borne(world, campaign), borne(world, campaign, "bob")) == ({2026: 10_00}, {2026: BORNE})
    world.assert_books_hold()


def test_a_spent_budget_is_said_before_the_cap_is_touched(world):
    campaign = world.campaign(10_00, **POINT)
    assert buy(world, campaign).refusal is None

    refusal = buy(world, campaign).refusal

    assert isinstance(refusal, CampaignBudgetSpent)
    assert (refusal.left_minor, refusal.short_minor) == (3_50, 3_00)
    assert borne(world, campaign) == {2026: BORNE}


def test_plans_at_once_never_bear_more_for_a_person_than_her_cap(world):
    campaign = world.campaign(1_000_00, **POINT | {"person_year_minor_max": 3 * BORNE})
    commands = [
        Pay(
            payment_id=world.engine.new_id(lane_of(world.people["alice"])),
            trade_id=world.ask(PRICE, app=DIRECT_APP),
            person_id=world.people["alice"],
            line_id=world.line_ids["alice"],
            credit_minor=PRICE,
            installments=12,
            subsidy_id=campaign,
            subsidy_minor=BORNE,
        )
        for _ in range(8)
    ]

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda one: world.engine.execute([Submission(command=one)])[0], commands))

    refused = [outcome.refusal for outcome in outcomes if outcome.refusal]
    assert {type(refusal) for refusal in refused} == {SubsidyCapSpent}
    assert len(refused) == 5
    assert borne(world, campaign) == {2026: 3 * BORNE}
    world.assert_books_hold()


def test_a_refund_gives_back_what_is_not_earned_to_the_budget_and_to_her_cap(world):
    campaign = world.campaign(1_000_00, **POINT)
    payment_id = buy(world, campaign).event_id

    assert world.refund(payment_id, PRICE // 2).refusal is None
    assert borne(world, campaign) == {2026: BORNE // 2}
    assert world.budget(campaign).left_minor == 1_000_00 - BORNE // 2

    assert world.refund(payment_id, PRICE // 2).refusal is None
    assert borne(world, campaign) == {}
    assert world.balance("DUE_FROM_STATE", campaign) == 0 == world.balance("CAMPAIGN_COST", campaign)
    assert world.budget(campaign).left_minor == 1_000_00
    world.assert_books_hold()


def test_in_escrow_it_counts_from_the_payment_and_only_what_is_lent_counts_on(world):
    campaign = world.campaign(1_000_00, **POINT)
    payment_id = buy(world, campaign, app=ESCROW_APP).event_id
    assert borne(world, campaign) == {2026: BORNE}

    assert world.refund(payment_id, PRICE // 2).refusal is None
    assert world.receive(payment_id).refusal is None

    assert borne(world, campaign) == {2026: BORNE // 2}
    assert world.balance("CAMPAIGN_COST", campaign) == BORNE // 2
    assert world.balance("MEMO_SUBSIDY", campaign) == 0
    world.assert_books_hold()


def test_what_is_released_of_an_authorization_counts_no_more(world):
    campaign = world.campaign(1_000_00, **POINT)
    payment_id = buy(world, campaign, flow=Flow.MANUAL).event_id
    assert world.capture(payment_id, PRICE // 2).refusal is None
    assert borne(world, campaign) == {2026: BORNE}

    assert world.void(payment_id).refusal is None

    assert borne(world, campaign) == {2026: BORNE // 2}
    assert world.budget(campaign).left_minor == 1_000_00 - BORNE // 2
    world.assert_books_hold()


def test_a_first_capture_too_small_for_any_subsidy_keeps_no_promise_from_being_freed(world):
    campaign = world.campaign(1_000_00, **POINT | {"yearly_rate_ppm": 40})
    payment_id = buy(world, campaign, flow=Flow.MANUAL, borne_minor=3).event_id
    assert world.capture(payment_id, 150_00).event.plan.subsidy is None

    assert world.void(payment_id).refusal is None

    assert borne(world, campaign) == {}
    assert world.budget(campaign).left_minor == 1_000_00
    assert world.balance("MEMO_SUBSIDY", campaign) == 0
    world.assert_books_hold()


def test_an_early_payoff_gives_back_what_is_not_owed_any_more(world):
    campaign = world.campaign(1_000_00, **POINT)
    payment_id = buy(world, campaign).event_id
    world.until(date(2026, 4, 2))
    found = quote(account(world), world.today, PROGRAM, item_id=payment_id)
    command = PayOffPlan(
        line_id=world.line_ids["alice"], amount_minor=found.total_minor, source="wallet", item_id=payment_id
    )

    assert world.do(command).refusal is None

    back_minor = found.subsidy_back.amount_minor if found.subsidy_back else 0
    assert borne(world, campaign) == {2026: BORNE - back_minor}
    assert world.balance("CAMPAIGN_COST", campaign) == BORNE - back_minor
    world.assert_books_hold()


def test_the_cap_is_of_the_calendar_year_and_what_comes_back_counts_in_its_own(world):
    campaign = world.campaign(1_000_00, **POINT | {"person_year_minor_max": BORNE}, days=400)
    assert world.do(SetAutopay(line_id=world.line_ids["alice"], sources=("wallet",))).event
    payment_id = buy(world, campaign).event_id
    assert isinstance(buy(world, campaign).refusal, SubsidyCapSpent)
    world.until(date(2027, 1, 2))

    assert buy(world, campaign).refusal is None
    assert borne(world, campaign) == {2026: BORNE, 2027: BORNE}

    plan = next(plan for plan in account(world).plans if plan.item_id == payment_id)
    back_minor = plan.borne_minor
    assert 0 < back_minor < BORNE
    assert world.refund(payment_id, PRICE).refusal is None
    assert borne(world, campaign) == {2026: BORNE - back_minor, 2027: BORNE}
    world.assert_books_hold()
