"""T+0: windows that end at cut-offs of the day, refunds and payouts at that very moment, and a round that was cut off."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from math import ceil
from typing import Any

import psycopg
import pytest

from conftest import FreshDatabase
from engine.test_settlement_edges import BAKERS_APP, open_bakery, sell_bread
from engine.test_settlement_terms import statements
from engine.together import at_once
from florin.engine import batch, clock, cut_off
from florin.engine.admin import set_settlement_terms
from florin.engine.cut_off import CutOff, settle_cut_off
from florin.payments.settlement_terms import SettlementTerms, SettlementTermsInvalid
from florin.queries.explain import explain_payout
from florin.queries.merchant import read_windows
from world import SHOP, START, World

DAY = START + timedelta(days=1)
NOON, SIX = 12 * 60, 18 * 60
CUT_OFFS = (time(12), time(18))


@pytest.fixture
def world(fresh_database: FreshDatabase) -> Iterator[World]:
    """A shop that is paid at noon, at six and after midnight, from its second day on."""
    with World(fresh_database.engine) as made:
        made.person("alice", wallet_minor=10_000_000)
        assert settle_by(made, from_on=DAY, cut_offs=CUT_OFFS, pays="cut_off") is None
        made.until(DAY)
        yield made


def settle_by(world: World, **terms: Any) -> Any:
    with psycopg.connect(world.dsn, autocommit=True) as connection:
        return set_settlement_terms(connection, SHOP, SettlementTerms(**terms), by="anna", reason="contract")


def come(world: World, at: str, on: date = DAY) -> CutOff | None:
    """It is that time of the day, and the worker has looked."""
    reach(world, at, on)
    return settle_cut_off(world.engine, world.connection)


def reach(world: World, at: str, on: date = DAY) -> None:
    to = datetime.combine(on, time.fromisoformat(at), clock.ZONE)
    clock.shift(world.connection, ceil((to - clock.read(world.connection).instant).total_seconds()))


def test_sales_are_available_and_paid_at_each_cut_off_and_every_line_ties_to_its_trades(world: World):
    assert come(world, "11:59") is None
    morning = world.buy("alice", wallet_minor=100_000)
    world.refund(morning.event_id, 10_000)  # of an open window
    assert come(world, "12:00") == CutOff(NOON, swept=1, windows_parked=0, paid_out=1)
    assert come(world, "12:01") is None
    afternoon = world.buy("alice", wallet_minor=50_000)
    world.refund(afternoon.event_id, 5_000)
    assert world.refund(morning.event_id, 1).refusal is not None, "what the morning brought is paid out"
    assert come(world, "18:30") == CutOff(SIX, swept=1, windows_parked=0, paid_out=1)
    world.buy("alice", wallet_minor=20_000)
    world.until(DAY + timedelta(days=1))

    paid = statements(world)

    assert [(one.paid_on, one.amount_minor, one.gross_minor, one.refunds_minor) for one in paid] == [
        (DAY, 89_400, 100_000, 10_000),
        (DAY, 44_700, 50_000, 5_000),
        (DAY + timedelta(days=1), 19_880, 20_000, 0),
    ]
    assert [[trade.order_number for trade in one.trades] for one in paid] == [
        ["order-2"] * 2,
        ["order-4"] * 2,
        ["order-7"],
    ]
    for one in paid:
        explained = explain_payout(world.connection, payout_id=one.payout_id, language="en")
        assert explained is not None
        assert "unexplained" not in str(explained)
    ends = [(one.window_until, one.amount_minor) for one in read_windows(world.connection, merchant_id=SHOP, since=DAY)]
    assert ends == [(24 * 60, 19_880), (SIX, 44_700), (NOON, 89_400)]
    world.assert_books_hold()


def test_a_reserve_is_kept_of_each_window_and_another_shops_cut_off_ends_none_of_his(world: World):
    baker = open_bakery(world)
    settle_by(world, from_on=DAY + timedelta(days=1), cut_offs=CUT_OFFS, reserve_ppm=100_000, reserve_days=3)
    on = DAY + timedelta(days=1)
    world.until(on)
    world.buy("alice", wallet_minor=100_000)
    sell_bread(world, baker, "alice", 30_000)
    assert come(world, "15:00", on) == CutOff(NOON, 1, 0, 0), "his terms pay once a day"
    assert (world.balance("MERCHANT_RESERVE"), world.balance("MERCHANT_AVAILABLE")) == (9_940, 89_460)
    bread = world.one("SELECT id FROM payment WHERE app_id = %s", BAKERS_APP)
    assert world.refund(bread, 30_000).refusal is None, "the baker's day is one window, and open"
    world.until(on + timedelta(days=1))

    assert world.one("SELECT count(*) FROM sweep WHERE merchant_id = %s", baker) == 1
    [only] = statements(world)
    assert (only.amount_minor, only.moved_minor("reserve-held")) == (89_460, -9_940)


@pytest.mark.parametrize("step", ["sweep_windows_of_today", "keep_reserves_of_today", "pay_out_today"])
@pytest.mark.parametrize("ends", ["by the worker", "by the close"])
def test_a_cut_off_that_was_cut_off_itself_is_done_once(world: World, monkeypatch, step: str, ends: str):
    world.buy("alice", wallet_minor=100_000)
    reach(world, "12:00")

    def power_off(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(cut_off, step, power_off)
        with pytest.raises(KeyboardInterrupt):
            settle_cut_off(world.engine, world.connection)
    world.connection.rollback()
    world.buy("alice", wallet_minor=50_000)
    if ends == "by the worker":
        assert come(world, "12:01") is not None
        assert world.balance("PAYOUT_IN_TRANSIT") == 99_400
    world.until(DAY + timedelta(days=1))

    assert sum(one.amount_minor for one in statements(world)) == 99_400 + 49_700
    assert world.one("SELECT count(*) FROM sweep") == 2
    world.assert_books_hold()


def test_a_cut_off_waits_for_a_sale_that_is_under_way(world: World, monkeypatch):
    hanging, go_on = threading.Event(), threading.Event()
    write = batch.Committer._write

    def slow_write(committer: batch.Committer, *arguments: Any) -> None:
        if not hanging.is_set():
            hanging.set()
            go_on.wait(30)
        write(committer, *arguments)

    reach(world, "12:00")
    trade_id = world.ask(100_000, app=2)
    with monkeypatch.context() as slow:
        slow.setattr(batch.Committer, "_write", slow_write)
        paying = threading.Thread(target=world.pay, args=("alice", trade_id, 0, 100_000))
        paying.start()
        assert hanging.wait(10)
        threading.Timer(0.3, go_on.set).start()
        done = settle_cut_off(world.engine, world.connection)
        paying.join()

    assert done is not None
    assert (done.swept, world.balance("PAYOUT_IN_TRANSIT")) == (1, 99_400)


def test_refunds_and_a_payout_at_the_moment_of_a_cut_off_lose_and_double_no_fen(world: World):
    sold = [world.buy("alice", wallet_minor=10_000) for _ in range(8)]
    reach(world, "12:00")

    refunds = [lambda sale=sale: world.refund(sale.event_id, 9_000, f"r{sale.event_id}") for sale in sold]
    at_once([*refunds[:4], lambda: settle_cut_off(world.engine, world.connection), *refunds[4:]])

    given_back = world.balance("WALLET") - (10_000_000 - 80_000)
    assert given_back % 9_000 == 0
    in_hand = sum(map(world.balance, ("PAYOUT_IN_TRANSIT", "MERCHANT_AVAILABLE", "MERCHANT_PAYABLE")))
    assert in_hand == 80_000 - 480 - given_back
    assert world.balance("MERCHANT_AVAILABLE") >= 0
    world.assert_books_hold()
    world.until(DAY + timedelta(days=1))
    statements(world)  # which prove themselves


def test_cut_offs_change_from_tomorrow_on_because_of_todays_one_may_be_over(world: World):
    refused = settle_by(world, from_on=DAY, cut_offs=(time(9),))
    tomorrow = settle_by(world, from_on=DAY + timedelta(days=1), cut_offs=())

    assert isinstance(refused, SettlementTermsInvalid)
    assert (refused.field, refused.fix) == ("from_on", "Cut-off times change from 2026-03-04 on at the earliest.")
    assert tomorrow is None
