"""API keys: what clients show us to say who they are.

A key is a text of 256 random bits, shown once and stored as its hash alone; its first letters help people tell keys
apart.
"""

from __future__ import annotations

import hmac
import secrets
import string
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import class_row

from florin.store import StoreRefusal

Scope = Literal["merchant", "owner"]

# How long a process may go on taking a key after it was revoked.
REMEMBER_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What an API key allows. app_id: the app that a `merchant` key acts for; None on an `owner` key.

    merchant_id, market, app_state: of that app, as they were when the key was read.
    """

    hash: bytes
    prefix: str
    scope: Scope
    app_id: int | None
    created_at: datetime
    revoked_at: datetime | None
    merchant_id: int | None = None
    market: str | None = None
    app_state: str | None = None


class ScopeNeedsApp(StoreRefusal):
    def __init__(self, *, scope: str) -> None:
        wanted = "names its app" if scope == "merchant" else "belongs to no app"
        super().__init__(f"A key of scope {scope} {wanted}.", "Give --app for a merchant's key, none for the owner's.")


class NoSuchApp(StoreRefusal):
    def __init__(self, *, app_id: int) -> None:
        super().__init__(f"There is no app {app_id}.", "See `florin app list`.")


class NoSuchKey(StoreRefusal):
    def __init__(self, *, key: str) -> None:
        super().__init__(f"There is no key {key}, or it was revoked before.", "See `florin keys list`.")


class KeyPrefixTooShort(StoreRefusal):
    def __init__(self, *, prefix: str, candidates: Sequence[ApiKey]) -> None:
        super().__init__(
            f"{prefix!r} is too short to name a key: at least {PREFIX_LETTERS_MIN} of its letters are needed.",
            f"Name one of these, or give the whole text: {_told(candidates)}.",
        )


class KeyPrefixAmbiguous(StoreRefusal):
    def __init__(self, *, prefix: str, candidates: Sequence[ApiKey]) -> None:
        super().__init__(
            f"{prefix} begins {len(candidates)} live keys; none was revoked.",
            f"Name one of these by more letters, or by its whole text: {_told(candidates)}.",
        )


PREFIX_LETTERS_MIN = 4
_CANDIDATES_TOLD = 10

_PREFIX = "flk_live_"
_ALPHABET = string.ascii_letters + string.digits
_NAME_LETTERS, _SECRET_LETTERS = 8, 43  # 43 letters of 62 are 256 bits
_TEXT_LENGTH = len(_PREFIX) + _NAME_LETTERS + 1 + _SECRET_LETTERS


def create_api_key(connection: Connection[Any], scope: Scope, app_id: int | None = None) -> str:
    """Make a key and return its text, `flk_live_<prefix>_<secret>`: the only time that anybody sees it.

    Raises ScopeNeedsApp when a merchant's key names no app or an owner's names one, NoSuchApp.
    """
    if (scope == "merchant") != (app_id is not None):
        raise ScopeNeedsApp(scope=scope)
    if app_id is not None and connection.execute(_APP, {"app_id": app_id}).fetchone() is None:
        raise NoSuchApp(app_id=app_id)
    prefix, secret = _random(_NAME_LETTERS), _random(_SECRET_LETTERS)
    text = f"{_PREFIX}{prefix}_{secret}"
    row = {"hash": hash_of(text), "prefix": prefix, "scope": scope, "app_id": app_id}
    connection.execute(_INSERT_API_KEY, row)
    return text


def list_api_keys(connection: Connection[Any], *, limit: int = 1_000) -> list[ApiKey]:
    """All keys, revoked ones too, oldest first."""
    with connection.cursor(row_factory=class_row(ApiKey)) as cursor:
        return cursor.execute(_LIST_API_KEYS, {"limit": limit}).fetchall()


def revoke_api_key(connection: Connection[Any], key: str) -> ApiKey:
    """Revoke the one live key that begins so, or has this text; every process stops taking it within REMEMBER_S.

    Raises NoSuchKey, KeyPrefixTooShort, KeyPrefixAmbiguous.
    """
    text = key.strip()
    prefix = text.removeprefix(_PREFIX).split("_")[0]
    found = _live_by_prefix(connection, prefix)
    if looks_like_api_key(text):
        found = [each for each in found if hmac.compare_digest(each.hash, hash_of(text))]
    elif len(prefix) < PREFIX_LETTERS_MIN:
        raise KeyPrefixTooShort(prefix=prefix, candidates=found)
    if len(found) > 1:
        raise KeyPrefixAmbiguous(prefix=prefix, candidates=found)
    if not found or connection.execute(_REVOKE_API_KEY, {"hash": found[0].hash}).rowcount == 0:
        raise NoSuchKey(key=prefix)
    return found[0]


def find_api_key(connection: Connection[Any], text: str) -> ApiKey | None:
    """The live key of this text; None when it is unknown, revoked or malformed."""
    if not looks_like_api_key(text):
        return None
    wanted = hash_of(text)
    with connection.cursor(row_factory=class_row(ApiKey)) as cursor:
        found = cursor.execute(_FIND_API_KEY, {"hash": wanted}).fetchone()
    # The index compares hashes, which a stranger cannot steer towards a stored one; this settles it without a timing.
    return found if found is not None and hmac.compare_digest(found.hash, wanted) else None


def looks_like_api_key(text: str) -> bool:
    """True for the form of a key: what does not have it needs no look-up."""
    return len(text) == _TEXT_LENGTH and text.startswith(_PREFIX) and text.isascii()


def hash_of(text: str) -> bytes:
    """32 bytes of BLAKE2b. A slow password hash would add nothing: 256 random bits cannot be guessed, at any speed."""
    return blake2b(text.encode(), digest_size=32, person=b"florin api key").digest()


class KnownApiKeys:
    """The keys that this process saw lately, each read again after REMEMBER_S, so that a revoked one stops.

    Safe for threads. Only keys that exist are remembered, so strangers cannot fill the memory.
    """

    def __init__(self, *, remember_s: float = REMEMBER_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._remember_s = remember_s
        self._clock = clock
        self._known: dict[bytes, tuple[ApiKey, float]] = {}

    def recall(self, key_hash: bytes) -> ApiKey | None:
        """The key as it was read at most `remember_s` ago, or None: then ask the database."""
        known = self._known.get(key_hash)
        return known[0] if known is not None and self._clock() < known[1] else None

    def find(self, connection: Connection[Any], text: str) -> ApiKey | None:
        """As `find_api_key`, and remembered."""
        read_at = self._clock()
        found = find_api_key(connection, text)
        if found is not None:
            self._known[found.hash] = (found, read_at + self._remember_s)
        elif looks_like_api_key(text):
            self._known.pop(hash_of(text), None)
        return found


def _live_by_prefix(connection: Connection[Any], prefix: str) -> list[ApiKey]:
    with connection.cursor(row_factory=class_row(ApiKey)) as cursor:
        return cursor.execute(_LIVE_BY_PREFIX, {"prefix": prefix}).fetchall()


def _told(keys: Sequence[ApiKey]) -> str:
    """Keys as a person tells them apart: letters, whose, since when."""
    shown = [
        f"{key.prefix} ({f'app {key.app_id}' if key.app_id else 'owner'}, made {key.created_at:%Y-%m-%d %H:%M})"
        for key in keys[:_CANDIDATES_TOLD]
    ]
    more = [f"{len(keys) - _CANDIDATES_TOLD} more"] if len(keys) > _CANDIDATES_TOLD else []
    return ", ".join([*shown, *more]) or "there is none"


def _random(letters: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(letters))


_APP = "SELECT 1 FROM app WHERE id = %(app_id)s"

_INSERT_API_KEY = """
    INSERT INTO api_key (hash, prefix, scope, app_id) VALUES (%(hash)s, %(prefix)s, %(scope)s, %(app_id)s)
"""

_LIST_API_KEYS = """
    SELECT k.hash, k.prefix, k.scope, k.app_id, k.created_at, k.revoked_at,
           a.merchant_id, a.market, a.state AS app_state
      FROM api_key k LEFT JOIN app a ON a.id = k.app_id
  ORDER BY k.created_at, k.hash
     LIMIT %(limit)s
"""

_FIND_API_KEY = """
    SELECT k.hash, k.prefix, k.scope, k.app_id, k.created_at, k.revoked_at,
           a.merchant_id, a.market, a.state AS app_state
      FROM api_key k LEFT JOIN app a ON a.id = k.app_id
     WHERE k.hash = %(hash)s AND k.revoked_at IS NULL
"""

_LIVE_BY_PREFIX = """
    SELECT k.hash, k.prefix, k.scope, k.app_id, k.created_at, k.revoked_at,
           a.merchant_id, a.market, a.state AS app_state
      FROM api_key k LEFT JOIN app a ON a.id = k.app_id
     WHERE starts_with(k.prefix, %(prefix)s) AND k.revoked_at IS NULL
  ORDER BY k.created_at, k.hash
     LIMIT 1000
"""

_REVOKE_API_KEY = "UPDATE api_key SET revoked_at = now() WHERE hash = %(hash)s AND revoked_at IS NULL"
