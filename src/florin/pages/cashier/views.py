"""The cashier's views: show a trade, take the form to the engine, show what became of it.

One address, `/pay/{trade_id}/{token}`, says whatever is true of the trade now, to whoever was given it: with another token it
is answered as a trade that does not exist. A paid form answers with a redirect to it, so going
back or reloading sends nothing again; a form sent twice is one by its key, and two tabs are one by the trade itself, which
names one payment.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple
from urllib.parse import quote

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from florin.engine import ClaimKind, KeyConflict, Submission, claim, lane_of
from florin.events.refusals import Language, Refusal
from florin.market.checkout import OpenCheckout
from florin.money.at import At
from florin.pages.access import for_shoppers
from florin.pages.cashier import parent as parents
from florin.pages.cashier.deals import NO_DEALS, Deals, deals_of
from florin.pages.cashier.page import command_of, receipt_of, request_of, tenders_of
from florin.pages.database import reading
from florin.pages.engine import get_engine
from florin.pages.forms import form_claim, new_form_key, pin_lock, pin_problem
from florin.pages.hooks import is_address, lender
from florin.pages.language import language_of
from florin.pages.lenders import lent_by
from florin.pages.models import Shopper
from florin.pages.qr import qr_svg
from florin.pages.texts import text
from florin.payments.merchant import Merchant, refuse_merchant
from florin.payments.pay import (
    PaidWithItsParent,
    TradeAlreadyPaid,
    TradeNotOpen,
    TradeOfAnotherBuyer,
    refuse_trade,
    sold_at,
)
from florin.payments.trade import Trade, TradeState
from florin.queries.answers import answers_of
from florin.queries.campaigns import campaigns_for
from florin.queries.parents import ParentView, parent_by_id
from florin.queries.shopper import Purse, read_order, read_purse, read_trade


class Asked(NamedTuple):
    """A trade with all that the cashier needs to speak of it."""

    trade: Trade
    merchant: Merchant
    purse: Purse
    at: At


@sensitive_post_parameters("pin")
@for_shoppers
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, shopper: Shopper, trade_id: int, token: str) -> HttpResponse:
    """GET shows the trade as it stands; POST pays it."""
    trade = read_trade(reading(), trade_id) if is_address(trade_id, token) else None
    if trade is None:
        return _pay_parent(request, shopper, trade_id, token)
    reference, at = get_engine().reference, get_engine().at()
    merchant = reference.merchants[trade.merchant_id]
    if trade.state is TradeState.PAID:
        return _paid(request, shopper, trade, merchant)
    refusal = refuse_trade(trade, shopper.person_id, at) or refuse_merchant(merchant)
    if trade.detail.parent_id:
        refusal = refusal or PaidWithItsParent(trade_id=trade.id, parent_id=trade.detail.parent_id)
    if refusal is not None:
        return _closed(request, trade, merchant, refusal)
    purse = read_purse(reading(), shopper.person_id)
    assert purse is not None, "a shopper's login names a person"
    asked = Asked(trade, merchant, purse, at)
    return _submit(request, shopper, asked) if request.method == "POST" else _form(request, shopper, asked)


@require_safe
def scanned(request: HttpRequest, trade_id: int, token: str) -> HttpResponse:
    """What a trade's QR code says: come to the cashier, who looks at the token."""
    return HttpResponseRedirect(f"/pay/{trade_id}/{quote(token, safe='')}")


@require_safe
def code_image(request: HttpRequest, trade_id: int, token: str) -> HttpResponse:
    """That QR code as a picture, for a shop to show. It depends on the address alone, so nothing is asked."""
    if not is_address(trade_id, token):
        raise Http404
    return HttpResponse(
        qr_svg(f"{settings.PUBLIC_URL}/q/{trade_id}/{token}"),
        content_type="image/svg+xml",
        headers={"Cache-Control": "public, max-age=86400"},
    )


def _submit(request: HttpRequest, shopper: Shopper, asked: Asked) -> HttpResponse:
    language, way, trade = language_of(request), request.POST.get("way", ""), asked.trade
    coupon = request.POST.get("coupon", "")
    payment_id = get_engine().new_id(lane_of(shopper.person_id))
    command = command_of(trade, asked.purse, way, payment_id, coupon)
    claimed = form_claim(request, shopper, ["pay", trade.id, way, coupon] if coupon else ["pay", trade.id, way])
    if command is None or claimed is None:
        return _form(request, shopper, asked, problem=text(language, "pay.choose"))
    if wrong_pin := pin_problem(request, shopper, language):
        return _form(request, shopper, asked, wrong_pin=wrong_pin)
    # A refused attempt leaves the form's key free: she may repay in another tab and send the same form again.
    [outcome] = get_engine().execute([Submission(command=command, claims=(claimed,), keeps_refusal=False)])
    refusal = outcome.refusal
    if refusal is None or isinstance(refusal, TradeAlreadyPaid | TradeNotOpen | KeyConflict):
        return HttpResponseRedirect(request.path)
    return _form(request, shopper, asked, problem=refusal.sentence(language))


def _form(
    request: HttpRequest, shopper: Shopper, asked: Asked, *, problem: str = "", wrong_pin: str = ""
) -> HttpResponse:
    trade, merchant, purse, at = asked
    reference = get_engine().reference
    language = language_of(request)
    offered = _offered(shopper, asked, language)
    unwanted = _unwanted(request)
    deals = offered.without_coupon() if unwanted else offered
    tenders = tenders_of(trade, merchant, purse, reference, at, language, request.POST.get("way", ""), deals)
    if request.method == "GET":
        _record(asked, deals)
    shown = {
        "asked": request_of(trade, merchant, language, deals.coupon),
        "coupon": f"{deals.coupon.campaign_id}-{deals.coupon.amount_minor}" if deals.coupon else "",
        "offered": offered.coupon.name if offered.coupon and unwanted else "",
        "tenders": tenders,
        "can_pay": any(tender.ways for tender in tenders),
        "can_repay": any(held.line.exposure_minor > 0 for held in purse.lines),
        "key": new_form_key(),
        "lender": lender(),
        "problem": problem,
        "pin_problem": wrong_pin,
        "pin_lock": "" if wrong_pin else pin_lock(shopper, language),
    }
    return render(request, "cashier/pay.html", shown, status=422 if problem or wrong_pin else 200)


def _unwanted(request: HttpRequest) -> bool:
    """She may pay without the coupon; a form that comes back keeps what she had chosen."""
    return request.GET.get("coupon") == "none" or (request.method == "POST" and not request.POST.get("coupon"))


def _record(asked: Asked, deals: Deals) -> None:
    """Keep what each of her lines answered: once for her and this order, however often she looks."""
    trade, merchant, purse, at = asked
    get_engine().execute([_opened(trade, merchant, purse, at, trade.amount_minor - deals.coupon_minor)])


def _opened(trade: Trade, merchant: Merchant, purse: Purse, at: At, amount_minor: int) -> Submission:
    """The checkout of an order; amount: what is left of it after a coupon."""
    place = sold_at(trade, merchant)
    answers = answers_of(
        purse,
        get_engine().reference,
        place,
        amount_minor,
        at,
        merchant_id=merchant.id,
        trade_id=trade.id,
        tenders=trade.detail.tenders,
    )
    command = OpenCheckout(
        trade_id=trade.id,
        person_id=purse.wallet.id,
        merchant_id=merchant.id,
        amount_minor=amount_minor,
        place=place,
        answers=tuple(each.recorded() for each in answers),
        wallet_minor=purse.wallet.balance_minor,
    )
    return Submission(command=command, claims=(claim(ClaimKind.CHECKOUT, trade.id, str(purse.wallet.id)),))


def _offered(shopper: Shopper, asked: Asked, language: Language) -> Deals:
    """What campaigns give on this order; nothing is asked where none runs."""
    if not any(campaign.gives_on(asked.at.on) for campaign in get_engine().reference.campaigns.values()):
        return NO_DEALS
    return deals_of(
        asked.trade, campaigns_for(reading(), person_id=shopper.person_id, on=asked.at.on), asked.at, language
    )


def _paid(request: HttpRequest, shopper: Shopper, trade: Trade, merchant: Merchant) -> HttpResponse:
    """Her own receipt; to anybody else only that it is paid, not what it was."""
    order = read_order(reading(), trade.payment_id, person_id=shopper.person_id)
    if order is None:
        return _closed(request, trade, merchant, TradeAlreadyPaid(trade_id=trade.id, payment_id=trade.payment_id))
    program = get_engine().reference.program(order.program) if order.program else None
    lenders = lent_by(order, language_of(request))
    receipt = receipt_of(trade, order, merchant, program, language_of(request), lenders)
    return render(request, "cashier/paid.html", {"receipt": receipt})


def _closed(request: HttpRequest, trade: Trade, merchant: Merchant, refusal: Refusal) -> HttpResponse:
    language = language_of(request)
    is_paid = isinstance(refusal, TradeAlreadyPaid)
    asked = request_of(trade, merchant, language)
    if isinstance(refusal, TradeAlreadyPaid | TradeOfAnotherBuyer):
        # What somebody else bought, or is to buy, and for how much, is not this person's business.
        asked = replace(asked, amount="", subject="", number="")
    shown = {
        "asked": asked,
        "title": text(language, "closed.paid" if is_paid else "closed.title"),
        "refusal": refusal.sentence(language),
    }
    return render(request, "cashier/closed.html", shown)


# ── several shops in one checkout ─────────────────────────────────────────────────────────────────────────────────


class AskedOfSeveral(NamedTuple):
    """A parent order with all that the cashier needs to speak of it. mall: who asks; merchants: of its orders."""

    view: ParentView
    mall: Merchant
    merchants: list[Merchant]
    purse: Purse
    at: At


def _pay_parent(request: HttpRequest, shopper: Shopper, parent_id: int, token: str) -> HttpResponse:
    """The same for a parent order: its number is no trade's."""
    view = parent_by_id(reading(), parent_id=parent_id) if is_address(parent_id, token) else None
    if view is None:
        raise Http404
    reference, at, language = get_engine().reference, get_engine().at(), language_of(request)
    mall = reference.merchants[reference.apps[view.parent.app_id].merchant_id]
    merchants = [reference.merchants[order.trade.merchant_id] for order in view.orders]
    payer_ids = {order.payment.person_id for order in view.orders if order.payment is not None}
    if payer_ids == {shopper.person_id}:
        asked = parents.asked_of(view, mall, language)
        shown = {
            "asked": asked,
            "orders": parents.orders_in(view, merchants, language),
            "back": parents.return_url(view),
        }
        return render(request, "cashier/several_paid.html", shown)
    refusal = parents.refused(view, merchants, shopper.person_id, at)
    if refusal is not None:
        return _closed(request, parents.whole_of(view, mall), mall, refusal)
    purse = read_purse(reading(), shopper.person_id)
    assert purse is not None, "a shopper's login names a person"
    asked_of_several = AskedOfSeveral(view, mall, merchants, purse, at)
    if request.method == "POST":
        return _submit_parent(request, shopper, asked_of_several)
    return _parent_form(request, shopper, asked_of_several)


def _submit_parent(request: HttpRequest, shopper: Shopper, asked: AskedOfSeveral) -> HttpResponse:
    language, way, lane = language_of(request), request.POST.get("way", ""), lane_of(shopper.person_id)
    payment_ids = tuple(get_engine().new_id(lane) for _ in asked.view.orders)
    coupon = request.POST.get("coupon", "")
    event_id = get_engine().new_id(lane)
    command = parents.paying(asked.view, asked.mall, asked.purse, way, coupon, event_id, payment_ids)
    content = ["pay-parent", asked.view.parent.id, way]
    claimed = form_claim(request, shopper, [*content, coupon] if coupon else content)
    if command is None or claimed is None:
        return _parent_form(request, shopper, asked, problem=text(language, "pay.choose"))
    if wrong_pin := pin_problem(request, shopper, language):
        return _parent_form(request, shopper, asked, wrong_pin=wrong_pin)
    [outcome] = get_engine().execute([Submission(command=command, claims=(claimed,), keeps_refusal=False)])
    refusal = outcome.refusal
    if refusal is None or isinstance(refusal, TradeAlreadyPaid | TradeNotOpen | KeyConflict):
        return HttpResponseRedirect(request.path)
    return _parent_form(request, shopper, asked, problem=refusal.sentence(language))


def _parent_form(
    request: HttpRequest, shopper: Shopper, asked: AskedOfSeveral, *, problem: str = "", wrong_pin: str = ""
) -> HttpResponse:
    view, mall, merchants, purse, at = asked
    language = language_of(request)
    if request.method == "GET":
        # A checkout of each shop's order, answered as if it were paid alone.
        sold = [(order.trade, merchant) for order, merchant in zip(view.orders, merchants, strict=True)]
        get_engine().execute([_opened(*each, purse, at, each[0].amount_minor) for each in sold])
    offered = _offered_over(shopper, asked, language)
    deals = offered.without_coupon() if _unwanted(request) else offered
    chosen = request.POST.get("way", "")
    tenders = parents.offered(view, mall, purse, get_engine().reference, at, language, chosen, deals)
    shown = {
        "asked": parents.asked_of(view, mall, language, deals.coupon),
        "coupon": f"{deals.coupon.campaign_id}-{deals.coupon.amount_minor}" if deals.coupon else "",
        "offered": offered.coupon.name if offered.coupon and not deals.coupon else "",
        "orders": parents.orders_in(view, merchants, language),
        "tenders": tenders,
        "can_pay": any(tender.ways for tender in tenders),
        "can_repay": any(held.line.exposure_minor > 0 for held in purse.lines),
        "key": new_form_key(),
        "lender": lender(),
        "problem": problem,
        "pin_problem": wrong_pin,
        "pin_lock": "" if wrong_pin else pin_lock(shopper, language),
    }
    return render(request, "cashier/pay.html", shown, status=422 if problem or wrong_pin else 200)


def _offered_over(shopper: Shopper, asked: AskedOfSeveral, language: Language) -> Deals:
    """The coupon for all of it; nothing is asked where no campaign runs."""
    if not any(campaign.gives_on(asked.at.on) for campaign in get_engine().reference.campaigns.values()):
        return NO_DEALS
    views = campaigns_for(reading(), person_id=shopper.person_id, on=asked.at.on)
    return parents.deals_of(asked.view, asked.merchants, views, asked.at, language)
