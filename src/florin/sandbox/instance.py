"""An instance: a whole Florin in a temporary folder, in this process but for the pages, gone when it ends.

The API and the worker run in threads here and the pages in a process of their own, all from `florin.app`. What the sandbox
adds: faults on purpose, a clock that verbs move, and a way back to the beginning.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from florin.app.api import Parts, make_application
from florin.app.listening import Address
from florin.app.renderers import make_renderers
from florin.app.serve import reserved
from florin.app.settings import Settings, for_children
from florin.app.supervisor import Child, Supervisor
from florin.app.worker import Delivery, Housekeeping
from florin.engine import clock, outbox
from florin.engine.close_day import DayClosed
from florin.queries import ReadPool
from florin.sandbox.addresses import reserve_port_80
from florin.sandbox.beginning import begin, end
from florin.sandbox.faults import DecliningEngine, SandboxFaults, SpoiltAnswers
from florin.sandbox.provision import Provisioned, Wanted, morning_of, provision
from florin.sandbox.proxying import ProxyThread
from florin.sandbox.thread import ServingThread
from florin.store import DATABASE, EmbeddedPostgres, held_data_dir
from florin.store.migrate import migrate
from florin.store.postgres import SUPERUSER
from florin.store.roles import Addresses, create_database
from florin.store.session import addresses_in, prepare

# Small, because a sandbox holds a handful of rows and may stand beside another; to start a parallel worker takes longer than
# to read them.
SERVER_SETTINGS = {
    "shared_buffers": "32MB",
    "max_connections": "50",
    "max_parallel_workers_per_gather": "0",
    "max_wal_size": "128MB",
    "min_wal_size": "32MB",
    "autovacuum_naptime": "1h",
}
IDLE_TIMEOUT_S = 60.0
_BEGINNING = "florin_beginning"


class Instance:
    """A sandbox as a context manager: it serves while it is entered.

    One per process: Django's settings are a process's own. wanted: what it holds. with_pages: also serve the pages, by
    pages_module. furnish: fills it further, before anybody comes; a reset returns to what it left.
    """

    def __init__(
        self,
        wanted: Wanted,
        *,
        api: Address,
        pages: Address,
        with_pages: bool = True,
        pages_module: str = "florin.sandbox.pages",
        furnish: Callable[[Addresses, Provisioned], None] | None = None,
    ) -> None:
        self.wanted = wanted
        self.pages_module = pages_module
        self._furnish = furnish
        self._api_wanted = api
        self._pages_wanted = pages
        self._with_pages = with_pages
        self._stack = ExitStack()
        self._serving: _Serving | None = None
        self.gateway_80: Address | None = None
        self.gateway_80_missing = ""

    def __enter__(self) -> Instance:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self) -> None:
        api_at = self._stack.enter_context(reserved(self._api_wanted))
        self.pages_at = self._stack.enter_context(reserved(self._pages_wanted))
        self.api_at = [api_at, *self._at_port_80()]
        self.folder = self._stack.enter_context(held_data_dir())
        self.postgres = self._stack.enter_context(EmbeddedPostgres(self.folder, SERVER_SETTINGS))
        self.addresses = addresses_in(self.postgres.folder)
        os.environ |= for_children(
            data_dir=self.folder,
            addresses=self.addresses,
            api_at=self.api_at,
            pages_at=self.pages_at,
            public_url=self.pages_at.url,
            api_url=api_at.url,
        ) | {
            # An operator's own keys stay out of it.
            "FLORIN_MASTER_KEY_FILE": str(self.postgres.folder.master_key),
            "FLORIN_SECRET_KEY": secrets.token_urlsafe(48),
        }
        self.settings = Settings.from_environment()
        prepare(self.postgres)
        migrate(self.addresses.owner)
        self.provisioned: Provisioned = provision(self.addresses, self.wanted, api_url=api_at.url)
        if self._furnish is not None:
            self._furnish(self.addresses, self.provisioned)
        _forget_django_connections()
        self._copy_database(DATABASE, _BEGINNING)
        self._api = ServingThread(self.api_at, name="florin-api")
        self._stack.callback(self._api.stop)
        self._stack.callback(self._stop_serving)
        self._start_serving()
        self._api.start()
        if self._with_pages:
            child = Child(name="pages", module=self.pages_module, environment={}, listens_at=[self.pages_at])
            self._stack.enter_context(Supervisor([child]))
        self.proxy = self._stack.enter_context(ProxyThread(self.folder, wires=api_at))

    def _at_port_80(self) -> Sequence[Address]:
        reservation, self.gateway_80_missing = reserve_port_80()
        if reservation is None:
            return []
        self._stack.callback(reservation.release)
        self.gateway_80 = reservation.address
        return [reservation.address]

    # ── what verbs do ─────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def engine(self) -> DecliningEngine:
        return self._now_serving().engine

    @property
    def faults(self) -> SandboxFaults:
        return self._now_serving().faults

    @property
    def reads(self) -> ReadPool:
        return self._now_serving().reads

    @property
    def connection(self) -> psycopg.Connection[Any]:
        """Of the engine's role, for verbs alone, which take turns."""
        return self._now_serving().connection

    def rest(self) -> list[DayClosed]:
        """Return when nothing is due any more: no day to close, no expiry, no answer of the bank, no message."""
        serving = self._now_serving()
        closed = serving.housekeeping.round()
        if not serving.delivery.wait_until_idle(self.connection, timeout_s=IDLE_TIMEOUT_S):
            raise TimeoutError(f"messages were still under way after {IDLE_TIMEOUT_S:g} s")
        return closed

    def advance(self, to: datetime) -> list[DayClosed]:
        """Let time pass until `to` as it would pass: each midnight closes its day, each message is tried when it is due.

        Raises clock.ClockGoesForward.
        """
        closed: list[DayClosed] = []
        if to < clock.read(self.connection).instant:
            raise clock.ClockGoesForward("business time goes forward only")
        while True:
            now = clock.read(self.connection).instant
            step = min(to, self._next_midnight(), self._next_message(now) or to)
            clock.shift(self.connection, max(0, _seconds_up(step - now)))
            closed += self.rest()
            if step >= to:
                return closed

    def advance_to_morning(self, on: date) -> list[DayClosed]:
        return self.advance(morning_of(on))

    def reset(self) -> None:
        """Back to the beginning: the same keys and people, and nothing that happened since."""
        self._stop_serving()
        self._copy_database(_BEGINNING, DATABASE)
        shutil.rmtree(self.postgres.folder.path / "bank", ignore_errors=True)
        self._start_serving()

    # ── starting and stopping ─────────────────────────────────────────────────────────────────────────────────────

    def _now_serving(self) -> _Serving:
        assert self._serving is not None, "the sandbox is being reset"
        return self._serving

    def _start_serving(self) -> None:
        self._serving = _Serving(self)
        self._api.application = self._serving.application
        begin(self.folder)

    def _stop_serving(self) -> None:
        end(self.folder)
        self._api.application = None
        if self._serving is not None:
            self._serving.stop()
            self._serving = None

    def _copy_database(self, source: str, copy: str) -> None:
        with psycopg.connect(self.postgres.dsn(SUPERUSER, "postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(copy)))
            create_database(connection, copy, template=source)

    def _next_midnight(self) -> datetime:
        tomorrow = clock.read(self.connection).on + timedelta(days=1)
        return datetime.combine(tomorrow, datetime.min.time(), tzinfo=clock.ZONE)

    def _next_message(self, now: datetime) -> datetime | None:
        due_at = outbox.next_due_at(self.connection)
        return due_at if due_at is not None and due_at > now else None


class _Serving:
    """What runs in this process on one database: replaced as a whole by a reset. The pages see to themselves."""

    def __init__(self, instance: Instance) -> None:
        self._stack = ExitStack()
        try:
            self._start(instance)
        except BaseException:
            self._stack.close()
            raise

    def _start(self, instance: Instance) -> None:
        dsn = instance.addresses.engine
        self.faults = SandboxFaults(dsn)
        self._stack.callback(self.faults.close)
        self.engine = DecliningEngine(dsn, self.faults)
        self._stack.callback(self.engine.close)
        self.reads = self._stack.enter_context(ReadPool(dsn, name="sandbox"))
        self.connection = self._stack.enter_context(
            psycopg.connect(dsn, autocommit=True, application_name="florin-verbs")
        )
        parts = Parts(settings=instance.settings, engine=self.engine, reads=self.reads, faults=self.faults)
        self.application = SpoiltAnswers(make_application(parts), self.faults)
        self.housekeeping = Housekeeping(self.engine, dsn)
        self.delivery = Delivery(dsn, make_renderers(self.reads, instance.settings), faults=self.faults)
        self.housekeeping.start()
        self._stack.callback(self.housekeeping.stop)
        self.delivery.start()
        self._stack.callback(self.delivery.stop)

    def stop(self) -> None:
        self._stack.close()


def _seconds_up(span: timedelta) -> int:
    """Whole seconds that reach the end of the span: the clock's offset has no fractions."""
    return -(-span // timedelta(seconds=1))


def _forget_django_connections() -> None:
    """This process made logins with Django and asks it nothing more; a database with guests cannot be copied."""
    from django.db import connections

    connections.close_all()
    for alias in connections:
        connection: Any = connections[alias]
        if getattr(connection, "pool", None):
            connection.close_pool()
