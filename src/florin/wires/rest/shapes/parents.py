"""Parent orders: one checkout over the orders of several sellers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from florin.events import FeePayer
from florin.wires.rest.fields import Address, AmountMinor, IdOrNone, Instant, Text
from florin.wires.rest.shapes.base import Count, Taken, Tender
from florin.wires.rest.shapes.items import Goods, OrderLines
from florin.wires.rest.shapes.payments import Payment

_NUMBER = r"^[^\x00-\x20\x7f-\xa0\u2028\u2029]+$"
OrderNumber = Annotated[
    str, Meta(min_length=1, max_length=64, pattern=_NUMBER, description="Your own number, good for one order.")
]


class NewSellerOrder(Taken, frozen=True, kw_only=True):
    """One seller's order. seller_id: a merchant of your market; left out, your own. goods: their kind, for the clock."""

    order_number: OrderNumber
    amount_minor: AmountMinor
    subject: Text
    seller_id: IdOrNone = ""
    goods: Goods = "express"
    confirm_days: Annotated[int, Meta(ge=0, le=90)] = 0
    installments: Count = 0
    fee_payer: FeePayer = "shopper"
    lines: OrderLines = ()


class NewParentOrder(Taken, frozen=True, kw_only=True):
    """Orders that are paid together, by one choice of tenders, or not at all."""

    order_number: OrderNumber
    orders: Annotated[tuple[NewSellerOrder, ...], Meta(min_length=1, max_length=50)]
    tenders: Annotated[tuple[Tender, ...], Meta(min_length=1, max_length=2)] = ("wallet", "credit")
    expires_at: Instant | None = None
    return_url: Address = ""


class ParentOrder(msgspec.Struct, frozen=True, kw_only=True):
    """paid: every order is. closed: one of them cannot be paid any more, so none can. orders: each with a life of its own."""

    id: str
    state: Literal["waiting", "paid", "closed"]
    amount_minor: int
    order_number: str
    checkout_url: str | None
    created_at: datetime
    orders: tuple[Payment, ...]
