"""A batch: claimed, loaded once, ruled in memory, written once, committed.

One transaction runs as its docstrings read: `_claim`, `_load`, `_rule`, `_write`. Rows that somebody else holds are skipped,
and the commands that need them go to the next round; after a few rounds they run alone and wait a bounded time. A constraint
that fires is a lost race or a bug: the batch is rolled back and its halves run one after the other, until the culprit stands
alone and is answered by the constraint's name. A lost connection at COMMIT leaves the outcome unknown: the whole batch runs
again with the same keys, and finds what it had committed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import msgspec
import psycopg
import structlog
from msgspec.structs import replace
from psycopg import Connection, errors
from psycopg.types.json import set_json_loads

from florin.credit import account as accounts
from florin.engine.actions import ACTIONS, Needs
from florin.engine.chain import Chain
from florin.engine.ids import IdBlocks, is_id, lane_of
from florin.engine.listeners import outbox_rows
from florin.engine.reference import EMPTY, Reference, load_reference
from florin.engine.room import Room, Shelf
from florin.engine.side import Side
from florin.engine.submission import (
    AlreadyUsed,
    Busy,
    Claim,
    EngineFault,
    GroupRefused,
    GuardRefused,
    KeyConflict,
    NotFound,
    Outcome,
    Submission,
)
from florin.engine.tables import event as event_rows
from florin.engine.tables import line as line_rows
from florin.engine.tables import payment as payment_rows
from florin.engine.tables import trade as trade_rows
from florin.engine.tables.account import account_of, account_row, statement_changes
from florin.engine.tables.arrays import byte_strings, numbers, texts
from florin.engine.tables.small import (
    ACCOUNT,
    AGREEMENT,
    MERCHANT_BALANCE,
    OUTBOX,
    STATEMENT,
    WALLET,
    agreement_of,
    balance_of,
    balance_row,
    wallet_of,
    wallet_row,
)
from florin.engine.tables.table import ALONE, READ, SHARED, Lock, Table
from florin.events import Event, RefundFunded, Refused, WindowReceived
from florin.events.refusals import Refusal, refusal_of
from florin.money.at import At

log = structlog.get_logger(__name__)

TURNS = 3
LOCK_TIMEOUT_MS = 2_000
RETRY_S = (0.05, 0.2, 0.5, 1, 2, 4, 8, 15)

# Every statement of a batch finds its rows by key. A plan made while a table was empty would scan it for ever after.
_SETTINGS = (
    "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off -c timezone=UTC"
    " -c default_transaction_isolation=read\\ committed"
)

_CLOCK = """
    SELECT business_on, offset_s, reference_version, now() FROM clock
"""
_CLAIM = """
    INSERT INTO claim (lane, kind, scope, event_id, key, fingerprint)
    SELECT lane, kind, scope, event_id, key, fingerprint
      FROM unnest(%s::smallint[], %s::smallint[], %s::bigint[], %s::bigint[], %s::text[], %s::bytea[])
           AS c(lane, kind, scope, event_id, key, fingerprint)
  ORDER BY lane, scope, kind, key                       -- sorted: two processes cannot deadlock
        ON CONFLICT DO NOTHING
 RETURNING lane, scope, kind, key
"""
_CLAIMED = """
    SELECT c.kind, c.scope, c.key, c.fingerprint, c.event_id
      FROM unnest(%s::smallint[], %s::smallint[], %s::bigint[], %s::text[]) AS k(lane, kind, scope, key)
           JOIN claim c USING (lane, kind, scope, key)
"""
_UNCLAIM = """
    DELETE FROM claim c USING unnest(%s::smallint[], %s::smallint[], %s::bigint[], %s::text[]) AS k(lane, kind, scope, key)
     WHERE c.lane = k.lane AND c.kind = k.kind AND c.scope = k.scope AND c.key = k.key
"""


class _Job:
    """One submission on its way: its place in the call, its first event's id, and its outcome when it has one."""

    __slots__ = (
        "action",
        "call",
        "command",
        "event_id",
        "group",
        "missing",
        "needs",
        "outcome",
        "submission",
        "twin_of",
    )

    def __init__(self, call: int, submission: Submission) -> None:
        self.call = call
        self.submission = submission
        self.command = submission.command
        self.action = ACTIONS[type(submission.command)]
        self.group = (call, submission.group) if submission.group else None
        self.event_id = 0
        self.begin()

    def begin(self) -> None:
        """As new: what a failed try has found out does not count."""
        self.needs: list[Needs] = []
        self.missing: list[_Missing] = []
        self.twin_of: _Job | None = None
        self.outcome: Outcome | None = None


class _Missing(NamedTuple):
    """A row that was not given: `busy` when somebody else holds it, otherwise there is none so far. shelf: where it belongs."""

    table: str
    id: int
    busy: bool
    shelf: dict[int, Any]


class Committer:
    """One committing connection with its writer number, its hash chain and its cache of reference data.

    Used by one thread at a time, but for `ids`, `reference` and `read_clock`, which are safe for all.
    """

    def __init__(self, dsn: str, *, name: str) -> None:
        self._dsn = dsn
        self._name = name
        self.side = Side(dsn, name=f"{name}-ids")
        self.ids = IdBlocks(self.side)
        self._reference = EMPTY
        self._connection = self._connect()
        self._chain = self.side.ask(lambda side: Chain.begin(side, process=f"{name}/{os.getpid()}"))

    # ── for callers ───────────────────────────────────────────────────────────────────────────────────────────────

    def commit(self, calls: Sequence[Sequence[Submission]]) -> list[list[Outcome]]:
        """Run all calls' submissions; one outcome each, in order. Every outcome's COMMIT has been acknowledged."""
        jobs = [_Job(number, submission) for number, call in enumerate(calls) for submission in call]
        self._run_rounds(jobs)
        answers: list[list[Outcome]] = [[] for _ in calls]
        for job in jobs:
            assert job.outcome is not None, "every job has an outcome after its rounds"
            answers[job.call].append(job.outcome)
        return answers

    def reference(self) -> Reference:
        row = self.side.execute("SELECT reference_version FROM clock").fetchone()
        if row is not None and row[0] != self._reference.version:
            self._reference = self.side.ask(lambda side: load_reference(side, row[0]))
        return self._reference

    def read_clock(self) -> At:
        return _at(self.side.execute(_CLOCK).fetchone())

    def close(self) -> None:
        self._connection.close()
        self.side.close()

    # ── rounds, halves, retries ───────────────────────────────────────────────────────────────────────────────────

    def _run_rounds(self, jobs: list[_Job]) -> None:
        waiting = jobs
        for _ in range(TURNS):
            waiting = self._run(waiting, alone=False)
            if not waiting:
                return
        for together in _by_group(waiting):
            self._run_alone(together)

    def _run_alone(self, together: list[_Job]) -> None:
        try:
            left = self._run(together, alone=True)
        except errors.LockNotAvailable:
            left = together
        for job in left:
            job.outcome = Outcome(refusal=Busy(table="account"))

    def _run(self, jobs: list[_Job], *, alone: bool) -> list[_Job]:
        """One transaction; halves when a guard fires. Gives the jobs that must wait for somebody else's rows."""
        try:
            return self._with_retries(jobs, alone=alone)
        except psycopg.OperationalError:
            raise
        except Exception as failure:
            halves = _halves(jobs)
            if len(halves) == 1:
                for job in jobs:
                    job.outcome = Outcome(refusal=_failure_of(failure))
                commands = [type(job.command).__name__ for job in jobs]
                log.error("a command failed", failure=repr(failure), commands=commands, exc_info=failure)
                return []
            waiting: list[_Job] = []
            for half in halves:
                waiting += self._run(half, alone=alone)
            return waiting

    def _with_retries(self, jobs: list[_Job], *, alone: bool) -> list[_Job]:
        for delay_s in (*RETRY_S, None):
            try:
                return self._transaction(jobs, alone=alone)
            except (psycopg.OperationalError, errors.SerializationFailure, errors.DeadlockDetected) as failure:
                if isinstance(failure, errors.LockNotAvailable) or delay_s is None:
                    raise
                # The outcome of a lost COMMIT is unknown: the same keys, tried again, tell.
                log.warning("batch is tried again", failure=type(failure).__name__, after_s=delay_s)
                time.sleep(delay_s)
                self._reconnect()
        raise AssertionError("the last try returns or raises")

    def _reconnect(self) -> None:
        self._connection.close()
        try:
            # First the head of the chain: a connection that works must never go on from an old one.
            self.side.ask(self._chain.reread)
            self._connection = self._connect()
        except psycopg.OperationalError as failure:
            # Still away: the next try of the batch fails at once and waits longer.
            log.warning("database is away", failure=str(failure).strip())

    def _connect(self) -> Connection:
        connection = psycopg.connect(self._dsn, application_name=f"{self._name}-engine", options=_SETTINGS)
        set_json_loads(msgspec.json.decode, connection)
        return connection

    # ── one transaction ───────────────────────────────────────────────────────────────────────────────────────────

    def _transaction(self, jobs: list[_Job], *, alone: bool) -> list[_Job]:
        connection = self._connection
        if connection.closed:
            raise psycopg.OperationalError("the connection is closed")
        try:
            for job in jobs:
                job.begin()
            if alone:
                connection.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
            room = self._open_room(connection)
            fresh = self._claim(connection, room, jobs)
            lock = ALONE if alone else SHARED
            self._load(connection, room, fresh, lock)
            self._rule(room, _ready(fresh), lambda job: self._load(connection, room, [job], lock))
            self._unclaim(connection, [claim for job in fresh for claim in _left_free(job)])
            # Nobody reads the answers of a write, so the statements follow each other without waiting for them.
            with connection.pipeline():
                self._write(connection, room)
                connection.commit()
        except BaseException:
            self._chain.forget()
            if not connection.closed:
                connection.rollback()
            raise
        self._chain.committed()
        for job in jobs:
            if job.twin_of is not None and job.twin_of.outcome is not None:
                job.outcome = replace(job.twin_of.outcome, replayed=True)
        return [job for job in jobs if job.outcome is None]

    def _open_room(self, connection: Connection) -> Room:
        row = connection.execute(_CLOCK, prepare=True).fetchone()
        assert row is not None, "the clock has its row since the first migration"
        if row[2] != self._reference.version:
            self._reference = load_reference(connection, row[2])
        return Room(self._reference, _at(row), self.ids)

    # ── 1. claim ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _claim(self, connection: Connection, room: Room, jobs: Sequence[_Job]) -> list[_Job]:
        """Claim every key before anything is read. Gives the jobs that are new; the others have their answer."""
        for job in jobs:
            job.event_id = job.action.place(job.command, self.ids)
        wanted: dict[_Key, tuple[Claim, _Job]] = {}
        fresh = [job for job in jobs if _is_first(job, wanted)]
        if not wanted:
            return fresh
        claims = [(claim.lane, claim, job.event_id) for claim, job in wanted.values()]
        rows = connection.execute(
            _CLAIM,
            (
                numbers([lane for lane, _, _ in claims]), numbers([int(c.kind) for _, c, _ in claims]),
                numbers([c.scope for _, c, _ in claims]), numbers([event_id for _, _, event_id in claims]),
                texts([c.key for _, c, _ in claims]), byte_strings([c.fingerprint for _, c, _ in claims]),
            ),
            prepare=True,
        ).fetchall()  # fmt: skip
        if len(rows) < len(claims):
            taken = wanted.keys() - {(kind, scope, key) for _, scope, kind, key in rows}
            self._answer_taken(connection, [wanted[key] for key in taken])
        return self._whole_groups(connection, jobs, [job for job in fresh if job.outcome is None])

    def _whole_groups(self, connection: Connection, jobs: Sequence[_Job], fresh: list[_Job]) -> list[_Job]:
        """A linked group goes on as a whole: a member that waits, or has its answer by its key, decides for the others."""
        if not any(job.group for job in jobs):
            return fresh
        new = {id(job) for job in fresh}
        held: list[_Job] = []
        for together in _by_group(jobs):
            left = [job for job in together if id(job) in new]
            if len(left) == len(together) or together[0].group is None:
                continue
            held += left
            if any(job.outcome is None and id(job) not in new for job in together):
                if left or any(job.twin_of is None for job in together):
                    for job in together:
                        job.outcome = job.twin_of = None
                continue
            answer = next(job.outcome for job in together if job.outcome is not None)
            for job in left:
                job.outcome = _beside(answer, job)
        self._unclaim(connection, [claim for job in held for claim in job.submission.claims])
        stopped = {id(job) for job in held}
        return [job for job in fresh if id(job) not in stopped]

    def _answer_taken(self, connection: Connection, taken: Sequence[tuple[Claim, _Job]]) -> None:
        """Replays get the stored answer; conflicts and used-up things are refused, and their other claims let go."""
        claims = [claim for claim, _ in taken]
        found = {
            (kind, scope, key): (bytes(fingerprint), event_id)
            for kind, scope, key, fingerprint, event_id in connection.execute(
                _CLAIMED, _claim_keys(claims), prepare=True
            )
        }
        events = event_rows.load_events(connection, [event_id for _, event_id in found.values()])
        for claim, job in taken:
            fingerprint, event_id = found[(claim.kind, claim.scope, claim.key)]
            if claim is not job.submission.claims[0]:
                if job.outcome is None:
                    used = AlreadyUsed(kind=claim.kind.name.lower(), key=claim.key, event_id=event_id)
                    job.outcome = Outcome(refusal=used)
            elif fingerprint != claim.fingerprint:
                conflict = KeyConflict(kind=claim.kind.name.lower(), key=claim.key, event_id=event_id)
                job.outcome = Outcome(refusal=conflict, event_id=event_id)
            else:
                job.outcome = _stored(events[event_id], event_id)
        taken_keys = {(c.kind, c.scope, c.key) for c in claims}
        losers = {id(job): job for _, job in taken}.values()
        free = [c for job in losers for c in job.submission.claims if (c.kind, c.scope, c.key) not in taken_keys]
        self._unclaim(connection, free)

    @staticmethod
    def _unclaim(connection: Connection, claims: Sequence[Claim]) -> None:
        if claims:
            connection.execute(_UNCLAIM, _claim_keys(claims), prepare=True)

    # ── 2. lock and load ──────────────────────────────────────────────────────────────────────────────────────────

    def _load(self, connection: Connection, room: Room, jobs: Sequence[_Job], lock: Lock) -> None:
        """Load what the commands name, then what those rows name; note on each job the rows it did not get."""
        for job in jobs:
            job.needs, job.missing = [job.action.needs(job.command)], []
        self._load_rows(connection, room, jobs, 0, lock)
        for job in jobs:
            job.needs.append(job.action.then_needs(room, job.command))
        self._load_rows(connection, room, jobs, 1, lock)

    def _load_rows(self, connection: Connection, room: Room, jobs: Sequence[_Job], turn: int, lock: Lock) -> None:
        for wanted, (kind, table, state_of, shared) in zip(_wanted(jobs, turn), _LOADS, strict=True):
            shelf = getattr(room, _SHELVES[kind])
            wanted -= shelf.keys()
            if not wanted:
                continue
            self._load_table(connection, table, shelf, state_of, wanted, READ if shared else lock)
            absent = wanted - shelf.keys()
            if absent:
                busy = self._present(connection, table, absent)
                for job in jobs:
                    for identifier in getattr(job.needs[turn], kind):
                        if identifier in absent:
                            job.missing.append(_Missing(table.name, identifier, identifier in busy, shelf))
        lines = {i for job in jobs for i in job.needs[turn].accounts if i in room.lines and i not in room.accounts}
        if lines:
            self._load_accounts(connection, room, lines)

    @staticmethod
    def _load_table(
        connection: Connection, table: Table, shelf: dict[int, Any], state_of: Any, wanted: set[int], lock: Lock
    ) -> None:
        keys = [(lane_of(identifier), identifier) for identifier in wanted if is_id(identifier)]
        for row in table.load(connection, keys, lock):
            state = state_of(row)
            shelf[state.id] = state

    @staticmethod
    def _present(connection: Connection, table: Table, absent: set[int]) -> set[int]:
        """Which of the rows that were not given are there all the same: somebody else holds them."""
        keys = [(lane_of(identifier), identifier) for identifier in absent if is_id(identifier)]
        at = [column.name for column in table.columns].index("id")
        return {row[at] for row in table.load(connection, keys, READ)}

    def _load_accounts(self, connection: Connection, room: Room, wanted: set[int]) -> None:
        """The items of these lines: the snapshot, what the hot path has recorded since, and the clock up to today."""
        lines = [room.lines[identifier] for identifier in sorted(wanted)]
        snapshots = {
            line_id: account_of(document)
            for _, line_id, _, document in ACCOUNT.load(connection, [(line.lane, line.id) for line in lines], READ)
        }
        pending = event_rows.load_events_since(
            connection, [(line.lane, line.id, snapshots[line.id].sequence) for line in lines]
        )
        for line in lines:
            snapshot, program = snapshots[line.id], room.program(line)
            room.accounts_before[line.id] = snapshot
            account, steps = accounts.catch_up(snapshot, pending[line.id], room.at.on, program)
            assert account.sequence == line.sequence + len(steps), f"line {line.id} has lost events"
            room.begin_account(line, account, steps)

    # ── 3. rule ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _rule(self, room: Room, jobs: Sequence[_Job], load: Callable[[_Job], None]) -> None:
        """Each command sees those before it; a linked group stands or falls together."""
        for together in _by_group(jobs):
            if len(together) == 1:
                self._rule_one(room, together[0], load)
                continue
            room.mark()
            for job in together:
                self._rule_one(room, job, load, keep_refusal=False)
            refused = next((job for job in together if job.outcome and job.outcome.refusal), None)
            if any(job.outcome is None for job in together):
                room.undo()
                for job in together:
                    job.outcome = None
            elif refused is None:
                room.keep()
            else:
                assert refused.outcome is not None and refused.outcome.refusal is not None
                room.undo()
                because = refused.outcome.refusal.name
                for job in together:
                    if job is not refused:
                        job.outcome = Outcome(refusal=GroupRefused(because=because))
                    self._record_refusal(room, job)

    def _rule_one(self, room: Room, job: _Job, load: Callable[[_Job], None], *, keep_refusal: bool = True) -> None:
        if any(row.id in row.shelf for row in job.missing):
            # A command before it has made what this one names: now its other rows can be loaded too.
            load(job)
        if any(row.busy for row in job.missing):
            return
        absent = next(iter(job.missing), None)
        missing = absent and NotFound(what=absent.table, id=absent.id)
        decided = missing or job.action.rule(room, job.command)
        if isinstance(decided, Refusal):
            job.outcome = Outcome(refusal=decided)
            if keep_refusal:
                self._record_refusal(room, job)
            return
        identifier = job.event_id
        for number, event in enumerate(decided):
            room.record(event, identifier if number == 0 else self.ids.take(_lane_beside(event, identifier)))
        job.outcome = Outcome(event=decided[0] if decided else None, events=tuple(decided), event_id=identifier)

    def _record_refusal(self, room: Room, job: _Job) -> None:
        """A refusal is an event too; it names the command and the owners it was about, and moves nothing.

        It has the id of the key that it answers. Where no key keeps it, it has one of its own, because the same command,
        with the id that it brings, may come again.
        """
        assert job.outcome is not None and job.outcome.refusal is not None
        refusal = job.outcome.refusal
        command = job.command
        if not (job.submission.claims and job.submission.keeps_refusal):
            job.event_id = self.ids.take(lane_of(job.event_id))
        job.outcome = Outcome(refusal=refusal, event_id=job.event_id)
        room.record(
            Refused(
                value_on=room.at.on,
                trade_id=0,
                person_id=getattr(command, "person_id", 0),
                merchant_id=getattr(command, "merchant_id", 0),
                command=type(command).__name__,
                refusal=refusal.name,
                numbers=refusal.numbers(),
            ),
            job.event_id,
        )

    # ── 4. write ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _write(self, connection: Connection, room: Room) -> None:
        """One statement a table; the events close the batch with a link of the writer's chain."""
        _store(connection, trade_rows.TRADE, room.trades, trade_rows.row_of)
        _store(connection, payment_rows.PAYMENT, room.payments, payment_rows.row_of)
        _store_lines(connection, room)
        _store(connection, WALLET, room.wallets, wallet_row)
        _store(connection, MERCHANT_BALANCE, room.balances, balance_row)
        _store(connection, ACCOUNT, room.accounts, account_row)
        for table, rows in room.rows.items():
            table.insert(connection, rows)
        for table, rows in room.row_changes.items():
            table.update(connection, rows)
        issued, changed = statement_changes(room.recorded, room.accounts_before, room.accounts)
        STATEMENT.insert(connection, issued)
        STATEMENT.update(connection, changed)
        if room.recorded:
            event_rows.EVENT.insert(connection, self._chain.link(connection, room.recorded, room.at))
            OUTBOX.insert(connection, outbox_rows(room))


# In the order of `Needs`: which table, how its rows become states, and whether they are only read.
_LOADS = (
    ("trades", trade_rows.TRADE, trade_rows.trade_of, False),
    ("trades_seen", trade_rows.TRADE, trade_rows.trade_of, True),
    ("payments", payment_rows.PAYMENT, payment_rows.payment_of, False),
    ("agreements", AGREEMENT, agreement_of, True),
    ("lines", line_rows.LINE, line_rows.line_of, False),
    ("accounts", line_rows.LINE, line_rows.line_of, False),
    ("wallets", WALLET, wallet_of, False),
    ("balances", MERCHANT_BALANCE, balance_of, False),
)
_SHELVES = {kind: {"trades_seen": "trades", "accounts": "lines"}.get(kind, kind) for kind, *_ in _LOADS}
assert tuple(kind for kind, *_ in _LOADS) == Needs._fields, "every kind of need is loaded"


def _wanted(jobs: Sequence[_Job], turn: int) -> list[set[int]]:
    """The ids that all jobs need, kind by kind."""
    wanted: list[set[int]] = [set() for _ in _LOADS]
    for job in jobs:
        for ids, identifiers in zip(wanted, job.needs[turn], strict=True):
            if identifiers:
                ids.update(identifiers)
    return wanted


def _store_lines(connection: Connection, room: Room) -> None:
    """New lines; lines whose account was folded, whole; of the others what a sale can change."""
    if room.lines.added:
        line_rows.LINE.insert(connection, [line_rows.row_of(room.lines[identifier]) for identifier in room.lines.added])
    whole = room.lines.changed & room.accounts.keys()
    for change, identifiers in ((line_rows.LINE.update, whole), (line_rows.SALE.write, room.lines.changed - whole)):
        change(connection, [line_rows.row_of(room.lines[identifier]) for identifier in sorted(identifiers)])


def _store(connection: Connection, table: Table, shelf: Shelf, row_of: Any) -> None:
    if shelf.added:
        table.insert(connection, [row_of(shelf[identifier]) for identifier in shelf.added])
    if shelf.changed:
        table.update(connection, [row_of(shelf[identifier]) for identifier in sorted(shelf.changed)])


# ── twins, groups, halves ─────────────────────────────────────────────────────────────────────────────────────────


_Key = tuple[int, int, str]


def _is_first(job: _Job, wanted: dict[_Key, tuple[Claim, _Job]]) -> bool:
    """Enter the job's claims. A job whose idempotency key stands there already with the same content is the twin of that job;
    one that shares another claim, or differs in content, waits for the next round, when the claim's fate is known."""
    claims = job.submission.claims
    taken = [wanted[key] for claim in claims if (key := (claim.kind, claim.scope, claim.key)) in wanted]
    if not taken:
        wanted.update({(claim.kind, claim.scope, claim.key): (claim, job) for claim in claims})
        return True
    claim, other = taken[0]
    first = other.submission.claims[0]
    if claim is first and claim == claims[0]:
        job.twin_of = other
    return False


def _ready(jobs: Sequence[_Job]) -> Sequence[_Job]:
    """Those that wait for nobody: a busy row holds back its command, the whole linked group, and what the same call does to
    those rows later."""
    held = {_unit(job) for job in jobs if any(row.busy for row in job.missing)}
    while held:
        before = len(held)
        kept_back: dict[int, set[int]] = {}
        for job in jobs:
            rows = {identifier for needs in job.needs for field in needs for identifier in field}
            if _unit(job) in held or rows & kept_back.get(job.call, _NO_ROWS):
                held.add(_unit(job))
                kept_back.setdefault(job.call, set()).update(rows)
        if len(held) == before:
            break
    return [job for job in jobs if _unit(job) not in held] if held else jobs


def _unit(job: _Job) -> Hashable:
    """What waits, or goes on, together: the linked group, or the command alone."""
    return job.group or id(job)


_NO_ROWS: set[int] = set()


def _beside(answer: Outcome, job: _Job) -> Outcome:
    """What becomes of a group's member whose fellow has its answer already: done with it, or refused with it."""
    if answer.refusal is not None:
        return Outcome(refusal=GroupRefused(because=answer.refusal.name))
    if job.submission.claims:
        return Outcome(refusal=GroupRefused(because=KeyConflict.__name__))
    return Outcome(replayed=True)


def _left_free(job: _Job) -> Sequence[Claim]:
    """The claims that do not stay: all of a command that waits; of a refused one what it would have used up, and its
    idempotency key too unless the refusal is that key's answer."""
    claims = job.submission.claims
    if job.outcome is None:
        return claims
    if job.outcome.refusal is None:
        return ()
    return claims[1:] if job.submission.keeps_refusal else claims


def _by_group(jobs: Sequence[_Job]) -> list[list[_Job]]:
    """Linked groups together, at the place of their first member; every other job alone."""
    groups: dict[tuple[int, int], list[_Job]] = {}
    ordered: list[list[_Job]] = []
    for job in jobs:
        if job.group is None:
            ordered.append([job])
        elif job.group in groups:
            groups[job.group].append(job)
        else:
            groups[job.group] = [job]
            ordered.append(groups[job.group])
    return ordered


def _halves(jobs: list[_Job]) -> list[list[_Job]]:
    """Two halves that split no linked group; one when there is nothing to split."""
    groups = _by_group(jobs)
    middle = len(groups) // 2
    halves = [[job for group in part for job in group] for part in (groups[:middle], groups[middle:])]
    return [half for half in halves if half]


# ── small things ──────────────────────────────────────────────────────────────────────────────────────────────────


def _claim_keys(claims: Sequence[Claim]) -> tuple[str, str, str, str]:
    return (
        numbers(c.lane for c in claims),
        numbers(int(c.kind) for c in claims),
        numbers(c.scope for c in claims),
        texts(c.key for c in claims),
    )


def _failure_of(failure: Exception) -> Refusal:
    """A guard that fired is named; anything else is our own fault, and says so."""
    if isinstance(failure, psycopg.Error) and failure.diag.constraint_name:
        return GuardRefused(constraint=failure.diag.constraint_name)
    return EngineFault(fault=f"{type(failure).__name__}: {failure}"[:300])


def _stored(event: Event, event_id: int) -> Outcome:
    """The answer that a key's event holds."""
    if isinstance(event, Refused):
        return Outcome(refusal=refusal_of(event.refusal, event.numbers), event_id=event_id, replayed=True)
    return Outcome(event=event, events=(event,), event_id=event_id, replayed=True)


def _lane_beside(event: Event, first_id: int) -> int:
    """Where a later event of a command lives: the merchant's side in his home lane, the rest beside the first."""
    return lane_of(event.merchant_id if isinstance(event, RefundFunded | WindowReceived) else first_id)


def _at(row: Any) -> At:
    business_on, offset_s, _, wall = row
    return At(on=business_on, instant=wall + timedelta(seconds=offset_s))
