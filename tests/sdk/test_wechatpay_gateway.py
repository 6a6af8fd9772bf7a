"""Real clients of the WeChat wire, their signature checks on, against the gateway over a real engine, served by granian."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from conftest import FreshDatabase
from florin.engine import admin
from florin.wires.keys.forms import new_private_key, private_key_base64, public_key_base64
from florin.wires.wechatpay.names import appid_of, serial_no_of
from florin.wires.wechatpay.routes import wechatpay_routes
from sdk.sdks import HERE, TIMEOUT_S, free_address
from sdk.stub import served
from wires.wechatpay.house import APIV3_KEY, DIRECT_SHOP, ESCROW_SHOP, House
from wires.wechatpay.listener import Listener
from world import World

pytestmark = pytest.mark.sdk


@dataclass
class Served:
    house: House
    url: str


@dataclass(frozen=True)
class Client:
    """A program with an SDK. in_key_mode: it checks us by our public key's id, else by the certificate."""

    name: str
    program: Path
    driver: Path
    in_key_mode: bool
    app_id: int = ESCROW_SHOP

    def number(self, what: str) -> str:
        return f"{what}-{self.name[9:].strip('-')}-{'key' if self.in_key_mode else 'cert'}"

    def run(self, served: Served, listener: Listener, *calls: dict[str, Any]) -> list[Any]:
        """One answer a call; what the SDK raised fails the test with its words."""
        house, our = served.house, served.house.clients.ours(self.app_id)[0]
        order = {
            "gateway": served.url,
            "mchid": str(self.app_id),
            "appid": appid_of(self.app_id),
            "serial_no": serial_no_of(house.key.public_key()),
            "private_key": private_key_base64(house.key, "PKCS8"),
            "apiv3_key": APIV3_KEY,
            "public_key": public_key_base64(our.private.public_key()),
            "public_key_id": our.public_key_id if self.in_key_mode else "",
            "certificate_serial_no": our.serial_no,
            "notify_url": listener.url,
            "calls": calls,
        }
        done = subprocess.run(
            [self.program, self.driver],
            input=json.dumps(order),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            cwd=self.driver.parent,
            check=False,
        )
        assert done.returncode == 0, f"{self.name} failed to start:\n{done.stderr[-2000:]}"
        results: list[dict[str, Any]] = json.loads(done.stdout)
        raised = [result["error"] for result in results if "error" in result]
        assert not raised, f"{self.name} raised {raised}"
        return [result["answer"] for result in results]


@pytest.fixture(scope="module", params=["wechatpayv3", "wechatpay-axios-plugin"])
def program(request: pytest.FixtureRequest, sdk_python: Callable[[str], Path]) -> tuple[str, Path, Path]:
    if request.param == "wechatpayv3":
        return request.param, sdk_python("wechatpayv3"), HERE / "wechatpayv3_driver.py"
    return request.param, request.getfixturevalue("node"), HERE / "npm" / "wechatpay_driver.mjs"


@pytest.fixture(scope="module")
def open_house(
    new_database: Callable[[], AbstractContextManager[FreshDatabase]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """alice has a line of ¥10,000; each test uses order numbers of its own."""
    address = free_address(0)
    assert address is not None
    with ExitStack() as stack:
        world = stack.enter_context(World(stack.enter_context(new_database()).engine))
        world.person("alice", limit_minor=1_000_000)
        house = House(world, new_private_key(), tmp_path_factory.mktemp("keys"))
        stack.callback(house.close)
        application = Litestar(list(wechatpay_routes(house.gateway, house.phone)), logging_config=None)
        yield Served(house, stack.enter_context(served(application, *address)))


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


@pytest.mark.parametrize("in_key_mode", [False, True], ids=["certificates", "public key"])
def test_a_sale_from_the_code_to_the_verified_notify_and_the_refund(
    program: tuple[str, Path, Path], in_key_mode: bool, open_house: Served, listener: Listener
):
    client, house = Client(*program, in_key_mode), open_house.house
    tea, unpaid, back = client.number("tea"), client.number("cup"), client.number("back")
    order = {"description": "茶具 {tea} & more", "amount": {"total": 19_900, "currency": "CNY"}}

    asked, waiting, other, closed, gone, unknown = client.run(
        open_house,
        listener,
        {"do": "native", "given": {"out_trade_no": tea, "attach": "桌 7", **order}},
        {"do": "query", "given": {"out_trade_no": tea}},
        {"do": "native", "given": {"out_trade_no": unpaid, **order}},
        {"do": "close", "given": {"out_trade_no": unpaid}},
        {"do": "query", "given": {"out_trade_no": unpaid}},
        {"do": "query", "given": {"out_trade_no": "never-asked"}},
    )

    assert asked["message"]["code_url"].startswith("http://pages.test/q/")
    assert (waiting["message"]["trade_state"], waiting["message"]["attach"]) == ("NOTPAY", "桌 7")
    assert (other["code"], closed) == (200, {"code": 204, "message": {}})
    assert gone["message"]["trade_state"] == "CLOSED"
    assert (unknown["code"], unknown["message"]["code"]) == (404, "ORDER_NOT_EXIST")

    house.pay("alice", tea)
    house.deliver()
    told = listener.told[-1]
    refund = {
        "out_trade_no": tea,
        "out_refund_no": back,
        "amount": {"refund": 6_000, "total": 19_900, "currency": "CNY"},
    }
    notified, paid, part, again, seen, over = client.run(
        open_house,
        listener,
        {"do": "check_notify", "headers": told.headers, "body": told.body.decode()},
        {"do": "query", "given": {"out_trade_no": tea}},
        {"do": "refund", "given": refund},
        {"do": "refund", "given": refund},
        {"do": "query_refund", "given": {"out_refund_no": back}},
        {
            "do": "refund",
            "given": {**refund, "out_refund_no": f"{back}-2", "amount": {**refund["amount"], "refund": 19_900}},
        },
    )

    assert (notified["event_type"], notified["resource"]) == ("TRANSACTION.SUCCESS", paid["message"])
    assert paid["message"]["trade_state"] == "SUCCESS"
    assert (part["code"], part["message"]["status"]) == (200, "SUCCESS")
    assert part == again == seen
    assert (over["code"], over["message"]["code"]) == (400, "INVALID_REQUEST")
    name = {True: "PUB_KEY_ID_", False: ""}[in_key_mode]
    assert told.headers["Wechatpay-Serial"].startswith(name)


def test_a_client_that_names_no_key_is_answered_by_the_one_it_knows(
    sdk_python: Callable[[str], Path], open_house: Served, listener: Listener
):
    """pay-py-kit, written by no vendor: in public-key mode by the app's own setting."""
    house = open_house.house
    admin.set_public_key_mode(house.world.connection, DIRECT_SHOP, True)
    house.world.connection.commit()
    driver = HERE / "pay_kit_driver.py"
    client = Client("wechatpay-kit", sdk_python("alipay-v3"), driver, in_key_mode=True, app_id=DIRECT_SHOP)
    order = {"subject": "茶具", "total_amount": 19_900}

    asked, signed, waiting, closed, gone = client.run(
        open_house,
        listener,
        {"do": "native", "given": {"out_trade_no": "kit-tea", **order}},
        {"do": "jsapi", "given": {"out_trade_no": "kit-page", "openid": house.openid("alice"), **order}},
        {"do": "query", "given": {"out_trade_no": "kit-tea"}},
        {"do": "close", "given": {"out_trade_no": "kit-page"}},
        {"do": "query", "given": {"out_trade_no": "kit-page"}},
    )

    assert asked["credential"]["code_url"].startswith("http://pages.test/q/")
    assert (waiting["status"], closed, gone["status"]) == ("pending", None, "closed")
    redeemed = httpx.get(f"{open_house.url}/wechatpay/phone", params=signed["credential"], trust_env=False)
    assert redeemed.headers["location"].startswith("http://pages.test/pay/")

    house.pay("alice", "kit-tea")
    house.deliver()
    told = listener.told[-1]
    refund = {"out_trade_no": "kit-tea", "out_refund_no": "kit-back", "refund_amount": 100, "total_amount": 19_900}
    notified, paid, back, seen = client.run(
        open_house,
        listener,
        {"do": "check_notify", "headers": told.headers, "body": told.body.decode()},
        {"do": "query", "given": {"out_trade_no": "kit-tea"}},
        {"do": "refund", "given": refund},
        {"do": "query_refund", "given": {"out_refund_no": "kit-back"}},
    )

    assert (notified["event_type"], notified["out_trade_no"]) == ("TRANSACTION.SUCCESS", "kit-tea")
    assert (paid["status"], back["status"], seen["status"]) == ("paid", "success", "success")
