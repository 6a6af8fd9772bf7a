"""Amounts, rates and dates as the pages print them, in the reader's language."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from florin.engine.clock import ZONE
from florin.money import shown

_HUNDREDTH = Decimal("0.01")


def money(amount_minor: int, language: str) -> str:
    """¥1,199.00"""
    return shown(amount_minor, "CNY", language)


def percent(rate: Decimal) -> str:
    """A share as a percentage with two decimals: 0.1445 is 14.45%. Zero is 0%."""
    if rate == 0:
        return "0%"
    return f"{(rate * 100).quantize(_HUNDREDTH, rounding=ROUND_HALF_UP)}%"


def full_date(on: date, language: str) -> str:
    """10 April 2026, 2026年4月10日"""
    return f"{on.year}年{on.month}月{on.day}日" if language == "zh" else f"{on.day} {on:%B %Y}"


def clock_time(at: datetime) -> str:
    """The time of day in the house's zone: 14:05."""
    return f"{at.astimezone(ZONE):%H:%M}"


def full_moment(at: datetime, language: str) -> str:
    """10 April 2026, 14:05"""
    local = at.astimezone(ZONE)
    gap = " " if language == "zh" else ", "
    return f"{full_date(local.date(), language)}{gap}{local:%H:%M}"
