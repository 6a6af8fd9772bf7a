"""The report of the day close as people read it."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from florin.bench.close import CloseReport


def close_view(report: CloseReport) -> RenderableType:
    machine = report.machine
    head = Text(
        f"{machine['cpu']}, {machine['cores']} cores, PostgreSQL {machine['postgresql']}, Python {machine['python']}; load"
        f" average before {report.load_average['before']}, after {report.load_average['after']}\n"
        f"{report.accounts:,} accounts, {report.events:,} events; TPC-B {report.tpcb_per_s:,.0f} a second"
    )
    return Group(head, "", _days(report), "", _memory(report), "", _missed(report), "", _told(report))


def _days(report: CloseReport) -> Table:
    table = _table(
        "day", "lines", "a second", "closer µs", "server µs", "lines s", "settlement s", "proof s", "live p50 ms", "p99",
        "p99.9", "refused",
    )  # fmt: skip
    for name, day in report.days.items():
        table.add_row(
            name.replace("_", " "), f"{day.lines:,}", f"{day.accounts_per_s:,.0f}", f"{day.closer_cpu_us:,.0f}",
            f"{day.server_cpu_us:,.0f}", f"{day.seconds['lines']:.1f}", f"{day.seconds['settlement']:.1f}",
            f"{day.seconds['proof']:.1f}", f"{day.live_ms['p50']:.1f}", f"{day.live_ms['p99']:.1f}",
            f"{day.live_ms['p99_9']:.1f}", ", ".join(f"{name} {count:,}" for name, count in day.refused.items()) or "0",
        )  # fmt: skip
    return table


def _memory(report: CloseReport) -> Table:
    table = _table("resident memory, at most", "MB")
    for name, megabytes in report.memory_mb.items():
        table.add_row(name, f"{megabytes:,.0f}")
    return table


def _missed(report: CloseReport) -> Table:
    days = list(next(iter(report.catch_up.values()), {}))
    table = _table("missed days, seconds", *days)
    for accounts, seconds in report.catch_up.items():
        table.add_row(f"{int(accounts):,} accounts", *(f"{seconds[each]:.1f}" for each in days))
    return table


def _told(report: CloseReport) -> Text:
    said = (
        f"A day with nothing due {report.idle_day_s:.1f} s; {report.cycle_day_accounts_per_s:,.0f} cycles closed a second,"
        f" {report.to_tpcb:.1f} × TPC-B ({report.cpu_to_tpcb:.1f} × by CPU);"
        f" {report.autopay_accounts_per_s:,.0f} banks debited a second; live p99 {report.live_p99_ms:.1f} ms,"
        f" {report.refused_by_close} of {report.live_authorizations:,} refused because of the close;"
        f" proof of a day {report.prove_s:.1f} s, of every event {report.prove_full_s:.1f} s;"
        f" ten years explained in {report.explain_ms:.0f} ms."
    )
    if report.holds:
        return Text(f"{said} The books hold.", style="green")
    return Text("\n".join([said, "The books do NOT hold.", *report.differences]), style="bold red")


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right")
    return table
