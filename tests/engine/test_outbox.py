"""Messages are delivered at least once, on their ladder, and a slow shop holds nobody else."""

import itertools
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg
import pytest

from florin.engine.outbox import (
    _LEASE,
    _RECORD,
    LADDERS,
    LATE,
    LEASE,
    SETTINGS,
    Rendered,
    deliver_due,
    next_attempt,
    next_due_at,
)

NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)


class Shop:
    """A shop's listener: keeps what it was told and says what it is set to say."""

    def __init__(self) -> None:
        self.told = []
        self.answer = b"success"
        self.status = 200
        self.wait_s = 0.0
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                shop.told.append(body)
                time.sleep(shop.wait_s)
                answer = shop.answer(body) if callable(shop.answer) else shop.answer
                self.send_response(shop.status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/notify"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class PlainRenderer:
    """Renders the payload's own text."""

    def render(self, message, at):
        return Rendered(url=message.url, headers={}, body=f"{message.payload['text']} #{message.id}".encode())

    def is_success(self, status, body):
        return status == 200 and body == b"success"


class FaultsOnce:
    def __init__(self, **times):
        self._times = {name.replace("_", "-"): count for name, count in times.items()}

    def take(self, fault):
        if self._times.get(fault, 0) == 0:
            return False
        self._times[fault] -= 1
        return True


@pytest.fixture
def tea_house() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.close()


@pytest.fixture
def slow_shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.close()


@pytest.fixture
def outbox(fresh_database):
    """The engine's own connection to a database with two apps: 1 may be called on loopback, 2 too, 3 may not."""
    with psycopg.connect(fresh_database.owner) as owner:
        owner.execute("INSERT INTO merchant (id, lane, name, mdr_ppm) VALUES (1, 1, 'Tea house', 6000)")
        owner.execute(
            "INSERT INTO app (id, merchant_id, name, wire, market, allow_loopback) VALUES "
            "(1, 1, 'till', 'alipay', 'direct', true), (2, 1, 'web', 'rest', 'direct', true), "
            "(3, 1, 'far', 'alipay', 'direct', false)"
        )
    with psycopg.connect(fresh_database.engine, autocommit=True) as connection:
        yield connection


def write(connection, shop, text="paid", *, app_id=1, wire="alipay", at=NOON, id=None):
    """A row as the batch writes it."""
    number = id or connection.execute("SELECT count(*) + 1 FROM outbox").fetchone()[0]
    connection.execute(
        "INSERT INTO outbox (lane, id, app_id, event_id, wire, topic, url, next_at, payload) "
        "VALUES (1, %s, %s, 7, %s, 'paid', %s, %s, jsonb_build_object('text', %s::text))",
        [number, app_id, wire, shop if isinstance(shop, str) else shop.url, at, text],
    )


def deliver(connection, at=NOON, **options):
    return deliver_due(connection, {"alipay": PlainRenderer(), "rest": PlainRenderer()}, at, **options)


def row(connection, id=1):
    return connection.execute("SELECT state, attempts, next_at, last_answer FROM outbox WHERE id = %s", [id]).fetchone()


def test_what_is_due_is_delivered_once_and_what_is_not_waits(outbox, tea_house):
    write(outbox, tea_house, "now")
    write(outbox, tea_house, "later", at=NOON + timedelta(minutes=1))

    made = deliver(outbox)

    assert made == 1
    assert tea_house.told == ["now #1"]
    assert row(outbox) == ("delivered", 1, NOON, "200 success")
    assert next_due_at(outbox) == NOON + timedelta(minutes=1)
    assert deliver(outbox) == 0


@pytest.mark.parametrize("wire", ["alipay", "rest"])
def test_a_shop_that_never_hears_gets_the_whole_ladder_and_is_then_given_up(outbox, tea_house, wire):
    tea_house.answer = b"sorry"
    write(outbox, tea_house, app_id=1, wire=wire)
    called_at = []

    while (due_at := next_due_at(outbox)) is not None:
        called_at += [due_at] * deliver(outbox, due_at)

    pauses = [timedelta(0), *(later - earlier for earlier, later in itertools.pairwise(called_at))]
    assert tuple(pauses) == LADDERS[wire]
    assert set(tea_house.told) == {"paid #1"}
    state, attempts, _, answer = row(outbox)
    assert (state, attempts, answer) == ("given-up", len(LADDERS[wire]), "200 sorry")


def test_the_ladder_ends_after_its_last_pause():
    ladder = (timedelta(0), timedelta(minutes=4))

    assert next_attempt(ladder, 1, NOON) == NOON + timedelta(minutes=4)
    assert next_attempt(ladder, 2, NOON) is None


@pytest.mark.parametrize(
    ("answer", "status"), [(b"SUCCESS", 200), (b"success\n", 200), (b"success", 500), (b"", 200), (b"\x00\xff", 200)]
)
def test_only_the_wires_own_success_counts(outbox, tea_house, answer, status):
    tea_house.answer, tea_house.status = answer, status
    write(outbox, tea_house)

    deliver(outbox)

    assert row(outbox)[:2] == ("waiting", 3)


def test_a_shop_that_recovers_is_told_the_same_thing_again(outbox, tea_house):
    tea_house.status = 500
    write(outbox, tea_house)
    deliver(outbox)
    tea_house.status = 200

    deliver(outbox, NOON + timedelta(minutes=4))

    assert tea_house.told == ["paid #1"] * 4
    assert row(outbox)[:2] == ("delivered", 4)


def test_a_loopback_address_is_not_called_for_an_app_that_may_not(outbox, tea_house):
    write(outbox, tea_house, app_id=3)

    made = deliver(outbox)

    assert (made, tea_house.told) == (0, [])
    assert "AddressNotPublic" in row(outbox)[3]


def test_a_name_that_leads_to_a_private_address_is_never_called(outbox):
    async def resolve(host, port):
        return ["10.0.0.1"]

    write(outbox, "http://shop.example/notify")

    assert deliver(outbox, resolve=resolve) == 0
    assert "AddressNotPublic" in row(outbox)[3]


def test_a_slow_shop_does_not_hold_the_others(outbox, tea_house, slow_shop):
    for _ in range(8):
        write(outbox, slow_shop, "slow", app_id=1)
    for _ in range(20):
        write(outbox, tea_house, "quick", app_id=2, wire="rest")
    all_quick_ones_came = threading.Event()
    tea_house.answer = lambda body: (len(tea_house.told) == 20 and all_quick_ones_came.set()) or b"success"
    slow_shop.answer = lambda body: b"success" if all_quick_ones_came.wait(4) else b"waited in vain"

    deliver(outbox, calls_per_app_max=4)

    assert (len(tea_house.told), len(slow_shop.told)) == (20, 8)
    assert all_quick_ones_came.is_set(), "the slow shop's answers waited for the quick shop's calls"


def test_at_most_the_apps_share_is_called_at_once(outbox, tea_house):
    at_once, most = 0, 0
    lock = threading.Lock()

    def count(body):
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.05)
        with lock:
            at_once -= 1
        return b"success"

    tea_house.answer = count
    for _ in range(12):
        write(outbox, tea_house)

    deliver(outbox, calls_per_app_max=3)

    assert most == 3
    assert len(tea_house.told) == 12


def test_no_row_is_locked_while_the_shop_is_called(outbox, fresh_database, tea_house):
    def look(body):
        with psycopg.connect(fresh_database.engine) as other:
            other.execute("SELECT 1 FROM outbox WHERE id = 1 FOR UPDATE NOWAIT")
        return b"success"

    tea_house.answer = look
    write(outbox, tea_house)

    deliver(outbox)

    assert row(outbox)[0] == "delivered"


def test_two_deliverers_do_not_call_twice(outbox, fresh_database, tea_house):
    tea_house.wait_s = 0.05
    for _ in range(30):
        write(outbox, tea_house)

    def other():
        with psycopg.connect(fresh_database.engine, autocommit=True) as connection:
            deliver(connection)

    threads = [threading.Thread(target=other) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(tea_house.told) == sorted(f"paid #{number}" for number in range(1, 31))


def test_a_death_between_the_call_and_the_record_calls_again(outbox, tea_house, monkeypatch):
    class PowerCut(Exception):
        pass

    def die(*arguments):
        raise PowerCut

    write(outbox, tea_house)
    with monkeypatch.context() as patch:
        patch.setattr("florin.engine.outbox.Outbox._record", die)
        with pytest.raises(PowerCut):
            deliver(outbox)

    assert deliver(outbox) == 0  # leased
    assert deliver(outbox, NOON + LEASE) == 1
    assert tea_house.told == ["paid #1"] * 2
    assert row(outbox)[:2] == ("delivered", 1)


_DELIVERER = """
import sys
from datetime import datetime
import psycopg
from florin.engine.outbox import Rendered, deliver_due

class Plain:
    def render(self, message, at):
        return Rendered(url=message.url, headers={}, body=f"paid #{message.id}".encode())
    def is_success(self, status, body):
        return body == b"success"

with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    deliver_due(connection, {"alipay": Plain()}, datetime.fromisoformat(sys.argv[2]))
"""


def test_a_deliverer_that_is_killed_loses_no_message_and_repeats_only_what_it_had_leased(
    outbox, fresh_database, tea_house
):
    for _ in range(200):
        write(outbox, tea_house)
    tea_house.answer = lambda body: time.sleep(0.02) or b"success"
    deliverer = subprocess.Popen([sys.executable, "-c", _DELIVERER, fresh_database.engine, NOON.isoformat()])
    while outbox.execute("SELECT count(*) FROM outbox WHERE state = 'delivered'").fetchone()[0] < 30:
        assert deliverer.poll() is None
    deliverer.kill()
    deliverer.wait()
    tea_house.answer = b"success"
    leased = outbox.execute("SELECT count(*) FROM outbox WHERE state = 'waiting' AND next_at > %s", [NOON]).fetchone()[
        0
    ]

    deliver(outbox, NOON)
    deliver(outbox, NOON + LEASE)

    assert outbox.execute("SELECT state, count(*) FROM outbox GROUP BY 1").fetchall() == [("delivered", 200)]
    assert len(set(tea_house.told)) == 200
    assert len(tea_house.told) - 200 <= leased


def test_a_duplicate_is_the_same_message_twice(outbox, tea_house):
    write(outbox, tea_house)
    write(outbox, tea_house)

    deliver(outbox, faults=FaultsOnce(duplicate_notify=1), calls_max=1)

    assert tea_house.told == ["paid #1", "paid #1", "paid #2"]


def test_a_late_message_waits_for_the_clock(outbox, tea_house):
    write(outbox, tea_house)

    faults = FaultsOnce(late_notify=1)

    assert deliver(outbox, faults=faults) == 0
    assert deliver(outbox, NOON + LATE, faults=faults) == 1


def test_a_message_of_a_wire_without_a_renderer_waits(outbox, tea_house):
    write(outbox, tea_house, wire="wechatpay")

    assert deliver(outbox) == 0
    assert row(outbox)[:2] == ("waiting", 0)


def test_a_message_that_cannot_be_worded_stops_no_other(outbox, tea_house):
    write(outbox, tea_house)
    write(outbox, tea_house)
    outbox.execute("UPDATE outbox SET payload = '{}' WHERE id = 1")

    deliver(outbox)

    assert tea_house.told == ["paid #2"]
    assert row(outbox)[3] == "not rendered: KeyError"


def test_shops_that_hang_never_take_the_last_calls(outbox, tea_house, slow_shop):
    """Nine apps hang, each with more messages than there are calls; the tenth is told meanwhile."""
    outbox.execute(
        "INSERT INTO app (id, merchant_id, name, wire, market, allow_loopback) "
        "SELECT n, 1, 'hangs', 'alipay', 'direct', true FROM generate_series(11, 19) AS n"
    )
    outbox.execute(
        "INSERT INTO outbox (lane, id, app_id, event_id, wire, topic, url, next_at, payload) "
        "SELECT 1, n, 11 + n %% 9, 7, 'alipay', 'paid', %s, %s, '{\"text\": \"slow\"}' FROM generate_series(1, 300) AS n",
        [slow_shop.url, NOON],
    )
    write(outbox, tea_house, "quick", app_id=2, wire="rest", id=301)
    tea_house_heard = threading.Event()
    tea_house.answer = lambda body: tea_house_heard.set() or b"success"
    slow_shop.answer = lambda body: b"success" if tea_house_heard.wait(8) else b"waited in vain"

    deliver(outbox, calls_max=24, timeout_s=9)

    assert (tea_house_heard.is_set(), row(outbox, 301)[:2]) == (True, ("delivered", 1))
    assert outbox.execute("SELECT max(attempts) FROM outbox WHERE state = 'delivered'").fetchone() == (1,)
    assert len(slow_shop.told) == 300


def test_one_apps_long_queue_is_not_read_for_anothers_message(outbox, fresh_database):
    outbox.execute(
        "INSERT INTO outbox (lane, id, app_id, event_id, wire, topic, url, state, next_at, payload) "
        "SELECT 1, n, 1 + (n %% 1000 = 0)::int, 7, 'alipay', 'paid', 'http://shop.example/', "
        "CASE WHEN n %% 4 = 0 THEN 'waiting' ELSE 'delivered' END, %s, '{}' FROM generate_series(1, 20000) AS n",
        [NOON],
    )
    parameters = {
        "at": NOON, "until": NOON + LEASE, "most": 100, "share": 10, "apps": [1], "rooms": [0], "wires": ["alipay"],
    }  # fmt: skip

    with psycopg.connect(fresh_database.engine, autocommit=True, options=SETTINGS) as delivering:
        plan = "\n".join(line for (line,) in delivering.execute("EXPLAIN (ANALYZE, BUFFERS) " + _LEASE, parameters))
    leased = outbox.execute("SELECT app_id, count(*) FROM outbox WHERE next_at > %s GROUP BY 1", [NOON]).fetchall()

    recorded = {
        "lane": [1], "id": [1000], "app_id": [2], "at": [NOON], "status": [200], "latency_ms": [1], "heard": [True],
        "state": ["delivered"], "attempts": [1], "next_at": [NOON], "delivered_at": [NOON], "answer": ["200 success"],
    }  # fmt: skip
    with psycopg.connect(fresh_database.engine, autocommit=True, options=SETTINGS) as delivering:
        record_plan = "\n".join(line for (line,) in delivering.execute("EXPLAIN " + _RECORD, recorded))

    assert leased == [(2, 10)]
    assert "outbox_pkey" in record_plan, record_plan
    assert "outbox_waiting" not in record_plan, record_plan
    assert int(re.search(r"Buffers: shared hit=(\d+)", plan)[1]) < 300, plan
