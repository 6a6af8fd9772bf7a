"""A checkout over several shops at the cashier: one amount, one choice, and a list of what is paid with it.

It is shown and ruled as an order of the mall's for all of it; the engine rules each order again. Installments are a plan for
each order, priced on what is lent for it: what is shown is their sum, by the arithmetic that the engine splits tenders with. A
coupon is the mall's or the state's, and is taken off the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from msgspec import structs

from florin.campaigns.coupon import refuse_coupon
from florin.credit.plans import Part, PlanQuote, quote
from florin.credit.terms import Terms
from florin.engine.reference import Reference
from florin.events.refusals import Language, Refusal
from florin.money.at import At
from florin.pages.cashier.deals import NO_DEALS, Deal, Deals, campaign_name
from florin.pages.cashier.page import (
    Request,
    Tender,
    command_of,
    first_due_on,
    line_of,
    merchant_name,
    plan_way,
    request_of,
    tenders_of,
)
from florin.pages.hooks import web_address
from florin.pages.show import money
from florin.pages.texts import text
from florin.payments.down_payment import down_payment_minor
from florin.payments.merchant import Merchant, refuse_merchant
from florin.payments.parent import split_tenders
from florin.payments.pay import refuse_trade
from florin.payments.pay_parent import PayParent
from florin.payments.tenders import Tenders
from florin.payments.trade import Trade
from florin.queries.campaigns import CampaignView
from florin.queries.parents import ParentView
from florin.queries.shopper import Purse

_AT_ONCE = "0"  # installments of what is paid next month, or from the wallet


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderInIt:
    """One shop's order. address: of its own page, once it is paid."""

    merchant: str
    initial: str
    subject: str
    amount: str
    address: str


def whole_of(view: ParentView, mall: Merchant) -> Trade:
    """All of it as one order, for showing what it can be paid with."""
    first = view.orders[0].trade
    return structs.replace(
        first,
        id=view.parent.id,
        merchant_id=mall.id,
        amount_minor=view.parent.amount_minor,
        out_trade_no=view.parent.out_trade_no,
        subject="",
        installments=0,
        detail=structs.replace(first.detail, return_url=view.parent.return_url, parent_id=0, lines=()),
    )


def refused(view: ParentView, merchants: Sequence[Merchant], person_id: int, at: At) -> Refusal | None:
    """Why it cannot be paid: what stops one order stops all."""
    for order, merchant in zip(view.orders, merchants, strict=True):
        if refusal := refuse_trade(order.trade, person_id, at) or refuse_merchant(merchant):
            return refusal
    return None


def asked_of(view: ParentView, mall: Merchant, language: Language, coupon: Deal | None = None) -> Request:
    shown = request_of(whole_of(view, mall), mall, language, coupon)
    return replace(shown, subject=text(language, "parent.orders", count=len(view.orders)))


def orders_in(view: ParentView, merchants: Sequence[Merchant], language: Language) -> list[OrderInIt]:
    shown = []
    for order, merchant in zip(view.orders, merchants, strict=True):
        name = merchant_name(merchant, language)
        payment = order.payment
        shown.append(
            OrderInIt(
                merchant=name,
                initial=name[:1].upper(),
                subject=order.trade.subject,
                amount=money(order.trade.amount_minor, language),
                address="" if payment is None else f"/orders/{payment.id}",
            )
        )
    return shown


def deals_of(
    view: ParentView, merchants: Sequence[Merchant], views: Sequence[CampaignView], at: At, language: Language
) -> Deals:
    """The best coupon that holds at every seller; a seller's own is for his own orders. Nothing is borne of fees here."""
    best: Deal | None = None
    for seen in views:
        campaign, amount_minor = seen.campaign, view.parent.amount_minor
        minor = campaign.coupon_minor(amount_minor)
        of_order: dict[str, Any] = {"order_minor": amount_minor, "coupon_minor": minor, "used": seen.used, "at": at}
        holds = campaign.gives_on(at.on) and campaign.terms.sponsor != "merchant" and minor <= seen.left_minor
        if not holds or any(refuse_coupon(campaign, merchant_id=each.id, **of_order) for each in merchants):
            continue
        if best is None or minor > best.amount_minor:
            best = Deal(campaign_id=campaign.id, name=campaign_name(seen, language), amount_minor=minor)
    return Deals(coupon=best)


def offered(
    view: ParentView,
    mall: Merchant,
    purse: Purse,
    reference: Reference,
    at: At,
    language: Language,
    chosen: str,
    deals: Deals = NO_DEALS,
) -> tuple[Tender, ...]:
    """What it can be paid with, in every way. chosen: what was before, if the form comes back."""
    found = tenders_of(whole_of(view, mall), mall, purse, reference, at, language, chosen, deals)
    kept = [_with_plans(tender, view, mall, purse, reference, at, language, deals) for tender in found]
    values = [way.value for tender in kept for way in tender.ways]
    picked = chosen if chosen in values else next(iter(values), "")
    return tuple(
        replace(tender, ways=tuple(replace(way, chosen=way.value == picked) for way in tender.ways)) for tender in kept
    )


def paying(
    view: ParentView, mall: Merchant, purse: Purse, way: str, coupon: str, event_id: int, payment_ids: tuple[int, ...]
) -> PayParent | None:
    """What she asks for by choosing this way; None for a value that the page did not offer."""
    pay = command_of(whole_of(view, mall), purse, way, event_id, coupon)
    if pay is None or pay.subsidy_id or (pay.installments and _is_fixed(view)):
        return None
    return PayParent(
        event_id=event_id,
        parent_id=view.parent.id,
        payment_ids=payment_ids,
        person_id=pay.person_id,
        line_id=pay.line_id,
        credit_minor=pay.credit_minor,
        wallet_minor=pay.wallet_minor,
        installments=pay.installments,
        campaign_id=pay.campaign_id,
        coupon_minor=pay.coupon_minor,
    )


def _with_plans(
    tender: Tender,
    view: ParentView,
    mall: Merchant,
    purse: Purse,
    reference: Reference,
    at: At,
    language: Language,
    deals: Deals,
) -> Tender:
    """The tender with each plan as the sum of the orders' plans; those that one order is too small for are left out."""
    ways = []
    for way in tender.ways:
        of_line, _, count = way.value.partition("-")
        if count == _AT_ONCE:
            ways.append(way)
            continue
        line = line_of(purse, of_line)
        assert line is not None, "a plan is of a line"
        program = reference.program(line.program)
        terms = program.terms_on(at.on)
        down_minor = down_payment_minor(view.parent.amount_minor - deals.coupon_minor, terms)
        summed = None if _is_fixed(view) else _summed(view, int(count), terms, deals.coupon_minor, down_minor)
        if summed is not None:
            due_on = first_due_on(program, at.on)
            shown = plan_way(summed, None, whole_of(view, mall), due_on, down_minor, language)
            ways.append(replace(shown, value=way.value))
    folded = tender.folded and len(ways) > 1
    more = text(language, "tender.more", count=len(ways) - 1) if folded else ""
    return replace(tender, ways=tuple(ways), folded=folded, more=more)


def _is_fixed(view: ParentView) -> bool:
    """A seller has asked for a number of installments of his own."""
    return any(order.trade.installments for order in view.orders)


def _summed(view: ParentView, count: int, terms: Terms, coupon_minor: int, down_minor: int) -> PlanQuote | None:
    """The orders' plans as one; None when one of the orders is not offered so many. Its rate is the highest of theirs."""
    trades = [order.trade for order in view.orders]
    credit_minor = view.parent.amount_minor - coupon_minor - down_minor
    parts = split_tenders([trade.amount_minor for trade in trades], Tenders(credit_minor, down_minor, coupon_minor))
    quotes = [
        quote(part.credit_minor, count, terms, trade.detail.fee_payer_of(count))
        for trade, part in zip(trades, parts, strict=True)
        if part.credit_minor
    ]
    priced = [each for each in quotes if each is not None]
    if not priced or len(priced) < len(quotes):
        return None
    by_shopper = any(each.fee_payer == "shopper" for each in priced)
    installments = tuple(
        Part(sum(part.principal_minor for part in same), sum(part.fee_minor for part in same))
        for same in zip(*(each.installments for each in priced), strict=True)
    )
    return structs.replace(
        priced[0],
        fee_payer="shopper" if by_shopper else "merchant",
        fee_minor=sum(each.shopper_fee_minor if by_shopper else each.fee_minor for each in priced),
        installments=installments,
        total_minor=sum(each.total_minor for each in priced),
        per_period_minor=max(part.principal_minor + part.fee_minor for part in installments),
        annualized_rate=max(each.annualized_rate for each in priced),
    )


def return_url(view: ParentView) -> str:
    return web_address(view.parent.return_url)
