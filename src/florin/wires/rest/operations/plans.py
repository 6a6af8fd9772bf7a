"""Installments on a line: paying off early, and converting what is owed."""

from __future__ import annotations

from typing import Final

from florin.wires.rest import plans, shapes
from florin.wires.rest.operations.refused import KEYED
from florin.wires.rest.serve import Operation

_CONVERTING = (
    "ConversionNotOffered",
    "NothingToConvert",
    "AlreadyConverted",
    "ConversionWindowOver",
    "ConversionAboveShare",
    "ConversionTooSmall",
    "CountNotOffered",
    "ArrearsFirst",
    "HardshipRuns",
)

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET",
        path="/v1/owner/lines/{line_id}/payoff",
        name="quote_payoff",
        summary="What it takes to owe nothing, today and on each day to come",
        description="A repayment of a day's total on that day settles the line, if nothing happens until then.",
        tag="owner",
        needs="owner",
        run=plans.get_line_payoff,
        query=shapes.PayoffQuery,
        answer=shapes.Payoff,
        refusals=("NotFound",),
    ),
    Operation(
        method="GET",
        path="/v1/owner/lines/{line_id}/plan-payoff",
        name="quote_plan_payoff",
        summary="What it takes to pay off one plan, and until when",
        tag="owner",
        needs="owner",
        run=plans.get_payoff,
        query=shapes.PlanQuery,
        answer=shapes.PlanPayoff,
        refusals=("NoPlanToPayOff", "HardshipRuns", "NotFound"),
    ),
    Operation(
        method="POST",
        path="/v1/owner/lines/{line_id}/plan-payoffs",
        name="pay_off_plan",
        summary="She pays one plan off, for what was quoted",
        tag="owner",
        needs="owner",
        run=plans.pay_off,
        body=shapes.NewPlanPayoff,
        examples={"from the wallet": {"payment_id": "1099511627777", "amount_minor": 591_250, "source": "wallet"}},
        answer=shapes.Repayment,
        status=201,
        idempotent=True,
        refusals=(
            "NoPlanToPayOff",
            "HardshipRuns",
            "PlanPayoffChanged",
            "ArrearsFirst",
            "WalletTooLow",
            "NotFound",
            *KEYED,
        ),
    ),
    Operation(
        method="GET",
        path="/v1/owner/lines/{line_id}/conversion",
        name="quote_conversion",
        summary="What putting a purchase, or a part of a bill, into installments comes to",
        tag="owner",
        needs="owner",
        run=plans.get_conversion,
        query=shapes.ConversionQuery,
        answer=shapes.Conversion,
        refusals=(*_CONVERTING, "NotFound"),
    ),
    Operation(
        method="POST",
        path="/v1/owner/lines/{line_id}/conversions",
        name="convert",
        summary="A purchase, or a part of a bill, goes into installments, for good",
        tag="owner",
        needs="owner",
        run=plans.make_conversion,
        body=shapes.NewConversion,
        examples={
            "a purchase": {"payment_id": "1099511627777", "installments": 12},
            "a bill": {"closes_on": "2026-02-01", "amount_minor": 90_000, "installments": 3},
        },
        answer=shapes.Converted,
        status=201,
        idempotent=True,
        refusals=(*_CONVERTING, "NotFound", *KEYED),
    ),
)
