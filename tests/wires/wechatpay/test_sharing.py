"""Profit sharing over the wire: an order's money is frozen, given, returned and released, and each is told once."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from florin.wires.wechatpay.names import appid_of
from wires.wechatpay.house import DIRECT_SHOP, PROVIDER, STRANGER, House, Shop, opened
from wires.wechatpay.listener import Listener
from wires.wechatpay.test_transfers import encrypted

PATH = "/v3/profitsharing"
PARTNER = 1900000009
PARTNERS_MERCHANT = (7 << 40) | 9


@pytest.fixture(scope="module")
def listening() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


@pytest.fixture(scope="module")
def shop(house: House, listening: Listener) -> Shop:
    """The direct shop; beside it another merchant with a number of his own, and bob, with whom it may share."""
    house.another_merchant(PARTNER, merchant_id=PARTNERS_MERCHANT, name="Drivers", notify_url=listening.url)
    made = Shop(house, DIRECT_SHOP)
    ours = house.clients.ours(DIRECT_SHOP)[0].private.public_key()
    status, added = made.post(f"{PATH}/receivers/add", receiver(made, name=encrypted("Drivers", ours)))
    assert (status, added["account"]) == (200, str(PARTNER))
    person = {"type": "PERSONAL_OPENID", "account": house.openid("bob"), "relation_type": "STAFF"}
    assert made.post(f"{PATH}/receivers/add", {**made.own, **person})[0] == 200
    return made


def receiver(shop: Shop, **more: Any) -> dict[str, Any]:
    merchant = {"type": "MERCHANT_ID", "account": str(PARTNER), "relation_type": "PARTNER"}
    return {"appid": shop.own["appid"], **merchant, **more}


def part(amount: int, **more: Any) -> dict[str, Any]:
    return {"type": "MERCHANT_ID", "account": str(PARTNER), "amount": amount, "description": "ride", **more}


def asked(shop: Shop, transaction_id: str, number: str, *parts: dict[str, Any], finish: bool = False) -> dict[str, Any]:
    named = {"appid": shop.own["appid"], "transaction_id": transaction_id, "out_order_no": number}
    return {**named, "receivers": list(parts), "unfreeze_unsplit": finish}


def sold(shop: Shop, number: str) -> str:
    return shop.paid("alice", number, 10_000, settle_info={"profit_sharing": True})


def test_an_order_is_shared_returned_refunded_and_released_and_all_of_it_is_told(house: House, shop: Shop):
    trade = sold(shop, "share-0001")
    to_bob = part(500, type="PERSONAL_OPENID", account=house.openid("bob"))

    assert shop.get(f"{PATH}/transactions/{trade}/amounts")[1] == {"transaction_id": trade, "unsplit_amount": 9_940}
    status, given = shop.post(f"{PATH}/orders", asked(shop, trade, "s1", part(2_000), to_bob))
    assert (status, given["state"]) == (200, "FINISHED"), given
    assert [(one["account"], one["amount"], one["result"]) for one in given["receivers"]] == [
        (str(PARTNER), 2_000, "SUCCESS"), (house.openid("bob"), 500, "SUCCESS"),
    ]  # fmt: skip
    assert shop.post(f"{PATH}/orders", asked(shop, trade, "s1", part(2_000), to_bob)) == (200, given)
    assert shop.post(f"{PATH}/orders", asked(shop, trade, "s1", part(2_001)))[1]["code"] == "INVALID_REQUEST"
    assert shop.get(f"{PATH}/orders/s1?transaction_id={trade}") == (200, given)
    back = {
        "out_order_no": "s1",
        "out_return_no": "r1",
        "return_mchid": str(PARTNER),
        "amount": 700,
        "description": "no",
    }
    status, returned = shop.post(f"{PATH}/return-orders", back)
    assert (status, returned["result"], returned["order_id"]) == (200, "SUCCESS", given["order_id"])
    assert shop.post(f"{PATH}/return-orders", back) == (200, returned)
    assert shop.get(f"{PATH}/return-orders/r1?&out_order_no=s1") == (200, returned)
    assert shop.refund("share-0001", "rf-1", 8_000, 10_000)[1]["status"] == "SUCCESS"
    unfreeze = {"transaction_id": trade, "out_order_no": "s2", "description": "done"}
    status, over = shop.post(f"{PATH}/orders/unfreeze", unfreeze)
    assert (status, over.get("receivers")) == (200, []), "the refund took all that was frozen"
    assert shop.post(f"{PATH}/orders", asked(shop, trade, "s3", part(1)))[1]["code"] == "INVALID_REQUEST"
    house.world.assert_books_hold()


def test_what_is_left_is_released_with_the_last_part_and_is_told_as_the_shops_own(shop: Shop):
    trade = sold(shop, "share-0002")

    _, given = shop.post(f"{PATH}/orders", asked(shop, trade, "rest1", part(3_000), finish=True))

    assert [(one["account"], one["amount"]) for one in given["receivers"]] == [
        (str(PARTNER), 3_000), (shop.mchid, 6_940),
    ]  # fmt: skip
    assert shop.get(f"{PATH}/transactions/{trade}/amounts")[1]["unsplit_amount"] == 0


def test_what_cannot_be_shared_is_refused_by_the_protocols_codes(house: House, shop: Shop):
    trade, plain = sold(shop, "share-0003"), shop.paid("alice", "share-0004", 10_000)
    shop.native("share-0005", 10_000, settle_info={"profit_sharing": True})

    def code(body: dict[str, Any]) -> str:
        return shop.post(f"{PATH}/orders", body)[1]["code"]

    unpaid = str(house.trade_id("share-0005"))
    assert code(asked(shop, trade, "bad1", part(3_001))) == "RULE_LIMIT"
    assert code(asked(shop, trade, "bad2", part(9_941))) == "NOT_ENOUGH"
    assert code(asked(shop, plain, "bad3", part(1))) == "INVALID_REQUEST"
    assert code(asked(shop, unpaid, "bad4", part(1))) == "INVALID_REQUEST"
    assert code(asked(shop, trade, "bad5", part(1, account=str(STRANGER)))) == "RULE_LIMIT"
    assert code(asked(shop, trade, "bad6", part(1, account="7"))) == "PARAM_ERROR"
    assert code(asked(shop, trade, "bad7", part(1), part(2))) == "PARAM_ERROR"
    assert code(asked(shop, "1", "bad8", part(1))) == "ORDER_NOT_EXIST"
    assert Shop(house, STRANGER).get(f"{PATH}/orders/s1")[1]["code"] == "RESOURCE_NOT_EXISTS"
    assert Shop(house, STRANGER).get(f"{PATH}/transactions/{trade}/amounts")[1]["code"] == "ORDER_NOT_EXIST"
    own = receiver(shop, account=shop.mchid)
    assert shop.post(f"{PATH}/receivers/add", own)[1]["code"] == "INVALID_REQUEST"
    ours = house.clients.ours(DIRECT_SHOP)[0].private.public_key()
    named = receiver(shop, name=encrypted("Others", ours))
    assert shop.post(f"{PATH}/receivers/add", named)[1]["detail"]["field"] == "/name"
    assert shop.post(f"{PATH}/orders", asked(shop, trade, "good", part(100)))[0] == 200
    much = {
        "out_order_no": "good",
        "out_return_no": "r9",
        "return_mchid": str(PARTNER),
        "amount": 101,
        "description": "x",
    }
    assert shop.post(f"{PATH}/return-orders", much)[1]["code"] == "INVALID_REQUEST"


def test_the_most_of_an_order_is_told_to_its_merchant_and_his_provider_alone(house: House, shop: Shop):
    path = f"{PATH}/merchant-configs/{shop.mchid}"

    assert shop.get(path)[1] == {"sub_mchid": shop.mchid, "max_ratio": 3_000}
    assert Shop(house, PROVIDER).get(path)[0] == 200
    assert Shop(house, STRANGER).get(path)[1]["code"] == "NO_AUTH"


def test_a_receiver_who_was_removed_gets_nothing(shop: Shop):
    trade = sold(shop, "share-0006")
    gone = {"appid": shop.own["appid"], "type": "MERCHANT_ID", "account": str(PARTNER)}

    assert shop.post(f"{PATH}/receivers/delete", gone)[0] == 200
    assert shop.post(f"{PATH}/orders", asked(shop, trade, "gone", part(1)))[1]["code"] == "RULE_LIMIT"
    assert shop.post(f"{PATH}/receivers/add", receiver(shop))[0] == 200
    assert shop.post(f"{PATH}/orders", asked(shop, trade, "gone", part(1)))[0] == 200


def test_a_receiving_merchant_is_told_and_the_days_bill_lists_it(house: House, shop: Shop, listening: Listener):
    trade = sold(shop, "share-0007")
    day, _ = house.world.today, house.deliver()
    listening.told.clear()
    _, given = shop.post(f"{PATH}/orders", asked(shop, trade, "told1", part(1_234), finish=True))

    house.deliver()

    (told,) = listening.told
    envelope = json.loads(told.body)
    assert (envelope["event_type"], envelope["summary"], envelope["resource"]["original_type"]) == (
        "TRANSACTION.SUCCESS", "分账", "profitsharing",
    )  # fmt: skip
    resource = json.loads(opened(envelope["resource"]))
    assert resource.pop("success_time") == given["receivers"][0]["finish_time"]
    assert resource == {
        "mchid": shop.mchid, "transaction_id": trade, "order_id": given["order_id"], "out_order_no": "told1",
        "receiver": {"type": "MERCHANT_ID", "account": str(PARTNER), "amount": 1_234, "description": "ride"},
    }  # fmt: skip
    assert shop.get(f"{PATH}/bills?bill_date={day}")[1]["code"] == "STATEMENT_CREATING"
    house.later(day + timedelta(days=1))
    _, named = shop.get(f"{PATH}/bills?bill_date={day}")
    request = shop.request("GET", named["download_url"].removeprefix("http://api.test"), b"")
    file = asyncio.run(house.gateway.answer(request)).body
    assert hashlib.sha1(file).hexdigest() == named["hash_value"]
    rows = [row.split(",") for row in file.decode().splitlines() if "`told1" in row]
    assert [(row[8], row[9], row[10]) for row in rows] == [
        (f"`{PARTNER}", "`12.34", "`分账"), (f"`{shop.mchid}", "`87.06", "`解冻"),
    ]  # fmt: skip
    assert appid_of(DIRECT_SHOP) == shop.own["appid"]
    house.world.assert_books_hold()
