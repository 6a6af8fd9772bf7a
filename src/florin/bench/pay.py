"""`florin bench pay`: the whole benchmark, in turns, and what it came to."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import psycopg

from florin.app.listening import Address
from florin.app.serve import children_of, reserved
from florin.app.supervisor import Supervisor
from florin.bench import machine
from florin.bench.engine_load import EngineTask
from florin.bench.house import House, Say, open_house
from florin.bench.http_load import HttpTask
from florin.bench.measure import Run, engine_runs, http_run, tpcb_run
from florin.bench.processes import Memory, require_proc
from florin.bench.scale import Scale
from florin.engine.proof import prove

TPCB = "tpcb"
HTTP = "http"
HEADLINE = "batch_100"
# What the API's process may commit on; the headline and every other figure without a suffix use both.
# As a house runs: several serving processes, each with its own gatherer and committing connection.
_PROCESSES = 2
_REQUESTS_PER_S_MAX = 6_000
_ANYWHERE = Address("127.0.0.1", 0)


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One row. runs: all of them, in the order they ran; the other figures are of the run with the median rate.

    ratio: of the median rate to TPC-B's. cpu_ratio: how many of these cost the CPU, of everybody, what one transaction of
    TPC-B costs; unlike rates it hardly moves when the machine has other work. processes, connections: who committed.
    listening: share of sales with a listener.
    """

    name: str
    says: str
    rate: float
    ratio: float
    cpu_ratio: float
    median: Run
    runs: tuple[float, ...]
    processes: int = 0
    connections: int = 0
    listening: float = 0.0


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of each payment, over all payments of the benchmark: [table, indexes] by table, and sums.

    outbox is what a payment with a listener stores beside; it is in no sum. wal: median of the batch-100 runs.
    """

    table: float
    index: float
    total: float
    wal: float
    by_table: dict[str, tuple[float, float]]
    outbox: float


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """The books after all of it. differences: empty when they hold."""

    holds: bool
    events: int
    payments: int
    batches: int
    seconds: float
    differences: tuple[str, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found out."""

    machine: dict[str, object]
    load_average: dict[str, list[float]]
    lines: int
    tpcb: Result
    results: tuple[Result, ...]
    stored: Stored
    memory: dict[str, Memory]
    proof: Proven

    def result(self, name: str) -> Result:
        return next(result for result in self.results if result.name == name)


class _Contender:
    """Something that takes its turn in each round."""

    def __init__(
        self,
        name: str,
        says: str,
        run: Callable[[int], Run],
        processes: int = 0,
        connections: int = 0,
        listening: float = 0,
    ) -> None:
        self.name, self.says, self.run = name, says, run
        self.processes, self.connections, self.listening = processes, connections, listening
        self.runs: list[Run] = []


def measure(scale: Scale, *, parent: Path | None = None, say: Say = lambda text: None) -> Report:
    """Everything, on a house of its own. parent: where the data is put, else the usual temporary place.

    Raises NoProc; LoadFailed and UnexpectedAnswer when a sale was refused or a process died.
    """
    require_proc()
    load_began = machine.load_average()
    with (
        open_house(scale, parent, say) as house,
        psycopg.connect(house.superuser_url, autocommit=True) as connection,
        _api(house) as (api_at, api_pid),
    ):
        described = machine.describe(connection, house.store.folder.path)
        began = _look(connection)
        contenders = _contenders(house, connection, scale, api_at, api_pid)
        for number in range(scale.rounds):
            for contender in contenders:
                say(f"round {number + 1} of {scale.rounds}: {contender.says}")
                contender.runs.append(contender.run(number))
                say(f"{contender.says}: {contender.runs[-1].rate:,.0f} a second")
        ended, lanes = _look(connection), _lanes_of_api(connection)
        say("proving the books")
        proof = _prove(house)
    tpcb, *others = contenders
    results = tuple(_result(contender, tpcb, lanes if contender.name == HTTP else None) for contender in others)
    return Report(
        machine=described,
        load_average={"before": load_began, "after": machine.load_average()},
        lines=scale.lines,
        tpcb=_result(tpcb, tpcb),
        results=results,
        stored=_stored(others, began, ended),
        memory=_memory(others),
        proof=proof,
    )


def document(report: Report) -> dict[str, Any]:
    """The report for programs: a key for each row, beside machine, bytes, memory and proof."""
    rows = {result.name: _row(result) for result in (report.tpcb, *report.results)}
    return rows | {
        "machine": report.machine,
        "load_average": report.load_average,
        "lines": report.lines,
        "bytes_per_payment": msgspec.to_builtins(report.stored),
        "memory_bytes": msgspec.to_builtins(report.memory),
        "proof": msgspec.to_builtins(report.proof),
    }


def _row(result: Result) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.to_builtins(result)
    median = built.pop("median")
    del built["name"], median["memory"]
    return built | {key: value for key, value in median.items() if key != "rate"}


# ── who takes turns ───────────────────────────────────────────────────────────────────────────────────────────────


def _contenders(
    house: House, connection: psycopg.Connection[Any], scale: Scale, api_at: Address, api_pid: int
) -> list[_Contender]:
    file = str(house.population_file)
    seeds = iter(range(1, 1_000_000))

    def engine(
        name: str, says: str, batch: int, *, processes: int, connections: int, listened_to: bool = False
    ) -> _Contender:
        def run(number: int) -> Run:
            tasks = [
                EngineTask(
                    population_file=file,
                    payments=scale.payments[batch] // processes,
                    batch=batch,
                    connections=connections,
                    listened_to=listened_to,
                    seed=next(seeds),
                )
                for _ in range(processes)
            ]
            return engine_runs(house, connection, tasks)

        return _Contender(name, says, run, processes, connections, float(listened_to))

    def http(number: int) -> Run:
        task = HttpTask(
            population_file=file,
            host=api_at.host,
            port=api_at.port,
            sockets=scale.sockets,
            seconds=scale.http_seconds,
            requests_max=int(scale.http_seconds * _REQUESTS_PER_S_MAX) + 16 * scale.sockets,
            seed=next(seeds),
        )
        return http_run(house, connection, api_pid, task)

    contenders = [_Contender(TPCB, "TPC-B (pgbench)", lambda number: tpcb_run(house, connection, scale.tpcb_seconds))]
    for batch in scale.payments:
        contenders += [
            engine(f"batch_{batch}", f"engine, batches of {batch:,}", batch, processes=_PROCESSES, connections=1),
            engine(f"batch_{batch}_one_process", "the same, one process", batch, processes=1, connections=1),
        ]
    batch = int(HEADLINE.removeprefix("batch_"))
    if batch in scale.payments:
        says = f"engine, batches of {batch}"
        contenders += [
            engine(f"{HEADLINE}_two_connections", f"{says}, one process, two connections", batch, processes=1, connections=2),
            engine(f"{HEADLINE}_listening", f"{says}, all listened to", batch, processes=_PROCESSES, connections=1,
                   listened_to=True),
        ]  # fmt: skip
    return [*contenders, _Contender(HTTP, "HTTP, one payment a request", http, processes=1, connections=1)]


@contextmanager
def _api(house: House) -> Iterator[tuple[Address, int]]:
    """The API's process as `florin serve` runs it; where it listens, and its number."""
    with reserved(_ANYWHERE) as api_at, reserved(_ANYWHERE) as pages_at:
        api = next(
            child for child in children_of(house.store, api_at=[api_at], pages_at=pages_at) if child.name == "API"
        )
        with Supervisor([api]):
            assert api.process is not None
            yield api_at, api.process.pid


# ── what it came to ───────────────────────────────────────────────────────────────────────────────────────────────


def _result(contender: _Contender, tpcb: _Contender, lanes: float | None = None) -> Result:
    """lanes: of a batch, when the runs themselves could not know."""
    median, rate = _median(contender.runs), statistics.median(run.rate for run in contender.runs)
    return Result(
        name=contender.name,
        says=contender.says,
        rate=rate,
        ratio=rate / statistics.median(run.rate for run in tpcb.runs),
        cpu_ratio=_cpu_us(tpcb.runs) / _cpu_us(contender.runs),
        median=median if lanes is None else msgspec.structs.replace(median, lanes=lanes),
        runs=tuple(run.rate for run in contender.runs),
        processes=contender.processes,
        connections=contender.connections,
        listening=contender.listening,
    )


def _cpu_us(runs: list[Run]) -> float:
    return statistics.median(run.cpu_us for run in runs)


def _median(runs: list[Run]) -> Run:
    """The run in the middle; of two, the slower."""
    return sorted(runs, key=lambda run: run.rate)[(len(runs) - 1) // 2]


class _Look(NamedTuple):
    """sizes: bytes of (table, its indexes). payments, told: rows of payments and of the outbox."""

    sizes: dict[str, tuple[int, int]]
    payments: int
    told: int


_TABLES = ("event", "claim", "trade", "payment", "batch", "line", "line_account", "outbox")
_SIZES = """
    SELECT relname, pg_relation_size(oid), pg_indexes_size(oid) FROM pg_class
     WHERE relname = ANY(%(tables)s) AND relnamespace = 'public'::regnamespace
"""
_ROWS = "SELECT (SELECT count(*) FROM payment), (SELECT count(*) FROM outbox)"


def _look(connection: psycopg.Connection[Any]) -> _Look:
    sizes = {name: (table, index) for name, table, index in connection.execute(_SIZES, {"tables": list(_TABLES)})}
    row = connection.execute(_ROWS).fetchone()
    assert row is not None
    return _Look(sizes, row[0], row[1])


def _stored(contenders: list[_Contender], began: _Look, ended: _Look) -> Stored:
    """Warm-ups count on both sides of the division."""
    payments, told = ended.payments - began.payments, ended.told - began.told
    grown = {
        name: (table - began.sizes[name][0], index - began.sizes[name][1])
        for name, (table, index) in ended.sizes.items()
    }
    outbox = sum(grown.pop("outbox"))
    by_table = {name: (table / payments, index / payments) for name, (table, index) in grown.items()}
    table, index = (sum(each[side] for each in by_table.values()) for side in (0, 1))
    headline = next((contender for contender in contenders if contender.name == HEADLINE), contenders[0])
    return Stored(
        table=table,
        index=index,
        total=table + index,
        wal=_median(headline.runs).wal_bytes,
        by_table=by_table,
        outbox=outbox / told if told else 0.0,
    )


_LANES = """
    SELECT avg(lanes)::float8
      FROM (SELECT count(DISTINCT lane.number) AS lanes
              FROM event e JOIN writer w USING (writer) CROSS JOIN LATERAL (VALUES (e.trade_id >> 40), (e.payment_id >> 40))
                   AS lane(number)
             WHERE w.process LIKE 'api/%'
          GROUP BY e.writer, e.batch) AS batches
"""


def _lanes_of_api(connection: psycopg.Connection[Any]) -> float | None:
    """Mean lanes of the batches that the API's process committed: of its payers and its orders."""
    row = connection.execute(_LANES).fetchone()
    assert row is not None
    return None if row[0] is None else float(row[0])


def _memory(contenders: list[_Contender]) -> dict[str, Memory]:
    """The most that any run saw of each kind of process."""
    most: dict[str, Memory] = {}
    for contender in contenders:
        for run in contender.runs:
            for name, memory in run.memory.items():
                if name not in most or memory.resident > most[name].resident:
                    most[name] = memory
    return most


_COUNTS = "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM payment), (SELECT count(*) FROM batch)"


def _prove(house: House) -> Proven:
    """Ask the books everything, hashes included: every event is read."""
    began = time.monotonic()
    with psycopg.connect(house.store.addresses.engine) as connection:
        proof = prove(connection)
        row = connection.execute(_COUNTS).fetchone()
    assert row is not None
    return Proven(
        holds=proof.holds,
        events=row[0],
        payments=row[1],
        batches=row[2],
        seconds=time.monotonic() - began,
        differences=tuple(difference for check in proof.checks for difference in check.differences[:10]),
    )
