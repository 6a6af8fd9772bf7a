"""Where a shop may ask to be told: judged when it asks, by the address itself; names are resolved and judged at each call."""

from __future__ import annotations

from ipaddress import ip_address
from socket import inet_aton
from urllib.parse import urlsplit

from florin.engine.addresses import AddressNotPublic, refuse_url
from florin.events.refusals import Refusal


def refuse_notify_url(url: str, *, allow_loopback: bool) -> Refusal | None:
    """Why we would never call this address; None for one that may be tried."""
    if (refusal := refuse_url(url)) is not None:
        return refusal
    host = urlsplit(url).hostname or ""
    if not allow_loopback and is_loopback_name(host):
        return AddressNotPublic(host=host, address=host, kind="loopback")
    return None


def is_loopback_name(host: str) -> bool:
    """Whether a host is this machine by its mere name: localhost, or a loopback address in any spelling."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        pass
    try:
        return host[:1].isdigit() and ip_address(inet_aton(host)).is_loopback
    except OSError:
        return False
