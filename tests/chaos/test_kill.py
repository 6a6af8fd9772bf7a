"""kill -9 under load: what was acknowledged is there once; what was not is absent, or there once after the same key again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import psycopg
import pytest

from chaos.worker import charge
from florin.engine import Engine
from florin.engine.proof import prove
from florin.store import ENGINE, EmbeddedPostgres
from florin.store.postgres import SUPERUSER
from world import World

pytestmark = pytest.mark.chaos


# ── what must hold afterwards ─────────────────────────────────────────────────────────────────────────────────────


def paid(dsn: str) -> Counter[str]:
    """How often each order was paid, by what the events say."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT t.out_trade_no, count(*) FROM event e JOIN trade t ON t.id = e.trade_id WHERE e.kind = 44 GROUP BY 1"
        ).fetchall()
    return Counter(dict(rows))


def assert_nothing_is_lost_or_doubled(dsn: str, acknowledged: Iterable[str], tried: Iterable[str]) -> None:
    found = paid(dsn)
    acknowledged, tried = set(acknowledged), set(tried)
    assert acknowledged <= found.keys(), f"{len(acknowledged - found.keys())} acknowledged payments are lost"
    assert found.keys() <= tried
    assert set(found.values()) <= {1}


def assert_the_house_is_sound(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        proof = prove(connection)
        assert proof.holds, [check for check in proof.checks if not check.holds]
        gaps = connection.execute(
            "SELECT writer, count(*), max(seq) FROM batch GROUP BY writer HAVING count(*) <> max(seq)"
        ).fetchall()
        alone = connection.execute(
            "SELECT count(*) FROM claim c WHERE NOT EXISTS (SELECT FROM event WHERE id = c.event_id)"
        )
        assert gaps == []
        assert alone.fetchone() == (0,)


def pay_again(dsn: str, orders: dict[str, tuple[int, int, int]]) -> None:
    """A new process, the same keys: each order ends paid once."""
    with Engine(dsn) as engine:
        for key, (amount_minor, person_id, line_id) in orders.items():
            outcome = engine.execute([charge(engine, key, amount_minor, person_id, line_id)])[0]
            assert outcome.event is not None
            assert outcome.event.credit_minor + outcome.event.wallet_minor == amount_minor
    assert paid(dsn) == Counter(dict.fromkeys(orders, 1))


# ── the database dies ─────────────────────────────────────────────────────────────────────────────────────────────


class Shoppers:
    """Threads that buy until they are stopped; a failure is taken as `unknown` and tried again later with the same key."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.orders: dict[str, tuple[int, int, int]] = {}
        self.acknowledged: set[str] = set()
        self.failures = 0
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._buy, args=(name, shopper)) for shopper in sorted(world.people)]

    def __enter__(self) -> Shoppers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "nobody waits for ever"

    def wait_for(self, more: int) -> None:
        """Until so many more payments were acknowledged."""
        wanted, deadline = len(self.acknowledged) + more, time.monotonic() + 60
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < deadline, "the house does not go on"
            time.sleep(0.01)

    def _buy(self, name: str, shopper: str) -> None:
        engine = self.world.engine
        owners = self.world.people[shopper], self.world.line_ids[shopper]
        number = 0
        while not self._stopped.is_set():
            number += 1
            key, amount_minor = f"{name}/{shopper}/{number}", 2 + number % 7
            self.orders[key] = (amount_minor, *owners)
            try:
                outcome = engine.execute([charge(engine, key, amount_minor, *owners)])[0]
            except psycopg.OperationalError:
                self.failures += 1
                time.sleep(0.05)
                continue
            assert outcome.event is not None, outcome.refusal
            self.acknowledged.add(key)


def kill_the_server(server: EmbeddedPostgres) -> None:
    """The whole of it; its supervisor starts another."""
    killed, deadline = server.pid, time.monotonic() + 30
    os.kill(killed, signal.SIGKILL)
    while server.pid == killed:
        assert time.monotonic() < deadline, "nobody started it again"
        time.sleep(0.01)


def kill_a_backend(server: EmbeddedPostgres) -> None:
    """One of its processes, in the middle of a batch: the server throws everybody out and recovers by itself."""
    with psycopg.connect(server.dsn(SUPERUSER)) as superuser:
        row = superuser.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name LIKE '%-engine' ORDER BY xact_start NULLS LAST LIMIT 1"
        ).fetchone()
    assert row is not None
    os.kill(row[0], signal.SIGKILL)


@pytest.mark.parametrize("kill", [kill_the_server, kill_a_backend])
def test_the_database_is_killed_under_load_and_every_acknowledged_payment_is_there_once(
    house: World, own_server: EmbeddedPostgres, kill
):
    dsn = own_server.dsn(ENGINE)
    with Shoppers(house, kill.__name__) as shoppers:
        for _ in range(3):
            shoppers.wait_for(40)
            kill(own_server)
            shoppers.wait_for(20)

    assert_nothing_is_lost_or_doubled(dsn, shoppers.acknowledged, shoppers.orders)
    assert_the_house_is_sound(dsn)
    pay_again(dsn, shoppers.orders)
    assert_the_house_is_sound(dsn)


def test_the_database_is_killed_while_nobody_buys_and_the_next_buyer_does_not_notice(
    house: World, own_server: EmbeddedPostgres
):
    dsn = own_server.dsn(ENGINE)
    kill_the_server(own_server)
    deadline = time.monotonic() + 30
    while not answers(dsn):
        assert time.monotonic() < deadline
        time.sleep(0.05)

    outcome = house.engine.execute(
        [charge(house.engine, "after", 10, house.people["shopper-0"], house.line_ids["shopper-0"])]
    )[0]

    assert outcome.event is not None
    assert_the_house_is_sound(dsn)


def answers(dsn: str) -> bool:
    try:
        psycopg.connect(dsn).close()
    except psycopg.OperationalError:
        return False
    return True


# ── a process dies ────────────────────────────────────────────────────────────────────────────────────────────────


class Seller:
    """A process of its own that sells to some of the shoppers, and what it has said so far."""

    def __init__(self, dsn: str, name: str, shoppers: list[dict[str, int]]) -> None:
        self.orders: dict[str, tuple[int, int, int]] = {}
        self.acknowledged: set[str] = set()
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("worker.py")), dsn, name, json.dumps(shoppers)],
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._listen)
        self._reader.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            match line.split():
                case ["try", key, *numbers]:
                    amount_minor, person_id, line_id = map(int, numbers)
                    self.orders[key] = (amount_minor, person_id, line_id)
                case ["done", key]:
                    self.acknowledged.add(key)

    def wait_for(self, more: int) -> None:
        wanted, deadline = len(self.acknowledged) + more, time.monotonic() + 60
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < deadline, "the process sells nothing"
            assert self._process.poll() is None, "the process is gone"
            time.sleep(0.01)

    def kill(self) -> None:
        """kill -9, and hear what it had said before."""
        self._process.kill()
        self._process.wait(30)
        self._reader.join(30)
        assert self._process.stdout is not None
        self._process.stdout.close()


def test_a_process_is_killed_under_load_and_the_other_goes_on(house: World, own_server: EmbeddedPostgres):
    dsn = own_server.dsn(ENGINE)
    everybody = [{"person_id": house.people[name], "line_id": house.line_ids[name]} for name in sorted(house.people)]
    survivor = Seller(dsn, "survivor", everybody)
    orders: dict[str, tuple[int, int, int]] = {}
    acknowledged: set[str] = set()
    try:
        for turn in range(3):
            # The same shoppers as the survivor's: what the dead process held must be let go for the living.
            victim = Seller(dsn, f"victim-{turn}", everybody)
            try:
                victim.wait_for(30)
            finally:
                victim.kill()
            survivor.wait_for(20)
            orders |= victim.orders
            acknowledged |= victim.acknowledged
    finally:
        survivor.kill()
    orders |= survivor.orders
    acknowledged |= survivor.acknowledged

    assert_nothing_is_lost_or_doubled(dsn, acknowledged, orders)
    assert_the_house_is_sound(dsn)
    pay_again(dsn, orders)
    assert_the_house_is_sound(dsn)


def test_database_and_process_die_together(house: World, own_server: EmbeddedPostgres):
    dsn = own_server.dsn(ENGINE)
    everybody = [{"person_id": house.people[name], "line_id": house.line_ids[name]} for name in sorted(house.people)]
    seller = Seller(dsn, "both", everybody)
    try:
        seller.wait_for(50)
        kill_the_server(own_server)
    finally:
        seller.kill()
    deadline = time.monotonic() + 30
    while not answers(dsn):
        assert time.monotonic() < deadline
        time.sleep(0.05)

    assert_nothing_is_lost_or_doubled(dsn, seller.acknowledged, seller.orders)
    assert_the_house_is_sound(dsn)
    pay_again(dsn, seller.orders)
    assert_the_house_is_sound(dsn)
