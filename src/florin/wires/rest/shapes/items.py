"""What is bought: the lines of an order, and so many of one of them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from florin.wires.rest.fields import Name, Text
from florin.wires.rest.shapes.base import Taken


class OrderLine(Taken, frozen=True, kw_only=True):
    """amount: of all of them, after your own discounts, at most quantity × unit. Shipping is a line like another."""

    sku: Name
    title: Text
    quantity: Annotated[int, Meta(ge=1, le=100_000)]
    unit_minor: Annotated[int, Meta(ge=0, le=10**10)]
    amount_minor: Annotated[int, Meta(ge=0, le=10**10)]


class Items(Taken, frozen=True, kw_only=True):
    """So many of one line of the order. line: its position, from 1."""

    line: Annotated[int, Meta(ge=1, le=100)]
    quantity: Annotated[int, Meta(ge=1, le=100_000)]


OrderLines = Annotated[
    tuple[OrderLine, ...], Meta(max_length=100, description="What is bought; their amounts make up the order's.")
]
ItemCounts = Annotated[tuple[Items, ...], Meta(max_length=100, description="So many of which lines of the order.")]
Goods = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=32,
        pattern=r"^[a-z_]+$",
        description="The kind of goods, which sets the days until receipt confirms itself: express, surface, overseas, "
        "virtual, service, preorder, other.",
        extra={"fix": "Send a word in small letters, as in express."},
    ),
]
