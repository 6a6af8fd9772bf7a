"""Bills of a published day: their hash is of the unpacked file, and their address begins where the client began."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import replace
from datetime import timedelta
from hashlib import sha1

from florin.wires.wechatpay.call import HttpRequest
from florin.wires.wechatpay.desk import Settings
from wires.wechatpay.house import CASHIER, DIRECT_SHOP, House, Shop


def downloaded(shop: Shop, url: str) -> bytes:
    assert url.startswith("http://api.test/v3/billdownload/file?")
    request: HttpRequest = shop.request("GET", url.removeprefix("http://api.test"), b"")
    answer = asyncio.run(shop.house.gateway.answer(request))
    assert answer.status == 200, answer.body
    return answer.body


def test_a_day_is_billed_once_it_is_published(house: House):
    shop, on = Shop(house, DIRECT_SHOP), house.world.today
    shop.paid("alice", "bill-001", 10_000)
    shop.refund("bill-001", "bill-r01", 4_000, total=10_000)
    early = shop.get(f"/v3/bill/tradebill?bill_date={on}&bill_type=ALL")
    assert early[1]["code"] == "STATEMENT_CREATING"
    house.later(on + timedelta(days=2))

    status, named = shop.get(f"/v3/bill/tradebill?bill_date={on}&bill_type=ALL&tar_type=GZIP")

    assert (status, named["hash_type"]) == (200, "SHA1")
    text = gzip.decompress(downloaded(shop, named["download_url"]))
    assert sha1(text, usedforsecurity=False).hexdigest() == named["hash_value"]
    assert text.decode().count("`bill-001") == 2
    assert "`NATIVE" in text.decode()
    refunds = shop.get(f"/v3/bill/tradebill?bill_date={on}&bill_type=REFUND")[1]
    assert "`bill-r01" in downloaded(shop, refunds["download_url"]).decode()
    flow = shop.get(f"/v3/bill/fundflowbill?bill_date={on}")[1]
    assert sha1(downloaded(shop, flow["download_url"]), usedforsecurity=False).hexdigest() == flow["hash_value"]


def test_the_address_is_that_by_which_the_client_came(house: House):
    settings = Settings(cashier=CASHIER, tls_hosts=("api.mch.weixin.qq.com",))
    gateway, shop = house.new_gateway(settings), Shop(house, DIRECT_SHOP)
    target = f"/v3/bill/tradebill?bill_date={house.world.today - timedelta(days=2)}"

    for headers, origin in (
        ({"host": "api.mch.weixin.qq.com"}, "https://api.mch.weixin.qq.com/"),
        ({"host": "pay.shop.example", "x-forwarded-proto": "https"}, "https://pay.shop.example/"),
        ({"host": "127.0.0.1:8001"}, "http://127.0.0.1:8001/"),
    ):
        asked = shop.request("GET", target, b"")
        _, named = shop.send(replace(asked, headers={**asked.headers, **headers}), gateway=gateway)
        assert named["download_url"].startswith(origin)


def test_a_bill_that_is_not_there_says_so(house: House):
    shop, on = Shop(house, DIRECT_SHOP), house.world.today
    house.later(on + timedelta(days=2))
    quiet = on + timedelta(days=-30)

    assert shop.get(f"/v3/bill/tradebill?bill_date={quiet}")[1]["code"] == "NO_STATEMENT_EXIST"
    for target in (
        "tradebill?bill_date=2026-3-1",
        "tradebill",
        f"tradebill?bill_date={on}&bill_type=X",
        "fundflowbill",
    ):
        assert shop.get(f"/v3/bill/{target}")[1]["code"] == "PARAM_ERROR"
    assert shop.get("/v3/billdownload/file?token=ALL.2026-03-02")[1]["code"] == "PARAM_ERROR"
