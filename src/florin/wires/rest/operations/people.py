"""People, wallets, shared limits, and credit refused."""

from __future__ import annotations

from typing import Final

from florin.wires.rest import collection, persons, shapes
from florin.wires.rest.operations.refused import KEYED
from florin.wires.rest.serve import Operation

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="POST",
        path="/v1/owner/persons",
        name="join_person",
        summary="A person joins, with an empty wallet",
        tag="owner",
        needs="owner",
        run=persons.join,
        body=shapes.NewPerson,
        answer=shapes.Person,
        status=201,
        idempotent=True,
        refusals=KEYED,
    ),
    Operation(
        method="GET",
        path="/v1/owner/persons/{person_id}",
        name="get_person",
        summary="A person, her wallet and line",
        tag="owner",
        needs="owner",
        run=persons.get_person,
        answer=shapes.Person,
        refusals=("NotFound",),
    ),
    Operation(
        method="POST",
        path="/v1/owner/persons/{person_id}/top-ups",
        name="top_up_wallet",
        summary="Money from her bank reached the wallet",
        tag="owner",
        needs="owner",
        run=persons.top_up,
        body=shapes.NewTopUp,
        answer=shapes.TopUp,
        status=201,
        idempotent=True,
        refusals=("NotFound", *KEYED),
    ),
    Operation(
        method="GET",
        path="/v1/owner/persons/{person_id}/shared-limits",
        name="get_shared_limits",
        summary="What her lines may come to together, and how that was set",
        tag="owner",
        needs="owner",
        run=persons.get_shared_limits,
        answer=shapes.SharedLimits,
        refusals=("NotFound",),
    ),
    Operation(
        method="POST",
        path="/v1/owner/persons/{person_id}/shared-limits",
        name="set_shared_limit",
        summary="Set what her lines of one group may come to together",
        description="Programs with the same `exposure_group` share a limit per person. Without `limit_minor` it is the terms' "
        "again. A limit below what is in use takes nothing back; nothing new is sold on any of the lines until it is above.",
        tag="owner",
        needs="owner",
        run=persons.set_shared_limit,
        body=shapes.NewSharedLimit,
        examples={
            "lower": {"group": "house", "limit_minor": 500_000, "reason": "income reviewed"},
            "the terms' again": {"group": "house", "reason": "review over"},
        },
        answer=shapes.SharedLimitChange,
        status=201,
        idempotent=True,
        refusals=("NoSharedLimit", "SharedLimitOutOfRange", "NotFound", *KEYED),
    ),
    Operation(
        method="POST",
        path="/v1/owner/persons/{person_id}/declines",
        name="decline_credit",
        summary="Say no to somebody who asked for credit, with the reason that she reads",
        tag="owner",
        needs="owner",
        run=collection.decline,
        body=shapes.NewDecline,
        answer=shapes.Declined,
        status=201,
        idempotent=True,
        refusals=("ReasonUnknown", "LineOfAnother", "NotFound", *KEYED),
    ),
)
