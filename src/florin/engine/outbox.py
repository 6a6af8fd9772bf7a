"""The outbox: what somebody outside is to be told, told until he has heard it or the ladder ends.

The batch writes a row with the event, in one transaction; delivery is here, after it. A row is leased (its next attempt
is pushed forward), then called with no lock held, then recorded. If we die in between, the lease runs out and the row
is called again: at least once, never lost. Each wire has its ladder of pauses, and it follows the business clock.

How a message looks and what answer counts as heard is the wire's affair: a `Renderer` each, handed in.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec
import psycopg
import structlog
from msgspec.structs import replace
from psycopg import Connection
from psycopg.rows import class_row

from florin.engine.addresses import Answer, Caller, CallFailed, Resolve, check
from florin.engine.told import whole_of
from florin.events.refusals import Refusal

# The pause before each attempt, counted from the attempt before it; after the last one the message is given up.
LADDERS: Mapping[str, tuple[timedelta, ...]] = {
    "alipay": (
        timedelta(0),
        timedelta(0),
        timedelta(0),
        timedelta(minutes=4),
        timedelta(minutes=10),
        timedelta(minutes=10),
        timedelta(hours=1),
        timedelta(hours=2),
        timedelta(hours=6),
        timedelta(hours=15),
    ),
    # Fifteen more tries after the first (facts: gateways 5).
    "wechatpay": (
        timedelta(0),
        timedelta(seconds=15),
        timedelta(seconds=15),
        timedelta(seconds=30),
        timedelta(minutes=3),
        timedelta(minutes=10),
        timedelta(minutes=20),
        timedelta(minutes=30),
        timedelta(minutes=30),
        timedelta(minutes=30),
        timedelta(hours=1),
        timedelta(hours=3),
        timedelta(hours=3),
        timedelta(hours=3),
        timedelta(hours=6),
        timedelta(hours=6),
    ),
    "rest": (
        timedelta(0),
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=6),
        timedelta(hours=24),
    ),
}

# Longer than any call lasts: while a row is leased no other process calls.
LEASE = timedelta(minutes=1)
# How late a message is that the sandbox was told to send late: beyond every immediate retry.
LATE = timedelta(minutes=5)
CALLS_MAX = 32
CALLS_PER_APP_MAX = 4

_POLL_S = 0.2
_ANSWER_LENGTH_MAX = 200

_log = structlog.get_logger(__name__)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the outbox. attempts: those made and recorded. next_at: when it was due, before we leased it."""

    lane: int
    id: int
    app_id: int
    event_id: int
    wire: str
    topic: str
    url: str
    attempts: int
    next_at: datetime
    payload: Mapping[str, Any]
    allow_loopback: bool = False

    @property
    def key(self) -> tuple[int, int]:
        return self.lane, self.id


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """What goes over the line."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Renderer(Protocol):
    """A wire's words for a message."""

    def render(self, message: Message, at: datetime) -> Rendered:
        """The same message identity on every attempt, however often it is rendered."""

    def is_success(self, status: int, body: bytes) -> bool:
        """Whether the other side has heard it."""


class Faults(Protocol):
    """Where the sandbox spoils a delivery on purpose."""

    def take(self, fault: str) -> bool:
        """Whether this fault was asked for and is to be used up now."""


class Spoilt(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt that did not get through; `reason` is what the merchant reads. status: of HTTP; 0: no answer came."""

    reason: str
    status: int = 0


def next_attempt(ladder: Sequence[timedelta], attempts: int, at: datetime) -> datetime | None:
    """When to try again after `attempts` failed ones, the last of them `at`; None when the ladder has ended."""
    return at + ladder[attempts] if attempts < len(ladder) else None


def deliver_due(connection: Connection, renderers: Mapping[str, Renderer], at: datetime, **options: Any) -> int:
    """Deliver what is due at the business time `at`, retries without a pause included; the number of calls made.

    connection: in autocommit, used by nobody else meanwhile. options: those of `Outbox`.
    """
    return asyncio.run(Outbox(connection, renderers, now=lambda: at, **options).drain())


def next_due_at(connection: Connection) -> datetime | None:
    """When the next waiting message is due; None when nothing waits."""
    row = connection.execute("SELECT min(next_at) FROM outbox WHERE state = 'waiting'").fetchone()
    return row[0] if row else None


class Outbox:
    """Delivers messages, many at once, few of them to one app: a slow shop cannot hold the others.

    connection: in autocommit, this object's alone while it works. now: the business time. resolve: names to addresses.
    """

    def __init__(
        self,
        connection: Connection,
        renderers: Mapping[str, Renderer],
        *,
        now: Callable[[], datetime],
        faults: Faults | None = None,
        calls_max: int = CALLS_MAX,
        calls_per_app_max: int = CALLS_PER_APP_MAX,
        timeout_s: float = 10.0,
        resolve: Resolve | None = None,
    ) -> None:
        assert connection.autocommit, "a lease must be committed before its call is made"
        self._connection = connection
        self._renderers = dict(renderers)
        self._now = now
        self._faults = faults
        self._calls_max = calls_max
        self._calls_per_app_max = calls_per_app_max
        self._timeout_s = timeout_s
        self._resolve = resolve
        self._under_way: dict[tuple[int, int], int] = {}
        self._overtaken: list[Message] = []
        self._claiming = False
        self._calls = 0

    @property
    def is_at_rest(self) -> bool:
        """Nothing leased by us waits for its answer. May be asked from another thread, after one saw that nothing is due."""
        return not self._claiming and not self._under_way

    async def drain(self) -> int:
        """Deliver until nothing is due. Returns the number of calls made."""
        return await self._work(until_idle=True, stop=asyncio.Event())

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set; what is under way then is finished."""
        await self._work(until_idle=False, stop=stop)

    async def _work(self, *, until_idle: bool, stop: asyncio.Event) -> int:
        made_before = self._calls
        caller = Caller(timeout_s=self._timeout_s)
        tasks: set[asyncio.Task[None]] = set()
        try:
            while True:
                claimed = [] if stop.is_set() else self._claim(self._calls_max - len(tasks))
                tasks |= {asyncio.create_task(self._deliver(message, caller)) for message in claimed}
                if tasks:
                    done, tasks = await asyncio.wait(tasks, timeout=_POLL_S, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        task.result()
                elif stop.is_set() or until_idle:
                    return self._calls - made_before
                else:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(stop.wait(), _POLL_S)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._under_way.clear()
            await caller.close()

    def _claim(self, room: int) -> list[Message]:
        """Lease up to `room` due messages: the oldest first, of no app more than its share."""
        if room <= 0:
            return []
        self._claiming = True
        try:
            return self._lease(room)
        finally:
            self._claiming = False

    def _lease(self, room: int) -> list[Message]:
        at = self._now()
        calls = Counter(self._under_way.values())
        with self._connection.cursor(row_factory=class_row(Message)) as cursor:
            messages = cursor.execute(
                _LEASE,
                {
                    "at": at,
                    "until": at + LEASE,
                    "room": room,
                    "share": self._calls_per_app_max,
                    "apps": list(calls),
                    "calls": list(calls.values()),
                    "full": [app_id for app_id, count in calls.items() if count >= self._calls_per_app_max],
                    "wires": list(self._renderers),
                },
            ).fetchall()
        # A jump of the business clock ends our own leases early; those calls are still under way.
        messages = [message for message in messages if message.key not in self._under_way]
        payloads = whole_of(self._connection, [(message.event_id, message.payload) for message in messages])
        messages = [replace(message, payload=whole) for message, whole in zip(messages, payloads, strict=True)]
        self._under_way |= {message.key: message.app_id for message in messages}
        return messages

    async def _deliver(self, message: Message, caller: Caller) -> None:
        try:
            if message.attempts == 0 and self._is_held_back(message):
                return
            began = time.monotonic()
            answer = await self._call(message, caller)
            latency_ms = round((time.monotonic() - began) * 1_000)
            if not isinstance(answer, Spoilt) and self._faults is not None and self._faults.take("duplicate-notify"):
                await self._call(message, caller)
            self._record(message, answer, latency_ms)
            self._let_overtaken_go()
        finally:
            self._under_way.pop(message.key, None)

    def _is_held_back(self, message: Message) -> bool:
        """Whether a fault keeps it for later: five minutes, or until the next message has overtaken it."""
        if self._faults is None:
            return False
        if self._faults.take("late-notify"):
            self._postpone(message, LATE)
            return True
        if self._faults.take("out-of-order-notify"):
            self._postpone(message, LATE)
            self._overtaken.append(message)
            return True
        return False

    def _let_overtaken_go(self) -> None:
        while self._overtaken:
            self._postpone(self._overtaken.pop(0), timedelta())

    async def _call(self, message: Message, caller: Caller) -> Answer | Spoilt:
        """Say it once; Spoilt unless the wire takes the answer for success."""
        renderer = self._renderers[message.wire]
        try:
            rendered = renderer.render(message, self._now())
        except psycopg.OperationalError:
            raise
        except Exception as failure:  # noqa: BLE001 - one message that cannot be worded must not stop the others
            _log.error("message not rendered", app_id=message.app_id, topic=message.topic, failure=repr(failure))
            return Spoilt(reason=f"not rendered: {type(failure).__name__}")
        destination = await check(rendered.url, allow_loopback=message.allow_loopback, resolve=self._resolve)
        if isinstance(destination, Refusal):
            _log.info("address not called", refusal=destination.name, app_id=message.app_id)
            return Spoilt(reason=f"{destination.name}: {destination.sentence()}")
        self._calls += 1
        try:
            answer = await caller.post(destination, rendered.headers, rendered.body)
        except CallFailed as failure:
            return Spoilt(reason=failure.reason)
        if renderer.is_success(answer.status, answer.body):
            return answer
        return Spoilt(reason=_shown(answer), status=answer.status)

    def _record(self, message: Message, answer: Answer | Spoilt, latency_ms: int) -> None:
        at, attempts = self._now(), message.attempts + 1
        heard = isinstance(answer, Answer)
        again_at = None if heard else next_attempt(LADDERS[message.wire], attempts, at)
        self._connection.execute(
            _RECORD,
            {
                "lane": message.lane,
                "id": message.id,
                "app_id": message.app_id,
                "at": at,
                "status": answer.status,
                "latency_ms": latency_ms,
                "heard": heard,
                "state": "delivered" if heard else "waiting" if again_at else "given-up",
                "attempts": attempts,
                "next_at": again_at or at,
                "delivered_at": at if heard else None,
                "answer": _shown(answer) if isinstance(answer, Answer) else answer.reason[:_ANSWER_LENGTH_MAX],
            },
        )
        if not heard and again_at is None:
            _log.warning("message given up", app_id=message.app_id, topic=message.topic, attempts=attempts)

    def _postpone(self, message: Message, by: timedelta) -> None:
        self._connection.execute(_POSTPONE, {"lane": message.lane, "id": message.id, "next_at": self._now() + by})


def _shown(answer: Answer) -> str:
    """An answer as the merchant's page shows it: status and the beginning of the body."""
    text = answer.body[:_ANSWER_LENGTH_MAX].decode(errors="replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")
    return f"{answer.status} {text}".strip()[:_ANSWER_LENGTH_MAX]


# Two steps: a bounded look at the front of the queue shares the room out among apps, then those rows are locked, and
# asked again whether they are still due.
_LEASE = """
    WITH front AS (
        SELECT lane, id, app_id, next_at
          FROM outbox
         WHERE state = 'waiting' AND next_at <= %(at)s
           AND app_id <> ALL (%(full)s::bigint[]) AND wire = ANY (%(wires)s::text[])
      ORDER BY next_at, lane, id
         LIMIT 200),
    ranked AS (
        SELECT lane, id, app_id, next_at, row_number() OVER (PARTITION BY app_id ORDER BY next_at, lane, id) AS place
          FROM front),
    chosen AS (
        SELECT outbox.lane, outbox.id, outbox.next_at,
               coalesce(app.allow_loopback, owner_endpoint.allow_loopback, w.allow_loopback, false) AS allow_loopback
          FROM ranked
               JOIN outbox ON outbox.lane = ranked.lane AND outbox.id = ranked.id
               LEFT JOIN unnest(%(apps)s::bigint[], %(calls)s::bigint[]) AS busy(app_id, calls)
                      ON busy.app_id = ranked.app_id
               LEFT JOIN app ON app.id = ranked.app_id
               LEFT JOIN owner_endpoint ON ranked.app_id = 0        -- the owner's own messages belong to no app
               LEFT JOIN webhook_endpoint w ON w.id = -ranked.app_id              -- those of a merchant's endpoints
         WHERE ranked.place <= %(share)s - coalesce(busy.calls, 0)
           AND outbox.state = 'waiting' AND outbox.next_at <= %(at)s
      ORDER BY ranked.next_at, outbox.lane, outbox.id
         LIMIT %(room)s
           FOR UPDATE OF outbox SKIP LOCKED)
    UPDATE outbox
       SET next_at = %(until)s
      FROM chosen
     WHERE outbox.lane = chosen.lane AND outbox.id = chosen.id
 RETURNING outbox.lane, outbox.id, outbox.app_id, outbox.event_id, outbox.wire, outbox.topic, outbox.url,
           outbox.attempts, chosen.next_at, outbox.payload, chosen.allow_loopback
"""

# Each try is logged with what became of it, in one statement; a row that was told meanwhile by another keeps its state.
_RECORD = """
    WITH attempt AS (
        INSERT INTO webhook_attempt (app_id, lane, message_id, attempt, attempted_at, status, latency_ms, heard, answer)
        VALUES (%(app_id)s, %(lane)s, %(id)s, %(attempts)s, %(at)s, %(status)s, %(latency_ms)s, %(heard)s, %(answer)s))
    UPDATE outbox
       SET state = %(state)s, attempts = %(attempts)s, next_at = %(next_at)s, delivered_at = %(delivered_at)s,
           last_answer = %(answer)s
     WHERE lane = %(lane)s AND id = %(id)s AND state = 'waiting'
"""

_POSTPONE = """
    UPDATE outbox
       SET next_at = %(next_at)s
     WHERE lane = %(lane)s AND id = %(id)s AND state = 'waiting'
"""
