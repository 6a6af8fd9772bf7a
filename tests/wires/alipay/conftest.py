"""Keys that every test of this wire may use: making one takes a tenth of a second, so they are made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from conftest import FreshDatabase
from florin.wires.keys import forms as keys
from wires.alipay.house import House, Shop
from world import World


@pytest.fixture(scope="session")
def shop_key() -> rsa.RSAPrivateKey:
    """The tea house signs its requests with it."""
    return keys.new_private_key()


@pytest.fixture(scope="session")
def platform_key() -> rsa.RSAPrivateKey:
    """We sign answers and notifies with it."""
    return keys.new_private_key()


@pytest.fixture(scope="session")
def stranger_key() -> rsa.RSAPrivateKey:
    return keys.new_private_key()


@pytest.fixture(scope="module")
def open_house(
    new_database: Callable[[], AbstractContextManager[FreshDatabase]],
    shop_key: rsa.RSAPrivateKey,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    """One house for the many tests that only knock: each uses order numbers of its own."""
    with new_database() as database, World(database.engine) as world:
        made = House(world, shop_key, tmp_path_factory.mktemp("keys"))
        yield made
        made.close()


@pytest.fixture
def house(fresh_database: FreshDatabase, shop_key: rsa.RSAPrivateKey, tmp_path: Path) -> Iterator[House]:
    """alice has a line of ¥10,000 and ¥500 in her wallet, bob has neither."""
    with World(fresh_database.engine) as world:
        made = House(world, shop_key, tmp_path)
        world.person("alice", limit_minor=1_000_000, wallet_minor=50_000)
        world.person("bob")
        yield made
        made.close()


@pytest.fixture
def shop(house: House) -> Shop:
    """The tea house's app in the escrow market."""
    return Shop(house)
