"""Serving in a thread of this process: how a sandbox serves the wires, and a demonstration its street."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

from florin.app.listening import Address, wait_until_listening
from florin.app.serving import serve_asgi
from florin.wires.rest.what_if import end_what_ifs

_LISTEN_TIMEOUT_S = 30.0


class ServingThread:
    """A server in a thread, with an application that can be exchanged under it: what it had before answers no more.

    addresses: reserved ones.
    """

    def __init__(self, addresses: Sequence[Address], *, name: str) -> None:
        self.application: Any = None
        self._addresses = addresses
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()
        for address in self._addresses:
            if not wait_until_listening(address, timeout_s=_LISTEN_TIMEOUT_S):
                raise TimeoutError(f"nothing listens at {address}")

    def stop(self) -> None:
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(timeout=15)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        await serve_asgi(self._call, self._addresses, self._stop, end_long=end_what_ifs)

    async def _call(self, scope: Any, receive: Any, send: Any) -> None:
        if self.application is not None:
            await self.application(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 503, "headers": [(b"retry-after", b"1")]})
        await send({"type": "http.response.body", "body": b"the sandbox is being reset"})
