"""What templates may say beside HTML: a text in the reader's language, and the address of one of our files."""

from __future__ import annotations

from typing import Any

from django import template

from florin.pages.texts import text

register = template.Library()


@register.simple_tag(takes_context=True)
def t(context: dict[str, Any], key: str, **values: object) -> str:
    """{% t "pay.button" amount=offer.amount %}"""
    return text(context["language"], key, **values)
