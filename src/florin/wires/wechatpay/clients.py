"""Who may call this wire, and the keys of both directions, kept in memory until the reference data change.

A client's keys are those in its app's row (two while it changes them), told apart by their serial numbers. Ours are the
app's own platform keys: the active one signs, a retiring one still answers a client that names it, both are offered as
certificates.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric import rsa
from psycopg import Connection
from psycopg.rows import class_row

from florin.queries import ReadPool
from florin.wires.desk.findings import RegisteredKey
from florin.wires.keys import LiveKey, NoPlatformKey, SigningKeys
from florin.wires.keys.forms import KeyUnreadable, read_public_key
from florin.wires.wechatpay.certificates import platform_certificate
from florin.wires.wechatpay.names import appid_of, public_key_id_of, serial_no_of

WIRE: Final = "wechatpay"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """keys: by serial number. apiv3_key: 32 bytes. provider_id: the app that may call for this one; 0: none.

    public_key_mode: it knows our keys by ids, also where it names none.
    """

    app_id: int
    merchant_id: int
    keys: Mapping[str, rsa.RSAPublicKey]
    apiv3_key: bytes
    provider_id: int
    public_key_mode: bool

    @property
    def mchid(self) -> str:
        return str(self.app_id)

    @property
    def appid(self) -> str:
        return appid_of(self.app_id)

    def registered(self) -> list[RegisteredKey]:
        return [RegisteredKey(self.mchid, key) for key in self.keys.values()]


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A platform key, and the name by which the client knows it: a certificate's serial number, or PUB_KEY_ID_…."""

    name: str
    private: rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class OurKey:
    """One of our live keys for a client, by both of its names. made_at: wall time."""

    serial_no: str
    public_key_id: str
    private: rsa.RSAPrivateKey
    made_at: datetime

    def named(self, name: str) -> SigningKey:
        return SigningKey(name=name, private=self.private)


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    merchant_id: int
    public_keys: list[str]
    aes_key: bytes | None
    provider_id: int | None
    public_key_mode: bool


_APPS = """
    SELECT id, merchant_id, public_keys, aes_key, provider_id, public_key_mode
      FROM app WHERE wire = 'wechatpay' ORDER BY id LIMIT 1000000
"""


class Clients:
    """Safe for threads. reads: of the engine's role, which sees keys."""

    def __init__(self, reads: ReadPool, signing_keys: SigningKeys) -> None:
        self._reads = reads
        self._signing_keys = signing_keys
        self._lock = threading.Lock()
        self._version = -1
        self._clients: dict[int, Client] = {}
        self._ours: dict[int, tuple[tuple[LiveKey, ...], Sequence[OurKey]]] = {}

    def find(self, app_id: int, version: int | None = None) -> Client | None:
        """The client of this number; None for one that this wire does not know.

        version: of the reference data that is in force, where the caller knows it; clients are read again when it has moved.
        """
        if version is None:
            version = self._reads.ask(_version)
        if version != self._version:
            with self._lock, self._reads.connection() as connection:
                if version != self._version:  # nobody else has read them meanwhile
                    self._clients = {row.id: _client(row) for row in _rows(connection)}
                    self._version = version
        return self._clients.get(app_id)

    def calling(self, app_id: int, version: int) -> Client | None:
        """As `find`, with our keys for it read too, so that `signing_key` need not. Raises NoPlatformKey."""
        client = self.find(app_id, version)
        if client is not None:
            self.ours(app_id)
        return client

    def recall(self, app_id: int, version: int) -> Client | None:
        """As `calling`, where that need not read anything; None where it must: not in an event loop."""
        is_fresh = version == self._version and self._signing_keys.recall(WIRE, app_id)
        return self._clients.get(app_id) if is_fresh else None

    def known(self, app_id: int) -> Client | None:
        """The client of this number, as of the version that was read last."""
        return self._clients.get(app_id)

    def others(self, app_id: int) -> Iterator[RegisteredKey]:
        """The keys of other clients, those of the same merchant first: for telling whose key made a signature."""
        known = self._clients
        own = known.get(app_id)
        merchant_id = own.merchant_id if own is not None else 0
        for client in sorted(known.values(), key=lambda client: client.merchant_id != merchant_id):
            if client.app_id != app_id:
                yield from client.registered()

    def ours(self, app_id: int) -> Sequence[OurKey]:
        """Our live keys for this client, the active one first. Raises NoPlatformKey."""
        live = self._signing_keys.live(WIRE, app_id)
        if not live:
            raise NoPlatformKey(wire=WIRE, app_id=app_id)
        known = self._ours.get(app_id)
        if known is None or known[0] is not live:
            known = self._ours[app_id] = live, [_our_key(key) for key in live]
        return known[1]

    def signing_key(self, app_id: int, asked_for: str = "") -> SigningKey:
        """The key that signs for this client: the one it names while that lives, else the active one, as it knows it."""
        ours = self.ours(app_id)
        for key in ours:
            if asked_for and asked_for.upper() in (key.serial_no, key.public_key_id):
                return key.named(asked_for.upper())
        client = self._clients.get(app_id)
        in_key_mode = client is not None and client.public_key_mode
        return ours[0].named(ours[0].public_key_id if in_key_mode else ours[0].serial_no)

    def certificates(self, app_id: int) -> list[tuple[OurKey, str]]:
        """Our live keys for this client, each with its certificate (PEM). Raises NoPlatformKey."""
        authority = self._signing_keys.private_key(WIRE)
        return [
            (key, platform_certificate(key.private.public_key(), authority, made_at=key.made_at))
            for key in self.ours(app_id)
        ]


def _our_key(key: LiveKey) -> OurKey:
    return OurKey(
        serial_no=serial_no_of(key.private.public_key()),
        public_key_id=public_key_id_of(key.id),
        private=key.private,
        made_at=key.made_at,
    )


def _client(row: _Row) -> Client:
    assert row.aes_key is not None, f"app {row.id} was added with an APIv3 key"
    return Client(
        app_id=row.id,
        merchant_id=row.merchant_id,
        keys={serial_no_of(key): key for key in _readable(row)},
        apiv3_key=row.aes_key,
        provider_id=row.provider_id or 0,
        public_key_mode=row.public_key_mode,
    )


def _version(connection: Connection[Any]) -> int:
    row = connection.execute("SELECT reference_version FROM clock").fetchone()
    assert row is not None, "the clock has its row since the first migration"
    return int(row[0])


def _rows(connection: Connection[Any]) -> list[_Row]:
    with connection.cursor(row_factory=class_row(_Row)) as cursor:
        return cursor.execute(_APPS).fetchall()


def _readable(row: _Row) -> Iterator[rsa.RSAPublicKey]:
    """A key that cannot be read is none: the client is told that its serial number is unknown, and the log says why."""
    for text in row.public_keys:
        try:
            yield read_public_key(text)
        except KeyUnreadable as error:
            log.warning("registered key is unreadable", app_id=row.id, reason=str(error))
