"""What happens by itself: days close, orders expire, payouts are answered, messages go out, also after an outage."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest

from florin.app.worker import Delivery, Housekeeping
from florin.engine import clock
from florin.engine.outbox import Rendered
from world import SHOP, START, World

pytestmark = pytest.mark.every_proof


@pytest.fixture
def world(fresh_database):
    with World(fresh_database.engine) as made:
        yield made


@pytest.fixture
def housekeeping(world):
    made = Housekeeping(world.engine, world.dsn, round_s=0.02)
    yield made
    made.stop()


def wait_until(condition: Callable[[], object], timeout_s: float = 20) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def days_later(world: World, days: int) -> None:
    clock.shift(world.connection, days * 86_400)


def test_midnight_closes_the_day_and_pays_the_merchant(world, housekeeping):
    world.person("alice", limit_minor=100_000)
    world.buy("alice", 19_900)
    assert housekeeping.round() == []
    days_later(world, 1)

    closed = housekeeping.round()

    assert [day.on for day in closed] == [START + timedelta(days=1)]
    assert closed[0].proof.holds
    assert world.one("SELECT sum(amount_minor)::bigint FROM payout WHERE state = 'settled'") == 19_781
    assert world.balance("MERCHANT_AVAILABLE", SHOP) == 0
    world.assert_books_hold()


def test_days_that_were_missed_are_closed_one_by_one(world, housekeeping):
    days_later(world, 3)

    assert [day.on for day in housekeeping.round()] == [START + timedelta(days=day) for day in (1, 2, 3)]


def test_rounds_of_two_workers_do_nothing_twice(world, housekeeping):
    other = Housekeeping(world.engine, world.dsn)
    world.person("alice", limit_minor=100_000)
    world.buy("alice", 19_900)
    days_later(world, 2)

    threads = [threading.Thread(target=each.round) for each in (housekeeping, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    other.stop()
    housekeeping.round()
    assert world.today == START + timedelta(days=2)
    assert world.one("SELECT count(*) FROM payout") == 1
    world.assert_books_hold()


def test_it_goes_on_after_its_connections_were_cut(world, housekeeping, fresh_database):
    housekeeping.start()
    wait_until(lambda: _connections(fresh_database, "florin-housekeeping"))
    with psycopg.connect(fresh_database.superuser, autocommit=True) as superuser:
        superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name IN ('florin-housekeeping', 'florin-bank')"
        )
    days_later(world, 1)

    wait_until(lambda: world.today == START + timedelta(days=1))


class Kept:
    """A renderer that fails to reach anybody and counts how often it was asked."""

    def __init__(self) -> None:
        self.rendered = 0

    def render(self, message, at):
        self.rendered += 1
        return Rendered(url="http://10.0.0.1/", headers={}, body=b"")

    def is_success(self, status, body):
        return False


def test_delivery_goes_on_after_its_connection_was_cut_and_says_when_it_is_idle(world, fresh_database):
    with psycopg.connect(fresh_database.engine, autocommit=True) as connection:
        connection.execute("UPDATE app SET notify_url = 'http://10.0.0.1/'")
        connection.execute("UPDATE clock SET reference_version = reference_version + 1")
        kept = Kept()
        delivery = Delivery(fresh_database.engine, {"rest": kept})
        delivery.start()
        wait_until(lambda: _connections(fresh_database, "florin-delivery"))
        with psycopg.connect(fresh_database.superuser, autocommit=True) as superuser:
            superuser.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                "AND application_name = 'florin-delivery'"
            )
        world.person("alice", limit_minor=100_000)
        world.buy("alice", 19_900)

        wait_until(lambda: kept.rendered == 1)

        assert delivery.wait_until_idle(connection, timeout_s=10)
        delivery.stop()
        assert connection.execute("SELECT state, attempts FROM outbox").fetchall() == [("waiting", 1)]


def test_a_batch_wakes_delivery_at_once(world, fresh_database, monkeypatch):
    monkeypatch.setattr("florin.engine.outbox._POLL_S", 60)
    with psycopg.connect(fresh_database.engine, autocommit=True) as connection:
        connection.execute("UPDATE app SET notify_url = 'http://10.0.0.1/'")
        connection.execute("UPDATE clock SET reference_version = reference_version + 1")
        kept = Kept()
        delivery = Delivery(fresh_database.engine, {"rest": kept})
        delivery.start()
        wait_until(lambda: _connections(fresh_database, "florin-delivery") == 2)
        time.sleep(0.2)  # its first look has found nothing
        world.person("alice", limit_minor=100_000)
        world.buy("alice", 19_900)

        wait_until(lambda: kept.rendered == 1)

        delivery.stop()


def _connections(database, name: str) -> int:
    with psycopg.connect(database.superuser, autocommit=True) as superuser:
        row = superuser.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s", [name]
        ).fetchone()
    return row[0] if row else 0
