"""Pay a parent order: one choice of tenders for the orders of several sellers, in one authorization, all or nothing.

Each order is ruled as if it were paid alone, on what those before it have left of line, wallet and shared limit; a coupon is
asked about the whole. The first order that is refused refuses all. Installments are a plan for each order: its fee is priced on
what is lent for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from florin.campaigns.coupon import refuse_budget, refuse_coupon
from florin.credit.line import Line, evolve
from florin.credit.shared_limit import SharedExposure
from florin.credit.terms import Terms
from florin.events import CampaignPart, Event, ParentPaid
from florin.events.refusals import Refusal
from florin.market import ANYWHERE, Acceptance
from florin.money.at import At
from florin.payments.merchant import Merchant, refuse_merchant
from florin.payments.parent import Parent, split_tenders
from florin.payments.pay import (
    Offer,
    Offers,
    Pay,
    TenderNotAccepted,
    TendersDoNotAddUp,
    counted_by,
    paid_event,
    plan_of,
    refuse_tenders,
    refuse_trade,
)
from florin.payments.tenders import Tenders
from florin.payments.trade import Trade
from florin.wallet.wallet import Wallet


class PayParent(msgspec.Struct, frozen=True, kw_only=True):
    """event_id, payment_ids: made by the caller in the payer's lane, a payment for each of the parent's trades, in their order.
    The tenders add up to the parent's amount.
    """

    event_id: int
    parent_id: int
    payment_ids: tuple[int, ...]
    person_id: int
    line_id: int = 0
    credit_minor: int = 0
    wallet_minor: int = 0
    installments: int = 0
    capture: bool = True
    campaign_id: int = 0
    coupon_minor: int = 0

    @property
    def tenders(self) -> Tenders:
        return Tenders(self.credit_minor, self.wallet_minor, self.coupon_minor)


class Standing(NamedTuple):
    """What the payer has: before the first order, or after those before one."""

    line: Line | None
    wallet: Wallet
    shared: SharedExposure | None = None


class OrderPaid(NamedTuple):
    """One order as it is paid: its half of the command, the event, and what the payer had before it."""

    pay: Pay
    event: Event
    before: Standing


class Paid(NamedTuple):
    event: ParentPaid
    orders: tuple[OrderPaid, ...]


def decide(
    *,
    parent: Parent,
    trades: Sequence[Trade],
    merchants: Sequence[Merchant],
    standing: Standing,
    terms: Terms | None,
    command: PayParent,
    at: At,
    offer: Offer | None = None,
    acceptance: Acceptance = ANYWHERE,
) -> Paid | Refusal:
    """trades, merchants: of the parent's orders, in their order. offer: of the coupon that the command names. acceptance: where
    the house's programs may be spent.
    """
    tendered = sum(command.tenders)
    if min(command.tenders) < 0 or tendered != parent.amount_minor:
        return TendersDoNotAddUp(tendered_minor=tendered, amount_minor=parent.amount_minor)
    if refusal := _refuse_coupon(parent, merchants, command, offer, at):
        return refusal
    parts = split_tenders([trade.amount_minor for trade in trades], command.tenders)
    orders: list[OrderPaid] = []
    for trade, merchant, payment_id, part in zip(trades, merchants, command.payment_ids, parts, strict=True):
        order = _order(trade, merchant, standing, terms, _pay(command, trade, payment_id, part), at, offer, acceptance)
        if isinstance(order, Refusal):
            return order
        orders.append(order)
        standing = _after(standing, order)
    return Paid(_paid(command, at), tuple(orders))


def _refuse_coupon(
    parent: Parent, merchants: Sequence[Merchant], command: PayParent, offer: Offer | None, at: At
) -> Refusal | None:
    """One coupon for the whole: it holds at every seller, and the amount of all orders is what it is measured by."""
    if not command.campaign_id and not command.coupon_minor:
        return None
    # A seller's own discount is his alone to give, for his own order.
    if offer is None or offer.campaign.terms.sponsor == "merchant":
        return TenderNotAccepted(tender="coupon")
    for merchant in merchants:
        if refusal := refuse_coupon(
            offer.campaign,
            merchant_id=merchant.id,
            order_minor=parent.amount_minor,
            coupon_minor=command.coupon_minor,
            used=offer.used,
            at=at,
        ):
            return refusal
    return refuse_budget(offer.campaign, offer.budget, command.coupon_minor)


def _pay(command: PayParent, trade: Trade, payment_id: int, part: Tenders) -> Pay:
    return Pay(
        payment_id=payment_id,
        trade_id=trade.id,
        person_id=command.person_id,
        line_id=command.line_id if part.credit_minor else 0,
        credit_minor=part.credit_minor,
        wallet_minor=part.wallet_minor,
        installments=command.installments,
        capture=command.capture,
        campaign_id=command.campaign_id if part.coupon_minor else 0,
        coupon_minor=part.coupon_minor,
    )


def _order(
    trade: Trade,
    merchant: Merchant,
    standing: Standing,
    terms: Terms | None,
    pay: Pay,
    at: At,
    offer: Offer | None,
    acceptance: Acceptance,
) -> OrderPaid | Refusal:
    """One order, on what those before it have left."""
    refusal = (
        refuse_trade(trade, pay.person_id, at)
        or refuse_merchant(merchant)
        or refuse_tenders(trade, merchant, standing.line, standing.wallet, terms, pay, at, standing.shared, acceptance)
    )
    if refusal is not None:
        return refusal
    plan = plan_of(trade.installments or pay.installments, trade.detail, pay.credit_minor, terms)
    if isinstance(plan, Refusal):
        return plan
    counted = counted_by(acceptance, standing.line, trade, merchant, pay, at)
    event = paid_event(trade, merchant, plan, terms, pay, at, Offers(coupon=offer), counted)
    coupon: CampaignPart | None = getattr(event, "coupon", None)
    if coupon is not None:
        event = replace(event, coupon=replace(coupon, of_parent=True))
    return OrderPaid(pay, event, standing)


def _after(standing: Standing, order: OrderPaid) -> Standing:
    """What the payer has left after an order."""
    line, wallet, shared = standing
    if order.pay.credit_minor and line is not None:
        line = evolve(line, order.event)
    if shared is not None:
        shared = replace(shared, exposure_minor=shared.exposure_minor + order.pay.credit_minor)
    return Standing(line, replace(wallet, balance_minor=wallet.balance_minor - order.pay.wallet_minor), shared)


def _paid(command: PayParent, at: At) -> ParentPaid:
    return ParentPaid(
        value_on=at.on,
        person_id=command.person_id,
        parent_id=command.parent_id,
        credit_minor=command.credit_minor,
        wallet_minor=command.wallet_minor,
        payment_ids=command.payment_ids,
        campaign_id=command.campaign_id,
        coupon_minor=command.coupon_minor,
    )
