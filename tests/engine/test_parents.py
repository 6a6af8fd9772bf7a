"""Parent orders: the orders of several sellers in one checkout, paid all or not at all, each on its own afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from florin.engine import ClaimKind, Outcome, Submission, claim, lane_for, lane_of
from florin.events.market import AcceptanceRule
from florin.market import AcceptanceMonthCapExceeded
from florin.market.change import ChangeAcceptance
from florin.payments.ask import Ask
from florin.payments.close import Close
from florin.payments.parent import AskParent
from florin.payments.pay_parent import PayParent
from florin.payments.trade import Flow, TradeDetail
from world import ESCROW_APP, SHOP, World

SILK, LAMPS, STRANGER = 11, 12, 13


@pytest.fixture
def world(fresh_database) -> Iterator[World]:
    """The shop's escrow app is the mall's; two sellers are in its market, one is not."""
    with World(fresh_database.engine, mdr_refunded=True) as world:
        world.connection.execute("UPDATE merchant SET market = 'taobao' WHERE id = %s", (SHOP,))
        world.connection.execute("UPDATE app SET mall = true WHERE id = %s", (ESCROW_APP,))
        for number, market in ((SILK, "taobao"), (LAMPS, "taobao"), (STRANGER, "street")):
            world.connection.execute(
                "INSERT INTO merchant (id, lane, name, market, mdr_ppm, mdr_refunded) VALUES (%s, %s, %s, %s, 6000, true)",
                (number, lane_of(number), f"seller {number}", market),
            )
            world.connection.execute(
                "INSERT INTO merchant_balance (lane, id) VALUES (%s, %s)", (lane_of(number), number)
            )
        world.connection.execute("UPDATE clock SET reference_version = reference_version + 1")
        world.connection.commit()
        yield world


def ask(world: World, orders: list[tuple[int, int]], **detail: Any) -> tuple[int, tuple[int, ...], list[Outcome]]:
    """(parent, trades, outcomes) of a checkout over (seller, amount) orders."""
    number = world.next_number("parent-")
    parent_id = world.engine.new_id(lane_for(f"{ESCROW_APP}/{number}"))
    asks = [
        Ask(
            trade_id=world.engine.new_id(lane_for(f"{ESCROW_APP}/{number}-{index}")),
            app_id=ESCROW_APP,
            merchant_id=seller,
            out_trade_no=f"{number}-{index}",
            amount_minor=amount,
            subject="goods",
            flow=Flow.ESCROW,
            detail=TradeDetail(parent_id=parent_id, **detail),
        )
        for index, (seller, amount) in enumerate(orders)
    ]
    trades = tuple(command.trade_id for command in asks)
    held = AskParent(parent_id=parent_id, app_id=ESCROW_APP, out_trade_no=number, trade_ids=trades)
    submissions = [
        Submission(command=command, claims=(claim(ClaimKind.ORDER, ESCROW_APP, command.out_trade_no),), group=1)
        for command in asks
    ]
    outcomes = world.engine.execute([*submissions, Submission(command=held, group=1)])
    return parent_id, trades, outcomes


def pay(
    world: World, name: str, parent_id: int, orders: int, credit_minor: int, wallet_minor: int, **more: Any
) -> Outcome:
    lane = lane_of(world.people[name])
    return world.do(
        PayParent(
            event_id=world.engine.new_id(lane),
            parent_id=parent_id,
            payment_ids=tuple(world.engine.new_id(lane) for _ in range(orders)),
            person_id=world.people[name],
            line_id=world.line_ids.get(name, 0),
            credit_minor=credit_minor,
            wallet_minor=wallet_minor,
            **more,
        )
    )


def test_one_payment_over_two_sellers_is_two_payments_with_lives_of_their_own(world):
    world.person("alice", wallet_minor=500_00, limit_minor=1_000_00)
    parent_id, trades, asked = ask(world, [(SILK, 100_00), (LAMPS, 50_00)])
    assert [outcome.refusal for outcome in asked] == [None] * 3

    paid = pay(world, "alice", parent_id, 2, 90_00, 60_00)

    assert paid.event, paid.refusal
    silk, lamps = (world.payment(event.payment_id) for event in paid.events[1:])
    assert [p.trade_id for p in (silk, lamps)] == list(trades)
    assert (silk.credit_paid_minor, silk.wallet_paid_minor) == (60_00, 40_00)
    assert (lamps.credit_paid_minor, lamps.wallet_paid_minor) == (30_00, 20_00)
    assert (silk.exposure_before_minor, lamps.exposure_before_minor) == (0, 60_00)
    assert world.line("alice").committed_minor == 90_00

    world.receive(silk.id)
    world.refund(lamps.id, 50_00)

    assert world.balance("MERCHANT_PAYABLE", SILK) == 100_00 - 60
    assert world.balance("MERCHANT_PAYABLE", LAMPS) == 0
    assert world.line("alice").committed_minor == 0
    assert world.wallet_minor("alice") == 500_00 - 40_00
    assert world.one("SELECT count(*) FROM event WHERE id = %s AND kind = 43", lamps.id) == 1
    world.assert_books_hold()


def test_where_one_order_cannot_be_paid_none_is(world):
    world.person("alice", wallet_minor=500_00, limit_minor=100_00)
    parent_id, trades, _ = ask(world, [(SILK, 60_00), (LAMPS, 60_00)])

    too_much = pay(world, "alice", parent_id, 2, 120_00, 0)
    alone = world.pay("alice", trades[0], 0, 60_00)
    assert world.do(Close(trade_id=trades[1])).event
    closed = pay(world, "alice", parent_id, 2, 0, 120_00)

    assert (too_much.refusal.name, too_much.refusal.over_minor) == ("CreditLimitExceeded", 20_00)
    assert alone.refusal.name == "PaidWithItsParent"
    assert closed.refusal.name == "TradeNotOpen"
    assert world.one("SELECT count(*) FROM payment") == 0
    assert (world.line("alice").committed_minor, world.wallet_minor("alice")) == (0, 500_00)


def test_a_parent_order_is_paid_once_however_many_pay_it(world):
    world.person("alice", wallet_minor=500_00)
    parent_id, _, _ = ask(world, [(SILK, 60_00), (LAMPS, 60_00)])

    first, second = (pay(world, "alice", parent_id, 2, 0, 120_00) for _ in range(2))

    assert first.event
    assert second.refusal.name == "TradeAlreadyPaid"
    assert world.wallet_minor("alice") == 380_00


def test_a_malls_coupon_over_several_sellers_is_one_use_and_each_order_gives_its_part_back(world):
    world.person("alice", wallet_minor=500_00)
    campaign_id = world.campaign(1_000_00, per_person_max=1)
    parent_id, _, _ = ask(world, [(SILK, 75_00), (LAMPS, 25_00)])

    paid = pay(world, "alice", parent_id, 2, 0, 80_00, campaign_id=campaign_id, coupon_minor=20_00)
    again, _, _ = ask(world, [(SILK, 75_00), (LAMPS, 25_00)])
    once_more = pay(world, "alice", again, 2, 0, 80_00, campaign_id=campaign_id, coupon_minor=20_00)

    silk, lamps = (world.payment(event.payment_id) for event in paid.events[1:])
    assert (silk.coupon_paid_minor, lamps.coupon_paid_minor) == (15_00, 5_00)
    assert once_more.refusal.name == "CouponUsedUp"
    assert world.refund(silk.id, 75_00).event
    assert world.budget(campaign_id).left_minor == 1_000_00 - 5_00
    world.assert_books_hold()


@pytest.mark.parametrize(
    ("orders", "refusal"), [([(SILK, 10_00), (STRANGER, 10_00)], "SellerOfAnother"), ([], "OrdersOutOfRange")]
)
def test_a_mall_asks_for_sellers_of_its_own_market_alone(world, orders, refusal):
    _, _, outcomes = ask(world, orders)

    assert outcomes[-1].refusal.name == refusal
    assert world.one("SELECT count(*) FROM trade") == 0


def test_an_app_that_is_no_malls_asks_for_its_own_merchant_alone(world):
    world.connection.execute("UPDATE app SET mall = false")
    world.connection.execute("UPDATE clock SET reference_version = reference_version + 1")
    world.connection.commit()

    assert ask(world, [(SILK, 10_00)])[2][-1].refusal.name == "SellerOfAnother"
    assert ask(world, [(SHOP, 10_00), (SHOP, 20_00)])[2][-1].event


def test_orders_of_one_parent_take_of_a_cap_of_a_month_together(world):
    world.person("alice", limit_minor=1_000_00, wallet_minor=10_00)
    world.take_in("ali", market="taobao")
    rule = AcceptanceRule(
        program="huabei", channel="home", answer="yes", cap_month_minor=200_00, reason_en="So.", reason_zh="好。"
    )
    assert world.do(ChangeAcceptance(ecosystem="ali", from_on=world.today, rules=(rule,), reason="tried")).event
    parent_id, _, _ = ask(world, [(SILK, 120_00), (LAMPS, 90_00)])

    refusal = pay(world, "alice", parent_id, 2, 210_00, 0).refusal
    assert isinstance(refusal, AcceptanceMonthCapExceeded)
    assert (refusal.used_minor, refusal.over_minor) == (120_00, 10_00)
    assert pay(world, "alice", parent_id, 2, 200_00, 10_00).event

    assert [each.amount_minor for each in world.line("alice").particulars.month_used] == [200_00]
    world.assert_books_hold()
