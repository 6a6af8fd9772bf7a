"""What the shapes share: names of tenders and states, counts, and the base of what is sent."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Tender = Literal["credit", "card", "wallet"]
TenderKind = Literal["credit", "card", "wallet", "coupon"]
PaymentStateName = Literal["waiting", "expired", "closed", "authorized", "escrowed", "captured", "voided", "refunded"]
Count = Annotated[int, Meta(ge=0, le=60, description="Number of installments; 0 pays next month.")]
LimitMinor = Annotated[int, Meta(ge=0, le=10**12, description="A limit in minor units.")]


class Taken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of what is sent: a field that is not known is refused by name.

    Its encoding is what a key stands for; fields at their default stay out of it, so that a field added later does not make
    yesterday's request another one.
    """


def percent_text(share: Decimal) -> str:
    """A share as percent with two decimals: 0.1445 is "14.45"."""
    return f"{(share * 100).quantize(Decimal('0.01'))}"
