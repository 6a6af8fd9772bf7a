"""How often one app may have a wrong signature explained: a bucket of tokens each, in this process's memory.

Anybody can send a wrong signature in an app's name, and explaining one opens it with every key that may have made it and
tries the known mistakes: milliseconds, where saying no takes a fraction of one. Over the pace the signature is refused all the
same, unexplained. Wall time; a restart fills every bucket.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

PER_SECOND: Final = 5.0
BURST: Final = 20


class DiagnosisPace:
    """per_second: explained in the long run; burst: at once, after a quiet time. Safe for threads; a bucket an app asked."""

    def __init__(
        self, *, per_second: float = PER_SECOND, burst: int = BURST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[int, tuple[float, float]] = {}  # of each app: tokens, as of when

    def may_diagnose(self, app_id: int) -> bool:
        """Take a token of this app's; False when none is left. app_id: of an app that is registered here."""
        with self._lock:
            now = self._clock()
            tokens, as_of = self._buckets.get(app_id, (float(self._burst), now))
            tokens = min(float(self._burst), tokens + (now - as_of) * self._per_second)
            allowed = tokens >= 1
            self._buckets[app_id] = (tokens - 1 if allowed else tokens, now)
            return allowed
