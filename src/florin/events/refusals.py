"""Refusals: the business says no, by name, with the numbers that explain it.

A refusal is expected: it is shown to the person, counted, and is not an error. Each class stands beside the action that
gives it and carries one sentence a language for the person who reads it. Fields ending in `_minor` are amounts of minor
units and print as money; dates print in full.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal

import msgspec

Language = Literal["en", "zh"]

REFUSALS: dict[str, type[Refusal]] = {}


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all refusals. en, zh: what happened, then what the person can do; fields in braces."""

    en: ClassVar[str] = ""
    zh: ClassVar[str] = ""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        # Stored refusals are read back by name. (A struct class may be made twice while Python builds it.)
        known = REFUSALS.get(cls.__name__)
        assert known is None or known.__module__ == cls.__module__, f"two refusals are called {cls.__name__}"
        REFUSALS[cls.__name__] = cls

    @property
    def name(self) -> str:
        return type(self).__name__

    def numbers(self) -> dict[str, Any]:
        """The fields, as they are stored and sent."""
        return {name: getattr(self, name) for name in self.__struct_fields__}

    def sentence(self, language: Language = "en") -> str:
        """What the person reads, in that language."""
        template = self.zh if language == "zh" else self.en
        return template.format(**self.shown(language))

    def shown(self, language: Language) -> dict[str, str]:
        """What the braces of the sentence stand for, as a person reads it."""
        return {name: _shown(name, value, language) for name, value in self.numbers().items()}


def refusal_of(name: str, numbers: dict[str, Any]) -> Refusal:
    """The refusal that was stored under `name` with `numbers`. Raises KeyError for an unknown name."""
    return msgspec.convert(numbers, REFUSALS[name], strict=False)


def _shown(name: str, value: Any, language: Language) -> str:
    if name.endswith("_minor"):
        return yuan(value)
    return full_date(value, language) if isinstance(value, date) else str(value)


def full_date(on: date, language: Language) -> str:
    """10 April 2026, 2026年4月10日"""
    return f"{on.year}年{on.month}月{on.day}日" if language == "zh" else f"{on.day} {on:%B %Y}"


def yuan(amount_minor: int) -> str:
    """¥1,199.00"""
    sign = "-" if amount_minor < 0 else ""
    whole, fen = divmod(abs(amount_minor), 100)
    return f"{sign}¥{whole:,}.{fen:02d}"
