"""Parent orders: one checkout over the orders of several sellers, asked for and paid as a whole."""

from __future__ import annotations

from florin.events.base import Event


class ParentAsked(Event, frozen=True, kw_only=True):
    """Several trades are to be paid together, or not at all. amount: of all of them. merchant_id: who asks, the mall."""

    kind = 230
    parent_id: int
    amount_minor: int
    trade_ids: tuple[int, ...]


class ParentPaid(Event, frozen=True, kw_only=True):
    """One choice of tenders paid every trade of a parent order; what each was paid with stands in its own event after this one.

    payment_ids: in the order of the parent's trades. campaign_id: whose coupon was used, once, for all of them; 0: none.
    """

    kind = 231
    parent_id: int
    credit_minor: int
    wallet_minor: int
    payment_ids: tuple[int, ...]
    campaign_id: int = 0
    coupon_minor: int = 0
