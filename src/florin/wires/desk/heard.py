"""The last calls of each app, for its merchant's page: when, by which wire, what was asked and answered, how long it took.

Noting costs a request nothing but an append: calls are gathered in memory, the newest of each app, and a thread of its own
writes them, all at once and every two seconds at most. What does not fit, or finds the database away, is dropped: no call waits
for its note. No body is kept, no parameter and no key; only calls whose caller was known are noted, so nobody else can fill it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple, Protocol

import psycopg
import structlog

KEPT_MAX: Final = 200
PERIOD_S: Final = 2.0
TEXT_LENGTH_MAX: Final = 128

log = structlog.get_logger(__name__)

# One statement: what was noted goes in, and of each app what was more than enough before it goes out.
_WRITE = """
    WITH noted AS (
        INSERT INTO wire_call (app_id, received_at, wire, asked, answered, took_us)
        SELECT * FROM unnest(%(app_ids)s::bigint[], %(moments)s::timestamptz[], %(wires)s::text[], %(asked)s::text[],
                             %(answered)s::text[], %(took)s::int[])
    )
    DELETE FROM wire_call AS old
     USING (SELECT a.app_id, last.id
              FROM (SELECT DISTINCT app_id FROM unnest(%(app_ids)s::bigint[]) AS app_id) AS a
                   CROSS JOIN LATERAL (SELECT id FROM wire_call WHERE app_id = a.app_id
                                     ORDER BY id DESC OFFSET %(kept)s LIMIT 1) AS last) AS enough
     WHERE old.app_id = enough.app_id AND old.id <= enough.id
"""


class Heard(NamedTuple):
    """One call. asked: the method, or HTTP's with the path. answered: the protocol's own code."""

    app_id: int
    received_at: datetime
    wire: str
    asked: str
    answered: str
    took_us: int


class Notes(Protocol):
    """Where a wire notes its calls."""

    def note(self, *, app_id: int, wire: str, asked: str, answered: str, began: float) -> None:
        """began: `time.perf_counter()` when the call came."""


class NoNotes:
    def note(self, *, app_id: int, wire: str, asked: str, answered: str, began: float) -> None:
        pass


class CallLog:
    """dsn: of a role that may insert into wire_call. Safe for threads."""

    def __init__(self, dsn: str, *, wall_now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._dsn = dsn
        self._wall_now = wall_now
        self._gathered: dict[int, deque[Heard]] = {}
        self._wanted = threading.Event()

    def start(self) -> None:
        """Write from now on, in a thread that ends with the process."""
        threading.Thread(target=self._write_always, name="call-log", daemon=True).start()

    def note(self, *, app_id: int, wire: str, asked: str, answered: str, began: float) -> None:
        took_us = int((time.perf_counter() - began) * 1_000_000)
        of_app = self._gathered.get(app_id)
        if of_app is None:
            of_app = self._gathered.setdefault(app_id, deque(maxlen=KEPT_MAX))
        of_app.append(Heard(app_id, self._wall_now(), wire, asked, answered, took_us))
        if not self._wanted.is_set():
            self._wanted.set()

    def write(self) -> int:
        """Write what was gathered; how many. A database that is away loses it."""
        gathered, self._gathered = self._gathered, {}
        calls = sorted(
            (call for of_app in gathered.values() for call in list(of_app)), key=lambda call: call.received_at
        )
        if not calls:
            return 0
        app_ids, moments, wires, asked, answered, took = (list(column) for column in zip(*calls, strict=True))
        rows = {
            "app_ids": app_ids,
            "moments": moments,
            "wires": wires,
            "asked": [_kept(text) for text in asked],
            "answered": [_kept(text) for text in answered],
            "took": took,
            "kept": KEPT_MAX,
        }
        try:
            with psycopg.connect(self._dsn, autocommit=True, connect_timeout=2) as connection:
                connection.execute(_WRITE, rows)
        except psycopg.Error as error:
            log.warning("calls were not noted", calls=len(calls), failure=str(error).strip())
            return 0
        return len(calls)

    def _write_always(self) -> None:
        while True:
            self._wanted.wait()
            time.sleep(PERIOD_S)
            self._wanted.clear()
            self.write()


def _kept(text: str) -> str:
    """As text that PostgreSQL takes, of a bearable length."""
    return text[:TEXT_LENGTH_MAX].replace("\x00", "").encode("utf-8", "replace").decode()
