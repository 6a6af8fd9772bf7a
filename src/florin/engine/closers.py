"""Closers side by side: the lanes that have something due, closed by as many processes as there are cores.

Each process is handed one lane at a time, so two never want the same lines, and a fast one does more lanes. A closer that dies
leaves its lane due; the lanes that nobody answered for are handed out again, and what is left after that is for the engine.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date

import msgspec
import structlog
from psycopg import Connection

from florin.engine.closer import Closer, LaneClosed, Task

log = structlog.get_logger(__name__)

# Fewer lines than these are done before a second process has started.
FEW = 2_000
_TRIES = 3
_WAIT_S = 10

_DUE_LANES = """
    SELECT lane, count(*) FROM line WHERE next_action_on <= %s GROUP BY lane ORDER BY lane
"""


def close_lanes(dsn: str, connection: Connection, on: date, *, few: int = FEW) -> int:
    """Let the clock act on every line that is due on `on`; how many lines were closed. The rest is still due.

    dsn: of the engine's role. connection: to look with. few: up to so many lines are closed in this process.
    """
    due: dict[int, int] = dict(connection.execute(_DUE_LANES, (on,)).fetchall())
    connection.commit()
    if sum(due.values()) <= few:
        return sum(answer.closed for answer in _close_here(dsn, on, list(due)))
    closed, left = 0, list(due)
    for _ in range(_TRIES):
        answers = _close_beside(dsn, on, left)
        closed += sum(answer.closed for answer in answers)
        left = sorted(set(left) - {answer.lane for answer in answers})
        if not left:
            break
        log.warning("closers have died; their lanes are handed out again", lanes=left)
    return closed


def _close_here(dsn: str, on: date, lanes: Sequence[int]) -> list[LaneClosed]:
    if not lanes:
        return []
    with closing(Closer(dsn, name="closer")) as closer:
        return [closer.close_lane(lane, on) for lane in lanes]


def _close_beside(dsn: str, on: date, lanes: Sequence[int]) -> list[LaneClosed]:
    """One process a core, and for each a thread that hands it lanes; what was answered, lane by lane."""
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for lane in lanes:
        waiting.put(lane)
    answers: list[LaneClosed] = []

    def hand_out(number: int) -> None:
        with _process(Task(dsn=dsn, name=f"closer-{number}", on=on)) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            while (lane := _next(waiting)) is not None:
                try:
                    process.stdin.write(b"%d\n" % lane)
                    answer = process.stdout.readline()
                except BrokenPipeError:
                    return
                if not answer:
                    return
                answers.append(msgspec.json.decode(answer, type=LaneClosed))

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = [
        threading.Thread(target=hand_out, args=(number,), name=f"florin-closer-{number}") for number in range(cores)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _next(waiting: queue.SimpleQueue[int]) -> int | None:
    try:
        return waiting.get_nowait()
    except queue.Empty:
        return None


@contextmanager
def _process(task: Task) -> Iterator[subprocess.Popen[bytes]]:
    """A closer that has its task; it ends when its input does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "florin.engine.closer"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,  # who interrupts us ends it by ending its input, at the end of its lane
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(msgspec.json.encode(task) + b"\n")
        yield process
    finally:
        process.stdin.close()
        try:
            process.wait(_WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
