"""The outbox's messages as notifies of this wire: an order was paid, a refund was made or taken back.

A message says what was true when its event was written; it is rendered anew for each try, sealed with a fresh nonce and
signed by the key of that moment: the one the shop asked for with the order, while that lives.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from florin.engine.listeners import SHARED
from florin.engine.outbox import Message, Rendered
from florin.events import CampaignPart
from florin.queries import ReadPool
from florin.queries.parents import read_parent
from florin.wires.desk.told import Told, told_of
from florin.wires.desk.trades import RefundSeen
from florin.wires.wechatpay.answers import JSON, signed_headers
from florin.wires.wechatpay.clients import Clients
from florin.wires.wechatpay.combined import combined_fields, standings_of
from florin.wires.wechatpay.notify import is_heard, notify_body
from florin.wires.wechatpay.shapes import china_text
from florin.wires.wechatpay.sharing_told import part_fields, part_of
from florin.wires.wechatpay.words import (
    KEY_NAME,
    PROVIDER,
    received_account,
    refund_amounts,
    seller_fields,
    transaction_fields,
)

_EVENT_TYPES: Final = {
    "payment.paid": "TRANSACTION.SUCCESS",
    "payment.refunded": "REFUND.SUCCESS",
    "payment.refund_reversed": "REFUND.CLOSED",
}


class WechatPayRenderer:
    """`florin.engine.outbox.Renderer` for this wire."""

    def __init__(self, clients: Clients, reads: ReadPool) -> None:
        self._clients = clients
        self._reads = reads

    def render(self, message: Message, at: datetime) -> Rendered:
        """Signed with the wall's time: shops refuse what is older than five minutes."""
        if message.topic == SHARED:
            return self._shared(message)
        told = told_of(message)
        extra = told.trade.detail.extra
        client = self._clients.find(int(extra.get(PROVIDER) or message.app_id))
        assert client is not None, "an app is never deleted"
        body = notify_body(
            _EVENT_TYPES[message.topic],
            self._resource(message, told),
            notify_id=f"{message.event_id:018d}{message.id:018d}",
            created_at=told.at,
            apiv3_key=client.apiv3_key,
        )
        key = self._clients.signing_key(client.app_id, extra.get(KEY_NAME, ""))
        headers = {"Content-Type": JSON, **signed_headers(body, key, wall_now=datetime.now(UTC))}
        return Rendered(url=message.url, headers=headers, body=body)

    def _shared(self, message: Message) -> Rendered:
        """To a merchant who received a part of another's sale."""
        client = self._clients.find(message.app_id)
        assert client is not None, "an app is never deleted"
        part = self._reads.ask(part_of, message.event_id)
        body = notify_body(
            "TRANSACTION.SUCCESS",
            part_fields(part),
            notify_id=f"{message.event_id:018d}{message.id:018d}",
            created_at=part.at,
            apiv3_key=client.apiv3_key,
            original="profitsharing",
        )
        key = self._clients.signing_key(client.app_id)
        headers = {"Content-Type": JSON, **signed_headers(body, key, wall_now=datetime.now(UTC))}
        return Rendered(url=message.url, headers=headers, body=body)

    def _resource(self, message: Message, told: Told) -> dict[str, Any]:
        parent_id = told.trade.detail.parent_id
        if not parent_id or message.topic != "payment.paid":
            return resource_of(message.topic, told, event_id=message.event_id)
        parent = self._reads.ask(read_parent, parent_id)
        assert parent is not None, "an order's parent is never deleted"
        return combined_fields(parent, self._reads.ask(standings_of, parent), told.at, paid_at=told.at)

    def is_success(self, status: int, body: bytes) -> bool:
        return is_heard(status)


def resource_of(topic: str, told: Told, *, event_id: int) -> dict[str, Any]:
    """What happened, before it is sealed."""
    trade, payment = told.trade, told.payment
    assert payment is not None, "only payments are told on this wire"
    if topic == "payment.paid":
        return transaction_fields(trade, payment, told.at, told.at)
    coupon = told.event.get("coupon")
    refund = RefundSeen(
        credit_minor=told.event["credit_minor"],
        wallet_minor=told.event["wallet_minor"],
        coupon=msgspec.convert(coupon, CampaignPart) if coupon else None,
        reason=told.event.get("reason", ""),
        refunded_at=told.at,
    )
    amounts = refund_amounts(trade, payment, refund)
    seller = {name: number for name, number in seller_fields(trade).items() if name.endswith("mchid")}
    is_made = topic == "payment.refunded"
    return {
        **seller,
        "out_trade_no": trade.out_trade_no,
        "transaction_id": str(trade.id),
        "out_refund_no": told.event["request_no"],
        "refund_id": str(event_id),
        "refund_status": "SUCCESS" if is_made else "CLOSED",
        "success_time": china_text(told.at) if is_made else None,
        "user_received_account": received_account(refund),
        "amount": {name: amounts[name] for name in ("total", "refund", "payer_total", "payer_refund")},
    }
