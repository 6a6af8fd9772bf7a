"""`florin program`: credit products as data: check an owner's own file, add it to the house, list and show programs.

A program is its file; only `add` needs a house. What was in force on a day that is over is never replaced: balances were
folded by it. A later version in the same file changes terms from its day on; one for days that are over needs its own word.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from florin.app.house import DataOption, JsonOption, entered, group, say, say_table
from florin.credit.plans import PlanQuote, offers
from florin.credit.program import ProgramInvalid, load_program
from florin.credit.terms import (
    DunningStep,
    InstallmentTerms,
    LateCharge,
    Program,
    ProvisionRate,
    ReAgeLimit,
    SubLimit,
    Terms,
    Waterfall,
)
from florin.engine import admin, clock
from florin.engine.reference import know_programs
from florin.presets import preset_names
from florin.store import StoreRefusal

SAMPLE_MINOR = 12_000_00

app = group("Credit programs: check a file, add it to the house, list the presets, show the terms of one.")


class ProgramUnusable(StoreRefusal):
    """The program's file has problems: all of them, a line each."""

    def __init__(self, error: ProgramInvalid) -> None:
        problems = error.problems
        many = "There is 1 problem" if len(problems) == 1 else f"There are {len(problems)} problems"
        super().__init__(
            str(error), f"{many}. Mend the file and check again; docs/reference/terms.md explains each term."
        )


@app.command()
def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A TOML file, or the name of a preset.")],
    as_json: JsonOption = False,
) -> None:
    """Say whether a program's file can be used; if not, each problem with line, field, value and fix, and exit code 1."""
    try:
        program = load_program(file)
    except ProgramInvalid as error:
        if as_json:
            say(True, {"ok": False, "problems": error.problems})
            raise typer.Exit(1) from None
        raise ProgramUnusable(error) from None
    versions = "1 version" if len(program.versions) == 1 else f"{len(program.versions)} versions"
    say(
        as_json,
        {"ok": True, "program": program.name, "versions": len(program.versions), "problems": []},
        f"{file}: {program.name} ({program.title_en}, {program.title_zh}) can be used: {versions}, nothing contradicts.",
    )


class HistoryChanged(StoreRefusal):
    """The file says of a day that is over something else than the house's program does."""

    def __init__(self, *, name: str, version: int) -> None:
        super().__init__(
            f"Version {version} of {name} is in force already and differs in this file.",
            "Leave it as it is in the house, and add a [[versions]] with a later `from_on`.",
        )


class VersionTooLate(StoreRefusal):
    """A new version would begin on a day that is over."""

    def __init__(self, *, name: str, version: int, from_on: date, today: date) -> None:
        super().__init__(
            f"Version {version} of {name} begins on {from_on}, and it is {today}.",
            f"Let it begin after {today}; or, if lines must be folded again, add it with --backdated.",
        )


@app.command()
def add(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A TOML file, checked first.")],
    data: DataOption = None,
    backdated: Annotated[
        bool, typer.Option("--backdated", help="Take versions of days that are over; what differs is posted by fold.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Add a program to the house, or versions to one it has. Lines can be opened under it at once."""
    try:
        program, source = load_program(Path(file)), Path(file).read_text(encoding="utf-8")
    except ProgramInvalid as error:
        raise ProgramUnusable(error) from None
    with entered(data) as house:
        clock.start(house.connection)
        today = clock.read(house.connection).on
        before = _before(program.name)
        if before is not None:
            _refuse_other_history(before, program, today, backdated=backdated)
        admin.add_program(house.connection, program, source, today)
        know_programs(house.connection)
    added = "was added" if before is None else f"has {len(program.versions)} versions now"
    say(
        as_json,
        {"ok": True, "program": program.name, "versions": len(program.versions)},
        f"{program.name} ({program.title_en}, {program.title_zh}) {added}. Open a line with: "
        f"florin shopper line LOGON --program {program.name}",
        *(
            ["What it changes for days that are over: `florin fold --check --all`, then `florin fold --post`."]
            * backdated
        ),
    )


def _before(name: str) -> Program | None:
    try:
        return load_program(name)
    except ProgramInvalid:
        return None


def _refuse_other_history(before: Program, after: Program, today: date, *, backdated: bool) -> None:
    in_force = [version for version in before.versions if version.from_on <= today]
    for number, version in enumerate(in_force, start=1):
        if number > len(after.versions) or after.versions[number - 1] != version:
            raise HistoryChanged(name=before.name, version=number)
    for number, version in enumerate(after.versions[len(in_force) :], start=len(in_force) + 1):
        if version.from_on <= today and not backdated:
            raise VersionTooLate(name=before.name, version=number, from_on=version.from_on, today=today)


@app.command("list")
def list_presets(as_json: JsonOption = False) -> None:
    """The presets that come along."""
    programs = [load_program(name) for name in preset_names()]
    say_table(
        as_json,
        [_summary(program) for program in programs],
        ("program", "title", "", "bills", "interest a year", "installments"),
        [
            (
                program.name,
                program.title_en,
                program.title_zh,
                "by the order" if _latest(program).billing == "order" else "once a month",
                percent(_latest(program).interest_daily_rate * 365),
                ", ".join(str(offer.count) for offer in _latest(program).installments) or "none",
            )
            for program in programs
        ],
    )


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="PROGRAM", help="The name of a preset, or a TOML file.")],
    as_json: JsonOption = False,
) -> None:
    """Every term of a program as its last version has it, and the yearly rate of each installment offer."""
    try:
        program = load_program(name)
    except ProgramInvalid as error:
        raise ProgramUnusable(error) from None
    terms = _latest(program)
    principal_minor = max(SAMPLE_MINOR, terms.installment_amount_minor_min)
    quotes = offers(principal_minor, terms)
    if as_json:
        say(True, {**_summary(program), "terms": terms, "offers": [_offer(quote) for quote in quotes]})
        return
    typer.echo(f"{program.name}: {program.title_en}, {program.title_zh}, {program.currency}")
    typer.echo(f"Terms from {program.versions[-1].from_on}; a new rate reaches {program.versions[-1].applies_to}.\n")
    rows = [(field, term_text(getattr(terms, field))) for field in Terms.__struct_fields__]
    say_table(False, [], ("term", ""), rows)
    if quotes:
        typer.echo(f"\nA purchase of {_money(principal_minor)} in installments ({terms.rate_convention}):\n")
        say_table(
            False,
            [],
            ("installments", "fee", "first", "total", "yearly rate"),
            [
                (
                    str(quote.count),
                    _money(quote.fee_minor),
                    _money(quote.per_period_minor),
                    _money(quote.total_minor),
                    percent(quote.annualized_rate),
                )
                for quote in quotes
            ],
        )


def percent(share: Decimal) -> str:
    """A share as a person reads it: 18.25 %."""
    return f"{share * 100:.2f} %"


def term_text(value: Any) -> str:
    """The value of a term in a table: amounts and shares as in the file, lists in words."""
    if value in (None, ""):
        return "–"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {days}" for name, days in value.items()) or "none"
    if isinstance(value, tuple):
        separator = ", " if all(isinstance(each, str | InstallmentTerms) for each in value) else "; "
        return separator.join(_one_of_list(each) for each in value) or "none"
    return str(value)


def _one_of_list(value: Any) -> str:
    if isinstance(value, InstallmentTerms):
        if value.method == "declining":
            return f"{value.count}: {value.yearly_rate * 100:.2f} % a year on what is left"
        return f"{value.count}: {value.fee_rate * 100:.2f} %" + (" up front" if value.fee_timing == "upfront" else "")
    if isinstance(value, Waterfall):
        return f"from day {value.from_days_past_due} by {value.by}: {', '.join(value.order)}"
    if isinstance(value, ProvisionRate):
        return f"from day {value.from_days_past_due}: {percent(value.rate)}"
    if isinstance(value, DunningStep):
        return f"day {value.days_past_due}: {value.text} by {value.channel}"
    if isinstance(value, LateCharge):
        return _late_charge(value)
    if isinstance(value, ReAgeLimit):
        return f"{value.count} in {value.years} years" if value.years > 1 else f"{value.count} a year"
    if isinstance(value, SubLimit):
        return _sub_limit(value)
    return str(value)


def _late_charge(charge: LateCharge) -> str:
    said = [
        f"{charge.share * 100:.2f} %" if charge.share else "",
        str(charge.amount_minor) if charge.amount_minor else "",
        f"floor {charge.floor_minor}" if charge.floor_minor else "",
        f"cap {charge.cap_minor}" if charge.cap_minor else "",
        f"cap {charge.cap_share * 100:.2f} %" if charge.cap_share else "",
    ]
    return f"day {charge.days_past_due}, per {charge.per}: {', '.join(each for each in said if each)}"


def _sub_limit(sub_limit: SubLimit) -> str:
    named = (("market", sub_limit.market), ("category", sub_limit.category), ("channel", sub_limit.channel))
    most = str(sub_limit.limit_minor) if sub_limit.share is None else f"{percent(sub_limit.share)} of the limit"
    return f"{' '.join(f'{name} {value}' for name, value in named if value)}: {most}"


def _latest(program: Program) -> Terms:
    return program.versions[-1].terms


def _summary(program: Program) -> dict[str, Any]:
    return {
        "name": program.name,
        "title_en": program.title_en,
        "title_zh": program.title_zh,
        "currency": program.currency,
        "versions": [{"from_on": each.from_on, "applies_to": each.applies_to} for each in program.versions],
        "billing": _latest(program).billing,
        "yearly_interest": _latest(program).interest_daily_rate * 365,
        "installments": [offer.count for offer in _latest(program).installments],
    }


def _offer(quote: PlanQuote) -> dict[str, Any]:
    return {
        "count": quote.count,
        "principal_minor": sum(part.principal_minor for part in quote.installments),
        "fee_minor": quote.fee_minor,
        "total_minor": quote.total_minor,
        "annualized_rate": quote.annualized_rate,
        "convention": quote.convention,
    }


def _money(amount_minor: int) -> str:
    return f"{amount_minor // 100:,}.{amount_minor % 100:02d}"
