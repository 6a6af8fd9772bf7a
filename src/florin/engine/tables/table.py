"""A table that a batch loads, inserts and updates by (lane, id): its three statements, made once from its columns.

Every statement takes the batch's keys or rows as arrays and unrolls them, sorted, so that two batches lock in one order. On
Citus a batch is one lane and the same statements carry that lane as a constant; nothing else changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple

from psycopg import Connection

from florin.engine.tables.arrays import byte_strings, nested, numbers, texts, times

Encode = Callable[[Iterable[Any]], str]
Lock = Literal["", "FOR UPDATE OF t SKIP LOCKED", "FOR UPDATE OF t"]

READ: Lock = ""
SHARED: Lock = "FOR UPDATE OF t SKIP LOCKED"
ALONE: Lock = "FOR UPDATE OF t"


class Column(NamedTuple):
    """name; type: of the element in the array parameter; encode; cast: from the array's element to the column, if another."""

    name: str
    type: str
    encode: Encode
    cast: str = ""


def smallint(name: str) -> Column:
    return Column(name, "smallint", numbers)


def integer(name: str) -> Column:
    return Column(name, "integer", numbers)


def bigint(name: str) -> Column:
    return Column(name, "bigint", numbers)


def day(name: str) -> Column:
    return Column(name, "date", numbers)


def instant(name: str) -> Column:
    return Column(name, "timestamptz", times)


def text(name: str) -> Column:
    return Column(name, "text", texts)


def json(name: str) -> Column:
    return Column(name, "text", texts, "jsonb")


def raw(name: str) -> Column:
    return Column(name, "bytea", byte_strings)


def array(name: str, element: str) -> Column:
    return Column(name, "text", nested, f"{element}[]")


class Table:
    """key: the columns that name a row, `lane` first. changing: those that an update writes."""

    def __init__(
        self, name: str, columns: Sequence[Column], *, key: Sequence[str] = ("lane", "id"), changing: Sequence[str] = ()
    ) -> None:
        self.name = name
        self.columns = tuple(columns)
        by_name = {column.name: column for column in columns}
        self._updated = tuple(by_name[n] for n in (*key, *changing)) if changing else ()
        self._inserted_at = [column.name for column in columns]
        self.update_positions = tuple(self._inserted_at.index(column.name) for column in self._updated)
        self._insert = self._insert_statement()
        self._update = self._update_statement(key, changing) if changing else ""
        self._load = (
            f"SELECT {', '.join(f't.{c.name}' for c in columns)}"
            f" FROM unnest(%s::smallint[], %s::bigint[]) AS k(lane, key_id)"
            f" JOIN {name} t ON t.lane = k.lane AND t.{key[1]} = k.key_id ORDER BY t.lane, t.{key[1]}"
        )

    def load(self, connection: Connection, keys: Iterable[tuple[int, int]], lock: Lock) -> list[tuple[Any, ...]]:
        """The rows of these (lane, id) keys, in key order; with SHARED, those that nobody else holds."""
        ordered = sorted(keys)
        if not ordered:
            return []
        parameters = (numbers(lane for lane, _ in ordered), numbers(identifier for _, identifier in ordered))
        statement = f"{self._load} {lock}"
        with connection.cursor(binary=True) as cursor:
            return cursor.execute(statement, parameters, prepare=True).fetchall()

    def insert(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows, each in the order of `columns`. Raises the constraint's violation."""
        if rows:
            parameters = [c.encode(values) for c, values in zip(self.columns, zip(*rows, strict=True), strict=True)]
            connection.execute(self._insert, parameters, prepare=True)

    def update(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Write the changing columns of rows given whole, in the order of `columns`."""
        if rows:
            columns = list(zip(*rows, strict=True))
            parameters = [
                c.encode(columns[position]) for c, position in zip(self._updated, self.update_positions, strict=True)
            ]
            connection.execute(self._update, parameters, prepare=True)

    def _insert_statement(self) -> str:
        return (
            f"INSERT INTO {self.name} ({', '.join(c.name for c in self.columns)})"
            f" SELECT {', '.join(_cast(c, 'u.') for c in self.columns)} FROM {_unnest(self.columns)}"
        )

    def _update_statement(self, key: Sequence[str], changing: Sequence[str]) -> str:
        sets = ", ".join(f"{c.name} = {_cast(c, 'u.')}" for c in self._updated if c.name in changing)
        where = " AND ".join(f"t.{name} = u.{name}" for name in key)
        return f"UPDATE {self.name} t SET {sets} FROM {_unnest(self._updated)} WHERE {where}"


def _unnest(columns: Sequence[Column]) -> str:
    arrays = ", ".join(f"%s::{c.type}[]" for c in columns)
    return f"unnest({arrays}) AS u({', '.join(c.name for c in columns)})"


def _cast(column: Column, prefix: str) -> str:
    return f"{prefix}{column.name}::{column.cast}" if column.cast else f"{prefix}{column.name}"
