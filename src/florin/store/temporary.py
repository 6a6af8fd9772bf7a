"""Temporary data folders: gone when their holder is gone, however it went.

Whoever is killed cannot tidy up. So each folder bears a marker that says which process holds it and when that process was
started, and that is locked while it lives; and whoever makes a folder first sweeps those of the dead. A folder without our
marker, of another account, or whose holder lives, is never touched.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import structlog

from florin.store.folder import DataFolder, DataFolderInUse, SupervisorLock, keep_from_forks, release_from_forks
from florin.store.postgres import ServerDidNotStop, stop_server_of

MARKER = "temporary.json"
_PREFIX = "florin-"

_log = structlog.get_logger(__name__)


class Holder(NamedTuple):
    """A process, told from a later one with its number by when it was started."""

    pid: int
    started: str

    @property
    def lives(self) -> bool:
        return _started(self.pid) == self.started


@contextmanager
def held_data_dir(parent: Path | None = None) -> Iterator[Path]:
    """A data folder for this process's life, once those of dead processes are swept. parent: else the usual temporary place.

    A server that is still at work in it when it is left is stopped; all of it goes.
    """
    places = {Path(tempfile.gettempdir()), Path(parent or tempfile.gettempdir())}
    for place in sorted(places):
        sweep(place)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent)).absolute()
    descriptor = _mark(folder)
    try:
        yield folder
    finally:
        _remove(folder)
        release_from_forks(descriptor)
        os.close(descriptor)


def sweep(place: Path) -> list[Path]:
    """Remove the folders directly in `place` whose holders are dead, their servers stopped first; returns the removed."""
    return [folder for folder in sorted(place.glob(f"{_PREFIX}*")) if _swept(folder)]


def holder_of(folder: Path) -> Holder | None:
    """The living process that holds this temporary folder; none where there is none."""
    with _marker_of(folder) as marker:
        return marker.holder if marker is not None and (marker.locked or marker.holder.lives) else None


class _Marker(NamedTuple):
    """locked: by somebody else; else it is locked by us while it is read."""

    holder: Holder
    locked: bool


def _mark(folder: Path) -> int:
    """Write and lock the marker; returns its descriptor. Locked first: what can be read is locked already."""
    descriptor = os.open(folder / MARKER, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.write(descriptor, json.dumps({"pid": os.getpid(), "started": _started(os.getpid())}).encode())
    keep_from_forks(descriptor)
    return descriptor


@contextmanager
def _marker_of(folder: Path) -> Iterator[_Marker | None]:
    """What the marker says; none where there is no whole one of ours."""
    try:
        status = folder.lstat()
        descriptor = os.open(folder / MARKER, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    try:
        ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.fstat(descriptor).st_uid == os.geteuid()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            locked = False
        except BlockingIOError:
            locked = True
        holder = _holder_in(os.pread(descriptor, 1000, 0))
        yield _Marker(holder, locked) if ours and holder is not None else None
    finally:
        os.close(descriptor)


def _holder_in(text: bytes) -> Holder | None:
    try:
        read = json.loads(text)
        return Holder(int(read["pid"]), str(read["started"]))
    except (ValueError, TypeError, KeyError):
        return None


def _swept(folder: Path) -> bool:
    with _marker_of(folder) as marker:
        # Two tests, since each alone has a gap: a number may be of another container, a lock of a child that lives on.
        if marker is None or marker.locked or marker.holder.lives:
            return False
        removed = _remove(folder)
        _log.info("swept what a dead process left", folder=str(folder), pid=marker.holder.pid, removed=removed)
        return removed


def _remove(folder: Path) -> bool:
    """Stop its server and remove all of it, the marker last: what is cut short is found again."""
    data = DataFolder(folder)
    lock = SupervisorLock(data)
    try:
        lock.take()
    except FileNotFoundError:
        return True
    except DataFolderInUse:  # somebody else has come to like it
        return False
    try:
        stop_server_of(data.cluster)
    except ServerDidNotStop as refusal:
        _log.error("a temporary folder stays, because its server does", folder=str(folder), reason=str(refusal))
        return False
    finally:
        lock.release()
    if data.sockets.parent != folder:
        shutil.rmtree(data.sockets, ignore_errors=True)
    for entry in folder.iterdir():
        if entry.name == MARKER:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                entry.unlink()
    with contextlib.suppress(OSError):
        if [entry.name for entry in folder.iterdir()] == [MARKER]:
            shutil.rmtree(folder)
    return not folder.exists()


def _started(pid: int) -> str:
    """When a living process was started, in whatever words this system has for it; empty when there is no such process."""
    if Path("/proc/self/stat").exists():
        try:
            # The name may hold spaces and brackets; what follows the last bracket are the fields from the third on.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] in ("Z", "X") else fields[19]
    listed = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listed.stdout.strip()
