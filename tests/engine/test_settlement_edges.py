"""Settlement where something is in the way: a held row, a batch that hangs, a day on which more was given back than came."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from conftest import FreshDatabase
from florin.engine import ClaimKind, batch, claim, clock, lane_for, lane_of
from florin.engine.admin import add_app, add_merchant, parked_windows
from florin.engine.close_day import close_through
from florin.engine.close_step import CloseUnfinished
from florin.engine.ids import IdBlocks
from florin.engine.proof import prove
from florin.payments.ask import Ask
from florin.payments.trade import Flow
from world import DIRECT_APP, SHOP, START, World

pytestmark = pytest.mark.every_proof

BAKERS_APP = 3


def test_a_window_whose_sweep_was_held_up_is_swept_when_the_close_runs_again(fresh_database: FreshDatabase) -> None:
    with World(fresh_database.engine) as world:
        world.person("alice", wallet_minor=100_000)
        world.buy("alice", wallet_minor=100_000)
        with psycopg.connect(fresh_database.engine) as console:
            console.execute("SELECT FROM merchant_balance WHERE id = %s FOR UPDATE", (SHOP,))
            with pytest.raises(CloseUnfinished, match="Busy"):
                world.until(_day(1))
        world.until(_day(3))
        assert (world.balance("MERCHANT_PAYABLE"), world.balance("PAYOUT_IN_TRANSIT")) == (0, 99_400)


def test_a_close_waits_for_a_batch_of_yesterday_though_the_roll_gave_up(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging, go_on = threading.Event(), threading.Event()
    write = batch.Committer._write

    def slow_write(committer: batch.Committer, *arguments: Any) -> None:
        if not hanging.is_set():
            hanging.set()
            go_on.wait(30)
        write(committer, *arguments)

    with World(fresh_database.engine, connections=2) as world:
        world.person("alice", wallet_minor=100_000)
        trade_id = world.ask(100_000, app=DIRECT_APP)
        monkeypatch.setattr(batch.Committer, "_write", slow_write)
        paying = threading.Thread(target=world.pay, args=("alice", trade_id, 0, 100_000))
        paying.start()
        assert hanging.wait(10)
        with pytest.raises(clock.BatchHangs):
            clock.roll(world.connection, START, timeout_s=0.1)
        threading.Timer(1, go_on.set).start()
        [closed] = close_through(world.engine, world.connection, _day(1), bank=world.bank)
        paying.join()
        assert closed.swept == 1
        assert world.balance("PAYOUT_IN_TRANSIT") == 99_400
        world.assert_books_hold()


def test_fees_given_back_come_back_to_the_safeguarded_account(fresh_database: FreshDatabase) -> None:
    with World(fresh_database.engine, mdr_refunded=True, negative_limit_minor=100_000) as world:
        world.person("alice", wallet_minor=100_000)
        bought = world.buy("alice", wallet_minor=100_000)
        world.until(_day(1))
        assert world.balance("OWN_CASH") == 600
        assert world.refund(bought.event_id, 100_000).refusal is None
        world.until(_day(2))
        assert (world.balance("MDR_INCOME"), world.balance("OWN_CASH")) == (0, 0)
        assert world.balance("SAFEGUARDED_CASH") == 100_000
        world.assert_books_hold()


def test_after_an_early_repayment_a_refund_of_the_last_fen_gives_no_fee_back(fresh_database: FreshDatabase) -> None:
    with World(fresh_database.engine, negative_limit_minor=100) as world:
        world.person("alice", wallet_minor=1_000_000, limit_minor=1_000_000)
        bought = world.buy("alice", 600_000, installments=12, fee_payer="merchant")
        world.until(_day(1))
        assert world.repay("alice", 599_999).refusal is None
        world.until(_day(2))
        assert world.balance("DEFERRED_FEE_INCOME") == 0
        assert world.refund(bought.event_id, 1).refusal is None
        assert world.balance("LENDER_DUE_FROM_PAYMENTS") == 1
        world.until(_day(3))
        pair = ("LENDER_DUE_FROM_PAYMENTS", "PAYMENTS_DUE_TO_LENDER")
        assert [world.balance(account) for account in pair] == [0, 0]
        world.assert_books_hold()


def _day(number: int) -> date:
    return START + timedelta(days=number)


def test_a_merchant_whose_sweep_fails_is_parked_and_named_and_the_others_are_paid(
    fresh_database: FreshDatabase,
) -> None:
    with World(fresh_database.engine) as world:
        world.person("alice", wallet_minor=300_000)
        world.buy("alice", wallet_minor=100_000)
        baker = open_bakery(world)
        sell_bread(world, baker, "alice", 200_000)
        as_owner(fresh_database, "DELETE FROM merchant_balance WHERE id = %s", baker)

        days = close_through(world.engine, world.connection, _day(3), bank=world.bank)

        assert [(day.swept, day.windows_parked, day.paid_out) for day in days] == [(1, 1, 1), (0, 1, 0), (0, 1, 0)]
        assert all(day.proof.holds for day in days)
        assert (world.balance("PAYOUT_IN_TRANSIT"), world.balance("MERCHANT_PAYABLE", baker)) == (99_400, 198_800)
        [window] = parked_windows(world.connection)
        assert (window.merchant_id, window.name, window.window_on, window.amount_minor) == (
            baker,
            "Baker",
            START,
            198_800,
        )
        assert window.reason == f"NotFound {{'what': 'merchant_balance', 'id': {baker}}}"
        [settled] = [check for check in prove(world.connection).checks if check.name == "settled"]
        [(what, found)] = settled.figures.items()
        assert (f"merchant {baker}: {START} parked because: NotFound" in what, found) == (True, 198_800)

        as_owner(fresh_database, "INSERT INTO merchant_balance (lane, id) VALUES (%s, %s)", lane_of(baker), baker)
        [day] = world.until(_day(4))

        assert (day.swept, day.windows_parked, day.paid_out) == (1, 0, 1)
        assert world.balance("PAYOUT_IN_TRANSIT") == 99_400 + 198_800
        assert parked_windows(world.connection) == []
        world.until(_day(5))


def open_bakery(world: World) -> int:
    with psycopg.connect(world.dsn, autocommit=True) as connection:
        baker = add_merchant(connection, IdBlocks(connection), name="Baker", mdr_ppm=6000)
        add_app(connection, app_id=BAKERS_APP, merchant_id=baker, name="bread", wire="rest", market="direct")
    return baker


def sell_bread(world: World, baker: int, name: str, wallet_minor: int) -> None:
    command = Ask(
        trade_id=world.engine.new_id(lane_for(f"{BAKERS_APP}/bread")),
        app_id=BAKERS_APP,
        merchant_id=baker,
        out_trade_no="bread",
        amount_minor=wallet_minor,
        subject="bread",
        flow=Flow.DIRECT,
    )
    assert world.do(command, claim(ClaimKind.ORDER, BAKERS_APP, "bread")).event
    assert world.pay(name, command.trade_id, wallet_minor=wallet_minor).refusal is None


def as_owner(database: FreshDatabase, statement: str, *parameters: Any) -> None:
    with psycopg.connect(database.owner) as owner:
        owner.execute(statement, parameters)  # type: ignore[call-overload]
