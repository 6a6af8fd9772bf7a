"""Settlement where something is in the way: a held row, a batch that hangs, a day on which more was given back than came."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from conftest import FreshDatabase
from florin.engine import batch, clock
from florin.engine.close_day import CloseUnfinished, close_through
from world import DIRECT_APP, SHOP, START, World


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
