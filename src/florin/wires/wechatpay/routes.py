"""The gateway as routes of an ASGI application: reads each request whole, has it answered, sends the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from litestar import asgi
from litestar.handlers import ASGIRouteHandler

from florin.wires.wechatpay.call import BODY_BYTES_MAX, HttpRequest
from florin.wires.wechatpay.gateway import Gateway, HttpAnswer
from florin.wires.wechatpay.phone import PATH as PHONE_PATH
from florin.wires.wechatpay.phone import Phone

# Plain ASGI: a scope is a dict, and so are the messages.
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

PATH: Final = "/v3"
# A larger body is read to its end and thrown away, so that the client hears the answer instead of a broken pipe; up to this.
DRAINED_BYTES_MAX: Final = 64 * 1024 * 1024

_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


def wechatpay_routes(gateway: Gateway, phone: Phone) -> Sequence[ASGIRouteHandler]:
    """Everything under `/v3`, and the phone, for a Litestar application."""

    @asgi(PATH, is_mount=True, copy_scope=False)
    async def v3(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = await _read(scope, receive)
            await _send(send, await gateway.answer(request))

    @asgi(PHONE_PATH, copy_scope=False)
    async def redeem(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = await _read(scope, receive)
            await _send(send, await asyncio.to_thread(phone.answer, request))

    return [v3, redeem]


async def _read(scope: Scope, receive: Receive) -> HttpRequest:
    body, size = b"", 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        chunk = message.get("body", b"")
        size += len(chunk)
        body = body + chunk if size <= BODY_BYTES_MAX else b""
        if not message.get("more_body") or size > DRAINED_BYTES_MAX:
            break
    query: bytes = scope["query_string"]
    return HttpRequest(
        method=scope["method"],
        target=raw_path_of(scope) + (b"?" + query if query else b""),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body=body,
        oversized=size if size > BODY_BYTES_MAX else 0,
    )


def raw_path_of(scope: Scope) -> bytes:
    """The path as it came over the line, which is what was signed."""
    raw: bytes | None = scope.get("raw_path")
    return raw.partition(b"?")[0] if raw else scope["path"].encode()


async def _send(send: Send, answer: HttpAnswer) -> None:
    headers = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in answer.headers.items()]
    if answer.status != 204:
        headers.append((b"content-length", str(len(answer.body)).encode("ascii")))
    await send({"type": "http.response.start", "status": answer.status, "headers": [*headers, *_HEADERS]})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})
