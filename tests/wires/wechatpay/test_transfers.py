"""Money from a merchant to a person: once, never more than there is, and only to whom it was meant."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1

from florin.engine.admin import set_settlement_terms
from florin.payments.settlement_terms import SettlementTerms
from wires.wechatpay.house import DIRECT_SHOP, STRANGER, House, Shop
from world import SHOP

PATH = "/v3/fund-app/mch-transfer/transfer-bills"


@pytest.fixture(scope="module")
def direct(house: House) -> Shop:
    """A shop that sold ¥300.00 yesterday, of which nothing is paid out yet."""
    shop, world = Shop(house, DIRECT_SHOP), house.world
    terms = SettlementTerms(from_on=world.today, payout_minor_min=10**9)
    set_settlement_terms(world.connection, SHOP, terms, by="anna", reason="test")
    world.connection.commit()
    shop.native("give-001", 30_000)
    house.pay("alice", "give-001", wallet=True)
    house.later(world.today + timedelta(days=1))
    return shop


def bill(shop: Shop, number: str, amount: int, **more: Any) -> dict[str, Any]:
    return {
        "appid": shop.own["appid"],
        "out_bill_no": number,
        "transfer_scene_id": "1000",
        "openid": shop.house.openid("bob"),
        "transfer_amount": amount,
        "transfer_remark": "a prize",
        **more,
    }


def encrypted(text: str, key: rsa.RSAPublicKey) -> str:
    oaep = padding.OAEP(mgf=padding.MGF1(SHA1()), algorithm=SHA1(), label=None)
    return base64.b64encode(key.encrypt(text.encode(), oaep)).decode()


def test_what_is_given_is_in_the_wallet_once(house: House, direct: Shop):
    status, given = direct.post(PATH, bill(direct, "prize1", 5_000))

    assert (status, given["state"], given["out_bill_no"]) == (200, "SUCCESS", "prize1")
    assert direct.post(PATH, bill(direct, "prize1", 5_000)) == (status, given)
    assert house.world.wallet_minor("bob") == 5_000
    assert direct.post(PATH, bill(direct, "prize1", 5_001))[1]["code"] == "INVALID_REQUEST"
    _, seen = direct.get(f"{PATH}/out-bill-no/prize1")
    assert (seen["transfer_amount"], seen["openid"], seen["transfer_remark"]) == (5_000, house.openid("bob"), "a prize")
    assert direct.get(f"{PATH}/transfer-bill-no/{given['transfer_bill_no']}") == (200, seen)
    assert direct.send(direct.request("POST", f"{PATH}/out-bill-no/prize1/cancel", b""))[1]["code"] == "INVALID_REQUEST"
    house.world.assert_books_hold()


def test_more_than_there_is_nobody_and_another_merchants_transfer_are_refused(house: House, direct: Shop):
    _, over = direct.post(PATH, bill(direct, "prize2", 10**8))
    _, nobody = direct.post(PATH, bill(direct, "prize3", 1, openid="oNobody"))
    direct.post(PATH, bill(direct, "prize4", 1))
    stranger = Shop(house, STRANGER)

    assert (over["code"], nobody["detail"]["field"]) == ("NOT_ENOUGH", "/openid")
    assert stranger.get(f"{PATH}/out-bill-no/prize4")[1]["code"] == "RESOURCE_NOT_EXISTS"
    assert direct.get(f"{PATH}/out-bill-no/prize2")[1]["code"] == "RESOURCE_NOT_EXISTS"


def test_a_batch_is_given_whole_or_not_at_all_and_once(house: House, direct: Shop):
    def batch(number: str, *amounts: int, **more: Any) -> dict[str, Any]:
        details = [
            {
                "out_detail_no": f"d{place}",
                "transfer_amount": amount,
                "transfer_remark": "pay",
                "openid": house.openid(name),
            }
            for place, (amount, name) in enumerate(zip(amounts, ("bob", "alice"), strict=True))
        ]
        totals = {"total_amount": sum(amounts), "total_num": len(amounts)}
        named = {"appid": direct.own["appid"], "out_batch_no": number, "batch_name": "pay", "batch_remark": "pay"}
        return {**named, **totals, "transfer_detail_list": details, **more}

    before = house.world.wallet_minor("bob"), house.world.wallet_minor("alice")
    path = "/v3/transfer/batches"
    status, given = direct.post(path, batch("batch1", 300, 200))

    assert (status, given.get("batch_status")) == (200, "FINISHED"), given
    assert direct.post(path, batch("batch1", 300, 200)) == (status, given)
    assert direct.post(path, batch("batch1", 200, 300))[1]["code"] == "INVALID_REQUEST"
    assert direct.post(path, batch("batch2", 300, 10**8))[1]["code"] == "NOT_ENOUGH"
    assert direct.post(path, batch("batch3", 300, 200, total_num=3))[1]["detail"]["field"] == "/total_amount"
    assert (house.world.wallet_minor("bob"), house.world.wallet_minor("alice")) == (before[0] + 300, before[1] + 200)
    _, seen = direct.get(f"{path}/out-batch-no/batch1/details/out-detail-no/d1")
    assert (seen["detail_status"], seen["transfer_amount"], seen["batch_id"]) == ("SUCCESS", 200, given["batch_id"])
    _, whole = direct.get(f"{path}/out-batch-no/batch1?need_query_detail=true&offset=1&limit=1&detail_status=ALL")
    assert [whole["transfer_batch"][name] for name in ("total_amount", "success_num", "batch_name")] == [500, 2, "pay"]
    (second,) = whole["transfer_detail_list"]
    assert (second["out_detail_no"], second["detail_id"]) == ("d1", seen["detail_id"])
    by_id = f"{path}/batch-id/{given['batch_id']}"
    assert direct.get(f"{by_id}?need_query_detail=false") == (200, {"transfer_batch": whole["transfer_batch"]})
    assert direct.get(f"{by_id}/details/detail-id/{seen['detail_id']}") == (200, seen)
    assert direct.get(f"{path}/batch-id/{seen['detail_id']}")[1]["code"] == "RESOURCE_NOT_EXISTS"
    assert Shop(house, STRANGER).get(f"{by_id}?need_query_detail=true")[1]["code"] == "RESOURCE_NOT_EXISTS"
    assert direct.get(f"{path}/out-batch-no/batch2/details/out-detail-no/d0")[1]["code"] == "RESOURCE_NOT_EXISTS"
    house.world.assert_books_hold()


def test_a_name_is_opened_with_our_key_and_must_be_hers(house: House, direct: Shop):
    ours = house.clients.ours(DIRECT_SHOP)[0].private.public_key()

    right = direct.post(PATH, bill(direct, "named1", 1, user_name=encrypted("bob", ours)))
    wrong = direct.post(PATH, bill(direct, "named2", 1, user_name=encrypted("alice", ours)))
    unreadable = direct.post(PATH, bill(direct, "named3", 1, user_name="bob"))

    assert right[0] == 200
    assert [answer[1]["detail"]["field"] for answer in (wrong, unreadable)] == ["/user_name"] * 2
