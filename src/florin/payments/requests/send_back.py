"""Send back: the buyer has given the goods to a carrier; after some days they count as arrived."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from florin.events import GoodsSentBack
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.payment import Payment
from florin.payments.requests.request import RefundRequest, RequestState, owners_of, refuse_turn
from florin.payments.requests.terms import EscrowTerms


class SendBack(msgspec.Struct, frozen=True, kw_only=True):
    request_id: int
    payment_id: int
    person_id: int
    carrier: str
    tracking_no: str


class TrackingMissing(Refusal, frozen=True, kw_only=True):
    en = "Say which carrier has it, and the number on the receipt: each at most 60 letters."
    zh = "请填写快递公司和运单号，各不超过60字。"


def refuse_tracking(carrier: str, tracking_no: str) -> TrackingMissing | None:
    return None if 0 < len(carrier.strip()) <= 60 and 0 < len(tracking_no.strip()) <= 60 else TrackingMissing()


def decide(
    request: RefundRequest, payment: Payment, command: SendBack, at: At, *, terms: EscrowTerms
) -> tuple[GoodsSentBack] | Refusal:
    turn = refuse_turn(request, payment, RequestState.RETURNING, person_id=command.person_id)
    if refusal := turn or refuse_tracking(command.carrier, command.tracking_no):
        return refusal
    return (
        GoodsSentBack(
            value_on=at.on,
            **owners_of(request, payment),
            carrier=command.carrier.strip(),
            tracking_no=command.tracking_no.strip(),
            due_on=at.on + timedelta(days=terms.return_arrives_days),
        ),
    )
