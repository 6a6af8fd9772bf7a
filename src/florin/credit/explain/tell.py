"""Telling: an explanation in words, for people and for programs.

Each part names a sentence of the catalogs (`words/en.py`, `words/zh.py`), which are written apart, not mirrored. A
sentence gets the part's amount and values, printed as people of that language read them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from florin.credit.explain.parts import EventRef, Part, Span, TermUsed, plain
from florin.credit.explain.words import CATALOGS
from florin.credit.sub_limits import purchases_at
from florin.credit.terms import SubLimit
from florin.events.refusals import Language, full_date, refusal_of, yuan


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """What a purchase is called: what was bought, and where. trade_id: by which everybody but the payer's line knows it."""

    subject: str
    merchant_en: str
    merchant_zh: str = ""
    trade_id: int = 0


class CampaignName(msgspec.Struct, frozen=True, kw_only=True):
    """What a campaign is called."""

    en: str
    zh: str


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part in words. Ids are text. amount: minor units; the sum of `parts` where there are any."""

    what: str
    text: str
    amount_minor: int
    item_id: str = ""
    payment_id: str = ""
    event: EventRef | None = None
    rules: tuple[str, ...] = ()
    terms: tuple[TermUsed, ...] = ()
    spans: tuple[Span, ...] = ()
    arithmetic: str = ""
    parts: tuple[Told, ...] = ()
    notes: tuple[Told, ...] = ()


def tell(
    part: Part,
    language: Language,
    items: Mapping[int, Item] | None = None,
    partners: Mapping[int, str] | None = None,
    campaigns: Mapping[int, CampaignName] | None = None,
) -> Told:
    """The part and all below it in words. items: names of purchases, by their id; one without a name is told by its
    number. partners: names of partner banks, by the agreement's id. campaigns: names of campaigns, by their id.
    """
    known, banks, named = items or {}, partners or {}, campaigns or {}
    return Told(
        what=part.what,
        text=sentence(part, language, known, banks, named),
        amount_minor=part.amount_minor,
        item_id=str(part.item_id) if part.item_id else "",
        payment_id=_payment_id(part.item_id, known),
        event=part.event,
        rules=part.rules,
        terms=part.terms,
        spans=part.spans,
        arithmetic=part.arithmetic,
        parts=tuple(tell(one, language, known, banks, named) for one in part.parts),
        notes=tuple(tell(one, language, known, banks, named) for one in part.notes),
    )


def _payment_id(item_id: int, items: Mapping[int, Item]) -> str:
    item = items.get(item_id)
    return str(item.trade_id) if item is not None and item.trade_id else ""


def sentence(
    part: Part,
    language: Language,
    items: Mapping[int, Item],
    partners: Mapping[int, str],
    campaigns: Mapping[int, CampaignName],
) -> str:
    """One part's own sentence."""
    if "refusal" in part.values:
        return refusal_of(part.values["refusal"], dict(part.values["numbers"])).sentence(language)
    catalog = CATALOGS[language]
    values = {
        "amount": yuan(part.amount_minor),
        "size": yuan(abs(part.amount_minor)),
        "item": _item(part.item_id, language, items),
        "campaign": _campaign(part.campaign_id, language, campaigns),
        "days": _days(part.spans, language),
        "partner": _partner(part, language, partners),
        **{name.removesuffix("_minor"): _shown(name, value, language) for name, value in part.values.items()},
    }
    return catalog[_key(part, catalog)].format(**values)


def items_of(part: Part) -> set[int]:
    """All purchases that an explanation speaks of."""
    found = {part.item_id} if part.item_id else set()
    for one in (*part.parts, *part.notes):
        found |= items_of(one)
    return found


def campaigns_of(part: Part) -> set[int]:
    """All campaigns that an explanation speaks of."""
    found = {part.campaign_id} if part.campaign_id else set()
    for one in (*part.parts, *part.notes):
        found |= campaigns_of(one)
    return found


def lines_of(told: Told, depth: int = 0) -> Iterator[tuple[int, str, str]]:
    """(depth, text, amount) of an explanation from top to bottom; what is no part of the sum has no amount."""
    yield depth, told.text, yuan(told.amount_minor)
    for part in told.parts:
        yield from lines_of(part, depth + 1)
    for note in told.notes:
        yield depth + 1, note.text, ""
        for part in note.parts:
            yield from lines_of(part, depth + 2)


def _key(part: Part, catalog: Mapping[str, str]) -> str:
    """The sentence of a part; nothing at all of something has one of its own where it reads better."""
    nothing = f"{part.what}.nothing"
    return nothing if not part.amount_minor and nothing in catalog else part.what


def _item(item_id: int, language: Language, items: Mapping[int, Item]) -> str:
    item = items.get(item_id)
    if item is None:
        number = str(item_id)[-6:]
        return f"订单（尾号 {number}）" if language == "zh" else f"order …{number}"
    merchant = item.merchant_zh or item.merchant_en if language == "zh" else item.merchant_en
    if language == "zh":
        return f"{item.subject}（{merchant}）" if merchant else item.subject
    return f"{item.subject}, {merchant}" if merchant else item.subject


def _partner(part: Part, language: Language, partners: Mapping[int, str]) -> str:
    name = partners.get(part.values.get("agreement_id", 0))
    return name or ("合作银行" if language == "zh" else "a partner bank")


def _campaign(campaign_id: int, language: Language, campaigns: Mapping[int, CampaignName]) -> str:
    campaign = campaigns.get(campaign_id)
    if campaign is None:
        number = str(campaign_id)[-6:]
        return f"活动（尾号 {number}）" if language == "zh" else f"campaign …{number}"
    return f"活动“{campaign.zh}”" if language == "zh" else campaign.en


def _days(spans: tuple[Span, ...], language: Language) -> str:
    """¥399.00 × 10 days (10 April 2026 up to 20 April 2026) × 0.05 % = ¥1.995"""
    said = []
    for span in spans:
        first, last = full_date(span.from_on, language), full_date(span.to_on, language)
        rate, exact = percent(span.daily_rate), plain(span.exact)
        if language == "zh":
            said.append(f"{yuan(span.base_minor)} × {span.days} 天（{first}至{last}，算头不算尾）× {rate} = {exact} 元")
        else:
            days = "1 day" if span.days == 1 else f"{span.days} days"
            said.append(f"{yuan(span.base_minor)} × {days} ({first} up to {last}) × {rate} = ¥{exact}")
    return ("；" if language == "zh" else "; ").join(said)


def percent(share: Decimal) -> str:
    """0.0005 is 0.05%"""
    return f"{plain(share * 100)}%"


def _shown(name: str, value: Any, language: Language) -> str:
    if name.endswith("_minor"):
        return yuan(value)
    if isinstance(value, date):
        return full_date(value, language)
    if isinstance(value, Decimal):
        return percent(value)
    return purchases_at(value, language) if isinstance(value, SubLimit) else str(value)
