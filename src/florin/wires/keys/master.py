"""The master key: 32 bytes in a file beside the data, under which secrets lie sealed in the database, and from which the
key of the cashier's addresses is derived.

It is never in the database, so that a dump of the database signs nothing; the operator keeps a copy of it apart.
"""

from __future__ import annotations

import base64
import os
import secrets
import stat
import tempfile
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from florin.store import DataFolder, StoreRefusal, default_data_dir


class MasterKeyExposed(StoreRefusal):
    def __init__(self, *, path: Path, mode: int) -> None:
        super().__init__(
            f"The master key {path} may be read by other accounts (mode {mode:04o}).",
            "Run `chmod 600` on it, and rotate the platform keys if somebody else may have read it.",
        )


class MasterKeyUnreadable(StoreRefusal):
    def __init__(self, *, path: Path) -> None:
        super().__init__(
            f"{path} does not hold a master key: 32 bytes in base64.",
            "Put the right file back from its backup, or name another with FLORIN_MASTER_KEY_FILE.",
        )


class SealedByAnotherKey(StoreRefusal):
    def __init__(self, *, path: Path) -> None:
        super().__init__(
            f"The secret was sealed under another master key than the one in {path}.",
            "Put the right file back from its backup; if it is lost, `florin keys rotate` makes new platform keys.",
        )


class MasterKey:
    """32 bytes under which secrets lie sealed in the database (AES-256-GCM, a fresh nonce each); other keys derive from it."""

    _VERSION = 1
    _NONCE_BYTES = 12
    _NAME_BYTES = 4

    def __init__(self, key: bytes, path: Path) -> None:
        assert len(key) == 32, "a master key has 32 bytes"
        self._key = key
        self._cipher = AESGCM(key)
        self._path = path
        # The key's name, stored with each secret, so that a wrong file is told from a damaged secret.
        name = blake2b(key, digest_size=self._NAME_BYTES, person=b"florin master").digest()
        self._head = bytes([self._VERSION]) + name

    def seal(self, secret: bytes, *, owner: str) -> bytes:
        """The secret, readable by this key alone, and only as that owner's."""
        nonce = os.urandom(self._NONCE_BYTES)
        return self._head + nonce + self._cipher.encrypt(nonce, secret, owner.encode())

    def unseal(self, sealed: bytes, *, owner: str) -> bytes:
        """What `seal` was given. Raises SealedByAnotherKey, also for a secret damaged or moved to another owner."""
        head, rest = sealed[: len(self._head)], sealed[len(self._head) :]
        if head != self._head:
            raise SealedByAnotherKey(path=self._path)
        try:
            return self._cipher.decrypt(rest[: self._NONCE_BYTES], rest[self._NONCE_BYTES :], owner.encode())
        except InvalidTag:
            raise SealedByAnotherKey(path=self._path) from None

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose, the same in every process: HKDF with SHA-256 (RFC 5869). They tell nothing of the key."""
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"florin {purpose}".encode()).derive(self._key)


def master_key_file() -> Path:
    """FLORIN_MASTER_KEY_FILE; else `master.key` in the data folder."""
    if chosen := os.environ.get("FLORIN_MASTER_KEY_FILE"):
        return Path(chosen)
    return DataFolder(default_data_dir()).master_key


def load_master_key(path: Path | None = None) -> MasterKey:
    """The master key of this installation; made, 0600, when the file is not there yet.

    Raises MasterKeyExposed when others may read the file, MasterKeyUnreadable.
    """
    path = path or master_key_file()
    try:
        return _read_master_key(path)
    except FileNotFoundError:
        _make_master_key(path)
        return _read_master_key(path)


def _read_master_key(path: Path) -> MasterKey:
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            raise MasterKeyExposed(path=path, mode=mode)
        text = file.read(200)
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        raise MasterKeyUnreadable(path=path) from None
    if len(key) != 32:
        raise MasterKeyUnreadable(path=path)
    return MasterKey(key, path)


def _make_master_key(path: Path) -> None:
    """Write whole, then name it: of two processes that start together one wins, and none reads half a key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".master-")  # 0600 by its contract
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(32)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
