"""The supervisor: starts the processes of one installation, starts a dead one again, and leaves none behind.

A child is a Python module of ours. It gets what it must know by its environment and ends when its supervisor is gone,
however it went (`watch_parent`). A child that dies before it ever served is a mistake in the installation: then all
stop and the reason is shown, instead of a loop that hides it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from florin.app.listening import Address, wait_until_listening
from florin.store import StoreRefusal

PARENT = "FLORIN_PARENT"

_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 15.0
_PAUSES_S = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
# Served this long, a child is taken for sound, and its next death is its first again.
_SOUND_AFTER_S = 60.0
_POLL_S = 0.1
_WATCH_S = 0.5

_log = structlog.get_logger(__name__)


class ChildDidNotStart(StoreRefusal):
    def __init__(self, *, name: str, code: int | None) -> None:
        how = "did not listen in time" if code is None else f"ended with {code} before it served"
        super().__init__(
            f"The process for the {name} {how}.", "Its own words are above; `florin doctor` may know more."
        )


@dataclass(slots=True, kw_only=True)
class Child:
    """One process. listens_at: where it must accept connections to count as started; none for one that only works."""

    name: str
    module: str
    environment: Mapping[str, str]
    listens_at: Sequence[Address] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    started_s: float = field(default=0.0, init=False)
    start_again_s: float = field(default=0.0, init=False)
    deaths: int = field(default=0, init=False)


class Supervisor:
    """Children as a context manager: started on entry (all of them serve then), stopped on exit."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = list(children)
        self._changing = threading.Lock()
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="florin-supervisor", daemon=True)

    def __enter__(self) -> Supervisor:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start all, and return when each serves. Raises ChildDidNotStart, with none left."""
        try:
            for child in self.children:
                _start(child)
            for child in self.children:
                _wait_until_it_serves(child)
        except BaseException:
            self.stop()
            raise
        self._watcher.start()

    def stop(self) -> None:
        """Ask all to end, wait, and kill what is left. Harmless when nothing runs."""
        self._stopping.set()
        with self._changing:
            running = [child.process for child in self.children if child.process is not None]
            for process in running:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + _STOP_TIMEOUT_S
            for process in running:
                try:
                    process.wait(max(0.1, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    _log.warning("a child did not end when asked, killed", pid=process.pid)
                    process.kill()
                    process.wait()
            for child in self.children:
                child.process = None

    def _watch(self) -> None:
        while not self._stopping.wait(_POLL_S):
            with self._changing:
                if not self._stopping.is_set():
                    for child in self.children:
                        _start_again_if_dead(child)


def log_errors_alone() -> None:
    """Of this process's log only what went wrong, on standard error: standard output is for what a command has to say."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


class StopSignals:
    """SIGTERM, SIGINT and SIGHUP. While things are being started they end that, by SystemExit; in `wait` they end the wait.

    For the main thread. The first signal counts; what comes while everything is being stopped changes nothing.
    """

    def __init__(self) -> None:
        self._told = threading.Event()
        self._waiting = False
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._hear)

    def started(self) -> None:
        """Everything is up: from now on a signal ends the wait, even one that comes before it. Call it, then say `ready`."""
        self._waiting = True

    def wait(self) -> None:
        """Return when one has come."""
        self.started()
        while not self._told.wait(3600):
            pass

    def _hear(self, number: int, _: object) -> None:
        first = not self._told.is_set()
        self._told.set()
        if first and not self._waiting:
            raise SystemExit(128 + number)


def watch_parent() -> None:
    """In a child: end, gently and then at once, when the process that started us is gone.

    Polled, because it is the one way that works for every kind of child on every system.
    """
    parent = int(os.environ.get(PARENT) or os.getppid())

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_S)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_STOP_TIMEOUT_S)
        os._exit(1)

    threading.Thread(target=watch, name="florin-watch-parent", daemon=True).start()


def _start(child: Child) -> None:
    child.started_s = time.monotonic()
    child.process = subprocess.Popen(
        [sys.executable, "-m", child.module],
        env={**os.environ, **child.environment, PARENT: str(os.getpid())},
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C in the terminal is for the supervisor, which then asks us
    )


def _wait_until_it_serves(child: Child) -> None:
    assert child.process is not None
    deadline = time.monotonic() + _START_TIMEOUT_S
    for address in child.listens_at:
        while not wait_until_listening(address, timeout_s=0.2):
            if (code := child.process.poll()) is not None:
                raise ChildDidNotStart(name=child.name, code=code)
            if time.monotonic() > deadline:
                raise ChildDidNotStart(name=child.name, code=None)


def _start_again_if_dead(child: Child) -> None:
    """A dead child starts again after a pause that grows while it keeps dying."""
    now = time.monotonic()
    if child.process is not None and (code := child.process.poll()) is not None:
        child.deaths = 1 if now - child.started_s > _SOUND_AFTER_S else child.deaths + 1
        pause_s = _PAUSES_S[min(child.deaths, len(_PAUSES_S)) - 1]
        _log.warning("a child died, starting it again", child=child.name, exit_code=code, pause_s=pause_s)
        child.process, child.start_again_s = None, now + pause_s
    if child.process is None and now >= child.start_again_s:
        _start(child)
