"""Start an experiment, and end it early. Its terms never change: another share is another experiment, with another salt."""

from __future__ import annotations

from datetime import date

import msgspec

from florin.events.market import ExperimentEnded, ExperimentStarted, ExperimentUnit
from florin.events.refusals import Refusal
from florin.market.acceptance import Acceptance
from florin.market.holdout import Experiment
from florin.money.amounts import MILLION
from florin.money.at import At

DAYS_MAX = 366
SALT_BYTES = 16


class StartExperiment(msgspec.Struct, frozen=True, kw_only=True):
    """As `Experiment`. salt: 16 random bytes, of the caller's making; it stands in no event."""

    name: str
    unit: ExperimentUnit
    share_ppm: int
    opens_on: date
    closes_on: date
    salt: bytes
    limit_cut_ppm: int = MILLION
    programs: tuple[str, ...] = ()


class EndExperiment(msgspec.Struct, frozen=True, kw_only=True):
    """reason: for the record, in words."""

    name: str
    reason: str


class ExperimentTermsInvalid(Refusal, frozen=True, kw_only=True):
    en = "The experiment cannot be started: {field} is {value}. {fix}"
    zh = "实验无法开始：{field} 的值为 {value}。{fix}"

    field: str
    value: str
    fix: str


class ExperimentRuns(Refusal, frozen=True, kw_only=True):
    en = "{experiment} concerns the same programs on these days. End it first, or choose other days: nobody is in two."
    zh = "实验“{experiment}”在此期间已涉及相同方案。请先结束该实验，或选择其他日期。"

    experiment: str


class NoSuchExperiment(Refusal, frozen=True, kw_only=True):
    en = "There is no experiment {experiment} that could be ended. `florin market experiments` shows those that run."
    zh = "没有可以结束的实验“{experiment}”（florin market experiments 可查看进行中的实验）。"

    experiment: str


def decide_start(command: StartExperiment, acceptance: Acceptance, at: At) -> tuple[ExperimentStarted] | Refusal:
    if refusal := refuse_terms(command, at):
        return refusal
    wanted = experiment_of(command)
    clash = next((each for each in acceptance.experiments if _overlap(each, wanted)), None)
    if clash is not None:
        return ExperimentRuns(experiment=clash.name)
    return (
        ExperimentStarted(
            value_on=at.on,
            experiment=command.name,
            unit=command.unit,
            share_ppm=command.share_ppm,
            limit_cut_ppm=command.limit_cut_ppm,
            programs=command.programs,
            opens_on=command.opens_on,
            closes_on=command.closes_on,
        ),
    )


def decide_end(command: EndExperiment, acceptance: Acceptance, at: At) -> tuple[ExperimentEnded] | Refusal:
    if not any(each.name == command.name and at.on < each.closes_on for each in acceptance.experiments):
        return NoSuchExperiment(experiment=command.name[:80])
    return (ExperimentEnded(value_on=at.on, experiment=command.name, reason=command.reason),)


def experiment_of(command: StartExperiment) -> Experiment:
    return Experiment(**{name: getattr(command, name) for name in StartExperiment.__struct_fields__})


def refuse_terms(command: StartExperiment, at: At) -> ExperimentTermsInvalid | None:
    """The first field that makes no sense."""
    days = (command.closes_on - command.opens_on).days
    rules = (
        ("name", command.name, 0 < len(command.name.strip()) <= 80, "Give it a name of at most 80 letters."),
        ("share_ppm", command.share_ppm, 0 < command.share_ppm < MILLION,
         "Hold out more than nobody and less than everybody, in parts per million."),
        ("limit_cut_ppm", command.limit_cut_ppm, 0 < command.limit_cut_ppm <= MILLION,
         "Cut a part of the limit, up to all of it: no credit is offered then."),
        ("opens_on", command.opens_on, command.opens_on >= at.on, "Choose today or a later day."),
        ("closes_on", command.closes_on, 0 < days <= DAYS_MAX, f"Choose 1 to {DAYS_MAX} days after it opens."),
        ("salt", f"{len(command.salt)} bytes", len(command.salt) == SALT_BYTES, f"Give {SALT_BYTES} random bytes."),
    )  # fmt: skip
    wrong = next(((field, value, fix) for field, value, holds, fix in rules if not holds), None)
    return None if wrong is None else ExperimentTermsInvalid(field=wrong[0], value=str(wrong[1]), fix=wrong[2])


def _overlap(one: Experiment, other: Experiment) -> bool:
    """Whether a line could be in both on some day."""
    same_days = one.opens_on < other.closes_on and other.opens_on < one.closes_on
    same_programs = not one.programs or not other.programs or bool({*one.programs} & {*other.programs})
    return same_days and same_programs
