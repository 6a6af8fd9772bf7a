"""Both languages of the street say the same things."""

from __future__ import annotations

import re

from florin.town.texts import CATALOGS


def test_all_catalogs_have_the_same_keys_and_fill_in_the_same_values():
    english, chinese = CATALOGS["en"], CATALOGS["zh"]

    assert english.keys() == chinese.keys()
    assert {key: set(re.findall(r"{(\w+)}", text)) for key, text in english.items()} == {
        key: set(re.findall(r"{(\w+)}", text)) for key, text in chinese.items()
    }
