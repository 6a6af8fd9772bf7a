"""A house on a server of its own, with fsync on: what is killed here must not be shared with other tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from florin.store import ENGINE, OWNER, EmbeddedPostgres, temporary_data_dir
from florin.store.migrate import migrate
from florin.store.session import prepare
from world import World


@pytest.fixture
def own_server() -> Iterator[EmbeddedPostgres]:
    """As an operator runs it, only smaller; started again by its supervisor when it dies."""
    with temporary_data_dir() as folder, EmbeddedPostgres(Path(folder), {"shared_buffers": "32MB"}) as server:
        prepare(server)
        migrate(server.dsn(OWNER))
        yield server


@pytest.fixture
def house(own_server: EmbeddedPostgres) -> Iterator[World]:
    """Eight shoppers with credit and money, in a house whose database may die."""
    with World(own_server.dsn(ENGINE), connections=2) as world:
        for n in range(8):
            world.person(f"shopper-{n}", limit_minor=5_000_000, wallet_minor=1_000_000)
        yield world
