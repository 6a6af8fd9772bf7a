"""The worker: all that happens by itself. It rolls the date, closes days, settles cut-offs, lets holds and orders expire, hands
payouts to the bank, looks at campaigns' budgets, and delivers what shops are to be told.

Two threads, so that a slow shop never delays midnight: housekeeping, a round a second, and delivery. Any number of workers
may run; what one does the others find done. When the database is away, both wait for it.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import structlog
import uvloop
from psycopg import Connection

from florin.app.renderers import make_renderers
from florin.app.settings import Settings
from florin.app.supervisor import StopSignals, watch_parent
from florin.bank import Bank, bank_of, reconcile, record_answers, settle_outgoing
from florin.engine import Engine, clock
from florin.engine.close_day import DayClosed, close_through
from florin.engine.cut_off import settle_cut_off
from florin.engine.fall_due import expire_due, watch_budgets
from florin.engine.outbox import SETTINGS, WAKE, Faults, Outbox, Renderer
from florin.engine.webhooks import forget_attempts
from florin.queries import ReadPool

ROUND_S = 1.0
# How long the log of webhooks' tries is kept.
TRIES_KEPT = timedelta(days=90)
# Any number, as long as it is always the same one. A proof is of a moment when no settlement is half done.
_TURN = 0x666C6F73
_RETRY_S = 1.0
_DELIVERY = "florin-delivery"

_log = structlog.get_logger(__name__)


def main() -> None:
    """The worker's process."""
    watch_parent()
    signals = StopSignals()
    settings = Settings.from_environment()
    with Engine(settings.engine_url, name="worker") as engine, ReadPool(settings.engine_url, name="worker") as reads:
        housekeeping = Housekeeping(engine, settings.engine_url)
        delivery = Delivery(settings.engine_url, make_renderers(reads, settings))
        housekeeping.start()
        delivery.start()
        signals.wait()
        housekeeping.stop()
        delivery.stop()
    os._exit(0)  # nothing is left to do, and a thread in a system call should not keep a stopped worker


class Housekeeping:
    """Rounds of what is due: the day close, expiries, the bank. A round that fails is told, and tried again."""

    def __init__(self, engine: Engine, engine_url: str, *, round_s: float = ROUND_S) -> None:
        self._engine = engine
        self._engine_url = engine_url
        self._round_s = round_s
        self._stopping = threading.Event()
        self._turn = threading.Lock()
        self._connection: Connection[Any] | None = None
        self._bank_connection: Connection[Any] | None = None
        self._thread = threading.Thread(target=self._run, name="florin-housekeeping", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish the round under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)
        with self._turn:
            self._disconnect()

    def round(self) -> list[DayClosed]:
        """Do all that is due now; returns the days that were closed. Rounds take turns, those of other workers too."""
        with self._turn:
            try:
                connection, bank = self._connected()
                connection.execute("SELECT pg_advisory_lock(%(turn)s)", {"turn": _TURN})
                bank.book_announced()
                on = clock.read(connection).on
                if bank.exchange(on):  # before the day is closed, whose proof looks at the bank's statement
                    record_answers(self._engine, connection, bank, on=on)
                reached = clock.due_on(connection)
                if reached > on:
                    self._reconcile(reached)  # what the day has not explained is kept, before its books are proven
                closed = close_through(self._engine, connection, reached, bank=bank)
                settle_cut_off(self._engine, connection)
                expire_due(self._engine, connection)
                watch_budgets(self._engine, connection)
                settle_outgoing(self._engine, connection, bank, on=clock.read(connection).on)
                if reached > on:
                    self._reconcile(reached)  # by now the day before is stated
                    forget_attempts(connection, clock.read(connection).instant - TRIES_KEPT)
                connection.execute("SELECT pg_advisory_unlock(%(turn)s)", {"turn": _TURN})
                connection.commit()
                return closed
            except BaseException:
                self._disconnect()  # and with the connection the turn is given up
                raise

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.round()
            except Exception as failure:  # noqa: BLE001 - whatever it was, the next round must come
                _log.error("housekeeping failed, tried again", failure=f"{type(failure).__name__}: {failure}")
            self._stopping.wait(self._round_s)

    def _reconcile(self, on: date) -> None:
        assert self._bank_connection is not None, "a round is connected"
        for each in reconcile(self._engine, self._bank_connection, on=on):
            if each.found:
                _log.warning("bank and books differ", account=each.account, breaks=each.found, see="florin bank breaks")

    def _connected(self) -> tuple[Connection[Any], Bank]:
        """The bank has a connection of its own: what it booked stays booked, whatever becomes of our transaction."""
        if self._connection is None or self._bank_connection is None:
            self._connection = psycopg.connect(self._engine_url, application_name="florin-housekeeping")
            self._bank_connection = psycopg.connect(self._engine_url, autocommit=True, application_name="florin-bank")
        return self._connection, bank_of(self._bank_connection)

    def _disconnect(self) -> None:
        for connection in (self._connection, self._bank_connection):
            if connection is not None:
                connection.close()
        self._connection = self._bank_connection = None


class Delivery:
    """The outbox, delivered all the time by a thread of its own."""

    def __init__(self, engine_url: str, renderers: Mapping[str, Renderer], *, faults: Faults | None = None) -> None:
        self._engine_url = engine_url
        self._renderers = renderers
        self._faults = faults
        self._stopping = threading.Event()
        self._stop: Callable[[], None] = self._stopping.set
        self._outbox: Outbox | None = None
        self._thread = threading.Thread(target=self._run, name="florin-delivery", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish the calls under way."""
        self._stopping.set()
        self._stop()
        if self._thread.is_alive():
            self._thread.join(timeout=15)

    def wait_until_idle(self, connection: Connection[Any], *, timeout_s: float) -> bool:
        """Whether nothing was due and nothing under way before the time was over."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self._is_idle(connection):
                return True
            time.sleep(0.01)
        return False

    def _is_idle(self, connection: Connection[Any]) -> bool:
        """Nothing due while nothing was under way, before and after the question, and nothing taken meanwhile."""
        outbox = self._outbox
        if outbox is None:
            return not _is_due(connection)
        before = outbox.is_at_rest, outbox.leased
        is_due = _is_due(connection)
        return not is_due and before[0] and (outbox.is_at_rest, outbox.leased) == before

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                uvloop.run(self._deliver())
            except Exception as failure:  # noqa: BLE001 - whatever it was, the messages must go on
                _log.error("delivery stopped, begun again", failure=f"{type(failure).__name__}: {failure}")
                self._stopping.wait(_RETRY_S)

    async def _deliver(self) -> None:
        loop = asyncio.get_running_loop()
        with psycopg.connect(
            self._engine_url, autocommit=True, application_name=_DELIVERY, options=SETTINGS
        ) as connection:

            def now() -> datetime:
                return clock.read(connection).instant

            self._outbox = outbox = Outbox(connection, self._renderers, now=now, faults=self._faults)
            self._stop = lambda: _call_soon(loop, outbox.stop)
            if self._stopping.is_set():
                return
            await _first_of(outbox.run(), _listen(self._engine_url, outbox.wake))


async def _listen(engine_url: str, wake: Callable[[], None]) -> None:
    """Wake whenever a batch says that it has written messages. Raises psycopg.OperationalError when its connection is lost."""
    async with await psycopg.AsyncConnection.connect(
        engine_url, autocommit=True, application_name=_DELIVERY
    ) as connection:
        await connection.execute(f"LISTEN {WAKE}")
        async for _ in connection.notifies():
            wake()


async def _first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Until one of them ends, or fails; the others are cancelled."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _is_due(connection: Connection[Any]) -> bool:
    row = connection.execute(_IS_DUE).fetchone()
    assert row is not None
    return bool(row[0])


def _call_soon(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(callback)


_IS_DUE = """
    SELECT EXISTS (SELECT FROM outbox, clock
                    WHERE outbox.state = 'waiting' AND outbox.next_at <= now() + clock.offset_s * interval '1 second')
"""

if __name__ == "__main__":
    main()
