"""A world to ask about, and read pools of the roles that ask."""

from collections.abc import Iterator

import pytest

from conftest import FreshDatabase
from florin.queries import ReadPool
from world import World


@pytest.fixture
def world(fresh_database: FreshDatabase) -> Iterator[World]:
    with World(fresh_database.engine) as made:
        yield made


@pytest.fixture
def reads(fresh_database: FreshDatabase, world: World) -> Iterator[ReadPool]:
    """As the engine's role, which the wires use."""
    with ReadPool(fresh_database.engine) as pool:
        yield pool


@pytest.fixture
def pages_reads(fresh_database: FreshDatabase, world: World) -> Iterator[ReadPool]:
    """As the pages' role."""
    with ReadPool(fresh_database.pages) as pool:
        yield pool
