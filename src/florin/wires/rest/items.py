"""Lines of an order, and items of it, from what was sent."""

from __future__ import annotations

from collections.abc import Sequence

from florin.events import ItemCount
from florin.payments.items import OrderLine
from florin.wires.rest import shapes


def lines_of(lines: Sequence[shapes.OrderLine]) -> tuple[OrderLine, ...]:
    return tuple(
        OrderLine(
            sku=line.sku,
            title=line.title,
            quantity=line.quantity,
            unit_minor=line.unit_minor,
            amount_minor=line.amount_minor,
        )
        for line in lines
    )


def counts_of(items: Sequence[shapes.Items]) -> tuple[ItemCount, ...]:
    return tuple(ItemCount(line=item.line, quantity=item.quantity) for item in items)
