"""The console's page for finance: is what belongs to others there, day by day, and each term of the day that is chosen."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from florin.events.refusals import Language
from florin.pages.access import for_operators
from florin.pages.database import reading
from florin.pages.engine import get_engine
from florin.pages.language import language_of
from florin.pages.models import OperatorUser
from florin.pages.show import full_date, money
from florin.pages.texts import text
from florin.queries import safeguarding as days

DAYS = 30


@for_operators
@require_safe
def safeguarding(request: HttpRequest, operator: OperatorUser) -> HttpResponse:
    """The days of the last month; all terms of the newest, or of `?on=` a day."""
    language, until_on = language_of(request), get_engine().at().on + timedelta(days=1)
    found = days.safeguarding(reading(), from_on=until_on - timedelta(days=DAYS), until_on=until_on, language=language)
    asked = request.GET.get("on", "")
    chosen = next((day for day in found if day.proven_on.isoformat() == asked), found[0] if found else None)
    context = {
        "here": "safeguarding",
        "days": [_row(day, language, chosen=day is chosen) for day in found],
        "chosen": None if chosen is None else _terms(chosen, language),
    }
    return render(request, "console/safeguarding.html", context)


def _row(day: days.SafeguardingDay, language: Language, *, chosen: bool) -> dict[str, object]:
    return {
        "on": day.proven_on.isoformat(),
        "title": full_date(day.proven_on, language),
        "says": text(language, "safeguarding.holds" if day.holds else "safeguarding.differs"),
        "tone": "good" if day.holds else "bad",
        "amount": money(day.owed_minor, language),
        "chosen": chosen,
    }


def _terms(day: days.SafeguardingDay, language: Language) -> dict[str, object]:
    def side(terms: list[days.Term]) -> list[tuple[str, str]]:
        return [(term.text, money(term.amount_minor, language)) for term in terms]

    return {
        "title": full_date(day.proven_on, language),
        "tone": "good" if day.holds else "bad",
        "says": _says(day, language),
        "waits": not day.published,
        "covers": side(day.covers),
        "covers_sum": money(day.covers_minor, language),
        "owed": side(day.owed),
        "owed_sum": money(day.owed_minor, language),
        "in_transit": side(day.in_transit),
        "differences": day.differences,
    }


def _says(day: days.SafeguardingDay, language: Language) -> str:
    if day.holds:
        return text(language, "safeguarding.covered")
    if day.excess_minor < 0:
        return text(language, "safeguarding.short", amount=money(-day.excess_minor, language))
    return text(language, "safeguarding.unexplained", amount=money(day.excess_minor, language))
