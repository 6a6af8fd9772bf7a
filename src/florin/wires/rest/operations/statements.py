"""Statements, and why an amount is what it is."""

from __future__ import annotations

from typing import Final

from florin.queries.explain import Explained
from florin.wires.rest import shapes, statements
from florin.wires.rest.serve import Operation

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET",
        path="/v1/owner/lines/{line_id}/explain",
        name="explain_line",
        summary="Why is this amount owed?",
        description="An amount as a sum of parts, each back to its events, the terms that decided and the arithmetic. `text` "
        "is for the shopper, in the language of `Accept-Language`.",
        tag="owner",
        needs="owner",
        run=statements.explain,
        query=shapes.ExplainQuery,
        answer=Explained,
        refusals=("NotFound",),
    ),
    Operation(
        method="GET",
        path="/v1/owner/payouts/{payout_id}/explain",
        name="explain_payout",
        summary="A merchant's payout back to his sales",
        tag="owner",
        needs="owner",
        run=statements.explain_paid_out,
        answer=Explained,
        refusals=("NotFound",),
    ),
    Operation(
        method="GET",
        path="/v1/owner/lines/{line_id}/statements",
        name="list_statements",
        summary="Statements, newest first",
        tag="owner",
        needs="owner",
        run=statements.get_statements,
        query=shapes.StatementQuery,
        answer=shapes.StatementList,
        refusals=("NotFound",),
    ),
    Operation(
        method="GET",
        path="/v1/owner/lines/{line_id}/statements/{closes_on}",
        name="get_statement",
        summary="One statement: its image, and what remains",
        description="With merchant and date of each purchase, k of n of each installment, rates, what came in, and the lender. "
        "As a PDF, in the language of `Accept-Language`, for `Accept: application/pdf` or when the path ends in `.pdf`.",
        tag="owner",
        needs="owner",
        run=statements.get_statement,
        answer=shapes.StatementDocument,
        refusals=("FieldsInvalid", "NotFound"),
    ),
)
