"""`florin market`: where credit may be spent: ecosystems, their markets, and the rules of acceptance.

An ecosystem is its file; only what changes a house needs one. What was stated is never edited: a change is another version,
which begins today or later, with a reason for the record.
"""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from florin.app.house import DataOption, House, JsonOption, Refused, entered, granted, group, say, say_table
from florin.app.merchants import MerchantArgument, amount_minor, merchant_of, rate_ppm, rate_text
from florin.credit.program import load_program, program_names
from florin.engine import Submission, clock
from florin.engine.tables.acceptance import load_acceptance
from florin.events.market import AcceptanceRule
from florin.events.refusals import Refusal, yuan
from florin.market.acceptance import Acceptance
from florin.market.change import AddEcosystem, ChangeAcceptance, NoSuchEcosystem, changed_by
from florin.market.ecosystem import Ecosystem, Stated
from florin.market.experiment import SALT_BYTES, EndExperiment, StartExperiment
from florin.market.load import EcosystemInvalid, load_ecosystem
from florin.market.replay import effect_of
from florin.money.amounts import MILLION
from florin.presets import ecosystem_names
from florin.queries.checkouts import ArmSeen, arms_of, costs_of, read_checkouts, till_refusals
from florin.queries.directory import merchants
from florin.store import StoreRefusal

_A_DAY = timedelta(days=1)

app = group("Where credit may be spent: check and add ecosystems, show their rules, change acceptance.")

EcosystemArgument = Annotated[str, typer.Argument(metavar="ECOSYSTEM", help="Its name, from `florin market list`.")]


class ChannelOption(StrEnum):
    """By which channel a shopper of the program buys."""

    HOME = "home"
    GUEST = "guest"
    OFFLINE = "offline"


class UnitOption(StrEnum):
    """What an experiment draws by lot."""

    PERSON = "person"
    MERCHANT = "merchant"


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
    cap_month: Annotated[
        str, typer.Option("--cap-month", help="And up to so much a shopper and calendar month, in yuan.")
    ] = "",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="The rule that stands here is taken away.")] = False,
    says: Annotated[str, typer.Option("--says", help="The sentence that the shopper reads, in English.")] = "",
    says_zh: Annotated[str, typer.Option("--says-zh", help="The same in Chinese.")] = "",
    from_: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Its first day; else today.")
    ] = None,
    preview: Annotated[
        int, typer.Option("--preview", min=0, max=366, help="Change nothing: replay the checkouts of so many days.")
    ] = 0,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change where a program is accepted, from a day on; or see first, with --preview, what that would have done."""
    yes = yes or bool(cap_month and not cap)
    if sum((yes, no, bool(cap), withdraw)) != 1:
        raise AnswerUnclear
    rule = AcceptanceRule(
        program=program,
        market=market,
        category=category,
        channel=channel.value if channel else "",
        answer="yes" if yes else "no" if no else "cap" if cap else "none",
        cap_minor=amount_minor(cap) if cap else 0,
        cap_month_minor=amount_minor(cap_month) if cap_month else 0,
        reason_en=says,
        reason_zh=says_zh,
    )
    with entered(data) as house, house.engine() as engine:
        from_on = from_.date() if from_ else clock.read(house.connection).on
        command = ChangeAcceptance(ecosystem=name, from_on=from_on, rules=(rule,), reason=reason)
        if preview:
            _say_effect(house, command, preview, as_json)
            return
        granted(engine.execute([Submission(command=command)]))
        changed = _of_house(load_acceptance(house.connection), name)
    say(
        as_json,
        {"ok": True, "ecosystem": name, "version": len(changed.versions), "from_on": from_on},
        f"From {from_on} {_where(rule)}: {answer_text(rule)}. It is version {len(changed.versions)} of {name}.",
    )


@app.command()
def refusals(
    merchant: MerchantArgument,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="Of the last days, today included.")] = 30,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """What refusals cost a merchant: checkouts in which a line could not pay, by reason, and which were paid all the same."""
    with entered(data) as house:
        clock.start(house.connection)
        merchant_id, name = merchant_of(house.connection, merchant)
        since = clock.read(house.connection).on - (days - 1) * _A_DAY
        seen = read_checkouts(house.connection, since=since, merchant_id=merchant_id)
        at_till = till_refusals(house.connection, merchant_id=merchant_id, since=since)
    costs = costs_of(seen)
    if as_json:
        say(True, {"merchant_id": str(merchant_id), "sessions": len(seen), "items": costs, "at_till": at_till})
        return
    typer.echo(f"{name}, from {since}: {len(seen)} checkouts.\n")
    say_table(
        False,
        [],
        ("refused as", "checkouts", "amount", "paid otherwise", "lost", "lost amount"),
        [
            (
                cost.refusal,
                str(cost.sessions),
                yuan(cost.amount_minor),
                str(cost.paid),
                str(cost.lost),
                yuan(cost.lost_minor),
            )
            for cost in costs
        ],
    )
    for each in at_till:
        typer.echo(f"When it came to paying, {each.refusal}: {each.count}, {yuan(each.amount_minor)} in all.")


@app.command("hold-out")
def hold_out(
    name: Annotated[str, typer.Argument(help="Of the experiment.")],
    share: Annotated[str, typer.Option("--share", help="How many are held out, in percent: 10%.")],
    until: Annotated[datetime, typer.Option("--until", formats=["%Y-%m-%d"], help="Its last day.")],
    unit: Annotated[UnitOption, typer.Option("--unit", help="What is drawn by lot.")] = UnitOption.PERSON,
    cut: Annotated[
        str, typer.Option("--cut", help="What they lack of their limits; 100%: they are offered no credit.")
    ] = "100%",
    program: Annotated[
        list[str] | None, typer.Option("--program", help="A program it is about; again for more; else all.")
    ] = None,
    from_: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Its first day; else today.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start an experiment: hold a share of persons or shops out of credit, to measure what it brings."""
    unknown = next((each for each in program or () if each not in program_names()), None)
    if unknown is not None:
        raise ProgramUnknown(program=unknown)
    with entered(data) as house, house.engine() as engine:
        command = StartExperiment(
            name=name,
            unit=unit.value,
            share_ppm=rate_ppm(share),
            limit_cut_ppm=rate_ppm(cut),
            programs=tuple(program or ()),
            opens_on=from_.date() if from_ else clock.read(house.connection).on,
            closes_on=until.date() + _A_DAY,
            salt=secrets.token_bytes(SALT_BYTES),
        )
        granted(engine.execute([Submission(command=command)]))
    said = "are offered no credit" if command.limit_cut_ppm == MILLION else f"lack {cut} of their limits"
    say(
        as_json,
        {"ok": True, "experiment": name, "from_on": command.opens_on, "until_on": until.date()},
        f"{name}: from {command.opens_on} through {until.date()}, {share} of all {unit.value}s {said}.",
    )


@app.command()
def experiments(data: DataOption = None, as_json: JsonOption = False) -> None:
    """The experiments, and what each arm has bought: checkouts, orders paid, and how many of them on credit."""
    with entered(data) as house:
        found = load_acceptance(house.connection).experiments
        since = min((each.opens_on for each in found), default=None)
        arms = arms_of(read_checkouts(house.connection, since=since)) if since else []
    rows = [(each, [arm for arm in arms if arm.experiment == each.name]) for each in found]
    say_table(
        as_json,
        [
            {
                "experiment": each.name,
                "unit": each.unit,
                "share_ppm": each.share_ppm,
                "limit_cut_ppm": each.limit_cut_ppm,
                "programs": each.programs,
                "from_on": each.opens_on,
                "until_on": max(each.opens_on, each.closes_on - _A_DAY),
                "arms": of_it,
            }
            for each, of_it in rows
        ],
        ("experiment", "held out", "from", "through", "arm", "checkouts", "paid", "amount", "on credit"),
        [
            (
                each.name,
                f"{rate_text(each.share_ppm)} of {each.unit}s",
                str(each.opens_on),
                str(max(each.opens_on, each.closes_on - _A_DAY)),
                *seen,
            )
            for each, of_it in rows
            for seen in [_arm_row(arm) for arm in of_it] or [("–", "0", "0", yuan(0), "0")]
        ],
    )


@app.command("end-experiment")
def end_experiment(
    name: Annotated[str, typer.Argument(help="Its name, from `florin market experiments`.")],
    reason: Annotated[str, typer.Option("--reason", help="For the record.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold nobody out any more, from now on."""
    with entered(data) as house, house.engine() as engine:
        granted(engine.execute([Submission(command=EndExperiment(name=name, reason=reason))]))
    say(as_json, {"ok": True, "experiment": name}, f"{name} is over: nobody is held out any more.")


def _arm_row(arm: ArmSeen) -> tuple[str, str, str, str, str]:
    return arm.arm, str(arm.sessions), str(arm.paid), yuan(arm.paid_minor), str(arm.by_credit)


def _say_effect(house: House, command: ChangeAcceptance, days: int, as_json: bool) -> None:
    """What the change would have done to the checkouts of the last days."""
    at, acceptance = clock.read(house.connection), load_acceptance(house.connection)
    changed = changed_by(command, acceptance, at)
    if isinstance(changed, Refusal):
        raise Refused(changed)
    since = at.on - (days - 1) * _A_DAY
    # From the first of the month: a cap of a month counts what was spent in it before.
    seen = read_checkouts(house.connection, since=since.replace(day=1))
    effect = effect_of(seen, acceptance, changed, command.from_on, since)
    if as_json:
        say(True, effect)
        return
    names = {each.id: each.name for each in merchants(house.connection)}
    typer.echo(
        f"Of {effect.sessions} checkouts from {since}: {effect.gained} ({yuan(effect.gained_minor)}) would have had a first "
        f"line that pays, {effect.lost} ({yuan(effect.lost_minor)}) none any more. Nothing is changed.\n"
    )
    say_table(
        False,
        [],
        ("merchant", "program", "would pay", "amount", "would not", "amount"),
        [
            (
                names.get(each.merchant_id, str(each.merchant_id)),
                each.program,
                str(each.opened),
                yuan(each.opened_minor),
                str(each.closed),
                yuan(each.closed_minor),
            )
            for each in effect.flipped
        ],
    )


def answer_text(rule: AcceptanceRule) -> str:
    """Yes, no, or up to how much."""
    said = (
        f"up to {yuan(rule.cap_minor)}" if rule.answer == "cap" else {"none": "withdrawn"}.get(rule.answer, rule.answer)
    )
    return f"{said}, {yuan(rule.cap_month_minor)} a month" if rule.cap_month_minor else said


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
