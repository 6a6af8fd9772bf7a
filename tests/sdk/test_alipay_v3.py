"""OpenAPI v3 with npm alipay-sdk's `curl`, which verifies every answer, and with pay-py-kit, over a real engine."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from florin.app.certificates import certificates_of
from florin.engine import admin
from florin.wires.keys import forms as keys
from florin.wires.keys import load_master_key
from sdk.sdks import HERE, Sdk
from sdk.served import Served
from wires.alipay.house import CASHIER, ESCROW_SHOP
from wires.alipay.house import Shop as Client

pytestmark = pytest.mark.sdk

AES_KEY = b"0123456789abcdef"


@pytest.fixture(scope="module")
def npm(node: Path) -> Sdk:
    return Sdk("npm alipay-sdk", node, HERE / "npm" / "driver.mjs")


@pytest.fixture(scope="module")
def pay_kit(sdk_python: Callable[[str], Path]) -> Sdk:
    return Sdk("pay-py-kit", sdk_python("alipay-v3"), HERE / "v3_driver.py")


def post(path: str, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"do": "curl", "method": "POST", "path": f"/v3/alipay/{path}", "body": body, **more}


def order(number: str, amount: str = "199.00") -> dict[str, str]:
    return {"out_trade_no": number, "total_amount": amount, "subject": "茶具 {tea} & more"}


def test_a_sale_and_its_refund_over_v3(npm: Sdk, open_house: Served):
    house, shop = open_house.house, open_house.shop()
    asked, page = npm.run(shop, post("trade/precreate", order("v3-1")), post("trade/page/pay", order("v3-2")))
    assert house.pay("alice", "v3-1").event is not None
    trade_no = Client(house).call("alipay.trade.query", out_trade_no="v3-1")["trade_no"]

    paid, part, again, seen, over, absent = npm.run(
        shop,
        post("trade/query", {"out_trade_no": "v3-1"}),
        post("trade/refund", {"trade_no": trade_no, "refund_amount": "60.00", "out_request_no": "r1"}),
        post("trade/refund", {"trade_no": trade_no, "refund_amount": "60.00", "out_request_no": "r1"}),
        post("trade/fastpay/refund/query", {"trade_no": trade_no, "out_request_no": "r1"}),
        post("trade/refund", {"trade_no": trade_no, "refund_amount": "140.00", "out_request_no": "r2"}),
        post("trade/query", {"out_trade_no": "never"}),
    )

    assert asked["answer"] == {"status": 200, "data": {"out_trade_no": "v3-1", "qr_code": CASHIER.code(int(trade_no))}}
    assert page["answer"]["data"]["page_redirection_data"].startswith("http://pages.test/")
    assert (paid["answer"]["status"], paid["answer"]["data"]["trade_status"]) == (200, "TRADE_SUCCESS")
    assert paid["answer"]["data"]["subject"] == "茶具 {tea} & more"
    assert (part["answer"]["data"]["fund_change"], again["answer"]["data"]["fund_change"]) == ("Y", "N")
    assert seen["answer"]["data"]["refund_amount"] == "60.00"
    assert (over["answer"]["status"], over["answer"]["code"]) == (400, "REFUND_AMT_NOT_EQUAL_TOTAL")
    assert (absent["answer"]["status"], absent["answer"]["code"]) == (400, "TRADE_NOT_EXIST")


def test_a_till_waits_with_a_status_of_its_own_and_closes(npm: Sdk, open_house: Served):
    house, shop = open_house.house, open_house.shop()
    large = {**order("v3-large", "3000.00"), "auth_code": house.code_of("alice"), "scene": "bar_code"}

    waiting, closed, cancelled = npm.run(
        shop,
        post("trade/pay", large),
        post("trade/close", {"out_trade_no": "v3-large"}),
        post("trade/cancel", {"out_trade_no": "v3-never"}),
    )

    assert waiting["answer"]["status"] == 202
    assert (closed["answer"]["status"], cancelled["answer"]["data"]["retry_flag"]) == (200, "N")


def test_certificates_and_encrypted_bodies_work_over_v3_too(npm: Sdk, open_house: Served):
    house = open_house.house
    made = certificates_of(
        house.world.connection,
        app_id=ESCROW_SHOP,
        merchant="tea house",
        public_key=keys.public_key_base64(house.key.public_key()),
        master=load_master_key(house.folder / "master.key"),
    )
    admin.set_aes_key(house.world.connection, ESCROW_SHOP, AES_KEY)
    house.world.connection.commit()
    house.apps._signing_keys._known.clear()
    certified = open_house.shop(
        app_cert=made.app,
        alipay_cert=made.alipay,
        alipay_root_cert=made.root,
        aes_key=base64.b64encode(AES_KEY).decode(),
    )

    plain, sealed, refused = npm.run(
        certified,
        post("trade/precreate", order("v3-cert")),
        post("trade/precreate", order("v3-sealed"), needEncrypt=True),
        post("trade/precreate", order("v3-sealed", "0"), needEncrypt=True),
    )
    stranger = replace(certified, aes_key=base64.b64encode(b"f" * 16).decode())
    other = npm.run(stranger, post("trade/precreate", order("v3-other"), needEncrypt=True))[0]["answer"]

    assert plain["answer"]["data"]["out_trade_no"] == "v3-cert"
    assert sealed["answer"]["data"]["out_trade_no"] == "v3-sealed"
    assert (refused["answer"]["status"], refused["answer"]["code"]) == (400, "INVALID_PARAMETER")
    assert (other["status"], other["code"]) == (403, "decryption-error-unknown")


def test_a_wrong_key_and_an_unknown_path_have_their_own_statuses(npm: Sdk, open_house: Served):
    stranger = replace(open_house.shop(), app_private_key=keys.private_key_base64(keys.new_private_key()))

    wrong = npm.run(stranger, post("trade/query", {"out_trade_no": "x"}))[0]["answer"]
    unknown = npm.run(open_house.shop(), post("trade/fly", {}))[0]["answer"]

    assert (wrong["status"], wrong["code"]) == (401, "invalid-signature")
    assert "wrong key" in wrong["message"]
    assert (unknown["status"], unknown["code"]) == (404, "invalid-method")


def test_pay_py_kit_is_told_which_lines_it_does_not_sign(pay_kit: Sdk, open_house: Served):
    call = {"do": "query", "biz": {"out_trade_no": "x"}, "mends": False}

    refused = pay_kit.run(open_house.shop(), call)[0]["error"]

    assert "invalid-signature" in refused
    assert "HTTP method and path are left out" in refused


def test_pay_py_kit_sells_once_its_requests_are_signed_as_documented(pay_kit: Sdk, open_house: Served):
    house, shop = open_house.house, open_house.shop()
    biz = {"out_trade_no": "kit-1", "total_amount": 19_900, "subject": "茶具"}
    asked, waiting = pay_kit.run(shop, {"do": "pay", "biz": biz}, {"do": "query", "biz": {"out_trade_no": "kit-1"}})
    assert house.pay("alice", "kit-1").event is not None

    paid, part, page, closed, twice = pay_kit.run(
        shop,
        {"do": "query", "biz": {"out_trade_no": "kit-1"}},
        {
            "do": "refund",
            "biz": {"out_trade_no": "kit-1", "out_refund_no": "r", "total_amount": 19_900, "refund_amount": 50},
        },
        {"do": "page", "biz": {**biz, "out_trade_no": "kit-2"}},
        {"do": "close", "biz": {"out_trade_no": "kit-2"}},
        {"do": "close", "biz": {"out_trade_no": "kit-1"}},
    )
    give = {"out_withdrawal_no": "w1", "amount": 100, "recipient": str(house.world.people["alice"]), "description": "x"}
    balance, over, unknown = pay_kit.run(
        shop,
        {"do": "balance", "biz": {}},
        {"do": "withdraw", "biz": give},
        {"do": "query_withdrawal", "biz": {"out_withdrawal_no": "w1"}},
    )

    assert asked["answer"]["credential"]["qr_code"].startswith("http://pages.test/")
    assert (waiting["answer"]["status"], paid["answer"]["status"]) == ("pending", "paid")
    assert part["answer"]["status"] == "success"
    assert page["answer"]["credential"]["pay_url"].startswith("http://pages.test/")
    assert closed == {"answer": None}
    assert "TRADE_STATUS_ERROR" in twice["error"]
    assert balance["answer"] == {"available": 0, "pending": 0}
    assert "PAYER_BALANCE_NOT_ENOUGH" in over["error"]
    assert "ORDER_NOT_EXIST" in unknown["error"]
