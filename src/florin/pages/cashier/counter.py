"""A till's printed code: the shopper types what she is to pay there, the sale is asked, and the cashier opens.

The code stands for one till of one store, so the sale names merchant, store and till, and is sold offline. She alone may pay
what she asked; what she does not pay lapses soon. A form sent twice is one sale: its key makes the order's number.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import blake2b

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from florin.engine import ClaimKind, Submission, claim, lane_for
from florin.events.refusals import Language
from florin.money import AmountTextInvalid, parse_yuan
from florin.pages.access import for_shoppers
from florin.pages.cashier.page import merchant_name
from florin.pages.engine import get_engine
from florin.pages.forms import form_claim, new_form_key
from florin.pages.hooks import is_counter, page_of_trade
from florin.pages.language import language_of
from florin.pages.models import Shopper
from florin.pages.texts import text
from florin.payments.ask import Ask
from florin.payments.counter import Terminal, refuse_terminal
from florin.payments.merchant import Merchant, refuse_merchant
from florin.payments.trade import Flow, TradeDetail

# How long she may take between asking and paying (X: ours).
PAY_WITHIN = timedelta(minutes=15)
PRODUCT = "counter"


@for_shoppers
@require_http_methods(["GET", "HEAD", "POST"])
def counter(request: HttpRequest, shopper: Shopper, terminal_id: int, token: str) -> HttpResponse:
    """GET asks for the amount; POST asks for the sale and sends her on to pay it."""
    reference, language = get_engine().reference, language_of(request)
    terminal = reference.terminals.get(terminal_id) if is_counter(terminal_id, token) else None
    if terminal is None:
        raise Http404
    merchant = reference.merchants[terminal.merchant_id]
    refusal = refuse_terminal(terminal, terminal_id) or refuse_merchant(merchant)
    if refusal is not None:
        return _form(request, terminal, merchant, problem=refusal.sentence(language), can_pay=False)
    if request.method != "POST":
        return _form(request, terminal, merchant)
    typed = request.POST.get("amount", "").strip()
    try:
        amount_minor = parse_yuan(typed)
    except AmountTextInvalid:
        return _form(request, terminal, merchant, problem=text(language, "counter.unreadable"), typed=typed)
    formed = form_claim(request, shopper, None)
    if formed is None:
        return _form(request, terminal, merchant, problem=text(language, "form.again"), typed=typed)
    command = _asked(terminal, merchant, shopper, amount_minor, key=request.POST["key"], language=language)
    once = claim(ClaimKind.ORDER, terminal.app_id, command.out_trade_no, [terminal.id, amount_minor])
    [outcome] = get_engine().execute([Submission(command=command, claims=(once,), keeps_refusal=False)])
    if outcome.refusal is not None:
        return _form(request, terminal, merchant, problem=outcome.refusal.sentence(language), typed=typed)
    assert outcome.event is not None, "a sale is asked for, or was before, or is refused"
    return HttpResponseRedirect(page_of_trade(outcome.event.trade_id))


def _asked(
    terminal: Terminal, merchant: Merchant, shopper: Shopper, amount_minor: int, *, key: str, language: Language
) -> Ask:
    engine = get_engine()
    number = "C" + blake2b(f"{shopper.person_id}/{key}".encode(), digest_size=10).hexdigest()
    app = engine.reference.apps[terminal.app_id]
    return Ask(
        trade_id=engine.new_id(lane_for(f"{app.id}/{number}")),
        app_id=app.id,
        merchant_id=merchant.id,
        out_trade_no=number,
        amount_minor=amount_minor,
        subject=store_name(terminal, language),
        flow=Flow.DIRECT,  # she leaves the counter with what she bought
        expires_at=engine.at().instant + PAY_WITHIN,
        detail=TradeDetail(
            product=PRODUCT,
            channel="offline",
            notify_url=app.notify_url,
            buyer_id=shopper.person_id,
            store_id=terminal.store_code,
            terminal_id=terminal.code,
            counter=terminal.id,
        ),
    )


def store_name(terminal: Terminal, language: Language) -> str:
    return terminal.store_zh if language == "zh" and terminal.store_zh else terminal.store


def _form(
    request: HttpRequest,
    terminal: Terminal,
    merchant: Merchant,
    *,
    problem: str = "",
    typed: str = "",
    can_pay: bool = True,
) -> HttpResponse:
    language = language_of(request)
    name = merchant_name(merchant, language)
    shown = {
        "merchant": name,
        "initial": name[:1].upper(),
        "store": store_name(terminal, language),
        "till": terminal.code,
        "typed": typed,
        "key": new_form_key(),
        "problem": problem,
        "can_pay": can_pay,
    }
    return render(request, "cashier/counter.html", shown, status=422 if problem else 200)
