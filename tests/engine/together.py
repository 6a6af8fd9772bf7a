"""Many at once: each in a thread of its own, all let go at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def at_once(calls: Sequence[Callable[[], Result]], *, timeout_s: float = 60) -> list[Result]:
    """What each call gave, in order. Raises what a call raised."""
    gate = threading.Barrier(len(calls))

    def go(call: Callable[[], Result]) -> Result:
        gate.wait(timeout_s)
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return [future.result(timeout_s) for future in [threads.submit(go, call) for call in calls]]
