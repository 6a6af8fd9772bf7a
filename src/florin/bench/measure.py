"""One measurement: start the loads together, read the clocks of everybody who works, and say what it came to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import msgspec
import psycopg

from florin.bench import processes
from florin.bench.engine_load import EngineTask
from florin.bench.house import TPCB, House
from florin.bench.http_load import HttpTask
from florin.bench.load import Load, Sample, percentile
from florin.bench.processes import Memory
from florin.store import OWNER


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What one run came to. rate: payments (or TPC-B's transactions) a second.

    The four cpu_us are microseconds for each of them: of the client that only asks, of the Python process that serves or runs
    the engine, of the server's backends, and of the server's other processes (log writer, checkpointer, ...). wal_bytes: of
    write-ahead log for each. batch, lanes: mean payments of a batch and mean lanes that it touches. latency_us: of a call.
    """

    rate: float
    payments: int
    seconds: float
    latency_us: dict[str, int]
    wal_bytes: float
    server_cpu_us: float
    other_server_cpu_us: float
    client_cpu_us: float = 0.0
    python_cpu_us: float = 0.0
    batch: float | None = None
    lanes: float | None = None
    prepared_us: float = 0.0
    memory: dict[str, Memory] = {}

    @property
    def cpu_us(self) -> float:
        """CPU of everybody for one payment."""
        return self.client_cpu_us + self.python_cpu_us + self.server_cpu_us + self.other_server_cpu_us


class Gauges:
    """What the server used between two looks: CPU of its processes, bytes of its log, batches of its writers."""

    def __init__(self, house: House, connection: psycopg.Connection[Any]) -> None:
        self._server = house.postgres.pid
        self._connection = connection
        self._log = self._ask("SELECT pg_current_wal_insert_lsn()")
        self._batches = self._committed()
        self._backends, self._all = self._server_cpu_s()

    def cpu_s(self) -> tuple[float, float]:
        """(of the backends, of the others) since the first look, those that came and went included."""
        backends, everybody = self._server_cpu_s()
        of_backends = backends - self._backends
        return of_backends, max(0.0, everybody - self._all - of_backends)

    def wal_bytes(self) -> int:
        return int(self._ask("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s)", self._log))

    def batches(self) -> tuple[int, int]:
        """(batches, events in them) since the first look."""
        batches, events = self._committed()
        return batches - self._batches[0], events - self._batches[1]

    def _committed(self) -> tuple[int, int]:
        row = self._connection.execute("SELECT count(*), coalesce(sum(events), 0)::bigint FROM batch").fetchone()
        assert row is not None
        return int(row[0]), int(row[1])

    def _server_cpu_s(self) -> tuple[float, float]:
        """Backends that ended are in the server's own sum; that is why both looks come while the same ones live."""
        own = self._connection.info.backend_pid
        children = [child for child in processes.children(self._server) if child != own]
        backends = [child for child in children if _IS_BACKEND.search(processes.title(child))]
        others = processes.family_cpu_s(self._server) - processes.cpu_s(own)
        return sum(map(processes.cpu_s, backends)), others

    def _ask(self, question: Any, *parameters: Any) -> Any:
        row = self._connection.execute(question, parameters).fetchone()
        assert row is not None
        return row[0]


_IS_BACKEND = re.compile(r"postgres: \S+ \S+ \[local\]")


def engine_runs(house: House, connection: psycopg.Connection[Any], tasks: Sequence[EngineTask]) -> Run:
    """Run the tasks at the same time, each in a process of its own, and sum them up."""
    with ExitStack() as stack:
        loads = [stack.enter_context(Load("florin.bench.engine_load", task)) for task in tasks]
        for load in loads:
            load.wait_until_ready()
        gauges = Gauges(house, connection)
        for load in loads:
            load.start()
        samples = [load.sample() for load in loads]
        used = gauges.cpu_s()
        run = _run_of(samples, used, gauges)
        return msgspec.structs.replace(
            run,
            python_cpu_us=sum(sample.cpu_s for sample in samples) / run.payments * 1e6,
            memory=_memory_of_loads("engine", loads) | _memory_of_server(house),
        )


def http_run(house: House, connection: psycopg.Connection[Any], api_pid: int, task: HttpTask) -> Run:
    """Run the client against the API's process."""
    with Load("florin.bench.http_load", task) as load:
        load.wait_until_ready()
        gauges, api_s = Gauges(house, connection), processes.cpu_s(api_pid)
        load.start()
        sample = load.sample()
        used, api_s = gauges.cpu_s(), processes.cpu_s(api_pid) - api_s
        run = _run_of([sample], used, gauges)
        return msgspec.structs.replace(
            run,
            client_cpu_us=sample.cpu_s / run.payments * 1e6,
            python_cpu_us=api_s / run.payments * 1e6,
            memory={"api": processes.memory(api_pid), "client": processes.memory(load.pid)} | _memory_of_server(house),
        )


def tpcb_run(house: House, connection: psycopg.Connection[Any], seconds: int) -> Run:
    """pgbench's TPC-B as the issue of this benchmark words it: prepared, 16 clients, 2 threads."""
    gauges, client_s = Gauges(house, connection), processes.ended_children_cpu_s()
    done = house.postgres.run_binary(
        "pgbench", "-n", "-M", "prepared", "-c", "16", "-j", "2", "-T", str(seconds), house.postgres.dsn(OWNER, TPCB)
    )
    client_s = processes.ended_children_cpu_s() - client_s
    said = done.stdout
    payments = int(_found(r"actually processed: (\d+)", said))
    rate = float(_found(r"tps = ([\d.]+)", said))
    _, server_s = gauges.cpu_s()  # its backends have ended, so all of it is in the server's own sum
    return Run(
        rate=rate,
        payments=payments,
        seconds=payments / rate,
        latency_us={"mean": round(float(_found(r"latency average = ([\d.]+)", said)) * 1000)},
        wal_bytes=gauges.wal_bytes() / payments,
        client_cpu_us=client_s / payments * 1e6,
        server_cpu_us=server_s / payments * 1e6,
        other_server_cpu_us=0.0,
    )


def _run_of(samples: Sequence[Sample], used: tuple[float, float], gauges: Gauges) -> Run:
    payments = sum(sample.payments for sample in samples)
    seconds = max(sample.ended_s for sample in samples) - min(sample.began_s for sample in samples)
    latencies = sorted(latency for sample in samples for latency in sample.latencies_us)
    batches, events = gauges.batches()
    lanes = [sample.lanes for sample in samples if sample.lanes is not None]
    return Run(
        rate=payments / seconds,
        payments=payments,
        seconds=seconds,
        latency_us={name: percentile(latencies, share) for name, share in _SHARES.items()},
        wal_bytes=gauges.wal_bytes() / payments,
        server_cpu_us=used[0] / payments * 1e6,
        other_server_cpu_us=used[1] / payments * 1e6,
        batch=events / batches,
        lanes=sum(lanes) / len(lanes) if lanes else None,
        prepared_us=sum(sample.prepared_us for sample in samples) / len(samples),
    )


_SHARES = {"p50": 0.5, "p99": 0.99, "p99_9": 0.999}


def _memory_of_loads(name: str, loads: Sequence[Load]) -> dict[str, Memory]:
    if len(loads) == 1:
        return {name: processes.memory(loads[0].pid)}
    return {f"{name} {number}": processes.memory(load.pid) for number, load in enumerate(loads, start=1)}


def _memory_of_server(house: House) -> dict[str, Memory]:
    """The largest backend, and the largest of the server's other processes."""
    children = processes.family(house.postgres.pid)
    backends = [memory for title, memory in children if _IS_BACKEND.search(title)]
    others = [memory for title, memory in children if not _IS_BACKEND.search(title)]
    return {
        name: max(found, key=lambda memory: memory.resident)
        for name, found in (("largest backend", backends), ("largest other server process", others))
        if found
    }


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match is not None, f"pgbench said something else: {text}"
    return match[1]
