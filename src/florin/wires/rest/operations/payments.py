"""What a merchant's program can do."""

from __future__ import annotations

from typing import Final

from florin.wires.rest import endpoints, payments, quotes, shapes
from florin.wires.rest.operations.refused import KEYED, PAYING
from florin.wires.rest.serve import Nothing, Operation

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="POST",
        path="/v1/payments",
        name="create_payment",
        summary="Ask for a payment, or charge one",
        description="With amount and subject alone the order waits at `checkout_url`. With a `payment_code` or an "
        "`agreement_id` it is charged at once: answered after it is on record.",
        needs="merchant",
        run=payments.create,
        body=shapes.NewPayment,
        examples={
            "a checkout": {"amount_minor": 19_900, "subject": "tea set", "order_number": "A-1"},
            "a charge by agreement": {
                "amount_minor": 600_000,
                "subject": "phone",
                "agreement_id": "1099511627777",
                "capture": True,
                "tender": "credit",
                "installments": 12,
                "fee_payer": "merchant",
            },
            "a charge at the till": {"amount_minor": 1_200, "subject": "tea", "payment_code": "280000000000000000"},
        },
        answer=shapes.Payment,
        status=201,
        idempotent=True,
        refusals=(*PAYING, "NotFound", *KEYED),
    ),
    Operation(
        method="GET",
        path="/v1/payments",
        name="list_payments",
        summary="Your app's payments, newest first",
        description="Those of the app that the key acts for, whichever of its keys asked for them. Sales of the merchant's "
        "other apps, on this wire or another, are on the merchant's own sales page.",
        needs="merchant",
        run=payments.get_list,
        query=shapes.PaymentQuery,
        answer=shapes.PaymentList,
    ),
    Operation(
        method="POST",
        path="/v1/payments/batch",
        name="create_payments",
        summary="Up to 1,000 payments, each independent",
        description="Each item carries its own `idempotency_key` and has its own outcome, in order; an item that cannot be "
        "read or is refused does not stop the others. Send the batch again to get the same outcomes.",
        needs="merchant",
        run=payments.create_batch,
        body=shapes.NewBatch,
        examples={
            "one item": {
                "items": [
                    {
                        "idempotency_key": "2026-03-05/1",
                        "amount_minor": 9_900,
                        "subject": "subscription",
                        "agreement_id": "1099511627777",
                    }
                ]
            }
        },
        answer=shapes.BatchAnswer,
    ),
    Operation(
        method="GET",
        path="/v1/payments/{payment_id}",
        name="get_payment",
        summary="One payment as it is now",
        needs="merchant",
        run=payments.get,
        answer=shapes.Payment,
        refusals=("NotFound",),
    ),
    Operation(
        method="POST",
        path="/v1/payments/{payment_id}/capture",
        name="capture_payment",
        summary="Take all or part of an authorization",
        needs="merchant",
        run=payments.capture,
        body=shapes.NewCapture,
        examples={"all of it": {}, "a part": {"amount_minor": 5_000}},
        answer=shapes.Capture,
        status=201,
        idempotent=True,
        refusals=("NothingAuthorized", "CaptureExceedsAuthorization", "PlanNotOffered", "NotPaid", "NotFound", *KEYED),
    ),
    Operation(
        method="POST",
        path="/v1/payments/{payment_id}/void",
        name="void_payment",
        summary="Release an authorization, or close an order that nobody has paid",
        needs="merchant",
        run=payments.void,
        body=Nothing,
        answer=shapes.Void,
        status=201,
        idempotent=True,
        refusals=("AlreadyCaptured", "NothingAuthorized", "TradeAlreadyPaid", "TradeNotOpen", "NotFound", *KEYED),
    ),
    Operation(
        method="POST",
        path="/v1/payments/{payment_id}/refunds",
        name="refund_payment",
        summary="Give money back to where it came from",
        needs="merchant",
        run=payments.refund,
        body=shapes.NewRefund,
        examples={"a part": {"amount_minor": 5_000, "refund_number": "R-1", "reason": "one cup was broken"}},
        answer=shapes.Refund,
        status=201,
        idempotent=True,
        refusals=(
            "RefundExceedsPayment",
            "RefundDateImpossible",
            "RefundOfOtherItems",
            "ItemsNotLeft",
            "NothingToRefund",
            "MerchantBalanceTooLow",
            "NotPaid",
            "NotFound",
            *KEYED,
        ),
    ),
    Operation(
        method="GET",
        path="/v1/payments/{payment_id}/refunds",
        name="list_refunds",
        summary="All refunds of a payment",
        needs="merchant",
        run=payments.get_refunds,
        answer=shapes.RefundList,
        refusals=("NotFound",),
    ),
    Operation(
        method="GET",
        path="/v1/quotes",
        name="get_quotes",
        summary="Installment plans for an amount, with what they cost",
        needs="either",
        run=quotes.get_quotes,
        query=shapes.QuoteQuery,
        answer=shapes.Quotes,
        refusals=("NotFound", "CampaignNotRunning"),
    ),
    Operation(
        method="GET",
        path="/v1/webhooks",
        name="get_webhooks",
        summary="Where your app is told what happened",
        needs="merchant",
        run=endpoints.get_webhooks,
        answer=shapes.Webhooks,
    ),
)
