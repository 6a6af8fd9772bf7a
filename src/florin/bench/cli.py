"""`florin bench`: measure this machine. What is measured stands in `pay.py`, `close.py`, `wires.py` and `settle.py`, the
question about plans in `plans.py`. `replay.py` measures the lab against the engine, `lab.py` how fast it is.

Each command imports what it needs by itself: `florin bench --help` needs none of it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    help="Measure payments and the day close on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


AsJson = Annotated[bool, typer.Option("--json", help="The report for programs, on the standard output.")]
Quick = Annotated[bool, typer.Option("--quick", help="One short round: a first look, not a figure to quote.")]
Folder = Annotated[Path | None, typer.Option(help="Where the data is put meanwhile; else the usual temporary place.")]


@app.callback()
def bench() -> None:
    """Measure payments and the day close on this machine."""


def _begin() -> Callable[[str], None]:
    """What is said on the way goes to standard error, as does what went wrong: standard output is the report's alone.

    A signal ends the run by SystemExit, so that what it started is stopped and its folder goes.
    """
    from rich.console import Console

    from florin.app.supervisor import StopSignals, log_errors_alone

    StopSignals()
    log_errors_alone()
    progress = Console(stderr=True)
    began = time.monotonic()

    def say(text: str) -> None:
        progress.print(f"[dim]{time.monotonic() - began:6.0f} s[/]  {text}", highlight=False)

    return say


def _console(width: int) -> Console:
    """The terminal; in a file or a pipe there is room for `width` characters."""
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=width)


def _put(report: object) -> None:
    """The report for programs."""
    import msgspec

    typer.echo(msgspec.json.encode(report))


@app.command()
def pay(
    as_json: AsJson = False,
    quick: Quick = False,
    plans: Annotated[
        bool, typer.Option("--plans", help="Instead: are a batch's statements still by index among --rows payments?")
    ] = False,
    rows: Annotated[int, typer.Option(help="With --plans: how many payments are loaded.", min=1_000)] = 10_000_000,
    folder: Folder = None,
) -> None:
    """Payments a second against pgbench's TPC-B, and what each costs. Exit code 1 when the books, or the plans, do not hold."""
    say = _begin()
    if plans:
        from florin.bench.plans import check, plans_view

        found = check(rows, parent=folder, say=say)
        if as_json:
            _put(found)
        else:
            _console(200).print(plans_view(found))
        raise typer.Exit(0 if found.holds else 1)

    from florin.bench.pay import document, measure
    from florin.bench.scale import FULL, QUICK
    from florin.bench.show import report_view

    report = measure(QUICK if quick else FULL, parent=folder, say=say)
    if as_json:
        _put(document(report))
    else:
        _console(200).print(report_view(report))
    raise typer.Exit(0 if report.proof.holds else 1)


@app.command()
def close(
    as_json: AsJson = False,
    accounts: Annotated[int, typer.Option(help="How large the book is.", min=200)] = 1_000_000,
    quick: Annotated[
        bool, typer.Option("--quick", help="20,000 accounts and short stretches: a first look, not a figure to quote.")
    ] = False,
    folder: Folder = None,
) -> None:
    """The day close on a large book while shoppers go on paying. Exit code 1 when the books do not hold."""
    from florin.bench.close import CloseScale, measure
    from florin.bench.close_show import close_view

    say = _begin()
    scale = CloseScale(accounts=20_000, catch_up=(1_000,), tpcb_seconds=5) if quick else CloseScale(accounts=accounts)
    report = measure(scale, parent=folder, say=say)
    if as_json:
        _put(report)
    else:
        _console(200).print(close_view(report))
    raise typer.Exit(0 if report.holds else 1)


@app.command()
def settle(
    as_json: AsJson = False,
    trades: Annotated[int, typer.Option(help="How many sales the day has.", min=100)] = 100_000,
    merchants: Annotated[int, typer.Option(help="How many merchants made them.", min=1, max=5_000)] = 200,
    folder: Folder = None,
) -> None:
    """A large day settled: closed, proven, paid out, every merchant's files written. Exit code 1 when the sums do not hold."""
    from florin.bench.settle import measure

    say = _begin()
    report = measure(trades, merchants, parent=folder, say=say)
    if as_json:
        _put(report)
    else:
        console = _console(120)
        console.print(
            f"{report.trades:,} sales, {report.refunds:,} refunds, {report.merchants} merchants", highlight=False
        )
        for part, seconds in report.seconds.items():
            console.print(f"{part:>20}  {seconds:8.2f} s", highlight=False)
        console.print(f"{report.files:,} files, {report.megabytes:,.0f} MB", highlight=False)
    raise typer.Exit(0 if report.holds else 1)


@app.command()
def wires(
    as_json: AsJson = False,
    quick: Quick = False,
    folder: Folder = None,
) -> None:
    """Payments a second through each wire, against the signatures they need. Exit code 1 when the books do not hold."""
    from florin.bench.scale import WIRES, WIRES_QUICK
    from florin.bench.wires import measure
    from florin.bench.wires_show import wires_view

    say = _begin()
    report = measure(WIRES_QUICK if quick else WIRES, parent=folder, say=say)
    if as_json:
        _put(report)
    else:
        _console(200).print(wires_view(report))
    raise typer.Exit(0 if report.holds else 1)


@app.command()
def replay(
    program: Annotated[str, typer.Argument(help="The program under which people live.")] = "huabei",
    people: Annotated[int, typer.Option(help="How many of them.", min=1, max=100_000)] = 1_000,
    months: Annotated[int, typer.Option(help="How many months they live.", min=1, max=60)] = 8,
    as_json: AsJson = False,
    folder: Folder = None,
) -> None:
    """Lives of the lab's book lived again through the engine. Exit code 1 when income or loss differ by a fen."""
    import msgspec

    from florin.bench.replay import measure
    from florin.money import yuan_text

    say = _begin()
    report = measure(program, people, months, parent=folder, say=say)
    if as_json:
        _put(report)
    else:
        console = _console(120)
        for field, minor in msgspec.structs.asdict(report.book).items():
            in_ledger = getattr(report.ledger, field)
            console.print(
                f"{field:>12}  book {yuan_text(minor):>15}  ledger {yuan_text(in_ledger):>15}", highlight=False
            )
        console.print("the same, to the fen" if report.same else "they differ", highlight=False)
    raise typer.Exit(0 if report.same else 1)


@app.command()
def lab(
    as_json: AsJson = False,
    quick: Annotated[bool, typer.Option("--quick", help="A small run: a first look, not a figure to quote.")] = False,
) -> None:
    """Person-months a second of the lab, against the same model in Mesa. Exit code 1 when results differ."""
    from florin.bench.lab import measure
    from florin.bench.lab_show import lab_view
    from florin.bench.scale import LAB, LAB_QUICK

    say = _begin()
    report = measure(LAB_QUICK if quick else LAB, say=say)
    if as_json:
        _put(report)
    else:
        _console(160).print(lab_view(report))
    raise typer.Exit(0 if report.holds else 1)
