"""What the owner can do to a sale, and standing agreements to be charged."""

from __future__ import annotations

from typing import Final

from florin.wires.rest import agreements, collection, shapes
from florin.wires.rest.operations.refused import KEYED
from florin.wires.rest.serve import Operation

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="POST",
        path="/v1/owner/payments/{payment_id}/receive",
        name="receive_payment",
        summary="The buyer confirms receipt",
        tag="owner",
        needs="owner",
        run=agreements.receive,
        body=shapes.NewReceipt,
        answer=shapes.Receipt,
        status=201,
        idempotent=True,
        refusals=("NothingToReceive", "NotYourPayment", "NotPaid", "NotFound", *KEYED),
    ),
    Operation(
        method="POST",
        path="/v1/owner/payments/{payment_id}/refunds/reverse",
        name="reverse_refund",
        summary="A refund is taken back: what it gave back is owed again",
        description="For a dispute that the shop has won, or a refund by mistake. It is the merchant's money again.",
        tag="owner",
        needs="owner",
        run=collection.reverse_refund,
        body=shapes.NewReversal,
        answer=shapes.RefundReversal,
        status=201,
        idempotent=True,
        refusals=(
            "NoSuchRefund",
            "RefundReversedAlready",
            "RefundNotReversible",
            "ReversalDateImpossible",
            "WalletTooLow",
            "NotPaid",
            "NotFound",
            *KEYED,
        ),
    ),
    Operation(
        method="POST",
        path="/v1/owner/agreements",
        name="agree",
        summary="A person consents that an app may charge her",
        description="Sent again, it gives the agreement that is active already.",
        tag="owner",
        needs="owner",
        run=agreements.agree,
        body=shapes.NewAgreement,
        answer=shapes.Agreement,
        status=201,
        refusals=("NotFound",),
    ),
    Operation(
        method="DELETE",
        path="/v1/owner/agreements/{agreement_id}",
        name="end_agreement",
        summary="The consent is taken back",
        tag="owner",
        needs="owner",
        run=agreements.end_agreement,
        answer=shapes.Agreement,
        refusals=("NotFound",),
    ),
)
