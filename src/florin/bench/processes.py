"""Processes as the kernel sees them: CPU time and resident memory, from /proc."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from florin.store import StoreRefusal

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class NoProc(StoreRefusal):
    def __init__(self) -> None:
        super().__init__("The benchmark reads CPU and memory from /proc, which is not here.", "Run it on Linux.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes. resident: all that is in memory, shared buffers included. own: what no other process shares."""

    resident: int
    own: int


def require_proc() -> None:
    """Raises NoProc where there is none."""
    if not Path("/proc/self/stat").exists():
        raise NoProc


def cpu_s(pid: int) -> float:
    """CPU seconds of a living process, all its threads."""
    user, system, *_ = _times(pid)
    return user + system


def family_cpu_s(pid: int) -> float:
    """CPU seconds of a process, its living children, and those that have ended: a whole server, whoever came and went."""
    return sum(_times(pid)) + sum(cpu_s(child) for child in children(pid))


def ended_children_cpu_s() -> float:
    """CPU seconds of our own children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def memory(pid: int) -> Memory:
    lines = dict(_status(pid))
    resident = _bytes(lines["VmRSS"])
    return Memory(resident=resident, own=_bytes(lines["RssAnon"]) if "RssAnon" in lines else resident)


def children(pid: int) -> list[int]:
    """Living children, by their numbers."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        listed = task / "children"
        if not listed.exists():  # a kernel without this list: look at everybody's parent
            return sorted(other for other in _everybody() if _parent(other) == pid)
        found += [int(number) for number in listed.read_text().split()]
    return sorted(found)


def title(pid: int) -> str:
    """How a process calls itself: a PostgreSQL one says what it does. Nothing when it has gone meanwhile."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return words.replace(b"\0", b" ").decode(errors="replace").strip()


def family(pid: int) -> list[tuple[str, Memory]]:
    """Title and memory of the living children."""
    found = []
    for child in children(pid):
        with suppress(FileNotFoundError, ProcessLookupError, KeyError):  # a process that ends has no memory any more
            found.append((title(child), memory(child)))
    return found


def _times(pid: int) -> tuple[float, float, float, float]:
    """User, system, and both of the children that have ended. All 0 when the process has gone meanwhile."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return (0.0, 0.0, 0.0, 0.0)
    # The name may hold spaces and brackets; what follows the last bracket are numbers, from the third field on.
    fields = text.rpartition(")")[2].split()
    user, system, ended_user, ended_system = (int(field) / _TICKS_PER_S for field in fields[11:15])
    return user, system, ended_user, ended_system


def _status(pid: int) -> Iterator[tuple[str, str]]:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        yield name, value.strip()


def _bytes(text: str) -> int:
    return int(text.removesuffix(" kB")) * 1024


def _everybody() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _parent(pid: int) -> int:
    try:
        return int(dict(_status(pid))["PPid"])
    except (FileNotFoundError, ProcessLookupError):
        return 0
