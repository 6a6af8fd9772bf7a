"""A world with the REST wire in front of it, on a database of the test's own."""

from collections.abc import Iterator

import pytest

from conftest import FreshDatabase
from wires.rest.house import RestHouse
from world import World


@pytest.fixture
def house(fresh_database: FreshDatabase) -> Iterator[RestHouse]:
    with World(fresh_database.engine) as world, RestHouse(world) as made:
        yield made
