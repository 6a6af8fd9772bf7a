"""Lapse: the day of whose turn it was is over, and nothing was done. What silence means is in the terms and in the state.

A seller's silence agrees; goods on their way count as arrived; a buyer who neither sends the goods nor disputes a refusal has
let it be; an operator who does not decide has decided as the terms say.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from florin.events import Event
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.items import OrderLine
from florin.payments.payment import Payment
from florin.payments.requests.answer import agree, agreed_by
from florin.payments.requests.carry_out import Refunding, closed
from florin.payments.requests.dispute import DecideDispute, decide_decision
from florin.payments.requests.request import RefundRequest, RequestState, refuse_turn
from florin.payments.requests.terms import EscrowTerms


class LapseRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The day close's, for a request whose day is over."""

    request_id: int
    payment_id: int


class NotOverYet(Refusal, frozen=True, kw_only=True):
    en = "There is time for this until {due_on}, that day included."
    zh = "截止日期为{due_on}（含当日），尚未到期。"

    due_on: date


def decide(
    request: RefundRequest,
    payment: Payment,
    lines: Sequence[OrderLine],
    command: LapseRequest,
    at: At,
    *,
    terms: EscrowTerms,
    refunding: Refunding,
) -> tuple[Event, ...] | Refusal:
    still_open = [state for state in RequestState if state.is_open]
    if refusal := refuse_turn(request, payment, *still_open):
        return refusal
    if at.on <= request.due_on:
        return NotOverYet(due_on=request.due_on)
    if request.state in (RequestState.RETURNING, RequestState.REFUSED):
        return (closed(request, payment, at, how="lapsed"),)
    if request.state is RequestState.DISPUTED:
        refund_minor = request.amount_minor if terms.undecided == "refund" else 0
        decision = DecideDispute(request_id=request.id, payment_id=payment.id, refund_minor=refund_minor)
        return decide_decision(request, payment, lines, decision, at, refunding=refunding, by="clock")
    return agree(request, payment, lines, agreed_by(request, payment, at, terms=terms), at, refunding=refunding)
