from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from litestar import Litestar

from conftest import FreshDatabase
from florin.wires.alipay.call import CallingApp
from florin.wires.alipay.routes import AbsoluteFormTargets, BesideV3, alipay_routes
from florin.wires.keys import forms as keys
from sdk.sdks import HERE, Sdk, Shop, free_address
from sdk.served import Served
from sdk.stub import Stub, served
from wires.alipay.house import House
from wires.alipay.listener import Listener
from world import World

APP_ID = "2026030200000001"


@pytest.fixture(scope="session", params=["alipay-sdk-python", "python-alipay-sdk", "npm alipay-sdk"])
def sdk(request: pytest.FixtureRequest, sdk_python: Callable[[str], Path]) -> Sdk:
    """Each of the three, in turn."""
    if request.param == "alipay-sdk-python":
        return Sdk(
            request.param, sdk_python("alipay-official"), HERE / "official_driver.py", needs_port_80=True, stays=True
        )
    if request.param == "python-alipay-sdk":
        return Sdk(request.param, sdk_python("alipay-fzlee"), HERE / "fzlee_driver.py", stays=True)
    node: Path = request.getfixturevalue("node")
    return Sdk(request.param, node, HERE / "npm" / "driver.mjs")


@pytest.fixture(scope="session")
def shop_key() -> rsa.RSAPrivateKey:
    return keys.new_private_key()


@pytest.fixture(scope="session")
def platform_key() -> rsa.RSAPrivateKey:
    return keys.new_private_key()


@pytest.fixture(scope="session")
def stub(shop_key: rsa.RSAPrivateKey, platform_key: rsa.RSAPrivateKey) -> Stub:
    return Stub(CallingApp(app_id=APP_ID, public_keys=(shop_key.public_key(),), platform_key=platform_key))


@pytest.fixture(scope="session")
def gateways(stub: Stub) -> Iterator[dict[bool, str | None]]:
    """The stub's address on a port of its own and, where this user may bind it, on 80: {needs_port_80: address}."""
    own, eighty = free_address(0), free_address(80)
    assert own is not None
    with served(stub, *own) as address:
        if eighty is None:
            yield {False: f"{address}/gateway.do", True: None}
            return
        with served(stub, *eighty) as address_80:
            yield {False: f"{address}/gateway.do", True: f"{address_80}/gateway.do"}


@pytest.fixture
def shop(
    sdk: Sdk, gateways: dict[bool, str | None], shop_key: rsa.RSAPrivateKey, platform_key: rsa.RSAPrivateKey
) -> Shop:
    """The tea house, configured for this SDK as its own documentation says."""
    gateway = gateways[sdk.needs_port_80]
    if gateway is None:
        pytest.skip(f"{sdk.name} refuses an address with a port, and this user may not bind port 80")
    return Shop(
        gateway=gateway,
        app_id=APP_ID,
        app_private_key=keys.private_key_base64(shop_key),
        platform_public_key=keys.public_key_base64(platform_key.public_key()),
    )


# ── a house behind a server ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def open_house(
    new_database: Callable[[], AbstractContextManager[FreshDatabase]],
    shop_key: rsa.RSAPrivateKey,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    """alice has a line of ¥10,000; each test uses order numbers of its own."""
    own, eighty = free_address(0), free_address(80)
    assert own is not None
    with ExitStack() as stack:
        database = stack.enter_context(new_database())
        world = stack.enter_context(World(database.engine))
        world.person("alice", limit_minor=1_000_000, wallet_minor=50_000)
        house = House(world, shop_key, tmp_path_factory.mktemp("keys"))
        stack.callback(house.close)
        application = AbsoluteFormTargets(
            BesideV3(Litestar(list(alipay_routes(house.gateway)), logging_config=None), house.gateway)
        )
        address = stack.enter_context(served(application, *own))
        address_80 = stack.enter_context(served(application, *eighty)) if eighty else None
        yield Served(house, {False: address, True: address_80})


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()
