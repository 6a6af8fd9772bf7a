"""Rows of the engine's tables, for whoever asks: also over the pages' connection, which binds on the client and reads text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, LiteralString, TypeVar

import msgspec
from psycopg import Connection, Cursor
from psycopg.rows import tuple_row
from psycopg.types.json import set_json_loads

from florin.engine import lane_of
from florin.engine.tables.event import event_from
from florin.engine.tables.table import Table
from florin.events import Event
from florin.queries import is_id

State = TypeVar("State")


def states_of(
    connection: Connection[Any], table: Table, state_of: Callable[[tuple[Any, ...]], State], identifiers: Iterable[int]
) -> list[State]:
    """The states that rows of these ids hold, in the order of their keys; those that are not there are left out."""
    keys = [(lane_of(identifier), identifier) for identifier in identifiers if is_id(identifier)]
    return [state_of(row) for row in asked(connection, *table.question(keys))] if keys else []


def events_asked(connection: Connection[Any], statement: LiteralString, **parameters: Any) -> list[Event]:
    """The events of a question whose columns begin as `event_from` wants them."""
    return [event_from(row) for row in asked(connection, statement, parameters)]


def asked(connection: Connection[Any], statement: str, parameters: Any) -> Iterator[tuple[Any, ...]]:
    with Cursor(connection, row_factory=tuple_row) as cursor:
        set_json_loads(msgspec.json.decode, cursor)
        yield from cursor.execute(statement, parameters, binary=True)
