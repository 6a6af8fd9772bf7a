"""Freeze: of a sale that is to be shared all that the merchant gets is kept, after his fees, when it becomes his."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from msgspec.structs import replace

from florin.events import Captured, Event, Frozen, Received
from florin.ledger import Account, transfers_of
from florin.payments.payment import Payment
from florin.payments.post import entries_of
from florin.payments.settlement_terms import SettlementTerms
from florin.payments.trade import TradeDetail

Any_ = TypeVar("Any_", bound=Event)


def frozen(event: Any_, detail: TradeDetail, terms: SettlementTerms, payment: Payment | None = None) -> Any_:
    """The event with what it freezes; as it is where the trade is not shared, or its sharing is finished.

    payment: before the event, where there was one. terms: of the day of the event.
    """
    sharing = None if payment is None else payment.particulars.sharing
    if not detail.shares or not isinstance(event, Captured | Received) or (sharing is not None and sharing.finished):
        return event
    net_minor = payable_minor(event)
    if net_minor <= 0:
        return event
    until = event.value_on + timedelta(days=terms.freeze_days)
    return replace(event, frozen=Frozen(amount_minor=net_minor, until=until))


def payable_minor(event: Event) -> int:
    """What an event adds to what its merchant is owed, after his fees; below zero what it takes."""
    owed = Account.MERCHANT_PAYABLE
    return sum(minor * ((credit is owed) - (debit is owed)) for debit, credit, minor in transfers_of(entries_of(event)))
