"""A shopper's refund request: asked for, withdrawn, sent back, disputed, with what she has to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from florin.engine import KeyConflict, Submission, lane_of
from florin.events import ItemCount
from florin.events.refusals import Language
from florin.money import AmountTextInvalid, parse_yuan, yuan_text
from florin.pages.access import for_shoppers
from florin.pages.cashier.page import merchant_name
from florin.pages.database import reading
from florin.pages.engine import get_engine
from florin.pages.forms import form_claim, new_form_key
from florin.pages.language import language_of
from florin.pages.models import Shopper
from florin.pages.requests import evidence_file, evidence_limits, files_of, request_of
from florin.pages.show import full_date, money
from florin.pages.texts import text
from florin.payments.extend import ExtendReceipt
from florin.payments.items import counted, items_minor
from florin.payments.payment import PaymentState
from florin.payments.receive import RequestOpen
from florin.payments.requests.ask import NOTE_MAX, RequestRefund
from florin.payments.requests.dispute import GiveEvidence, OpenDispute
from florin.payments.requests.request import RequestNotThere
from florin.payments.requests.send_back import SendBack
from florin.payments.requests.terms import escrow_terms
from florin.payments.requests.withdraw import WithdrawRequest
from florin.queries.requests import Case, read_case


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingShown:
    """A line of the order that may be given back. field: its name in the form."""

    field: str
    title: str
    note: str
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AskForm:
    most: str
    amount_text: str
    things: tuple[ThingShown, ...]
    reasons: tuple[tuple[str, str], ...]


@for_shoppers
@require_http_methods(["GET", "HEAD", "POST"])
def refund(request: HttpRequest, shopper: Shopper, payment_id: int) -> HttpResponse:
    """The request as it stands, or the form to ask; POST does what its button says."""
    case = _case(shopper, payment_id)
    if request.method != "POST":
        return _page(request, case)
    command, problem = _command(request, shopper, case)
    if command is None:
        return _page(request, case, problem=problem)
    claimed = form_claim(request, shopper, ["refund", payment_id, request.POST.get("do", "")])
    if claimed is None:
        return _page(request, case, problem=text(language_of(request), "form.again"))
    [outcome] = get_engine().execute([Submission(command=command, claims=(claimed,), keeps_refusal=False)])
    # Done in another tab, or by the other side meanwhile: the page says so.
    if outcome.refusal is None or isinstance(outcome.refusal, KeyConflict | RequestOpen | RequestNotThere):
        return HttpResponseRedirect(f"/orders/{payment_id}/refund")
    return _page(request, _case(shopper, payment_id), problem=outcome.refusal.sentence(language_of(request)))


@for_shoppers
@require_http_methods(["POST"])
def extend(request: HttpRequest, shopper: Shopper, payment_id: int) -> HttpResponse:
    """Put off the clock; the order's page says what has become of it."""
    _case(shopper, payment_id)
    claimed = form_claim(request, shopper, ["extend", payment_id])
    if claimed is not None:
        command = ExtendReceipt(payment_id=payment_id, person_id=shopper.person_id)
        get_engine().execute([Submission(command=command, claims=(claimed,), keeps_refusal=False)])
    return HttpResponseRedirect(f"/orders/{payment_id}")


@for_shoppers
@require_safe
def file(request: HttpRequest, shopper: Shopper, payment_id: int, digest: str) -> HttpResponse:
    """A file that was shown in a dispute over her order."""
    case = _case(shopper, payment_id)
    return evidence_file([each for one in case.requests for each in case.evidence_of(one.id)], digest)


def _case(shopper: Shopper, payment_id: int) -> Case:
    case = read_case(reading(), payment_id=payment_id, person_id=shopper.person_id)
    if case is None:
        raise Http404
    return case


def _command(request: HttpRequest, shopper: Shopper, case: Case) -> tuple[Any, str]:
    """What the button asks for; None with a sentence when the form cannot be read."""
    language, form, found = language_of(request), request.POST, case.open_request
    note = form.get("note", "").strip().replace("\r\n", "\n")[: NOTE_MAX + 1]
    if form.get("do") == "ask":
        return _ask(request, shopper, case, note)
    if found is None:
        return None, text(language, "form.again")
    names = {"request_id": found.id, "payment_id": case.payment.id, "person_id": shopper.person_id}
    match form.get("do"):
        case "withdraw":
            return WithdrawRequest(**names), ""
        case "send":
            carrier, tracking_no = form.get("carrier", "")[:61], form.get("tracking_no", "")[:61]
            return SendBack(**names, carrier=carrier, tracking_no=tracking_no), ""
        case "dispute":
            return OpenDispute(**names, note=note), ""
        case "show":
            files = files_of(request, escrow_terms(get_engine().at().on))
            if files is None:
                return None, text(language, "evidence.too_large")
            return GiveEvidence(**names, note=note, files=files), ""
    return None, text(language, "form.again")


def _ask(request: HttpRequest, shopper: Shopper, case: Case, note: str) -> tuple[Any, str]:
    form, payment, lines = request.POST, case.payment, case.trade.detail.lines
    items = tuple(
        ItemCount(line=number, quantity=int(wanted))
        for number in range(1, len(lines) + 1)
        if (wanted := form.get(f"line-{number}", "").strip()).isascii() and wanted.isdigit() and 0 < int(wanted) < 10**6
    )
    if items:
        amount_minor = items_minor(lines, payment.particulars.given_back, items)
    else:
        try:
            amount_minor = parse_yuan(form.get("amount", "").strip().replace(",", "").removeprefix("¥"))
        except AmountTextInvalid:
            return None, text(language_of(request), "refund.unreadable")
    command = RequestRefund(
        request_id=get_engine().new_id(lane_of(payment.id)),
        payment_id=payment.id,
        person_id=shopper.person_id,
        amount_minor=amount_minor,
        reason=form.get("reason", "")[:32],
        sort="return" if form.get("sort") == "return" else "refund",
        note=note,
        items=items,
    )
    return command, ""


def _page(request: HttpRequest, case: Case, *, problem: str = "") -> HttpResponse:
    language, at = language_of(request), get_engine().at()
    merchant = get_engine().reference.merchants[case.payment.merchant_id]
    files_at = f"/orders/{case.payment.id}/refund/files"
    shown = [
        request_of(each, case.trade.detail.lines, case.evidence_of(each.id), at, language, files_at=files_at)
        for each in reversed(case.requests)
    ]
    context = {
        "here": "orders",
        "payment_id": case.payment.id,
        "merchant": merchant_name(merchant, language),
        "subject": case.trade.subject,
        "now": next((each for each in shown if each.is_open), None),
        "past": [each for each in shown if not each.is_open],
        "ask": _ask_form(case, language),
        "note_max": NOTE_MAX,
        "key": new_form_key(),
        "problem": problem,
        "typed": request.POST,
        **evidence_limits(escrow_terms(at.on)),
    }
    return render(request, "shopper/refund.html", context, status=422 if problem else 200)


def _ask_form(case: Case, language: Language) -> AskForm | None:
    """What may be asked for; None where nothing may."""
    payment, lines = case.payment, case.trade.detail.lines
    on = get_engine().at().on
    terms = escrow_terms(on)
    if case.open_request is not None or not payment.refundable_minor or payment.state is PaymentState.VOIDED:
        return None
    if payment.particulars.requests >= terms.requests_max:
        return None
    back = counted(payment.particulars.given_back)
    things = [
        ThingShown(
            field=f"line-{number}",
            title=line.title,
            note=text(
                language,
                "refund.items_note",
                left=line.quantity - back[number],
                quantity=line.quantity,
                amount=money(line.unit_minor, language),
            ),
            left=line.quantity - back[number],
        )
        for number, line in enumerate(lines, start=1)
        if line.quantity > back[number]
    ]
    most, by = (
        money(payment.refundable_minor, language),
        full_date(on + timedelta(days=terms.seller_answer_days), language),
    )
    return AskForm(
        most=text(language, "refund.most", amount=most, date=by),
        amount_text=yuan_text(payment.refundable_minor),
        things=tuple(things),
        reasons=tuple((reason, text(language, f"refund.reason.{reason}")) for reason in terms.reasons),
    )
