"""The three SDKs, with their signature checks on, against the gateway over a real engine, served by granian."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from florin.app.certificates import Certificates, certificates_of
from florin.engine import admin
from florin.engine.outbox import deliver_due
from florin.wires.alipay.renderer import AlipayRenderer
from florin.wires.keys import forms as keys
from florin.wires.keys import load_master_key
from sdk.sdks import Sdk, Shop
from sdk.served import Served
from wires.alipay.house import CASHIER, DIRECT_SHOP, ESCROW_SHOP
from wires.alipay.listener import Listener
from world import SHOP

pytestmark = pytest.mark.sdk
DRIVERS = (7 << 40) | 9


@pytest.fixture
def shop(sdk: Sdk, open_house: Served) -> Shop:
    address = open_house.addresses[sdk.needs_port_80]
    if address is None:
        pytest.skip(f"{sdk.name} refuses an address with a port, and this user may not bind port 80")
    return open_house.shop(address)


def execute(method: str, **biz: Any) -> dict[str, Any]:
    return {"do": "execute", "method": f"alipay.trade.{method}", "biz": biz}


def number_of(sdk: Sdk, what: str) -> str:
    return f"{what}-{sdk.name.replace(' ', '-')}"


def test_a_sale_from_the_qr_code_to_the_verified_notify_and_the_refund(
    sdk: Sdk, shop: Shop, open_house: Served, listener: Listener
):
    house, number = open_house.house, number_of(sdk, "tea")
    asked, waiting = sdk.run(
        shop,
        {
            **execute("precreate", out_trade_no=number, total_amount="199.00", subject="茶具 {tea} & more"),
            "notify_url": listener.url,
        },
        execute("query", out_trade_no=number),
    )
    trade_no = waiting["answer"]["trade_no"]
    assert asked["answer"]["qr_code"] == CASHIER.code(int(trade_no))
    assert waiting["answer"]["trade_status"] == "WAIT_BUYER_PAY"

    assert house.pay("alice", number).event is not None
    with psycopg.connect(house.world.dsn, autocommit=True) as connection:
        deliver_due(connection, {"alipay": AlipayRenderer(house.apps)}, house.world.engine.at().instant)

    told = next(form for form in listener.told if form["out_trade_no"] == number)
    checked, paid, part, again, seen, over = sdk.run(
        shop,
        {"do": "check_notify", "form": told},
        execute("query", trade_no=trade_no),
        execute("refund", out_trade_no=number, refund_amount="60.00", out_request_no="r1"),
        execute("refund", out_trade_no=number, refund_amount="60.00", out_request_no="r1"),
        execute("fastpay.refund.query", out_trade_no=number, out_request_no="r1"),
        execute("refund", out_trade_no=number, refund_amount="140.00", out_request_no="r2"),
    )
    assert checked == {"answer": True}
    assert (paid["answer"]["trade_status"], paid["answer"]["subject"]) == ("TRADE_SUCCESS", "茶具 {tea} & more")
    assert paid["answer"]["fund_bill_list"][0]["fund_channel"] == "PCREDIT"
    assert (part["answer"]["fund_change"], part["answer"]["refund_fee"]) == ("Y", "60.00")
    assert again["answer"]["fund_change"] == "N"
    assert seen["answer"]["refund_status"] == "REFUND_SUCCESS"
    assert over["answer"]["sub_code"] == "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"


def test_a_till_and_a_cancel(sdk: Sdk, shop: Shop, open_house: Served):
    house, number = open_house.house, number_of(sdk, "cup")
    code = house.code_of("alice")

    paid, cancelled, after, unknown = sdk.run(
        shop,
        execute("pay", out_trade_no=number, total_amount="12.00", subject="cup", scene="bar_code", auth_code=code),
        execute("cancel", out_trade_no=number),
        execute("query", out_trade_no=number),
        execute("cancel", out_trade_no=f"{number}-never"),
    )

    assert paid["answer"]["code"] == "10000"
    assert cancelled["answer"]["action"] == "refund"
    assert after["answer"]["trade_status"] == "TRADE_CLOSED"
    assert (unknown["answer"]["code"], unknown["answer"]["retry_flag"]) == ("10000", "N")


def test_a_browser_goes_from_the_shops_page_to_the_cashier(sdk: Sdk, shop: Shop):
    order = {"out_trade_no": number_of(sdk, "page"), "total_amount": "1.00", "subject": "茶", "product_code": "X"}
    call = {"do": "page", "method": "alipay.trade.page.pay", "biz": order, "return_url": "http://127.0.0.1:9/back"}
    page = sdk.run(shop, {**call, "http_method": "GET"})[0]["answer"]

    answer = httpx.get(page, headers={"accept": "text/html"}, follow_redirects=False)

    trade_no = sdk.answer(
        shop, **{k: v for k, v in execute("query", out_trade_no=order["out_trade_no"]).items() if k != "do"}
    )
    assert answer.status_code == 302
    assert answer.headers["location"] == CASHIER.page(int(trade_no["trade_no"]))


def test_a_business_refusal_and_a_wrong_key_are_read_as_answers(sdk: Sdk, shop: Shop):
    stranger = Shop(**{**vars(shop), "app_private_key": keys.private_key_base64(keys.new_private_key())})

    absent = sdk.answer(shop, method="alipay.trade.query", biz={"out_trade_no": "never"})
    wrong = sdk.answer(stranger, method="alipay.trade.query", biz={"out_trade_no": "never"})

    assert absent["sub_code"] == "ACQ.TRADE_NOT_EXIST"
    assert wrong["sub_code"] == "isv.invalid-signature"
    assert "wrong key" in wrong["sub_msg"]


@pytest.mark.parametrize(
    ("body", "content_type", "sub_code"),
    [
        (b"biz_content=" + b"x" * 10_000_000, "application/x-www-form-urlencoded", "isv.invalid-parameter"),
        (b"biz_content=%zz", "application/x-www-form-urlencoded", "isv.invalid-parameter"),
        (b'{"a": 1}', "application/json", "isv.invalid-format"),
        (b"--B\r\ncut off", "multipart/form-data; boundary=B", "isv.invalid-parameter"),
        (b"\xff\xfe\x00", "text/plain", "isv.missing-signature-type"),
    ],
)
def test_a_body_that_cannot_be_read_gets_a_signed_answer_over_http(
    open_house: Served, body: bytes, content_type: str, sub_code: str
):
    url = f"{open_house.addresses[False]}/gateway.do?app_id={ESCROW_SHOP}&method=alipay.trade.precreate&charset=utf-8"

    answer = httpx.post(
        url, content=body, headers={"content-type": content_type}, timeout=timedelta(seconds=30).seconds
    )

    assert answer.status_code == 200
    assert answer.json()["alipay_trade_precreate_response"]["sub_code"] == sub_code
    assert answer.json()["sign"]


def test_other_methods_of_http_and_a_way_back_without_a_key_lead_nowhere(open_house: Served):
    address = open_house.addresses[False]

    assert httpx.put(f"{address}/gateway.do").status_code == 405
    assert httpx.get(f"{address}/gateway.do/return?trade=1&key=x").status_code == 404
    assert httpx.get(f"{address}/gateway.do/return").status_code == 404
    sign_in = httpx.get(f"{address}/oauth2/publicAppAuthorize.htm?app_id=7&state=%E8%8A%B1", follow_redirects=False)
    there = "http://pages.test/oauth2/publicAppAuthorize.htm?app_id=7&state=%E8%8A%B1"
    assert (sign_in.status_code, sign_in.headers["location"]) == (302, there)
    assert urlsplit(str(httpx.get(f"{address}/gateway.do").url)).path == "/gateway.do"


# ── royalties and sign-in ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def drivers(open_house: Served) -> str:
    """Another merchant's number."""
    open_house.house.another_merchant(DRIVERS, "Drivers")
    return str(DRIVERS)


def test_an_order_is_settled_to_another_merchant_and_finished(sdk: Sdk, shop: Shop, open_house: Served, drivers: str):
    direct, house = replace(shop, app_id=str(DIRECT_SHOP)), open_house.house
    ride, s1, s2 = (number_of(sdk, what) for what in ("ride", "s1", "s2"))
    bound = [{"type": "userId", "account": drivers, "name": "Drivers", "memo": "rides"}]
    relation = {"out_request_no": number_of(sdk, "bind"), "receiver_list": bound}
    order = {"out_trade_no": ride, "total_amount": "100.00", "subject": "ride"}

    added, asked, waiting, most = sdk.run(
        direct,
        execute("royalty.relation.bind", **relation),
        execute("precreate", **order, extend_params={"royalty_freeze": "true"}),
        execute("query", out_trade_no=ride),
        execute("royalty.rate.query", out_request_no=ride),
    )
    assert (added["answer"]["result_code"], asked["answer"]["code"]) == ("SUCCESS", "10000")
    assert (most["answer"]["user_id"], most["answer"]["max_ratio"]) == (str(SHOP), "30")

    trade_no = waiting["answer"]["trade_no"]
    assert house.pay("alice", ride, app_id=DIRECT_SHOP).event is not None
    part = {
        "trans_in": drivers,
        "trans_in_type": "userId",
        "amount": "20.00",
        "royalty_type": "transfer",
        "desc": "fare",
    }
    settle = {"out_request_no": s1, "trade_no": trade_no, "royalty_parameters": [part]}
    finish = {"out_request_no": s2, "trade_no": trade_no, "extend_params": {"royalty_finish": "true"}}
    frozen, given, again, seen, over, done, left, bound_seen = sdk.run(
        direct,
        execute("order.onsettle.query", trade_no=trade_no),
        execute("order.settle", **settle),
        execute("order.settle", **settle),
        execute("order.settle.query", out_request_no=s1, trade_no=trade_no),
        execute(
            "order.settle", **{**settle, "out_request_no": f"{s1}-x", "royalty_parameters": [{**part, "amount": "90"}]}
        ),
        execute("order.settle", **finish),
        execute("order.onsettle.query", trade_no=trade_no),
        execute("royalty.relation.batchquery", out_request_no=ride),
    )

    assert (frozen["answer"]["unsettled_amount"], left["answer"]["unsettled_amount"]) == ("99.40", "0.00")
    assert given["answer"]["settle_no"] == again["answer"]["settle_no"]
    (told,) = seen["answer"]["royalty_detail_list"]
    assert (told["trans_in"], told["amount"], told["state"]) == (drivers, "20.00", "SUCCESS")
    assert (over["answer"]["sub_code"], done["answer"]["code"]) == ("ACQ.ALLOC_AMOUNT_VALIDATE_ERROR", "10000")
    assert drivers in [each["account"] for each in bound_seen["answer"]["receiver_list"]]
    house.world.assert_books_hold()


def test_a_shopper_who_signs_in_is_known_to_the_app_by_name(sdk: Sdk, shop: Shop, open_house: Served):
    world = open_house.house.world
    code = world.engine.issue_oauth_code(app_id=ESCROW_SHOP, person_id=world.people["alice"], scopes=("auth_user",))
    method = {"do": "execute", "method": "alipay.system.oauth.token"}

    made, used = sdk.run(shop, *[{**method, "beside": {"grant_type": "authorization_code", "code": code}}] * 2)
    share = {"do": "execute", "method": "alipay.user.info.share"}
    known, unknown, renewed = sdk.run(
        shop,
        {**share, "beside": {"auth_token": made["answer"]["access_token"]}},
        {**share, "beside": {"auth_token": "authNobody"}},
        {**method, "beside": {"grant_type": "refresh_token", "refresh_token": made["answer"]["refresh_token"]}},
    )

    assert made["answer"]["user_id"] == known["answer"]["user_id"] == str(world.people["alice"])
    assert known["answer"]["nick_name"] == "alice"
    assert used["answer"]["sub_code"] == "isv.code-invalid"
    assert unknown["answer"]["sub_code"] == "aop.invalid-auth-token"
    assert renewed["answer"]["access_token"] != made["answer"]["access_token"]


# ── certificate mode and encrypted content ────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def certificates(open_house: Served) -> Certificates:
    """What `florin app certificates` writes for the escrow app."""
    house = open_house.house
    made = certificates_of(
        house.world.connection,
        app_id=ESCROW_SHOP,
        merchant="茶馆",
        public_key=keys.public_key_base64(house.key.public_key()),
        master=load_master_key(house.folder / "master.key"),
    )
    house.world.connection.commit()
    house.apps._signing_keys._known.clear()  # what this process knew a few seconds ago
    return made


def certified(sdk: Sdk, shop: Shop, made: Certificates, *, app_cert: str = "") -> Shop:
    if sdk.name == "alipay-sdk-python":
        pytest.skip("the official Python SDK has no certificate mode")
    return replace(shop, app_cert=app_cert or made.app, alipay_cert=made.alipay, alipay_root_cert=made.root)


def test_a_shop_in_certificate_mode_sells_and_verifies_our_answers(sdk: Sdk, shop: Shop, certificates: Certificates):
    number = number_of(sdk, "certified")

    asked, waiting = sdk.run(
        certified(sdk, shop, certificates),
        execute("precreate", out_trade_no=number, total_amount="199.00", subject="茶具 {tea}"),
        execute("query", out_trade_no=number),
    )

    assert asked["answer"]["code"] == waiting["answer"]["code"] == "10000"
    assert waiting["answer"]["subject"] == "茶具 {tea}"


def test_a_certificate_of_nobody_here_is_refused_by_name(sdk: Sdk, shop: Shop, certificates: Certificates):
    answer = sdk.answer(
        certified(sdk, shop, certificates, app_cert=certificates.alipay),
        method="alipay.trade.query",
        biz={"out_trade_no": "never"},
    )

    assert answer["sub_code"] == "isv.app-cert-not-exist"
    assert "our certificate's number" in answer["sub_msg"]


def test_encrypted_content_goes_both_ways_with_an_sdk_that_encrypts(sdk: Sdk, shop: Shop, open_house: Served):
    if sdk.name != "npm alipay-sdk":
        pytest.skip(f"{sdk.name} cannot encrypt content on this Python")
    aes_key = base64.b64encode(b"0123456789abcdef").decode()
    admin.set_aes_key(open_house.house.world.connection, ESCROW_SHOP, b"0123456789abcdef")
    open_house.house.world.connection.commit()
    order = {"out_trade_no": number_of(sdk, "sealed"), "total_amount": "5.00", "subject": "茶 {x}"}

    asked, refused = sdk.run(
        replace(shop, aes_key=aes_key),
        {**execute("precreate", **order), "do": "execute_encrypted"},
        {**execute("precreate", **{**order, "total_amount": "6.00"}), "do": "execute_encrypted"},
    )
    wrong = sdk.run(
        replace(shop, aes_key=base64.b64encode(b"f" * 16).decode()),
        {**execute("precreate", **order), "do": "execute_encrypted"},
    )[0]

    assert asked["answer"]["out_trade_no"] == order["out_trade_no"]
    assert refused["answer"]["sub_code"] == "ACQ.CONTEXT_INCONSISTENT"
    assert wrong["answer"]["sub_code"] == "isv.decryption-error-unknown"
