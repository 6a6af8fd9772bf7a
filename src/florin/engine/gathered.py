"""Gathered: what callers of an event loop ask one by one, done for many at once in a thread.

As the engine gathers commands while a batch commits: no timer. Who asks while nothing is under way is asked for in the same
turn of the loop, with all who ask in it; who asks meanwhile waits, and then all who wait go together. So nobody gets what was
looked up before he asked.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

MOST = 100


class _Loop(Generic[Asked, Answer]):
    """Who waits in one event loop, and how many turns may begin there now."""

    __slots__ = ("free", "is_called", "waiting")

    def __init__(self, free: int) -> None:
        self.free = free
        self.is_called = False
        self.waiting: deque[tuple[Asked, asyncio.Future[Answer]]] = deque()


class Gathered(Generic[Asked, Answer]):
    """`await gathered(item)` is the item's part of `work(items)`, which gives one answer each, in order.

    work: runs in a thread; what it raises is raised to all whom it worked for. at_once: turns under way. most: items of a turn.
    Who goes away takes nothing from the others. Safe for several event loops; each gathers for itself.
    """

    def __init__(
        self, work: Callable[[Sequence[Asked]], Sequence[Answer]], *, name: str, at_once: int = 1, most: int = MOST
    ) -> None:
        self._work = work
        self._at_once = at_once
        self._most = most
        self._threads = ThreadPoolExecutor(max_workers=at_once, thread_name_prefix=name)
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _Loop[Asked, Answer]] = WeakKeyDictionary()

    async def __call__(self, item: Asked) -> Answer:
        loop = asyncio.get_running_loop()
        here = self._loops.get(loop)
        if here is None:
            here = self._loops[loop] = _Loop(self._at_once)
        future: asyncio.Future[Answer] = loop.create_future()
        here.waiting.append((item, future))
        if here.free and not here.is_called:
            # Not at once: who is awake in this turn of the loop comes too.
            here.is_called = True
            loop.call_soon(self._begin, loop, here)
        return await future

    def close(self) -> None:
        """Finish what is under way. Who asks later gets a RuntimeError."""
        self._threads.shutdown(wait=True)

    def _begin(self, loop: asyncio.AbstractEventLoop, here: _Loop[Asked, Answer]) -> None:
        here.is_called = False
        while here.free and here.waiting:
            size = min(self._most, -(-len(here.waiting) // here.free))  # shared out among the turns that may begin
            taken = [here.waiting.popleft() for _ in range(size)]
            here.free -= 1
            try:
                self._threads.submit(self._run, loop, here, taken)
            except RuntimeError as closed:
                self._settle(loop, here, taken, closed)

    def _run(
        self,
        loop: asyncio.AbstractEventLoop,
        here: _Loop[Asked, Answer],
        taken: Sequence[tuple[Asked, asyncio.Future[Answer]]],
    ) -> None:
        answers: Sequence[Answer] | BaseException
        try:
            answers = self._work([item for item, _ in taken])
        except BaseException as failure:  # noqa: BLE001 - every caller is answered, whatever happened
            answers = failure
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._settle, loop, here, taken, answers)

    def _settle(
        self,
        loop: asyncio.AbstractEventLoop,
        here: _Loop[Asked, Answer],
        taken: Sequence[tuple[Asked, asyncio.Future[Answer]]],
        answers: Sequence[Answer] | BaseException,
    ) -> None:
        here.free += 1
        for place, (_, future) in enumerate(taken):
            if future.done():
                continue  # the caller has gone away
            if isinstance(answers, BaseException):
                future.set_exception(answers)
            else:
                future.set_result(answers[place])
        if here.waiting:
            self._begin(loop, here)
