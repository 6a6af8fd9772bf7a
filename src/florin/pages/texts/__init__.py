"""What the pages say: one Python dictionary a language, each written in its own voice, none mirrored from another.

Not gettext: its compiled files would have to be built at install time with tools that a machine may lack, and its keys
are English sentences, which ties every other language to the English one. Here a key names the place and the thing
said; a test holds that all catalogs have the same keys and the same values. `docs/how-to/translate.md` adds one.
"""

from __future__ import annotations

from florin.pages.texts import en, zh

CATALOGS: dict[str, dict[str, str]] = {"en": en.TEXTS, "zh": zh.TEXTS}


def text(language: str, key: str, **values: object) -> str:
    """The sentence of that key, with its values filled in. Raises KeyError for a key or value that is missing."""
    return CATALOGS[language][key].format(**values)
