"""The outbox: what somebody outside is to be told, told until he has heard it or the ladder ends.

The batch writes a row with the event, in one transaction; delivery is here, after it. A row is leased (its next attempt
is pushed forward), then called with no lock held, then recorded. If we die in between, the lease runs out and the row
is called again: at least once, never lost. Each wire has its ladder of pauses, and it follows the business clock.

An event loop makes the calls. Rounds at the database go in a thread beside it, one after the other: each records all that was
said since the last and leases all that may be called next. Words are found and signed in threads too. A round follows when a
call has ended, when a batch has told us (`WAKE`), and after a moment anyway, for what the clock has made due.

How a message looks and what answer counts as heard is the wire's affair: a `Renderer` each, handed in.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import msgspec
import psycopg
import structlog
from msgspec.structs import replace
from psycopg import Connection
from psycopg.rows import class_row

from florin.engine.addresses import Remembered, Resolve, check, look_up
from florin.engine.caller import Answer, Caller, CallFailed
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
# Leased at once, and called at once of one app. Of what is free an app may take one in so many, and a round half: shops that
# hang never take the last.
CALLS_MAX = 1_024
CALLS_PER_APP_MAX = 32
_LEFT_FOR_OTHERS = 8
# So many turns of its calls are leased for an app, so that words are ready when a call ends. With each call's limit of time
# they must end before the lease.
_TURNS = 4

# Of a connection that delivers: it finds rows by their indexes, and plans each lease anew: a plan that is kept was made while
# the queue was empty, and costs ten times as much once it is not. What a crash of the server takes back is told again.
SETTINGS: Final = (
    "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off -c synchronous_commit=off"
    " -c plan_cache_mode=force_custom_plan"
)

# The channel on which a committed batch says that it has written messages.
WAKE: Final = "florin_outbox"

_POLL_S = 0.2
# Between two rounds at the database: what gathers meanwhile shares one.
_PACE_S = 0.01
_WORDED_AT_ONCE = 8
_WORDERS = 2
_ANSWER_LENGTH_MAX = 200

_log = structlog.get_logger(__name__)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the outbox. attempts: those made and recorded. next_at: when it was due, before we leased it.

    secrets: those that its listener shares with us, the newest first: two while one is rotated, none for a wire with keys.
    """

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
    secrets: Sequence[bytes] = ()

    @property
    def key(self) -> tuple[int, int]:
        return self.lane, self.id


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """What goes over the line."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Renderer(Protocol):
    """A wire's words for a message. Called from several threads."""

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


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt that was made, and is to be recorded."""

    message: Message
    answer: Answer | Spoilt
    latency_ms: int


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
    """Delivers messages, many at once, of one app not more than its share: a slow shop cannot hold the others.

    connection: in autocommit, this object's alone while it works. now: the business time, asked over that connection if over
    any. calls_max: leased at once; calls_per_app_max: called at once of one app. resolve: names to addresses. Works once, by
    `drain` or `run`.
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
        self._resolve = Remembered(resolve or look_up)
        self._woken = asyncio.Event()
        self._stopping = False
        self._failure: BaseException | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        # Leased and not recorded yet, and of those the ones that wait for their turn or their answer, by app.
        self._under_way: set[tuple[int, int]] = set()
        self._calling: Counter[int] = Counter()
        self._gates: defaultdict[int, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(calls_per_app_max))
        self._said: list[Said] = []
        self._postponed: list[tuple[Message, timedelta]] = []
        self._overtaken: list[Message] = []
        self._in_a_round = False
        self._calls = 0
        self.leased = 0

    @property
    def is_at_rest(self) -> bool:
        """Nothing leased by us waits to be recorded. May be asked from another thread; `leased` tells it whether something was
        leased between two such questions.
        """
        return not self._in_a_round and not self._under_way

    async def drain(self) -> int:
        """Deliver until nothing is due. Returns the number of calls made."""
        await self._work(until_idle=True)
        return self._calls

    async def run(self) -> None:
        """Deliver until `stop`; what is under way then is finished."""
        await self._work(until_idle=False)

    def wake(self) -> None:
        """Something may be due: look now. Called in the event loop."""
        self._woken.set()

    def stop(self) -> None:
        """Lease nothing more. Called in the event loop."""
        self._stopping = True
        self._woken.set()

    async def _work(self, *, until_idle: bool) -> None:
        caller = Caller(timeout_s=self._timeout_s)
        with (
            ThreadPoolExecutor(1, thread_name_prefix="florin-outbox") as database,
            ThreadPoolExecutor(_WORDERS, thread_name_prefix="florin-words") as worders,
        ):
            try:
                while True:
                    self._woken.clear()
                    leased, at = await self._round(database)
                    for first in range(0, len(leased), _WORDED_AT_ONCE):
                        self._begin(self._deliver_all(leased[first : first + _WORDED_AT_ONCE], at, caller, worders))
                    if self._failure is not None:
                        raise self._failure
                    if not self._under_way and (self._stopping or until_idle):
                        return
                    await asyncio.sleep(_PACE_S)
                    if not leased:
                        with contextlib.suppress(TimeoutError):
                            await asyncio.wait_for(self._woken.wait(), _POLL_S)
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)
                self._under_way.clear()
                await caller.close()

    def _begin(self, delivering: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(delivering)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failure = failure
            self._woken.set()

    # ── a round at the database ───────────────────────────────────────────────────────────────────────────────────

    async def _round(self, database: Executor) -> tuple[list[Message], datetime]:
        """Record what was said, then lease what may be called; the business time at which both were done."""
        said, self._said = self._said, []
        postponed, self._postponed = self._postponed, []
        free = 0 if self._stopping else self._calls_max - self._calling.total()
        share = min(self._calls_per_app_max * _TURNS, max(1, free // _LEFT_FOR_OTHERS))
        rooms = {app_id: max(0, share - calls) for app_id, calls in self._calling.items() if calls}
        self._in_a_round = True
        try:
            leased, at = await asyncio.get_running_loop().run_in_executor(
                database, self._at_the_database, said, postponed, free, share, rooms
            )
            # A jump of the business clock ends our own leases early; those calls are still under way.
            self._under_way -= {each.message.key for each in said} | {message.key for message, _ in postponed}
            leased = [message for message in leased if message.key not in self._under_way]
            self._under_way |= {message.key for message in leased}
            self._calling.update(message.app_id for message in leased)
            self.leased += len(leased)
        finally:
            self._in_a_round = False
        return leased, at

    def _at_the_database(
        self,
        said: Sequence[Said],
        postponed: Sequence[tuple[Message, timedelta]],
        free: int,
        share: int,
        rooms: Mapping[int, int],
    ) -> tuple[list[Message], datetime]:
        at = self._now()
        if said:
            self._record(said, at)
        for message, by in postponed:
            self._connection.execute(_POSTPONE, {"lane": message.lane, "id": message.id, "next_at": at + by})
        return self._lease(at, free, share, rooms) if free > 0 else [], at

    def _lease(self, at: datetime, free: int, share: int, rooms: Mapping[int, int]) -> list[Message]:
        """Lease due messages, up to half of what is free: each app's oldest first, then each one's next.

        Of no app more than its room, of one without calls its share.
        """
        with self._connection.cursor(row_factory=class_row(Message)) as cursor:
            messages = cursor.execute(
                _LEASE,
                {
                    "at": at,
                    "until": at + LEASE,
                    "most": max(1, free // 2),
                    "share": share,
                    "apps": list(rooms),
                    "rooms": list(rooms.values()),
                    "wires": list(self._renderers),
                },
            ).fetchall()
        payloads = whole_of(self._connection, [(message.event_id, message.payload) for message in messages])
        return [replace(message, payload=whole) for message, whole in zip(messages, payloads, strict=True)]

    def _record(self, said: Sequence[Said], at: datetime) -> None:
        rows = sorted((_outcome(each, at) for each in said), key=lambda row: (row["lane"], row["id"]))
        self._connection.execute(_RECORD, {name: [row[name] for row in rows] for name in rows[0]})
        for row in rows:
            if row["state"] == "given-up":
                _log.warning("message given up", app_id=row["app_id"], message_id=row["id"], attempts=row["attempts"])

    # ── a message ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _deliver_all(self, messages: Sequence[Message], at: datetime, caller: Caller, worders: Executor) -> None:
        """Word some messages together, then call for each."""
        going = [message for message in messages if not self._is_held_back(message)]
        worded = await asyncio.get_running_loop().run_in_executor(worders, self._word_all, going, at)
        for message, words in zip(going, worded, strict=True):
            self._begin(self._deliver(message, words, caller))

    async def _deliver(self, message: Message, words: Rendered | Spoilt, caller: Caller) -> None:
        async with self._gates[message.app_id]:
            began = time.monotonic()
            answer = await self._call(message, words, caller)
            latency_ms = round((time.monotonic() - began) * 1_000)
            if not isinstance(answer, Spoilt) and self._faults is not None and self._faults.take("duplicate-notify"):
                await self._call(message, words, caller)
        self._calling[message.app_id] -= 1
        self._said.append(Said(message=message, answer=answer, latency_ms=latency_ms))
        self._postponed += [(overtaken, timedelta()) for overtaken in self._overtaken]
        self._overtaken.clear()
        self._woken.set()

    def _is_held_back(self, message: Message) -> bool:
        """Whether a fault keeps it for later: five minutes, or until the next message has overtaken it."""
        if self._faults is None or message.attempts:
            return False
        is_late = self._faults.take("late-notify")
        if not is_late and not self._faults.take("out-of-order-notify"):
            return False
        self._calling[message.app_id] -= 1
        self._postponed.append((message, LATE))
        if not is_late:
            self._overtaken.append(message)
        self._woken.set()
        return True

    def _word_all(self, messages: Sequence[Message], at: datetime) -> list[Rendered | Spoilt]:
        return [self._word(message, at) for message in messages]

    def _word(self, message: Message, at: datetime) -> Rendered | Spoilt:
        try:
            return self._renderers[message.wire].render(message, at)
        except psycopg.OperationalError:
            raise
        except Exception as failure:  # noqa: BLE001 - one message that cannot be worded must not stop the others
            _log.error("message not rendered", app_id=message.app_id, topic=message.topic, failure=repr(failure))
            return Spoilt(reason=f"not rendered: {type(failure).__name__}")

    async def _call(self, message: Message, words: Rendered | Spoilt, caller: Caller) -> Answer | Spoilt:
        """Say it once; Spoilt unless the wire takes the answer for success."""
        if isinstance(words, Spoilt):
            return words
        destination = await check(words.url, allow_loopback=message.allow_loopback, resolve=self._resolve)
        if isinstance(destination, Refusal):
            _log.info("address not called", refusal=destination.name, app_id=message.app_id)
            return Spoilt(reason=f"{destination.name}: {destination.sentence()}")
        self._calls += 1
        try:
            answer = await caller.post(destination, words.headers, words.body)
        except CallFailed as failure:
            return Spoilt(reason=failure.reason)
        if self._renderers[message.wire].is_success(answer.status, answer.body):
            return answer
        return Spoilt(reason=_shown(answer), status=answer.status)


def _outcome(said: Said, at: datetime) -> dict[str, Any]:
    """What becomes of a message after this attempt, as `_RECORD` writes it."""
    message, answer, attempts = said.message, said.answer, said.message.attempts + 1
    heard = isinstance(answer, Answer)
    again_at = None if heard else next_attempt(LADDERS[message.wire], attempts, at)
    return {
        "lane": message.lane,
        "id": message.id,
        "app_id": message.app_id,
        "at": at,
        "status": answer.status,
        "latency_ms": said.latency_ms,
        "heard": heard,
        "state": "delivered" if heard else "waiting" if again_at else "given-up",
        "attempts": attempts,
        "next_at": again_at or at,
        "delivered_at": at if heard else None,
        "answer": _shown(answer) if isinstance(answer, Answer) else answer.reason[:_ANSWER_LENGTH_MAX],
    }


def _shown(answer: Answer) -> str:
    """An answer as the merchant's page shows it: status and the beginning of the body."""
    text = answer.body[:_ANSWER_LENGTH_MAX].decode(errors="replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")
    return f"{answer.status} {text}".strip()[:_ANSWER_LENGTH_MAX]


# Three steps: the apps that somebody waits for, one look at the index each; of each the oldest that are due, so that one app's
# long queue is not read for another's message; then the chosen rows are locked, and asked again whether they are still due.
_LEASE = """
    WITH RECURSIVE awaited AS (
        (SELECT app_id FROM outbox WHERE state = 'waiting' ORDER BY app_id LIMIT 1)
         UNION ALL
        SELECT (SELECT o.app_id FROM outbox o WHERE o.state = 'waiting' AND o.app_id > awaited.app_id
              ORDER BY o.app_id LIMIT 1)
          FROM awaited
         WHERE awaited.app_id IS NOT NULL),
    ranked AS (
        SELECT due.lane, due.id, due.app_id, due.next_at,
               coalesce(busy.room, %(share)s) AS room,
               row_number() OVER (PARTITION BY due.app_id ORDER BY due.next_at, due.lane, due.id) AS place
          FROM awaited
               LEFT JOIN unnest(%(apps)s::bigint[], %(rooms)s::bigint[]) AS busy(app_id, room)
                      ON busy.app_id = awaited.app_id
               CROSS JOIN LATERAL (
                   SELECT o.lane, o.id, o.app_id, o.next_at
                     FROM outbox o
                    WHERE o.state = 'waiting' AND o.app_id = awaited.app_id AND o.next_at <= %(at)s
                      AND o.wire = ANY (%(wires)s::text[])
                 ORDER BY o.next_at, o.lane, o.id
                    LIMIT %(share)s) AS due
         WHERE coalesce(busy.room, 1) > 0),
    chosen AS (
        SELECT outbox.lane, outbox.id, outbox.next_at,
               coalesce(app.allow_loopback, owner_endpoint.allow_loopback, w.allow_loopback, false) AS allow_loopback,
               array_remove(ARRAY[coalesce(app.webhook_secret, owner_endpoint.secret, w.secret),
                                  CASE WHEN w.old_until > now() THEN w.old_secret END], NULL) AS secrets
          FROM ranked
               JOIN outbox ON outbox.lane = ranked.lane AND outbox.id = ranked.id
               LEFT JOIN app ON app.id = ranked.app_id
               LEFT JOIN owner_endpoint ON ranked.app_id = 0        -- the owner's own messages belong to no app
               LEFT JOIN webhook_endpoint w ON w.id = -ranked.app_id              -- those of a merchant's endpoints
         WHERE ranked.place <= ranked.room
           AND outbox.state NOT IN ('delivered', 'given-up')   -- waiting, said so that the rows are found by their keys
           AND outbox.next_at <= %(at)s
      ORDER BY ranked.place, ranked.next_at, outbox.lane, outbox.id
         LIMIT %(most)s
           FOR UPDATE OF outbox SKIP LOCKED)
    UPDATE outbox
       SET next_at = %(until)s
      FROM chosen
     WHERE outbox.lane = chosen.lane AND outbox.id = chosen.id
 RETURNING outbox.lane, outbox.id, outbox.app_id, outbox.event_id, outbox.wire, outbox.topic, outbox.url,
           outbox.attempts, chosen.next_at, outbox.payload, chosen.allow_loopback, chosen.secrets
"""

# Each try is logged with what became of it, in one statement; a row that was told meanwhile by another keeps its state.
# Here too the queue's own index must not lead to the rows: it would be read whole for each of them.
_RECORD = """
    WITH said AS (
        SELECT *
          FROM unnest(%(lane)s::smallint[], %(id)s::bigint[], %(app_id)s::bigint[], %(at)s::timestamptz[],
                      %(status)s::integer[], %(latency_ms)s::integer[], %(heard)s::boolean[], %(state)s::text[],
                      %(attempts)s::integer[], %(next_at)s::timestamptz[], %(delivered_at)s::timestamptz[],
                      %(answer)s::text[])
               AS s(lane, id, app_id, at, status, latency_ms, heard, state, attempts, next_at, delivered_at, answer)),
    attempt AS (
        INSERT INTO webhook_attempt (app_id, lane, message_id, attempt, attempted_at, status, latency_ms, heard, answer)
        SELECT app_id, lane, id, attempts, at, status, latency_ms, heard, answer FROM said)
    UPDATE outbox
       SET state = said.state, attempts = said.attempts, next_at = said.next_at, delivered_at = said.delivered_at,
           last_answer = said.answer
      FROM said
     WHERE outbox.lane = said.lane AND outbox.id = said.id AND outbox.state NOT IN ('delivered', 'given-up')
"""

_POSTPONE = """
    UPDATE outbox
       SET next_at = %(next_at)s
     WHERE lane = %(lane)s AND id = %(id)s AND state = 'waiting'
"""
