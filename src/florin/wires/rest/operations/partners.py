"""Banks that lend together with the house."""

from __future__ import annotations

from typing import Final

from florin.wires.rest import partners, shapes
from florin.wires.rest.operations.refused import KEYED
from florin.wires.rest.serve import Operation

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="POST",
        path="/v1/owner/partners",
        name="open_partner",
        summary="A partner bank funds its share of each new loan",
        description="The agreement is asked as each loan begins. Where its cap leaves no room for the partner's part, the "
        "house lends alone; no payment is refused for it.",
        tag="owner",
        needs="owner",
        run=partners.open_partner,
        body=shapes.NewPartner,
        examples={
            "seventy to thirty": {
                "partner": "Harbor Bank",
                "programs": ["huabei"],
                "share_ppm": 700_000,
                "servicing_ppm": 100_000,
                "cap_minor": 100_000_000,
            }
        },
        answer=shapes.Partner,
        status=201,
        idempotent=True,
        refusals=(
            "ShareOutOfRange",
            "OwnShareTooSmall",
            "CapNotPositive",
            "FundsNoProgram",
            "FundingDatesImpossible",
            "PartnerHasAgreement",
            "GuardRefused",
            *KEYED,
        ),
    ),
    Operation(
        method="GET",
        path="/v1/owner/partners",
        name="list_partners",
        summary="Agreements with partner banks, newest first",
        tag="owner",
        needs="owner",
        run=partners.get_partners,
        answer=shapes.Partners,
    ),
    Operation(
        method="GET",
        path="/v1/owner/partners/{agreement_id}",
        name="get_partner",
        summary="One agreement: whose each part of its loans is, and what the cap leaves",
        tag="owner",
        needs="owner",
        run=partners.get_partner,
        answer=shapes.Partner,
        refusals=("NotFound",),
    ),
    Operation(
        method="POST",
        path="/v1/owner/partners/{agreement_id}/close",
        name="close_partner",
        summary="Fund nothing new under an agreement",
        description="Its loans stay shared until they are paid.",
        tag="owner",
        needs="owner",
        run=partners.close_partner,
        body=shapes.Reason,
        examples={"renewed": {"reason": "renewed at other terms"}},
        answer=shapes.Partner,
        status=201,
        idempotent=True,
        refusals=("FundingNotOpen", "NotFound", *KEYED),
    ),
)
