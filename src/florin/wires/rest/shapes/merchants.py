"""Merchants, as the owner sets them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from florin.wires.rest.shapes.base import Taken


class NewPlace(Taken, frozen=True, kw_only=True):
    """market, category: in the owner's words, as sub-limits name them; what is left out stays."""

    market: Annotated[str, Meta(max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")] | None = None
    category: Annotated[str, Meta(max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")] | None = None


class MerchantState(msgspec.Struct, frozen=True, kw_only=True):
    """frozen: takes no new payment, in every process, from the next batch on. market, category: as sub-limits name them."""

    id: str
    market: str
    category: str
    state: Literal["open", "frozen", "closed"]
