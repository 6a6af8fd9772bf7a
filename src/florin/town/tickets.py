"""Tickets: what the street gives a shopper's browser, so that the pages know who comes. See `entrance.py`."""

from __future__ import annotations

import secrets
from typing import Any

from django.core import signing

LIVES_S = 60
_SALT = "florin.town.entrance"


def write_ticket(*, logon: str, going_to: str) -> str:
    """A ticket for one sign-in as this shopper, then on to that address; signed with the key that both processes have."""
    text: str = signing.dumps({"logon": logon, "to": going_to, "once": secrets.token_hex(8)}, salt=_SALT, compress=True)
    return text


def read_ticket(text: str) -> dict[str, Any] | None:
    """What a ticket says: `logon`, `to`, and `once`, which no other ticket has. None when it is too old, or not ours."""
    try:
        told: dict[str, Any] = signing.loads(text, salt=_SALT, max_age=LIVES_S)
    except signing.BadSignature:
        return None
    return told
