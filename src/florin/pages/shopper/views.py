"""A shopper's pages, and the two things she does there: confirm receipt, and repay from the wallet."""

from __future__ import annotations

from datetime import date, timedelta

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from florin.credit.explain import NothingToExplain, QuestionUnreadable, question_of
from florin.credit.line import Line
from florin.credit.repay import Repay
from florin.credit.terms import Program
from florin.documents import sheet_of, statement_pdf
from florin.engine import KeyConflict, Submission
from florin.money import AmountTextInvalid, parse_yuan
from florin.pages.access import for_shoppers
from florin.pages.database import reading
from florin.pages.engine import get_engine
from florin.pages.forms import form_claim, new_form_key, pin_lock, pin_problem
from florin.pages.hooks import lender
from florin.pages.language import language_of
from florin.pages.lenders import lent_by
from florin.pages.models import Shopper
from florin.pages.qr import qr_svg
from florin.pages.shopper.clock import clock_of
from florin.pages.shopper.page import bill_of, closed_on, home_of, order_of, purchases_in, repayment_of
from florin.pages.shopper.purse import choices_of, purse_of
from florin.pages.shopper.why import SHOPPER_ASKS, back_of, why_of
from florin.pages.show import money
from florin.pages.texts import text
from florin.payments.payment import PaymentState
from florin.payments.receive import NothingToReceive, Receive
from florin.queries.documents import statement_document
from florin.queries.explain import explain_line
from florin.queries.notices import Notice, notices_of
from florin.queries.requests import events_of
from florin.queries.shopper import (
    Order,
    Purse,
    read_order,
    read_orders,
    read_orders_by_id,
    read_statements,
)

_REPAID = "florin.repaid"
_REPAID_SHOWN_S = 300
_NOTICES_SHOWN = timedelta(days=60)
_NOTICES_SHOWN_MAX = 10


@for_shoppers
@require_safe
def home(request: HttpRequest, shopper: Shopper) -> HttpResponse:
    purse, at = purse_of(request, shopper), get_engine().at()
    notices = _notices(purse.line, at.on)
    shown = home_of(purse, _program(purse.line), at, language_of(request), notices=notices)
    return render(request, "shopper/home.html", {"home": shown, "here": "home", "lines": choices_of(request, purse)})


@for_shoppers
@require_safe
def orders(request: HttpRequest, shopper: Shopper) -> HttpResponse:
    found = read_orders(reading(), person_id=shopper.person_id)
    reference, language = get_engine().reference, language_of(request)
    programs = {order.program: reference.program(order.program) for order in found if order.program}
    shown = [order_of(order, reference.merchants, programs.get(order.program), language) for order in found]
    return render(request, "shopper/orders.html", {"orders": shown, "here": "orders"})


@sensitive_post_parameters("pin")
@for_shoppers
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: HttpRequest, shopper: Shopper, payment_id: int) -> HttpResponse:
    """One order; POST confirms that it has arrived."""
    found = read_order(reading(), payment_id, person_id=shopper.person_id)
    if found is None:
        raise Http404
    if request.method == "POST" and found.state is PaymentState.ESCROWED:
        return _confirm_receipt(request, shopper, found)
    return _order_page(request, shopper, found)


@sensitive_post_parameters("pin")
@for_shoppers
@require_http_methods(["GET", "HEAD", "POST"])
def bill(request: HttpRequest, shopper: Shopper) -> HttpResponse:
    """The bills, newest first; POST repays from the wallet."""
    purse = purse_of(request, shopper)
    if purse.line is None:
        return render(request, "shopper/bill.html", {"here": "bill", "bills": (), "repayment": None})
    if request.method == "POST":
        return _repay(request, shopper, purse, purse.line)
    return _bill_page(request, shopper, purse, purse.line)


@for_shoppers
@require_safe
def statement(request: HttpRequest, shopper: Shopper, closes_on: str) -> HttpResponse:
    """One statement with all that stands on it; `.pdf` for keeping."""
    language, on = language_of(request), closed_on(closes_on.removesuffix(".pdf"))
    line_id = _line_id(request, shopper)
    found = on and statement_document(
        reading(), line_id=line_id, closes_on=on, at=get_engine().at(), person_id=shopper.person_id
    )
    if not found:
        raise Http404
    sheet = sheet_of(found, lender(), language)
    if not closes_on.endswith(".pdf"):
        return render(request, "shopper/statement.html", {"here": "bill", "sheet": sheet, "closes_on": closes_on})
    answer = HttpResponse(statement_pdf(sheet), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="statement-{closes_on}"'
    return answer


@for_shoppers
@require_safe
def why(request: HttpRequest, shopper: Shopper) -> HttpResponse:
    """Why an amount is what it is: `?what=owed`, `?what=statement=2026-04`, as `florin explain` asks."""
    language = language_of(request)
    try:
        question = question_of(request.GET.get("what", "owed"))
        if question.what not in SHOPPER_ASKS:
            raise QuestionUnreadable(question.text())
        found = explain_line(
            reading(),
            line_id=_line_id(request, shopper),
            question=question,
            at=get_engine().at(),
            language=language,
        )
    except (QuestionUnreadable, NothingToExplain) as unknown:
        raise Http404 from unknown
    if found is None:
        raise Http404
    return render(request, "shopper/why.html", {"here": "bill", "why": why_of(found), "back": back_of(question)})


@for_shoppers
@require_safe
def code(request: HttpRequest, shopper: Shopper) -> HttpResponse:
    """A fresh payment code each time the page is shown, good for one order and two minutes.

    `?with=wallet` pays from the wallet; else it pays later, if she can, with the line that she looks at.
    """
    purse = purse_of(request, shopper)
    line = None if request.GET.get("with") == "wallet" else purse.line
    at = get_engine().at()
    digits, expires_at = get_engine().issue_payment_code(shopper.person_id, 0 if line is None else line.id)
    shown = {
        "here": "code",
        "digits": f"{digits[:6]} {digits[6:12]} {digits[12:]}",
        "qr": qr_svg(digits),
        "seconds": max(0, int((expires_at - at.instant).total_seconds())),
        "can_choose": purse.line is not None,
        "by_wallet": line is None,
        "lines": choices_of(request, purse, least=1),
    }
    return render(request, "shopper/code.html", shown)


def _confirm_receipt(request: HttpRequest, shopper: Shopper, found: Order) -> HttpResponse:
    language = language_of(request)
    claimed = form_claim(request, shopper, ["receive", found.payment_id])
    if claimed is None:
        return _order_page(request, shopper, found, problem=text(language, "form.again"))
    if wrong_pin := pin_problem(request, shopper, language):
        return _order_page(request, shopper, found, wrong_pin=wrong_pin)
    command = Receive(payment_id=found.payment_id, person_id=shopper.person_id)
    [outcome] = get_engine().execute([Submission(command=command, claims=(claimed,), keeps_refusal=False)])
    # Confirmed in another tab, or by the clock meanwhile: the order's page says so.
    if outcome.refusal is None or isinstance(outcome.refusal, NothingToReceive | KeyConflict):
        return HttpResponseRedirect(f"/orders/{found.payment_id}")
    return _order_page(request, shopper, found, problem=outcome.refusal.sentence(language))


def _order_page(
    request: HttpRequest, shopper: Shopper, found: Order, *, problem: str = "", wrong_pin: str = ""
) -> HttpResponse:
    reference, language = get_engine().reference, language_of(request)
    program = reference.program(found.program) if found.program else None
    shown = {
        "here": "orders",
        "order": order_of(found, reference.merchants, program, language),
        "lenders": lent_by(found, language),
        "clock": clock_of(found, events_of(reading(), payment_id=found.payment_id), language),
        **_form_fields(shopper, request, problem=problem, wrong_pin=wrong_pin),
    }
    return render(request, "shopper/order.html", shown, status=422 if problem or wrong_pin else 200)


def _repay(request: HttpRequest, shopper: Shopper, purse: Purse, line: Line) -> HttpResponse:
    language, typed = language_of(request), request.POST.get("amount", "").strip()
    try:
        amount_minor = parse_yuan(typed.replace(",", "").removeprefix("¥"))
    except AmountTextInvalid:
        return _bill_page(request, shopper, purse, line, problem=text(language, "repay.unreadable"))
    claimed = form_claim(request, shopper, ["repay", line.id, amount_minor])
    if claimed is None:
        return _bill_page(request, shopper, purse, line, problem=text(language, "form.again"))
    if wrong_pin := pin_problem(request, shopper, language):
        return _bill_page(request, shopper, purse, line, wrong_pin=wrong_pin)
    command = Repay(line_id=line.id, amount_minor=amount_minor, source="wallet")
    [outcome] = get_engine().execute([Submission(command=command, claims=(claimed,), keeps_refusal=False)])
    if outcome.refusal is not None:
        return _bill_page(request, shopper, purse, line, problem=outcome.refusal.sentence(language))
    # Signed: an address that made this page say "you repaid 500" would be a fine tool for a swindler.
    return HttpResponseRedirect(f"/bill?done={signing.dumps(amount_minor, salt=_REPAID)}")


def _bill_page(
    request: HttpRequest, shopper: Shopper, purse: Purse, line: Line, *, problem: str = "", wrong_pin: str = ""
) -> HttpResponse:
    language, at, program = language_of(request), get_engine().at(), _program(line)
    assert program is not None
    statements = read_statements(reading(), line_id=line.id)
    bought = read_orders_by_id(reading(), purchases_in(statements), person_id=shopper.person_id)
    shown = {
        "here": "bill",
        "bills": [bill_of(statement, bought, at, language) for statement in statements],
        "home": home_of(purse, program, at, language),
        "repayment": repayment_of(purse, line, program, at, language),
        "amount": request.POST.get("amount", ""),
        "lines": choices_of(request, purse),
        "done": "" if problem or wrong_pin else _repaid(request),
        **_form_fields(shopper, request, problem=problem, wrong_pin=wrong_pin),
    }
    return render(request, "shopper/bill.html", shown, status=422 if problem or wrong_pin else 200)


def _repaid(request: HttpRequest) -> str:
    """What was just repaid, if this page comes from there."""
    try:
        amount_minor = signing.loads(request.GET.get("done", ""), salt=_REPAID, max_age=_REPAID_SHOWN_S)
    except signing.BadSignature:
        return ""
    language = language_of(request)
    return text(language, "repay.done", amount=money(amount_minor, language))


def _form_fields(shopper: Shopper, request: HttpRequest, *, problem: str, wrong_pin: str) -> dict[str, str]:
    return {
        "key": new_form_key(),
        "problem": problem,
        "pin_problem": wrong_pin,
        "pin_lock": "" if wrong_pin else pin_lock(shopper, language_of(request)),
    }


def _notices(line: Line | None, on: date) -> list[Notice]:
    """What she was told lately."""
    if line is None:
        return []
    return notices_of(reading(), line_id=line.id, from_on=on - _NOTICES_SHOWN, limit=_NOTICES_SHOWN_MAX)


def _line_id(request: HttpRequest, shopper: Shopper) -> int:
    """The number of the line that she looks at; 0 when she has none."""
    line = purse_of(request, shopper).line
    return 0 if line is None else line.id


def _program(line: Line | None) -> Program | None:
    return None if line is None else get_engine().reference.program(line.program)
