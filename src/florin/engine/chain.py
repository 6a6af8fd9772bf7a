"""The chain: each committing connection links the hashes of its own batches, so that what was written cannot change unseen.

There is no shared row: every connection is a writer of its own with its own chain. A batch's hash covers the hash before it,
its number, its instant and every event row; `florin prove` recomputes it from the database and names forks, gaps and changed
rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from psycopg import Connection

from florin.engine.tables.event import Recorded, chained_of
from florin.money.at import At

FIRST = b"\x00" * 32

_WRITER = "INSERT INTO writer (process) VALUES (%s) RETURNING writer"
_LAST = "SELECT seq, hash FROM batch WHERE writer = %s ORDER BY seq DESC LIMIT 1"
_LINK = """
    INSERT INTO batch (writer, seq, previous, hash, events, committed_at) VALUES (%s, %s, %s, %s, %s, %s)
"""


class _Head(NamedTuple):
    seq: int
    hash: bytes


class Chain:
    """One writer's chain; its head is known in memory and read again only after a lost connection."""

    def __init__(self, writer: int) -> None:
        self.writer = writer
        self._head = _Head(0, FIRST)
        self._linked: _Head | None = None

    @classmethod
    def begin(cls, connection: Connection, *, process: str) -> Chain:
        """A new writer. connection: in autocommit."""
        row = connection.execute(_WRITER, (process,)).fetchone()
        assert row is not None
        return cls(row[0])

    def link(self, connection: Connection, recorded: Sequence[Recorded], at: At) -> list[tuple[Any, ...]]:
        """The batch's event rows; its link is written, and counts once `committed` is called."""
        seq = self._head.seq + 1
        chained = [
            chained_of(one, writer=self.writer, batch=seq, at=at) for one in sorted(recorded, key=lambda one: one.id)
        ]
        digest = link_hash(self._head.hash, seq, at.instant, [one.text for one in chained])
        connection.execute(_LINK, (self.writer, seq, self._head.hash, digest, len(chained), at.instant), prepare=True)
        self._linked = _Head(seq, digest)
        return [one.row for one in chained]

    def committed(self) -> None:
        if self._linked is not None:
            self._head, self._linked = self._linked, None

    def forget(self) -> None:
        """The transaction was rolled back: its link never was."""
        self._linked = None

    def reread(self, connection: Connection) -> None:
        """After a lost COMMIT: go on from what the database has."""
        row = connection.execute(_LAST, (self.writer,)).fetchone()
        self._head = _Head(0, FIRST) if row is None else _Head(row[0], bytes(row[1]))
        self._linked = None


def link_hash(previous: bytes, seq: int, instant: datetime, texts: Sequence[str]) -> bytes:
    """SHA-256 over the hash before, the batch's number and instant, and the rows' texts in order of their ids."""
    digest = sha256(previous)
    digest.update(f"\n{seq}|{instant.astimezone(UTC).isoformat()}\n".encode())
    digest.update("\n".join(texts).encode())
    return digest.digest()
