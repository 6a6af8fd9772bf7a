"""Addresses that we call: who may be told something, and how not to be used as somebody's arm.

A notify address comes from outside, so whoever sends it chooses where this server knocks. It may be http or https to a
public address; never our own machine, our own network or a cloud's metadata service. Every address that its name has is
checked, and the connection goes to one that was checked (`caller.py`): a name that answers differently the second time
gains nothing.

An app may be allowed loopback (a sandbox, a developer's machine), and nothing else with it.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, quote, urlsplit

import msgspec

from florin.events.refusals import Refusal

RESOLVE_TIMEOUT_S = 3.0
REMEMBER_S = 5.0
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
    def target(self) -> str:
        """Path and query as they stand in a request, in ASCII."""
        parts = urlsplit(self.url)
        return quote(f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/", safe=_STAYS)

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORT[self.scheme] else f"{host}:{self.port}"


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
    """Where a call to `url` may connect to. One address that is not public refuses the name with all its others.

    resolve: addresses of (host, port), by the system's resolver where it is None.
    """
    parts = _parts(url)
    if isinstance(parts, Refusal):
        return parts
    host = _ascii(parts.hostname or "")
    port = parts.port or _DEFAULT_PORT[parts.scheme]
    addresses = await _addresses(host, port, resolve or look_up)
    if not addresses:
        return HostUnknown(host=host)
    for address in addresses:
        kind = kind_of(address)
        if kind and not (kind == "loopback" and allow_loopback):
            return AddressNotPublic(host=host, address=str(address), kind=kind)
    checked = tuple(str(address) for address in addresses)
    return Destination(url=url, scheme=parts.scheme, host=host, port=port, addresses=checked)


class Remembered:
    """A resolver that keeps answers for a few seconds: a thousand notifies to one shop are not a thousand look-ups."""

    def __init__(self, resolve: Resolve, *, remember_s: float = REMEMBER_S) -> None:
        self._resolve = resolve
        self._remember_s = remember_s
        self._known: dict[tuple[str, int], tuple[list[str], float]] = {}

    async def __call__(self, host: str, port: int) -> list[str]:
        found, until = self._known.get((host, port), ([], 0.0))
        if time.monotonic() >= until:
            found = await self._resolve(host, port)
            if len(self._known) >= _HOSTS_MAX:
                self._known.clear()
            self._known[host, port] = found, time.monotonic() + self._remember_s
        return found


# Threads of its own: a look-up that hangs goes on after its time is over, and must not hold up everybody's.
_RESOLVERS = ThreadPoolExecutor(max_workers=64, thread_name_prefix="florin-resolve")


async def look_up(host: str, port: int) -> list[str]:
    """What the system's resolver says."""
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_RESOLVERS, ask)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


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


_DEFAULT_PORT = {"http": 80, "https": 443}
_HOSTS_MAX = 10_000
# Of a path and a query, beside letters and digits; percent signs are those of what is encoded already.
_STAYS = "!$%&'()*+,-./:;=?@[]_~|^"
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


def _embedded_in_nat64(address: IPv6Address) -> IPv4Address | None:
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None
