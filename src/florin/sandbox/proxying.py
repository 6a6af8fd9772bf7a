"""The sandbox's proxy: in a thread of the instance, at any free port, for SDKs with their gateway's host written into them."""

from __future__ import annotations

import asyncio
import threading
from contextlib import ExitStack
from pathlib import Path

from florin.app.listening import Address
from florin.app.proxy import Authority, Proxy
from florin.app.serve import reserved

_START_TIMEOUT_S = 30.0


class ProxyThread:
    """A context manager: it listens while it is entered. address: of the CONNECT door."""

    def __init__(self, data_dir: Path, *, wires: Address) -> None:
        self.authority = Authority(data_dir)
        self._wires = wires
        self._stack = ExitStack()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="florin-proxy", daemon=True)

    def __enter__(self) -> ProxyThread:
        self.address = self._stack.enter_context(reserved(Address("127.0.0.1", 0)))
        self._proxy = Proxy(self.authority, wires=self._wires, proxy_at=self.address)
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._proxy.start(), self._loop).result(_START_TIMEOUT_S)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._proxy.stop(), self._loop).result(_START_TIMEOUT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=15)
        self._stack.close()
