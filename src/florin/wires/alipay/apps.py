"""The apps that may call: their registered public keys, kept in memory until the reference data change.

An app's keys are those in its row (two while it changes them). Ours is the app's own platform key where it has one,
else the one of this wire. Certificates are numbered under the roots of `florin.wires.alipay.certificates`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric import rsa
from psycopg import Connection
from psycopg.rows import class_row

from florin.queries import ReadPool
from florin.wires.alipay.call import CallingApp
from florin.wires.alipay.certificates import ROOT_WIRE, Authority
from florin.wires.desk.findings import RegisteredKey
from florin.wires.keys import LiveKey, NoPlatformKey, SigningKeys, platform_public_key_text
from florin.wires.keys.forms import KeyUnreadable, read_public_key

WIRE = "alipay"

log = structlog.get_logger(__name__)


class _Registered(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    merchant_id: int
    public_keys: tuple[rsa.RSAPublicKey, ...]
    aes_key: bytes


class _Known(NamedTuple):
    """A calling app as it was made last, and of what."""

    version: int
    live: tuple[LiveKey, ...]
    roots: tuple[LiveKey, ...]
    calling: CallingApp


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    merchant_id: int
    public_keys: list[str]
    aes_key: bytes | None


_APPS = "SELECT id, merchant_id, public_keys, aes_key FROM app WHERE wire = 'alipay' ORDER BY id LIMIT 1000000"


class Apps:
    """Who may call this wire. Safe for threads."""

    def __init__(self, reads: ReadPool, signing_keys: SigningKeys) -> None:
        self._reads = reads
        self._signing_keys = signing_keys
        self._lock = threading.Lock()
        self._version = -1
        self._apps: dict[int, _Registered] = {}
        self._calling: dict[int, _Known] = {}
        self._roots: tuple[Sequence[LiveKey], tuple[Authority, ...]] | None = None

    def calling(self, app_id: int, version: int) -> CallingApp | None:
        """The app with its keys and ours; None for one that this wire does not know. Raises NoPlatformKey.

        version: of the reference data that is in force; apps are read again when it has moved.
        """
        registered = self._as_of(version).get(app_id)
        if registered is None:
            return None
        live, roots = self._live(app_id), self._signing_keys.live(ROOT_WIRE)
        ours, *retiring = (key.private for key in live)
        calling = CallingApp(
            app_id=str(app_id),
            public_keys=registered.public_keys,
            platform_key=ours,
            retiring_keys=tuple(key.public_key() for key in retiring),
            authorities=self.authorities(),
            aes_key=registered.aes_key,
        )
        self._calling[app_id] = _Known(version, live, roots, calling)
        return calling

    def recall(self, app_id: int, version: int) -> CallingApp | None:
        """As `calling`, where that need not read anything; None where it must: not in an event loop."""
        known = self._calling.get(app_id)
        if known is None or known.version != version:
            return None
        live = self._signing_keys.recall(WIRE, app_id)
        if live == ():
            live = self._signing_keys.recall(WIRE)
        is_fresh = live is known.live and self._signing_keys.recall(ROOT_WIRE) is known.roots
        return known.calling if is_fresh else None

    def known(self, text: str | None) -> CallingApp | None:
        """The app of that number as it was read last: good enough to sign that we do not know the result."""
        known = self._calling.get(int(text)) if text is not None and text.isdigit() and len(text) < 19 else None
        return None if known is None else known.calling

    def platform_key(self, app_id: int) -> rsa.RSAPrivateKey:
        """The key that signs for this app now. Raises NoPlatformKey."""
        return self._live(app_id)[0].private

    def authorities(self) -> tuple[Authority, ...]:
        """The roots that certificates stand under, the one that vouches now first; none where nobody made one."""
        live = self._signing_keys.live(ROOT_WIRE)
        roots = self._roots
        if roots is None or roots[0] is not live:
            self._roots = roots = live, tuple(Authority(each.private, each.made_at) for each in live)
        return roots[1]

    def _live(self, app_id: int) -> tuple[LiveKey, ...]:
        live = self._signing_keys.live(WIRE, app_id) or self._signing_keys.live(WIRE)
        if not live:
            raise NoPlatformKey(wire=WIRE, app_id=None)
        return live

    def others(self, app_id: int) -> Iterator[RegisteredKey]:
        """The keys of other apps, those of the same merchant first: for telling whose key made a signature."""
        known = self._apps
        own = known.get(app_id)
        merchant_id = own.merchant_id if own is not None else 0
        for app in sorted(known.values(), key=lambda app: app.merchant_id != merchant_id):
            if app.id != app_id:
                yield from (RegisteredKey(str(app.id), key) for key in app.public_keys)

    def _as_of(self, version: int) -> dict[int, _Registered]:
        if version != self._version:
            with self._lock, self._reads.connection() as connection:
                if version != self._version:  # nobody else has read them meanwhile
                    self._apps = {app.id: app for app in _registered(connection)}
                    self._version = version
        return self._apps


def public_key_for(connection: Connection[Any], app_id: int) -> str:
    """The public half of the key that signs for this app now, base64 on one line; empty while there is none."""
    for owner in (app_id, None):
        try:
            return platform_public_key_text(connection, WIRE, owner)
        except NoPlatformKey:
            continue
    return ""


def _registered(connection: Connection[Any]) -> list[_Registered]:
    with connection.cursor(row_factory=class_row(_Row)) as cursor:
        rows = cursor.execute(_APPS).fetchall()
    return [
        _Registered(id=row.id, merchant_id=row.merchant_id, public_keys=_readable(row), aes_key=row.aes_key or b"")
        for row in rows
    ]


def _readable(row: _Row) -> tuple[rsa.RSAPublicKey, ...]:
    """A key that cannot be read is none: the app is told that it has no key, and the log says why."""
    keys = []
    for text in row.public_keys:
        try:
            keys.append(read_public_key(text))
        except KeyUnreadable as error:
            log.warning("registered key is unreadable", app_id=row.id, reason=str(error))
    return tuple(keys)
