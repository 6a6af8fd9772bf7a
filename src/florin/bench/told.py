"""From paid to told: how long after its sale a message was heard, at a steady rate, and the CPU that telling it takes.

The sales come through the engine, so that no wire's own limit hides delivery's. The listener answers at once.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

import msgspec
import psycopg

from florin.app.listening import Address
from florin.app.serve import reserved
from florin.bench import processes
from florin.bench.house import House
from florin.bench.listener import Heard, ListenerTask
from florin.bench.load import Load
from florin.bench.told_load import ToldTask
from florin.engine.listeners import MERCHANT_TOPICS
from florin.engine.webhooks import Added, add_endpoint, remove_endpoint

_ANYWHERE = Address("127.0.0.1", 0)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """rate: sales a second that came. p50_ms, p99_ms: from the sale's own moment until `success` was recorded.

    worker_us, server_us: CPU a message, of the worker with its housekeeping, and of its connection's backend at the database.
    """

    rate: float
    heard: int
    p50_ms: float
    p99_ms: float
    worker_us: float
    server_us: float


def measure_told(
    house: House,
    connection: psycopg.Connection[Any],
    *,
    apps: Mapping[str, int],
    merchant_id: int,
    rate: int,
    seconds: float,
) -> dict[str, Told]:
    """By wire, and of `webhooks`: the endpoint of the same merchant. apps: that are told with their order, by wire."""
    found = {wire: _told(house, connection, app_id, merchant_id, rate, seconds) for wire, app_id in apps.items()}
    return {**found, "webhooks": _told(house, connection, 1, merchant_id, rate, seconds, by_endpoint=True)}


def _told(
    house: House,
    connection: psycopg.Connection[Any],
    app_id: int,
    merchant_id: int,
    rate: int,
    seconds: float,
    *,
    by_endpoint: bool = False,
) -> Told:
    with reserved(_ANYWHERE) as at:
        listening = ListenerTask(host=at.host, port=at.port)
    url = f"http://{listening.host}:{listening.port}/told"
    endpoint = (
        add_endpoint(
            connection, merchant_id=merchant_id, url=url, topics=(), known=MERCHANT_TOPICS, allow_loopback=True
        )
        if by_endpoint
        else None
    )
    began = connection.execute("SELECT coalesce(max(delivered_at), now()) FROM outbox").fetchone()
    task = ToldTask(
        population_file=str(house.population_file),
        app_id=app_id,
        merchant_id=merchant_id,
        notify_url="" if by_endpoint else url,
        rate=rate,
        seconds=seconds,
        run=f"told-{app_id}-{rate}",
    )
    with Load("florin.bench.listener", listening) as listener, Load("florin.bench.told_load", task) as load:
        listener.wait_until_ready()
        listener.start()
        load.wait_until_ready()
        before = _cpu_s(connection)
        load.start()
        sample = load.sample()
        wait_until_told(connection)
        worker_s, server_s = (after - first for after, first in zip(_cpu_s(connection), before, strict=True))
        listener.stop()
        heard = listener.answer(Heard).notifies
    if isinstance(endpoint, Added):
        remove_endpoint(connection, endpoint.endpoint_id, merchant_id=merchant_id)
    row = connection.execute(_LATENCIES, {"url": url, "began": began and began[0]}).fetchone()
    assert row is not None
    return Told(
        rate=sample.payments / (sample.ended_s - sample.began_s),
        heard=heard,
        p50_ms=row[0][0],
        p99_ms=row[0][1],
        worker_us=worker_s / heard * 1e6,
        server_us=server_s / heard * 1e6,
    )


def wait_until_told(connection: psycopg.Connection[Any]) -> None:
    """Until no message waits."""
    while connection.execute("SELECT EXISTS (SELECT FROM outbox WHERE state = 'waiting')").fetchone() == (True,):
        time.sleep(0.1)


def _cpu_s(connection: psycopg.Connection[Any]) -> tuple[float, float]:
    """Of the worker, and of what it uses at the database to deliver."""
    worker = sum(
        processes.cpu_s(pid) for pid in processes.children(os.getpid()) if "florin.app.worker" in processes.title(pid)
    )
    backends = connection.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'florin-delivery'")
    return worker, sum(processes.cpu_s(pid) for (pid,) in backends)


_LATENCIES = """
    SELECT percentile_disc(ARRAY[0.5, 0.99])
           WITHIN GROUP (ORDER BY extract(epoch FROM o.delivered_at - e.recorded_at) * 1000)::float8[]
      FROM outbox o JOIN event e ON e.lane = o.lane AND e.id = o.event_id
     WHERE o.state = 'delivered' AND o.url = %(url)s AND o.delivered_at > %(began)s
"""
