"""Merchants, as the owner sets them."""

from __future__ import annotations

from typing import Final

from florin.wires.rest import merchants, shapes
from florin.wires.rest.serve import Nothing, Operation

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="POST",
        path="/v1/owner/merchants/{merchant_id}/place",
        name="place_merchant",
        summary="In which market a merchant sells, and what kind of goods",
        description="What is left out stays. Sub-limits of programs name markets and categories; a sale keeps those of its "
        "own moment.",
        tag="owner",
        needs="owner",
        run=merchants.place_merchant,
        body=shapes.NewPlace,
        examples={"a game shop": {"market": "guest", "category": "games"}},
        answer=shapes.MerchantState,
        refusals=("NotFound",),
    ),
    Operation(
        method="POST",
        path="/v1/owner/merchants/{merchant_id}/freeze",
        name="freeze_merchant",
        summary="No new payment for a merchant, from the next one on",
        tag="owner",
        needs="owner",
        run=merchants.freeze_merchant,
        body=Nothing,
        answer=shapes.MerchantState,
        refusals=("NotFound", "MerchantClosed"),
    ),
    Operation(
        method="POST",
        path="/v1/owner/merchants/{merchant_id}/unfreeze",
        name="unfreeze_merchant",
        summary="The merchant may be paid again",
        tag="owner",
        needs="owner",
        run=merchants.unfreeze_merchant,
        body=Nothing,
        answer=shapes.MerchantState,
        refusals=("NotFound", "MerchantClosed"),
    ),
)
