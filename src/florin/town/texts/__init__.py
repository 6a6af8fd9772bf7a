"""What the street says: one dictionary a language, as the pages' texts are; a test holds that both say the same things."""

from __future__ import annotations

from florin.town.texts import en, zh

CATALOGS: dict[str, dict[str, str]] = {"en": en.TEXTS, "zh": zh.TEXTS}


def text(language: str, key: str, **values: object) -> str:
    """The sentence of that key, with its values filled in. Raises KeyError for a key or value that is missing."""
    return CATALOGS[language][key].format(**values)
