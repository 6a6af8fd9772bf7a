"""Array literals: whatever goes in comes out of PostgreSQL as it was."""

from __future__ import annotations

from datetime import UTC, date, datetime

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from florin.engine.tables.arrays import numbers, quoted, texts
from world import World

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@pytest.fixture
def connection(world: World) -> psycopg.Connection:
    return world.connection


def unrolled(connection: psycopg.Connection, literal: str, element: str) -> list:
    return [value for (value,) in connection.execute(f"SELECT unnest(%s::{element}[])", (literal,))]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    values=st.lists(
        st.none() | ANY_TEXT | st.sampled_from(["NULL", "null", "", "{}", '"', "\\", "a,b", "\n", "茶"]), min_size=1
    )
)
def test_texts_come_back_as_they_were(connection: psycopg.Connection, values: list[str | None]) -> None:
    assert unrolled(connection, texts(values), "text") == values
    assert unrolled(connection, quoted(values), "text") == values


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(values=st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_integers_come_back_as_they_were(connection: psycopg.Connection, values: list[int | None]) -> None:
    assert unrolled(connection, numbers(values), "bigint") == values


def test_dates_instants_and_array_literals_come_back_as_they_were(connection: psycopg.Connection) -> None:
    days = [date(2026, 3, 2), None, date(1, 1, 1)]
    instants = [datetime(2026, 3, 2, 1, 2, 3, 456789, UTC), None]
    arrays = ["{3,-6}", None, "{1,NULL}"]

    assert unrolled(connection, numbers(days), "date") == days
    assert unrolled(connection, numbers(instants), "timestamptz") == instants
    assert unrolled(connection, numbers(arrays), "text") == arrays
