"""The report of the lab's speed as people read it."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from florin.bench.lab import Report


def lab_view(report: Report) -> RenderableType:
    machine = report.machine
    memory = machine["memory_bytes"]
    assert isinstance(memory, int)
    lines = [
        f"{machine['cpu']}, {machine['cores']} cores, {memory / 2**30:.0f} GiB, Python {machine['python']}",
        f"load average before {report.load_average['before']}, after {report.load_average['after']}",
        "",
        f"{report.people:,} people × {report.months} months × {report.lenders} lenders, lanes of {report.lane:,}"
        f" in {report.processes} processes",
        f"{report.seconds:,.1f} s, {report.rss_gb:.2f} GB in all processes together",
        f"{report.person_months_per_s:,.0f} person-months a second, {report.cpu_us:.1f} µs of CPU each",
        f"digest of the accounts {report.digest}",
    ]
    return Group(Text("\n".join([*lines, "", *_same(report), "", *_mesa(report), *report.lacks, "", _whatif(report)])))


def _same(report: Report) -> list[str]:
    told = ", ".join(f"{count}: {digest}" for count, digest in report.same_digests.items())
    agree = len(set(report.same_digests.values())) == 1
    return [f"by the number of processes {told}: {'the same' if agree else 'they DIFFER'}"]


def _mesa(report: Report) -> list[str]:
    mesa = report.mesa
    if mesa is None or report.mesa_ratio is None:
        return []
    return [
        f"Mesa {mesa.mesa}, {mesa.people:,} agents, {mesa.months} months: {mesa.agents_us:,.0f} µs of CPU a person and month"
        f" ({mesa.book_share:.0%} of it their lines' clock and bills); the lab for the same people {mesa.lanes_us:.1f} µs",
        f"{report.mesa_ratio:,.0f} times as many person-months in a second of CPU;"
        f" {'the same purchases, to the fen' if mesa.same else 'the purchases DIFFER'}",
    ]


def _whatif(report: Report) -> str:
    return f"what if, on a live book of {report.whatif_accounts:,} accounts: {report.whatif_s:,.1f} s"
