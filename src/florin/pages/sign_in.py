"""Sign in and out. Where somebody wanted to go is kept, if it is a page of ours."""

from __future__ import annotations

from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from florin.pages.language import COOKIE, known, language_of, remember
from florin.pages.people import merchant_user_of, operator_of, shopper_of
from florin.pages.show import clock_time
from florin.pages.texts import text
from florin.pages.throttle import forget_tries, refuse_sign_in

_LOGON_MAX = 150
_PASSWORD_MAX = 1000


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    going_to = _ours(request, request.POST.get("next") or request.GET.get("next") or "")
    if request.method != "POST":
        return _form(request, going_to)
    logon = request.POST.get("logon", "").replace("\0", "").strip()[:_LOGON_MAX]
    address, now = request.META.get("REMOTE_ADDR", ""), timezone.now()
    wait_until = refuse_sign_in(logon, address, now=now)
    if wait_until is not None:
        problem = text(language_of(request), "sign_in.too_many", time=clock_time(wait_until))
        return _form(request, going_to, logon=logon, problem=problem, status=429)
    user = authenticate(request, username=logon, password=request.POST.get("password", "")[:_PASSWORD_MAX])
    if user is None:
        problem = text(language_of(request), "sign_in.wrong")
        return _form(request, going_to, logon=logon, problem=problem, status=422)
    login(request, user)
    forget_tries(logon, address, now=now)
    return _welcome(request, going_to)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return HttpResponseRedirect("/sign-in")


def _welcome(request: HttpRequest, going_to: str) -> HttpResponse:
    """On to the page that was wanted; the language chosen on any device is kept with the shopper and comes along."""
    shopper = shopper_of(request)
    if not going_to:
        going_to = _start(request)
    response = HttpResponseRedirect(going_to)
    if shopper is None:
        return response
    chosen, kept = known(request.COOKIES.get(COOKIE)), known(shopper.language)
    if chosen is not None and chosen != kept:
        shopper.language = chosen
        shopper.save(update_fields=["language"])
    elif chosen is None and kept is not None:
        remember(response, kept)
    return response


def _start(request: HttpRequest) -> str:
    """His own first page."""
    if shopper_of(request) is None and merchant_user_of(request) is not None:
        return "/merchant"
    return "/console" if shopper_of(request) is None and operator_of(request) is not None else "/"


def _form(
    request: HttpRequest, going_to: str, *, logon: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    shown = {"next": going_to, "logon": logon, "problem": problem, "is_paying": going_to.startswith("/pay/")}
    return render(request, "sign_in.html", shown, status=status)


def _ours(request: HttpRequest, url: str) -> str:
    return url if url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None) else ""
