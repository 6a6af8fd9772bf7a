"""The gateway behind an ASGI server: reads a request whole, has it answered, sends the answer.

`alipay_routes` gives the handlers for Litestar; `AbsoluteFormTargets` goes around the whole application, because the
official Python SDK writes the host into the request target and some servers hand that on as the path.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from urllib.parse import parse_qs, quote

from litestar import asgi
from litestar.handlers import ASGIRouteHandler

from florin.wires.alipay.bill_links import PATH as BILL_PATH
from florin.wires.alipay.gateway import Gateway, HttpAnswer, HttpRequest
from florin.wires.alipay.parameters import BODY_BYTES_MAX, origin_form
from florin.wires.alipay.v3 import GatewayV3
from florin.wires.alipay.v3_call import PATH as V3_PATH
from florin.wires.alipay.v3_call import V3Request
from florin.wires.keys.cashier import SIGN_IN_PATH

# Plain ASGI: a scope is a dict, and so are the messages.
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

PATH: Final = "/gateway.do"
# A larger body is read to its end and thrown away, so that the client hears the answer instead of a broken pipe; up to
# this.
DRAINED_BYTES_MAX: Final = 64 * 1024 * 1024

_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)


def alipay_routes(gateway: Gateway) -> Sequence[ASGIRouteHandler]:
    """`/gateway.do`, the way back from the cashier, bills and the way to sign in, for a Litestar application."""

    @asgi(PATH, copy_scope=False)
    async def gateway_do(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "POST"):
            await _send(send, HttpAnswer(status=405, content_type="text/plain; charset=utf-8", body=b"GET or POST"))
            return
        request = await _read(scope, receive)
        await _send(send, await gateway.answer(request))

    @asgi(f"{PATH}/return", copy_scope=False)
    async def way_back(scope: Scope, receive: Receive, send: Send) -> None:
        query = parse_qs(scope["query_string"].decode("ascii", "replace")) if scope["type"] == "http" else {}
        trade, key = query.get("trade", [""])[0], query.get("key", [""])[0]
        trade_id = int(trade) if trade.isascii() and trade.isdigit() and len(trade) < 19 else 0
        url = await gateway.way_back(trade_id, key)
        status, body = (302, b"") if url else (404, b"Not found")
        await _send(send, HttpAnswer(status=status, content_type="text/plain; charset=utf-8", body=body, location=url))

    @asgi(BILL_PATH, copy_scope=False)
    async def bill(scope: Scope, receive: Receive, send: Send) -> None:
        query = parse_qs(scope["query_string"].decode("ascii", "replace")) if scope["type"] == "http" else {}
        found = await gateway.bill(lambda name: query.get(name, [""])[0])
        if found is None:
            await _send(send, HttpAnswer(status=404, content_type="text/plain; charset=utf-8", body=b"Not found"))
            return
        named = f"attachment; filename*=UTF-8''{quote(found.name)}"
        file = HttpAnswer(status=200, content_type=found.content_type, body=found.content)
        await _send(send, file, more=[(b"content-disposition", named.encode("ascii"))])

    @asgi(SIGN_IN_PATH, copy_scope=False)
    async def sign_in(scope: Scope, receive: Receive, send: Send) -> None:
        query = scope["query_string"].decode("ascii", "replace") if scope["type"] == "http" else ""
        there = gateway.sign_in(query)
        await _send(send, HttpAnswer(status=302, content_type="text/plain; charset=utf-8", body=b"", location=there))

    return [gateway_do, way_back, bill, sign_in]


class BesideV3:
    """ASGI middleware: what lies below `/v3/alipay/` is OpenAPI v3, and the rest the application's.

    Around it and not in it, because another wire has the rest of `/v3`, and Litestar finds neither of two mounts of which one
    is below the other.
    """

    def __init__(self, app: Callable[[Any, Any, Any], Awaitable[None]], gateway: Gateway) -> None:
        self._app = app
        self._gateway = GatewayV3(gateway)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(V3_PATH):
            await self._app(scope, receive, send)
            return
        if scope["method"] not in ("GET", "POST"):
            await _send(send, HttpAnswer(status=405, content_type="text/plain; charset=utf-8", body=b"GET or POST"))
            return
        request = await _read_v3(scope, receive)
        answer = await self._gateway.answer(request)
        headers = [(name.encode("ascii"), value.encode("ascii")) for name, value in answer.headers.items()]
        plain = HttpAnswer(status=answer.status, content_type=answer.content_type, body=answer.body)
        await _send(send, plain, more=headers)


class AbsoluteFormTargets:
    """ASGI middleware: `POST http://host/gateway.do` is `POST /gateway.do`, whatever the server made of it."""

    def __init__(self, app: Callable[[Any, Any, Any], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith("/"):
            path = origin_form(scope["path"])
            scope = {**scope, "path": path, "raw_path": path.encode("utf-8")}
        await self._app(scope, receive, send)


async def _read(scope: Scope, receive: Receive) -> HttpRequest:
    headers = dict(scope["headers"])
    body, size = await _body(receive)
    content_type = headers.get(b"content-type")
    return HttpRequest(
        http_method=scope["method"],
        path=scope["path"],
        query=scope["query_string"],
        content_type=None if content_type is None else content_type.decode("latin-1"),
        accept=headers.get(b"accept", b"").decode("latin-1"),
        body=body,
        oversized=size if size > BODY_BYTES_MAX else 0,
        accept_language=headers.get(b"accept-language", b"").decode("latin-1"),
        cookies=headers.get(b"cookie", b"").decode("latin-1"),
    )


async def _read_v3(scope: Scope, receive: Receive) -> V3Request:
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    body, size = await _body(receive)
    # The path as it was sent, percent-encoding and all, because it is signed.
    path = origin_form((scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0])
    query = scope["query_string"].decode("latin-1")
    return V3Request(
        http_method=scope["method"],
        target=f"{path}?{query}" if query else path,
        authorization=headers.get(b"authorization", ""),
        body=body,
        app_auth_token=headers.get(b"alipay-app-auth-token", ""),
        encrypt_type=headers.get(b"alipay-encrypt-type", ""),
        root_number=headers.get(b"alipay-root-cert-sn", ""),
        oversized=size if size > BODY_BYTES_MAX else 0,
    )


async def _body(receive: Receive) -> tuple[bytes, int]:
    """(body, its size): empty where it is larger than we take."""
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
    return body, size


async def _send(send: Send, answer: HttpAnswer, *, more: Sequence[tuple[bytes, bytes]] = ()) -> None:
    headers = [(b"content-type", answer.content_type.encode("ascii")), *_HEADERS, *more]
    headers.append((b"content-security-policy", answer.policy.encode("ascii")))
    headers.append((b"content-length", str(len(answer.body)).encode("ascii")))
    if answer.location is not None:
        headers.append((b"location", _header_safe(answer.location)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


def _header_safe(url: str) -> bytes:
    """An address as a header may carry it: what is not ASCII percent-encoded, and no line breaks."""
    return "".join(
        char if "!" <= char <= "~" else "".join(f"%{byte:02X}" for byte in char.encode()) for char in url
    ).encode()
