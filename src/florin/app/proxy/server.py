"""The proxy's two doors: CONNECT for programs with a proxy setting, and TLS itself for names sent here by the hosts file.

Both end in the same place: TLS is taken off, and the bytes go to the wires' own address. Nothing of them is changed, so that a
signature over path, host or body stays what it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from florin.app.listening import Address
from florin.app.proxy.authority import Authority
from florin.app.proxy.hosts import GATEWAY_HOSTS, TLS_PORT
from florin.store import StoreRefusal

_HEAD_BYTES_MAX = 16_384
_HEAD_TIMEOUT_S = 10.0
_CHUNK_BYTES = 65_536
_CONNECTIONS_MAX = 512


class ProxyInPublic(StoreRefusal):
    def __init__(self, *, address: Address) -> None:
        super().__init__(
            f"The proxy answers for the real gateways' names; it does not listen at {address}, where other machines see it.",
            "Let it listen on this machine alone, as in 127.0.0.1:8003.",
        )


def refuse_public(address: Address) -> None:
    """Raises ProxyInPublic unless only this machine can reach the address."""
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(address.host).is_loopback:
            return
    if address.host != "localhost":
        raise ProxyInPublic(address=address)


class Proxy:
    """Listens from `start` to `stop`, on the loop that runs them. wires: where plain HTTP is answered.

    proxy_at: for CONNECT. tls_at: for TLS itself, if wanted. Raises ProxyInPublic, and AuthorityUnreadable at the start.
    """

    def __init__(
        self, authority: Authority, *, wires: Address, proxy_at: Address, tls_at: Address | None = None
    ) -> None:
        for address in (proxy_at, tls_at):
            if address is not None:
                refuse_public(address)
        self._authority = authority
        self._wires = wires
        self._proxy_at = proxy_at
        self._tls_wanted = tls_at or Address("127.0.0.1", 0)
        self._servers: list[asyncio.Server] = []
        self._open: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        self._authority.ready()
        context = self._authority.server_context()
        # The port is reserved for us, and shared with nobody else.
        shared = {"reuse_port": True, "limit": _HEAD_BYTES_MAX}
        tls = await asyncio.start_server(
            self._limited(self._to_wires), self._tls_wanted.host, self._tls_wanted.port, ssl=context, **shared
        )
        self.tls_at = Address(self._tls_wanted.host, int(tls.sockets[0].getsockname()[1]))
        front = await asyncio.start_server(
            self._limited(self._front), self._proxy_at.host, self._proxy_at.port, **shared
        )
        self._servers = [front, tls]

    async def stop(self) -> None:
        """Listen no more, and end what is open."""
        for server in self._servers:
            server.close()
        self._servers = []
        for connection in self._open:
            connection.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _limited(self, serve: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = asyncio.current_task()
            assert connection is not None
            self._open.add(connection)
            try:
                if len(self._open) <= _CONNECTIONS_MAX:
                    await serve(reader, writer)
            except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                pass  # either side may leave, or say what is no request: the connection ends, and that is the answer
            finally:
                self._open.discard(connection)
                writer.close()

        return one

    async def _front(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request of a program that was told to use a proxy: CONNECT, or a plain one in absolute form."""
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _HEAD_TIMEOUT_S)
        method, _, rest = head.partition(b" ")
        target = rest.partition(b" ")[0].decode("latin-1")
        if method == b"CONNECT":
            host, _, port = target.rpartition(":")
            if not _is_ours(host) or port != str(TLS_PORT):
                await _refuse(writer, target)
                return
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await _joined(reader, writer, self.tls_at)
        elif _is_ours(urlsplit(target).hostname or ""):
            # The wires take absolute targets; a second request for another host would be answered as ours, not passed on.
            await _joined(reader, writer, self._wires, first=head)
        else:
            await _refuse(writer, target)

    async def _to_wires(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _joined(reader, writer, self._wires)


def _is_ours(host: str) -> bool:
    return host.lower().rstrip(".") in GATEWAY_HOSTS


async def _refuse(writer: asyncio.StreamWriter, target: str) -> None:
    shown = "".join(letter if letter.isprintable() else "?" for letter in target[:200])
    text = (
        f"HostNotServed: {shown} is not answered here and nothing is passed on. This proxy stands for port {TLS_PORT} of "
        f"{', '.join(GATEWAY_HOSTS)}. Name other hosts in NO_PROXY.\n"
    ).encode()
    head = f"HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(text)}\r\n"
    writer.write(head.encode() + b"Connection: close\r\n\r\n" + text)
    await writer.drain()


async def _joined(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: Address, *, first: bytes = b""
) -> None:
    """Bytes both ways until one side has ended; then both are."""
    other_reader, other_writer = await asyncio.open_connection(address.host, address.port)
    try:
        other_writer.write(first)
        ways = [
            asyncio.create_task(_copied(reader, other_writer)),
            asyncio.create_task(_copied(other_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
    finally:
        other_writer.close()


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()
