"""Settlement by terms: reserves, weekly payouts, minimum, holds, and what a merchant below zero pays back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from conftest import FreshDatabase
from engine.together import at_once
from florin.engine.admin import set_bank_holiday, set_merchant_state, set_settlement_terms
from florin.payments.hold_payouts import HoldPayouts, PayoutsHeldAlready, ReleasePayouts
from florin.payments.merchant import MerchantBalanceTooLow, MerchantFrozen
from florin.payments.pay_back import InvoiceMerchant, MerchantOwesNothing, PayBack, PaysBackMoreThanOwed
from florin.payments.settlement_terms import SettlementTerms
from florin.queries.bills import read_bill
from florin.queries.payout_statements import PayoutStatement, read_payout_statement
from world import DIRECT_APP, ESCROW_APP, SHOP, START, World


@pytest.fixture
def world(fresh_database: FreshDatabase) -> Iterator[World]:
    with World(fresh_database.engine, negative_limit_minor=20_000) as made:
        made.person("alice", wallet_minor=10_000_000, limit_minor=1_000_000)
        yield made


def day(number: int) -> date:
    return START + timedelta(days=number)


def settle_by(world: World, *, from_on: date = START, **terms: Any) -> None:
    with psycopg.connect(world.dsn, autocommit=True) as connection:
        set_settlement_terms(connection, SHOP, SettlementTerms(from_on=from_on, **terms), by="anna", reason="test")


def statements(world: World) -> list[PayoutStatement]:
    rows = world.connection.execute("SELECT id FROM payout WHERE merchant_id <> 0 ORDER BY requested_on, id").fetchall()
    found = [read_payout_statement(world.connection, payout_id=row[0]) for row in rows]
    world.connection.commit()
    return [statement for statement in found if statement is not None]


def test_a_rolling_reserve_keeps_its_share_for_its_days_and_a_fixed_one_stays(world: World):
    settle_by(world, reserve_ppm=100_000, reserve_days=3, fixed_reserve_minor=5_000, payout_minor_min=10_000)
    bought = world.buy("alice", wallet_minor=100_000)

    world.until(day(1))
    assert (world.balance("MERCHANT_RESERVE"), world.balance("MERCHANT_AVAILABLE")) == (9_940, 5_000)
    assert world.balance("PAYOUT_IN_TRANSIT") == 84_460
    world.refund(bought.event_id, 30_000)
    world.until(day(4))

    # The reserve covered what was not available; what is given free of it is not enough to be paid out.
    assert (world.balance("MERCHANT_RESERVE"), world.balance("MERCHANT_AVAILABLE")) == (0, -15_060)
    [first] = statements(world)
    assert (first.gross_minor, first.fees, first.moved_minor("reserve-held")) == (100_000, {"payment": 600}, -9_940)
    assert (first.amount_minor, first.carried_out_minor) == (84_460, 5_000)
    world.assert_books_hold()


def test_a_refund_beyond_available_reserve_and_limit_is_refused(world: World):
    settle_by(world, reserve_ppm=100_000, reserve_days=3)
    bought = world.buy("alice", wallet_minor=100_000)
    world.until(day(1))

    refused = world.refund(bought.event_id, 29_941)
    given_back = world.refund(bought.event_id, 29_940)

    assert refused.refusal == MerchantBalanceTooLow(available_minor=0, requested_minor=29_941, short_minor=1)
    assert given_back.event


def test_weekly_payouts_wait_for_their_day_and_a_holiday_moves_it(world: World):
    settle_by(world, pays="weekly", weekday=2, business_days=True)  # Wednesday; START is a Monday
    with psycopg.connect(world.dsn, autocommit=True) as connection:
        set_bank_holiday(connection, day(2), is_open=False, name="Harvest day")
    for number in range(4):
        world.buy("alice", wallet_minor=10_000)
        world.until(day(number + 1))

    [only] = statements(world)

    assert (only.paid_on, only.gross_minor, len(only.trades)) == (day(3), 30_000, 3)
    assert {trade.order_number for trade in only.trades} == {"order-2", "order-3", "order-4"}
    assert world.balance("MERCHANT_AVAILABLE") == 9_940


def test_held_payouts_and_a_frozen_merchants_wait_and_refunds_go_on(world: World):
    bought = world.buy("alice", wallet_minor=50_000)
    assert world.do(HoldPayouts(merchant_id=SHOP, reason="looked at", by="risk")).event
    again = world.do(HoldPayouts(merchant_id=SHOP, reason="twice", by="risk"))
    assert again.refusal == PayoutsHeldAlready(reason="looked at")
    world.until(day(1))
    assert world.refund(bought.event_id, 10_000).event
    assert world.do(ReleasePayouts(merchant_id=SHOP, reason="all is well", by="risk")).event
    with psycopg.connect(world.dsn, autocommit=True) as connection:
        set_merchant_state(connection, SHOP, "frozen")
    world.until(day(2))
    assert world.balance("MERCHANT_AVAILABLE") == 39_700
    with psycopg.connect(world.dsn, autocommit=True) as connection:
        set_merchant_state(connection, SHOP, "open")

    world.until(day(3))

    [only] = statements(world)
    assert (only.amount_minor, only.gross_minor, only.refunds_minor) == (39_700, 50_000, 10_000)


def test_a_merchant_below_zero_pays_back_by_invoice_or_by_his_next_sales(world: World):
    bought = world.buy("alice", wallet_minor=50_000)
    world.until(day(1))
    assert isinstance(world.do(InvoiceMerchant(merchant_id=SHOP, due_on=day(9))).refusal, MerchantOwesNothing)
    world.refund(bought.event_id, 15_000)
    invoiced = world.do(InvoiceMerchant(merchant_id=SHOP, due_on=day(9)))
    assert invoiced.event.amount_minor == 15_000
    more = world.do(PayBack(merchant_id=SHOP, amount_minor=15_001, bank_reference="m1"))
    assert more.refusal == PaysBackMoreThanOwed(owed_minor=15_000, paid_minor=15_001, over_minor=1)
    world.bank.book("safeguarded", 5_000, "m1", world.today)
    assert world.do(PayBack(merchant_id=SHOP, amount_minor=5_000, bank_reference="m1")).event
    world.assert_books_hold()
    world.buy("alice", wallet_minor=20_000)

    world.until(day(2))

    second = statements(world)[1]
    assert (second.carried_in_minor, second.refunds_minor, second.moved_minor("paid-back")) == (0, 15_000, 5_000)
    assert second.amount_minor == 19_880 - 10_000


def test_a_payout_and_refunds_at_once_never_pay_one_fen_twice(world: World):
    sold = [world.buy("alice", wallet_minor=10_000) for _ in range(6)]
    world.do(HoldPayouts(merchant_id=SHOP, reason="wait", by="risk"))
    world.until(day(1))
    world.do(ReleasePayouts(merchant_id=SHOP, reason="go", by="risk"))

    refunds = [lambda sale=sale: world.refund(sale.event_id, 10_000, f"r{sale.event_id}") for sale in sold]
    at_once([*refunds, lambda: world.until(day(2))])

    available = world.balance("MERCHANT_AVAILABLE")
    assert available >= -20_000
    paid_out = sum(statement.amount_minor for statement in statements(world))
    given_back = world.balance("WALLET") - (10_000_000 - 60_000)
    assert paid_out + available == 59_640 - given_back
    world.assert_books_hold()


def test_a_freeze_in_the_middle_of_sales_lets_each_through_or_refuses_it_whole(world: World):
    trades = [world.ask(1_000, app=DIRECT_APP) for _ in range(12)]

    def freeze() -> None:
        with psycopg.connect(world.dsn, autocommit=True) as connection:
            set_merchant_state(connection, SHOP, "frozen")

    sales = [lambda trade=trade: world.pay("alice", trade, wallet_minor=1_000) for trade in trades]
    outcomes = [outcome for outcome in at_once([*sales[:6], freeze, *sales[6:]]) if outcome is not None]
    later = world.pay("alice", trades[-1], wallet_minor=1_000)

    sold = [outcome for outcome in outcomes if outcome.refusal is None]
    assert all(isinstance(each.refusal, MerchantFrozen) for each in outcomes if each not in sold)
    assert later.refusal is not None
    assert world.wallet_minor("alice") == 10_000_000 - 1_000 * len(sold)
    assert world.balance("MERCHANT_PAYABLE") == 994 * len(sold)
    world.assert_books_hold()


STEPS = st.lists(
    st.tuples(st.sampled_from(("buy", "escrow", "receive", "refund", "day", "back", "hold")), st.integers(100, 60_000)),
    min_size=4,
    max_size=14,
)


@settings(
    max_examples=6, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck)
)
@given(steps=STEPS, reserve=st.sampled_from((0, 50_000)), weekly=st.booleans())
def test_payouts_balance_and_reserve_are_sales_less_fees_and_refunds_whatever_happened(
    new_database: Any, steps: list[tuple[str, int]], reserve: int, weekly: bool
):
    with new_database() as database, World(database.engine, negative_limit_minor=1_000_000) as world:
        world.person("alice", wallet_minor=10_000_000)
        settle_by(world, reserve_ppm=reserve, reserve_days=2 if reserve else 0, pays="weekly" if weekly else "daily")
        sold: list[int] = []
        for what, minor in (*steps, ("day", 0), ("day", 0)):
            _live(world, what, minor, sold)

        bill = read_bill(world.connection, merchant_id=SHOP, from_on=START, before_on=world.today)
        assert bill is not None
        kept = sum(world.balance(name, SHOP) for name in ("MERCHANT_PAYABLE", "MERCHANT_AVAILABLE", "MERCHANT_RESERVE"))
        today = -int(
            world.one("SELECT coalesce(sum(amount_minor), 0) FROM payout WHERE requested_on = %s", world.today)
        )
        assert bill.closing_minor + today == kept
        sums = [line.earned for line in bill.lines]
        net = (
            sum(e.received_minor for e in sums) - sum(e.fees_minor for e in sums) - sum(e.paid_out_minor for e in sums)
        )
        assert net == bill.closing_minor
        statements(world)  # each asserts that its trades are what it pays


def _live(world: World, what: str, minor: int, sold: list[int]) -> None:
    match what:
        case "buy" | "escrow":
            app = DIRECT_APP if what == "buy" else ESCROW_APP
            sold.append(world.buy("alice", wallet_minor=minor, app=app).event_id)
        case "receive" if sold:
            world.receive(sold[minor % len(sold)])
        case "refund" if sold:
            world.refund(sold[minor % len(sold)], minor)
        case "day":
            world.until(world.today + timedelta(days=1))
        case "back":
            reference = world.next_number("back-")
            if world.do(PayBack(merchant_id=SHOP, amount_minor=minor, bank_reference=reference)).event:
                world.bank.book("safeguarded", minor, reference, world.today)
        case "hold":
            held = world.do(HoldPayouts(merchant_id=SHOP, reason="looked at", by="risk"))
            if held.refusal is not None:
                world.do(ReleasePayouts(merchant_id=SHOP, reason="done", by="risk"))
