"""Keys are made once; one house serves the tests of a module, each with order numbers of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from conftest import FreshDatabase
from florin.wires.keys.forms import new_private_key
from wires.wechatpay.house import House, Shop
from wires.wechatpay.listener import Listener
from world import World


@pytest.fixture(scope="session")
def shop_key() -> rsa.RSAPrivateKey:
    return new_private_key()


@pytest.fixture(scope="session")
def stranger_key() -> rsa.RSAPrivateKey:
    return new_private_key()


@pytest.fixture(scope="module")
def house(
    new_database: Callable[[], AbstractContextManager[FreshDatabase]],
    shop_key: rsa.RSAPrivateKey,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    """alice has a line of ¥50,000 and ¥500 in her wallet, bob has neither."""
    with new_database() as database, World(database.engine) as world:
        made = House(world, shop_key, tmp_path_factory.mktemp("keys"))
        world.person("alice", limit_minor=5_000_000, wallet_minor=50_000)
        world.person("bob")
        yield made
        made.close()


@pytest.fixture
def shop(house: House) -> Shop:
    """The tea house's merchant number in the escrow market."""
    return Shop(house)


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()
