"""Orders of several sellers in one checkout: paid together, told together, given back one by one."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from florin.engine import Outcome, admin, lane_of
from florin.payments.pay_parent import PayParent
from florin.wires.keys import ensure_platform_key
from florin.wires.keys.forms import public_key_base64
from florin.wires.wechatpay.call import HttpRequest
from florin.wires.wechatpay.names import trade_of_prepay_id
from wires.wechatpay.house import APIV3_KEY, CASHIER, ESCROW_SHOP, STRANGER, House, Shop, opened, verify
from wires.wechatpay.listener import Listener

SILK, SILK_SHOP = 2, 1900000009
PATH = "/v3/combine-transactions"


@pytest.fixture(scope="module")
def mall(house: House) -> House:
    """The tea house's number is a mall's, and the silk house sells in its market."""
    with psycopg.connect(house.world.dsn, autocommit=True) as connection:
        connection.execute("UPDATE merchant SET market = 'lotus' WHERE id = 1")
        connection.execute("UPDATE app SET mall = true WHERE id = %s", (ESCROW_SHOP,))
        connection.execute(
            "INSERT INTO merchant (id, lane, name, mdr_ppm, market) VALUES (%s, %s, 'Silk House', 6000, 'lotus')",
            (SILK, lane_of(SILK)),
        )
        connection.execute("INSERT INTO merchant_balance (lane, id) VALUES (%s, %s)", (lane_of(SILK), SILK))
        admin.add_app(
            connection,
            app_id=SILK_SHOP,
            merchant_id=SILK,
            name="Silk",
            wire="wechatpay",
            market="escrow",
            public_keys=(public_key_base64(house.key.public_key()),),
        )
        admin.set_aes_key(connection, SILK_SHOP, APIV3_KEY.encode())
        ensure_platform_key(connection, "wechatpay", SILK_SHOP, master=house.master)
    return house


def combined(shop: Shop, number: str, **more: Any) -> dict[str, Any]:
    def sub(place: int, mchid: int, total: int) -> dict[str, Any]:
        return {
            "mchid": str(mchid),
            "out_trade_no": f"{number}-{place}",
            "attach": f"bag {place}",
            "description": f"order {place}",
            "amount": {"total_amount": total, "currency": "CNY"},
        }

    return {
        "combine_appid": shop.own["appid"],
        "combine_mchid": shop.mchid,
        "combine_out_trade_no": number,
        "sub_orders": [sub(1, ESCROW_SHOP, 10_000), sub(2, SILK_SHOP, 5_000)],
        "notify_url": "http://127.0.0.1:9/notify",
        **more,
    }


def pay(house: House, parent_id: int, *, credit_minor: int, wallet_minor: int = 0) -> Outcome:
    lane = lane_of(house.world.people["alice"])
    return house.world.do(
        PayParent(
            event_id=house.world.engine.new_id(lane),
            parent_id=parent_id,
            payment_ids=tuple(house.world.engine.new_id(lane) for _ in range(2)),
            person_id=house.world.people["alice"],
            line_id=house.world.line_ids["alice"],
            credit_minor=credit_minor,
            wallet_minor=wallet_minor,
        )
    )


def parent_id_of(house: House, number: str) -> int:
    return int(house.world.one("SELECT id FROM parent_order WHERE out_trade_no = %s", number))


def test_two_sellers_are_paid_at_once_and_told_in_one_notify(mall: House, shop: Shop, listener: Listener):
    order = combined(shop, "mall-001", notify_url=listener.url)

    first = shop.post(f"{PATH}/native", order)

    parent_id = parent_id_of(mall, "mall-001")
    assert first == (200, {"code_url": CASHIER.code(parent_id)})
    assert shop.post(f"{PATH}/native", order) == first
    assert pay(mall, parent_id, credit_minor=12_000, wallet_minor=3_000).event is not None
    mall.deliver()

    _, paid = shop.get(f"{PATH}/out-trade-no/mall-001")
    assert [sub["trade_state"] for sub in paid["sub_orders"]] == ["SUCCESS", "SUCCESS"]
    assert [sub["mchid"] for sub in paid["sub_orders"]] == [str(ESCROW_SHOP), str(SILK_SHOP)]
    assert [sub["amount"]["total_amount"] for sub in paid["sub_orders"]] == [10_000, 5_000]
    assert paid["combine_payer_info"] == {"openid": mall.openid("alice")}
    assert len(listener.told) == 1
    verify(listener.told[0].headers, listener.told[0].body, shop.keys())
    assert json.loads(opened(json.loads(listener.told[0].body)["resource"])) == paid
    assert shop.refund("mall-001-2", "mall-r", 5_000, total=5_000)[0] == 200
    _, after = shop.get(f"{PATH}/out-trade-no/mall-001")
    assert [sub["trade_state"] for sub in after["sub_orders"]] == ["SUCCESS", "REFUND"]
    assert shop.post(f"{PATH}/native", order)[1]["code"] == "ORDERPAID"
    mall.world.assert_books_hold()


def test_combined_orders_are_closed_together_and_are_nobody_elses(mall: House, shop: Shop):
    order = combined(shop, "mall-002")
    shop.post(f"{PATH}/native", order)
    named = {"combine_appid": shop.own["appid"], "sub_orders": [{"mchid": "1", "out_trade_no": "mall-002-9"}]}
    right = {**named, "sub_orders": [{"mchid": str(ESCROW_SHOP), "out_trade_no": f"mall-002-{n}"} for n in (1, 2)]}

    assert shop.post(f"{PATH}/out-trade-no/mall-002/close", named)[1]["detail"]["field"] == "/sub_orders"
    assert [shop.post(f"{PATH}/out-trade-no/mall-002/close", right)[0] for _ in range(2)] == [204, 204]
    assert pay(mall, parent_id_of(mall, "mall-002"), credit_minor=15_000).refusal is not None
    assert shop.post(f"{PATH}/native", order)[1]["code"] == "ORDER_CLOSED"
    stranger = Shop(mall, STRANGER)
    assert stranger.get(f"{PATH}/out-trade-no/mall-002")[1]["code"] == "ORDER_NOT_EXIST"


def test_whom_a_merchant_may_not_sell_for_is_refused_and_nothing_is_asked(mall: House, shop: Shop):
    stranger = Shop(mall, STRANGER)
    for_another = {**combined(stranger, "mall-003"), "sub_orders": combined(shop, "mall-003")["sub_orders"]}
    for_nobody = combined(shop, "mall-004")
    for_nobody["sub_orders"][1]["mchid"] = "7"

    assert stranger.post(f"{PATH}/native", for_another)[1]["code"] == "NO_AUTH"
    assert shop.post(f"{PATH}/native", for_nobody)[1]["code"] == "NO_AUTH"
    assert stranger.get(f"/v3/pay/transactions/out-trade-no/mall-003-1?mchid={STRANGER}")[0] == 404
    wrong = shop.post(f"{PATH}/native", {**combined(shop, "mall-005"), "combine_mchid": "7"})
    assert wrong[1]["detail"]["field"] == "/combine_mchid"
    other = shop.post(f"{PATH}/native", {**combined(shop, "mall-006"), "combine_appid": "wx7"})
    assert other[1]["code"] == "APPID_MCHID_NOT_MATCH"


def test_a_signed_prepay_id_of_combined_orders_opens_their_cashier(mall: House, shop: Shop):
    payer = {"openid": mall.openid("alice")}
    _, asked = shop.post(f"{PATH}/jsapi", combined(shop, "mall-007", combine_payer_info=payer))
    package = f"prepay_id={asked['prepay_id']}"
    fields = {"appId": shop.own["appid"], "timeStamp": "1", "nonceStr": "n", "package": package}
    signed = "".join(f"{value}\n" for value in fields.values()).encode()
    fields["paySign"] = base64.b64encode(mall.key.sign(signed, padding.PKCS1v15(), hashes.SHA256())).decode()

    target = f"/wechatpay/phone?{urlencode(fields)}".encode()
    answer = mall.phone.answer(HttpRequest(method="GET", target=target, headers={}, body=b""))

    named = trade_of_prepay_id(asked["prepay_id"])
    assert named is not None
    assert named[0] == parent_id_of(mall, "mall-007")
    assert answer.headers["Location"] == CASHIER.page(named[0])
