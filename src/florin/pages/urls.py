"""Every address of the pages."""

from __future__ import annotations

from typing import Any

urlpatterns: list[Any] = []

handler404 = "florin.pages.errors.not_found"
handler500 = "florin.pages.errors.our_mistake"
