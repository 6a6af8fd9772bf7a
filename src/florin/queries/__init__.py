"""Questions: reads for pages and wires, a file per subject, each with its SQL and its named shape.

A question never writes and never locks; its connections are read-only by their own setting. What it shows of a line is
caught up to the business date in memory: the row stays as the engine left it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

from psycopg import Connection
from psycopg_pool import ConnectionPool

from florin.engine import lane_of
from florin.engine.reference import know_programs

__all__ = ["ReadPool", "is_id"]

P = ParamSpec("P")
Answer = TypeVar("Answer")

# A question that takes longer than this is a mistake of ours, not a reason to keep a page waiting.
STATEMENT_TIMEOUT_MS = 5_000
# So long after an answer a connection counts as alive without being asked.
_SURE_S = 1.0


def is_id(identifier: int) -> bool:
    """True when the number has the form of an id, so that a lane can be asked for it."""
    try:
        return identifier > 0 and lane_of(identifier) >= 0
    except IndexError:
        return False


class _Lent(Connection[Any]):
    """A connection of the pool. answered_s: when its last question was answered, on the monotonic clock."""

    answered_s = 0.0


def _check(connection: _Lent) -> None:
    """Ask a connection whether it lives, unless it has answered a moment ago: half of all round trips were this question."""
    if time.monotonic() - connection.answered_s > _SURE_S:
        ConnectionPool.check_connection(connection)


class ReadPool:
    """Connections to ask with: autocommit, read-only, a bounded time each. Safe for threads and for asyncio.

    dsn: of the role that may see what is asked; API keys and payment codes are hidden from `florin_pages`.
    size: questions at a time. wait_s: how long a question waits for a connection before psycopg_pool.PoolTimeout.
    """

    def __init__(self, dsn: str, *, size: int = 4, wait_s: float = 5.0, name: str = "florin") -> None:
        self._pool: ConnectionPool[_Lent] = ConnectionPool(
            dsn,
            connection_class=_Lent,
            min_size=0,
            max_size=size,
            timeout=wait_s,
            open=True,
            check=_check,
            configure=know_programs,
            name=f"{name}-reads",
            kwargs={
                "autocommit": True,
                "application_name": f"{name}-reads",
                "options": f"-c default_transaction_read_only=on -c statement_timeout={STATEMENT_TIMEOUT_MS}",
            },
        )
        self._threads = ThreadPoolExecutor(max_workers=size, thread_name_prefix=f"{name}-reads")

    @contextmanager
    def connection(self) -> Iterator[Connection[Any]]:
        """A connection for one or a few questions."""
        with self._pool.connection() as connection:
            yield connection
            connection.answered_s = time.monotonic()

    def ask(
        self, question: Callable[Concatenate[Connection[Any], P], Answer], *args: P.args, **kwargs: P.kwargs
    ) -> Answer:
        """`question(connection, …)`, as in `pool.ask(payment_by_trade, trade_id=…)`."""
        with self._pool.connection() as connection:
            return question(connection, *args, **kwargs)

    async def ask_async(
        self, question: Callable[Concatenate[Connection[Any], P], Answer], *args: P.args, **kwargs: P.kwargs
    ) -> Answer:
        """As `ask`, in a thread, for asyncio callers."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: self.ask(question, *args, **kwargs))

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        self._pool.close()

    def __enter__(self) -> ReadPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
