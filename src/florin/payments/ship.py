"""Ship: the seller says what he has sent, and how. It moves no money; the buyer sees it beside the clock."""

from __future__ import annotations

from collections.abc import Sequence

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
        ),
    )
