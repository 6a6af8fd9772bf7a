"""A merchant's refund requests: what buyers ask back, answered and, in a dispute, shown what he has."""

from __future__ import annotations

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from florin.engine import ClaimKind, KeyConflict, Submission, claim
from florin.events.refusals import Refusal
from florin.money import AmountTextInvalid, parse_yuan
from florin.pages.access import for_merchants
from florin.pages.cashier.page import merchant_name
from florin.pages.database import reading
from florin.pages.engine import get_engine
from florin.pages.forms import new_form_key
from florin.pages.language import language_of
from florin.pages.models import MerchantUser
from florin.pages.requests import evidence_file, evidence_limits, files_of, request_of, state_name, tone_of
from florin.pages.show import full_date, money
from florin.pages.texts import text
from florin.payments.requests.answer import AnswerRequest
from florin.payments.requests.ask import NOTE_MAX
from florin.payments.requests.dispute import GiveEvidence
from florin.payments.requests.request import RequestNotThere
from florin.payments.requests.terms import escrow_terms
from florin.queries.requests import Case, read_case, requests_of_merchant

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)


@for_merchants
@require_safe
def requests(request: HttpRequest, user: MerchantUser) -> HttpResponse:
    language = language_of(request)
    found = requests_of_merchant(reading(), merchant_id=user.merchant_id)
    rows = [
        {
            "payment_id": view.request.payment_id,
            "state": state_name(view.request, language),
            "tone": tone_of(view.request),
            "subject": view.subject,
            "number": view.order_number,
            "until": full_date(view.request.due_on, language) if view.request.state.is_open else "",
            "asked": money(view.request.amount_minor, language),
        }
        for view in found
    ]
    return _render(request, user, "requests", rows=rows)


@for_merchants
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: HttpRequest, user: MerchantUser, payment_id: int) -> HttpResponse:
    """One order with what is asked back of it; POST agrees, refuses, or shows something."""
    case = _case(user, payment_id)
    if request.method != "POST":
        return _page(request, user, case)
    command = _command(request, user, case)
    key = request.POST.get("key", "")
    if isinstance(command, str) or not _KEY.fullmatch(key):
        problem = command if isinstance(command, str) else text(language_of(request), "form.again")
        return _page(request, user, case, problem=problem)
    once = claim(ClaimKind.FORM, user.merchant_id, key, ["request", payment_id, request.POST.get("do", "")])
    [outcome] = get_engine().execute([Submission(command=command, claims=(once,), keeps_refusal=False)])
    refusal: Refusal | None = outcome.refusal
    if refusal is None or isinstance(refusal, KeyConflict | RequestNotThere):
        return HttpResponseRedirect(f"/merchant/orders/{payment_id}")
    return _page(request, user, _case(user, payment_id), problem=refusal.sentence(language_of(request)))


@for_merchants
@require_safe
def file(request: HttpRequest, user: MerchantUser, payment_id: int, digest: str) -> HttpResponse:
    """A file that was shown in a dispute over his order."""
    case = _case(user, payment_id)
    return evidence_file([each for one in case.requests for each in case.evidence_of(one.id)], digest)


def _case(user: MerchantUser, payment_id: int) -> Case:
    case = read_case(reading(), payment_id=payment_id, merchant_id=user.merchant_id)
    if case is None:
        raise Http404
    return case


def _command(request: HttpRequest, user: MerchantUser, case: Case) -> Any:
    """What the button asks for; a sentence when the form cannot be read."""
    form, language, found = request.POST, language_of(request), case.open_request
    if found is None:
        return text(language, "form.again")
    names = {"request_id": found.id, "payment_id": found.payment_id, "merchant_id": user.merchant_id}
    note = form.get("note", "").strip().replace("\r\n", "\n")[: NOTE_MAX + 1]
    match form.get("do"):
        case "agree":
            typed = form.get("fee", "").strip().replace(",", "").removeprefix("¥")
            try:
                fee_minor = parse_yuan(typed) if typed else 0
            except AmountTextInvalid:
                return text(language, "refund.unreadable")
            return AnswerRequest(**names, agree=True, note=note, fee_minor=fee_minor)
        case "refuse":
            return AnswerRequest(**names, agree=False, note=note)
        case "show":
            files = files_of(request, escrow_terms(get_engine().at().on))
            return (
                text(language, "evidence.too_large") if files is None else GiveEvidence(**names, note=note, files=files)
            )
    return text(language, "form.again")


def _page(request: HttpRequest, user: MerchantUser, case: Case, *, problem: str = "") -> HttpResponse:
    language, at = language_of(request), get_engine().at()
    files_at = f"/merchant/orders/{case.payment.id}/files"
    lines = case.trade.detail.lines
    shown = [
        request_of(each, lines, case.evidence_of(each.id), at, language, files_at=files_at, side="requests")
        for each in reversed(case.requests)
    ]
    return _render(
        request,
        user,
        "order",
        status=422 if problem else 200,
        now=next((each for each in shown if each.is_open), None),
        past=[each for each in shown if not each.is_open],
        subject=case.trade.subject,
        number=case.trade.out_trade_no,
        key=new_form_key(),
        problem=problem,
        note_max=NOTE_MAX,
        **evidence_limits(escrow_terms(at.on)),
    )


def _render(request: HttpRequest, user: MerchantUser, name: str, *, status: int = 200, **shown: Any) -> HttpResponse:
    merchant = get_engine().reference.merchants[user.merchant_id]
    shown |= {"merchant": merchant_name(merchant, language_of(request)), "here": "requests", "is_merchant": True}
    return render(request, f"merchant/{name}.html", shown, status=status)
