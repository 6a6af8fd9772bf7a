"""The caller: one POST to an address that was checked, over a connection that is kept for the next.

A connection is kept for a moment only, so that a listener with one thread has it back soon, and is used again only for the
same host at the same checked address. Redirects are not followed, answers are read up to a size, the whole call has one time
limit. No proxy and no certificate file is taken from the environment: a proxy would choose the address anew.

HTTP itself is h11's; a general client costs five times the CPU of a notify's own words.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from functools import cached_property
from types import TracebackType
from typing import Self

import h11
import msgspec

from florin.engine.addresses import Destination

ANSWER_BYTES_MAX = 64 * 1024
CALL_TIMEOUT_S = 10.0
KEPT_S = 2.0
KEPT_MAX = 256

_CHUNK = 64 * 1024
_OUR_HEADERS = (("User-Agent", "Florin"), ("Accept", "*/*"), ("Accept-Encoding", "identity"))

# Scheme, host, port, and the address that was checked.
_Place = tuple[str, str, int, str]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back: the status and at most ANSWER_BYTES_MAX of the body."""

    status: int
    body: bytes


class CallFailed(Exception):
    """No whole answer came. `reason` is short and fit to be shown to the merchant."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Caller:
    """Makes the calls. For one event loop; close it after."""

    def __init__(self, *, timeout_s: float = CALL_TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._kept: dict[_Place, list[_Connection]] = {}
        self._sweeping: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def post(self, to: Destination, headers: Mapping[str, str], body: bytes) -> Answer:
        """One POST. Raises CallFailed when no whole answer came in time, or a longer one than is read."""
        ours = (("Host", to.host_header), *_OUR_HEADERS, ("Content-Length", str(len(body))))
        try:
            request = h11.Request(method="POST", target=to.target, headers=[*ours, *headers.items()])
            async with asyncio.timeout(self._timeout_s):
                return await self._post(to, request, body)
        except TimeoutError:
            raise CallFailed(f"no answer within {self._timeout_s:g} s") from None
        except (OSError, h11.ProtocolError) as failure:
            raise CallFailed(f"broken answer: {type(failure).__name__}") from None

    async def close(self) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
        for connections in self._kept.values():
            for connection in connections:
                connection.close()
        self._kept.clear()

    async def _post(self, to: Destination, request: h11.Request, body: bytes) -> Answer:
        kept = self._take(to)
        if kept is not None:
            try:
                return await self._over(kept, request, body)
            except _Gone:
                pass  # closed while it lay idle, and nothing was answered: said again on a new one
        try:
            return await self._over(await self._connect(to), request, body)
        except _Gone:
            raise CallFailed("broken answer: closed without one") from None

    async def _over(self, connection: _Connection, request: h11.Request, body: bytes) -> Answer:
        """Closed afterwards unless it may be used again."""
        try:
            answer = await connection.post(request, body)
        except BaseException:
            connection.close()
            raise
        if connection.may_go_on():
            self._keep(connection)
        else:
            connection.close()
        return answer

    async def _connect(self, to: Destination) -> _Connection:
        """To the first that listens: `localhost` is two addresses, and many a shop listens at one of them."""
        secure = self._secure if to.scheme == "https" else None
        for address in to.addresses:
            try:
                reader, writer = await asyncio.open_connection(
                    address, to.port, ssl=secure, server_hostname=to.host if secure else None
                )
            except TimeoutError:
                raise
            except OSError:
                continue
            return _Connection((to.scheme, to.host, to.port, address), reader, writer)
        raise CallFailed("no connection")

    @cached_property
    def _secure(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    # ── connections that are kept ─────────────────────────────────────────────────────────────────────────────────

    def _take(self, to: Destination) -> _Connection | None:
        for address in to.addresses:
            kept = self._kept.get((to.scheme, to.host, to.port, address), [])
            while kept:
                connection = kept.pop()
                if connection.lives():
                    return connection
                connection.close()
        return None

    def _keep(self, connection: _Connection) -> None:
        if sum(map(len, self._kept.values())) >= KEPT_MAX:
            connection.close()
            return
        loop = asyncio.get_running_loop()
        connection.kept_until_s = loop.time() + KEPT_S
        self._kept.setdefault(connection.place, []).append(connection)
        if self._sweeping is None:
            self._sweeping = loop.call_later(KEPT_S, self._sweep)

    def _sweep(self) -> None:
        """Close what nobody has used for its moment, and look again while something is kept."""
        loop = asyncio.get_running_loop()
        self._sweeping = None
        for place, connections in list(self._kept.items()):
            for connection in connections:
                if connection.kept_until_s <= loop.time():
                    connection.close()
            self._kept[place] = [each for each in connections if each.kept_until_s > loop.time()]
            if not self._kept[place]:
                del self._kept[place]
        if self._kept:
            self._sweeping = loop.call_later(KEPT_S, self._sweep)


class _Gone(Exception):
    """The other side closed the connection before it answered anything."""


class _Connection:
    """One connection to one place. kept_until_s: on the event loop's clock, while it is idle."""

    def __init__(self, place: _Place, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.place = place
        self.kept_until_s = 0.0
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT)

    async def post(self, request: h11.Request, body: bytes) -> Answer:
        """Raises _Gone, OSError, h11.RemoteProtocolError, CallFailed for an answer that is too long."""
        say = self._http.send
        words = (say(request), say(h11.Data(data=body)), say(h11.EndOfMessage()))
        try:
            self._writer.write(b"".join(word for word in words if word))
            received = await self._reader.read(_CHUNK)
        except ConnectionError:
            raise _Gone from None
        if not received:
            raise _Gone
        self._http.receive_data(received)
        return await self._answer()

    async def _answer(self) -> Answer:
        status, body = 0, b""
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(await self._reader.read(_CHUNK))
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > ANSWER_BYTES_MAX:
                    raise CallFailed(f"answer longer than {ANSWER_BYTES_MAX} bytes")
            elif isinstance(event, h11.EndOfMessage):
                return Answer(status=status, body=body)

    def may_go_on(self) -> bool:
        """Whether both sides are ready for another request; if so it is ready."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        if self._http.trailing_data[0]:  # something nobody asked for
            return False
        self._http.start_next_cycle()
        return True

    def lives(self) -> bool:
        return not (self._reader.at_eof() or self._writer.is_closing())

    def close(self) -> None:
        self._writer.close()
