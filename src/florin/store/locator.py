"""Addresses of databases, as URLs that psycopg, Django and the PostgreSQL programs all take."""

from typing import Any
from urllib.parse import quote, urlencode

from psycopg.conninfo import conninfo_to_dict

from florin.store.folder import DataFolder

OWNER, ENGINE, PAGES = "florin_owner", "florin_engine", "florin_pages"
DATABASE = "florin"


def dsn_of(folder: DataFolder, *, role: str, database: str = DATABASE) -> str:
    """The embedded server's address of one database for one role. The server need not be running."""
    # The port names the socket's file; a PGPORT in somebody's environment must not.
    where = urlencode({"host": str(folder.sockets), "port": 5432, "user": role})
    return f"postgresql:///{quote(database, safe='')}?{where}"


def django_database(dsn: str, **options: Any) -> dict[str, Any]:
    """The entry of Django's DATABASES for an address; `options` are added to its OPTIONS (a pool, for example)."""
    parts = {name: value for name, value in conninfo_to_dict(dsn).items() if value is not None}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", DATABASE),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "OPTIONS": parts | options,
    }
