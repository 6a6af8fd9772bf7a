"""Platform keys: RSA keys with which we sign answers and notifies, sealed under the master key.

A key is `active` (it signs), `retiring` (it signed before; still offered, so that what it signed can be checked) or
`retired` (gone). Rotation makes a new active key, lets the former one retire, and ends the one that was retiring. A
platform key belongs to a wire, or to one app on it.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from psycopg import Connection
from psycopg.rows import class_row

from florin.store import StoreRefusal
from florin.wires.keys.api import REMEMBER_S, NoSuchKey
from florin.wires.keys.master import MasterKey, load_master_key

State = Literal["active", "retiring", "retired"]

KEY_BITS = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformKey:
    """A key pair of ours. public_key: one line of base64 DER (SubjectPublicKeyInfo), as SDKs take it."""

    id: int
    wire: str
    app_id: int | None
    sealed: bytes
    public_key: str
    state: State
    created_at: datetime


class NoPlatformKey(StoreRefusal):
    def __init__(self, *, wire: str, app_id: int | None) -> None:
        whose = f"app {app_id} on the wire {wire}" if app_id is not None else f"the wire {wire}"
        super().__init__(f"There is no platform key for {whose}.", f"Run `florin keys rotate {wire}` to make one.")


class KeyStillSigns(StoreRefusal):
    def __init__(self, *, key_id: int) -> None:
        super().__init__(f"The platform key {key_id} is the one that signs.", "Rotate first; then retire the old one.")


def ensure_platform_key(
    connection: Connection[Any], wire: str, app_id: int | None = None, *, master: MasterKey | None = None
) -> PlatformKey:
    """The active key of this owner, made when there is none."""
    return _active(connection, wire, app_id) or _rotate(connection, wire, app_id, master, only_if_missing=True)


def rotate_platform_key(
    connection: Connection[Any], wire: str, app_id: int | None = None, *, master: MasterKey | None = None
) -> PlatformKey:
    """Make a new active key; the former one is retiring from now on, and one that was retiring is retired."""
    return _rotate(connection, wire, app_id, master)


def reinstate_platform_key(connection: Connection[Any], key_id: int) -> None:
    """Take a rotation back: the retiring key signs again, the active one is retiring. Raises NoSuchKey."""
    with connection.transaction():
        key = _lock_owner_of(connection, key_id)
        if key.state != "retiring":
            raise NoSuchKey(key=f"{key_id} in state retiring")
        connection.execute(_MOVE, {**_owner(key.wire, key.app_id), "from": "active", "to": "retiring"})
        connection.execute(_SET_STATE, {"id": key_id, "state": "active"})


def retire_platform_key(connection: Connection[Any], key_id: int) -> None:
    """Offer and trust this key no longer. Raises KeyStillSigns for the active one, NoSuchKey."""
    with connection.transaction():
        if _lock_owner_of(connection, key_id).state == "active":
            raise KeyStillSigns(key_id=key_id)
        connection.execute(_SET_STATE, {"id": key_id, "state": "retired"})


def list_platform_keys(connection: Connection[Any], *, limit: int = 1_000) -> list[PlatformKey]:
    """All platform keys, retired ones too, oldest first."""
    return _platform_keys(connection, _LIST_PLATFORM_KEYS, {"limit": limit})


def live_platform_keys(connection: Connection[Any], wire: str, app_id: int | None = None) -> list[PlatformKey]:
    """Those of one owner that are offered and trusted: the active one first, then the retiring."""
    return _platform_keys(connection, _LIVE, _owner(wire, app_id))


def platform_private_key(
    connection: Connection[Any], wire: str, app_id: int | None = None, *, master: MasterKey | None = None
) -> rsa.RSAPrivateKey:
    """The key that signs for this owner now. Raises NoPlatformKey, SealedByAnotherKey.

    It reads the database and parses a key: keep the answer for a few seconds, as `SigningKeys` does.
    """
    active = _active(connection, wire, app_id)
    if active is None:
        raise NoPlatformKey(wire=wire, app_id=app_id)
    return private_key_of(active, master or load_master_key())


def platform_public_key_text(connection: Connection[Any], wire: str, app_id: int | None = None) -> str:
    """The public half of the key that signs for this owner: one line of base64 DER. Raises NoPlatformKey."""
    active = _active(connection, wire, app_id)
    if active is None:
        raise NoPlatformKey(wire=wire, app_id=app_id)
    return active.public_key


def private_key_of(key: PlatformKey, master: MasterKey) -> rsa.RSAPrivateKey:
    """The private half. Raises SealedByAnotherKey."""
    private = load_der_private_key(master.unseal(key.sealed, owner=_sealed_for(key.wire, key.app_id)), password=None)
    assert isinstance(private, rsa.RSAPrivateKey), f"platform key {key.id} is no RSA key"
    return private


@dataclass(frozen=True, slots=True)
class LiveKey:
    """A platform key that is offered and trusted, opened. made_at: wall time."""

    id: int
    private: rsa.RSAPrivateKey
    made_at: datetime


class SigningKeys:
    """The private keys that this process signs with, each read again after REMEMBER_S. Safe for threads.

    connect: gives a connection for a moment, as `ReadPool.connection` does.
    """

    def __init__(
        self,
        connect: Callable[[], AbstractContextManager[Connection[Any]]],
        master: MasterKey,
        *,
        remember_s: float = REMEMBER_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self._master = master
        self._remember_s = remember_s
        self._clock = clock
        self._turn = threading.Lock()
        self._known: dict[tuple[str, int | None], tuple[tuple[LiveKey, ...], float]] = {}

    def private_key(self, wire: str, app_id: int | None = None) -> rsa.RSAPrivateKey:
        """As `platform_private_key`."""
        live = self.live(wire, app_id)
        if not live:
            raise NoPlatformKey(wire=wire, app_id=app_id)
        return live[0].private

    def live(self, wire: str, app_id: int | None = None) -> tuple[LiveKey, ...]:
        """As `live_platform_keys`, opened; the same tuple while they are the same keys."""
        if (fresh := self.recall(wire, app_id)) is not None:
            return fresh
        known, _ = self._known.get((wire, app_id), ((), 0.0))
        # One reads them again; who has known them before goes on with those meanwhile, who has not waits.
        if not self._turn.acquire(blocking=not known):
            return known
        try:
            return self._read_again(wire, app_id)
        finally:
            self._turn.release()

    def recall(self, wire: str, app_id: int | None = None) -> tuple[LiveKey, ...] | None:
        """As `live`, of what was read a moment ago; None when it has to be read: not in an event loop."""
        known, until = self._known.get((wire, app_id), ((), 0.0))
        return known if self._clock() < until else None

    def _read_again(self, wire: str, app_id: int | None) -> tuple[LiveKey, ...]:
        known, until = self._known.get((wire, app_id), ((), 0.0))
        read_at = self._clock()
        if read_at < until:  # whoever we waited for has done it
            return known
        with self._connect() as connection:
            rows = live_platform_keys(connection, wire, app_id)
        if [key.id for key in rows] != [key.id for key in known]:
            # Opening a key costs more than reading its row; the same row is the same key.
            before = {key.id: key for key in known}
            known = tuple(
                before.get(row.id) or LiveKey(row.id, private_key_of(row, self._master), row.created_at) for row in rows
            )
        # An owner without keys may be given one at any moment, and asks seldom.
        self._known[wire, app_id] = (known, read_at + self._remember_s)
        return known


def _rotate(
    connection: Connection[Any],
    wire: str,
    app_id: int | None,
    master: MasterKey | None,
    *,
    only_if_missing: bool = False,
) -> PlatformKey:
    master = master or load_master_key()
    private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    owner = _owner(wire, app_id)
    with connection.transaction():
        _lock_owner(connection, wire, app_id)
        if only_if_missing and (active := _active(connection, wire, app_id)) is not None:
            return active
        connection.execute(_MOVE, {**owner, "from": "retiring", "to": "retired"})
        connection.execute(_MOVE, {**owner, "from": "active", "to": "retiring"})
        row = {
            **owner,
            "sealed": master.seal(der, owner=_sealed_for(wire, app_id)),
            "public_key": base64.b64encode(public).decode("ascii"),
        }
        return _platform_keys(connection, _INSERT_PLATFORM_KEY, row)[0]


def _active(connection: Connection[Any], wire: str, app_id: int | None) -> PlatformKey | None:
    return next((key for key in live_platform_keys(connection, wire, app_id) if key.state == "active"), None)


def _lock_owner(connection: Connection[Any], wire: str, app_id: int | None) -> None:
    """Two rotations of one owner at once go one after the other, so that one key is active at the end."""
    connection.execute(_LOCK, {"name": _sealed_for(wire, app_id)})


def _lock_owner_of(connection: Connection[Any], key_id: int) -> PlatformKey:
    """The key as it is once its owner is locked: who it belongs to never changes, its state may. Raises NoSuchKey."""
    seen = _platform_keys(connection, _PLATFORM_KEY, {"id": key_id})
    if seen:
        _lock_owner(connection, seen[0].wire, seen[0].app_id)
    found = _platform_keys(connection, _PLATFORM_KEY, {"id": key_id})
    if not found or found[0].state == "retired":
        raise NoSuchKey(key=str(key_id))
    return found[0]


def _platform_keys(connection: Connection[Any], statement: str, parameters: dict[str, Any]) -> list[PlatformKey]:
    with connection.cursor(row_factory=class_row(PlatformKey)) as cursor:
        return cursor.execute(statement, parameters).fetchall()


def _owner(wire: str, app_id: int | None) -> dict[str, Any]:
    return {"wire": wire, "app_id": app_id}


def _sealed_for(wire: str, app_id: int | None) -> str:
    return f"platform key {wire}/{app_id or ''}"


_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))"

_COLUMNS = "id, wire, app_id, sealed, public_key, state, created_at"

_LIST_PLATFORM_KEYS = f"SELECT {_COLUMNS} FROM platform_key ORDER BY id LIMIT %(limit)s"  # noqa: S608 - our own columns

_PLATFORM_KEY = f"SELECT {_COLUMNS} FROM platform_key WHERE id = %(id)s"  # noqa: S608

_LIVE = f"""
    SELECT {_COLUMNS}
      FROM platform_key
     WHERE wire = %(wire)s AND app_id IS NOT DISTINCT FROM %(app_id)s AND state <> 'retired'
  ORDER BY state, id DESC          -- 'active' before 'retiring'
     LIMIT 10
"""  # noqa: S608

_MOVE = """
    UPDATE platform_key SET state = %(to)s
     WHERE wire = %(wire)s AND app_id IS NOT DISTINCT FROM %(app_id)s AND state = %(from)s
"""

_SET_STATE = "UPDATE platform_key SET state = %(state)s WHERE id = %(id)s"

_INSERT_PLATFORM_KEY = f"""
    INSERT INTO platform_key (wire, app_id, sealed, public_key, state)
    VALUES (%(wire)s, %(app_id)s, %(sealed)s, %(public_key)s, 'active')
    RETURNING {_COLUMNS}
"""  # noqa: S608
