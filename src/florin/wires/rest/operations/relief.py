"""Relief: bringing a line current by agreement, and hardship plans."""

from __future__ import annotations

from typing import Final

from florin.wires.rest import relief, shapes
from florin.wires.rest.operations.refused import KEYED
from florin.wires.rest.serve import Operation

_REAGING = (
    *("ReAgeNotOffered", "NothingPastDue", "ReAgeTooOften", "ReAgeTooLittlePaid"),
    *("HardshipRuns", "LineIsClosed", "LineIsChargedOff"),
)
_HARDSHIP = ("HardshipNotOffered", "NothingToPlan", "HardshipRuns", "LineIsClosed", "LineIsChargedOff")

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="GET",
        path="/v1/owner/lines/{line_id}/re-age",
        name="preview_re_age",
        summary="What bringing a late line current by agreement would do",
        tag="owner",
        needs="owner",
        run=relief.get_reage,
        answer=shapes.ReAge,
        refusals=(*_REAGING, "NotFound"),
    ),
    Operation(
        method="POST",
        path="/v1/owner/lines/{line_id}/re-ages",
        name="re_age",
        summary="Bring a late line current by agreement",
        description="What least payments lacked is left to later bills, days past due begin anew. The terms say how much must "
        "have been paid before, and how often it may be done.",
        tag="owner",
        needs="owner",
        run=relief.make_reage,
        body=shapes.Reason,
        examples={"she pays again": {"reason": "three least payments since May"}},
        answer=shapes.ReAged,
        status=201,
        idempotent=True,
        refusals=(*_REAGING, "NotFound", *KEYED),
    ),
    Operation(
        method="GET",
        path="/v1/owner/lines/{line_id}/hardship-plan",
        name="preview_hardship_plan",
        summary="What a hardship plan would come to",
        tag="owner",
        needs="owner",
        run=relief.get_hardship,
        query=shapes.HardshipQuery,
        answer=shapes.HardshipPreview,
        refusals=(*_HARDSHIP, "NotFound"),
    ),
    Operation(
        method="POST",
        path="/v1/owner/lines/{line_id}/hardship-plans",
        name="agree_hardship_plan",
        summary="All that is owed becomes one plan at a reduced rate",
        description="While it runs nothing new is bought and nothing falls past due. It ends when it is paid, or when an "
        "installment is missed for as long as the terms say.",
        tag="owner",
        needs="owner",
        run=relief.agree_hardship,
        body=shapes.NewHardship,
        examples={"a year": {"installments": 12, "waive_penalty": True, "reason": "lost her work in May"}},
        answer=shapes.Hardship,
        status=201,
        idempotent=True,
        refusals=(*_HARDSHIP, "NotFound", *KEYED),
    ),
    Operation(
        method="POST",
        path="/v1/owner/lines/{line_id}/hardship-plan-ends",
        name="end_hardship_plan",
        summary="A hardship plan ends early, by agreement",
        description="The rest is due with the next bill, without interest to come, or goes on in its installments. The line "
        "may be used again, and what is missed may fall past due from the next day on.",
        tag="owner",
        needs="owner",
        run=relief.end_hardship_plan,
        body=shapes.NewHardshipEnd,
        examples={"she works again": {"rest": "continue", "reason": "new work since July, asked for it herself"}},
        answer=shapes.HardshipEnd,
        status=201,
        idempotent=True,
        refusals=("NoHardshipPlan", "NotFound", *KEYED),
    ),
)
