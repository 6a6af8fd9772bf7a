"""What the street's templates may say beside HTML: a text in the reader's language, and the address of one of its files."""

from __future__ import annotations

from typing import Any

from django import template

from florin.town.render import asset_url
from florin.town.texts import text

register = template.Library()


@register.simple_tag(takes_context=True)
def t(context: dict[str, Any], key: str, **values: object) -> str:
    """{% t "door.buy" amount=door.price %}"""
    return text(context["language"], key, **values)


@register.simple_tag
def asset(name: str) -> str:
    """{% asset "street.css" %}"""
    return asset_url(name)
