"""A merchant's pages. They read; nothing is moved from here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from florin.documents.bills import bill_file
from florin.pages.access import for_merchants
from florin.pages.cashier.page import merchant_name, program_title
from florin.pages.database import reading
from florin.pages.engine import get_engine
from florin.pages.hooks import gateway_of
from florin.pages.language import language_of
from florin.pages.merchant.difference import first_difference
from florin.pages.merchant.page import (
    FORMS,
    app_of,
    application_shown,
    apps_of,
    bills_of,
    campaigns_shown,
    failure_of,
    payout_of,
    standing_of,
    trade_of,
    window_of,
)
from florin.pages.merchant.refusals import refusals_of
from florin.pages.models import MerchantUser
from florin.pages.show import full_moment, money
from florin.payments.merchant import App
from florin.queries.bills import NotPublished, days_with_bill, read_bill
from florin.queries.campaigns import campaigns_of_merchant
from florin.queries.checkouts import read_checkouts, till_refusals
from florin.queries.fees import fees_of
from florin.queries.merchant import (
    read_older_trades,
    read_payouts,
    read_signature_failure,
    read_signature_failures,
    read_trades,
    read_windows,
)
from florin.queries.onboarding import application_of_merchant
from florin.queries.payments import CursorUnreadable, Place, place_of
from florin.queries.settlement import settlement_of

DAYS_SHOWN = 31
_PASTED_MAX = 100_000


@for_merchants
@require_safe
def trades(request: HttpRequest, user: MerchantUser) -> HttpResponse:
    """The newest sales; `?before=` a place, the page of older ones that begins there."""
    at, language = get_engine().at(), language_of(request)
    before = _place(request)
    if before is None:
        since = at.instant - timedelta(days=DAYS_SHOWN)
        found = read_trades(reading(), merchant_id=user.merchant_id, since=since)
    else:
        found = read_older_trades(reading(), merchant_id=user.merchant_id, after=before)
    return page(
        request,
        user,
        "trades",
        trades=[trade_of(trade, at, language) for trade in found.trades],
        days=DAYS_SHOWN,
        before="" if before is None else full_moment(before.asked_at, language),
        older="" if found.after is None else found.after.text(),
    )


@for_merchants
@require_safe
def settlement(request: HttpRequest, user: MerchantUser) -> HttpResponse:
    language = language_of(request)
    since = get_engine().at().on - timedelta(days=DAYS_SHOWN)
    lane = get_engine().reference.merchants[user.merchant_id].lane
    payouts = read_payouts(reading(), lane=lane, merchant_id=user.merchant_id)
    windows = read_windows(reading(), merchant_id=user.merchant_id, since=since)
    standing = settlement_of(reading(), merchant_id=user.merchant_id, on=get_engine().at().on)
    return page(
        request,
        user,
        "settlement",
        available=money(standing.available_minor if standing else 0, language),
        payouts=[payout_of(payout, language) for payout in payouts],
        windows=[window_of(window, language) for window in windows],
        days=DAYS_SHOWN,
        standing=standing_of(standing, language),
        same_day=bool(standing and standing.terms.cut_offs),
    )


@for_merchants
@require_safe
def terms(request: HttpRequest, user: MerchantUser) -> HttpResponse:
    """What a merchant has agreed with the platform: what is missing of his application, his fees, his campaigns."""
    language, at = language_of(request), get_engine().at()
    merchant = get_engine().reference.merchants[user.merchant_id]
    return page(
        request,
        user,
        "terms",
        application=application_shown(application_of_merchant(reading(), merchant_id=user.merchant_id), language),
        fees=fees_of(merchant, merchant.fee_plans, on=at.on, language=language),
        campaigns=campaigns_shown(campaigns_of_merchant(reading(), merchant_id=user.merchant_id), language),
    )


@for_merchants
@require_safe
def bills(request: HttpRequest, user: MerchantUser) -> HttpResponse:
    """The published days of the last month, each in all forms."""
    language = language_of(request)
    since = get_engine().at().on - timedelta(days=DAYS_SHOWN)
    days = days_with_bill(reading(), merchant_id=user.merchant_id, since=since)
    return page(request, user, "bills", bills=bills_of(days, language))


@for_merchants
@require_safe
def bill(request: HttpRequest, user: MerchantUser, day: str, form: str) -> HttpResponse:
    """A published day as a file in one of its forms."""
    try:
        on = date.fromisoformat(day)
        before_on = on + timedelta(days=1)
        found = read_bill(reading(), merchant_id=user.merchant_id, from_on=on, before_on=before_on)
    except (ValueError, OverflowError, NotPublished):
        raise Http404 from None
    named = next((each for each in FORMS if each == form), None)
    if found is None or named is None:
        raise Http404
    file = bill_file(found, named)
    answer = HttpResponse(file.content, content_type=file.content_type)
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file.name)}"
    return answer


@for_merchants
@require_safe
def refusals(request: HttpRequest, user: MerchantUser) -> HttpResponse:
    """What it cost that lines could not pay, and where they were refused."""
    language, reference = language_of(request), get_engine().reference
    since = get_engine().at().on - timedelta(days=DAYS_SHOWN - 1)
    seen = read_checkouts(reading(), since=since, merchant_id=user.merchant_id)
    at_till = till_refusals(reading(), merchant_id=user.merchant_id, since=since)
    programs = {each.program for checkout in seen for each in checkout.answers}
    titles = {name: program_title(reference.program(name), language) for name in programs}
    shown = refusals_of(seen, at_till, titles, language)
    return page(request, user, "refusals", costs=shown, days=DAYS_SHOWN)


@for_merchants
@require_safe
def integration(request: HttpRequest, user: MerchantUser) -> HttpResponse:
    """What the merchant's programs are to be set to, app by app."""
    language = language_of(request)
    apps = apps_of(get_engine().reference.apps, user.merchant_id)
    return page(request, user, "integration", apps=[app_of(app, gateway_of(app), language) for app in apps])


@for_merchants
@require_safe
def signatures(request: HttpRequest, user: MerchantUser) -> HttpResponse:
    apps, language = get_engine().reference.apps, language_of(request)
    found = read_signature_failures(reading(), app_ids=_ids(apps, user))
    return page(request, user, "signatures", failures=[failure_of(failure, apps, language) for failure in found])


@for_merchants
@require_http_methods(["GET", "HEAD", "POST"])
def signature(request: HttpRequest, user: MerchantUser, failure_id: int) -> HttpResponse:
    """One refused request; POST compares the string that the client says it signed."""
    apps = get_engine().reference.apps
    failure = read_signature_failure(reading(), failure_id, app_ids=_ids(apps, user))
    if failure is None:
        raise Http404
    pasted = request.POST.get("pasted", "")[:_PASTED_MAX].replace("\r\n", "\n")
    compared: dict[str, Any] = {"pasted": pasted, "was_compared": bool(pasted)}
    if pasted:
        compared["difference"] = first_difference(failure.expected_text, pasted)
    return page(request, user, "signature", failure=failure_of(failure, apps, language_of(request)), **compared)


def _place(request: HttpRequest) -> Place | None:
    """Where the page asked for begins; None for the newest. Raises Http404 for what we never gave."""
    cursor = request.GET.get("before")
    try:
        return None if cursor is None else place_of(cursor)
    except CursorUnreadable:
        raise Http404 from None


def _ids(apps: Mapping[int, App], user: MerchantUser) -> list[int]:
    return [app.id for app in apps_of(apps, user.merchant_id)]


def page(request: HttpRequest, user: MerchantUser, name: str, **shown: Any) -> HttpResponse:
    """One of a merchant's pages, with his name and the tab that is open."""
    merchant = get_engine().reference.merchants[user.merchant_id]
    shown |= {"merchant": merchant_name(merchant, language_of(request)), "here": name, "is_merchant": True}
    return render(request, f"merchant/{name}.html", shown)
