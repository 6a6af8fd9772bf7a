"""What refusals cost a merchant: the sum that was not paid, by reason, and the orders.

Of one order he reads only reasons that are about where credit is accepted; what else is the matter with a line is hers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from florin.events.market import LineAnswer
from florin.events.refusals import Language
from florin.pages.merchant.page import Moved
from florin.pages.show import full_date, money
from florin.pages.texts import text
from florin.queries.checkouts import CheckoutSeen, Cost, TillRefusal, costs_of, told_as

ORDERS_SHOWN = 50
_ABOUT_THE_SHOP = ("NotAcceptedHere", "AcceptanceCapExceeded", "AcceptanceMonthCapExceeded", "TenderNotAccepted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """lost: of all orders in which a line was refused, what was not paid. reasons, orders: a line each."""

    lost: str
    summary: str
    reasons: tuple[Moved, ...]
    orders: tuple[Moved, ...]
    at_till: tuple[str, ...]


def refusals_of(
    checkouts: Sequence[CheckoutSeen], at_till: Sequence[TillRefusal], titles: Mapping[str, str], language: Language
) -> Refusals:
    """titles: of programs, in the language."""
    refused = [seen for seen in checkouts if seen.refused]
    lost = [seen for seen in refused if not seen.paid]
    return Refusals(
        lost=money(sum(seen.amount_minor for seen in lost), language),
        summary=text(
            language,
            "refusals.summary",
            all=len(checkouts),
            refused=len(refused),
            paid=len(refused) - len(lost),
            lost=len(lost),
        ),
        reasons=tuple(_reason(cost, language) for cost in costs_of(checkouts)),
        orders=tuple(_order(seen, titles, language) for seen in refused[:ORDERS_SHOWN]),
        at_till=tuple(
            text(
                language,
                "refusals.at_till",
                reason=word_of(each.refusal, language),
                count=each.count,
                amount=money(each.amount_minor, language),
            )
            for each in at_till
        ),
    )


def _reason(cost: Cost, language: Language) -> Moved:
    word = word_of(cost.refusal, language)
    return Moved(
        title=word[:1].upper() + word[1:],
        note=text(
            language,
            "refusals.of_reason",
            count=cost.sessions,
            amount=money(cost.amount_minor, language),
            paid=cost.paid,
        ),
        amount=money(cost.lost_minor, language),
        state=text(language, "refusals.not_paid"),
        tone="bad" if cost.lost else "plain",
    )


def _order(seen: CheckoutSeen, titles: Mapping[str, str], language: Language) -> Moved:
    said = [_of_line(each, titles, language) for each in seen.refused]
    return Moved(
        title=seen.subject or full_date(seen.on, language),
        note=" · ".join([full_date(seen.on, language), *dict.fromkeys(said)]),
        amount=money(seen.amount_minor, language),
        state=text(language, "refusals.paid_otherwise" if seen.paid else "refusals.not_paid"),
        tone="good" if seen.paid else "bad",
    )


def _of_line(found: LineAnswer, titles: Mapping[str, str], language: Language) -> str:
    title = titles.get(found.program, found.program)
    reason = word_of(found.refusal if found.refusal in _ABOUT_THE_SHOP else "", language)
    return text(language, "refusals.of_line", title=title, reason=reason)


def word_of(refusal: str, language: Language) -> str:
    """A refusal in a few words; those that have none of their own are about the line."""
    name = told_as(refusal)
    return text(language, f"refused.{name}" if name in _WORDED else "refused.other")


_WORDED = (*_ABOUT_THE_SHOP, "CreditLimitExceeded", "LineNotOpen", "HeldOut")
