"""The machine: what the figures were measured on. Without it they mean nothing."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

from psycopg import Connection

_SETTINGS = """
    SELECT name, current_setting(name) FROM pg_settings
     WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'wal_compression', 'shared_buffers', 'max_wal_size',
                    'checkpoint_timeout', 'wal_level', 'data_checksums', 'autovacuum', 'io_method', 'jit')
  ORDER BY name
"""


def describe(connection: Connection[Any], folder: Path) -> dict[str, object]:
    """CPU, memory, kernel, store and programs. folder: where the data lies."""
    version = connection.execute("SHOW server_version").fetchone()
    assert version is not None
    return {
        **host(),
        "file_system": _file_system(folder),
        "sync_us": round(_sync_us(folder)),
        "postgresql": version[0],
        "settings": dict(connection.execute(_SETTINGS).fetchall()),
    }


def host() -> dict[str, object]:
    """CPU, memory, kernel and Python: all that matters where nothing is stored."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def load_average() -> list[float]:
    return [round(load, 2) for load in os.getloadavg()]


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _file_system(folder: Path) -> str:
    """The type of the file system that holds the folder: on one in memory fsync costs nothing, and figures flatter."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    holding = [mount for mount in mounts if folder.resolve().is_relative_to(mount[0])]
    return max(holding, key=lambda mount: len(mount[0]))[1] if holding else "unknown"


def _sync_us(folder: Path, times: int = 100) -> float:
    """What it takes to write 8 KiB and see them on the disk: the floor of one commit."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(8192 * times))
        os.fdatasync(file.fileno())
        began = time.perf_counter()
        for number in range(times):
            os.pwrite(file.fileno(), b"\1" * 8192, 8192 * number)
            os.fdatasync(file.fileno())
        return (time.perf_counter() - began) / times * 1e6
