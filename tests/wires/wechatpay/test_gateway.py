"""What the wire does with orders and refunds: from the order to the notify, over a real engine."""

from __future__ import annotations

import asyncio
import base64
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlencode

import psycopg
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from florin.engine import admin
from florin.events import Refunded
from florin.payments.reverse_refund import ReverseRefund
from florin.wires.keys import rotate_platform_key
from florin.wires.wechatpay.call import HttpRequest
from florin.wires.wechatpay.names import appid_of
from wires.wechatpay.house import (
    CASHIER,
    DIRECT_SHOP,
    ESCROW_SHOP,
    PROVIDER,
    STRANGER,
    House,
    Shop,
    certificates_in,
    opened,
    verify,
)
from wires.wechatpay.listener import Listener
from world import World


def test_a_sale_from_the_code_to_the_sealed_notify_and_the_refund(house: House, shop: Shop, listener: Listener):
    asked = shop.native("tea-0001", attach="table 7", notify_url=listener.url)

    trade_id = house.trade_id("tea-0001")
    assert asked == (200, {"code_url": CASHIER.code(trade_id)})
    waiting = shop.query("tea-0001")
    assert (waiting["trade_state"], waiting["amount"]) == ("NOTPAY", {"total": 19_900, "currency": "CNY"})
    assert "transaction_id" not in waiting

    house.pay("alice", "tea-0001")
    house.deliver()

    paid = shop.query("tea-0001")
    assert paid["trade_state"] == "SUCCESS"
    assert paid["amount"] == {"total": 19_900, "payer_total": 19_900, "currency": "CNY", "payer_currency": "CNY"}
    assert (paid["attach"], paid["payer"]) == ("table 7", {"openid": house.openid("alice")})
    assert paid["success_time"].startswith("2026-03-02T")
    assert paid["success_time"].endswith("+08:00")
    told = listener.told[-1]
    verify(told.headers, told.body, shop.keys())
    envelope = json.loads(told.body)
    assert (envelope["event_type"], envelope["resource"]["associated_data"]) == ("TRANSACTION.SUCCESS", "transaction")
    assert json.loads(opened(envelope["resource"])) == paid

    status, refunded = shop.refund("tea-0001", "back-1", 6_000, notify_url=f"{listener.url}/refunds")
    house.deliver()

    assert (status, refunded["status"], refunded["channel"]) == (200, "SUCCESS", "ORIGINAL")
    assert (refunded["amount"]["refund"], refunded["amount"]["total"]) == (6_000, 19_900)
    assert shop.query("tea-0001")["trade_state"] == "REFUND"
    assert shop.get("/v3/refund/domestic/refunds/back-1") == (200, refunded)
    assert listener.told[-1].path == "/notify/refunds"
    resource = json.loads(opened(json.loads(listener.told[-1].body)["resource"]))
    assert (resource["refund_status"], resource["out_refund_no"]) == ("SUCCESS", "back-1")
    assert resource["refund_id"] == refunded["refund_id"]
    assert resource["amount"] == {"total": 19_900, "refund": 6_000, "payer_total": 19_900, "payer_refund": 6_000}


def test_an_order_is_asked_once_by_its_number(house: House, shop: Shop):
    first = shop.native("once-001")

    assert shop.native("once-001") == first
    assert shop.native("once-001", 20_000)[1]["code"] == "OUT_TRADE_NO_USED"
    house.pay("alice", "once-001")
    assert shop.native("once-001")[1]["code"] == "ORDERPAID"
    assert (
        shop.post("/v3/pay/transactions/out-trade-no/once-001/close", {"mchid": shop.mchid})[1]["code"] == "ORDERPAID"
    )


def test_a_closed_order_is_closed_also_when_it_is_closed_again(shop: Shop):
    shop.native("closed-1")
    path = "/v3/pay/transactions/out-trade-no/closed-1/close"

    assert [shop.post(path, {"mchid": shop.mchid}) for _ in range(2)] == [(204, {}), (204, {})]
    assert shop.query("closed-1")["trade_state"] == "CLOSED"
    assert shop.native("closed-1")[1]["code"] == "ORDER_CLOSED"


def test_an_order_whose_time_is_over_is_closed(house: House, shop: Shop):
    soon = (house.world.engine.at().instant + timedelta(milliseconds=300)).isoformat()
    assert shop.native("short-01", time_expire=soon)[0] == 200
    psycopg.connect(house.world.dsn, autocommit=True).execute("SELECT pg_sleep(0.4)").connection.close()

    assert shop.query("short-01")["trade_state"] == "CLOSED"
    assert shop.native("short-02", time_expire="2026-03-01T00:00:00+08:00")[1]["code"] == "PARAM_ERROR"


def test_a_refund_happens_once_by_its_number_and_never_above_what_was_paid(house: House, shop: Shop):
    shop.paid("alice", "refund-1")

    first = shop.refund("refund-1", "r-1", 12_000)
    assert shop.refund("refund-1", "r-1", 12_000) == first
    assert shop.refund("refund-1", "r-1", 11_000)[1]["code"] == "INVALID_REQUEST"
    status, over = shop.refund("refund-1", "r-2", 8_000)
    assert (status, over["code"]) == (400, "INVALID_REQUEST")
    assert "¥79.00" in over["message"]
    assert shop.refund("refund-1", "r-3", 100, total=19_000)[1]["code"] == "INVALID_REQUEST"
    assert shop.refund("never-asked", "r-4", 100)[1]["code"] == "ORDER_NOT_EXIST"
    assert shop.get("/v3/refund/domestic/refunds/r-2")[1]["code"] == "RESOURCE_NOT_EXISTS"
    house.world.assert_books_hold()


def test_refunds_that_race_give_back_at_most_what_was_paid(house: House, shop: Shop):
    """Through this wire by the merchant, and through the owner's side by another number, at once."""
    shop.paid("alice", "raced-01", 10_000)
    payment_id = int(house.world.one("SELECT payment_id FROM trade WHERE out_trade_no = 'raced-01'"))

    def by_wire(number: int) -> int:
        return 3_000 if shop.refund("raced-01", f"raced-{number}", 3_000, total=10_000)[0] == 200 else 0

    def by_owner(number: int) -> int:
        outcome = house.world.refund(payment_id, 3_000, f"owner-{number}")
        return 3_000 if isinstance(outcome.event, Refunded) else 0

    with ThreadPoolExecutor(8) as pool:
        tries = [pool.submit(by_wire if number % 2 else by_owner, number) for number in range(8)]
        given_back = sum(each.result() for each in tries)

    assert given_back == house.world.payment(payment_id).refunded_minor == 9_000
    house.world.assert_books_hold()


def test_a_refund_that_the_house_takes_back_is_closed(house: House, listener: Listener):
    shop = Shop(house, STRANGER)
    with psycopg.connect(house.world.dsn, autocommit=True) as connection:
        connection.execute("UPDATE app SET notify_url = %s WHERE id = %s", (listener.url, STRANGER))
        connection.execute("UPDATE clock SET reference_version = reference_version + 1")
    shop.paid("alice", "taken-01", 10_000)
    assert shop.refund("taken-01", "taken-r", 4_000, total=10_000)[1]["status"] == "SUCCESS"
    payment_id = int(house.world.one("SELECT payment_id FROM trade WHERE out_trade_no = 'taken-01'"))

    outcome = house.world.do(ReverseRefund(payment_id=payment_id, request_no="taken-r", reason="by mistake"))
    house.deliver()

    assert outcome.event is not None, outcome.refusal
    assert shop.get("/v3/refund/domestic/refunds/taken-r")[1]["status"] == "CLOSED"
    assert shop.query("taken-01")["trade_state"] == "SUCCESS"
    told = {json.loads(each.body)["event_type"] for each in listener.told}  # in either order: both were due at once
    assert told == {"REFUND.SUCCESS", "REFUND.CLOSED"}
    house.world.assert_books_hold()


def test_eight_who_ask_and_pay_at_once_make_one_order_and_one_payment(house: House, shop: Shop):
    code = house.code_of("alice")
    at_till = shop.order("eight-02", 500, payer={"auth_code": code})

    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(lambda _: shop.native("eight-01", 500), range(8)))
        paid = list(pool.map(lambda _: shop.post("/v3/pay/transactions/codepay", at_till), range(8)))

    assert {status for status, _ in asked} == {200}
    assert len({answer["code_url"] for _, answer in asked}) == 1
    assert {status for status, _ in paid} == {200}
    assert len({answer["transaction_id"] for _, answer in paid}) == 1
    numbers = "SELECT count(*) FROM trade WHERE out_trade_no IN ('eight-01', 'eight-02')"
    assert house.world.one(numbers) == 2


def test_a_merchant_sees_nothing_of_anothers_orders(house: House, shop: Shop):
    transaction_id = shop.paid("alice", "secret-1")
    shop.refund("secret-1", "secret-r", 100)
    stranger = Shop(house, STRANGER)

    for answer in (
        stranger.get(f"/v3/pay/transactions/id/{transaction_id}?mchid={stranger.mchid}"),
        stranger.get(f"/v3/pay/transactions/out-trade-no/secret-1?mchid={stranger.mchid}"),
        stranger.post("/v3/pay/transactions/out-trade-no/secret-1/close", {"mchid": stranger.mchid}),
        stranger.refund("secret-1", "guess-1", 100),
    ):
        assert (answer[0], answer[1]["code"]) == (404, "ORDER_NOT_EXIST")
    assert stranger.get("/v3/refund/domestic/refunds/secret-r")[1]["code"] == "RESOURCE_NOT_EXISTS"
    as_another = stranger.get(f"/v3/pay/transactions/id/{transaction_id}?mchid={shop.mchid}")
    assert (as_another[0], as_another[1]["code"]) == (400, "PARAM_ERROR")


def test_a_service_provider_calls_for_his_merchants_alone(house: House, listener: Listener):
    provider, sold = Shop(house, PROVIDER), Shop(house, DIRECT_SHOP)
    numbers = {"sp_appid": appid_of(PROVIDER), "sp_mchid": provider.mchid, "sub_mchid": sold.mchid}
    order = {**provider.order("partner-1", notify_url=listener.url), **numbers}
    del order["appid"], order["mchid"]

    assert provider.post("/v3/pay/partner/transactions/native", order)[0] == 200
    house.pay("alice", "partner-1")
    house.deliver()

    target = f"/v3/pay/partner/transactions/out-trade-no/partner-1?sp_mchid={PROVIDER}&sub_mchid={DIRECT_SHOP}"
    _, paid = provider.get(target)
    assert (paid["trade_state"], paid["sp_mchid"], paid["sub_mchid"]) == ("SUCCESS", str(PROVIDER), str(DIRECT_SHOP))
    verify(listener.told[-1].headers, listener.told[-1].body, provider.keys())
    assert json.loads(opened(json.loads(listener.told[-1].body)["resource"])) == paid
    assert provider.refund("partner-1", "partner-r", 100, sub_mchid=sold.mchid)[0] == 200
    assert sold.query("partner-1")["trade_state"] == "REFUND"
    others = provider.get(target.replace(str(DIRECT_SHOP), str(ESCROW_SHOP)))
    nobodys = provider.get(target.replace(str(DIRECT_SHOP), "1"))
    assert [answer[1]["code"] for answer in (others, nobodys)] == ["NO_AUTH", "NO_AUTH"]


def test_a_signed_prepay_id_opens_the_cashier_and_an_unsigned_one_does_not(house: House, shop: Shop):
    payer = {"openid": house.openid("alice")}
    order = shop.order("jsapi-01", payer=payer)
    _, asked = shop.post("/v3/pay/transactions/jsapi", order)
    fields = {
        "appId": shop.own["appid"],
        "timeStamp": "1",
        "nonceStr": "n",
        "package": f"prepay_id={asked['prepay_id']}",
    }
    signed = "".join(f"{value}\n" for value in fields.values()).encode()
    signature = base64.b64encode(house.key.sign(signed, padding.PKCS1v15(), hashes.SHA256())).decode()

    def redeem(**changed: str) -> tuple[int, str]:
        query = urlencode({**fields, "paySign": signature, **changed})
        target = f"/wechatpay/phone?{query}".encode()
        answer = house.phone.answer(HttpRequest(method="GET", target=target, headers={}, body=b""))
        return answer.status, answer.headers.get("Location", "")

    assert redeem() == (302, CASHIER.page(house.trade_id("jsapi-01")))
    assert redeem(nonceStr="m")[0] == 400
    assert redeem(package="prepay_id=wx000000000000000001AAAAAAAAAAAAAAAA")[0] == 400
    assert house.world.pay("bob", house.trade_id("jsapi-01"), 0, 0).refusal is not None
    nobody = shop.post("/v3/pay/transactions/jsapi", shop.order("jsapi-02", payer={"openid": "oNobody"}))
    assert nobody[1]["detail"]["field"] == "/payer/openid"


def test_an_h5_address_survives_what_shops_write_behind_it(house: House, shop: Shop):
    scene = {"payer_client_ip": "127.0.0.1", "h5_info": {"type": "Wap"}}
    _, asked = shop.post("/v3/pay/transactions/h5", shop.order("h5-00001", scene_info=scene))

    assert asked["h5_url"].startswith(f"{CASHIER.page(house.trade_id('h5-00001'))}?")


def test_a_notify_is_tried_up_its_own_ladder_under_one_id(house: House, shop: Shop, listener: Listener):
    listener.statuses = [500, 502, 200]
    shop.paid("alice", "ladder-1", notify_url=listener.url)
    for seconds in (0, 15, 15):
        psycopg.connect(house.world.dsn, autocommit=True).execute(
            "UPDATE clock SET offset_s = offset_s + %s", (seconds,)
        ).connection.close()
        house.deliver()

    bodies = [json.loads(told.body) for told in listener.told]
    assert len(bodies) == 3
    assert len({body["id"] for body in bodies}) == 1
    assert len({body["resource"]["nonce"] for body in bodies}) == 3


def test_both_certificates_are_offered_while_a_key_is_rotated_and_a_client_is_answered_by_the_key_it_names(
    house: House, listener: Listener
):
    shop = Shop(house, DIRECT_SHOP)
    before = certificates_in(shop.get("/v3/certificates")[1])
    old = house.clients.ours(DIRECT_SHOP)[0]
    in_key_mode = Shop(house, DIRECT_SHOP, public_key_id=old.public_key_id)
    in_key_mode.native("rotate-1", notify_url=listener.url)

    with psycopg.connect(house.world.dsn, autocommit=True) as connection:
        rotate_platform_key(connection, "wechatpay", DIRECT_SHOP, master=house.master)
    house.clients = house.new_clients()
    house.gateway = house.new_gateway()

    answer = asyncio.run(house.gateway.answer(shop.request("GET", "/v3/certificates", b"")))
    offered = certificates_in(json.loads(answer.body))
    assert offered.keys() > before.keys()
    assert answer.headers["Wechatpay-Serial"] not in before  # the new one signs
    verify(answer.headers, answer.body, offered)
    named = asyncio.run(house.gateway.answer(in_key_mode.request("GET", "/v3/certificates", b"")))
    assert named.headers["Wechatpay-Serial"] == old.public_key_id
    verify(named.headers, named.body, {old.public_key_id: old.private.public_key()})
    house.pay("alice", "rotate-1")
    house.deliver()
    assert listener.told[-1].headers["Wechatpay-Serial"] == old.public_key_id


def test_a_closed_merchant_is_refused_and_a_fault_leaves_the_result_unknown(house: House):
    shop = Shop(house, STRANGER)
    house.faults.asked = ["timeout"]
    status, unknown = shop.native("unknown1")
    assert (status, unknown["code"]) == (500, "SYSTEM_ERROR")
    assert shop.query("unknown1")["trade_state"] == "NOTPAY"

    with psycopg.connect(house.world.dsn, autocommit=True) as connection:
        admin.set_app_state(connection, STRANGER, "closed")
        answered = shop.native("unknown2")
        admin.set_app_state(connection, STRANGER, "open")
        admin.set_app_state(connection, DIRECT_SHOP, "closed")
        target = f"/v3/pay/partner/transactions/out-trade-no/partner-1?sp_mchid={PROVIDER}&sub_mchid={DIRECT_SHOP}"
        for_a_closed_one = Shop(house, PROVIDER).get(target)
        admin.set_app_state(connection, DIRECT_SHOP, "open")
    assert (answered[0], answered[1]["code"]) == (403, "NO_AUTH")
    assert (for_a_closed_one[0], for_a_closed_one[1]["code"]) == (403, "NO_AUTH")


def test_a_refused_field_is_named_with_its_value(shop: Shop):
    cases = {
        "/amount/total": shop.order("bad-0001", 0),
        "/out_trade_no": shop.order("short"),
        "/amount/currency": shop.order("bad-0002", amount={"total": 1, "currency": "USD"}),
        "/notify_url": shop.order("bad-0003", notify_url="http://127.0.0.1/?a=b"),
        "/time_expire": shop.order("bad-0004", time_expire="2026-03-05 10:00:00"),
        "/description": {**shop.order("bad-0005"), "description": None},
        "/attach": shop.order("bad-0006", attach="x" * 129),
        "/mchid": {**shop.order("bad-0007"), "mchid": "1"},
        "/detail/note": shop.order("bad-0008", detail={"note": "\x00"}),
        "body": b"{",
    }
    for field, body in cases.items():
        status, problem = shop.post("/v3/pay/transactions/native", body)
        assert (status, problem["code"], problem["detail"]["field"]) == (400, "PARAM_ERROR", field), problem
    wrong = shop.post("/v3/pay/transactions/native", {**shop.order("bad-0009"), "appid": "wx1"})
    assert wrong[1]["code"] == "APPID_MCHID_NOT_MATCH"
    assert shop.get("/v3/nothing/here")[0] == 404


def test_a_wallet_pays_and_gets_its_money_back(house: House, shop: Shop):
    shop.native("wallet-1", 1_000)
    before = house.world.wallet_minor("alice")
    house.pay("alice", "wallet-1", wallet=True)

    assert shop.query("wallet-1")["bank_type"] == "CFT"
    refund = shop.refund("wallet-1", "wallet-r", 1_000, total=1_000)[1]
    assert refund["user_received_account"] == "支付用户零钱"
    assert house.world.wallet_minor("alice") == before


def test_the_world_is_what_the_tests_say(house: House):
    assert isinstance(house.world, World)
    house.world.assert_books_hold()
