"""Ship: the seller says what he has sent, and how. It moves no money; the buyer sees it beside the clock.

Where the terms of escrow count from the first parcel, it starts the clock; while a refund request is open, that begins when the
request is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from florin.events import ItemCount, Shipped
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.capture import NothingAuthorized
from florin.payments.items import OrderLine, refuse_items
from florin.payments.payment import Payment, PaymentState
from florin.payments.requests.send_back import refuse_tracking


class Ship(msgspec.Struct, frozen=True, kw_only=True):
    """items: of the order's lines; empty: all of it. Several parcels are several of these."""

    payment_id: int
    merchant_id: int
    carrier: str
    tracking_no: str
    items: tuple[ItemCount, ...] = ()


def decide(payment: Payment, lines: Sequence[OrderLine], command: Ship, at: At) -> tuple[Shipped] | Refusal:
    if command.merchant_id != payment.merchant_id or payment.state in (PaymentState.VOIDED, PaymentState.REFUNDED):
        return NothingAuthorized(state=payment.state.name.lower())
    if refusal := refuse_tracking(command.carrier, command.tracking_no) or refuse_items(lines, (), command.items):
        return refusal
    days, stands = payment.particulars.confirm_days, payment.particulars.request_id != 0
    starts = payment.state is PaymentState.ESCROWED and days is not None
    return (
        Shipped(
            value_on=at.on,
            trade_id=payment.trade_id,
            payment_id=payment.id,
            person_id=payment.person_id,
            merchant_id=payment.merchant_id,
            carrier=command.carrier.strip(),
            tracking_no=command.tracking_no.strip(),
            items=command.items,
            confirm_on=at.on + timedelta(days=days or 0) if starts and not stands else None,
            days_left=days if starts and stands else None,
        ),
    )
