"""A refund request: its state is a fold of its events; whose turn it is, and until when, is in it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import IntEnum
from typing import Literal

import msgspec
from msgspec.structs import replace

from florin.events import (
    DisputeDecided,
    DisputeOpened,
    Event,
    EvidenceGiven,
    FeeKeeper,
    GoodsSentBack,
    ItemCount,
    RefundRequested,
    RequestAnswered,
    RequestClosed,
    RequestSort,
)
from florin.events.refusals import Refusal
from florin.payments.payment import Payment


class RequestState(IntEnum):
    """ASKED waits for the seller, RETURNING and REFUSED for the buyer, SENT for the goods, DISPUTED for the operator; the last
    four are ends.
    """

    ASKED = 1
    RETURNING = 2
    SENT = 3
    REFUSED = 4
    DISPUTED = 5
    REFUNDED = 6
    WITHDRAWN = 7
    LAPSED = 8
    DECIDED = 9

    @property
    def is_open(self) -> bool:
        return self <= RequestState.DISPUTED


_ENDS: dict[str, RequestState] = {
    "refunded": RequestState.REFUNDED,
    "withdrawn": RequestState.WITHDRAWN,
    "lapsed": RequestState.LAPSED,
    "decided": RequestState.DECIDED,
}


class RefundRequest(msgspec.Struct, frozen=True, kw_only=True):
    """amount: asked for; fee: of it, what is kept when it is given back, and by whom. due_on: the last day of whose turn it is.

    evidence_by: of a dispute, the last day to show anything. files: how many files each side has shown. refunded: in the end.
    """

    id: int
    lane: int
    payment_id: int
    merchant_id: int
    person_id: int
    state: RequestState
    sort: RequestSort
    amount_minor: int
    reason: str
    asked_on: date
    due_on: date
    note: str = ""
    items: tuple[ItemCount, ...] = ()
    answer: str = ""
    fee_minor: int = 0
    fee_to: FeeKeeper = "seller"
    carrier: str = ""
    tracking_no: str = ""
    evidence_by: date | None = None
    buyer_files: int = 0
    seller_files: int = 0
    held_minor: int = 0
    decided: str = ""
    refunded_minor: int = 0

    @property
    def waits_for(self) -> Literal["seller", "buyer", "operator", "nobody"]:
        """Whose turn it is."""
        if self.state in (RequestState.ASKED, RequestState.SENT):
            return "seller"
        if self.state in (RequestState.RETURNING, RequestState.REFUSED):
            return "buyer"
        return "operator" if self.state is RequestState.DISPUTED else "nobody"


class NoSuchRequest(Refusal, frozen=True, kw_only=True):
    en = "There is no refund request {request_id} of this order and this party."
    zh = "该订单没有您可处理的退款申请{request_id}。"

    request_id: int


class RequestNotThere(Refusal, frozen=True, kw_only=True):
    """What was asked does not fit what has become of the request."""

    en = "This refund request is {state}, so this cannot be done with it. Look at it again: it waits for {waits_for}."
    zh = "该退款申请当前状态为{state}，无法进行此操作，请刷新查看（等待方：{waits_for}）。"

    state: str
    waits_for: str


class TooLate(Refusal, frozen=True, kw_only=True):
    en = "The time for this ended on {due_on}."
    zh = "该操作的截止日期为{due_on}，已过期。"

    due_on: date


def refuse_turn(
    request: RefundRequest,
    payment: Payment,
    *states: RequestState,
    person_id: int | None = None,
    merchant_id: int | None = None,
) -> Refusal | None:
    """Whether it is in one of these states, of this payment, and this party's; the other side's requests do not exist."""
    strangers = person_id not in (None, request.person_id) or merchant_id not in (None, request.merchant_id)
    if strangers or request.payment_id != payment.id:
        return NoSuchRequest(request_id=request.id)
    if request.state not in states:
        return RequestNotThere(state=request.state.name.lower(), waits_for=request.waits_for)
    return None


def new_request(event: RefundRequested, *, lane: int) -> RefundRequest:
    return RefundRequest(
        id=event.request_id,
        lane=lane,
        payment_id=event.payment_id,
        merchant_id=event.merchant_id,
        person_id=event.person_id,
        state=RequestState.ASKED,
        sort=event.sort,
        amount_minor=event.amount_minor,
        reason=event.reason,
        asked_on=event.value_on,
        due_on=event.answer_by,
        note=event.note,
        items=event.items,
    )


def evolve(request: RefundRequest, event: Event) -> RefundRequest:
    """The request after an event that names it."""
    match event:
        case RequestAnswered(agreed=False):
            assert event.due_on is not None, "a refusal may be disputed until a day"
            return replace(request, state=RequestState.REFUSED, answer=event.note, due_on=event.due_on)
        case RequestAnswered():
            agreed = replace(request, answer=event.note, fee_minor=event.fee_minor, fee_to=event.fee_to)
            returning = event.due_on is not None
            return replace(agreed, state=RequestState.RETURNING, due_on=event.due_on) if returning else agreed
        case GoodsSentBack():
            sent = replace(request, carrier=event.carrier, tracking_no=event.tracking_no)
            return replace(sent, state=RequestState.SENT, due_on=event.due_on)
        case DisputeOpened():
            return replace(
                request,
                state=RequestState.DISPUTED,
                due_on=event.due_on,
                evidence_by=event.evidence_by,
                held_minor=event.held_minor,
            )
        case EvidenceGiven(by="buyer"):
            return replace(request, buyer_files=request.buyer_files + len(event.files))
        case EvidenceGiven():
            return replace(request, seller_files=request.seller_files + len(event.files))
        case DisputeDecided():
            return replace(request, decided=event.note)
        case RequestClosed():
            return replace(request, state=_ENDS[event.how], refunded_minor=event.refunded_minor)
    raise AssertionError(f"{type(event).__name__} does not touch a refund request")


def folded(events: Iterable[Event], *, lane: int) -> list[RefundRequest]:
    """All requests that these events of one payment are about, from the first on, oldest first."""
    requests: dict[int, RefundRequest] = {}
    for event in events:
        if isinstance(event, RefundRequested):
            requests[event.request_id] = new_request(event, lane=lane)
        elif isinstance(event, OF_REQUEST):
            requests[event.request_id] = evolve(requests[event.request_id], event)
    return list(requests.values())


OF_REQUEST = (RequestAnswered, GoodsSentBack, DisputeOpened, EvidenceGiven, DisputeDecided, RequestClosed)


def owners_of(request: RefundRequest, payment: Payment) -> dict[str, int]:
    """Whom an event about a request is about."""
    return {
        "request_id": request.id,
        "trade_id": payment.trade_id,
        "payment_id": payment.id,
        "person_id": payment.person_id,
        "merchant_id": payment.merchant_id,
    }
