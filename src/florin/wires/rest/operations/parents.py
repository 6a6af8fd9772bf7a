"""Parent orders: a mall's checkout over several sellers."""

from __future__ import annotations

from typing import Final

from florin.wires.rest import parents, shapes
from florin.wires.rest.operations.refused import KEYED
from florin.wires.rest.serve import Nothing, Operation

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="POST",
        path="/v1/parent-orders",
        name="create_parent_order",
        summary="Ask for several sellers' orders in one checkout",
        description="They are paid together, by one choice of tenders, or not at all. Each is a payment of its own afterwards: "
        "receipt, refunds and disputes are of its `id`. An app marked as a mall's may name sellers of its own market.",
        needs="merchant",
        run=parents.create,
        body=shapes.NewParentOrder,
        examples={
            "two sellers": {
                "order_number": "C-1",
                "orders": [
                    {"order_number": "C-1-1", "amount_minor": 9_900, "subject": "silk scarf"},
                    {"order_number": "C-1-2", "amount_minor": 4_500, "subject": "lamp"},
                ],
            }
        },
        answer=shapes.ParentOrder,
        status=201,
        idempotent=True,
        refusals=(
            "SellerOfAnother",
            "OrdersOutOfRange",
            "NotAnOrderOfThisParent",
            "MerchantFrozen",
            "AmountOutOfRange",
            "ExpiryPassed",
            "LinesDoNotAddUp",
            "OrderLineImpossible",
            "NotFound",
            "GroupRefused",
            *KEYED,
        ),
    ),
    Operation(
        method="GET",
        path="/v1/parent-orders/{parent_id}",
        name="get_parent_order",
        summary="A parent order and each order in it, as they are now",
        needs="merchant",
        run=parents.get,
        answer=shapes.ParentOrder,
        refusals=("NotFound",),
    ),
    Operation(
        method="POST",
        path="/v1/parent-orders/{parent_id}/close",
        name="close_parent_order",
        summary="Close a parent order that nobody has paid",
        needs="merchant",
        run=parents.close,
        body=Nothing,
        answer=shapes.ParentOrder,
        status=201,
        idempotent=True,
        refusals=("TradeAlreadyPaid", "TradeNotOpen", "GroupRefused", "NotFound", *KEYED),
    ),
)
