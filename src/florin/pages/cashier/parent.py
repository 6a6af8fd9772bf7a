"""A checkout over several shops at the cashier: one amount, one choice, and a list of what is paid with it.

It is shown and ruled as an order of the mall's for all of it; the engine rules each order again. Installments are not offered
here: each order's would be a plan of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from msgspec import structs

from florin.engine.reference import Reference
from florin.events.refusals import Language, Refusal
from florin.money.at import At
from florin.pages.cashier.page import Request, Tender, command_of, merchant_name, request_of, tenders_of
from florin.pages.hooks import web_address
from florin.pages.show import money
from florin.pages.texts import text
from florin.payments.merchant import Merchant, refuse_merchant
from florin.payments.pay import refuse_trade
from florin.payments.pay_parent import PayParent
from florin.payments.trade import Trade
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


def asked_of(view: ParentView, mall: Merchant, language: Language) -> Request:
    shown = request_of(whole_of(view, mall), mall, language)
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


def ways_of(tenders: Sequence[Tender], chosen: str) -> tuple[Tender, ...]:
    """What may be chosen for several orders at once; chosen: what was before, if the form comes back."""
    kept = [replace(t, ways=tuple(way for way in t.ways if _is_offered(way.value))) for t in tenders]
    values = [way.value for tender in kept for way in tender.ways]
    picked = chosen if chosen in values else next(iter(values), "")
    return tuple(
        replace(tender, ways=tuple(replace(way, chosen=way.value == picked) for way in tender.ways)) for tender in kept
    )


def offered(
    view: ParentView, mall: Merchant, purse: Purse, reference: Reference, at: At, language: Language, chosen: str
) -> tuple[Tender, ...]:
    found = tenders_of(whole_of(view, mall), mall, purse, reference, at, language, chosen)
    return ways_of(found, chosen)


def paying(
    view: ParentView, mall: Merchant, purse: Purse, way: str, event_id: int, payment_ids: tuple[int, ...]
) -> PayParent | None:
    """What she asks for by choosing this way; None for a value that the page did not offer."""
    pay = command_of(whole_of(view, mall), purse, way, event_id) if _is_offered(way) else None
    if pay is None:
        return None
    return PayParent(
        event_id=event_id,
        parent_id=view.parent.id,
        payment_ids=payment_ids,
        person_id=pay.person_id,
        line_id=pay.line_id,
        credit_minor=pay.credit_minor,
        wallet_minor=pay.wallet_minor,
    )


def _is_offered(way: str) -> bool:
    return way.split("-")[1:] == [_AT_ONCE]


def return_url(view: ParentView) -> str:
    return web_address(view.parent.return_url)
