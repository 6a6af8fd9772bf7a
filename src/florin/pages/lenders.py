"""Who lends, as a shopper reads it: before she borrows, and on what was lent jointly with a partner bank."""

from __future__ import annotations

from florin.credit.funding import percent
from florin.credit.terms import Program
from florin.events.refusals import Language
from florin.money.at import At
from florin.pages.database import reading
from florin.pages.hooks import lender
from florin.pages.texts import text
from florin.queries.partners import lenders_in_force, lent_with
from florin.queries.shopper import Order


def partners_of(program: Program, at: At, language: Language) -> tuple[str, ...]:
    """Of each partner bank that may lend a share of a purchase made today: that it may, and how much."""
    found = lenders_in_force(reading(), program=program, on=at.on)
    return tuple(
        text(language, "pay.partner", name=one.partner, share=percent(one.share_ppm), lender=_house(language))
        for one in found
    )


def lent_by(order: Order, language: Language) -> str:
    """Both lenders of what was lent jointly; empty where the house lent alone, or nothing was lent."""
    found = lent_with(reading(), payment_id=order.payment_id) if order.credit_minor else None
    if found is None:
        return ""
    return text(
        language, "receipt.lenders", lender=_house(language), name=found.partner, share=percent(found.share_ppm)
    )


def _house(language: Language) -> str:
    return lender().name or text(language, "pay.us")
