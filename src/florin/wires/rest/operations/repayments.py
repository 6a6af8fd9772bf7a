"""Money that pays a line back, comes back from the bank, or is confirmed by it."""

from __future__ import annotations

from typing import Final

from florin.wires.rest import repayments, shapes
from florin.wires.rest.operations.refused import KEYED
from florin.wires.rest.serve import Operation

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="POST",
        path="/v1/owner/lines/{line_id}/repayments",
        name="repay",
        summary="She repays, from her wallet or through the bank",
        tag="owner",
        needs="owner",
        run=repayments.repay,
        body=shapes.NewRepayment,
        examples={
            "from the wallet": {"amount_minor": 30_000, "source": "wallet"},
            "through the bank": {"amount_minor": 39_900, "source": "bank", "bank_reference": "B-2026-0420"},
            "arrived earlier": {
                "amount_minor": 39_900,
                "source": "bank",
                "bank_reference": "B-2026-0408",
                "value_on": "2026-04-08",
            },
        },
        answer=shapes.Repayment,
        status=201,
        idempotent=True,
        refusals=(
            *(
                "NothingOwed",
                "RepaymentAboveOwed",
                "ClaimIsSold",
                "WalletTooLow",
                "ValueDateImpossible",
                "WalletNotBackdated",
                "NotFound",
            ),
            *KEYED,
        ),
    ),
    Operation(
        method="POST",
        path="/v1/owner/lines/{line_id}/repayments/return",
        name="return_repayment",
        summary="The bank took a repayment back",
        description="It counts as never made: the debt and its interest are again what they would have been. No penalty is "
        "charged for the time before.",
        tag="owner",
        needs="owner",
        run=repayments.return_repayment,
        body=shapes.ReturnedRepayment,
        examples={
            "recalled": {
                "amount_minor": 39_900,
                "bank_reference": "B-2026-0420",
                "reason": "recalled by the payer's bank",
            }
        },
        answer=shapes.RepaymentReturn,
        status=201,
        idempotent=True,
        refusals=("NoSuchRepayment", "NotFound", *KEYED),
    ),
    Operation(
        method="POST",
        path="/v1/owner/lines/{line_id}/repayments/confirm",
        name="confirm_repayment",
        summary="The bank confirmed a repayment that was held",
        description="By the terms' `repayment_hold_days` a repayment through the bank lowers the debt at once and frees its "
        "limit when it has cleared. This clears it now; what it left over goes to her wallet, if the terms say so.",
        tag="owner",
        needs="owner",
        run=repayments.confirm_repayment,
        body=shapes.ConfirmedRepayment,
        examples={"confirmed": {"amount_minor": 39_900, "bank_reference": "B-2026-0420"}},
        answer=shapes.RepaymentConfirmation,
        status=201,
        idempotent=True,
        refusals=("NoRepaymentHeld", "NotFound", *KEYED),
    ),
)
