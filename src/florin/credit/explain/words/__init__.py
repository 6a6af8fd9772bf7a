"""The sentences of explanations, one catalog a language, each in its own voice. A test holds that both have the same keys.

`{amount}` is the part's amount with its sign, `{size}` without; `{item}` the purchase, `{days}` the arithmetic of interest;
the rest are the part's values. A key that ends in `.nothing` is said instead when the amount is zero.
"""

from __future__ import annotations

from florin.credit.explain.words import en, zh
from florin.events.refusals import Language

CATALOGS: dict[Language, dict[str, str]] = {"en": en.WORDS, "zh": zh.WORDS}
