"""What templates may say beside HTML: a text in the reader's language, the address of one of our files, an icon."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from florin.pages.assets import asset_url
from florin.pages.icons import ICONS
from florin.pages.texts import text

register = template.Library()


@register.simple_tag(takes_context=True)
def t(context: dict[str, Any], key: str, **values: object) -> str:
    """{% t "pay.button" amount=asked.amount %}"""
    return text(context["language"], key, **values)


@register.simple_tag
def asset(name: str) -> str:
    """{% asset "florin.css" %}"""
    return asset_url(name)


@register.simple_tag
def icon(name: str) -> SafeString:
    """{% icon "lock" %}: a line drawing in the color of the text around it; it says nothing to a screen reader."""
    return mark_safe(ICONS[name])  # noqa: S308 - our own constant
