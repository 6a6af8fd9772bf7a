"""Listening: addresses that this installation serves at, reserved before anything starts.

The supervisor reserves, the children listen. A reserved port stays ours while its child is started again, and a second
Florin is told at once that the port is taken, instead of sharing it by mistake.
"""

from __future__ import annotations

import errno
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from florin.store import StoreRefusal


class AddressTaken(StoreRefusal):
    def __init__(self, *, address: str, reason: str) -> None:
        super().__init__(f"Cannot listen at {address}: {reason}.", "Choose another port, or 0 for any free one.")


class AddressMalformed(StoreRefusal):
    def __init__(self, *, text: str) -> None:
        super().__init__(f"{text!r} is no address to listen at.", "Write HOST:PORT, as in 127.0.0.1:8001.")


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. port: 0 means any free one, until it is reserved."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """`127.0.0.1:8001`, `[::1]:8001` or `:8001` for every address of this machine. Raises AddressMalformed."""
        host, colon, port = text.rpartition(":")
        if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:
            raise AddressMalformed(text=text)
        return cls(host.strip("[]") or "0.0.0.0", int(port))  # noqa: S104 - asked for by leaving the host out

    @property
    def url(self) -> str:
        """The address for people's browsers: without the port where it is http's own."""
        shown = self.of_this_machine.host
        host = f"[{shown}]" if ":" in shown else shown
        return f"http://{host}" if self.port == 80 else f"http://{host}:{self.port}"

    @property
    def of_this_machine(self) -> Address:
        """Where a program of this machine reaches it: one that listens everywhere is found on loopback."""
        own = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
        return Address(own.get(self.host, self.host), self.port)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Reservation:
    """A port kept for a child of ours: bound, not listening. Others are refused it; our own server may share it."""

    def __init__(self, wanted: Address) -> None:
        """Raises AddressTaken when somebody else has it, or we may not have it."""
        try:
            self.address = Address(wanted.host, _free_port(wanted))
            self._held = _bound(self.address, shared=True)
        except OSError as error:
            reason = error.strerror or str(error)
            if error.errno == errno.EADDRINUSE:
                reason = "another program has it"
            elif error.errno in (errno.EACCES, errno.EPERM):
                reason = "this account may not have so low a port"
            raise AddressTaken(address=str(wanted), reason=reason) from None
        if not sys.platform.startswith("linux"):  # elsewhere the server does not share ports
            self.release()

    def release(self) -> None:
        self._held.close()


def wait_until_listening(address: Address, *, timeout_s: float) -> bool:
    """Whether somebody accepts connections there before the time is over."""
    deadline = time.monotonic() + timeout_s
    host = "127.0.0.1" if address.host == "0.0.0.0" else address.host  # noqa: S104
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((host, address.port), timeout=1):
            return True
        time.sleep(0.02)
    return False


def _free_port(wanted: Address) -> int:
    """The port, tried out alone: a shared bind would succeed beside another server of the same account."""
    with _bound(wanted, shared=False) as tried:
        return int(tried.getsockname()[1])


def _bound(address: Address, *, shared: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        # One option each, never both. REUSEADDR passes over connections that a server which just ended left behind; but
        # two sockets that do not listen, and both have it, would take each other for such.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT if shared else socket.SO_REUSEADDR, 1)
        bound.bind((address.host, address.port))
    except OSError:
        bound.close()
        raise
    return bound
