"""The side connection: small questions beside the batches, asked by any thread: ids, the clock, reference data.

It is in autocommit. When it was lost (the database was started again while nobody asked anything), whoever asks next gets a
new one; otherwise nobody could make the ids for the batch that would notice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg import Connection, Cursor

Answer = TypeVar("Answer")


class Side:
    """One connection, made anew when it was lost. Safe for threads."""

    def __init__(self, dsn: str, *, name: str) -> None:
        self._dsn = dsn
        self._name = name
        self._lock = threading.Lock()
        self._connection = self._connect()

    def ask(self, question: Callable[[Connection], Answer]) -> Answer:
        """The answer; asked a second time when the connection turns out to be lost. Raises psycopg.OperationalError while the
        database is away.
        """
        connection = self._living()
        try:
            return question(connection)
        except psycopg.OperationalError:
            if not connection.closed:
                raise
        return question(self._living())

    def execute(self, statement: LiteralString, parameters: Any = None, *, prepare: bool | None = None) -> Cursor[Any]:
        """As psycopg's, for a statement that may be said twice."""
        return self.ask(lambda connection: connection.execute(statement, parameters, prepare=prepare))

    def close(self) -> None:
        self._connection.close()

    def _living(self) -> Connection:
        with self._lock:
            if self._connection.closed:
                self._connection = self._connect()
            return self._connection

    def _connect(self) -> Connection:
        return psycopg.connect(self._dsn, autocommit=True, application_name=self._name)
