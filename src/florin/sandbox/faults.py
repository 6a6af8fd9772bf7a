"""Faults on purpose: what a shop must survive, asked for by name and a number of times, and used up one by one.

    decline            the next payment is declined, wherever it is tried
    timeout            the next call to a wire that changes something is carried out, and its caller does not learn it: the
                       gateway answers 20000 (unknown), REST does not answer at all
    in-progress        the next payment at a till waits for the shopper's confirmation (10003, USERPAYING); `pay` is that
    slow               the answer to the next call to a wire takes three seconds longer
    duplicate-notify   the next message comes twice
    late-notify        the next message comes five minutes of business time late
    out-of-order-notify  the next message waits until the one after it has come, or five minutes

They are kept in a table of the sandbox alone, because the pages and the wires are different processes.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar, Literal, get_args

import psycopg
from psycopg import Connection

from florin.engine import Engine, Outcome, Submission
from florin.events.refusals import Refusal
from florin.payments.charge import Charge
from florin.payments.pay import Pay

Fault = Literal["decline", "timeout", "in-progress", "slow", "duplicate-notify", "late-notify", "out-of-order-notify"]
FAULTS: tuple[Fault, ...] = get_args(Fault)


class DeclinedOnPurpose(Refusal, frozen=True, kw_only=True):
    en: ClassVar[str] = "This payment was declined because the sandbox was told to. You have not been charged."
    zh: ClassVar[str] = "沙箱按设置拒绝了本次付款，未扣款。"


class SandboxFaults:
    """The faults asked for, in the sandbox's database. Safe for threads; any process may use them up."""

    def __init__(self, engine_url: str) -> None:
        self._engine_url = engine_url
        self._turn = threading.Lock()
        self._connection: Connection[Any] | None = None

    @staticmethod
    def make_table(owner: Connection[Any]) -> None:
        """Make their table, empty."""
        owner.execute(_TABLE)
        owner.execute("GRANT SELECT, UPDATE ON sandbox_fault TO florin_engine")
        owner.cursor().executemany("INSERT INTO sandbox_fault (name) VALUES (%s)", [(name,) for name in FAULTS])

    def ask_for(self, fault: Fault, times: int) -> None:
        """From now on this fault happens `times` times; 0 takes it back."""
        with self._turn:
            self._connected().execute(
                "UPDATE sandbox_fault SET times = %(times)s WHERE name = %(name)s", {"times": times, "name": fault}
            )

    def take(self, fault: str) -> bool:
        """Whether this fault is to happen now; it is used up by asking."""
        with self._turn:
            return self._connected().execute(_TAKE, {"name": fault}).rowcount == 1

    def close(self) -> None:
        with self._turn:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _connected(self) -> Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._engine_url, autocommit=True, application_name="florin-faults")
        return self._connection


class DecliningEngine(Engine):
    """The engine, except that a payment is declined when that was asked for."""

    def __init__(self, dsn: str, faults: SandboxFaults, *, name: str = "sandbox") -> None:
        super().__init__(dsn, name=name)
        self._faults = faults

    def execute(self, submissions: Sequence[Submission]) -> list[Outcome]:
        return self._declined(submissions) or super().execute(submissions)

    async def execute_async(self, submissions: Sequence[Submission]) -> list[Outcome]:
        return self._declined(submissions) or await super().execute_async(submissions)

    def _declined(self, submissions: Sequence[Submission]) -> list[Outcome]:
        """One declined payment declines the whole call: what else is in it belongs to it."""
        if any(isinstance(each.command, Pay | Charge) for each in submissions) and self._faults.take("decline"):
            return [Outcome(refusal=DeclinedOnPurpose()) for _ in submissions]
        return []


class SpoiltAnswers:
    """ASGI middleware: a POST whose `timeout` was asked for is carried out, and never answered; a call that is to be `slow` is
    carried out, and answered late.

    The gateway's time-outs are left out: it answers `unknown` itself, in its own words.
    """

    def __init__(self, application: Any, faults: SandboxFaults) -> None:
        self._application = application
        self._faults = faults

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and self._faults.take("slow"):
            send = _slowly(send)
        is_post = scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith(_SILENT_PATHS)
        if not is_post or not self._faults.take("timeout"):
            await self._application(scope, receive, send)
            return
        await self._application(scope, receive, _into_the_void)
        with suppress(TimeoutError):
            async with asyncio.timeout(_SILENT_S):
                while (await receive())["type"] != "http.disconnect":
                    pass


def _slowly(send: Any) -> Any:
    """An answer that begins three seconds late: what it says has happened by then."""

    async def late(message: Any) -> None:
        if message["type"] == "http.response.start":
            await asyncio.sleep(SLOW_S)
        await send(message)

    return late


async def _into_the_void(message: Any) -> None:
    """Where an answer goes that is not to arrive."""


SLOW_S = 3.0
_SILENT_S = 60.0
_SILENT_PATHS = ("/v1/", "/v3/")
_TABLE = "CREATE TABLE sandbox_fault (name text PRIMARY KEY, times integer NOT NULL DEFAULT 0 CHECK (times >= 0))"
_TAKE = "UPDATE sandbox_fault SET times = times - 1 WHERE name = %(name)s AND times > 0"
