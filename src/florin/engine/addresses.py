"""Addresses that we call: who may be told something, and how not to be used as somebody's arm.

A notify address comes from outside, so whoever sends it chooses where this server knocks. It may be http or https to a
public address; never our own machine, our own network or a cloud's metadata service. The name is resolved once, every
address it has is checked, and the connection goes to one that was checked: a name that answers differently the second
time gains nothing. Redirects are not followed, answers are read up to a size, and the whole call has one time limit.

An app may be allowed loopback (a sandbox, a developer's machine), and nothing else with it.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

import httpx
import msgspec

from florin.events.refusals import Refusal

ANSWER_BYTES_MAX = 64 * 1024
CALL_TIMEOUT_S = 10.0
RESOLVE_TIMEOUT_S = 3.0
URL_LENGTH_MAX = 2_048

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]


class AddressInvalid(Refusal, frozen=True, kw_only=True):
    en = "This is no address that can be called: {url}. It must begin with http:// or https:// and name a host."
    zh = "通知地址无效：{url}。须以http://或https://开头并包含主机名。"

    url: str


class AddressCarriesCredentials(Refusal, frozen=True, kw_only=True):
    en = "The address of {host} carries a user name or password. Leave it out; every message is signed."
    zh = "{host}的通知地址包含用户名或密码，请去掉；每条通知均有签名。"

    host: str


class HostUnknown(Refusal, frozen=True, kw_only=True):
    en = "The host {host} has no address."
    zh = "无法解析主机{host}。"

    host: str


class AddressNotPublic(Refusal, frozen=True, kw_only=True):
    """kind: loopback, private, link-local, multicast, metadata, reserved or unspecified."""

    en = "{host} leads to {address}, which is {kind}: only public addresses are called."
    zh = "{host}指向{address}（{kind}），仅可通知公网地址。"

    host: str
    address: str
    kind: str


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """A URL that may be called, with the checked addresses to try in turn. host: lower case, ASCII, no brackets."""

    url: str
    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...]

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORT[self.scheme] else f"{host}:{self.port}"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back: the status and at most ANSWER_BYTES_MAX of the body."""

    status: int
    body: bytes


class CallFailed(Exception):
    """No whole answer came. `reason` is short and fit to be shown to the merchant."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def refuse_url(url: str) -> Refusal | None:
    """The part of the check that needs no network: for a wire that is handed an address to keep."""
    parts = _parts(url)
    if isinstance(parts, Refusal):
        return parts
    host = parts.hostname or ""
    literal = _literal(host)
    # A literal loopback address is judged when it is called: only then is it known which app it belongs to.
    if literal is not None and (kind := kind_of(literal)) not in ("", "loopback"):
        return AddressNotPublic(host=host, address=str(literal), kind=kind)
    return None


async def check(url: str, *, allow_loopback: bool = False, resolve: Resolve | None = None) -> Destination | Refusal:
    """Where a call to `url` may connect to. One address that is not public refuses the name with all its others."""
    parts = _parts(url)
    if isinstance(parts, Refusal):
        return parts
    host = _ascii(parts.hostname or "")
    port = parts.port or _DEFAULT_PORT[parts.scheme]
    addresses = await _addresses(host, port, resolve or _resolve)
    if not addresses:
        return HostUnknown(host=host)
    for address in addresses:
        kind = kind_of(address)
        if kind and not (kind == "loopback" and allow_loopback):
            return AddressNotPublic(host=host, address=str(address), kind=kind)
    checked = tuple(str(address) for address in addresses)
    return Destination(url=url, scheme=parts.scheme, host=host, port=port, addresses=checked)


def kind_of(address: Address) -> str:
    """What an address is when it is not a public one; empty for a public one."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or _embedded_in_nat64(address)
        if inner is not None:
            return kind_of(inner)
    if address in _METADATA:
        return "metadata"
    for kind, holds in (
        ("unspecified", address.is_unspecified),
        ("loopback", address.is_loopback),
        ("link-local", address.is_link_local),
        ("multicast", address.is_multicast),
        ("reserved", address.is_reserved),
    ):
        if holds:
            return kind
    return "" if address.is_global else "private"


class Caller:
    """Makes the calls, each on a fresh connection to the address that was checked. For one event loop; close it after.

    No proxy and no certificate file is taken from the environment: a proxy would choose the address anew.
    """

    def __init__(self, *, timeout_s: float = CALL_TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._client = httpx.AsyncClient(
            verify=ssl.create_default_context(),
            trust_env=False,
            follow_redirects=False,
            timeout=timeout_s,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def post(self, to: Destination, headers: Mapping[str, str], body: bytes) -> Answer:
        """One POST. Raises CallFailed when no whole answer came in time, or a longer one than is read."""
        try:
            # httpx limits each read; a shop that drips one byte at a time is limited here.
            async with asyncio.timeout(self._timeout_s):
                return await self._post_to_first_that_listens(to, headers, body)
        except (TimeoutError, httpx.TimeoutException):
            raise CallFailed(f"no answer within {self._timeout_s:g} s") from None
        except httpx.ConnectError:
            raise CallFailed("no connection") from None
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as failure:
            raise CallFailed(f"broken answer: {type(failure).__name__}") from None

    async def close(self) -> None:
        await self._client.aclose()

    async def _post_to_first_that_listens(self, to: Destination, headers: Mapping[str, str], body: bytes) -> Answer:
        """`localhost` is two addresses, and many a shop listens at one of them."""
        for address in to.addresses[:-1]:
            try:
                return await self._send(self._request(to, address, headers, body))
            except httpx.ConnectError:
                continue
        return await self._send(self._request(to, to.addresses[-1], headers, body))

    def _request(self, to: Destination, address: str, headers: Mapping[str, str], body: bytes) -> httpx.Request:
        # The URL names the address, the header and TLS name the host: this is httpx's way to say where to connect.
        return self._client.build_request(
            "POST",
            httpx.URL(to.url).copy_with(host=address),
            headers={**headers, **_OUR_HEADERS, "Host": to.host_header},
            content=body,
            extensions={"sni_hostname": to.host},
        )

    async def _send(self, request: httpx.Request) -> Answer:
        response = await self._client.send(request, stream=True)
        try:
            body = b""
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > ANSWER_BYTES_MAX:
                    raise CallFailed(f"answer longer than {ANSWER_BYTES_MAX} bytes")
            return Answer(status=response.status_code, body=body)
        finally:
            await response.aclose()


_OUR_HEADERS = {"User-Agent": "Florin", "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}
_DEFAULT_PORT = {"http": 80, "https": 443}
# Clouds answer these to any process of the machine, with its credentials. Most are link-local or private anyway.
_METADATA = frozenset(
    ip_address(text)
    for text in ("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254")
)
_NAT64 = ip_network("64:ff9b::/96")


def _parts(url: str) -> SplitResult | Refusal:
    shown = AddressInvalid(url=url[:200])
    if len(url) > URL_LENGTH_MAX or any(character.isspace() or ord(character) < 32 for character in url):
        return shown
    try:
        parts = urlsplit(url)
        port_is_sound = parts.port is None or parts.port > 0
    except ValueError:
        return shown
    if parts.scheme not in _DEFAULT_PORT or not parts.hostname or not port_is_sound:
        return shown
    if "\\" in url or "%" in parts.netloc or not _ascii(parts.hostname):
        return shown
    if "@" in parts.netloc:
        return AddressCarriesCredentials(host=parts.hostname)
    return parts


def _ascii(host: str) -> str:
    """The host as it stands in a header and in TLS; empty when it can stand in neither."""
    try:
        return host.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""


async def _addresses(host: str, port: int, resolve: Resolve) -> list[Address]:
    literal = _literal(host)
    if literal is not None:
        return [literal]
    try:
        async with asyncio.timeout(RESOLVE_TIMEOUT_S):
            return [ip_address(text.partition("%")[0]) for text in await resolve(host, port)]
    except (OSError, UnicodeError, TimeoutError):
        return []


def _literal(host: str) -> Address | None:
    """The address that a host is written as, in any spelling that a resolver would take (127.1, 0x7f000001)."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host)) if host and host[0].isdigit() else None
    except OSError:
        return None


# Threads of its own: a look-up that hangs goes on after its time is over, and must not hold up everybody's.
_RESOLVERS = ThreadPoolExecutor(max_workers=64, thread_name_prefix="florin-resolve")


async def _resolve(host: str, port: int) -> list[str]:
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_RESOLVERS, look_up)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _embedded_in_nat64(address: IPv6Address) -> IPv4Address | None:
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None
