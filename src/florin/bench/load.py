"""A load: a process that works on the benched house and says what it did.

It gets ready out of sight (imports, submissions or requests, a warm-up), says so, and starts when it is told to; afterwards it
stays until its CPU and memory have been read. The two sides speak one JSON line at a time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

_WAIT_S = 30.0
Answer = TypeVar("Answer", bound=msgspec.Struct)


class LoadFailed(RuntimeError):
    """A load ended before it had said what it should say; its own words are above."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """What a load did. began_s, ended_s: on the machine's monotonic clock. lanes: mean distinct lanes of a batch, if it knows.

    latencies_us: of each call, sorted. prepared_us: what it took to build one submission or request beforehand.
    """

    payments: int
    began_s: float
    ended_s: float
    latencies_us: list[int]
    cpu_s: float
    lanes: float | None = None
    prepared_us: float = 0.0


class Load:
    """A load as a context manager: ready on entry, gone on exit."""

    def __init__(self, module: str, task: msgspec.Struct) -> None:
        self._module = module
        self._process = subprocess.Popen(
            [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        self._tell(msgspec.json.encode(task))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(_WAIT_S if error is None else 1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Raises LoadFailed."""
        self._hear()

    def start(self) -> None:
        self._tell(b"go")

    def stop(self) -> None:
        """Tell a load that has no end of its own."""
        self._tell(b"stop")

    def sample(self) -> Sample:
        """Wait for its end. Raises LoadFailed."""
        return self.answer(Sample)

    def answer(self, kind: type[Answer]) -> Answer:
        """What a load of another kind says at its end. Raises LoadFailed."""
        return msgspec.json.decode(self._hear(), type=kind)

    def _tell(self, line: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + b"\n")
        self._process.stdin.flush()

    def _hear(self) -> bytes:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise LoadFailed(f"{self._module} ended with {self._process.wait()}")
        return line


def run_load(task_type: type[Any], get_ready: Callable[[Any], Callable[[], msgspec.Struct]]) -> None:
    """In the load's process. get_ready: from the task to the work that is measured."""
    # Answers have the standard output to themselves; what else is printed (a log line) goes to the people.
    with os.fdopen(os.dup(1), "wb", buffering=0) as answers:
        os.dup2(2, 1)
        work = get_ready(msgspec.json.decode(sys.stdin.buffer.readline(), type=task_type))
        answers.write(b"ready\n")
        if sys.stdin.buffer.readline():
            answers.write(msgspec.json.encode(work()) + b"\n")
            sys.stdin.buffer.readline()


def percentile(ordered: Sequence[int], share: float) -> int:
    """The value that `share` of the values do not exceed. ordered: rising, not empty."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
