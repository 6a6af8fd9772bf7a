"""The shoppers of the street, as walkers without a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from street_world import RunningStreet, Walker


@pytest.fixture
def mei(street: RunningStreet) -> Iterator[Walker]:
    with Walker(street, "mei") as walker:
        yield walker


@pytest.fixture
def lin(street: RunningStreet) -> Iterator[Walker]:
    with Walker(street, "lin") as walker:
        yield walker


@pytest.fixture
def bo(street: RunningStreet) -> Iterator[Walker]:
    with Walker(street, "bo") as walker:
        yield walker
