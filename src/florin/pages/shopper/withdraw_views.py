"""Taking money out of the wallet: what it costs and why, before anybody is charged; then the PIN."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from florin.bank.iso20022.status import words_of
from florin.engine import Submission, lane_of
from florin.events.refusals import Language
from florin.money import AmountTextInvalid, parse_yuan, yuan_text
from florin.pages.access import for_shoppers
from florin.pages.database import reading
from florin.pages.engine import get_engine
from florin.pages.forms import form_claim, new_form_key, pin_lock, pin_problem
from florin.pages.language import language_of
from florin.pages.models import Shopper
from florin.pages.show import full_date, money
from florin.pages.texts import text
from florin.queries.fees import WithdrawalMade, withdrawal, withdrawal_text, withdrawals_made
from florin.wallet.withdraw import Withdraw


@sensitive_post_parameters("pin")
@for_shoppers
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, shopper: Shopper) -> HttpResponse:
    """`?amount=` shows what it costs; POST takes so much out, for the fee that she was shown."""
    language = language_of(request)
    typed = (request.POST if request.method == "POST" else request.GET).get("amount", "")
    amount_minor = _minor(typed) if typed else 0
    if amount_minor is None:
        return _page(request, shopper, 0, problem=text(language, "repay.unreadable"))
    if request.method != "POST":
        return _page(request, shopper, amount_minor)
    fee_minor = _minor(request.POST.get("fee", ""))
    said = _take_out(request, shopper, language, amount_minor, fee_minor)
    return HttpResponseRedirect("/") if said is None else _page(request, shopper, amount_minor, **said)


def _take_out(
    request: HttpRequest, shopper: Shopper, language: Language, amount_minor: int, fee_minor: int | None
) -> dict[str, str] | None:
    """What to say on the form; None when it is done."""
    claimed = form_claim(request, shopper, ["withdraw", amount_minor, fee_minor])
    if claimed is None or fee_minor is None:
        return {"problem": text(language, "form.again")}
    if wrong_pin := pin_problem(request, shopper, language):
        return {"wrong_pin": wrong_pin}
    command = Withdraw(
        withdrawal_id=get_engine().new_id(lane_of(shopper.person_id)),
        person_id=shopper.person_id,
        amount_minor=amount_minor,
        fee_minor=fee_minor,
    )
    [outcome] = get_engine().execute([Submission(command=command, claims=(claimed,), keeps_refusal=False)])
    return None if outcome.refusal is None else {"problem": outcome.refusal.sentence(language)}


def _page(
    request: HttpRequest, shopper: Shopper, amount_minor: int, *, problem: str = "", wrong_pin: str = ""
) -> HttpResponse:
    language, terms = language_of(request), get_engine().reference.withdrawal_terms(get_engine().at().on)
    found = withdrawal(
        reading(), person_id=shopper.person_id, amount_minor=amount_minor, terms=terms, language=language
    )
    if found is None:
        raise Http404
    fits = 0 < amount_minor <= found.most_minor
    if amount_minor and not fits and not problem:
        problem = text(language, "withdraw.too_much", most=money(found.most_minor, language))
    facts = [(text(language, "withdraw.balance"), money(found.balance_minor, language))]
    if terms.rate:
        facts.append((text(language, "withdraw.free_left"), money(found.free_minor, language)))
    shown = {
        "here": "home",
        "facts": facts,
        "rule": withdrawal_text(terms, language) if terms.rate else text(language, "withdraw.is_free"),
        "most": yuan_text(found.most_minor),
        "typed": yuan_text(amount_minor) if amount_minor else "",
        "quote": None
        if not fits
        else {
            "amount": money(amount_minor, language),
            "fee": money(found.fee_minor, language),
            "fee_text": yuan_text(found.fee_minor),
            "total": money(amount_minor + found.fee_minor, language),
            "why": found.text if terms.rate else "",
        },
        "made": [_made(each, language) for each in withdrawals_made(reading(), person_id=shopper.person_id)],
        "key": new_form_key(),
        "problem": problem,
        "pin_problem": wrong_pin,
        "pin_lock": "" if wrong_pin else pin_lock(shopper, language),
    }
    return render(request, "shopper/withdraw.html", shown, status=422 if problem or wrong_pin else 200)


def _made(made: WithdrawalMade, language: Language) -> dict[str, str]:
    """One that was asked for before: what became of it, and why where it came back."""
    why = (words_of(made.reason_code, language=language) if made.reason_code else "") or made.reason
    said = (
        text(language, f"withdraw.{made.state}", why=why)
        if made.state == "returned"
        else text(language, f"withdraw.{made.state}")
    )
    on = made.settled_on or made.requested_on
    return {
        "amount": money(made.amount_minor, language),
        "said": said,
        "on": full_date(on, language),
        "state": made.state,
    }


def _minor(typed: str) -> int | None:
    try:
        return parse_yuan(typed.strip().replace(",", "").removeprefix("¥"))
    except AmountTextInvalid:
        return None
