"""Django's connection as the plain one that `florin.queries` takes: same pool, same role, same counting of queries."""

from __future__ import annotations

from typing import Any

from django.db import connection
from psycopg import Connection


def reading() -> Connection[Any]:
    """This request's connection, as the role that only reads money. It goes back to the pool with the request."""
    connection.ensure_connection()
    return connection.connection
