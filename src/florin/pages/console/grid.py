"""Acceptance as a grid: where each program is accepted, place by place, and which rule says so.

A place is a market, whether it is sold online or at a till, and a kind of goods; a kind has a row of its own only where some
program answers otherwise for it than for all other goods there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from urllib.parse import urlencode

from florin.events import Channel, Place
from florin.events.market import AcceptanceRule, Market
from florin.events.refusals import Language
from florin.market.acceptance import Acceptance, Ruling
from florin.pages.show import money
from florin.pages.texts import text

Says = Literal["yes", "cap", "no"]
_SOLD: dict[str, tuple[Channel, ...]] = {"street": ("offline",), "chat": ("online",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one program answers in one place. note: why, as the shopper reads it. address: where it is changed."""

    title: str
    says: Says
    answer: str
    note: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of goods, online or at a till. cells: program by program."""

    title: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketShown:
    """owner: of whose programs it is the home; empty: of nobody's. tills_alike: at its tills all is as at those elsewhere."""

    title: str
    owner: str
    rows: tuple[Row, ...]
    tills_alike: bool


def grid_of(acceptance: Acceptance, titles: dict[str, str], on: date, language: Language) -> list[MarketShown]:
    """titles: of the programs, in the language. The last market is every place that no ecosystem names."""
    programs = [program for each in acceptance.ecosystems.values() for program in each.programs]
    categories = sorted({rule.category for rule in _rules(acceptance, on) if rule.category})
    elsewhere = _rows(acceptance, programs, None, categories, on)
    shown = []
    for market in (*acceptance.markets.values(), None):
        found = elsewhere if market is None else _rows(acceptance, programs, market, categories, on)
        # What holds at a till seldom depends on the market; the street has nothing else to show.
        alike = (
            market is not None and market.kind != "street" and _said(found, "offline") == _said(elsewhere, "offline")
        )
        rows = [
            Row(
                title=_row_title(place, language),
                cells=tuple(_cell(ruling, place, titles, language) for ruling in rulings),
            )
            for place, rulings in found
            if not (alike and place.channel == "offline")
        ]
        title, owner = market_title(market, language), _owner(acceptance, market, language)
        shown.append(MarketShown(title=title, owner=owner, rows=tuple(rows), tills_alike=alike))
    return shown


def market_title(market: Market | None, language: Language) -> str:
    if market is None:
        return text(language, "console.elsewhere")
    return market.title_zh if language == "zh" else market.title_en


def answer_of(rule: AcceptanceRule | Ruling, language: Language) -> str:
    """Yes, no, or up to how much, in words."""
    says = rule.answer if isinstance(rule, AcceptanceRule) else _says(rule)
    said = text(language, f"console.says.{says}", amount=money(rule.cap_minor or 0, language))
    month_minor = rule.cap_month_minor if isinstance(rule, AcceptanceRule) else rule.month_cap_minor
    return text(language, "console.a_month", said=said, amount=money(month_minor, language)) if month_minor else said


def where_of(rule: AcceptanceRule, acceptance: Acceptance, language: Language) -> str:
    """Which sales a rule is about, in words."""
    market = acceptance.markets.get(rule.market)
    parts = [market_title(market, language) if market else rule.market, rule.category]
    parts.append(text(language, f"console.channel.{rule.channel}") if rule.channel else "")
    return " · ".join(part for part in parts if part) or text(language, "console.every_sale")


def _rules(acceptance: Acceptance, on: date) -> list[AcceptanceRule]:
    return [stated.rule for each in acceptance.ecosystems.values() for stated in each.rules_on(on)]


def _rows(
    acceptance: Acceptance, programs: Sequence[str], market: Market | None, categories: Sequence[str], on: date
) -> list[tuple[Place, list[Ruling]]]:
    name = "" if market is None else market.id
    found: list[tuple[Place, list[Ruling]]] = []
    for sold in _SOLD.get("" if market is None else market.kind, ("online", "offline")):
        others: list[tuple[object, ...]] = []
        for category in ("", *categories):
            place = Place(market=name, category=category, channel=sold)
            rulings = [acceptance.ruling(program, place, on) for program in programs]
            said = [_content(each) for each in rulings]
            if not category:
                others = list(said)
            elif said == others:
                continue
            found.append((place, rulings))
    return found


def _said(rows: Sequence[tuple[Place, list[Ruling]]], sold: Channel) -> list[tuple[object, ...]]:
    """What is answered to goods sold so, kind by kind."""
    return [(place.category, *(_content(each) for each in rulings)) for place, rulings in rows if place.channel == sold]


def _content(ruling: Ruling) -> tuple[object, ...]:
    return ruling.accepted, ruling.cap_minor, ruling.month_cap_minor, ruling.reason_en


def _owner(acceptance: Acceptance, market: Market | None, language: Language) -> str:
    for each in acceptance.ecosystems.values():
        if market is not None and market.id in each.homes:
            return each.title_zh if language == "zh" else each.title_en
    return ""


def _row_title(place: Place, language: Language) -> str:
    goods = place.category or text(language, "console.all_goods")
    return text(language, f"console.sold.{place.channel}", goods=goods)


def _says(ruling: Ruling) -> Says:
    return "no" if not ruling.accepted else "yes" if ruling.cap_minor is None else "cap"


def _cell(ruling: Ruling, place: Place, titles: dict[str, str], language: Language) -> Cell:
    rule = ruling.rule
    at = {"market": place.market, "category": place.category, "channel": ruling.channel}
    if rule is not None:
        at = {"market": rule.market, "category": rule.category, "channel": rule.channel}
    return Cell(
        title=titles[ruling.program],
        says="cap" if ruling.accepted and ruling.month_cap_minor else _says(ruling),
        answer=answer_of(ruling, language),
        note=ruling.reason(language),
        address=f"/console/acceptance/{ruling.ecosystem}?{urlencode({'program': ruling.program, **at})}",
    )
