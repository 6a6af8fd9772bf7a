"""The door plate: which process serves a data folder, and at which addresses.

One file in the folder, locked by the one `florin serve` that serves it. A second is refused with what stands there, and
commands of an operator read where shops and people reach this house.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from florin.app.listening import Address
from florin.app.settings import DEFAULT_API, DEFAULT_PAGES
from florin.store import DataFolder, StoreRefusal
from florin.store.folder import keep_from_forks, release_from_forks

_NAME = "serving.json"


class Plate(msgspec.Struct, frozen=True, kw_only=True):
    """pid: of `florin serve`. api, pages: where it listens, as URLs. api_url, public_url: where the world reaches them."""

    pid: int
    api: tuple[str, ...] = ()
    pages: str = ""
    api_url: str = ""
    public_url: str = ""


class ServedAlready(StoreRefusal):
    def __init__(self, *, folder: Path, plate: Plate | None) -> None:
        who = f"process {plate.pid}" if plate is not None else "a process that is just starting"
        at = f": wires at {' and '.join(plate.api)}, pages at {plate.pages}" if plate is not None and plate.api else ""
        super().__init__(
            f"A Florin serves {folder} already ({who}){at}.",
            "Use that one, stop it first, or name another folder with --data.",
        )


class DoorPlate:
    """Held by the one process that serves; the kernel lets go of it however that process ends."""

    def __init__(self, folder: DataFolder) -> None:
        """Raises ServedAlready."""
        folder.create()
        descriptor = os.open(folder.path / _NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise ServedAlready(folder=folder.path, plate=_read(folder)) from None
        self._descriptor = descriptor
        keep_from_forks(descriptor)
        self._write(Plate(pid=os.getpid()))

    def show(self, *, api: Sequence[Address], pages: Address, api_url: str, public_url: str) -> None:
        """Write what is served where."""
        self._write(
            Plate(
                pid=os.getpid(),
                api=tuple(address.url for address in api),
                pages=pages.url,
                api_url=api_url,
                public_url=public_url,
            )
        )

    def release(self) -> None:
        release_from_forks(self._descriptor)
        os.close(self._descriptor)

    def _write(self, plate: Plate) -> None:
        content = msgspec.json.encode(plate) + b"\n"
        os.pwrite(self._descriptor, content, 0)
        os.ftruncate(self._descriptor, len(content))


def addresses_of(folder: DataFolder) -> tuple[str, str]:
    """(wires, pages) as the world reaches this house: as set now, else as it was last served, else the usual ones."""
    plate = _read(folder) or Plate(pid=0)
    api = os.environ.get("FLORIN_API", DEFAULT_API).split(",")[0]
    pages = os.environ.get("FLORIN_PAGES", DEFAULT_PAGES)
    return (
        os.environ.get("FLORIN_API_PUBLIC_URL") or plate.api_url or Address.parse(api).url,
        os.environ.get("FLORIN_PUBLIC_URL") or plate.public_url or Address.parse(pages).url,
    )


def _read(folder: DataFolder) -> Plate | None:
    """None where nobody ever served, or while somebody writes."""
    with suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode((folder.path / _NAME).read_bytes(), type=Plate)
    return None
