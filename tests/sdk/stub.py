"""A gateway of the wire's pure half and nothing behind it: enough to prove transport, signatures and shapes.

It answers every verified call with what it read, so a test sees what arrived; semantics are proven elsewhere.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from granian.constants import Interfaces
from granian.server.embed import Server

from florin.app.listening import Address, wait_until_listening
from florin.wires.alipay.answers import Content, Problem, answer_bytes, success
from florin.wires.alipay.call import CallingApp, answering_sign_type, read_call
from florin.wires.alipay.parameters import Parameters, origin_form, read_parameters
from florin.wires.alipay.shapes import Order

NASTY = '花呗 {"unpaired": "}},"sign":"x"} & \\ / 🌸'

Scope = MutableMapping[str, Any]


class Stub:
    """An ASGI application. `seen` keeps what each call was, `paths` the path that the server made of its target."""

    def __init__(self, app: CallingApp) -> None:
        self.app = app
        self.seen: list[Parameters] = []
        self.paths: list[str] = []

    async def __call__(
        self, scope: Scope, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = dict(scope["headers"])
        self.paths.append(scope["path"])
        answer = self.answer(scope["query_string"], headers.get(b"content-type", b"").decode(), body)
        status = 200 if origin_form(scope["path"]) == "/gateway.do" else 404
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
        )
        await send({"type": "http.response.body", "body": answer})

    def answer(self, query: bytes, content_type: str, body: bytes) -> bytes:
        parameters = read_parameters(query=query, content_type=content_type, body=body)
        self.seen.append(parameters)
        try:
            content: Content = self.serve(parameters)
        except Problem as problem:
            content = problem.content()
        return answer_bytes(
            content,
            method=parameters.ascii("method"),
            charset=parameters.charset,
            key=self.app.platform_key,
            sign_type=answering_sign_type(parameters),
        )

    def serve(self, parameters: Parameters) -> Content:
        call = read_call(parameters, self.app, wall_now=datetime.now(UTC))
        request = call.request
        if isinstance(request, Order):
            return success(out_trade_no=str(request.out_trade_no), qr_code=request.subject, store_name=NASTY)
        numbers = {name: getattr(request, name, None) for name in ("trade_no", "out_trade_no", "out_request_no")}
        return success(
            **{name: str(number) for name, number in numbers.items() if number is not None},
            store_name=NASTY,
            fund_bill_list=[{"fund_channel": "PCREDIT", "amount": "199.00"}],
        )


@contextmanager
def served(application: Any, host: str, port: int) -> Iterator[str]:
    """Serve an ASGI application from a thread of this process; gives its address without a path."""
    loop = asyncio.new_event_loop()
    server = Server(application, address=host, port=port, interface=Interfaces.ASGI, log_enabled=False)
    started = threading.Event()
    server.on_startup(started.set)
    thread = threading.Thread(target=loop.run_until_complete, args=(server.serve(),), daemon=True)
    thread.start()
    assert started.wait(10), f"nothing serves {host}:{port}"
    assert wait_until_listening(Address(host, port), timeout_s=10), f"nothing listens at {host}:{port}"
    try:
        yield f"http://{host}" if port == 80 else f"http://{host}:{port}"
    finally:
        loop.call_soon_threadsafe(server.stop)
        thread.join(10)
