"""Carry the database to another place: a dump that PostgreSQL's own tools read, and back.

A dump is one consistent moment, taken while everything runs. The master key, which opens the sealed platform keys, is
never inside it: whoever finds the file must not find the key in it. With `with_key` a copy is laid beside it.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg

from florin.store.refusal import StoreRefusal
from florin.store.session import Store

_TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"


class BackupFileExists(StoreRefusal):
    def __init__(self, *, file: Path) -> None:
        super().__init__(f"{file} exists already.", "Name another file; a backup never replaces one.")


class BackupFileMissing(StoreRefusal):
    def __init__(self, *, file: Path) -> None:
        super().__init__(f"There is no file {file}.", "Name the file that `florin backup` wrote.")


class DatabaseNotEmpty(StoreRefusal):
    def __init__(self, *, tables: int) -> None:
        super().__init__(
            f"The database to restore into has {tables} tables already.",
            "Restore into a new one: set FLORIN_DATA to an empty folder, or FLORIN_DATABASE_URL to an empty database.",
        )


class MasterKeyDiffers(StoreRefusal):
    def __init__(self, *, kept: Path, offered: Path) -> None:
        super().__init__(
            f"{kept} and {offered} are two different keys.",
            "Move away the one that does not belong to this backup, then restore again. Keep both: what one of them "
            "sealed, only that one opens.",
        )


class PostgresProgramFailed(StoreRefusal):
    def __init__(self, *, program: str, said: str) -> None:
        super().__init__(
            f"{program} failed: {said.strip()}",
            "Nothing was left half done. A server newer than the program needs the newer program on the PATH.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCopy:
    """What became of the master key: where a copy was laid, or none, and why."""

    at: Path | None
    note: str


def key_beside(file: Path) -> Path:
    return file.with_name(file.name + ".key")


def back_up(store: Store, file: Path, *, with_key: bool = False) -> KeyCopy:
    """Write the database to `file`, readable by its owner only; complete or not there at all."""
    for path in [file, *([key_beside(file)] if with_key else [])]:
        if path.exists():
            raise BackupFileExists(file=path)
    unfinished = file.with_name(f".{file.name}.unfinished")
    descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            _run(store, "pg_dump", "--format=custom", f"--dbname={store.addresses.owner}", stdout=stream.fileno())
            os.fsync(descriptor)
        unfinished.replace(file)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return _copy_key(store, file, with_key=with_key)


def restore(store: Store, file: Path) -> KeyCopy:
    """Fill an empty database from `file`, in one transaction: all of it or nothing.

    The serving roles exist already (`open_store` saw to it), so the grants in the dump hold again.
    """
    if not file.exists():
        raise BackupFileMissing(file=file)
    with psycopg.connect(store.addresses.owner) as connection:
        row = connection.execute(_TABLES).fetchone()
        if row is None or row[0]:
            raise DatabaseNotEmpty(tables=row[0] if row else 0)
    offered, kept = key_beside(file), store.folder.master_key
    if offered.exists() and kept.exists() and offered.read_bytes() != kept.read_bytes():
        raise MasterKeyDiffers(kept=kept, offered=offered)
    target = f"--dbname={store.addresses.owner}"
    _run(store, "pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", target, str(file))
    return _take_key(offered, kept)


def _copy_key(store: Store, file: Path, *, with_key: bool) -> KeyCopy:
    key = store.folder.master_key
    if not key.exists():
        return KeyCopy(at=None, note=f"There is no master key in {store.folder.path}, so none was copied.")
    if not with_key:
        return KeyCopy(
            at=None,
            note=f"The master key {key} is NOT in the backup. Without it the platform's signing keys cannot be opened: "
            "keep a copy elsewhere, or use --with-key.",
        )
    _copy_private(key, key_beside(file))
    return KeyCopy(
        at=key_beside(file), note=f"The master key lies beside it in {key_beside(file)}: keep the two apart."
    )


def _take_key(offered: Path, kept: Path) -> KeyCopy:
    if kept.exists():
        return KeyCopy(at=kept, note=f"The master key {kept} was there already.")
    if not offered.exists():
        return KeyCopy(
            at=None, note=f"The backup came without its master key: put it at {kept} (mode 0600) before you serve."
        )
    _copy_private(offered, kept)
    return KeyCopy(at=kept, note=f"The master key was put at {kept}.")


def _copy_private(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with source.open("rb") as reading, os.fdopen(descriptor, "wb") as writing:
        shutil.copyfileobj(reading, writing)
        writing.flush()
        os.fsync(descriptor)


def _run(store: Store, program: str, *arguments: str, stdout: int = subprocess.DEVNULL) -> None:
    command = [str(store.binaries().program(program)), *arguments]
    done = subprocess.run(command, check=False, stdout=stdout, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise PostgresProgramFailed(program=program, said=done.stderr)
