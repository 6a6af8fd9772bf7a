"""`florin market`: where credit may be spent: ecosystems, their markets, and the rules of acceptance.

An ecosystem is its file; only what changes a house needs one. What was stated is never edited: a change is another version,
which begins today or later, with a reason for the record.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from florin.app.house import DataOption, JsonOption, entered, granted, group, say, say_table
from florin.app.merchants import amount_minor
from florin.credit.program import load_program, program_names
from florin.engine import Submission, clock
from florin.engine.tables.acceptance import load_acceptance
from florin.events.market import AcceptanceRule
from florin.events.refusals import yuan
from florin.market.acceptance import Acceptance
from florin.market.change import AddEcosystem, ChangeAcceptance, NoSuchEcosystem
from florin.market.ecosystem import Ecosystem, Stated
from florin.market.load import EcosystemInvalid, load_ecosystem
from florin.presets import ecosystem_names
from florin.store import StoreRefusal

app = group("Where credit may be spent: check and add ecosystems, show their rules, change acceptance.")

EcosystemArgument = Annotated[str, typer.Argument(metavar="ECOSYSTEM", help="Its name, from `florin market list`.")]


class ChannelOption(StrEnum):
    """By which channel a shopper of the program buys."""

    HOME = "home"
    GUEST = "guest"
    OFFLINE = "offline"


class EcosystemUnusable(StoreRefusal):
    """The ecosystem's file has problems: all of them, a line each."""

    def __init__(self, error: EcosystemInvalid) -> None:
        count = len(error.problems)
        many = "There is 1 problem" if count == 1 else f"There are {count} problems"
        super().__init__(
            str(error), f"{many}. Mend the file and check again; docs/reference/ecosystems.md explains each field."
        )


class ProgramUnknown(StoreRefusal):
    def __init__(self, *, program: str) -> None:
        known = ", ".join(program_names())
        super().__init__(
            f"There is no program {program[:80]} in this house.",
            f"Add it with `florin program add`; there are {known}.",
        )


class AnswerUnclear(StoreRefusal):
    def __init__(self) -> None:
        super().__init__(
            "It is not clear what is to hold.", "Give one of --yes, --no, --cap AMOUNT and --withdraw, and no more."
        )


class EcosystemMissing(StoreRefusal):
    def __init__(self, *, name: str) -> None:
        super().__init__(
            NoSuchEcosystem(ecosystem=name[:80]).sentence(), "Presets are added by name: florin market add ali."
        )


@app.command()
def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A TOML file, or the name of a preset.")],
    as_json: JsonOption = False,
) -> None:
    """Say whether an ecosystem's file can be used; if not, each problem with line, field, value and fix, and exit code 1."""
    try:
        ecosystem = load_ecosystem(file)
    except EcosystemInvalid as error:
        if as_json:
            say(True, {"ok": False, "problems": error.problems})
            raise typer.Exit(1) from None
        raise EcosystemUnusable(error) from None
    rules = sum(len(version.rules) for version in ecosystem.versions)
    say(
        as_json,
        {"ok": True, "ecosystem": ecosystem.name, "rules": rules, "problems": []},
        f"{file}: {ecosystem.name} ({ecosystem.title_en}, {ecosystem.title_zh}) can be used: {rules} rules, no contradiction.",
    )


@app.command("list")
def list_ecosystems(data: DataOption = None, as_json: JsonOption = False) -> None:
    """The ecosystems of the house, and the presets that it could add."""
    with entered(data) as house:
        known = load_acceptance(house.connection).ecosystems
    found = {name: load_ecosystem(name) for name in ecosystem_names()} | dict(known)
    say_table(
        as_json,
        [_summary(each, name in known) for name, each in sorted(found.items())],
        ("ecosystem", "title", "", "programs", "markets", "versions", "in the house"),
        [
            (
                name,
                each.title_en,
                each.title_zh,
                ", ".join(each.programs),
                ", ".join(market.id for market in each.markets) or "–",
                str(len(each.versions)),
                "yes" if name in known else "no: florin market add " + name,
            )
            for name, each in sorted(found.items())
        ],
    )


@app.command()
def show(
    name: EcosystemArgument,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The rules of that day; else of today.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """The markets of an ecosystem and the rules in force on a day; of a preset as it comes, when the house has not added it."""
    with entered(data) as house:
        clock.start(house.connection)
        day = on.date() if on else clock.read(house.connection).on
        ecosystem = load_acceptance(house.connection).ecosystems.get(name)
    if ecosystem is None and name not in ecosystem_names():
        raise EcosystemMissing(name=name)
    ecosystem = ecosystem or load_ecosystem(name)
    in_force = sorted(ecosystem.rules_on(day), key=lambda stated: (stated.rule.program, -stated.version))
    if as_json:
        say(True, {**_summary(ecosystem, True), "on": day, "rules": [_of_rule(stated) for stated in in_force]})
        return
    typer.echo(f"{ecosystem.name}: {ecosystem.title_en}, {ecosystem.title_zh}; rules of {day}.\n")
    rows = [(each.id, each.title_en, each.title_zh, each.kind, each.flow) for each in ecosystem.markets]
    say_table(False, [], ("market", "title", "", "kind", "flow"), rows)
    typer.echo("")
    say_table(
        False,
        [],
        ("program", "market", "category", "channel", "answer", "version", "the shopper reads"),
        [
            (
                rule.program,
                rule.market or "any",
                rule.category or "any",
                rule.channel or "any",
                answer_text(rule),
                str(version),
                rule.reason_en,
            )
            for rule, version in in_force
        ],
    )


@app.command()
def add(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A TOML file, or the name of a preset; checked first.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add an ecosystem to the house, or later versions to one it has. Its programs are accepted by its rules from now on."""
    try:
        ecosystem = load_ecosystem(file if file in ecosystem_names() else Path(file))
    except EcosystemInvalid as error:
        raise EcosystemUnusable(error) from None
    with entered(data) as house, house.engine() as engine:
        unknown = next((program for program in ecosystem.programs if program not in program_names()), None)
        if unknown is not None:
            raise ProgramUnknown(program=unknown)
        granted(engine.execute([Submission(command=AddEcosystem(ecosystem=ecosystem))]))
    titles = ", ".join(load_program(program).title_en for program in ecosystem.programs)
    say(
        as_json,
        _summary(ecosystem, True),
        f"{ecosystem.name} ({ecosystem.title_en}, {ecosystem.title_zh}) is in the house: {titles}. "
        f"Say where a shop sells with `florin merchant set`.",
    )


@app.command()
def accept(
    name: EcosystemArgument,
    program: Annotated[str, typer.Argument(metavar="PROGRAM", help="One of the ecosystem's own.")],
    reason: Annotated[str, typer.Option("--reason", help="Why it is changed, for the record.")],
    market: Annotated[str, typer.Option("--market", help="Only in this market; else in any.")] = "",
    category: Annotated[str, typer.Option("--category", help="Only this kind of goods; else any.")] = "",
    channel: Annotated[ChannelOption | None, typer.Option("--channel", help="Only so; else by any.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="It is accepted.")] = False,
    no: Annotated[bool, typer.Option("--no", help="It is not accepted.")] = False,
    cap: Annotated[str, typer.Option("--cap", help="It is accepted up to so much a purchase, in yuan.")] = "",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="The rule that stands here is taken away.")] = False,
    says: Annotated[str, typer.Option("--says", help="The sentence that the shopper reads, in English.")] = "",
    says_zh: Annotated[str, typer.Option("--says-zh", help="The same in Chinese.")] = "",
    from_: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Its first day; else today.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change where a program is accepted, from a day on."""
    if sum((yes, no, bool(cap), withdraw)) != 1:
        raise AnswerUnclear
    rule = AcceptanceRule(
        program=program,
        market=market,
        category=category,
        channel=channel.value if channel else "",
        answer="yes" if yes else "no" if no else "cap" if cap else "none",
        cap_minor=amount_minor(cap) if cap else 0,
        reason_en=says,
        reason_zh=says_zh,
    )
    with entered(data) as house, house.engine() as engine:
        from_on = from_.date() if from_ else clock.read(house.connection).on
        command = ChangeAcceptance(ecosystem=name, from_on=from_on, rules=(rule,), reason=reason)
        granted(engine.execute([Submission(command=command)]))
        changed = _of_house(load_acceptance(house.connection), name)
    say(
        as_json,
        {"ok": True, "ecosystem": name, "version": len(changed.versions), "from_on": from_on},
        f"From {from_on} {_where(rule)}: {answer_text(rule)}. It is version {len(changed.versions)} of {name}.",
    )


def answer_text(rule: AcceptanceRule) -> str:
    """Yes, no, or up to how much."""
    return (
        f"up to {yuan(rule.cap_minor)}" if rule.answer == "cap" else {"none": "withdrawn"}.get(rule.answer, rule.answer)
    )


def _where(rule: AcceptanceRule) -> str:
    named = (("market", rule.market), ("category", rule.category), ("channel", rule.channel))
    where = ", ".join(f"{name} {value}" for name, value in named if value)
    return f"{rule.program} at {where or 'every sale'}"


def _of_house(acceptance: Acceptance, name: str) -> Ecosystem:
    found = acceptance.ecosystems.get(name)
    if found is None:
        raise EcosystemMissing(name=name)
    return found


def _of_rule(stated: Stated) -> dict[str, Any]:
    rule, version = stated
    return {**{field: getattr(rule, field) for field in rule.__struct_fields__}, "version": version}


def _summary(ecosystem: Ecosystem, in_house: bool) -> dict[str, Any]:
    versions: list[dict[str, date | int | str]] = [
        {"number": number, "from_on": version.from_on, "rules": len(version.rules), "reason": version.reason}
        for number, version in enumerate(ecosystem.versions, start=1)
    ]
    return {
        "ecosystem": ecosystem.name,
        "title_en": ecosystem.title_en,
        "title_zh": ecosystem.title_zh,
        "programs": ecosystem.programs,
        "markets": ecosystem.markets,
        "versions": versions,
        "in_house": in_house,
    }
