"""What few payments have beside their counters: a refund request, a clock put off, items given back."""

from __future__ import annotations

import msgspec

from florin.events import ItemCount, MonthCounted
from florin.payments.sharing.state import Sharing


class PaymentParticulars(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """request_id: the refund request that is open, 0: none. requests: how many there have been.

    days_left: until the clock would confirm receipt, while it stands still. extensions, hold_extensions: how often the buyer
    has put it off, and the seller extended the authorization. given_back: items, by line. card: its credit part is a
    bank's card. counted: the cap of a month that its credit part takes from. sharing: what of it is frozen for others, and what
    they were given; None for a sale that is not shared.
    """

    request_id: int = 0
    requests: int = 0
    days_left: int | None = None
    extensions: int = 0
    hold_extensions: int = 0
    given_back: tuple[ItemCount, ...] = ()
    card: bool = False
    counted: MonthCounted | None = None
    confirm_days: int | None = None
    sharing: Sharing | None = None


ORDINARY = PaymentParticulars()
BY_CARD = PaymentParticulars(card=True)
