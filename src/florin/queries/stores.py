"""Stores and their tills: as the operator, a merchant and a shopper who scanned a code see them."""

from __future__ import annotations

from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import class_row

STORES_MAX = 10_000


class TerminalRow(msgspec.Struct, frozen=True, kw_only=True):
    """A till. id: ours, which its printed code names. code: the merchant's own."""

    id: int
    code: str
    app_id: int
    state: str


class StoreRow(msgspec.Struct, frozen=True, kw_only=True):
    """A store with its tills. code: the merchant's own number."""

    id: int
    merchant_id: int
    code: str
    name: str
    name_zh: str
    address: str
    state: str
    terminals: list[TerminalRow]


_STORES = """
    SELECT s.id, s.merchant_id, s.code, s.name, s.name_zh, s.address, s.state,
           coalesce((SELECT jsonb_agg(jsonb_build_object('id', t.id, 'code', t.code, 'app_id', t.app_id, 'state', t.state)
                                      ORDER BY t.code)
                       FROM terminal t WHERE t.store_id = s.id), '[]')::text AS terminals
      FROM store s
     WHERE s.merchant_id = %(merchant_id)s
  ORDER BY s.code
     LIMIT %(limit)s
"""


def stores_of(connection: Connection[Any], *, merchant_id: int, limit: int = STORES_MAX) -> list[StoreRow]:
    """Every store of a merchant, closed ones too, by his own numbers."""
    with connection.cursor(row_factory=class_row(_Row)) as cursor:
        return [_store(row) for row in cursor.execute(_STORES, {"merchant_id": merchant_id, "limit": limit})]


_terminals = msgspec.json.Decoder(list[TerminalRow])


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    merchant_id: int
    code: str
    name: str
    name_zh: str
    address: str
    state: str
    terminals: str


def _store(row: _Row) -> StoreRow:
    fields = {name: getattr(row, name) for name in row.__struct_fields__ if name != "terminals"}
    return StoreRow(**fields, terminals=_terminals.decode(row.terminals))
