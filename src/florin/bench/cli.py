"""`florin bench`: measure this machine. What is measured stands in `pay.py`, `close.py`, `wires.py` and `settle.py`, the
question about plans in `plans.py`. `replay.py` measures the lab against the engine, `lab.py` how fast it is.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Measure payments and the day close on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def bench() -> None:
    """Measure payments and the day close on this machine."""


@app.command()
def pay(
    as_json: Annotated[bool, typer.Option("--json", help="The report for programs, on the standard output.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="One short round: a first look, not a figure to quote.")
    ] = False,
    plans: Annotated[
        bool, typer.Option("--plans", help="Instead: are a batch's statements still by index among --rows payments?")
    ] = False,
    rows: Annotated[int, typer.Option(help="With --plans: how many payments are loaded.", min=1_000)] = 10_000_000,
    folder: Annotated[
        Path | None, typer.Option(help="Where the data is put meanwhile; else the usual temporary place.")
    ] = None,
) -> None:
    """Payments a second against pgbench's TPC-B, and what each costs. Exit code 1 when the books, or the plans, do not hold."""
    # Imported here: `florin bench --help` needs none of it.
    import msgspec
    from rich.console import Console

    from florin.app.supervisor import StopSignals

    StopSignals()  # a signal ends it by SystemExit, so that what it started is stopped and its folder goes
    progress = Console(stderr=True)
    # In a file or a pipe there is room for the whole width of a row.
    console = Console() if sys.stdout.isatty() else Console(width=200)
    began = time.monotonic()

    def say(text: str) -> None:
        progress.print(f"[dim]{time.monotonic() - began:6.0f} s[/]  {text}", highlight=False)

    if plans:
        from florin.bench.plans import check, plans_view

        found = check(rows, parent=folder, say=say)
        if as_json:
            typer.echo(msgspec.json.encode(found))
        else:
            console.print(plans_view(found))
        raise typer.Exit(0 if found.holds else 1)

    from florin.bench.pay import document, measure
    from florin.bench.scale import FULL, QUICK
    from florin.bench.show import report_view

    report = measure(QUICK if quick else FULL, parent=folder, say=say)
    if as_json:
        typer.echo(msgspec.json.encode(document(report)))
    else:
        console.print(report_view(report))
    raise typer.Exit(0 if report.proof.holds else 1)


@app.command()
def close(
    as_json: Annotated[bool, typer.Option("--json", help="The report for programs, on the standard output.")] = False,
    accounts: Annotated[int, typer.Option(help="How large the book is.", min=200)] = 1_000_000,
    quick: Annotated[
        bool, typer.Option("--quick", help="20,000 accounts and short stretches: a first look, not a figure to quote.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option(help="Where the data is put meanwhile; else the usual temporary place.")
    ] = None,
) -> None:
    """The day close on a large book while shoppers go on paying. Exit code 1 when the books do not hold."""
    import msgspec
    from rich.console import Console

    from florin.app.supervisor import StopSignals
    from florin.bench.close import CloseScale, measure
    from florin.bench.close_show import close_view

    StopSignals()
    progress = Console(stderr=True)
    began = time.monotonic()

    def say(text: str) -> None:
        progress.print(f"[dim]{time.monotonic() - began:6.0f} s[/]  {text}", highlight=False)

    scale = CloseScale(accounts=20_000, catch_up=(1_000,), tpcb_seconds=5) if quick else CloseScale(accounts=accounts)
    report = measure(scale, parent=folder, say=say)
    if as_json:
        typer.echo(msgspec.json.encode(report))
    else:
        (Console() if sys.stdout.isatty() else Console(width=200)).print(close_view(report))
    raise typer.Exit(0 if report.holds else 1)


@app.command()
def settle(
    as_json: Annotated[bool, typer.Option("--json", help="The report for programs, on the standard output.")] = False,
    trades: Annotated[int, typer.Option(help="How many sales the day has.", min=100)] = 100_000,
    merchants: Annotated[int, typer.Option(help="How many merchants made them.", min=1, max=5_000)] = 200,
    folder: Annotated[
        Path | None, typer.Option(help="Where the data is put meanwhile; else the usual temporary place.")
    ] = None,
) -> None:
    """A large day settled: closed, proven, paid out, every merchant's files written. Exit code 1 when the sums do not hold."""
    import msgspec
    from rich.console import Console

    from florin.app.supervisor import StopSignals
    from florin.bench.settle import measure

    StopSignals()
    progress = Console(stderr=True)
    began = time.monotonic()

    def say(text: str) -> None:
        progress.print(f"[dim]{time.monotonic() - began:6.0f} s[/]  {text}", highlight=False)

    report = measure(trades, merchants, parent=folder, say=say)
    if as_json:
        typer.echo(msgspec.json.encode(report))
    else:
        console = Console() if sys.stdout.isatty() else Console(width=120)
        console.print(
            f"{report.trades:,} sales, {report.refunds:,} refunds, {report.merchants} merchants", highlight=False
        )
        for part, seconds in report.seconds.items():
            console.print(f"{part:>20}  {seconds:8.2f} s", highlight=False)
        console.print(f"{report.files:,} files, {report.megabytes:,.0f} MB", highlight=False)
    raise typer.Exit(0 if report.holds else 1)


@app.command()
def wires(
    as_json: Annotated[bool, typer.Option("--json", help="The report for programs, on the standard output.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="One short round: a first look, not a figure to quote.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option(help="Where the data is put meanwhile; else the usual temporary place.")
    ] = None,
) -> None:
    """Payments a second through each wire, against the signatures they need. Exit code 1 when the books do not hold."""
    import msgspec
    from rich.console import Console

    from florin.app.supervisor import StopSignals
    from florin.bench.scale import WIRES, WIRES_QUICK
    from florin.bench.wires import measure
    from florin.bench.wires_show import wires_view

    StopSignals()
    progress = Console(stderr=True)
    began = time.monotonic()

    def say(text: str) -> None:
        progress.print(f"[dim]{time.monotonic() - began:6.0f} s[/]  {text}", highlight=False)

    report = measure(WIRES_QUICK if quick else WIRES, parent=folder, say=say)
    if as_json:
        typer.echo(msgspec.json.encode(report))
    else:
        (Console() if sys.stdout.isatty() else Console(width=200)).print(wires_view(report))
    raise typer.Exit(0 if report.holds else 1)


@app.command()
def replay(
    program: Annotated[str, typer.Argument(help="The program under which people live.")] = "huabei",
    people: Annotated[int, typer.Option(help="How many of them.", min=1, max=100_000)] = 1_000,
    months: Annotated[int, typer.Option(help="How many months they live.", min=1, max=60)] = 8,
    as_json: Annotated[bool, typer.Option("--json", help="The report for programs, on the standard output.")] = False,
    folder: Annotated[
        Path | None, typer.Option(help="Where the data is put meanwhile; else the usual temporary place.")
    ] = None,
) -> None:
    """Lives of the lab's book lived again through the engine. Exit code 1 when income or loss differ by a fen."""
    import logging

    import msgspec
    import structlog
    from rich.console import Console

    from florin.app.supervisor import StopSignals
    from florin.bench.replay import measure
    from florin.money import yuan_text

    StopSignals()
    # Each closed day is logged; only what went wrong belongs beside a report.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    progress = Console(stderr=True)
    began = time.monotonic()

    def say(text: str) -> None:
        progress.print(f"[dim]{time.monotonic() - began:6.0f} s[/]  {text}", highlight=False)

    report = measure(program, people, months, parent=folder, say=say)
    if as_json:
        typer.echo(msgspec.json.encode(report))
    else:
        console = Console() if sys.stdout.isatty() else Console(width=120)
        for field, minor in msgspec.structs.asdict(report.book).items():
            in_ledger = getattr(report.ledger, field)
            console.print(
                f"{field:>12}  book {yuan_text(minor):>15}  ledger {yuan_text(in_ledger):>15}", highlight=False
            )
        console.print("the same, to the fen" if report.same else "they differ", highlight=False)
    raise typer.Exit(0 if report.same else 1)


@app.command()
def lab(
    as_json: Annotated[bool, typer.Option("--json", help="The report for programs, on the standard output.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="A small run: a first look, not a figure to quote.")] = False,
) -> None:
    """Person-months a second of the lab, against the same model in Mesa. Exit code 1 when results differ."""
    import msgspec
    from rich.console import Console

    from florin.app.supervisor import StopSignals
    from florin.bench.lab import measure
    from florin.bench.lab_show import lab_view
    from florin.bench.scale import LAB, LAB_QUICK

    StopSignals()
    progress = Console(stderr=True)
    began = time.monotonic()

    def say(text: str) -> None:
        progress.print(f"[dim]{time.monotonic() - began:6.0f} s[/]  {text}", highlight=False)

    report = measure(LAB_QUICK if quick else LAB, say=say)
    if as_json:
        typer.echo(msgspec.json.encode(report))
    else:
        (Console() if sys.stdout.isatty() else Console(width=160)).print(lab_view(report))
    raise typer.Exit(0 if report.holds else 1)
