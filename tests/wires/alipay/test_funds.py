"""fund.*: a shop gives a person money, asks what became of it, and what it has left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from florin.engine.admin import set_settlement_terms
from florin.payments.settlement_terms import SettlementTerms
from wires.alipay.house import DIRECT_SHOP, House, Shop
from world import SHOP


@pytest.fixture
def funded(house: House) -> int:
    """What the shop has: a day's sales, of which its terms pay nothing out yet."""
    world = house.world
    terms = SettlementTerms(from_on=world.today, payout_minor_min=10**9)
    set_settlement_terms(world.connection, SHOP, terms, by="anna", reason="test")
    world.connection.commit()
    world.buy("alice", wallet_minor=20_000)
    world.until(world.today + timedelta(days=1))
    return int(world.balance("MERCHANT_AVAILABLE", SHOP))


def give(shop: Shop, payee: Any, **changes: Any) -> dict[str, Any]:
    biz = {
        "out_biz_no": "bonus-1",
        "trans_amount": "30.00",
        "product_code": "TRANS_ACCOUNT_NO_PWD",
        "order_title": "bonus",
    }
    to = {"identity": str(payee), "identity_type": "ALIPAY_USER_ID"}
    return shop.call("alipay.fund.trans.uni.transfer", **{**biz, "payee_info": to, **changes})


def test_a_transfer_happens_once_and_is_found_by_either_number(house: House, shop: Shop, funded: int):
    bob = house.world.people["bob"]

    given, again = give(shop, bob), give(shop, bob)
    by_ours = shop.call("alipay.fund.trans.common.query", order_id=given["order_id"])
    by_theirs = shop.call("alipay.fund.trans.common.query", out_biz_no="bonus-1", product_code="TRANS_ACCOUNT_NO_PWD")
    left = shop.call("alipay.fund.account.query", account_type="ACCTRANS_ACCOUNT", alipay_user_id=str(SHOP))

    assert (given["code"], given["status"], given["order_id"]) == ("10000", "SUCCESS", again["order_id"])
    assert (by_ours["trans_amount"], by_ours["order_id"]) == ("30.00", by_theirs["order_id"])
    assert house.world.wallet_minor("bob") == 3_000
    assert left["available_amount"] == f"{(funded - 3_000) / 100:.2f}"
    house.world.assert_books_hold()


def test_the_same_number_for_another_transfer_and_too_much_are_refused(house: House, shop: Shop, funded: int):
    bob = house.world.people["bob"]
    give(shop, bob)

    other = give(shop, bob, trans_amount="31.00")
    over = give(shop, bob, out_biz_no="bonus-2", trans_amount="999.00")

    assert (other["code"], other["sub_code"]) == ("40004", "INVALID_PARAMETER")
    assert over["sub_code"] == "PAYER_BALANCE_NOT_ENOUGH"
    assert house.world.wallet_minor("bob") == 3_000


def test_another_apps_transfer_is_as_absent_as_one_that_never_was(house: House, shop: Shop, funded: int):
    given = give(shop, house.world.people["bob"])
    other = Shop(house, DIRECT_SHOP)

    for asked in ({"order_id": given["order_id"]}, {"out_biz_no": "bonus-1"}, {"order_id": "7"}, {"order_id": "x"}):
        assert other.call("alipay.fund.trans.common.query", **asked)["sub_code"] == "ORDER_NOT_EXIST"
    assert other.call("alipay.fund.trans.common.query")["sub_code"] == "INVALID_PARAMETER"


def test_the_payee_is_named_by_number_or_logon_and_must_be_who_the_name_says(house: House, shop: Shop, funded: int):
    logon = {"identity": "bob", "identity_type": "ALIPAY_LOGON_ID"}

    right = give(shop, 0, payee_info={**logon, "name": "bob"})
    wrong = give(shop, 0, out_biz_no="b2", payee_info={**logon, "name": "Eve"})
    nobody = give(shop, 7, out_biz_no="b3")
    odd = give(shop, 0, out_biz_no="b4", payee_info={**logon, "identity_type": "PASSPORT"})

    assert right["status"] == "SUCCESS"
    assert (wrong["sub_code"], nobody["sub_code"]) == ("PAYEE_USER_INFO_ERROR", "PAYEE_NOT_EXIST")
    assert odd["sub_code"] == "ACQ.INVALID_PARAMETER"
