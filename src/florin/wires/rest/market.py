"""Where credit may be spent, by the owner's program: what a line answers, rules changed and tried, experiments; and what
refusals cost, by a merchant's.
"""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from typing import Any

import msgspec

from florin.credit.program import program_names
from florin.engine import NotFound, clock
from florin.events.market import AcceptanceRule
from florin.events.refusals import Refusal
from florin.market import experiment
from florin.market.acceptance import Acceptance
from florin.market.change import AddEcosystem, ChangeAcceptance, changed_by
from florin.market.ecosystem import Ecosystem
from florin.market.load import EcosystemInvalid, ecosystem_of, load_ecosystem
from florin.market.replay import effect_of
from florin.presets import ecosystem_names
from florin.queries.answers import answers_for
from florin.queries.checkouts import ArmSeen, arms_of, costs_of, read_checkouts, till_refusals
from florin.wires.rest import shapes
from florin.wires.rest.owner import execute, known_id
from florin.wires.rest.problems import RefusedBy, invalid
from florin.wires.rest.serve import Answer, Call

_A_DAY = timedelta(days=1)


async def get_answers(call: Call, body: Any) -> Answer:
    """GET /v1/owner/persons/{person_id}/answers"""
    person_id, query = known_id(call, "person_id", "person"), call.query
    engine, at = call.house.engine, await call.house.reads.ask_async(clock.read)
    reference = engine.reference
    merchant_id = int(query.merchant_id or 0)
    if merchant_id not in reference.merchants:
        raise RefusedBy(NotFound(what="merchant", id=merchant_id))
    found = await call.house.reads.ask_async(
        answers_for,
        reference,
        person_id=person_id,
        merchant_id=merchant_id,
        amount_minor=query.amount_minor,
        at=at,
        channel=query.channel,
    )
    if found is None:
        raise RefusedBy(NotFound(what="person", id=person_id))
    items = tuple(
        shapes.LineAnswer(
            line_id=str(each.line_id),
            program=each.program,
            tender="card" if reference.program(each.program).tender == "card" else "credit",
            verdict=each.verdict,
            most_minor=each.most_minor,
            left_minor=each.left_minor,
            cap_minor=each.cap_minor,
            month_cap_minor=each.ruling.month_cap_minor,
            month_left_minor=each.month_left_minor,
            channel=each.ruling.channel,
            ecosystem=each.ruling.ecosystem,
            version=each.ruling.version,
            refusal="" if each.refusal is None else each.refusal.name,
            reason=each.reason(call.language),
            experiment=each.experiment,
            arm=each.arm,
        )
        for each in found
    )
    return Answer(shapes.LineAnswers(items=items))


async def get_ecosystems(call: Call, body: Any) -> Answer:
    """GET /v1/owner/ecosystems"""
    at = await call.house.reads.ask_async(clock.read)
    found = call.house.engine.reference.acceptance.ecosystems
    return Answer(shapes.Ecosystems(items=tuple(_shown(found[name], at.on) for name in sorted(found))))


async def add_ecosystem(call: Call, body: shapes.NewEcosystem) -> Answer:
    """POST /v1/owner/ecosystems"""
    at = await call.house.reads.ask_async(clock.read)
    try:
        name = body.toml.strip()
        ecosystem = load_ecosystem(name) if name in ecosystem_names() else ecosystem_of(body.toml, source="toml")
    except EcosystemInvalid as error:
        raise invalid(
            "toml", error.problems[0].text(), "Mend the file; docs/reference/ecosystems.md has each field."
        ) from None
    unknown = next((program for program in ecosystem.programs if program not in program_names()), None)
    if unknown is not None:
        known = ", ".join(program_names())
        raise invalid("toml", f"There is no program {unknown[:80]}.", f"Add it first, or name one of {known}.")
    outcome = await execute(call, AddEcosystem(ecosystem=ecosystem), ("add-ecosystem", body))
    found = call.house.engine.reference.acceptance.ecosystems[ecosystem.name]
    return Answer(_shown(found, at.on), 201, outcome.replayed)


async def change_acceptance(call: Call, body: shapes.NewAcceptance) -> Answer:
    """POST /v1/owner/ecosystems/{ecosystem}/acceptance"""
    name = str(call.parts["ecosystem"])[:80]
    at = await call.house.reads.ask_async(clock.read)
    command = ChangeAcceptance(
        ecosystem=name, from_on=body.from_on or at.on, rules=_rules(body.rules), reason=body.reason
    )
    outcome = await execute(call, command, ("change-acceptance", name, body))
    return Answer(_shown(call.house.engine.reference.acceptance.ecosystems[name], at.on), 201, outcome.replayed)


async def preview_acceptance(call: Call, body: shapes.NewPreview) -> Answer:
    """POST /v1/owner/ecosystems/{ecosystem}/acceptance/preview"""
    name = str(call.parts["ecosystem"])[:80]
    at = await call.house.reads.ask_async(clock.read)
    before, on = call.house.engine.reference.acceptance, body.from_on or at.on
    command = ChangeAcceptance(ecosystem=name, from_on=on, rules=_rules(body.rules), reason="preview")
    after = changed_by(command, before, at)
    if isinstance(after, Refusal):
        raise RefusedBy(after)
    since = at.on - (body.days - 1) * _A_DAY
    # From the first of the month: a cap of a month counts what was spent in it before.
    sessions = await call.house.reads.ask_async(read_checkouts, since=since.replace(day=1))
    effect = msgspec.to_builtins(effect_of(sessions, before, after, on, since))
    flipped = [{**each, "merchant_id": str(each["merchant_id"])} for each in effect["flipped"]]
    return Answer(msgspec.convert({**effect, "flipped": flipped}, shapes.Effect))


async def get_refused(call: Call, body: Any) -> Answer:
    """GET /v1/refused-checkouts"""
    assert call.key.merchant_id is not None, "a merchant's key has its merchant"
    at = await call.house.reads.ask_async(clock.read)
    since = at.on - (call.query.days - 1) * _A_DAY
    merchant_id = call.key.merchant_id
    seen = await call.house.reads.ask_async(read_checkouts, since=since, merchant_id=merchant_id)
    at_till = await call.house.reads.ask_async(till_refusals, merchant_id=merchant_id, since=since)
    costs = tuple(
        shapes.RefusalCost(
            refusal=cost.refusal,
            sessions=cost.sessions,
            amount_minor=cost.amount_minor,
            paid=cost.paid,
            paid_minor=cost.paid_minor,
            lost=cost.lost,
            lost_minor=cost.lost_minor,
        )
        for cost in costs_of(seen)
    )
    refused = tuple(msgspec.convert(msgspec.to_builtins(each), shapes.TillRefusal) for each in at_till)
    return Answer(shapes.RefusalCosts(sessions=len(seen), items=costs, at_till=refused))


async def start_experiment(call: Call, body: shapes.NewExperiment) -> Answer:
    """POST /v1/owner/experiments"""
    at = await call.house.reads.ask_async(clock.read)
    command = experiment.StartExperiment(
        name=body.name,
        unit=body.unit,
        share_ppm=body.share_ppm,
        limit_cut_ppm=body.limit_cut_ppm,
        programs=body.programs,
        opens_on=body.from_on or at.on,
        closes_on=body.until_on + _A_DAY,
        salt=secrets.token_bytes(experiment.SALT_BYTES),
    )
    outcome = await execute(call, command, ("start-experiment", body))
    return Answer(await _experiment(call, body.name, at.on), 201, outcome.replayed)


async def get_experiments(call: Call, body: Any) -> Answer:
    """GET /v1/owner/experiments"""
    at = await call.house.reads.ask_async(clock.read)
    return Answer(shapes.Experiments(items=tuple(await _experiments(call, at.on))))


async def end_experiment(call: Call, body: shapes.Reason) -> Answer:
    """POST /v1/owner/experiments/{experiment}/end"""
    at, name = await call.house.reads.ask_async(clock.read), str(call.parts["experiment"])[:80]
    command = experiment.EndExperiment(name=name, reason=body.reason)
    outcome = await execute(call, command, ("end-experiment", name, body))
    return Answer(await _experiment(call, name, at.on), 201, outcome.replayed)


async def _experiment(call: Call, name: str, today: date) -> shapes.Experiment:
    found = await _experiments(call, today)
    return next(each for each in found if each.name == name)


async def _experiments(call: Call, today: date) -> list[shapes.Experiment]:
    acceptance: Acceptance = call.house.engine.reference.acceptance
    if not acceptance.experiments:
        return []
    since = min(each.opens_on for each in acceptance.experiments)
    arms = arms_of(await call.house.reads.ask_async(read_checkouts, since=since))
    return [
        shapes.Experiment(
            name=each.name,
            unit=each.unit,
            share_ppm=each.share_ppm,
            limit_cut_ppm=each.limit_cut_ppm,
            programs=each.programs,
            from_on=each.opens_on,
            until_on=max(each.opens_on, each.closes_on - _A_DAY),
            runs=each.opens_on <= today < each.closes_on,
            arms=tuple(_arm(arm) for arm in arms if arm.experiment == each.name),
        )
        for each in acceptance.experiments
    ]


def _arm(seen: ArmSeen) -> shapes.ArmSeen:
    return shapes.ArmSeen(
        arm="held_out" if seen.arm == "held_out" else "offered",
        sessions=seen.sessions,
        paid=seen.paid,
        paid_minor=seen.paid_minor,
        by_credit=seen.by_credit,
    )


def _rules(rules: tuple[shapes.NewRule, ...]) -> tuple[AcceptanceRule, ...]:
    return tuple(
        AcceptanceRule(**{field: getattr(rule, field) for field in AcceptanceRule.__struct_fields__}) for rule in rules
    )


def _shown(ecosystem: Ecosystem, on: date) -> shapes.Ecosystem:
    rules = [
        {**{field: getattr(rule, field) for field in rule.__struct_fields__}, "version": version}
        for rule, version in ecosystem.rules_on(on)
    ]
    return shapes.Ecosystem(
        name=ecosystem.name,
        title_en=ecosystem.title_en,
        title_zh=ecosystem.title_zh,
        programs=ecosystem.programs,
        markets=msgspec.convert(msgspec.to_builtins(ecosystem.markets), tuple[shapes.Market, ...]),
        versions=len(ecosystem.versions),
        rules=msgspec.convert(rules, tuple[shapes.Rule, ...]),
    )
