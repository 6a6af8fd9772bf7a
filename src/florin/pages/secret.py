"""The key that signs sessions and forms: given in FLORIN_SECRET_KEY, else kept in the data folder.

Every process that serves pages must have the same one, or a form made by one is refused by the other.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from florin.store import DataFolder, default_data_dir

_NAME = "pages.key"


def secret_key() -> str:
    """The kept key. Without one, a key of this process alone: enough to migrate and to test, not to serve with two."""
    if given := os.environ.get("FLORIN_SECRET_KEY"):
        return given
    path = _path()
    return path.read_text().strip() if path.exists() else secrets.token_urlsafe(48)


def keep_secret_key() -> None:
    """Make the kept key if there is none; two processes that start at once end up with the same one."""
    if os.environ.get("FLORIN_SECRET_KEY") or _path().exists():
        return
    DataFolder(default_data_dir()).create()
    unfinished = _path().with_suffix(f".{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(secrets.token_urlsafe(48))
    try:
        os.link(unfinished, _path())  # unlike a rename, it leaves the key that somebody else made first
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()


def _path() -> Path:
    return default_data_dir() / _NAME
