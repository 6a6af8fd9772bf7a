"""Serving: an ASGI or a WSGI application on a reserved port, under granian, until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from florin.app.listening import Address
from florin.app.supervisor import PARENT

PAGE_THREADS = 4
_BACKLOG = 1024
_STOP_TIMEOUT_S = 10


async def serve_asgi(
    application: Any, addresses: Sequence[Address], stop: asyncio.Event, *, end_long: Callable[[], None]
) -> None:
    """Serve in this process and loop, at every address, until `stop` is set; what is being answered then is waited for, but for
    what `end_long` ends. Raises RuntimeError when a server ends before.

    The application's lifespan is its caller's affair: with two addresses it would run twice.
    """
    servers = [
        Server(
            application,
            address=address.host,
            port=address.port,
            interface=Interfaces.ASGINL,
            backlog=_BACKLOG,
            log_enabled=False,
            log_level=LogLevels.critical,
        )
        for address in addresses
    ]
    tasks = [asyncio.create_task(server.serve()) for server in servers]
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
    ended_early = not stopping.done()
    end_long()
    for server in servers:
        server.stop()  # type: ignore[no-untyped-call]
    stopping.cancel()
    await asyncio.gather(*tasks, return_exceptions=not ended_early)
    if ended_early:
        raise RuntimeError("a server ended before it was told to")


def serve_wsgi(application: str, address: Address) -> None:
    """Serve the named application (`module:name`) in a process of its own below this one, until SIGTERM. Main thread only."""
    os.environ[PARENT] = str(os.getpid())  # whom that process watches
    Granian(
        application,
        address=address.host,
        port=address.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=PAGE_THREADS,
        backlog=_BACKLOG,
        websockets=False,
        workers_kill_timeout=_STOP_TIMEOUT_S,
        log_level=LogLevels.error,
    ).serve()


def stop_on_signals(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
