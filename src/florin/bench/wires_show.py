"""The report of the wires as people read it."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from florin.bench.wires import Figures, Report


def wires_view(report: Report) -> RenderableType:
    machine = report.machine
    lines = [
        f"{machine['cpu']}, {machine['cores']} cores; PostgreSQL {machine['postgresql']}, Python {machine['python']}",
        f"load average before {report.load_average['before']}, after {report.load_average['after']}",
    ]
    told = [
        f"{report.notified:,} notifies answered; from payment to success p50 {report.notify_p50_ms:,.0f} ms,"
        f" p99 {report.notify_p99_ms:,.0f} ms",
        f"{report.settled:,} trades settled, with their files: {report.settle_100k_s:,.1f} s",
        "the books hold" if report.holds else "the books do NOT hold",
    ]
    return Group(Text("\n".join(lines)), "", _rates(report), "", _told(report), "", Text("\n".join(told)))


def _rates(report: Report) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("", no_wrap=True)
    for name in ("a second", "of the limit", "p50 ms", "p99 ms", "all runs"):
        table.add_column(name, justify="right")
    rows: list[tuple[str, Figures]] = [
        ("signatures alone: the limit", report.limit),
        ("Alipay, nobody told", report.alipay),
        ("WeChat Pay, nobody told", report.wechatpay),
        ("REST, nothing signed", report.rest),
        *((f"{wire}, each told: two signatures", figures) for wire, figures in report.with_notify.items()),
    ]
    for says, figures in rows:
        share = "" if figures.share_of_limit is None else f"{figures.share_of_limit:.0%}"
        latencies = [f"{ms:,.1f}" if ms else "" for ms in (figures.p50_ms, figures.p99_ms)]
        runs = " ".join(f"{rate:,.0f}" for rate in figures.runs)
        table.add_row(says, f"{figures.rate:,.0f}", share, *latencies, runs)
    return table


def _told(report: Report) -> Table:
    """At a steady rate, beside nothing but the sales."""
    table = Table(box=None, pad_edge=False)
    table.add_column("sales through the engine, each told", no_wrap=True)
    for name in ("a second", "heard", "p50 ms", "p99 ms", "worker µs each", "server µs each"):
        table.add_column(name, justify="right")
    for rate, told in report.told.items():
        for name, one in told.items():
            figures = (one.rate, one.heard, one.p50_ms, one.p99_ms, one.worker_us, one.server_us)
            table.add_row(f"{name}, {int(rate):,} wanted", *(f"{figure:,.0f}" for figure in figures))
    return table
