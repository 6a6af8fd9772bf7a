"""How experiments put their numbers into sentences, once in English and once in Chinese."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from florin.lab.quantity import LANGUAGES, Interval, Unit, Words, written
from florin.lab.result import Holds

HOLDS = {
    Holds.SUPPORTED: Words("supported", "成立"),
    Holds.REJECTED: Words("rejected", "不成立"),
    Holds.UNDECIDED: Words("undecided", "未决"),
}

MARKETS = {
    "taobao": Words("Taobao", "淘宝"),
    "tmall": Words("Tmall", "天猫"),
    "jd": Words("JD's mall", "京东商城"),
    "street": Words("the street", "线下"),
    "chat": Words("the messenger's shops", "微信小店"),
    "web": Words("the web's shops", "其他网店"),
}


def said(value: Interval, unit: Unit) -> Words:
    """A number with its ends, as the tables write it."""
    return Words(*(written(value, unit, language) for language in LANGUAGES))


def paragraphs(*told: Words) -> dict[str, Any]:
    """The paragraphs of a result."""
    return {"paragraphs_en": tuple(each.en for each in told), "paragraphs_zh": tuple(each.zh for each in told)}


def means(values: Sequence[float]) -> float:
    """The mean, 0 of nothing."""
    return sum(values) / len(values) if values else 0.0
