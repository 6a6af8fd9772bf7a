"""One street for the module: it is a whole house with five shops."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from street_world import RunningStreet, Walker, running_street


@pytest.fixture(scope="module")
def street() -> Iterator[RunningStreet]:
    with running_street() as running:
        yield running


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
