"""In which language a page speaks: the one asked for in the address, else the cookie's, else the first that fits.

`?lang=zh` on any page chooses and is remembered; signing in on another device brings the choice along.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from florin.events.refusals import Language
from florin.pages.texts import CATALOGS

COOKIE = "florin_language"
_YEAR_S = 365 * 24 * 3600


class LanguageMiddleware:
    """Sets `request.language`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = known(request.GET.get("lang"))
        request.language = (
            asked or known(request.COOKIES.get(COOKIE)) or accepted(request.headers.get("Accept-Language", ""))
        )
        response = self.get_response(request)
        if asked:
            remember(response, asked)
        response.headers.setdefault("Content-Language", "zh-CN" if request.language == "zh" else request.language)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


def language_of(request: HttpRequest) -> Language:
    return cast(Language, request.language)


def remember(response: HttpResponse, language: Language) -> None:
    response.set_cookie(COOKIE, language, max_age=_YEAR_S, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)


def known(name: str | None) -> Language | None:
    """`zh-CN` is Chinese to us; a language that we do not speak is None."""
    primary = (name or "").split("-")[0].lower()
    return cast(Language, primary) if primary in CATALOGS else None


def accepted(header: str) -> Language:
    """The browser's most wanted language that we speak (RFC 9110, 12.5.4); English when it names none."""
    wanted = []
    for place, part in enumerate(header.split(",")[:20]):
        name, _, weight = part.partition(";q=")
        language = known(name.strip())
        if language:
            wanted.append((-_quality(weight), place, language))
    return min(wanted)[2] if wanted else "en"


def for_templates(request: HttpRequest) -> dict[str, Any]:
    """What every template knows: its language, and the address of this page in the other one."""
    language = language_of(request)
    other = "en" if language == "zh" else "zh"
    query = request.GET.copy()
    query["lang"] = other
    return {"language": language, "other_language": other, "other_language_url": f"{request.path}?{query.urlencode()}"}


def _quality(weight: str) -> float:
    try:
        return float(weight) if weight else 1.0
    except ValueError:
        return 0.0
