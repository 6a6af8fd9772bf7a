"""A batch: claimed, loaded once, ruled in memory, written once, committed.

One transaction: `claims.claim`, `load.load`, `_rule` in a `Room`, `write.write`, COMMIT. Rows that somebody else holds are
skipped, and the commands that need them go to the next round; after a few rounds they run alone and wait a bounded time. A
constraint that fires is a lost race or a bug: the batch is rolled back and its halves run one after the other, until the
culprit stands alone and is answered by the constraint's name. A lost connection at COMMIT leaves the outcome unknown: the
whole batch runs again with the same keys, and finds what it had committed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import msgspec
import psycopg
import structlog
from msgspec.structs import replace
from psycopg import Connection, errors
from psycopg.types.json import set_json_loads

from florin.engine.chain import Chain
from florin.engine.claims import claim, left_free, unclaim
from florin.engine.ids import IdBlocks, lane_of
from florin.engine.jobs import Job, by_group, halves, ready
from florin.engine.load import load
from florin.engine.outbox import WAKE
from florin.engine.reference import EMPTY, Reference, load_reference
from florin.engine.room import Room
from florin.engine.side import Side
from florin.engine.submission import Busy, EngineFault, GroupRefused, GuardRefused, NotFound, Outcome, Submission
from florin.engine.tables.table import ALONE, SHARED
from florin.engine.write import write
from florin.events import (
    Authorized,
    Captured,
    DisputeFunded,
    Escrowed,
    Event,
    PayoutsHeld,
    RefundFunded,
    Refused,
    ShareReceived,
    ShareTakenBack,
    TransferFunded,
    WindowReceived,
)
from florin.events.refusals import Refusal
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

CLOCK = """
    SELECT business_on, offset_s, reference_version, now(), cut FROM clock
"""
_WAKE = f"NOTIFY {WAKE}"


class Committer:
    """One committing connection with its writer number, its hash chain and its cache of reference data.

    Used by one thread at a time, but for `ids` and `look`, which are safe for all.
    """

    def __init__(self, dsn: str, *, name: str) -> None:
        self._dsn = dsn
        self._name = name
        self.side = Side(dsn, name=f"{name}-ids")
        self.ids = IdBlocks(self.side)
        self._reference = EMPTY
        self._connection = self._connect()
        self._chain = self.side.ask(lambda side: Chain.begin(side, process=f"{name}/{os.getpid()}"))
        self._has_told = False

    # ── for callers ───────────────────────────────────────────────────────────────────────────────────────────────

    def commit(self, calls: Sequence[Sequence[Submission]]) -> list[list[Outcome]]:
        """Run all calls' submissions; one outcome each, in order. Every outcome's COMMIT has been acknowledged."""
        jobs = [Job(number, submission) for number, call in enumerate(calls) for submission in call]
        self._run_rounds(jobs)
        answers: list[list[Outcome]] = [[] for _ in calls]
        for job in jobs:
            assert job.outcome is not None, "every job has an outcome after its rounds"
            answers[job.call].append(job.outcome)
        return answers

    def wake_outbox(self) -> None:
        """Say that messages were written, if any were. After the batch and not in it: commits that notify wait for each other.

        When the database is away just now, delivery finds them by itself.
        """
        if self._has_told:
            self._has_told = False
            with suppress(psycopg.OperationalError):
                self.side.execute(_WAKE)

    def look(self) -> tuple[At, Reference]:
        """The clock, and the reference data that is in force: one question."""
        row = self.side.execute(CLOCK).fetchone()
        if row is None:
            raise LookupError("the clock was never started: run `florin migrate`")
        version = row[2]
        if version != self._reference.version:
            self._reference = self.side.ask(lambda side: load_reference(side, version))
        return _at(row), self._reference

    def close(self) -> None:
        self._connection.close()
        self.side.close()

    # ── rounds, halves, retries ───────────────────────────────────────────────────────────────────────────────────

    def _run_rounds(self, jobs: list[Job]) -> None:
        waiting = jobs
        for _ in range(TURNS):
            waiting = self._run(waiting, alone=False)
            if not waiting:
                return
        for together in by_group(waiting):
            self._run_alone(together)

    def _run_alone(self, together: list[Job]) -> None:
        try:
            left = self._run(together, alone=True)
        except errors.LockNotAvailable:
            left = together
        for job in left:
            job.outcome = Outcome(refusal=Busy(table="account"))

    def _run(self, jobs: list[Job], *, alone: bool) -> list[Job]:
        """One transaction; halves when a guard fires. Gives the jobs that must wait for somebody else's rows."""
        try:
            return self._with_retries(jobs, alone=alone)
        except psycopg.OperationalError:
            raise
        except Exception as failure:
            parts = halves(jobs)
            if len(parts) == 1:
                for job in jobs:
                    job.outcome = Outcome(refusal=_failure_of(failure))
                commands = [type(job.command).__name__ for job in jobs]
                log.error("a command failed", failure=repr(failure), commands=commands, exc_info=failure)
                return []
            waiting: list[Job] = []
            for half in parts:
                waiting += self._run(half, alone=alone)
            return waiting

    def _with_retries(self, jobs: list[Job], *, alone: bool) -> list[Job]:
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
            except errors.CheckViolation as failure:
                # Another batch has lent under the same agreement since this one looked: look again, and lend alone if need be.
                if failure.diag.constraint_name != "funding_lends_within_its_cap" or delay_s is None:
                    raise
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

    def _transaction(self, jobs: list[Job], *, alone: bool) -> list[Job]:
        connection = self._connection
        if connection.closed:
            raise psycopg.OperationalError("the connection is closed")
        try:
            for job in jobs:
                job.begin()
                job.event_id = job.action.place(job.command, self.ids)
            # What needs no answer yet goes out together: begin, clock and claims; a turn's loads; the writes and the commit.
            with connection.pipeline():
                if alone:
                    connection.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
                clock = connection.execute(CLOCK, prepare=True)
                fresh = claim(connection, jobs)
                room = self._open_room(connection, clock.fetchone())
                lock = ALONE if alone else SHARED
                load(connection, room, fresh, lock)
                self._rule(room, ready(fresh), lambda job: load(connection, room, [job], lock))
                unclaim(connection, [free for job in fresh for free in left_free(job)])
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
                job.outcome = replace(job.twin_of.outcome, replayed=True, trade=None, payment=None, at=None)
        return [job for job in jobs if job.outcome is None]

    def _open_room(self, connection: Connection, row: Any) -> Room:
        """row: the clock's."""
        assert row is not None, "the clock has its row since the first migration"
        if row[2] != self._reference.version:
            self._reference = load_reference(connection, row[2])
        return Room(self._reference, _at(row), self.ids)

    # ── its rules ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _rule(self, room: Room, jobs: Sequence[Job], load: Callable[[Job], None]) -> None:
        """Each command sees those before it; a linked group stands or falls together."""
        for together in by_group(jobs):
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

    def _rule_one(self, room: Room, job: Job, load: Callable[[Job], None], *, keep_refusal: bool = True) -> None:
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
            room.record(event, identifier if number == 0 else self._id_beside(room, event, identifier))
        if not decided:
            job.outcome = Outcome(event_id=identifier)
            return
        about = decided[0]
        job.outcome = Outcome(
            event=about,
            events=tuple(decided),
            event_id=identifier,
            trade=room.trades.get(about.trade_id),
            payment=room.payments.get(about.payment_id),
            at=room.at.instant,
        )

    def _id_beside(self, room: Room, event: Event, first_id: int) -> int:
        """The id of a later event of a command: of one that begins a payment, the payment's own."""
        begins = isinstance(event, Authorized | Escrowed | Captured) and event.payment_id in room.payments.added
        return event.payment_id if begins else self.ids.take(_lane_beside(event, first_id))

    def _record_refusal(self, room: Room, job: Job) -> None:
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
                merchant_id=getattr(command, "merchant_id", 0) or getattr(refusal, "merchant_id", 0),
                command=type(command).__name__,
                refusal=refusal.name,
                numbers=refusal.numbers(),
            ),
            job.event_id,
        )

    def _write(self, connection: Connection, room: Room) -> None:
        self._has_told |= write(connection, room, self._chain)


def _failure_of(failure: Exception) -> Refusal:
    """A guard that fired is named; anything else is our own fault, and says so."""
    if isinstance(failure, psycopg.Error) and failure.diag.constraint_name:
        return GuardRefused(constraint=failure.diag.constraint_name)
    return EngineFault(fault=f"{type(failure).__name__}: {failure}"[:300])


def _lane_beside(event: Event, first_id: int) -> int:
    """Where a later event of a command lives: a merchant's or receiver's side in his own lane, the rest beside the first."""
    at_home = RefundFunded | DisputeFunded | WindowReceived | PayoutsHeld | TransferFunded | ShareTakenBack
    if isinstance(event, ShareReceived):
        return lane_of(event.person_id if event.to_person else event.merchant_id)
    return lane_of(event.merchant_id if isinstance(event, at_home) else first_id)


def _at(row: Any) -> At:
    business_on, offset_s, _, wall, cut = row
    return At(on=business_on, instant=wall + timedelta(seconds=offset_s), cut=cut)
