"""A world on a database of the test's own."""

from collections.abc import Iterator

import pytest

from conftest import FreshDatabase
from world import World


@pytest.fixture
def world(fresh_database: FreshDatabase) -> Iterator[World]:
    with World(fresh_database.engine) as made:
        yield made
