"""`florin report`: the lender's portfolio, for people and for programs."""

from __future__ import annotations

import msgspec
import psycopg
import typer
from rich.console import Console
from rich.table import Table

from florin.app.house import DataOption, JsonOption, entered
from florin.engine import clock
from florin.money import yuan_text
from florin.queries.buckets import BucketReport, bucket_report

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The lender's portfolio: debt by days past due.")


@app.callback()
def report() -> None:
    """The lender's portfolio."""


@app.command()
def buckets(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Debt by days past due, the allowance that it needs, and how it rolled from month to month."""
    with entered(data) as house, psycopg.connect(house.store.addresses.engine) as connection:
        found = bucket_report(connection, on=clock.read(connection).on)
    if as_json:
        typer.echo(msgspec.json.encode(found))
    else:
        Console().print(_bucket_table(found))
        if found.rolls:
            Console().print(_roll_table(found))


def _bucket_table(found: BucketReport) -> Table:
    table = Table(
        "program", "days past due", box=None, pad_edge=False, title=f"Debt on {found.on}", title_justify="left"
    )
    for heading in ("lines", "on the books", "allowance", "charged off"):
        table.add_column(heading, justify="right")
    for each in found.buckets:
        amounts = (each.owed_minor, each.allowance_minor, each.claimed_minor)
        table.add_row(each.program, each.bucket, f"{each.lines:,}", *(yuan_text(minor) for minor in amounts))
    return table


def _roll_table(found: BucketReport) -> Table:
    table = Table("from", "to", "into", box=None, pad_edge=False, title="Roll rates", title_justify="left")
    for heading in ("was before it", "is in it", "rate"):
        table.add_column(heading, justify="right")
    for roll in found.rolls:
        rate = "–" if roll.rate is None else f"{roll.rate:.2%}"
        amounts = (yuan_text(roll.owed_before_minor), yuan_text(roll.owed_after_minor))
        table.add_row(str(roll.from_on), str(roll.to_on), roll.bucket, *amounts, rate)
    return table
