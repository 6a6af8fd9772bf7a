"""Carry out: a request that was agreed, or decided, is refunded, and is over; the clock goes on for what is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Literal

from florin.events import Event, RequestClosed
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.items import OrderLine, items_minor, still_left
from florin.payments.payment import Payment, PaymentState, evolve
from florin.payments.refund import Refund
from florin.payments.requests.request import RefundRequest, owners_of

# What an ordinary refund comes to: the engine asks `payments.refund`, with the lender's side of it.
Refunding = Callable[[Refund], Sequence[Event] | Refusal]


def refund_of(
    request: RefundRequest, payment: Payment, lines: Sequence[OrderLine], *, amount_minor: int | None = None
) -> Refund | None:
    """The refund that carries it out; None when there is nothing left to give back.

    What was refunded meanwhile, by another way, drops out: items first, then what exceeds the rest. amount: as an operator has
    decided; None: all that was asked, less the return fee.
    """
    items = still_left(lines, payment.particulars.given_back, request.items)
    asked = items_minor(lines, payment.particulars.given_back, items) if request.items else request.amount_minor
    fee = min(request.fee_minor, asked)
    wanted = asked - fee if amount_minor is None else min(amount_minor, asked)
    amount = min(wanted, payment.refundable_minor)
    if amount <= 0:
        return None
    # Of a part that is not what the items come to, no item is given back: it is an allowance on them.
    whole = bool(items) and amount == asked - fee
    return Refund(
        payment_id=payment.id,
        amount_minor=amount,
        request_no=f"request-{request.id}",
        reason=request.reason,
        items=items if whole else (),
        fee_minor=fee if whole else 0,
    )


def carried_out(
    request: RefundRequest,
    payment: Payment,
    refund: Refund | None,
    refunding: Refunding,
    at: At,
    *,
    how: Literal["refunded", "decided"],
) -> tuple[Event, ...] | Refusal:
    """The refund's events, and the end of the request. A platform that keeps the return fee is paid it by the seller."""
    events: list[Event] = []
    if refund is not None:
        decided = refunding(refund)
        if isinstance(decided, Refusal):
            return decided
        events += decided
        payment = evolve(payment, decided[0])
    fee = request.fee_minor if request.fee_to == "platform" and how == "refunded" and refund is not None else 0
    refunded = 0 if refund is None else refund.amount_minor
    return (*events, closed(request, payment, at, how=how, fee_minor=fee, refunded_minor=refunded))


def closed(
    request: RefundRequest,
    payment: Payment,
    at: At,
    *,
    how: Literal["withdrawn", "lapsed", "refunded", "decided"],
    fee_minor: int = 0,
    refunded_minor: int = 0,
) -> RequestClosed:
    """The end of a request. payment: as it is then. What is still held for a dispute is the seller's again."""
    return RequestClosed(
        value_on=at.on,
        **owners_of(request, payment),
        how=how,
        confirm_on=_goes_on(payment, at),
        released_minor=payment.dispute_held_minor,
        fee_minor=fee_minor,
        refunded_minor=refunded_minor,
    )


def _goes_on(payment: Payment, at: At) -> date | None:
    """The clock goes on with the days that were left; for what is received, or given back whole, there is none."""
    days_left = payment.particulars.days_left
    if payment.state is not PaymentState.ESCROWED or days_left is None:
        return None
    return at.on + timedelta(days=days_left)
