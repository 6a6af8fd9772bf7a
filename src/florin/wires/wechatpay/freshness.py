"""Timestamps and nonces: a request is heard once, and soon after it was signed.

The clock is the wall's, because the client's is. What was heard is remembered in this process for as long as its timestamp
would still be taken; only requests whose signature was right are, so strangers cannot fill the memory. A repeat that comes
to another process, or after a restart, does nothing twice either: orders and refunds happen once by their numbers.
"""

from __future__ import annotations

import threading
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Final

LEEWAY: Final = timedelta(minutes=5)
REMEMBERED_MAX: Final = 1_000_000


class Heard:
    """The nonces of the last minutes. Safe for threads."""

    def __init__(self, *, remembered_max: int = REMEMBERED_MAX) -> None:
        self._lock = threading.Lock()
        self._known: set[tuple[int, str]] = set()
        self._in_order: deque[tuple[datetime, tuple[int, str]]] = deque()
        self._remembered_max = remembered_max

    def is_new(self, app_id: int, nonce: str, *, wall_now: datetime, leeway: timedelta) -> bool:
        """Whether this client uses the nonce for the first time; it is remembered now."""
        entry = (app_id, nonce)
        with self._lock:
            while self._in_order and (self._in_order[0][0] <= wall_now or len(self._in_order) >= self._remembered_max):
                self._known.discard(self._in_order.popleft()[1])
            if entry in self._known:
                return False
            self._known.add(entry)
            # A timestamp may be that far ahead of us: for twice the leeway it would be taken again.
            self._in_order.append((wall_now + 2 * leeway, entry))
            return True


def seconds_off(timestamp: str, *, wall_now: datetime) -> int | None:
    """By how many seconds the client's clock is ahead of ours (behind: below zero); None for no time in seconds."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 11):
        return None
    return round((datetime.fromtimestamp(int(timestamp), UTC) - wall_now).total_seconds())
