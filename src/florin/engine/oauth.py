"""Sign-in for shops: a shopper lets an app know who she is, with a code that the app changes into tokens.

A code lives for a minute and is good once; a token has its days, and a refresh token makes another pair and ends its own. Each
is told to the app once; the house keeps its SHA-256 alone, so whoever reads the store can sign in as nobody. Wall time: these
live with sessions, not with the business date.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import msgspec
from psycopg import Connection
from psycopg.rows import class_row

CODE_LIVES: Final = timedelta(minutes=1)  # X, our choice: the real one is good for a day at most, and once
ACCESS_LIVES: Final = timedelta(days=15)  # U
REFRESH_LIVES: Final = timedelta(days=30)  # U


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """A fresh pair, in clear: nobody can read it again."""

    person_id: int
    scopes: tuple[str, ...]
    access: str
    refresh: str
    made_at: datetime
    access_lives: timedelta = ACCESS_LIVES
    refresh_lives: timedelta = REFRESH_LIVES


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """What a living access token stands for."""

    app_id: int
    person_id: int
    scopes: list[str]


def issue_code(connection: Connection[Any], *, app_id: int, person_id: int, scopes: tuple[str, ...]) -> str:
    """A code for the app to fetch tokens with: 32 letters and digits."""
    code = secrets.token_hex(16)
    values = {"digest": _digest(code), "app_id": app_id, "person_id": person_id, "scopes": list(scopes)}
    connection.execute(_ADD_CODE, {**values, "lives": CODE_LIVES})
    return code


def tokens_by_code(connection: Connection[Any], *, app_id: int, code: str) -> Tokens | None:
    """Use a code up. None for one that is unknown, another app's, used, or too old."""
    with connection.transaction():
        row = connection.execute(_USE_CODE, {"digest": _digest(code), "app_id": app_id}).fetchone()
        return None if row is None or not row[2] else _issue(connection, app_id, row[0], tuple(row[1]))


def tokens_by_refresh(connection: Connection[Any], *, app_id: int, refresh: str) -> Tokens | None:
    """Use a refresh token up; its access token ends with it."""
    with connection.transaction():
        row = connection.execute(_USE_REFRESH, {"digest": _digest(refresh), "app_id": app_id}).fetchone()
        return None if row is None or not row[2] else _issue(connection, app_id, row[0], tuple(row[1]))


def granted_by(connection: Connection[Any], access: str) -> Granted | None:
    """Who stands behind a living access token, and what she let the app know."""
    with connection.cursor(row_factory=class_row(Granted)) as cursor:
        return cursor.execute(_BY_ACCESS, {"digest": _digest(access)}).fetchone()


def _issue(connection: Connection[Any], app_id: int, person_id: int, scopes: tuple[str, ...]) -> Tokens:
    access, refresh = f"auth{secrets.token_hex(18)}", f"refr{secrets.token_hex(18)}"
    row = connection.execute(
        _ADD_PAIR,
        {
            "access": _digest(access), "refresh": _digest(refresh), "app_id": app_id, "person_id": person_id,
            "scopes": list(scopes), "access_lives": ACCESS_LIVES, "refresh_lives": REFRESH_LIVES,
        },
    ).fetchone()  # fmt: skip
    assert row is not None, "a row that was inserted is returned"
    return Tokens(person_id=person_id, scopes=scopes, access=access, refresh=refresh, made_at=row[0])


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


# Codes that nobody has fetched go with the next that is made.
_ADD_CODE = """
    WITH old AS (DELETE FROM oauth_code WHERE expires_at < now() - interval '1 hour')
    INSERT INTO oauth_code (digest, app_id, person_id, scopes, expires_at)
    VALUES (%(digest)s, %(app_id)s, %(person_id)s, %(scopes)s, now() + %(lives)s)
"""
_USE_CODE = """
    DELETE FROM oauth_code WHERE digest = %(digest)s AND app_id = %(app_id)s
 RETURNING person_id, scopes, expires_at > now()
"""
_USE_REFRESH = """
    DELETE FROM oauth_token WHERE refresh_digest = %(digest)s AND app_id = %(app_id)s
 RETURNING person_id, scopes, refresh_until > now()
"""
_ADD_PAIR = """
    WITH old AS (DELETE FROM oauth_token WHERE refresh_until < now())
    INSERT INTO oauth_token (access_digest, refresh_digest, app_id, person_id, scopes, access_until, refresh_until)
    VALUES (%(access)s, %(refresh)s, %(app_id)s, %(person_id)s, %(scopes)s, now() + %(access_lives)s,
            now() + %(refresh_lives)s)
 RETURNING now()
"""
_BY_ACCESS = """
    SELECT app_id, person_id, scopes FROM oauth_token WHERE access_digest = %(digest)s AND access_until > now()
"""
