"""The last calls of a merchant's programs: what was asked, what was answered, how long it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from florin.engine.clock import ZONE
from florin.events.refusals import Language
from florin.pages.access import for_merchants
from florin.pages.database import reading
from florin.pages.engine import get_engine
from florin.pages.language import language_of
from florin.pages.merchant.page import apps_of
from florin.pages.merchant.views import page
from florin.pages.models import MerchantUser
from florin.pages.show import full_date
from florin.pages.texts import text
from florin.payments.merchant import App
from florin.queries.merchant import WireCall, read_wire_calls

_WIRES: Final = {"alipay": "Alipay", "wechatpay": "WeChat Pay", "rest": "REST"}
# Done, but not to its end: the buyer is asked first.
_WAITING: Final = ("10003", "202")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallShown:
    """tone: good, wait or bad, by what was answered."""

    asked: str
    app: str
    when: str
    answered: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayShown:
    date: str
    calls: Sequence[CallShown]


@for_merchants
@require_safe
def calls(request: HttpRequest, user: MerchantUser) -> HttpResponse:
    """?refused=1 leaves out what went well, ?app=… what is another app's."""
    language = language_of(request)
    apps = {app.id: app for app in apps_of(get_engine().reference.apps, user.merchant_id)}
    chosen = next((app_id for app_id in apps if str(app_id) == request.GET.get("app")), None)
    only_refused = request.GET.get("refused") == "1"
    heard = read_wire_calls(reading(), app_ids=[chosen] if chosen is not None else list(apps))
    shown = [call for call in heard if not only_refused or tone_of(call) == "bad"]
    return page(
        request,
        user,
        "calls",
        days=days_of(shown, apps, language),
        measures=measures_of(heard, language),
        choices=_choices(apps, chosen, only_refused, language),
    )


def tone_of(call: WireCall) -> str:
    code = call.answered.partition(" ")[0]
    if code in _WAITING:
        return "wait"
    return "good" if code == "10000" or (len(code) == 3 and code[0] in "23") else "bad"


def days_of(heard: Sequence[WireCall], apps: Mapping[int, App], language: Language) -> list[DayShown]:
    """heard: the newest first."""
    by_day = groupby(heard, key=lambda call: call.received_at.astimezone(ZONE).date())
    return [
        DayShown(date=full_date(on, language), calls=[_call(call, apps[call.app_id]) for call in of_day])
        for on, of_day in by_day
    ]


def measures_of(heard: Sequence[WireCall], language: Language) -> str:
    """How many, how many refused, and how long they took: half of them at most, and the slowest."""
    if not heard:
        return ""
    took = [call.took_us for call in heard]
    refused = sum(tone_of(call) == "bad" for call in heard)
    half, most = _ms(int(median(took))), _ms(max(took))
    return text(language, "calls.measures", count=len(heard), refused=refused, half=half, most=most)


def _call(call: WireCall, app: App) -> CallShown:
    local = call.received_at.astimezone(ZONE)
    return CallShown(
        asked=call.asked,
        app=f"{app.name} · {_WIRES.get(call.wire, call.wire)}",
        when=f"{local:%H:%M:%S}.{local.microsecond // 1000:03d} · {_ms(call.took_us)}",
        answered=call.answered,
        tone=tone_of(call),
    )


def _choices(
    apps: Mapping[int, App], chosen: int | None, only_refused: bool, language: Language
) -> list[tuple[str, str, bool]]:
    """(title, address, whether it is what is shown): all or refused, then each app where there are several."""
    of_app, refused = f"app={chosen}" if chosen is not None else "", "refused=1" if only_refused else ""
    choices = [
        (text(language, "calls.all"), _address(of_app), not only_refused),
        (text(language, "calls.refused"), _address(of_app, "refused=1"), only_refused),
    ]
    if len(apps) > 1:
        choices.append((text(language, "calls.every_app"), _address(refused), chosen is None))
        choices += [(app.name, _address(f"app={app.id}", refused), app.id == chosen) for app in apps.values()]
    return choices


def _address(*parameters: str) -> str:
    query = "&".join(parameter for parameter in parameters if parameter)
    return f"/merchant/calls?{query}" if query else "/merchant/calls"


def _ms(took_us: int) -> str:
    return f"{took_us / 1000:,.1f} ms"
