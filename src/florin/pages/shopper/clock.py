"""The clock of an order: where its money is, whom it waits for, and what the shopper may do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from florin.events import Event, Shipped
from florin.events.refusals import Language
from florin.pages.show import full_date, full_moment, money
from florin.pages.texts import text
from florin.payments.payment import PaymentState
from florin.payments.requests.terms import escrow_terms
from florin.queries.shopper import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """extend: the button's words, empty where it may not be put off. refund: the link's words to her request. stands: whether
    the clock stands still, when nobody can confirm.
    """

    sentence: str
    parcels: tuple[str, ...]
    extend: str
    refund: str
    stands: bool


def clock_of(order: Order, events: Sequence[Event], language: Language) -> Clock:
    """events: beside the money of the order's payment."""
    waits, particulars = order.state is PaymentState.ESCROWED, order.particulars
    terms, left_minor = escrow_terms(order.paid_on), order.paid_minor - order.refunded_minor
    amount, sentence, extend = money(left_minor, language), "", ""
    if waits and order.confirm_on is not None:
        sentence = text(language, "clock.runs", amount=amount, date=full_date(order.confirm_on, language))
        if particulars.extensions < terms.extension_times:
            extend = text(language, "clock.extend", days=terms.extension_days)
    elif order.state is PaymentState.AUTHORIZED and order.expires_at is not None:
        reserved, until = money(order.amount_minor, language), full_moment(order.expires_at, language)
        sentence = text(language, "clock.held", amount=reserved, moment=until)
    elif waits and particulars.confirm_days is not None:
        sentence = text(language, "clock.unsent", amount=amount, days=particulars.confirm_days)
    elif waits:
        sentence = text(language, "clock.stands", amount=amount, days=particulars.days_left or 0)
    link = "refund.link_open" if particulars.request_id else "refund.link"
    return Clock(
        sentence=sentence,
        parcels=tuple(f"{each.carrier} {each.tracking_no}" for each in events if isinstance(each, Shipped)),
        extend=extend,
        refund=text(language, link) if left_minor or particulars.requests else "",
        stands=waits
        and order.confirm_on is None
        and (particulars.confirm_days is None or bool(particulars.request_id)),
    )
