"""Webhooks: the outbox's messages as this wire says them, signed as Standard Webhooks are.

A message tells what was true when its event was written: its topic, the payment as it was then, and the event's own
numbers. Its `webhook-id` is the same on every try; its timestamp is the wall clock's, because the listener judges by it
whether the message is fresh.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from florin.engine.listeners import OWNER_APP_ID
from florin.engine.outbox import Message, Rendered
from florin.payments.payment import Payment
from florin.payments.trade import Trade
from florin.queries.payments import PaymentView
from florin.wires.rest import show
from florin.wires.rest.serve import Settings, encode


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a message holds. at: business time of the event. event: its own fields."""

    event_id: int
    at: datetime
    trade: Trade
    payment: Payment | None
    event: dict[str, Any]


class ToldOfLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a message to the owner's systems holds. value_on: the day on which the event counts."""

    event_id: int
    at: datetime
    line_id: str
    person_id: str
    program: str
    value_on: date
    event: dict[str, Any]


class ToldOfHouse(msgspec.Struct, frozen=True, kw_only=True):
    """What a message to the owner's systems holds of an event that is about no line."""

    event_id: int
    at: datetime
    value_on: date
    event: dict[str, Any]


class RestRenderer:
    """`florin.engine.outbox.Renderer` for this wire."""

    def __init__(self, settings: Settings, *, wall_now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._settings = settings
        self._wall_now = wall_now

    def render(self, message: Message, at: datetime) -> Rendered:
        if message.app_id == OWNER_APP_ID or "value_on" in message.payload:
            body = owner_body_of(message.topic, _told_owner(message.payload))
        else:
            told = msgspec.convert(message.payload, Told)
            body = body_of(message.topic, told, checkout_url=self._settings.checkout_url)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": f"evt_{message.event_id}",
            "webhook-timestamp": str(int(self._wall_now().timestamp())),
        }
        signatures = [
            sign(secret, headers["webhook-id"], headers["webhook-timestamp"], body) for secret in message.secrets
        ]
        if signatures:
            headers["webhook-signature"] = " ".join(signatures)
        return Rendered(url=message.url, headers=headers, body=body)

    def is_success(self, status: int, body: bytes) -> bool:
        return 200 <= status < 300


def body_of(topic: str, told: Told, *, checkout_url: show.CheckoutUrl) -> bytes:
    """`{"type": "payment.paid", "timestamp": …, "data": {"payment": {…}, "event": {…}}}`: the payment as `GET` shows it."""
    view = PaymentView(trade=told.trade, payment=told.payment)
    return encode(
        {
            "type": topic,
            "timestamp": told.at,
            "data": {
                "payment": show.payment(view, now=told.at, checkout_url=checkout_url),
                "event": {"id": str(told.event_id), **told.event, **_ids_as_text(told.event)},
            },
        }
    )


def _ids_as_text(event: Mapping[str, Any]) -> dict[str, str]:
    """Ids as every answer writes them: JavaScript's numbers cannot hold them."""
    return {name: str(value) for name, value in event.items() if name.endswith("_id")}


def _told_owner(payload: Mapping[str, Any]) -> ToldOfLine | ToldOfHouse:
    if "line_id" in payload:
        return msgspec.convert(payload, ToldOfLine)
    return msgspec.convert(payload, ToldOfHouse)


def owner_body_of(topic: str, told: ToldOfLine | ToldOfHouse) -> bytes:
    """`{"type": "line.reminded", "timestamp": …, "data": {"line_id": …, "event": {…}}}`; of a campaign, its event alone."""
    event = {"id": str(told.event_id), "value_on": told.value_on, **told.event}
    event |= _ids_as_text(told.event)
    of_line: dict[str, Any] = {}
    if isinstance(told, ToldOfLine):
        of_line = {"line_id": told.line_id, "person_id": told.person_id, "program": told.program}
    return encode({"type": topic, "timestamp": told.at, "data": {**of_line, "event": event}})


def sign(secret: bytes, webhook_id: str, timestamp: str, body: bytes) -> str:
    """The `webhook-signature` header: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`."""
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode("ascii")
