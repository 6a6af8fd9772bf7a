"""A gateway address without a port, for the SDK that refuses one.

The official Python SDK takes port 80 or nothing. Every address of 127.0.0.0/8 is this machine's own, and most have a free port
80; one is found by trying to have it.
"""

from __future__ import annotations

import secrets

from florin.app.listening import Address, AddressTaken, Reservation

_TRIES = 20


def reserve_port_80() -> tuple[Reservation | None, str]:
    """A loopback address whose port 80 is ours now; or none, and the reason."""
    reason = ""
    for _ in range(_TRIES):
        host = f"127.{1 + secrets.randbelow(254)}.{secrets.randbelow(256)}.{1 + secrets.randbelow(254)}"
        try:
            return Reservation(Address(host, 80)), ""
        except AddressTaken as refusal:
            reason = refusal.problem
    return None, reason
