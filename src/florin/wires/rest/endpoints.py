"""A merchant's webhook endpoints and what was told to them, by his own program."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import asdict
from typing import Any, cast

import msgspec

from florin.engine.listeners import MERCHANT_TOPICS, TOPICS
from florin.engine.webhooks import Added, add_endpoint, remove_endpoint, replay, rotate_secret
from florin.events.refusals import Refusal
from florin.payments.merchant import App
from florin.queries.webhooks import DeliveryView, EndpointView, deliveries, endpoints_of, listeners_of, webhook_of
from florin.wires.rest import shapes
from florin.wires.rest.problems import RefusedBy, invalid
from florin.wires.rest.serve import Answer, Call


async def get_webhooks(call: Call, body: Any) -> Answer:
    """GET /v1/webhooks"""
    app_id = cast(int, call.key.app_id)
    view = await call.house.reads.ask_async(webhook_of, app_id=app_id)
    assert view is not None, "a key's app exists"
    topics = tuple(sorted(set(TOPICS.values())))
    return Answer(shapes.Webhooks(app_id=str(app_id), url=view.url or None, signed=view.signed, topics=topics))


async def get_endpoints(call: Call, body: Any) -> Answer:
    """GET /v1/webhooks/endpoints"""
    found = await call.house.reads.ask_async(endpoints_of, merchant_id=_app(call).merchant_id)
    return Answer(shapes.Endpoints(items=tuple(map(_endpoint, found)), topics=MERCHANT_TOPICS))


async def new_endpoint(call: Call, body: shapes.NewEndpoint) -> Answer:
    """POST /v1/webhooks/endpoints"""
    app = _app(call)
    done = await asyncio.to_thread(
        call.house.engine.beside,
        lambda side: add_endpoint(
            side,
            merchant_id=app.merchant_id,
            url=body.url,
            topics=body.topics,
            known=MERCHANT_TOPICS,
            allow_loopback=app.allow_loopback,
        ),
    )
    return _secret(done)


async def drop_endpoint(call: Call, body: Any) -> Answer:
    """POST /v1/webhooks/endpoints/{endpoint_id}/remove"""
    endpoint_id, merchant_id = _number(call), _app(call).merchant_id
    refusal = await asyncio.to_thread(
        call.house.engine.beside, lambda side: remove_endpoint(side, endpoint_id, merchant_id=merchant_id)
    )
    if refusal is not None:
        raise RefusedBy(refusal)
    return await get_endpoints(call, body)


async def rotate_endpoint(call: Call, body: Any) -> Answer:
    """POST /v1/webhooks/endpoints/{endpoint_id}/rotate"""
    endpoint_id, merchant_id = _number(call), _app(call).merchant_id
    return _secret(
        await asyncio.to_thread(
            call.house.engine.beside, lambda side: rotate_secret(side, endpoint_id, merchant_id=merchant_id)
        )
    )


async def get_deliveries(call: Call, body: Any) -> Answer:
    """GET /v1/webhooks/deliveries"""
    to = await call.house.reads.ask_async(listeners_of, merchant_id=_app(call).merchant_id)
    found = await call.house.reads.ask_async(deliveries, app_ids=to)
    return Answer(shapes.Deliveries(items=tuple(map(_delivery, found))))


async def replay_deliveries(call: Call, body: shapes.Replay) -> Answer:
    """POST /v1/webhooks/replay"""
    if (body.message_id is None) == (body.failed_since is None):
        raise invalid(
            "message_id", "One of message_id and failed_since says what is told again.", "Send one of the two."
        )
    to = await call.house.reads.ask_async(listeners_of, merchant_id=_app(call).merchant_id)
    at = call.house.engine.at().instant
    message_id = int(body.message_id) if body.message_id is not None else None
    again = await asyncio.to_thread(
        call.house.engine.beside,
        lambda side: replay(side, app_ids=to, at=at, message_id=message_id, failed_since=body.failed_since),
    )
    return Answer(shapes.Replayed(replayed=again))


def _app(call: Call) -> App:
    return call.house.engine.reference.apps[cast(int, call.key.app_id)]


def _number(call: Call) -> int:
    text = call.parts["endpoint_id"]
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


def _secret(done: Added | Refusal) -> Answer:
    if isinstance(done, Refusal):
        raise RefusedBy(done)
    secret = f"whsec_{base64.b64encode(done.secret).decode()}"
    return Answer(shapes.EndpointSecret(id=str(done.endpoint_id), secret=secret), 201)


def _endpoint(view: EndpointView) -> shapes.Endpoint:
    return shapes.Endpoint(
        id=str(view.id), url=view.url, topics=tuple(view.topics), created_at=view.created_at, old_until=view.old_until
    )


def _delivery(view: DeliveryView) -> shapes.Delivery:
    told = {
        **asdict(view),
        "message_id": str(view.message_id),
        "webhook_id": f"evt_{view.event_id}",
        "endpoint_id": str(-view.app_id) if view.app_id < 0 else None,
        "status": view.status or None,
    }
    return msgspec.convert(told, shapes.Delivery)
