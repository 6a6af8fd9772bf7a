"""What the four kinds of credit answer a shopper at a door, before she buys: yes, no, or up to so much, and why.

Asked of the house by the question that its till asks (`florin.queries.answers`), so a lamp that is green is a purchase that
is taken. A kind of which the shopper has no line is told as that: nobody has refused her.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from florin.engine.reference import Reference
from florin.events import Place
from florin.events.refusals import Language
from florin.market import Answer
from florin.money.at import At
from florin.queries.answers import answers_of
from florin.queries.shopper import Purse
from florin.town.doors import Door

Kind = Literal["huabei", "baitiao", "fenfu", "card"]
# yes: all of it; cap: accepted there, up to an amount that the price exceeds; limit: not so much is left; none: no such line.
Says = Literal["yes", "cap", "limit", "no", "none"]

KINDS: dict[Kind, tuple[str, ...]] = {
    "huabei": ("huabei",),
    "baitiao": ("baitiao-order", "baitiao-bill"),
    "fenfu": ("fenfu",),
    "card": ("bank-card",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lamp:
    """One kind's answer. most_minor: the largest amount that would be taken; cap_minor: of one purchase, None without.

    reason: the till's own sentence, empty for `none`.
    """

    kind: Kind
    says: Says
    most_minor: int = 0
    cap_minor: int | None = None
    reason: str = ""


def lamps_at(
    purse: Purse, reference: Reference, door: Door, *, merchant_id: int, at: At, language: Language
) -> tuple[Lamp, ...]:
    """The four lamps of a door for one shopper and the door's price, always in the same order."""
    merchant = reference.merchants[merchant_id]
    place = Place(market=merchant.market, category=merchant.category, channel=door.channel)
    answers = answers_of(purse, reference, place, door.price_minor, at, merchant_id=merchant_id)
    return tuple(_lamp(kind, answers, language) for kind in KINDS)


def _lamp(kind: Kind, answers: Sequence[Answer], language: Language) -> Lamp:
    answer = next((each for each in answers if each.program in KINDS[kind]), None)
    if answer is None:
        return Lamp(kind=kind, says="none")
    return Lamp(
        kind=kind,
        says=answer.verdict,
        most_minor=answer.most_minor,
        cap_minor=answer.cap_minor,
        reason=answer.reason(language),
    )
