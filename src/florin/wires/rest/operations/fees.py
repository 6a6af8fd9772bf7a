"""Fees, and who got which part."""

from __future__ import annotations

from typing import Final

from florin.queries.fees import MerchantFees
from florin.queries.shares import Shares
from florin.wires.rest import fees, shapes
from florin.wires.rest.serve import Operation

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET",
        path="/v1/owner/fee-plans",
        name="list_fee_plans",
        summary="Plans of fees that merchants can be charged by",
        tag="owner",
        needs="owner",
        run=fees.get_plans,
        answer=shapes.FeePlans,
    ),
    Operation(
        method="POST",
        path="/v1/owner/fee-plans",
        name="add_fee_plan",
        summary="Add a plan of fees, or later versions to one that the house has",
        description="As a TOML file. What it says of days that have begun must be what holds: payments were charged by it. "
        "Sent again, it changes nothing.",
        tag="owner",
        needs="owner",
        run=fees.add_plan,
        body=shapes.NewFeePlan,
        answer=shapes.FeePlanAdded,
        refusals=("FeePlanInForce", "FieldsInvalid"),
    ),
    Operation(
        method="GET",
        path="/v1/owner/merchants/{merchant_id}/fees",
        name="get_merchant_fees",
        summary="What a merchant pays, today or on a day",
        description="Of each kind of fee the first that fits a sale is charged.",
        tag="owner",
        needs="owner",
        run=fees.get_merchant_fees,
        query=shapes.FeesQuery,
        answer=MerchantFees,
        refusals=("NotFound",),
    ),
    Operation(
        method="POST",
        path="/v1/owner/merchants/{merchant_id}/fees",
        name="set_merchant_fees",
        summary="Charge a merchant by a plan from a day on",
        description="In place of his own rate. A payment is charged by the plan of the day on which it was authorized. "
        "Sent again, it changes nothing.",
        tag="owner",
        needs="owner",
        run=fees.set_merchant_fees,
        body=shapes.NewMerchantFees,
        examples={"a brand": {"plan": "ali"}},
        answer=MerchantFees,
        refusals=("FeePlanUnknown", "FeesBeginInThePast", "NotFound"),
    ),
    Operation(
        method="GET",
        path="/v1/owner/payments/{payment_id}/fees",
        name="get_payment_fees",
        summary="Each fee of a payment, and why it is what it is",
        tag="owner",
        needs="owner",
        run=fees.get_payment_fees,
        answer=shapes.PaymentFees,
        refusals=("NotFound",),
    ),
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
