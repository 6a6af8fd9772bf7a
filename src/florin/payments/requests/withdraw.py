"""Withdraw: the buyer takes her request back; the clock goes on with the days that were left."""

from __future__ import annotations

import msgspec

from florin.events import RequestClosed
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.payment import Payment
from florin.payments.requests.carry_out import closed
from florin.payments.requests.request import RefundRequest, RequestState, refuse_turn


class WithdrawRequest(msgspec.Struct, frozen=True, kw_only=True):
    request_id: int
    payment_id: int
    person_id: int


def decide(
    request: RefundRequest, payment: Payment, command: WithdrawRequest, at: At
) -> tuple[RequestClosed] | Refusal:
    still_open = [state for state in RequestState if state.is_open]
    if refusal := refuse_turn(request, payment, *still_open, person_id=command.person_id):
        return refusal
    return (closed(request, payment, at, how="withdrawn"),)
