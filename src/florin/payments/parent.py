"""A parent order: one checkout over the orders of several sellers, which are paid together or not at all.

Each order is a trade of its own, with its own seller, receipt, refund and dispute; the parent only holds them together until
they are paid, and never changes. What one choice of tenders pays of each order is `split_tenders`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

import msgspec

from florin.events import ParentAsked
from florin.events.refusals import Refusal
from florin.money import round_half_up
from florin.money.at import At
from florin.payments.merchant import App, Merchant
from florin.payments.tenders import Tenders
from florin.payments.trade import Trade, TradeState

ORDERS_MAX = 50  # as many as WeChat Pay's combined orders may have


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """trade_ids: its orders, as they were asked for. amount: of all of them. app, out_trade_no: who asked, by which number."""

    id: int
    lane: int
    app_id: int
    amount_minor: int
    asked_at: datetime
    out_trade_no: str
    trade_ids: tuple[int, ...]
    return_url: str = ""


class AskParent(msgspec.Struct, frozen=True, kw_only=True):
    """Hold these trades together. It is the last of one linked group, after an `Ask` for each of its orders, whose
    `detail.parent_id` names it. parent_id: made by the caller in the lane of (app, out_trade_no).
    """

    parent_id: int
    app_id: int
    out_trade_no: str
    trade_ids: tuple[int, ...]
    return_url: str = ""


class OrdersOutOfRange(Refusal, frozen=True, kw_only=True):
    en = "A parent order holds from 1 to {most} different orders; this one has {orders}."
    zh = "合单订单须包含1至{most}笔不同的子订单，收到{orders}笔。"

    orders: int
    most: int = ORDERS_MAX


class NotAnOrderOfThisParent(Refusal, frozen=True, kw_only=True):
    en = (
        "The order {trade_id} was not asked for as a part of this parent order, or is closed. Ask for all of them anew."
    )
    zh = "订单{trade_id}不属于该合单，或已关闭，请重新下单。"

    trade_id: int


class SellerOfAnother(Refusal, frozen=True, kw_only=True):
    en = (
        "This app may not ask for payments of the seller {merchant_id}: an app marked as a mall's may, for sellers of its own "
        "market ({market}). Send your own orders alone, or ask the operator."
    )
    zh = "该应用不能为商户{merchant_id}收款：仅平台应用可为同一市场（{market}）的商户下单。请联系运营方。"

    merchant_id: int
    market: str


def refuse_seller(app: App, own: Merchant, seller: Merchant) -> Refusal | None:
    """An app asks for its own merchant; a mall's app for every seller of the mall's market too."""
    if seller.id == own.id or (app.mall and own.market and seller.market == own.market):
        return None
    return SellerOfAnother(merchant_id=seller.id, market=own.market or "-")


def decide(
    *, app: App, own: Merchant, sellers: Sequence[Merchant], trades: Sequence[Trade], command: AskParent, at: At
) -> tuple[ParentAsked] | Refusal:
    """own: the app's merchant. sellers: of the trades, in their order."""
    if not 0 < len(set(command.trade_ids)) == len(command.trade_ids) <= ORDERS_MAX:
        return OrdersOutOfRange(orders=len(command.trade_ids))
    for trade, seller in zip(trades, sellers, strict=True):
        if (trade.app_id, trade.detail.parent_id, trade.state) != (app.id, command.parent_id, TradeState.WAITING):
            return NotAnOrderOfThisParent(trade_id=trade.id)
        if refusal := refuse_seller(app, own, seller):
            return refusal
    return (
        ParentAsked(
            value_on=at.on,
            merchant_id=own.id,
            parent_id=command.parent_id,
            amount_minor=sum(trade.amount_minor for trade in trades),
            trade_ids=command.trade_ids,
        ),
    )


def split_tenders(amounts: Sequence[int], tenders: Tenders) -> list[Tenders]:
    """What each order is paid with. amounts: of the orders, which the tenders add up to.

    Order by order: of the coupon its share of what is not shared out yet, by amount; of the credit its share by what the coupon
    leaves of the order; each rounded half up; the wallet pays the rest of the order. So every order is paid exactly, and the
    last one carries what is left of each tender.
    """
    assert sum(amounts) == sum(tenders), "tenders pay the orders exactly"
    left = tenders
    parts = []
    for amount in amounts:
        coupon = _share(left.coupon_minor, amount, sum(left))
        money = left.credit_minor + left.wallet_minor
        credit = _share(left.credit_minor, amount - coupon, money)
        parts.append(Tenders(credit, amount - coupon - credit, coupon))
        left = Tenders(*(whole - part for whole, part in zip(left, parts[-1], strict=True)))
    return parts


def _share(tender_minor: int, part_minor: int, whole_minor: int) -> int:
    """The part's share of a tender, rounded half up; at most the tender and the part, since the tender is within the whole."""
    return round_half_up(Fraction(tender_minor * part_minor, whole_minor)) if whole_minor else 0
