"""Real clients of the WeChat wire, their signature checks on, against the gateway over a real engine, served by granian."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from conftest import FreshDatabase
from florin.engine import admin
from florin.payments.settlement_terms import SettlementTerms
from florin.wires.keys.forms import new_private_key, private_key_base64, public_key_base64
from florin.wires.wechatpay.names import appid_of, serial_no_of
from florin.wires.wechatpay.routes import wechatpay_routes
from sdk.sdks import HERE, TIMEOUT_S, free_address
from sdk.stub import served
from wires.wechatpay.house import APIV3_KEY, DIRECT_SHOP, ESCROW_SHOP, House, Shop
from wires.wechatpay.listener import Listener
from world import SHOP, World

pytestmark = pytest.mark.sdk
DRIVERS = 1900000009


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

    def run(self, served: Served, listener: Listener | None, *calls: dict[str, Any]) -> list[Any]:
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
            "notify_url": "http://127.0.0.1:9/notify" if listener is None else listener.url,
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
        world.person("bob")
        house = House(world, new_private_key(), tmp_path_factory.mktemp("keys"))
        stack.callback(house.close)
        application = Litestar(list(wechatpay_routes(house.gateway, house.phone)), logging_config=None)
        yield Served(house, stack.enter_context(served(application, *address)))


@pytest.fixture(scope="module")
def drivers(open_house: Served) -> str:
    """The number of another merchant, with whom the direct shop may share."""
    open_house.house.another_merchant(DRIVERS, merchant_id=(7 << 40) | 9, name="Drivers")
    return str(DRIVERS)


@pytest.fixture(scope="module")
def savings(open_house: Served) -> int:
    """What the direct shop sold yesterday, of which nothing is paid out yet."""
    house, world = open_house.house, open_house.house.world
    terms = SettlementTerms(from_on=world.today, payout_minor_min=10**9)
    admin.set_settlement_terms(world.connection, SHOP, terms, by="anna", reason="test")
    world.connection.commit()
    Shop(house, DIRECT_SHOP).paid("alice", "savings-1", 30_000)
    house.later(world.today + timedelta(days=1))
    return world.balance("MERCHANT_AVAILABLE", SHOP)


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


# ── money to others ───────────────────────────────────────────────────────────────────────────────────────────────


def test_an_order_is_shared_returned_and_released(program: tuple[str, Path, Path], open_house: Served, drivers: str):
    client, house = Client(*program, in_key_mode=True, app_id=DIRECT_SHOP), open_house.house
    number = client.number
    driver = {"account_type": "MERCHANT_ID", "account": drivers, "relation_type": "PARTNER", "name": "Drivers"}
    stranger = {**driver, "name": "Others"}
    staff = {"account_type": "PERSONAL_OPENID", "account": house.openid("bob"), "relation_type": "STAFF", "name": "bob"}
    order = {"description": "ride", "amount": {"total": 10_000}, "settle_info": {"profit_sharing": True}}

    added, refused, with_bob, _ = client.run(
        open_house,
        None,
        {"do": "profitsharing_add_receiver", "given": driver},
        {"do": "profitsharing_add_receiver", "given": stranger},
        {"do": "profitsharing_add_receiver", "given": staff},
        {"do": "native", "given": {"out_trade_no": number("ride"), **order}},
    )
    assert (added["code"], with_bob["code"], refused["message"]["detail"]["field"]) == (200, 200, "/name")

    house.pay("alice", number("ride"))
    trade = str(house.trade_id(number("ride")))
    parts = [
        {"type": "MERCHANT_ID", "account": drivers, "amount": 2_000, "description": "a ride"},
        {"type": "PERSONAL_OPENID", "account": house.openid("bob"), "amount": 500, "description": "tip"},
    ]
    given = {
        "transaction_id": trade,
        "out_order_no": number("s1"),
        "receivers": parts,
        "unfreeze_unsplit": False,
    }
    back = {"return_mchid": drivers, "amount": 700, "description": "too much", "out_order_no": number("s1")}
    rest = {"transaction_id": trade, "out_order_no": number("s2"), "description": "done"}
    before, shared, again, seen, returned, back_seen, released, left, most, more, gone = client.run(
        open_house,
        None,
        {"do": "profitsharing_amount_query", "given": {"transaction_id": trade}},
        {"do": "profitsharing_order", "given": given},
        {"do": "profitsharing_order", "given": given},
        {"do": "profitsharing_order_query", "given": {"transaction_id": trade, "out_order_no": number("s1")}},
        {"do": "profitsharing_return", "given": {"out_return_no": number("r1"), **back}},
        {
            "do": "profitsharing_return_query",
            "given": {"out_order_no": number("s1"), "out_return_no": number("r1")},
        },
        {"do": "profitsharing_unfreeze", "given": rest},
        {"do": "profitsharing_amount_query", "given": {"transaction_id": trade}},
        {"do": "profitsharing_config_query", "given": {"sub_mchid": str(DIRECT_SHOP)}},
        {"do": "profitsharing_order", "given": {**given, "out_order_no": number("s3")}},
        {"do": "profitsharing_delete_receiver", "given": {"account_type": "MERCHANT_ID", "account": drivers}},
    )

    assert before["message"]["unsplit_amount"] == 9_940
    assert (shared["message"]["state"], shared) == ("FINISHED", again)
    assert shared == seen
    assert [each["amount"] for each in shared["message"]["receivers"]] == [2_000, 500]
    assert (returned["message"]["result"], returned) == ("SUCCESS", back_seen)
    assert [(each["account"], each["amount"]) for each in released["message"]["receivers"]] == [
        (str(DIRECT_SHOP), 7_440)
    ]
    assert (left["message"]["unsplit_amount"], most["message"]["max_ratio"]) == (0, 3_000)
    assert (more["code"], more["message"]["code"], gone["code"]) == (400, "INVALID_REQUEST", 200)
    house.world.assert_books_hold()


def test_a_batch_of_transfers_is_made_and_looked_up_by_every_number(
    program: tuple[str, Path, Path], open_house: Served, savings: int
):
    client, house = Client(*program, in_key_mode=True, app_id=DIRECT_SHOP), open_house.house
    out_batch_no = client.number("wages").replace("-", "")
    detail = {"transfer_remark": "March", "openid": house.openid("bob"), "user_name": "bob"}
    batch = {
        "out_batch_no": out_batch_no,
        "batch_name": "工资",
        "batch_remark": "三月",
        "total_amount": 3_000,
        "total_num": 2,
        "transfer_detail_list": [
            {"out_detail_no": f"{out_batch_no}a", "transfer_amount": 1_000, **detail},
            {"out_detail_no": f"{out_batch_no}b", "transfer_amount": 2_000, **detail},
        ],
    }
    other = {**batch, "out_batch_no": f"{out_batch_no}x", "transfer_detail_list": [
        {**each, "out_detail_no": f"{each['out_detail_no']}x", "user_name": "alice"} for each in batch["transfer_detail_list"]
    ]}  # fmt: skip
    before_minor, available_minor = house.world.wallet_minor("bob"), house.world.balance("MERCHANT_AVAILABLE", SHOP)
    assert savings >= available_minor >= 3_000

    made, refused, listed = client.run(
        open_house,
        None,
        {"do": "transfer_batch", "given": batch},
        {"do": "transfer_batch", "given": other},
        {
            "do": "transfer_query_out_batch_no",
            "given": {"out_batch_no": out_batch_no, "need_query_detail": True, "detail_status": "ALL"},
        },
    )
    batch_id = made["message"]["batch_id"]
    details = listed["message"]["transfer_detail_list"]
    by_id, first, second = client.run(
        open_house,
        None,
        {"do": "transfer_query_batchid", "given": {"batch_id": batch_id, "need_query_detail": False}},
        {
            "do": "transfer_query_out_detail_no",
            "given": {"out_batch_no": out_batch_no, "out_detail_no": f"{out_batch_no}a"},
        },
        {"do": "transfer_query_detail_id", "given": {"batch_id": batch_id, "detail_id": details[1]["detail_id"]}},
    )

    assert (made["message"]["batch_status"], refused["message"]["detail"]["field"]) == (
        "FINISHED",
        "/transfer_detail_list/0/user_name",
    )
    assert house.world.wallet_minor("bob") - before_minor == 3_000
    assert available_minor - house.world.balance("MERCHANT_AVAILABLE", SHOP) == 3_000
    assert by_id["message"]["transfer_batch"] == listed["message"]["transfer_batch"]
    assert by_id["message"]["transfer_batch"]["success_num"] == 2
    assert [each["message"]["transfer_amount"] for each in (first, second)] == [1_000, 2_000]
    house.world.assert_books_hold()
