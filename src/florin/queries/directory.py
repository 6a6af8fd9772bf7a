"""The directory: merchants, apps and shoppers of the house, as its operator lists and finds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantRow:
    """apps: how many are open. available_minor: swept and not paid out. logins: who may see its pages."""

    id: int
    name: str
    name_zh: str
    market: str
    category: str
    state: str
    mdr_ppm: int
    payout_account: str
    available_minor: int
    apps: int
    logins: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRow:
    """public_keys: of the shop, base64 SPKI, the newest first. api_keys: first letters of the live ones."""

    id: int
    merchant_id: int
    merchant: str
    name: str
    wire: str
    market: str
    state: str
    notify_url: str
    public_keys: list[str]
    api_keys: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopperRow:
    """A person, and a line that is not closed: a row each. Without one line_id is None.

    exposure_minor: what of the limit is used. parked: the day close leaves the line alone.
    """

    person_id: int
    logon: str
    name: str
    wallet_minor: int
    has_login: bool
    line_id: int | None
    program: str | None
    state: int | None
    limit_minor: int | None
    exposure_minor: int | None
    parked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRow:
    """Who signs in by this name: a shopper's person, a merchant's, an operator, or a user who is none of them."""

    person_id: int | None
    merchant_id: int | None
    is_operator: bool


def merchants(connection: Connection[Any], *, limit: int = 1_000) -> list[MerchantRow]:
    """By name."""
    with connection.cursor(row_factory=class_row(MerchantRow)) as cursor:
        return cursor.execute(_MERCHANTS, {"limit": limit}).fetchall()


def merchants_called(connection: Connection[Any], text: str) -> list[tuple[int, str]]:
    """(id, name) of those with this number or exactly this name."""
    identifier = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    return connection.execute(_CALLED, {"id": identifier, "name": text}).fetchall()


def apps(connection: Connection[Any], *, limit: int = 1_000) -> list[AppRow]:
    """By merchant, then number."""
    with connection.cursor(row_factory=class_row(AppRow)) as cursor:
        return cursor.execute(_APPS, {"limit": limit, "id": None}).fetchall()


def app_by_id(connection: Connection[Any], app_id: int) -> AppRow | None:
    """None when there is no such app."""
    with connection.cursor(row_factory=class_row(AppRow)) as cursor:
        return cursor.execute(_APPS, {"limit": 1, "id": app_id}).fetchone()


def shoppers(connection: Connection[Any], *, find: str = "", limit: int = 100) -> list[ShopperRow]:
    """By sign-in name; `find` is a part of that name or of the person's own, in any case."""
    with connection.cursor(row_factory=class_row(ShopperRow)) as cursor:
        return cursor.execute(_SHOPPERS, {"find": find, "logon": None, "limit": limit}).fetchall()


def shopper_by_logon(connection: Connection[Any], logon: str) -> list[ShopperRow]:
    """Her rows, one a line; none when nobody joined by that name."""
    with connection.cursor(row_factory=class_row(ShopperRow)) as cursor:
        return cursor.execute(_SHOPPERS, {"find": "", "logon": logon, "limit": 100}).fetchall()


def login_of(connection: Connection[Any], logon: str) -> LoginRow | None:
    """None when nobody signs in by this name."""
    with connection.cursor(row_factory=class_row(LoginRow)) as cursor:
        return cursor.execute(_LOGIN, {"logon": logon}).fetchone()


def operators(connection: Connection[Any], *, limit: int = 1_000) -> list[str]:
    """The names by which somebody signs in to the console, in their order."""
    return [logon for (logon,) in connection.execute(_OPERATORS, {"limit": limit})]


_OPERATORS = """
    SELECT u.username FROM pages_operator_user o JOIN auth_user u ON u.id = o.user_id ORDER BY u.username LIMIT %(limit)s
"""
_MERCHANTS = """
    SELECT m.id, m.name, m.name_zh, m.market, m.category, m.state, m.mdr_ppm, m.payout_account,
           coalesce(b.available_minor, 0) AS available_minor,
           (SELECT count(*) FROM app a WHERE a.merchant_id = m.id AND a.state = 'open') AS apps,
           ARRAY(SELECT u.username FROM pages_merchant_user w JOIN auth_user u ON u.id = w.user_id
                  WHERE w.merchant_id = m.id ORDER BY u.username) AS logins
      FROM merchant m LEFT JOIN merchant_balance b ON b.lane = m.lane AND b.id = m.id
  ORDER BY m.name, m.id
     LIMIT %(limit)s
"""
_CALLED = "SELECT id, name FROM merchant WHERE id = %(id)s OR name = %(name)s ORDER BY id LIMIT 100"
_APPS = """
    SELECT a.id, a.merchant_id, m.name AS merchant, a.name, a.wire, a.market, a.state, a.notify_url, a.public_keys,
           ARRAY(SELECT k.prefix FROM api_key k
                  WHERE k.app_id = a.id AND k.revoked_at IS NULL ORDER BY k.created_at, k.prefix) AS api_keys
      FROM app a JOIN merchant m ON m.id = a.merchant_id
     WHERE a.id = %(id)s OR %(id)s::bigint IS NULL
  ORDER BY m.name, a.merchant_id, a.id
     LIMIT %(limit)s
"""
_SHOPPERS = """
    SELECT p.id AS person_id, p.logon, p.name, w.balance_minor AS wallet_minor,
           EXISTS (SELECT FROM pages_shopper s WHERE s.person_id = p.id) AS has_login,
           l.id AS line_id, l.program, l.state, l.limit_minor,
           l.held_minor + l.committed_minor + l.principal_minor + l.uncleared_minor - l.credit_balance_minor
               AS exposure_minor,
           EXISTS (SELECT FROM parked_line k WHERE k.lane = l.lane AND k.line_id = l.id) AS parked
      FROM person p
           JOIN wallet w ON w.lane = p.lane AND w.id = p.id
           LEFT JOIN line l ON l.lane = p.lane AND l.person_id = p.id AND l.state <> 3
     WHERE (p.logon = %(logon)s OR %(logon)s::text IS NULL)
       AND (strpos(lower(p.logon), lower(%(find)s)) > 0 OR strpos(lower(p.name), lower(%(find)s)) > 0)
  ORDER BY p.logon, l.id
     LIMIT %(limit)s
"""
_LOGIN = """
    SELECT s.person_id, w.merchant_id, o.id IS NOT NULL AS is_operator
      FROM auth_user u
           LEFT JOIN pages_shopper s ON s.user_id = u.id
           LEFT JOIN pages_merchant_user w ON w.user_id = u.id
           LEFT JOIN pages_operator_user o ON o.user_id = u.id
     WHERE u.username = %(logon)s
"""
