"""The `florin` command: how an operator reaches the parts.

Thin on purpose. Each command imports what it needs when it runs, so `florin --help` answers at once; a command that
another part writes is called there, with its own arguments and its own help.
"""

import importlib
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="florin",
    help="Shop now, pay later, run by the owner of the shops.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_THEIR_OWN_ARGUMENTS = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}

DataOption = Annotated[
    Path | None, typer.Option("--data", envvar="FLORIN_DATA", help="The data folder; else the usual place.")
]


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def serve(context: typer.Context) -> None:
    """Serve the pages and the wires, until stopped."""
    _call("florin.app.serve", "serve", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def demo(context: typer.Context) -> None:
    """Open a street of five shops that sell on credit, and serve it; --tour tells a month in the terminal instead."""
    _call("florin.town.demo", "demo", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def sandbox(context: typer.Context) -> None:
    """A temporary instance to test a shop against: up, pay, receive, refund, repay, clock, fail, ..."""
    _call("florin.sandbox.cli", "app", context)


@app.command()
def migrate(data: DataOption = None) -> None:
    """Bring the database to the schema of this version."""
    from florin.store.migrate import migrate as run
    from florin.store.session import open_store

    with open_store(data) as store:
        run(store.addresses.owner, say=sys.stdout)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    data: DataOption = None,
    with_key: Annotated[bool, typer.Option("--with-key", help="Copy the master key to FILE.key.")] = False,
) -> None:
    """Write the database to a file, while everything runs."""
    from florin.store.backup import back_up
    from florin.store.session import open_store

    with open_store(data) as store:
        key = back_up(store, file, with_key=with_key)
    typer.echo(f"The database is in {file} ({file.stat().st_size / 1e6:.1f} MB).\n{key.note}")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="The file that `florin backup` wrote.")], data: DataOption = None
) -> None:
    """Fill an empty database from a backup: all of it, or nothing."""
    from florin.store.backup import restore as fill
    from florin.store.migrate import pending_migrations
    from florin.store.session import open_store

    with open_store(data) as store:
        key = fill(store, file)
        pending = pending_migrations(store.addresses.owner)
    typer.echo(f"The database of {file} is restored.\n{key.note}")
    if pending:
        typer.echo(f"It is of an earlier version ({len(pending)} migrations are pending): run `florin migrate`.")


@app.command()
def doctor(data: DataOption = None) -> None:
    """Look at everything, say what is wrong and how to mend it; exit code 1 if something is."""
    from rich.console import Console
    from rich.table import Table

    from florin.store.doctor import Health, examine
    from florin.store.folder import DataFolder, default_data_dir

    table = Table("", "", "seen", "how to mend it", box=None, pad_edge=False)
    marks = {Health.OK: "[green]ok[/]", Health.NOTE: "[yellow]note[/]", Health.WRONG: "[bold red]wrong[/]"}
    healthy = True
    for finding in examine(DataFolder(data or default_data_dir())):
        table.add_row(marks[finding.health], finding.subject, finding.seen, finding.mend)
        healthy = healthy and finding.health is not Health.WRONG
    Console().print(table)
    raise typer.Exit(0 if healthy else 1)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def fold(context: typer.Context) -> None:
    """Fold lines again from their first event, and say which would come out otherwise."""
    _call("florin.app.fold", "fold", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def prove(context: typer.Context) -> None:
    """Prove the books: every cent, in every book."""
    _call("florin.app.prove", "prove", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def report(context: typer.Context) -> None:
    """The lender's portfolio: debt by days past due, and what it may cost."""
    _call("florin.app.report", "app", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def explain(context: typer.Context) -> None:
    """Say why an amount is owed, in words: florin explain alice --what statement=2026-04"""
    _call("florin.app.explain", "explain", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def merchant(context: typer.Context) -> None:
    """Merchants: add, list, freeze, reopen, their logins, fees, stores and terminals."""
    _call("florin.app.stores", "merchant_group", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def onboarding(context: typer.Context) -> None:
    """Merchants who apply: check, approve, refuse, open."""
    _call("florin.app.onboarding", "app", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def payouts(context: typer.Context) -> None:
    """A day's payouts to merchants: approve, list, what the bank says."""
    _call("florin.app.payouts", "app", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def settlement(context: typer.Context) -> None:
    """How merchants are settled: terms, reserve, account, payouts held, statements."""
    _call("florin.app.settlement", "app", context)


@app.command("app", context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def integration(context: typer.Context) -> None:
    """Apps of merchants: add, list, their keys, close, reopen."""
    _call("florin.app.integrations", "app", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def shopper(context: typer.Context) -> None:
    """Shoppers: add, list, PIN and password, limit, freeze."""
    _call("florin.app.shoppers", "app", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def escrow(context: typer.Context) -> None:
    """The terms of escrow: check a file, add it, show those in force."""
    _call("florin.app.escrow", "app", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def operator(context: typer.Context) -> None:
    """Operators, who sign in to the console: add, list, remove."""
    _call("florin.app.operators", "app", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def line(context: typer.Context) -> None:
    """Lines that the day close has parked: list, release."""
    _call("florin.app.lines", "app", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def claims(context: typer.Context) -> None:
    """What was charged off, and selling it by a file."""
    _call("florin.app.claims", "app", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def bank(context: typer.Context) -> None:
    """The bank: which one, its files, what it has not answered."""
    _call("florin.app.bank", "app", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def webhook(context: typer.Context) -> None:
    """Who is told what happens: your own systems, merchants' endpoints, and each delivery."""
    _call("florin.app.webhook", "app", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def program(context: typer.Context) -> None:
    """Credit programs: check a file, list the presets, show the terms of one."""
    _call("florin.app.programs", "app", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def market(context: typer.Context) -> None:
    """Where credit may be spent: ecosystems, markets, rules of acceptance; check, list, show, add, accept."""
    _call("florin.app.market", "app", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def campaign(context: typer.Context) -> None:
    """Campaigns: coupons with a budget that is never overspent; open, list, top up, recall, close."""
    _call("florin.app.campaigns", "app", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def dispute(context: typer.Context) -> None:
    """Disputes between buyers and sellers: list, show, decide."""
    _call("florin.app.disputes", "app", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def partner(context: typer.Context) -> None:
    """Partner banks that fund a share of each new loan: open, show, list, close."""
    _call("florin.app.partners", "app", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def keys(context: typer.Context) -> None:
    """Platform keys and API keys: list, make, rotate, revoke."""
    _call("florin.app.keys", "app", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def lab(context: typer.Context) -> None:
    """The lab: who gains when an ecosystem lends; run an experiment, write the report."""
    _call("florin.app.lab", "app", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def whatif(context: typer.Context) -> None:
    """Try a change of terms, limits or acceptance on the live book, in memory: income, loss, people hurt."""
    _call("florin.app.whatif", "whatif", context)


@app.command(context_settings=_THEIR_OWN_ARGUMENTS, add_help_option=False)
def bench(context: typer.Context) -> None:
    """Measure payments per second on this machine."""
    _call("florin.bench.cli", "app", context)


def main() -> None:
    """The entry point of the installed command. A refusal is told in two lines, not as a traceback."""
    try:
        app()
    except Exception as error:
        from florin.store.refusal import StoreRefusal  # here, because it brings the store, which --help does not need

        if not isinstance(error, StoreRefusal):
            raise
        typer.echo(f"{error.problem}\n{error.remedy}", err=True)
        sys.exit(1)


def _call(module: str, name: str, context: typer.Context) -> None:
    """Run `name` of `module`, a typer app or a function with typer's annotations, on the arguments we were given."""
    target = getattr(importlib.import_module(module), name)
    if not isinstance(target, typer.Typer):
        command = target
        target = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        target.command()(command)
    target(args=context.args, prog_name=context.command_path)
