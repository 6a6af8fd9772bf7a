"""Take in an ecosystem, and change where its programs are accepted. What is stated is never edited: each change is a version.

A change begins today or later, so every answer of a day that is over can be given again from the versions as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec
from msgspec.structs import replace

from florin.events.market import AcceptanceChanged, AcceptanceRule, AcceptanceVersion, EcosystemAdded
from florin.events.refusals import Refusal
from florin.market.acceptance import Acceptance
from florin.market.contradictions import conflicts, contradictions
from florin.market.ecosystem import Ecosystem
from florin.money.at import At


class AddEcosystem(msgspec.Struct, frozen=True, kw_only=True):
    """A new ecosystem; or one of the house with more programs, markets or versions than it has."""

    ecosystem: Ecosystem


class ChangeAcceptance(msgspec.Struct, frozen=True, kw_only=True):
    """rules: what holds from that day on. reason: for the record, in words. by: the operator's name, if he has one here."""

    ecosystem: str
    from_on: date
    rules: tuple[AcceptanceRule, ...]
    reason: str
    by: str = ""


class EcosystemContradicts(Refusal, frozen=True, kw_only=True):
    en = "{ecosystem} cannot be taken so: {field}: {fix}."
    zh = "生态“{ecosystem}”无法采用：{field}：{fix}。"

    ecosystem: str
    field: str
    fix: str


class NoSuchEcosystem(Refusal, frozen=True, kw_only=True):
    en = "There is no ecosystem {ecosystem} in this house. Add it first; `florin market list` shows those that there are."
    zh = "没有名为“{ecosystem}”的生态，请先添加（florin market list 可查看现有生态）。"

    ecosystem: str


class AcceptanceIsPast(Refusal, frozen=True, kw_only=True):
    en = "The change would begin on {from_on}, which is over: it is {today}. Let it begin today or later."
    zh = "变更的生效日{from_on}已过（今天是{today}），请选择今天或之后的日期。"

    from_on: date
    today: date


class AcceptanceHistoryDiffers(Refusal, frozen=True, kw_only=True):
    en = "Version {number} of {ecosystem} says something else in this file than in the house. Leave it, and add a later one."
    zh = "文件中“{ecosystem}”的第{number}版与现有版本不一致。请保留原版本，另加新的版本。"

    ecosystem: str
    number: int


class NothingNew(Refusal, frozen=True, kw_only=True):
    en = (
        "{ecosystem} is in the house already, and this file states no version more. Add one that begins today or later."
    )
    zh = "“{ecosystem}”已在使用，文件中没有新的版本。请增加一个从今天或之后生效的 [[versions]]。"

    ecosystem: str


def decide_add(command: AddEcosystem, acceptance: Acceptance, at: At) -> tuple[EcosystemAdded] | Refusal:
    """A new one as it is, whenever its versions begin; of one that is there, what it says more."""
    ecosystem = command.ecosystem
    known = acceptance.ecosystems.get(ecosystem.name)
    if known is not None:
        for number, version in enumerate(known.versions, start=1):
            if number > len(ecosystem.versions) or ecosystem.versions[number - 1] != version:
                return AcceptanceHistoryDiffers(ecosystem=ecosystem.name, number=number)
    if refusal := refuse_ecosystem(ecosystem, acceptance.ecosystems.values()):
        return refusal
    more = () if known is None else ecosystem.versions[len(known.versions) :]
    if known is not None and not more:
        return NothingNew(ecosystem=ecosystem.name)
    past = next((version for version in more if version.from_on < at.on), None)
    if past is not None:
        return AcceptanceIsPast(from_on=past.from_on, today=at.on)
    return (
        EcosystemAdded(
            value_on=at.on,
            ecosystem=ecosystem.name,
            title_en=ecosystem.title_en,
            title_zh=ecosystem.title_zh,
            programs=ecosystem.programs,
            markets=ecosystem.markets,
            versions=ecosystem.versions if known is None else more,
        ),
    )


def changed_by(command: ChangeAcceptance, acceptance: Acceptance, at: At) -> Acceptance | Refusal:
    """What the house would say after the change; nothing is changed."""
    decided = decide_change(command, acceptance, at)
    if isinstance(decided, Refusal):
        return decided
    ecosystem = acceptance.ecosystems[command.ecosystem]
    changed = with_version(ecosystem, command.from_on, command.rules, command.reason, command.by)
    others = {**acceptance.ecosystems, changed.name: changed}
    return Acceptance(others.values(), acceptance.experiments, acceptance.revision)


def decide_change(command: ChangeAcceptance, acceptance: Acceptance, at: At) -> tuple[AcceptanceChanged] | Refusal:
    ecosystem = acceptance.ecosystems.get(command.ecosystem)
    if ecosystem is None:
        return NoSuchEcosystem(ecosystem=command.ecosystem[:80])
    if command.from_on < at.on:
        return AcceptanceIsPast(from_on=command.from_on, today=at.on)
    changed = with_version(ecosystem, command.from_on, command.rules, command.reason, command.by)
    if refusal := refuse_ecosystem(changed, acceptance.ecosystems.values()):
        return refusal
    number, version = len(changed.versions), changed.versions[-1]
    return (AcceptanceChanged(value_on=at.on, ecosystem=ecosystem.name, number=number, version=version),)


def with_version(
    ecosystem: Ecosystem, from_on: date, rules: Sequence[AcceptanceRule], reason: str = "", by: str = ""
) -> Ecosystem:
    """The ecosystem with one more version."""
    version = AcceptanceVersion(from_on=from_on, rules=tuple(rules), reason=reason, by=by)
    return replace(ecosystem, versions=(*ecosystem.versions, version))


def refuse_ecosystem(ecosystem: Ecosystem, others: Iterable[Ecosystem]) -> EcosystemContradicts | None:
    """The first thing that is wrong with it, alone or beside the others of the house."""
    wrong = next(contradictions(ecosystem), None) or next(conflicts(ecosystem, others), None)
    if wrong is None:
        return None
    field, fix = wrong
    return EcosystemContradicts(ecosystem=ecosystem.name, field=field, fix=fix)
