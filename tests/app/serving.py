"""A running `florin serve`, as an operator starts it, for tests that knock on it from outside."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Serving:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said = ""
        self._ready = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()
        assert self._ready.wait(120), self.said
        self.api, self.pages = re.findall(r"http://[0-9.]+:[0-9]+", self.said)[:2]

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if "Ctrl-C" in line:
                self._ready.set()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)

    def child(self, module: str) -> int:
        """The process id of the child that runs this module; 0 while none does."""
        for pid in descendants(self.process.pid):
            try:
                arguments = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
                parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            except OSError:  # it ended meanwhile
                continue
            if module in arguments and parent == self.process.pid:
                return pid
        return 0

    def database(self) -> int:
        """The process id of its PostgreSQL."""
        children = [pid for pid in descendants(self.process.pid) if "postgres" in Path(f"/proc/{pid}/comm").read_text()]
        return min(children)


def descendants(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        found = [int(each) for task in tasks for each in (task / "children").read_text().split()]
    except OSError:
        return []
    return found + [each for child in found for each in descendants(child)]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def served(folder: Path | str, *options: str) -> Iterator[Serving]:
    """At any free ports, until it is left."""
    process = subprocess.Popen(
        [sys.executable, "-m", "florin", "serve", "--api", "127.0.0.1:0", "--pages", "127.0.0.1:0", *options],
        env={**os.environ, "FLORIN_DATA": str(folder), "FLORIN_DATABASE_URL": "", "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Serving(process)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=60)
