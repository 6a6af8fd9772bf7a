"""The three roles of the database, and who may connect.

`florin_owner` owns the tables: it migrates and never serves. `florin_engine` writes money and `florin_pages` serves
people. What each may do to a table is granted beside that table, in the schema; here the roles come into being.
"""

import json
import os
import secrets
from dataclasses import dataclass
from typing import Literal

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from florin.store.folder import DataFolder
from florin.store.locator import ENGINE, OWNER, PAGES
from florin.store.refusal import StoreRefusal

Connection = psycopg.Connection[tuple[object, ...]]

_ROLES = "SELECT rolname FROM pg_roles WHERE rolname = ANY(%(names)s) ORDER BY rolname"
_DATABASE = "SELECT 1 FROM pg_database WHERE datname = %(name)s"
_MAY_CREATE_ROLES = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where each of the three roles finds the database."""

    owner: str
    engine: str
    pages: str


class LoginsMissing(StoreRefusal):
    def __init__(self, *, missing: list[str], owner: str) -> None:
        names = " and ".join(missing)
        super().__init__(
            f"The database has no login {names}, and its owner {owner} may not create one.",
            f"Have an administrator run CREATE ROLE {missing[0]} LOGIN PASSWORD '...' (each of {names}), "
            "and set FLORIN_ENGINE_URL and FLORIN_PAGES_URL to their addresses.",
        )


class LoginAddressUnknown(StoreRefusal):
    def __init__(self, *, login: str, variable: str) -> None:
        super().__init__(
            f"FLORIN_DATABASE_URL names a server of your own, and the password of its login {login} is not known here.",
            f"Run `florin migrate` with this data folder, or set {variable} to the address that {login} connects with.",
        )


def create_roles(connection: Connection) -> None:
    """Create those of the three roles that are missing. On the embedded server, as its superuser."""
    for role in sorted({OWNER, ENGINE, PAGES} - existing_roles(connection)):
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))


def create_database(
    connection: Connection,
    name: str,
    *,
    template: str = "template0",
    strategy: Literal["WAL_LOG", "FILE_COPY"] = "WAL_LOG",
) -> None:
    """Create a database that the owner owns and only the three roles may enter. `connection` is in autocommit.

    strategy: PostgreSQL's. FILE_COPY is the faster one where a checkpoint costs nothing, as without fsync.
    """
    if connection.execute(_DATABASE, {"name": name}).fetchone() is None:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY {}").format(
                sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template), sql.SQL(strategy)
            )
        )
    _let_only_us_connect(connection, name)


def existing_roles(connection: Connection) -> set[str]:
    return {str(name) for (name,) in connection.execute(_ROLES, {"names": [OWNER, ENGINE, PAGES]})}


def ensure_logins(owner_dsn: str, folder: DataFolder) -> None:
    """On an operator's own server: create the two serving logins if the owner may, keeping their passwords at home.

    Raises LoginsMissing, naming what an administrator has to do.
    """
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        missing = sorted({ENGINE, PAGES} - existing_roles(connection))
        allowed = connection.execute(_MAY_CREATE_ROLES).fetchone() == (True,)
        if missing and not allowed:
            raise LoginsMissing(missing=missing, owner=str(connection.info.user))
        for login in missing:
            password = secrets.token_urlsafe(24)
            _keep_password(folder, login, password)  # first: a login without its password would be of no use
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(login), sql.Literal(password))
            )
        if missing:
            _let_logins_connect(connection, str(connection.info.dbname))


def addresses_of_own_server(owner_dsn: str, folder: DataFolder) -> Addresses:
    """The three addresses on an operator's own server: from the environment, else from the passwords kept at home."""
    return Addresses(
        owner=owner_dsn,
        engine=os.environ.get("FLORIN_ENGINE_URL") or _address(owner_dsn, folder, ENGINE, "FLORIN_ENGINE_URL"),
        pages=os.environ.get("FLORIN_PAGES_URL") or _address(owner_dsn, folder, PAGES, "FLORIN_PAGES_URL"),
    )


def _let_only_us_connect(connection: Connection, name: str) -> None:
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
    _let_logins_connect(connection, name)


def _let_logins_connect(connection: Connection, name: str) -> None:
    connection.execute(
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}, {}").format(
            sql.Identifier(name), sql.Identifier(ENGINE), sql.Identifier(PAGES)
        )
    )
    # A proof sums in a table of its own that goes with its transaction.
    connection.execute(
        sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}").format(sql.Identifier(name), sql.Identifier(ENGINE))
    )


def _address(owner_dsn: str, folder: DataFolder, login: str, variable: str) -> str:
    password = _passwords(folder).get(login)
    if password is None:
        raise LoginAddressUnknown(login=login, variable=variable)
    return make_conninfo(owner_dsn, user=login, password=password)


def _passwords(folder: DataFolder) -> dict[str, str]:
    if not folder.logins.exists():
        return {}
    return {str(login): str(password) for login, password in json.loads(folder.logins.read_text()).items()}


def _keep_password(folder: DataFolder, login: str, password: str) -> None:
    folder.create()
    kept = _passwords(folder) | {login: password}
    unfinished = folder.logins.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(kept, stream, indent=2)
        stream.flush()
        os.fsync(descriptor)
    unfinished.replace(folder.logins)
