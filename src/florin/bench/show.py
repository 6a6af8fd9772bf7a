"""The report as people read it."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from florin.bench.pay import HEADLINE, Report

_GIB, _MB = 2**30, 1_000_000


def report_view(report: Report) -> RenderableType:
    parts: list[RenderableType] = [
        _machine(report), "", _rates(report), "", _costs(report), "", _stored(report), "", _memory(report), "", _proof(report)
    ]  # fmt: skip
    return Group(*parts)


def _machine(report: Report) -> RenderableType:
    machine = report.machine
    settings = machine["settings"]
    assert isinstance(settings, dict)
    memory = machine["memory_bytes"]
    assert isinstance(memory, int)
    lines = [
        f"{machine['cpu']}, {machine['cores']} cores, {memory / _GIB:.0f} GiB, Linux {machine['kernel']}",
        f"PostgreSQL {machine['postgresql']}, Python {machine['python']}; data on {machine['file_system']},"
        f" one 8 KiB sync {machine['sync_us']} µs",
        ", ".join(f"{name} {value}" for name, value in settings.items()),
        f"load average before {report.load_average['before']}, after {report.load_average['after']};"
        f" {report.lines:,} lines, drawn uniformly, half of the sales at one merchant",
    ]
    return Text("\n".join(lines))


def _rates(report: Report) -> Table:
    table = _table(
        "",
        "a second",
        "× TPC-B",
        "all runs",
        "batch",
        "lanes",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
        "processes × connections",
    )
    for result in (report.tpcb, *report.results):
        median = result.median
        latency = [_ms(median.latency_us.get(name)) for name in ("p50", "p99", "p99_9")]
        if "mean" in median.latency_us:
            latency[0] = f"mean {_ms(median.latency_us['mean'])}"
        table.add_row(
            result.says,
            f"{result.rate:,.0f}",
            f"{result.ratio:.2f}",
            f"{result.cpu_ratio:.2f}",
            " ".join(f"{rate:,.0f}" for rate in result.runs),
            "" if median.batch is None else f"{median.batch:,.1f}",
            "" if median.lanes is None else f"{median.lanes:.1f}",
            *latency,
            f"{result.processes} × {result.connections}" if result.processes else "",
            style="bold" if result.name in (HEADLINE, "http") else "",
        )
    return table


def _costs(report: Report) -> Table:
    """CPU and log of one payment."""
    table = _table(
        "for one payment", "client µs", "Python µs", "backends µs", "other server µs", "log bytes", "built before µs"
    )
    for result in (report.tpcb, *report.results):
        median = result.median
        table.add_row(
            result.says,
            _us(median.client_cpu_us),
            _us(median.python_cpu_us),
            _us(median.server_cpu_us),
            _us(median.other_server_cpu_us),
            f"{median.wal_bytes:,.0f}",
            _us(median.prepared_us),
        )
    return table


def _stored(report: Report) -> Table:
    stored = report.stored
    table = _table("bytes stored for one payment", "table", "indexes")
    for name, (rows, index) in sorted(stored.by_table.items(), key=lambda item: -sum(item[1])):
        table.add_row(name, f"{rows:,.0f}", f"{index:,.0f}")
    table.add_row("sum", f"{stored.table:,.0f}", f"{stored.index:,.0f}", style="bold")
    table.add_row("both", f"{stored.total:,.0f}", "", style="bold")
    table.add_row("outbox, where somebody listens", f"{stored.outbox:,.0f}", "")
    table.add_row("write-ahead log", f"{stored.wal:,.0f}", "")
    return table


def _memory(report: Report) -> Table:
    table = _table("resident memory, at most", "MB", "of its own MB")
    for name, memory in report.memory.items():
        table.add_row(name, f"{memory.resident / _MB:,.0f}", f"{memory.own / _MB:,.0f}")
    return table


def _proof(report: Report) -> Text:
    proof = report.proof
    seen = f"{proof.events:,} events of {proof.payments:,} payments in {proof.batches:,} batches, {proof.seconds:.0f} s"
    if proof.holds:
        return Text(f"The books hold: {seen}.", style="green")
    return Text("\n".join([f"The books do NOT hold: {seen}.", *proof.differences]), style="bold red")


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _ms(microseconds: int | None) -> str:
    return "" if microseconds is None else f"{microseconds / 1000:,.1f}"


def _us(microseconds: float) -> str:
    return f"{microseconds:,.0f}" if microseconds else ""
