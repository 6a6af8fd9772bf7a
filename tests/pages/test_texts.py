"""Two catalogs, one set of things to say."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import florin.pages
from florin.pages.texts import CATALOGS, text

PAGES = Path(florin.pages.__file__).parent


def _values(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_every_language_says_everything():
    english = CATALOGS["en"]

    for language, catalog in CATALOGS.items():
        assert set(catalog) == set(english), language


@pytest.mark.parametrize("key", sorted(CATALOGS["en"]))
def test_a_text_fills_in_no_value_that_the_others_do_not_know(key):
    known = set().union(*(_values(catalog[key]) for catalog in CATALOGS.values()))

    for language in CATALOGS:
        assert text(language, key, **dict.fromkeys(known, "x"))
        assert _values(CATALOGS[language][key]) == known or key in _MAY_LEAVE_OUT


# A language may leave a value out where another words it differently.
_MAY_LEAVE_OUT: set[str] = set()


def test_templates_ask_for_texts_that_exist():
    for template in (PAGES / "templates").rglob("*.html"):
        for key in re.findall(r'{% t "([^"]+)"', template.read_text(encoding="utf-8")):
            assert key in CATALOGS["en"], f"{template.name}: {key}"


def test_chinese_is_written_in_chinese():
    words = re.compile(r"[A-Za-z]{3,}")

    for key, sentence in CATALOGS["zh"].items():
        assert not words.search(re.sub(r"{\w+}", "", sentence)), key
