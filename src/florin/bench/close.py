"""`florin bench close`: the day close on a large book, while shoppers go on paying.

One house with so many accounts (`close_book.py`) lives through four kinds of day with authorizations beside it
(`close_load.py`): days on which nothing is due; the day on which every account closes its cycle; the due day, on which banks
are debited for those who have autopay; and the day after it, on which nobody else has paid: past due, all of them, which is the
worst there is. What is measured beside it: the proof, memory of each process, CPU for each account, missed days on smaller
books, and the explanation of an account with ten years of history. All of it against TPC-B of pgbench in the same run, since
rates of a shared machine mean little alone.
"""

from __future__ import annotations

import os
import re
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from florin.bank import SimulatedBank
from florin.bench import machine, processes
from florin.bench.close_book import CLOSES_ON, DUE_ON, LOADED_ON, PAST_DUE_ON, Book, load_book
from florin.bench.close_load import Answered, LiveSample, LiveTask
from florin.bench.close_years import YEARS, explain_ten_years_ms
from florin.bench.house import TPCB, Say, own_store
from florin.bench.load import Load, percentile
from florin.bench.processes import require_proc
from florin.credit.authorize import PastDue
from florin.engine import Engine, clock
from florin.engine.close_day import DayClosed, close_day, close_through
from florin.engine.proof import prove
from florin.store import OWNER, EmbeddedPostgres, Store
from florin.store.migrate import migrate
from florin.store.postgres import SUPERUSER

LIVE_PER_S = 200
_SETTLE_S = 2.0
_LOOK_S = 0.2
_MB = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseScale:
    """idle_days: how often a day with nothing due is closed. catch_up: accounts of each further book, and its missed days."""

    accounts: int = 1_000_000
    idle_days: int = 3
    tpcb_seconds: int = 15
    tpcb_scale: int = 10
    catch_up: Sequence[int] = (1_000, 100_000)
    missed_days: Sequence[int] = (1, 7, 30)
    years: int = YEARS


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One close. seconds: of each part. accounts_per_s: accounts closed a second of the part `lines`. debited: by autopay.

    closer_cpu_us, server_cpu_us: CPU of the closers, and of the server while lines were closed, the live load's share included,
    for each account. live_ms: p50, p99 and p99.9 of authorizations due while it ran, and their count. refused: by name.
    """

    on: date
    lines: int
    parked: int
    debited: int
    seconds: dict[str, float]
    accounts_per_s: float
    closer_cpu_us: float
    server_cpu_us: float
    live_ms: dict[str, float]
    refused: dict[str, int]
    holds: bool


class CloseReport(msgspec.Struct, frozen=True, kw_only=True):
    """due_day_accounts_per_s: of those who fall past due after the due day; autopay_accounts_per_s: banks debited on it.

    refused_by_close: authorizations refused while a day was closed, but for the reason that the line is past due.

    to_tpcb: accounts closed a second of the cycle day, to transactions of TPC-B a second. cpu_to_tpcb: how many accounts the
    server's CPU of one such transaction closes. prove_s: of the days' own proofs, the largest; prove_full_s: of all events at
    the end. catch_up: seconds by accounts and missed days. rss_mb: the largest process; memory_mb: every one.
    """

    accounts: int
    events: int
    idle_day_s: float
    cycle_day_accounts_per_s: float
    due_day_accounts_per_s: float
    autopay_accounts_per_s: float
    cycle_day_cpu_us: float
    live_p50_ms: float
    live_p99_ms: float
    live_p999_ms: float
    live_authorizations: int
    refused_by_close: int
    rss_mb: float
    memory_mb: dict[str, float]
    prove_s: float
    prove_full_s: float
    explain_ms: float
    catch_up: dict[str, dict[str, float]]
    tpcb_per_s: float
    to_tpcb: float
    cpu_to_tpcb: float
    days: dict[str, Day]
    holds: bool
    differences: tuple[str, ...]
    machine: dict[str, object]
    load_average: dict[str, list[float]]


def measure(scale: CloseScale, *, parent: Path | None = None, say: Say = lambda text: None) -> CloseReport:
    """Everything, on houses of its own. parent: where the data is put, else the usual temporary place. Raises NoProc."""
    require_proc()
    before = machine.load_average()
    with own_store(parent) as (store, postgres), _Watched(postgres) as watched:
        say("TPC-B")
        tpcb_per_s, tpcb_cpu_us = _tpcb(postgres, scale)
        with psycopg.connect(postgres.dsn(SUPERUSER, "postgres"), autocommit=True) as superuser:
            described = machine.describe(superuser, store.folder.path)
        book = _open(store, scale.accounts, say)
        with _Year(store, say) as year:
            with _live(store, book) as live:
                idle = [year.close(LOADED_ON + timedelta(days=n + 1), "nothing is due") for n in range(scale.idle_days)]
                cycle = year.close(CLOSES_ON, "every cycle closes")
                autopay = year.close(DUE_ON, "autopay debits what is due")
                due = year.close(PAST_DUE_ON, "everybody else is past due")
                answers = live()
            say("proving every event")
            began = time.monotonic()
            proof = prove(year.connection)
            prove_full_s = time.monotonic() - began
    say(f"explaining an account of {scale.years} years")
    explain_ms = explain_ten_years_ms(parent, years=scale.years)
    catch_up = {str(accounts): _catch_up(accounts, scale, parent, say) for accounts in scale.catch_up}
    closed = (*idle, cycle, autopay, due)
    days = [day.told(answers, watched) for day in closed]
    told_idle, (told_cycle, told_autopay, told_due) = days[: len(idle)], days[-3:]
    during = [answer for day in closed for answer in day.of(answers)]
    latencies = sorted(answer.latency_us for answer in during)
    cycle_cpu_us = told_cycle.closer_cpu_us + told_cycle.server_cpu_us
    return CloseReport(
        accounts=scale.accounts,
        events=book.events,
        idle_day_s=statistics.median(_but_proof(day) for day in told_idle),
        cycle_day_accounts_per_s=told_cycle.accounts_per_s,
        due_day_accounts_per_s=told_due.accounts_per_s,
        autopay_accounts_per_s=_over(told_autopay.debited, told_autopay.seconds["autopay"]),
        cycle_day_cpu_us=cycle_cpu_us,
        live_p50_ms=percentile(latencies, 0.5) / 1000,
        live_p99_ms=percentile(latencies, 0.99) / 1000,
        live_p999_ms=percentile(latencies, 0.999) / 1000,
        live_authorizations=len(during),
        refused_by_close=sum(answer.refusal not in ("", PastDue.__name__) for answer in during),
        rss_mb=max(watched.most.values()),
        memory_mb=watched.most,
        prove_s=max(day.seconds["proof"] for day in days),
        prove_full_s=prove_full_s,
        explain_ms=explain_ms,
        catch_up=catch_up,
        tpcb_per_s=tpcb_per_s,
        to_tpcb=told_cycle.accounts_per_s / tpcb_per_s,
        cpu_to_tpcb=_over(tpcb_cpu_us, cycle_cpu_us),
        days=dict(zip([*(f"idle_{n + 1}" for n in range(len(idle))), "cycle", "autopay", "due"], days, strict=True)),
        holds=proof.holds and all(day.holds for day in days),
        differences=tuple(difference for check in proof.checks for difference in check.differences)[:20],
        machine=described,
        load_average={"before": before, "after": machine.load_average()},
    )


def _over(count: float, measured: float) -> float:
    """A rate; 0 where too little was done for anything to be measured."""
    return count / measured if measured else 0.0


def _but_proof(day: Day) -> float:
    return sum(seconds for part, seconds in day.seconds.items() if part != "proof")


# ── the house and its days ────────────────────────────────────────────────────────────────────────────────────────


def _open(store: Store, accounts: int, say: Say) -> Book:
    say("making the tables")
    migrate(store.addresses.owner)
    return load_book(store.addresses.owner, store.addresses.engine, accounts, store.folder.path, say)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Closed:
    """A close, and when it ran on the machine's monotonic clock."""

    day: DayClosed
    began_s: float
    ended_s: float
    closer_cpu_s: float

    def of(self, answers: Sequence[Answered]) -> list[Answered]:
        return [answer for answer in answers if self.began_s <= answer.due_s <= self.ended_s]

    def told(self, answers: Sequence[Answered], watched: _Watched) -> Day:
        own = self.of(answers)
        latencies = sorted(answer.latency_us for answer in own) or [0]
        day = self.day
        lines = max(1, day.lines)
        server_cpu_s = watched.server_cpu_s(self.began_s, self.began_s + day.seconds["lines"])
        return Day(
            on=day.on,
            lines=day.lines,
            parked=day.parked,
            debited=day.debited,
            seconds=day.seconds,
            accounts_per_s=_over(day.lines, day.seconds["lines"]),
            closer_cpu_us=self.closer_cpu_s / lines * 1e6,
            server_cpu_us=server_cpu_s / lines * 1e6,
            live_ms={name: percentile(latencies, share) / 1000 for name, share in _SHARES.items()}
            | {"count": len(own)},
            refused=dict(Counter(answer.refusal for answer in own if answer.refusal)),
            holds=day.proof.holds,
        )


_SHARES = {"p50": 0.5, "p99": 0.99, "p99_9": 0.999}


class _Year:
    """The house's worker: it closes days, and first the backlog that the loaded book has."""

    def __init__(self, store: Store, say: Say) -> None:
        self._store, self._say = store, say

    def __enter__(self) -> _Year:
        url = self._store.addresses.engine
        self._engine = Engine(url, name="close")
        self.connection = psycopg.connect(url)
        self._bank_connection = psycopg.connect(url, autocommit=True)
        self._say("settling what the book has sold, and the first proof, of every event")
        first = close_day(self._engine, self.connection, LOADED_ON, bank=SimulatedBank(self._bank_connection))
        assert first.proof.holds, [check for check in first.proof.checks if not check.holds]
        self._say(f"first proof: {first.seconds['proof']:.1f} s")
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.close()
        self.connection.close()
        self._bank_connection.close()

    def close(self, to_on: date, what: str) -> _Closed:
        """Roll to a day and close all that is before it as one."""
        on = clock.read(self.connection).on
        self.connection.commit()
        while on < to_on:
            on = clock.roll(self.connection, on)
        self._say(f"{on}: {what}")
        closers = processes.ended_children_cpu_s()
        began = time.monotonic()
        day = close_day(self._engine, self.connection, on, bank=SimulatedBank(self._bank_connection))
        ended = time.monotonic()
        parts = ", ".join(f"{part} {seconds:.1f} s" for part, seconds in day.seconds.items())
        rate = _over(day.lines, day.seconds["lines"])
        self._say(f"{day.lines:,} lines, {rate:,.0f} a second, {day.debited:,} debited ({parts})")
        return _Closed(day=day, began_s=began, ended_s=ended, closer_cpu_s=processes.ended_children_cpu_s() - closers)

    def catch_up(self, to_on: date) -> float:
        """Seconds of closing every day up to this one, each before the next."""
        began = time.monotonic()
        days = close_through(self._engine, self.connection, to_on, bank=SimulatedBank(self._bank_connection))
        assert all(day.proof.holds and day.parked == 0 for day in days)
        return time.monotonic() - began


@contextmanager
def _live(store: Store, book: Book) -> Iterator[Any]:
    """Authorizations in a process of their own; what is given ends them and gives their answers."""
    task = LiveTask(
        engine_url=store.addresses.engine,
        population_file=str(book.population),
        merchant_id=book.merchant_id,
        rate=LIVE_PER_S,
        seed=1,
    )
    with Load("florin.bench.close_load", task) as load:
        load.wait_until_ready()
        load.start()
        time.sleep(_SETTLE_S)

        def end() -> list[Answered]:
            time.sleep(_SETTLE_S)
            load.stop()
            return load.answer(LiveSample).answers

        yield end


def _catch_up(accounts: int, scale: CloseScale, parent: Path | None, say: Say) -> dict[str, float]:
    """One book that misses days again and again: the first stretch has nothing due, the others a close and due days."""
    took: dict[str, float] = {}
    with own_store(parent) as (store, _):
        _open(store, accounts, say)
        with _Year(store, say) as year:
            on = LOADED_ON
            for days in scale.missed_days:
                on += timedelta(days=days)
                took[str(days)] = round(year.catch_up(on), 3)
                say(f"{days} missed days on {accounts:,} accounts: {took[str(days)]:.1f} s")
    return took


# ── what is beside it ─────────────────────────────────────────────────────────────────────────────────────────────


def _tpcb(postgres: EmbeddedPostgres, scale: CloseScale) -> tuple[float, float]:
    """(transactions a second, CPU microseconds of the server for each): pgbench's TPC-B, prepared, 16 clients, 2 threads."""
    with psycopg.connect(postgres.dsn(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TPCB} OWNER {OWNER}")
    address = postgres.dsn(OWNER, TPCB)
    postgres.run_binary("pgbench", "-i", "-q", "-s", str(scale.tpcb_scale), address)
    server = processes.family_cpu_s(postgres.pid)
    done = postgres.run_binary(
        "pgbench", "-n", "-M", "prepared", "-c", "16", "-j", "2", "-T", str(scale.tpcb_seconds), address
    )
    server = processes.family_cpu_s(postgres.pid) - server
    transactions = re.search(r"actually processed: (\d+)", done.stdout)
    rate = re.search(r"tps = ([\d.]+)", done.stdout)
    assert transactions is not None
    assert rate is not None
    return float(rate[1]), server / int(transactions[1]) * 1e6


class _Watched:
    """Five looks a second: the most that each process has had resident (megabytes, by what it is), and the server's CPU."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self._server = postgres.pid
        self.most: dict[str, float] = {}
        self._cpu: list[tuple[float, float]] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look, name="florin-bench-watch")

    def __enter__(self) -> _Watched:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def server_cpu_s(self, began_s: float, ended_s: float) -> float:
        """Between two moments of the machine's monotonic clock, as near as the looks are."""
        within = [cpu_s for at_s, cpu_s in self._cpu if began_s <= at_s <= ended_s]
        return within[-1] - within[0] if within else 0.0

    def _look(self) -> None:
        while not self._stopped.wait(_LOOK_S):
            self._cpu.append((time.monotonic(), processes.family_cpu_s(self._server)))
            own = [("closing process", processes.memory(os.getpid()))]
            for title, memory in (*own, *processes.family(os.getpid()), *processes.family(self._server)):
                name = next((name for mark, name in _NAMES if mark in title), "")
                if name:
                    self.most[name] = max(self.most.get(name, 0.0), round(memory.resident / _MB, 1))


_NAMES = (
    ("closing process", "closing process"),
    ("florin.engine.closer", "closer"),
    ("florin.bench.close_load", "live load"),
    ("[local]", "server: backend"),
    ("postgres:", "server: other"),
)
