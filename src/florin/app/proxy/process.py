"""The proxy's process: what the supervisor starts where an owner asked for a proxy."""

from __future__ import annotations

import asyncio
import os

from florin.app.listening import Address
from florin.app.proxy.authority import Authority
from florin.app.proxy.server import Proxy
from florin.app.serving import stop_on_signals
from florin.app.settings import DEFAULT_API
from florin.app.supervisor import watch_parent
from florin.store import default_data_dir

PROXY, TLS = "FLORIN_PROXY", "FLORIN_PROXY_TLS"


def main() -> None:
    watch_parent()
    wires = Address.parse(os.environ.get("FLORIN_API", DEFAULT_API).split(",")[0])
    tls = os.environ.get(TLS)
    proxy = Proxy(
        Authority(default_data_dir()),
        wires=wires.of_this_machine,
        proxy_at=Address.parse(os.environ[PROXY]),
        tls_at=Address.parse(tls) if tls else None,
    )
    asyncio.run(_serve(proxy))
    os._exit(0)  # tunnels that shops keep open need no farewell


async def _serve(proxy: Proxy) -> None:
    stop = asyncio.Event()
    stop_on_signals(asyncio.get_running_loop(), stop)
    await proxy.start()
    await stop.wait()
    await proxy.stop()


if __name__ == "__main__":
    main()
