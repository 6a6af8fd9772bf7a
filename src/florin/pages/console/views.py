"""The console's pages: acceptance as a grid, a change of it with what that would have done, its history, what refusals cost."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from florin.engine import ClaimKind, KeyConflict, Submission, claim
from florin.events.refusals import Language, Refusal
from florin.market.acceptance import Acceptance
from florin.market.change import ChangeAcceptance, changed_by
from florin.market.ecosystem import Ecosystem
from florin.market.replay import effect_of
from florin.money.at import At
from florin.pages.access import for_operators
from florin.pages.cashier.page import merchant_name, program_title
from florin.pages.console.change import (
    ANSWERS,
    CHANNELS,
    FIELDS,
    EffectShown,
    effect_shown,
    markets_of,
    prefilled,
    read_form,
)
from florin.pages.console.grid import answer_of, grid_of, where_of
from florin.pages.database import reading
from florin.pages.engine import get_engine
from florin.pages.forms import new_form_key
from florin.pages.language import language_of
from florin.pages.merchant.page import Moved
from florin.pages.merchant.refusals import word_of
from florin.pages.models import OperatorUser
from florin.pages.show import full_date, money
from florin.pages.texts import text
from florin.queries.checkouts import costs_by_merchant, read_checkouts

DAYS = 30
_A_DAY = timedelta(days=1)
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)


@for_operators
@require_safe
def acceptance(request: HttpRequest, operator: OperatorUser) -> HttpResponse:
    """Where each program is accepted, today or on `?on=` a day."""
    language, today = language_of(request), get_engine().at().on
    on = _day(request.GET.get("on", ""), today)
    house = _house()
    grid = grid_of(house, _titles(house, language), on, language)
    days = sorted({day for each in house.ecosystems.values() for day in each.days() if day > today})
    planned = [(day.isoformat(), full_date(day, language)) for day in days]
    return _render(
        request,
        "acceptance",
        markets=grid if house.ecosystems else [],
        on=full_date(on, language),
        planned=planned,
        day=on.isoformat(),
        today=today.isoformat(),
    )


@for_operators
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, operator: OperatorUser, ecosystem: str) -> HttpResponse:
    """One rule: GET shows it as it stands, POST tries a change on the last checkouts, or states it."""
    house, at, language = _house(), get_engine().at(), language_of(request)
    found = house.ecosystems.get(ecosystem)
    if found is None:
        raise Http404
    if request.method != "POST":
        return _form(request, found, prefilled(found, request.GET.dict(), at.on))
    form = {name: request.POST.get(name, "")[:200] for name in FIELDS}
    command = read_form(ecosystem, form, at.on, by=operator.user.get_username())
    if isinstance(command, str):
        return _form(request, found, form, problem=text(language, command))
    after = changed_by(command, house, at)
    if isinstance(after, Refusal):
        return _form(request, found, form, problem=after.sentence(language))
    key = request.POST.get("key", "")
    if request.POST.get("do") != "state" or not _KEY.fullmatch(key):
        effect = _effect(command, house, after, at, language)
        return _form(request, found, form, effect=effect)
    once = claim(ClaimKind.FORM, operator.pk, key, ["acceptance", ecosystem])
    [outcome] = get_engine().execute([Submission(command=command, claims=(once,), keeps_refusal=False)])
    refusal = outcome.refusal
    if refusal is None or isinstance(refusal, KeyConflict):
        return HttpResponseRedirect("/console/history")
    return _form(request, found, form, problem=refusal.sentence(language))


@for_operators
@require_safe
def history(request: HttpRequest, operator: OperatorUser) -> HttpResponse:
    """What was stated, the newest first: never edited, only added to."""
    house, language = _house(), language_of(request)
    titles = _titles(house, language)
    ecosystems = []
    for each in house.ecosystems.values():
        versions = [
            {
                "title": text(language, "console.version", number=number, date=full_date(version.from_on, language)),
                "reason": version.reason,
                "by": version.by,
                "rules": [
                    (f"{titles[rule.program]} · {where_of(rule, house, language)}", answer_of(rule, language))
                    for rule in version.rules
                ],
            }
            for number, version in enumerate(each.versions, start=1)
        ]
        ecosystems.append({"title": _title(each, language), "name": each.name, "versions": versions[::-1]})
    return _render(request, "history", ecosystems=ecosystems)


@for_operators
@require_safe
def refusals(request: HttpRequest, operator: OperatorUser) -> HttpResponse:
    """What refusals cost, merchant by merchant, who lost most first."""
    language, today = language_of(request), get_engine().at().on
    seen = read_checkouts(reading(), since=today - (DAYS - 1) * _A_DAY)
    costs, names = costs_by_merchant(seen), _merchants(language)
    rows = [
        Moved(
            title=names.get(cost.merchant_id, str(cost.merchant_id)),
            note=text(
                language,
                "console.of_merchant",
                all=cost.sessions,
                refused=cost.refused,
                lost=cost.lost,
                reasons=", ".join(f"{word_of(each.refusal, language)} ({each.sessions})" for each in cost.reasons),
            ),
            amount=money(cost.lost_minor, language),
            state=text(language, "refusals.not_paid"),
            tone="bad" if cost.lost else "plain",
        )
        for cost in costs
    ]
    lost = money(sum(cost.lost_minor for cost in costs), language)
    return _render(request, "refusals", rows=rows, lost=lost, days=DAYS, sessions=len(seen))


def _effect(
    command: ChangeAcceptance, before: Acceptance, after: Acceptance, at: At, language: Language
) -> EffectShown:
    since = at.on - (DAYS - 1) * _A_DAY
    # From the first of the month: a cap of a month counts what was spent in it before.
    sessions = read_checkouts(reading(), since=since.replace(day=1))
    effect = effect_of(sessions, before, after, command.from_on, since)
    return effect_shown(effect, _merchants(language), _titles(before, language), language, days=DAYS)


def _form(
    request: HttpRequest,
    ecosystem: Ecosystem,
    form: dict[str, str],
    *,
    problem: str = "",
    effect: EffectShown | None = None,
) -> HttpResponse:
    house, language = _house(), language_of(request)
    titles = _titles(house, language)
    shown = {
        "ecosystem": _title(ecosystem, language),
        "form": form,
        "programs": [(program, titles[program]) for program in ecosystem.programs],
        "markets": markets_of(house, language),
        "channels": [(each, text(language, f"console.channel.{each or 'any'}")) for each in CHANNELS],
        "answers": [(each, text(language, f"console.answer.{each}")) for each in ANSWERS],
        "problem": problem,
        "effect": effect,
        "key": new_form_key(),
        "today": get_engine().at().on.isoformat(),
    }
    return _render(request, "change", status=422 if problem else 200, **shown)


def _house() -> Acceptance:
    return get_engine().reference.acceptance


def _titles(house: Acceptance, language: Language) -> dict[str, str]:
    reference = get_engine().reference
    programs = [program for each in house.ecosystems.values() for program in each.programs]
    return {program: program_title(reference.program(program), language) for program in programs}


def _title(ecosystem: Ecosystem, language: Language) -> str:
    return ecosystem.title_zh if language == "zh" else ecosystem.title_en


def _merchants(language: Language) -> dict[int, str]:
    return {each.id: merchant_name(each, language) for each in get_engine().reference.merchants.values()}


def _day(typed: str, today: date) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return today


def _render(request: HttpRequest, name: str, *, status: int = 200, **shown: Any) -> HttpResponse:
    here = {"change": "acceptance"}.get(name, name)
    return render(request, f"console/{name}.html", {**shown, "here": here, "is_operator": True}, status=status)
