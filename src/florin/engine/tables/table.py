"""A table that a batch loads, inserts and updates by (lane, id): its three statements, made once from its columns.

Every statement takes the batch's keys or rows as arrays and unrolls them, sorted, so that two batches lock in one order. On
Citus a batch is one lane and the same statements carry that lane as a constant; nothing else changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple

from psycopg import Connection, Cursor

from florin.engine.tables.arrays import numbers, quoted, texts

Encode = Callable[[Sequence[Any]], str]
Lock = Literal["", "FOR UPDATE OF t SKIP LOCKED", "FOR UPDATE OF t"]

READ: Lock = ""
SHARED: Lock = "FOR UPDATE OF t SKIP LOCKED"
ALONE: Lock = "FOR UPDATE OF t"


_REQUIRED: Any = object()


class Column(NamedTuple):
    """name; type: of the element in the array parameter; encode; cast: from the array's element to the column, if another.

    default: what the column is when an insert leaves it out; a column that is at its default in all rows is left out.
    same: all rows of one insert have one value, so it goes once, not as an array.
    """

    name: str
    type: str
    encode: Encode
    cast: str = ""
    default: Any = _REQUIRED
    same: bool = False


def same(column: Column) -> Column:
    """The column, when all rows of a batch agree on it."""
    return column._replace(same=True)


def smallint(name: str, default: Any = _REQUIRED) -> Column:
    return Column(name, "smallint", numbers, default=default)


def integer(name: str, default: Any = _REQUIRED) -> Column:
    return Column(name, "integer", numbers, default=default)


def bigint(name: str, default: Any = _REQUIRED) -> Column:
    return Column(name, "bigint", numbers, default=default)


def day(name: str, default: Any = _REQUIRED) -> Column:
    return Column(name, "date", numbers, default=default)


def instant(name: str, default: Any = _REQUIRED) -> Column:
    return Column(name, "timestamptz", numbers, default=default)


def text(name: str, default: Any = _REQUIRED) -> Column:
    return Column(name, "text", texts, default=default)


def json(name: str, default: Any = _REQUIRED, *, kept_as: Literal["json", "jsonb"] = "jsonb") -> Column:
    """kept_as: json keeps the text as it is, which for a few short fields is the smaller."""
    return Column(name, "text", quoted, kept_as, default)


def array(name: str, element: str) -> Column:
    return Column(name, "text", numbers, f"{element}[]", None)


class Table:
    """key: the columns that name a row, `lane` first. changing: those that an update writes."""

    def __init__(
        self, name: str, columns: Sequence[Column], *, key: Sequence[str] = ("lane", "id"), changing: Sequence[str] = ()
    ) -> None:
        self.name = name
        self.columns = tuple(columns)
        self.key = tuple(key)
        self.changing = tuple(changing)
        self._inserts: dict[tuple[Column, ...], str] = {}
        self._change = self.change_of(changing)
        self._load = (
            f"SELECT {', '.join(f't.{c.name}' for c in columns)}"
            f" FROM unnest(%s::smallint[], %s::bigint[]) AS k(lane, key_id)"
            f" JOIN {name} t ON t.lane = k.lane AND t.{key[1]} = k.key_id ORDER BY t.lane, t.{key[1]}"
        )

    def change_of(self, changing: Sequence[str]) -> Change:
        """An update of these columns alone, for rows of which nothing else has changed."""
        positions = {column.name: position for position, column in enumerate(self.columns)}
        return Change(self.name, self.key, [(positions[n], self.columns[positions[n]]) for n in (*self.key, *changing)])

    def load(self, connection: Connection, keys: Iterable[tuple[int, int]], lock: Lock) -> list[tuple[Any, ...]]:
        """The rows of these (lane, id) keys, in key order; with SHARED, those that nobody else holds."""
        return self.ask(connection, keys, lock).fetchall()

    def ask(self, connection: Connection, keys: Iterable[tuple[int, int]], lock: Lock) -> Cursor[tuple[Any, ...]]:
        """As `load`, but in a pipeline nothing is waited for: the rows are there when they are fetched."""
        statement, parameters = self.question(keys)
        return connection.cursor(binary=True).execute(f"{statement} {lock}", parameters, prepare=True)

    def question(self, keys: Iterable[tuple[int, int]]) -> tuple[str, tuple[str, str]]:
        """The statement that gives the rows of these keys in key order, and its parameters; for a cursor of another kind."""
        ordered = sorted(keys)
        return self._load, (numbers([lane for lane, _ in ordered]), numbers([identifier for _, identifier in ordered]))

    def insert(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows, each in the order of `columns`. Raises the constraint's violation."""
        if not rows:
            return
        once, many = [], []
        for column, values in zip(self.columns, zip(*rows, strict=True), strict=True):
            if column.same:
                once.append((column, values[0]))
            elif column.default is _REQUIRED or values.count(column.default) < len(rows):
                many.append((column, column.encode(values)))
        columns = tuple([column for column, _ in (*once, *many)])
        statement = self._inserts.get(columns) or self._inserts.setdefault(columns, self._insert_statement(columns))
        connection.execute(statement, [value for _, value in (*once, *many)], prepare=True)

    def update(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Write the changing columns of rows given whole, in the order of `columns`."""
        self._change.write(connection, rows)

    def _insert_statement(self, columns: Sequence[Column]) -> str:
        chosen = ", ".join(f"%s::{c.type}" if c.same else _cast(c) for c in columns)
        arrays = _unnest([c for c in columns if not c.same])
        return f"INSERT INTO {self.name} ({', '.join(c.name for c in columns)}) SELECT {chosen} FROM {arrays}"


class Change:
    """An update of some columns of many rows: one statement, whatever their number."""

    def __init__(self, table: str, key: Sequence[str], columns: Sequence[tuple[int, Column]]) -> None:
        self._columns = columns
        sets = ", ".join(f"{c.name} = {_cast(c)}" for _, c in columns if c.name not in key)
        where = " AND ".join(f"t.{name} = u.{name}" for name in key)
        self._statement = f"UPDATE {table} t SET {sets} FROM {_unnest([c for _, c in columns])} WHERE {where}"

    def write(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """rows: whole, in the order of the table's columns."""
        if rows:
            values = list(zip(*rows, strict=True))
            connection.execute(
                self._statement, [column.encode(values[position]) for position, column in self._columns], prepare=True
            )


def _unnest(columns: Sequence[Column]) -> str:
    arrays = ", ".join(f"%s::{c.type}[]" for c in columns)
    return f"unnest({arrays}) AS u({', '.join(c.name for c in columns)})"


def _cast(column: Column) -> str:
    return f"u.{column.name}::{column.cast}" if column.cast else f"u.{column.name}"
