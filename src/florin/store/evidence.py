"""Evidence: files that buyers and sellers show in a dispute, kept in the data folder under the digest of what is in them.

A file is what its first bytes say, not what its name does. It is written once; the same content twice is one file. Who may
see it is asked of the dispute that names it, never of the folder.
"""

from __future__ import annotations

import os
import re
import secrets
from hashlib import sha256
from pathlib import Path

_DIGEST = re.compile(r"[0-9a-f]{64}")
_TYPES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"%PDF-", "application/pdf"))


def media_type(content: bytes) -> str:
    """What the content is by its first bytes; empty for what is not known here."""
    return next((name for begins, name in _TYPES if content.startswith(begins)), "")


def keep_evidence(folder: Path, content: bytes) -> str:
    """Keep a file; gives its digest. Whole or not at all: it gets its name when all of it is on disk."""
    digest = sha256(content).hexdigest()
    path = _path(folder, digest)
    if path.exists():
        return digest
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f".{digest}.{secrets.token_hex(8)}")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    return digest


def read_evidence(folder: Path, digest: str) -> bytes | None:
    """What is kept under a digest; None when nothing is."""
    if not _DIGEST.fullmatch(digest):
        return None
    try:
        return _path(folder, digest).read_bytes()
    except FileNotFoundError:
        return None


def _path(folder: Path, digest: str) -> Path:
    return folder / digest[:2] / digest
