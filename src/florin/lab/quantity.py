"""What a figure shows: a whole number of a unit, with how sure it is, written for people in English and in Chinese.

Numbers are integers to the last: fen, parts per million, people, days. What is estimated comes as an `Interval`, and is never
shown without its ends.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from florin.money import MILLION

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, Language] = ("en", "zh")


class FigureInvalid(ValueError):
    """A record that cannot be shown: says which, and what is wrong with it. A mistake of an experiment, not of who runs it."""


class Unit(StrEnum):
    """What the integers of a column or an axis count."""

    TEXT = "text"
    FEN = "fen"  # money, shown in yuan
    SHARE = "share"  # parts per million of a whole, shown in percent
    PPM = "ppm"  # a rate in parts per million, shown in percent; may be above the whole, and below zero
    RATIO = "ratio"  # parts per million of one, shown as a plain number: an elasticity, a ratio of two counts
    COUNT = "count"  # people, purchases, shops
    DAYS = "days"
    MONTHS = "months"


class Words(Struct, frozen=True, tag="words"):
    """The same said twice, each in its own language."""

    en: str
    zh: str

    def of(self, language: Language) -> str:
        return self.en if language == "en" else self.zh


class Interval(Struct, frozen=True, tag="interval"):
    """Where a number lies: its middle, and the ends of what the draws leave open. Raises FigureInvalid: low <= mid <= high."""

    low: int
    mid: int
    high: int

    def __post_init__(self) -> None:
        if not self.low <= self.mid <= self.high:
            raise FigureInvalid(f"An interval from {self.low} by {self.mid} to {self.high} does not rise.")

    @classmethod
    def sure(cls, value: int) -> Interval:
        """A number that no draw moves."""
        return cls(value, value, value)

    @property
    def is_sure(self) -> bool:
        return self.low == self.high


_IDLE_ZEROS = re.compile(r"\.0+(?!\d)|(?<=\.\d)0+(?!\d)")

Cell = int | str | Interval | Words | None


def written(value: Cell, unit: Unit, language: Language) -> str:
    """A cell as people read it: 1.23, 4.5 %, 12,000; an interval as `mid (low … high)`; nothing as a dash.

    Money is in yuan with its sign, rounded half up to the fen below ¥10,000 and to the yuan from there on; percentages have
    two places below 10 % and one from there on. In Chinese, counts and money from 10,000 are in 万, from 100 million in 亿.
    """
    match value:
        case None:
            return "–"
        case Words():
            return value.of(language)
        case str():
            return value
        case Interval() if value.is_sure:
            return number(value.mid, unit, language)
        case Interval():
            ends = f"{number(value.low, unit, language)} … {number(value.high, unit, language)}"
            return f"{number(value.mid, unit, language)} ({ends})"
        case int():
            return number(value, unit, language)


def number(value: int, unit: Unit, language: Language) -> str:
    """One integer of a unit, as `written` says. Raises FigureInvalid: a number is not text."""
    match unit:
        case Unit.FEN:
            return _yuan(value, language)
        case Unit.SHARE | Unit.PPM:
            return f"{_signed(_percent(value))}{' ' if language == 'en' else ''}%"
        case Unit.RATIO:
            return _signed(f"{_rounded(value, MILLION, 2):,f}")
        case Unit.COUNT:
            return _signed(_grouped(value, language))
        case Unit.DAYS:
            return _signed(f"{value:,}") + {"en": " day" if abs(value) == 1 else " days", "zh": " 天"}[language]
        case Unit.MONTHS:
            return _signed(f"{value:,}") + {"en": " month" if abs(value) == 1 else " months", "zh": " 个月"}[language]
        case Unit.TEXT:
            raise FigureInvalid(f"{value} stands where there should be text.")


def tick(value: int, unit: Unit, language: Language) -> str:
    """One integer as an axis bears it: as `number`, without zeros that say nothing: 50 %, ¥2.5."""
    return _IDLE_ZEROS.sub("", number(value, unit, language))


def ticks(low: int, high: int, count: int) -> list[int]:
    """At most `count` round numbers from low to high, a step of 1, 2 or 5 times a power of ten apart."""
    scale = 1
    while True:
        for step in (scale, 2 * scale, 5 * scale):
            first = -(-low // step) * step
            if (high - first) // step < count:
                return list(range(first, high + 1, step))
        scale *= 10


def _yuan(fen: int, language: Language) -> str:
    sign, amount = "−" if fen < 0 else "", abs(fen)
    if amount < 1_000_000:
        return f"{sign}¥{_rounded(amount, 100, 2):,f}"
    return f"{sign}¥{_grouped(int(_rounded(amount, 100, 0)), language)}"


def _percent(ppm: int) -> str:
    places = 2 if abs(ppm) < 100_000 else 1
    return f"{_rounded(ppm, 10_000, places):,f}"


def _grouped(count: int, language: Language) -> str:
    if language == "zh":
        for scale, name in ((100_000_000, "亿"), (10_000, "万")):
            if abs(count) >= scale:
                return f"{_rounded(count, scale, 2).normalize():f} {name}"
    return f"{count:,}"


def _rounded(value: int, scale: int, places: int) -> Decimal:
    return (Decimal(value) / scale).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _signed(text: str) -> str:
    """A minus sign as printers set it; nothing is below zero that rounds to it."""
    bare = text.removeprefix("-")
    if bare == text:
        return text
    return bare if not bare.strip("0.,") else f"−{bare}"
