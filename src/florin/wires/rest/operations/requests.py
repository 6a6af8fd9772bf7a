"""Parcels, longer holds, refund requests, disputes."""

from __future__ import annotations

from typing import Final

from florin.wires.rest import requests, shapes
from florin.wires.rest.operations.refused import KEYED
from florin.wires.rest.serve import Nothing, Operation

_REFUNDING = (
    "MerchantBalanceTooLow", "NothingToRefund", "RefundExceedsPayment", "RefundOfOtherItems", "ItemsNotLeft",
)  # fmt: skip
_TURN = ("NoSuchRequest", "RequestNotThere", "NoteTooLong")

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        method="POST",
        path="/v1/payments/{payment_id}/shipments",
        name="add_shipment",
        summary="Say what you have sent, and how",
        description="The buyer sees it beside the clock. Several parcels are several shipments. It moves no money.",
        needs="merchant",
        run=requests.ship,
        body=shapes.NewShipment,
        examples={"a parcel": {"carrier": "SF Express", "tracking_no": "SF1020304050"}},
        answer=shapes.Payment,
        status=201,
        idempotent=True,
        refusals=("NotPaid", "NothingAuthorized", "TrackingMissing", "ItemsNotLeft", "NotFound", *KEYED),
    ),
    Operation(
        method="POST",
        path="/v1/payments/{payment_id}/extend",
        name="extend_authorization",
        summary="Have an authorization hold longer, before it expires",
        description="How often, and by how many days, the terms of escrow say: once, by seven days.",
        needs="merchant",
        run=requests.extend,
        body=Nothing,
        answer=shapes.Payment,
        status=201,
        idempotent=True,
        refusals=("NotPaid", "NothingAuthorized", "ExtendedAlready", "NotFound", *KEYED),
    ),
    Operation(
        method="GET",
        path="/v1/refund-requests",
        name="list_refund_requests",
        summary="What buyers ask back of your merchant, what waits first",
        needs="merchant",
        run=requests.get_list,
        query=shapes.RequestQuery,
        answer=shapes.RefundRequests,
    ),
    Operation(
        method="GET",
        path="/v1/refund-requests/{request_id}",
        name="get_refund_request",
        summary="One refund request, with the evidence of both sides",
        needs="merchant",
        run=requests.get,
        answer=shapes.RefundRequest,
        refusals=("NotFound",),
    ),
    Operation(
        method="POST",
        path="/v1/refund-requests/{request_id}/answer",
        name="answer_refund_request",
        summary="Agree to a refund request, or refuse it",
        description="Agreed, it is refunded at once; or, where goods are to go back first, when you say that they have come. "
        "Silence until the end of `due_on` is agreeing.",
        needs="merchant",
        run=requests.answer,
        body=shapes.NewAnswer,
        examples={"agreed": {"agree": True}, "refused": {"agree": False, "note": "It was whole when it left."}},
        answer=shapes.RefundRequest,
        status=201,
        idempotent=True,
        refusals=("NoReturnFee", "ReturnFeeTooHigh", *_TURN, *_REFUNDING, "NotFound", *KEYED),
    ),
    Operation(
        method="POST",
        path="/v1/refund-requests/{request_id}/evidence",
        name="give_evidence",
        summary="Say something to a dispute",
        needs="merchant",
        run=requests.give_evidence,
        body=shapes.NewEvidence,
        examples={"a word": {"note": "The carrier's receipt says that it was whole."}},
        answer=shapes.RefundRequest,
        status=201,
        idempotent=True,
        refusals=("NothingShown", "TooLate", *_TURN, "NotFound", *KEYED),
    ),
    Operation(
        method="GET",
        path="/v1/owner/disputes",
        name="list_disputes",
        summary="Disputes that wait for your decision, the most urgent first",
        tag="owner",
        needs="owner",
        run=requests.get_disputes,
        answer=shapes.RefundRequests,
    ),
    Operation(
        method="GET",
        path="/v1/owner/disputes/{request_id}",
        name="get_dispute",
        summary="One dispute: what is asked, answered, shown and held",
        tag="owner",
        needs="owner",
        run=requests.get_dispute,
        answer=shapes.RefundRequest,
        refusals=("NotFound",),
    ),
    Operation(
        method="POST",
        path="/v1/owner/disputes/{request_id}/decision",
        name="decide_dispute",
        summary="Decide a dispute: what the buyer gets back",
        description="It is refunded at once, what is held beyond it is the seller's again, and the clock of a payment that is "
        "not received goes on.",
        tag="owner",
        needs="owner",
        run=requests.decide,
        body=shapes.NewDecision,
        examples={"half": {"refund_minor": 5_000, "note": "Both were careless."}, "nothing": {"refund_minor": 0}},
        answer=shapes.RefundRequest,
        status=201,
        idempotent=True,
        refusals=("DecisionOutOfRange", *_TURN, *_REFUNDING, "NotFound", *KEYED),
    ),
)
