"""A merchant as the house's owner reads him: his state, and where he sells."""

from __future__ import annotations

from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import class_row


class MerchantView(msgspec.Struct, frozen=True, kw_only=True):
    """state: open, frozen or closed. market, category: as sub-limits name them."""

    id: int
    state: str
    market: str
    category: str


def merchant_by_id(connection: Connection[Any], *, merchant_id: int) -> MerchantView | None:
    """None when there is no such merchant."""
    with connection.cursor(row_factory=class_row(MerchantView)) as cursor:
        return cursor.execute(_MERCHANT, {"id": merchant_id}).fetchone()


_MERCHANT = "SELECT id, state, market, category FROM merchant WHERE id = %(id)s"
