"""A closer: lets the clock act on many lines, lane by lane, beside the payments.

It does what a batch of `AdvanceLine` does, without what such a batch does not need: there are no claims (a line's own
`next_action_on` says whether anything is left to do, so a second close finds nothing), no commands and no rounds. A chunk of
lines is locked where nobody holds them, folded in memory, written with one statement a table, and let go some milliseconds
later. What a closer cannot do it leaves as it is: lines that somebody holds, a line whose fold fails, a chunk that a guard of
the database refuses. They are still due; `close_day` has the engine do them, alone where need be, and names what fails.

Run as a program it is one of several closers of a day: it is told a lane at a time on its standard input, and answers what it
did there.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec
import psycopg
import structlog
from psycopg import Connection, Cursor

from florin.credit import account as accounts
from florin.credit.line import Line
from florin.engine.batch import CLOCK, Committer
from florin.engine.room import Room
from florin.engine.shared import hold
from florin.engine.tables.account import account_from
from florin.engine.tables.event import event_from
from florin.engine.tables.line import LINE, line_of
from florin.engine.tables.table import SHARED
from florin.engine.write import write
from florin.events import Event

log = structlog.get_logger(__name__)

CHUNK = 100

_DUE = """
    SELECT l.id FROM line l
     WHERE l.lane = %(lane)s AND l.next_action_on <= %(on)s
       AND NOT EXISTS (SELECT FROM parked_line p WHERE p.lane = l.lane AND p.line_id = l.id)
  ORDER BY l.id
"""
_LINES = f"""
    SELECT {", ".join(column.name for column in LINE.columns)} FROM line
     WHERE lane = %(lane)s AND id = ANY (%(ids)s::bigint[]) AND next_action_on <= %(on)s
  ORDER BY id
       FOR UPDATE SKIP LOCKED        -- who pays is not waited for, and waits for nobody but one chunk
"""  # noqa: S608 - our own list of columns
_ACCOUNTS = """
    SELECT line_id, account::text FROM line_account WHERE lane = %(lane)s AND line_id = ANY (%(ids)s::bigint[])
"""
_PENDING = """
    SELECT e.kind, e.value_on, coalesce(e.trade_id, 0), coalesce(e.payment_id, 0), e.line_id,
           coalesce(e.person_id, 0), coalesce(e.merchant_id, 0), e.body
      FROM line_account a JOIN event e ON e.lane = a.lane AND e.line_id = a.line_id AND e.sequence > a.sequence
     WHERE a.lane = %(lane)s AND a.line_id = ANY (%(ids)s::bigint[])
  ORDER BY e.line_id, e.sequence
"""


class LaneClosed(msgspec.Struct, frozen=True):
    """What became of the lines of a lane that were due."""

    lane: int
    closed: int
    left: int


class Closer(Committer):
    """A committing connection that closes lanes. Used by one thread at a time.

    Its commits are not waited for on the disk: what a crash of the server takes back is due again, and the day only counts as
    closed by a later commit that is waited for, and with which all before it is on the disk.
    """

    def close_lane(self, lane: int, on: date) -> LaneClosed:
        """Let the clock act on every line of a lane that is due on the business date `on`. Raises psycopg.OperationalError."""
        due = [row[0] for row in self._connection.execute(_DUE, {"lane": lane, "on": on})]
        self._connection.commit()
        self.ids.reserve({lane: len(due)})
        closed = sum(self._close_chunk(lane, due[start : start + CHUNK], on) for start in range(0, len(due), CHUNK))
        return LaneClosed(lane, closed, len(due) - closed)

    def _close_chunk(self, lane: int, ids: Sequence[int], on: date) -> int:
        """One transaction; how many lines it closed."""
        connection = self._connection
        try:
            with connection.pipeline():
                clock = connection.execute(CLOCK, prepare=True)
                asked = _ask(connection, {"lane": lane, "ids": list(ids), "on": on})
                room = self._open_room(connection, clock.fetchone())
                lines, documents, pending = asked
                closed = _fold(room, _free(connection, room, lines), documents, pending)
                write(connection, room, self._chain)
                connection.commit()
        except psycopg.OperationalError:
            raise
        except Exception as failure:
            log.exception("a chunk is left to the engine", lane=lane, first=ids[0], failure=repr(failure))
            self._chain.forget()
            connection.rollback()
            return 0
        self._chain.committed()
        return closed

    def _connect(self) -> Connection:
        connection = super()._connect()
        connection.execute("SET synchronous_commit = off")
        connection.commit()
        return connection


def _ask(connection: Connection, chosen: dict[str, Any]) -> list[Cursor[Any]]:
    """Line rows, locked; then accounts as texts, and events that these have not seen yet."""
    cursors = [connection.cursor(binary=True) for _ in range(3)]
    for cursor, question in zip(cursors, (_LINES, _ACCOUNTS, _PENDING), strict=True):
        cursor.execute(question, chosen, prepare=True)
    return cursors


def _free(connection: Connection, room: Room, rows: Iterable[Any]) -> list[Line]:
    """The lines, without those that share a limit with others that somebody uses just now: these are left to the engine."""
    lines = [line_of(row) for row in rows]
    busy = hold(connection, room, lines, SHARED)
    return [line for line in lines if line.id not in busy]


def _fold(room: Room, lines: Sequence[Line], documents: Cursor[Any], events: Cursor[Any]) -> int:
    """Let the clock act in the room on each line up to the room's day; how many it acted on."""
    document_of = dict(documents)
    pending: dict[int, list[Event]] = {}
    for row in events:
        pending.setdefault(row[4], []).append(event_from(row))
    closed = 0
    for line in lines:
        try:
            snapshot = account_from(document_of[line.id])
            unseen = pending.get(line.id, ())
            account, steps = accounts.catch_up(snapshot, unseen, room.at.on, room.program(line))
            assert account.sequence == line.sequence + len(steps), f"line {line.id} has lost events"
        except Exception as failure:  # noqa: BLE001 - the engine does it again, alone, and says what is wrong with it
            log.warning("a line is left to the engine", line_id=line.id, failure=repr(failure))
            continue
        room.lines[line.id] = line
        room.accounts_before[line.id] = snapshot
        room.begin_account(line, account, steps)
        closed += 1
    return closed


# ── as a program ──────────────────────────────────────────────────────────────────────────────────────────────────


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What a closer is told first; then a lane a line, until its input ends. dsn: of the engine's role."""

    dsn: str
    name: str
    on: date


def main() -> None:
    """Answers go to the standard output, one `LaneClosed` a line; all else that is printed goes where errors go."""
    with os.fdopen(os.dup(1), "wb", buffering=0) as answers:
        os.dup2(2, 1)
        told = sys.stdin.buffer
        task = msgspec.json.decode(told.readline(), type=Task)
        closer = Closer(task.dsn, name=task.name)
        gc.freeze()
        gc.set_threshold(50_000)  # a fold makes many small things and no rings
        try:
            while lane := told.readline():
                answers.write(msgspec.json.encode(closer.close_lane(int(lane), task.on)) + b"\n")
        finally:
            closer.close()


if __name__ == "__main__":
    main()
