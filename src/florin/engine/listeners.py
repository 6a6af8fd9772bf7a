"""Listeners: who outside is to be told of an event. A row is written only where somebody listens.

The merchant of a trade listens at the trade's own address, or at his app's. The owner's own systems hear what happens to lines
and campaigns, all at one address; what is to be passed on to a customer waits for the hours in which she may be contacted. The
row keeps what may move of what was true when it was written (`told.py`), so a late delivery still tells the truth of its event;
it is rendered and signed when it is sent.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from florin.credit.collect import may_contact_from
from florin.engine.clock import ZONE
from florin.engine.ids import lane_of
from florin.engine.reference import OwnerEndpoint
from florin.engine.room import Room
from florin.engine.tables.event import Recorded
from florin.engine.told import of_house, of_line, short_of
from florin.events import (
    AuthorizationExtended,
    Authorized,
    CampaignRanLow,
    Captured,
    CaseClosed,
    CaseOpened,
    ChargedOff,
    ChargedOffByOwner,
    ClaimsSold,
    CollectionPaused,
    CollectionResumed,
    DisputeDecided,
    DisputeOpened,
    Escrowed,
    Event,
    EvidenceGiven,
    FellPastDue,
    GoodsSentBack,
    LineFrozen,
    PaidOut,
    PayoutReturned,
    PayoutSettled,
    PromiseJudged,
    ReceiptExtended,
    Received,
    Refunded,
    RefundRequested,
    RefundReversed,
    Reminded,
    RequestAnswered,
    RequestClosed,
    ShareReceived,
    Shipped,
    TradeClosed,
    Voided,
)
from florin.payments.merchant import App
from florin.payments.trade import Flow, Trade

# The owner's own messages belong to no app.
OWNER_APP_ID = 0

TOPICS: dict[type[Event], str] = {
    Authorized: "payment.authorized",
    Captured: "payment.paid",
    Escrowed: "payment.paid",
    Received: "payment.received",
    Voided: "payment.voided",
    Refunded: "payment.refunded",
    RefundReversed: "payment.refund_reversed",
    TradeClosed: "trade.closed",
    Shipped: "payment.shipped",
    AuthorizationExtended: "payment.authorization_extended",
    ReceiptExtended: "payment.receipt_extended",
    RefundRequested: "payment.refund_requested",
    RequestAnswered: "payment.request_answered",
    GoodsSentBack: "payment.goods_sent_back",
    DisputeOpened: "payment.disputed",
    EvidenceGiven: "payment.evidence_given",
    DisputeDecided: "payment.dispute_decided",
    RequestClosed: "payment.request_closed",
}

# What a merchant's endpoints hear beside that; it is about no order.
PAYOUT_TOPICS: dict[type[Event], str] = {
    PaidOut: "payout.sent",
    PayoutSettled: "payout.settled",
    PayoutReturned: "payout.returned",
}
MERCHANT_TOPICS: tuple[str, ...] = tuple(sorted({*TOPICS.values(), *PAYOUT_TOPICS.values()}))

OWNER_TOPICS: dict[type[Event], str] = {
    Reminded: "line.reminded",
    FellPastDue: "line.past_due",
    CaseOpened: "line.case_opened",
    CaseClosed: "line.case_closed",
    PromiseJudged: "line.promise_judged",
    CollectionPaused: "line.collection_paused",
    CollectionResumed: "line.collection_resumed",
    ChargedOff: "line.charged_off",
    ChargedOffByOwner: "line.charged_off",
    ClaimsSold: "line.sold",
    LineFrozen: "line.frozen",
    CampaignRanLow: "campaign.low",
}

# What is said between payment and receipt, and the receipt itself: the order is paid, and stays paid until it is refunded.
_OF_RECEIPT = (
    "payment.received",
    "payment.shipped",
    "payment.authorization_extended",
    "payment.receipt_extended",
    "payment.refund_requested",
    "payment.request_answered",
    "payment.goods_sent_back",
    "payment.disputed",
    "payment.evidence_given",
    "payment.dispute_decided",
    "payment.request_closed",
)
# What a wire has no word for: Alipay's for no refund that is reversed, WeChat's for no order that is closed or let go.
UNTOLD: dict[str, tuple[str, ...]] = {
    "alipay": (*_OF_RECEIPT, "payment.refund_reversed"),
    "wechatpay": (*_OF_RECEIPT, "payment.authorized", "payment.voided", "trade.closed"),
}
# Of what is frozen, Alipay's has words for these alone: a part that is taken is a sale under a number that no event knows, and
# whoever took it was answered.
_OF_FREEZES: dict[str, tuple[str, ...]] = {"alipay": ("payment.authorized", "payment.voided")}
# What a receiver of a part of a sale is told, on these wires.
SHARED = "share.received"
_TELLS_SHARES = ("wechatpay",)
# Not told at the order's address: a shop of that wire hears of a refund where the refund asked for it, else at its app's.
_NOT_AT_THE_ORDERS: dict[str, tuple[str, ...]] = {"wechatpay": ("payment.refunded", "payment.refund_reversed")}


def outbox_rows(room: Room) -> list[tuple[Any, ...]]:
    """The rows of this batch's recorded events."""
    rows = []
    owner = room.reference.owner
    for recorded in room.recorded:
        if owner is not None and type(recorded.event) in OWNER_TOPICS:
            rows.append(_for_owner(room, recorded, owner))
            continue
        event = recorded.event
        if type(event) in PAYOUT_TOPICS:
            rows += _to_endpoints(room, recorded, PAYOUT_TOPICS[type(event)], event.merchant_id)
            continue
        if isinstance(event, ShareReceived):
            rows += _to_receiver(room, recorded, event)
            continue
        topic = TOPICS.get(type(event), "")
        trade = room.trades.get(event.trade_id) if topic else None
        if trade is None:
            continue
        rows += _to_endpoints(room, recorded, topic, trade.merchant_id, trade)
        app = room.reference.apps[trade.app_id]
        url = _address_of(event, topic, trade, app)
        if url and _has_word(app.wire, topic, trade):
            payload = short_of(room.at.instant, trade, room.payments.get(event.payment_id))
            lane = lane_of(recorded.id)
            rows.append(
                (
                    lane,
                    room.ids.take(lane),
                    app.id,
                    recorded.id,
                    app.wire,
                    topic,
                    url,
                    room.at.instant,
                    payload,
                )
            )
    return rows


def _has_word(wire: str, topic: str, trade: Trade) -> bool:
    """Whether the wire can say it of this trade."""
    if trade.flow is Flow.MANUAL and wire in _OF_FREEZES:
        return topic in _OF_FREEZES[wire]
    return topic not in UNTOLD.get(wire, ())


def _to_receiver(room: Room, recorded: Recorded, event: ShareReceived) -> list[tuple[Any, ...]]:
    """The app of a merchant who got his part of another's sale, where its wire has a word for it."""
    app = room.reference.apps.get(event.app_id)
    if app is None or not app.notify_url or app.wire not in _TELLS_SHARES:
        return []
    at, lane = room.at.instant, lane_of(recorded.id)
    payload = of_house(at, recorded.id, event)
    return [(lane, room.ids.take(lane), app.id, recorded.id, app.wire, SHARED, app.notify_url, at, payload)]


def _to_endpoints(
    room: Room, recorded: Recorded, topic: str, merchant_id: int, trade: Trade | None = None
) -> list[tuple[Any, ...]]:
    """The merchant's own endpoints that hear of it. Their messages name them below zero where others name an app."""
    hearing = [each for each in room.reference.endpoints.get(merchant_id, ()) if each.hears(topic)]
    if not hearing:
        return []
    at, lane = room.at.instant, lane_of(recorded.id)
    payload = (
        short_of(at, trade, room.payments.get(recorded.event.payment_id))
        if trade is not None
        else of_house(at, recorded.id, recorded.event)
    )
    return [
        (lane, room.ids.take(lane), -each.id, recorded.id, "rest", topic, each.url, at, payload) for each in hearing
    ]


def _address_of(event: Event, topic: str, trade: Trade, app: App) -> str:
    """Where the merchant is told; empty where nobody listens. A refund may name an address of its own."""
    own = event.notify_url if isinstance(event, Refunded) else ""
    of_order = "" if topic in _NOT_AT_THE_ORDERS.get(app.wire, ()) else trade.detail.notify_url
    return own or of_order or app.notify_url


def _for_owner(room: Room, recorded: Recorded, owner: OwnerEndpoint) -> tuple[Any, ...]:
    event, lane, next_at = recorded.event, lane_of(recorded.id), room.at.instant
    topic = OWNER_TOPICS[type(event)]
    if event.line_id:
        line = room.lines[event.line_id]
        payload = of_line(room.at.instant, recorded.id, event, line)
        next_at = _when(room, line.program) if isinstance(event, Reminded) else next_at
    else:
        payload = of_house(room.at.instant, recorded.id, event)
    return (lane, room.ids.take(lane), OWNER_APP_ID, recorded.id, "rest", topic, owner.url, next_at, payload)


def _when(room: Room, program: str) -> datetime:
    """Now, or the next hour in which customers of the program may be contacted."""
    terms = room.reference.terms(program, room.at.on)
    return may_contact_from(room.at.instant.astimezone(ZONE), terms)
