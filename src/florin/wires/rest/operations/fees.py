"""Fees, and who got which part."""

from __future__ import annotations

from typing import Final

from florin.queries.shares import Shares
from florin.wires.rest import fees, shapes
from florin.wires.rest.serve import Operation

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET",
        path="/v1/owner/payments/{payment_id}/shares",
        name="get_shares",
        summary="Who got which part of a payment, and why",
        description="Read from the books, as of now: what each party has more or less by it. The parties sum to zero.",
        tag="owner",
        needs="owner",
        run=fees.get_shares,
        answer=Shares,
        refusals=("NotFound",),
    ),
    Operation(
        method="GET",
        path="/v1/owner/shares",
        name="get_shares_of_days",
        summary="Who got which part of the sales and refunds of some days",
        tag="owner",
        needs="owner",
        run=fees.get_shares_of_days,
        query=shapes.SharesQuery,
        answer=Shares,
    ),
)
