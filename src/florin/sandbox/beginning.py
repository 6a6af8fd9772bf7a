"""Which beginning an instance is at, told to its other processes by a file: a reset makes another; meanwhile there is none."""

from __future__ import annotations

import secrets
from pathlib import Path

_NAME = "beginning"


def begin(folder: Path) -> None:
    """A new beginning. folder: the instance's."""
    (folder / _NAME).write_text(secrets.token_hex(8))


def end(folder: Path) -> None:
    """From now on there is none; harmless when there is none already."""
    (folder / _NAME).unlink(missing_ok=True)


def beginning(folder: Path) -> str:
    """The one that the instance is at; empty while it is being reset."""
    try:
        return (folder / _NAME).read_text()
    except FileNotFoundError:
        return ""
