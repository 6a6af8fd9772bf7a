"""trade.order.settle and royalties: the same sharing as the other wire's, in this one's words."""

from __future__ import annotations

from typing import Any

import pytest

from wires.alipay.house import DIRECT_SHOP, House, Shop
from world import SHOP

DRIVERS = (7 << 40) | 9


@pytest.fixture
def direct(house: House) -> Shop:
    """The direct shop; beside it another merchant, and bob, with whom it may share."""
    house.another_merchant(DRIVERS, "Drivers")
    shop = Shop(house, DIRECT_SHOP)
    bound = shop.call("alipay.trade.royalty.relation.bind", out_request_no="b1", receiver_list=[
        {"type": "userId", "account": str(DRIVERS), "name": "Drivers", "memo": "rides"},
        {"type": "loginName", "account": "bob", "name": "bob"},
    ])  # fmt: skip
    assert bound["result_code"] == "SUCCESS", bound
    return shop


def sold(house: House, shop: Shop, number: str, **extend: str) -> str:
    asked = shop.call(
        "alipay.trade.precreate", out_trade_no=number, total_amount="100.00", subject="ride", extend_params=extend
    )
    assert asked["code"] == "10000", asked
    trade_id = int(house.world.one("SELECT id FROM trade WHERE out_trade_no = %s", number))
    assert house.world.pay("alice", trade_id, 100_00).event
    return str(trade_id)


def part(to: object, amount: str, **more: Any) -> dict[str, Any]:
    return {"trans_in": str(to), "trans_in_type": "userId", "amount": amount, "desc": "ride", **more}


def test_a_frozen_order_is_shared_and_finished_and_each_part_is_told(house: House, direct: Shop):
    trade_no = sold(house, direct, "share-1", royalty_freeze="true")
    bob = house.world.people["bob"]
    parts = [part(DRIVERS, "20.00", trans_out=str(SHOP)), part("bob", "5.00", trans_in_type="loginName")]

    def settle(number: str, *parts: Any, finish: str = "false") -> dict[str, Any]:
        return direct.call(
            "alipay.trade.order.settle", out_request_no=number, trade_no=trade_no, royalty_parameters=list(parts),
            extend_params={"royalty_finish": finish},
        )  # fmt: skip

    assert direct.call("alipay.trade.order.onsettle.query", trade_no=trade_no)["unsettled_amount"] == "99.40"
    given = settle("s1", *parts)
    assert given["code"] == "10000", given
    assert settle("s1", *parts)["settle_no"] == given["settle_no"]
    assert settle("s1", parts[0])["sub_code"] == "ACQ.DISCORDANT_REPEAT_REQUEST"
    assert settle("s2", part(DRIVERS, "5.01"))["sub_code"] == "ACQ.ALLOC_AMOUNT_VALIDATE_ERROR"
    assert settle("s3", part(SHOP, "1.00"))["sub_code"] == "ACQ.ROYALTY_RECEIVER_INVALID"
    assert settle("s4", part(7, "1.00"))["sub_code"] == "ACQ.ROYALTY_RECEIVER_INVALID"
    assert settle("s5")["sub_code"] == "ACQ.INVALID_PARAMETER"
    assert settle("s6", finish="true")["code"] == "10000"
    assert settle("s7", part(DRIVERS, "1.00"))["sub_code"] == "ACQ.TRADE_STATUS_ERROR"
    seen = direct.call("alipay.trade.order.settle.query", settle_no=given["settle_no"])
    assert seen == direct.call("alipay.trade.order.settle.query", out_request_no="s1", trade_no=trade_no)
    assert [(one["trans_in"], one["amount"], one["state"]) for one in seen["royalty_detail_list"]] == [
        (str(DRIVERS), "20.00", "SUCCESS"), (str(bob), "5.00", "SUCCESS"),
    ]  # fmt: skip
    (released,) = direct.call("alipay.trade.order.settle.query", out_request_no="s6")["royalty_detail_list"]
    assert (released["trans_in"], released["amount"]) == (str(SHOP), "74.40")
    assert house.world.wallet_minor("bob") == 5_00
    assert house.world.balance("MERCHANT_AVAILABLE", DRIVERS) == 20_00
    house.world.assert_books_hold()


def test_only_a_frozen_order_is_shared_and_only_with_who_is_bound(house: House, direct: Shop):
    plain = sold(house, direct, "share-2")
    refused = direct.call(
        "alipay.trade.order.settle", out_request_no="s1", trade_no=plain, royalty_parameters=[part(DRIVERS, "1.00")]
    )
    bound = direct.call("alipay.trade.royalty.relation.batchquery", out_request_no="q1", page_size="1", page_num="2")
    away = {"type": "userId", "account": str(DRIVERS)}
    direct.call("alipay.trade.royalty.relation.unbind", out_request_no="u1", receiver_list=[away])
    left = direct.call("alipay.trade.royalty.relation.batchquery", out_request_no="q2")
    nobody = direct.call(
        "alipay.trade.royalty.relation.bind", out_request_no="b2", receiver_list=[{"type": "userId", "account": "9"}]
    )

    assert refused["sub_code"] == "ACQ.TRADE_STATUS_ERROR"
    assert (bound["total_record_num"], bound["total_page_num"], bound["receiver_list"][0]["name"]) == ("2", "2", "bob")
    assert [each["name"] for each in left["receiver_list"]] == ["bob"]
    assert nobody["sub_code"] == "ACQ.ROYALTY_RECEIVER_INVALID"
    rate = direct.call("alipay.trade.royalty.rate.query", out_request_no="r1")
    assert (rate["user_id"], rate["max_ratio"]) == (str(SHOP), "30")


def test_a_refund_takes_others_parts_back_with_it_or_does_nothing(house: House, direct: Shop):
    trade_no, bob = sold(house, direct, "share-3", royalty_freeze="true"), str(house.world.people["bob"])
    for number, parts in (("s1", [part(DRIVERS, "10.00")]), ("s2", [part(DRIVERS, "8.00"), part("bob", "2.00")])):
        parts = [{**each, "trans_in": bob} if each["trans_in"] == "bob" else each for each in parts]
        given = direct.call(
            "alipay.trade.order.settle", out_request_no=number, trade_no=trade_no, royalty_parameters=parts
        )
        assert given["code"] == "10000", given

    def refund(number: str, amount: str, **back: str) -> dict[str, Any]:
        royalties = [{"trans_out": out, "amount": minor, "desc": "back"} for out, minor in back.items()]
        return direct.call(
            "alipay.trade.refund", trade_no=trade_no, refund_amount=amount, out_request_no=number,
            refund_royalty_parameters=royalties,
        )  # fmt: skip

    drivers = str(DRIVERS)
    assert refund("r0", "95.00", **{drivers: "18.01"})["sub_code"] == "ACQ.ALLOC_AMOUNT_VALIDATE_ERROR"
    assert refund("r0", "95.00", **{bob: "1.00"})["sub_code"] == "ACQ.ROYALTY_RECEIVER_INVALID"
    assert refund("r0", "100.01", **{drivers: "15.00"})["sub_code"] == "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"
    assert house.world.balance("MERCHANT_AVAILABLE", DRIVERS) == 18_00
    assert refund("r1", "94.00", **{drivers: "15.00"})["fund_change"] == "Y"
    assert house.world.balance("MERCHANT_AVAILABLE", DRIVERS) == 3_00
    assert refund("r1", "94.00", **{drivers: "15.00"})["fund_change"] == "N"
    assert refund("r1", "94.00", **{drivers: "14.00"})["sub_code"] == "ACQ.DISCORDANT_REPEAT_REQUEST"
    assert house.world.balance("MERCHANT_AVAILABLE", DRIVERS) == 3_00
    house.world.assert_books_hold()


def test_what_a_shop_says_of_an_order_is_checked_and_changes_nothing(house: House, direct: Shop):
    trade_no = sold(house, direct, "share-4")

    def said(**changes: Any) -> dict[str, Any]:
        words = {"trade_no": trade_no, "out_request_no": "o1", "biz_type": "CREDIT_AUTH"}
        return direct.call(
            "alipay.trade.orderinfo.sync", **{**words, "order_biz_info": '{"status":"COMPLETE"}', **changes}
        )

    told = said()
    assert (told["code"], told["trade_no"], told["out_trade_no"]) == ("10000", trade_no, "share-4")
    assert told["buyer_user_id"] == str(house.world.people["alice"])
    assert said(order_biz_info='{"status":"LOST"}')["sub_code"] == "ACQ.INVALID_PARAMETER"
    assert said(trade_no="7")["sub_code"] == "ACQ.TRADE_NOT_EXIST"
    assert direct.call("alipay.trade.query", trade_no=trade_no)["trade_status"] == "TRADE_SUCCESS"
