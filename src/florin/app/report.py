"""`florin report`: the lender's portfolio, and the institution's safeguarding, for people and for programs."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Annotated

import msgspec
import psycopg
import typer
from rich.console import Console
from rich.table import Table

from florin.app.house import DataOption, JsonOption, entered
from florin.app.partners import document
from florin.credit.bureau import Amendment, BureauRow, month_end
from florin.credit.funding import percent
from florin.engine import clock
from florin.money import yuan_text
from florin.queries.adverse import AdverseAction, adverse_actions
from florin.queries.buckets import BucketReport, bucket_report
from florin.queries.bureau import bureau_file
from florin.queries.partners import PartnerReport, partner_report
from florin.queries.safeguarding import SafeguardingDay, safeguarding
from florin.store import StoreRefusal

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The lender's portfolio: debt by days past due, partner banks; safeguarding.",
)


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


@app.command("safeguarding")
def safeguarding_(
    days: Annotated[int, typer.Option("--days", min=1, max=400, help="How many days back.")] = 30,
    on: Annotated[
        datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="Every term of this day; else of the newest.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Is what belongs to others there: day by day, and term by term. Exit code 1 when on the newest day it is not."""
    with entered(data) as house:
        until_on = clock.read(house.connection).on + timedelta(days=1)
        from_on = until_on - timedelta(days=days)
        found = safeguarding(house.connection, from_on=from_on, until_on=until_on, language="en", limit=days)
        wanted = found[:1]
        if on is not None:
            next_on = on.date() + timedelta(days=1)
            wanted = safeguarding(house.connection, from_on=on.date(), until_on=next_on, language="en")
    if not wanted:
        raise NothingProven
    if as_json:
        typer.echo(msgspec.json.encode(wanted if on else found))
    else:
        if on is None:
            Console().print(_safeguarding_days(found))
        Console().print(_safeguarding_terms(wanted[0]))
    raise typer.Exit(0 if wanted[0].holds else 1)


class NothingProven(StoreRefusal):
    def __init__(self) -> None:
        super().__init__(
            "No day was proven then.", "A day is proven when it is closed; `florin prove` proves the books now."
        )


def _safeguarding_days(found: Sequence[SafeguardingDay]) -> Table:
    table = Table("day", "", box=None, pad_edge=False, title="Safeguarding, day by day", title_justify="left")
    for heading in ("covered", "owed to others", "difference", "payouts"):
        table.add_column(heading, justify="right")
    for each in found:
        amounts = (each.covers_minor, each.owed_minor, each.excess_minor)
        says = "[green]holds[/]" if each.holds else "[bold red]differs[/]"
        leave = "leave" if each.published else "wait"
        table.add_row(str(each.proven_on), says, *(yuan_text(minor) for minor in amounts), leave)
    return table


def _safeguarding_terms(day: SafeguardingDay) -> Table:
    table = Table(
        "", "", box=None, pad_edge=False, show_header=False, title=f"Of {day.proven_on}", title_justify="left"
    )
    table.columns[1].justify = "right"
    sides = (("covers", day.covers, day.covers_minor), ("owed to others", day.owed, day.owed_minor))
    for title, terms, total_minor in sides:
        for term in terms:
            table.add_row(term.text, yuan_text(term.amount_minor))
        table.add_row(f"[bold]{title}[/]", f"[bold]{yuan_text(total_minor)}[/]", end_section=True)
    for item in day.in_transit:
        table.add_row(f"in transit: {item.text}", yuan_text(item.amount_minor))
    for difference in day.differences:
        table.add_row(f"[red]{difference}[/]", "")
    return table


@app.command()
def bureau(
    month: Annotated[str, typer.Argument(help="A month that is over, as in 2026-04.")],
    data: DataOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated: rows, then amendments.")] = False,
) -> None:
    """The month's file for the credit bureau: one row a line, never a purchase; below, what became known since."""
    first_on = _month(month)
    with entered(data) as house, psycopg.connect(house.store.addresses.engine) as connection:
        on = clock.read(connection).on
        if month_end(first_on) >= on:
            raise MonthNotOver(month, month_end(first_on))
        found = list(bureau_file(connection, month=first_on))
    rows = [row for row, _ in found if row is not None]
    amendments = [amended for _, amended in found if amended is not None]
    if as_json:
        typer.echo(msgspec.json.encode({"month": month, "rows": rows, "amendments": amendments}))
    elif as_csv:
        typer.echo(_bureau_csv(rows, amendments), nl=False)
    else:
        Console().print(_bureau_table(month, rows))
        for amended in amendments:
            typer.echo(_amendment_text(amended))


@app.command()
def partners(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Partner banks: what each has funded, what it was passed on, and what is owed to it now."""
    with entered(data) as house, psycopg.connect(house.store.addresses.engine) as connection:
        found = partner_report(connection)
    if as_json:
        typer.echo(
            msgspec.json.encode(
                [{**msgspec.to_builtins(each), "agreement": document(each.agreement)} for each in found]
            )
        )
    else:
        Console().print(_partner_table(found))


def _partner_table(found: list[PartnerReport]) -> Table:
    table = Table("partner", "share", box=None, pad_edge=False, title="Joint lending", title_justify="left")
    headings = (
        "owed, own",
        "owed, partner",
        "cap leaves",
        "funded",
        "repaid",
        "income",
        "servicing",
        "written off",
        "recovered",
    )
    for heading in (*headings, "to settle"):
        table.add_column(heading, justify="right")
    for each in found:
        view = each.agreement
        amounts = (
            view.own_minor, view.partner_minor, view.left_minor, each.funded_minor, each.repaid_minor, each.income_minor,
            each.servicing_minor, each.written_off_minor, each.recovered_minor, each.to_settle_minor,
        )  # fmt: skip
        table.add_row(view.partner, percent(view.share_ppm), *(yuan_text(minor) for minor in amounts))
    return table


@app.command("adverse-actions")
def adverse(
    month: Annotated[str, typer.Argument(help="A month, as in 2026-04.")],
    data: DataOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated.")] = False,
) -> None:
    """Who was refused, cut or stopped in a month, and the principal reason that she was told."""
    first_on = _month(month)
    with entered(data) as house, psycopg.connect(house.store.addresses.engine) as connection:
        found = list(adverse_actions(connection, month=first_on))
    if as_json:
        typer.echo(msgspec.json.encode({"month": month, "actions": found}))
    elif as_csv:
        typer.echo(_adverse_csv(found), nl=False)
    else:
        Console().print(_adverse_table(month, found))


class MonthNotOver(StoreRefusal):
    def __init__(self, month: str, ends_on: date) -> None:
        super().__init__(f"{month} is not over: its last day is {ends_on}.", "Ask for a month before it.")


class NoMonth(StoreRefusal):
    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no month.", "Write it as in 2026-04.")


def _month(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month of the calendar, not an instant
    except ValueError:
        raise NoMonth(text) from None


def _bureau_csv(rows: list[BureauRow], amendments: list[Amendment]) -> str:
    out = StringIO()
    fields = BureauRow.__struct_fields__
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("record", "known_on", *fields))
    for row in rows:
        writer.writerow(("row", "", *(getattr(row, field) for field in fields)))
    for amended in amendments:
        values = (getattr(amended.corrected, field) for field in fields)
        writer.writerow(("amendment", amended.known_on, *values))
    return out.getvalue()


def _adverse_csv(found: list[AdverseAction]) -> str:
    out = StringIO()
    fields = AdverseAction.__struct_fields__
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(fields)
    writer.writerows([getattr(each, field) for field in fields] for each in found)
    return out.getvalue()


def _adverse_table(month: str, found: list[AdverseAction]) -> Table:
    table = Table(
        "day", "person", "line", "what", "reason", box=None, pad_edge=False, title=month, title_justify="left"
    )
    table.add_column("amount", justify="right")
    for each in found:
        amount = yuan_text(each.amount_minor) if each.amount_minor else ""
        table.add_row(str(each.on), each.person_id, each.line_id, each.action, each.code, amount)
    return table


def _bureau_table(month: str, rows: list[BureauRow]) -> Table:
    table = Table("line", "opened", "state", "days", box=None, pad_edge=False, title=month, title_justify="left")
    for heading in ("limit", "owed", "past due", "repaid"):
        table.add_column(heading, justify="right")
    for row in rows:
        amounts = (row.limit_minor, row.owed_minor, row.past_due_minor, row.repaid_minor)
        state = row.state.replace("_", " ")
        table.add_row(row.line_id, str(row.opened_on), state, row.bucket, *(yuan_text(minor) for minor in amounts))
    return table


def _amendment_text(amended: Amendment) -> str:
    told = amended.reported
    changes = (
        f"{name} {'nothing' if told is None else getattr(told, name)} → {getattr(amended.corrected, name)}"
        for name in amended.changed
    )
    return f"Amendment of {amended.known_on}, line {amended.corrected.line_id}: {'; '.join(changes)}"
