"""What if: a change tried on the live book."""

from __future__ import annotations

from typing import Final

from florin.wires.rest import shapes, what_if
from florin.wires.rest.serve import Operation

_HALVED: Final = '[[limits]]\nprogram = "huabei"\nscale = 0.5\nwhere = { utilization_from = 0.8 }\n'

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="POST",
        path="/v1/owner/what-ifs",
        name="try_what_if",
        summary="What a change of terms, limits or acceptance would bring on the live book; nothing is changed",
        description="It takes up to minutes, in a process of its own, and one runs at a time: income, loss, delinquency, use "
        "of limits and people hurt over the coming months, against today's terms, with intervals.",
        tag="owner",
        needs="owner",
        run=what_if.try_change,
        long=True,
        body=shapes.NewWhatIf,
        examples={"half the limit": {"toml": _HALVED, "months": 12}},
        answer=shapes.WhatIf,
        refusals=("BookTooLarge", "WhatIfRuns"),
    ),
)
