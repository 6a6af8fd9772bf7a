"""Installments on the shopper's pages: what runs and what may, put into installments, paid off early; and autopay.

What moves money or is agreed for good asks for the PIN; a hardship plan is seen here and agreed elsewhere.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from florin.credit.autopay import SetAutopay, sources_of
from florin.credit.convert import ConvertBill, ConvertPurchase
from florin.credit.items import Account
from florin.credit.line import Line
from florin.credit.plan_payoff import PayOffPlan
from florin.credit.terms import Program
from florin.engine import Submission
from florin.events.refusals import Language
from florin.money import AmountTextInvalid, parse_yuan
from florin.money.at import At
from florin.pages.access import for_shoppers
from florin.pages.database import reading
from florin.pages.engine import get_engine
from florin.pages.forms import form_claim, new_form_key, pin_lock, pin_problem
from florin.pages.language import language_of
from florin.pages.models import Shopper
from florin.pages.shopper import plan_page as page
from florin.pages.shopper.purse import purse_of
from florin.pages.show import money
from florin.pages.texts import text
from florin.queries.explain import line_trace
from florin.queries.shopper import Order, read_orders_by_id


class Looked(NamedTuple):
    """Her line with all that it consists of today, and the purchases on it."""

    line: Line
    account: Account
    program: Program
    orders: dict[int, Order]
    balance_minor: int
    at: At
    language: Language


@for_shoppers
@require_safe
def plans(request: HttpRequest, shopper: Shopper) -> HttpResponse:
    """What runs in installments, what may, and whether autopay is on."""
    looked = _look(request, shopper)
    sources = sources_of(looked.line, looked.program.terms_on(looked.at.on))
    overview = page.overview_of(looked.account, looked.orders, looked.program, sources, looked.at, looked.language)
    return render(request, "shopper/plans.html", {"here": "bill", "overview": overview})


@sensitive_post_parameters("pin")
@for_shoppers
@require_http_methods(["GET", "HEAD", "POST"])
def convert(request: HttpRequest, shopper: Shopper, address: str) -> HttpResponse:
    """What installments come to, for a purchase or so much of a bill; POST agrees, for good."""
    looked, subject = _look(request, shopper), page.subject_of(address)
    if subject is None:
        raise Http404
    asked = request.POST if request.method == "POST" else request.GET
    amount_minor = None
    if subject.closes_on is not None and asked.get("amount"):
        amount_minor = _amount(asked["amount"])
        if amount_minor is None:
            problem = text(looked.language, "repay.unreadable")
            return _convert_page(request, shopper, looked, subject, None, problem=problem)
    if request.method != "POST":
        return _convert_page(request, shopper, looked, subject, amount_minor)
    count = request.POST.get("count", "")
    command: ConvertPurchase | ConvertBill
    if not (count.isascii() and count.isdigit() and len(count) < 3):
        problem = text(looked.language, "convert.choose")
        return _convert_page(request, shopper, looked, subject, amount_minor, problem=problem)
    if subject.closes_on is None:
        command = ConvertPurchase(line_id=looked.line.id, item_id=subject.item_id, installments=int(count))
    else:
        command = ConvertBill(
            line_id=looked.line.id,
            closes_on=subject.closes_on,
            amount_minor=amount_minor or 0,
            installments=int(count),
        )
    content = ["convert", subject.address, amount_minor, count]
    said = _submit(request, shopper, looked.language, command, content)
    if said is None:
        return HttpResponseRedirect("/plans")
    return _convert_page(request, shopper, looked, subject, amount_minor, **said)


@sensitive_post_parameters("pin")
@for_shoppers
@require_http_methods(["GET", "HEAD", "POST"])
def pay_off(request: HttpRequest, shopper: Shopper, address: str) -> HttpResponse:
    """What paying a plan off takes, and until when; POST pays it from the wallet."""
    looked, subject = _look(request, shopper), page.subject_of(address)
    if subject is None:
        raise Http404
    if request.method != "POST":
        return _payoff_page(request, shopper, looked, subject)
    amount_minor = _amount(request.POST.get("amount", "")) or 0
    command = PayOffPlan(
        line_id=looked.line.id,
        item_id=subject.item_id,
        closes_on=subject.closes_on,
        amount_minor=amount_minor,
        source="wallet",
    )
    said = _submit(request, shopper, looked.language, command, ["pay-off", subject.address, amount_minor])
    if said is None:
        return HttpResponseRedirect("/plans")
    return _payoff_page(request, shopper, looked, subject, **said)


@sensitive_post_parameters("pin")
@for_shoppers
@require_http_methods(["GET", "HEAD", "POST"])
def autopay(request: HttpRequest, shopper: Shopper) -> HttpResponse:
    """From which of her sources what is due is taken on its day; POST changes it."""
    looked = _look(request, shopper)
    if request.method != "POST":
        return _autopay_page(request, shopper, looked)
    chosen = request.POST.get("sources", "")
    if chosen not in page.AUTOPAY:
        return _autopay_page(request, shopper, looked, problem=text(looked.language, "autopay.choose"))
    command = SetAutopay(line_id=looked.line.id, sources=page.AUTOPAY[chosen])
    said = _submit(request, shopper, looked.language, command, ["autopay", chosen])
    if said is None:
        return HttpResponseRedirect("/plans")
    return _autopay_page(request, shopper, looked, **said)


def _submit(
    request: HttpRequest, shopper: Shopper, language: Language, command: Any, content: list[Any]
) -> dict[str, str] | None:
    """Run her command once for this form. Gives back what to say on the form; None when it is done."""
    claimed = form_claim(request, shopper, content)
    if claimed is None:
        return {"problem": text(language, "form.again")}
    if wrong_pin := pin_problem(request, shopper, language):
        return {"wrong_pin": wrong_pin}
    [outcome] = get_engine().execute([Submission(command=command, claims=(claimed,), keeps_refusal=False)])
    return None if outcome.refusal is None else {"problem": outcome.refusal.sentence(language)}


def _convert_page(
    request: HttpRequest,
    shopper: Shopper,
    looked: Looked,
    subject: page.Subject,
    amount_minor: int | None,
    *,
    problem: str = "",
    wrong_pin: str = "",
) -> HttpResponse:
    count = request.POST.get("count", "0")
    shown = page.conversion_of(
        looked.account,
        subject,
        amount_minor,
        looked.orders,
        looked.program,
        looked.at,
        looked.language,
        chosen=int(count) if count.isascii() and count.isdigit() and len(count) < 3 else 0,
    )
    return _form(request, shopper, "convert", {"shown": shown}, problem=problem, wrong_pin=wrong_pin)


def _payoff_page(
    request: HttpRequest,
    shopper: Shopper,
    looked: Looked,
    subject: page.Subject,
    *,
    problem: str = "",
    wrong_pin: str = "",
) -> HttpResponse:
    shown = page.payoff_of(looked.account, subject, looked.orders, looked.program, looked.at, looked.language)
    if shown is None and not problem:
        raise Http404
    balance = money(looked.balance_minor, looked.language)
    return _form(request, shopper, "payoff", {"shown": shown, "balance": balance}, problem=problem, wrong_pin=wrong_pin)


def _autopay_page(
    request: HttpRequest, shopper: Shopper, looked: Looked, *, problem: str = "", wrong_pin: str = ""
) -> HttpResponse:
    sources = page.AUTOPAY.get(request.POST.get("sources", ""))
    if sources is None:
        sources = sources_of(looked.line, looked.program.terms_on(looked.at.on))
    ways = page.autopay_of(sources, looked.language)
    return _form(request, shopper, "autopay", {"ways": ways}, problem=problem, wrong_pin=wrong_pin)


def _form(
    request: HttpRequest, shopper: Shopper, name: str, shown: dict[str, Any], *, problem: str, wrong_pin: str
) -> HttpResponse:
    fields = {
        "here": "bill",
        "key": new_form_key(),
        "problem": problem,
        "pin_problem": wrong_pin,
        "pin_lock": "" if wrong_pin else pin_lock(shopper, language_of(request)),
    }
    return render(request, f"shopper/{name}.html", shown | fields, status=422 if problem or wrong_pin else 200)


def _look(request: HttpRequest, shopper: Shopper) -> Looked:
    """Her line folded up to today. Who has none has no such pages."""
    purse, at = purse_of(request, shopper), get_engine().at()
    found = None if purse.line is None else line_trace(reading(), line_id=purse.line.id, at=at)
    if found is None or purse.line is None:
        raise Http404
    _, program, trace = found
    orders = read_orders_by_id(reading(), page.purchases_of(trace.account), person_id=shopper.person_id)
    return Looked(
        line=purse.line,
        account=trace.account,
        program=program,
        orders=orders,
        balance_minor=purse.wallet.balance_minor,
        at=at,
        language=language_of(request),
    )


def _amount(typed: str) -> int | None:
    try:
        return parse_yuan(typed.strip().replace(",", "").removeprefix("¥"))
    except AmountTextInvalid:
        return None
