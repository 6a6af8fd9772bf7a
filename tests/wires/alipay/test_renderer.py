"""Notifies from the outbox to a listening shop: told once for each event, the same way on every try, and verifiable."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from datetime import date, timedelta

import psycopg
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from florin.engine.outbox import deliver_due
from florin.wires.alipay.gateway import HttpRequest
from florin.wires.alipay.renderer import AlipayRenderer, ids_of
from wires.alipay.house import DIRECT_SHOP, House, Shop
from wires.alipay.listener import Listener
from world import SHOP

TEA = {"out_trade_no": "tea-0305", "total_amount": "199.00", "subject": "茶具 & {tea}"}


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


def delivered(house: House, *, after: timedelta = timedelta(0)) -> int:
    with psycopg.connect(house.world.dsn, autocommit=True) as connection:
        at = house.world.engine.at().instant + after
        return deliver_due(connection, {"alipay": AlipayRenderer(house.apps)}, at)


def asked(shop: Shop, listener: Listener, **biz: str) -> None:
    answer = shop.send(shop.request("alipay.trade.precreate", {**TEA, **biz}, notify_url=listener.url))
    assert answer["code"] == "10000", answer


def verify(house: House, told: dict[str, str], charset: str = "utf-8") -> None:
    signed = "&".join(f"{name}={value}" for name, value in sorted(told.items()) if name not in ("sign", "sign_type"))
    signature = base64.b64decode(told["sign"])
    house.platform_key.verify(signature, signed.encode(charset), padding.PKCS1v15(), hashes.SHA256())


def vouched(house: House, notify_id: str, partner: str) -> bytes:
    query = f"service=notify_verify&partner={partner}&notify_id={notify_id}".encode()
    request = HttpRequest(http_method="GET", path="/gateway.do", query=query, content_type=None, accept="", body=b"")
    return asyncio.run(house.gateway.answer(request)).body


def test_a_payment_is_told_with_everything_a_shop_checks(house: House, shop: Shop, listener: Listener):
    asked(shop, listener, passback_params="a%3D1", body="two cups")
    house.pay("alice", "tea-0305")

    assert delivered(house) == 1

    told = listener.told[0]
    verify(house, told)
    assert (told["trade_status"], told["out_trade_no"], told["app_id"]) == (
        "TRADE_SUCCESS",
        "tea-0305",
        str(shop.app_id),
    )
    assert (told["total_amount"], told["receipt_amount"], told["seller_id"]) == ("199.00", "199.00", str(SHOP))
    assert (told["subject"], told["body"], told["passback_params"]) == (TEA["subject"], "two cups", "a%3D1")
    assert json.loads(told["fund_bill_list"]) == [{"amount": "199.00", "fundChannel": "PCREDIT"}]
    assert told["gmt_payment"].startswith("2026-03-02 ")
    assert "refund_fee" not in told
    assert delivered(house) == 0


def test_a_shop_that_does_not_say_success_is_told_again_under_the_same_id(house: House, shop: Shop, listener: Listener):
    listener.answers = [b'"success"', b"fail", b"", b"success"]
    asked(shop, listener)
    house.pay("alice", "tea-0305")

    assert delivered(house) == 3
    assert delivered(house, after=timedelta(minutes=3)) == 0
    assert delivered(house, after=timedelta(minutes=4)) == 1

    assert len({told["notify_id"] for told in listener.told}) == 1
    assert len({told["notify_time"] for told in listener.told}) > 1
    for told in listener.told:
        verify(house, told)
    assert delivered(house, after=timedelta(days=2)) == 0


def test_refunds_are_told_with_the_sum_so_far_and_the_last_one_closes(house: House, listener: Listener):
    shop = Shop(house, DIRECT_SHOP)
    asked(shop, listener)
    house.pay("alice", "tea-0305", app_id=DIRECT_SHOP)
    for number, amount in (("r1", "60.00"), ("r2", "139.00")):
        shop.call("alipay.trade.refund", out_trade_no="tea-0305", refund_amount=amount, out_request_no=number)

    delivered(house)

    by_number = {told["out_biz_no"]: told for told in listener.told if "out_biz_no" in told}
    part, rest = by_number["r1"], by_number["r2"]
    assert (part["trade_status"], part["refund_fee"], part["send_back_fee"]) == ("TRADE_SUCCESS", "60.00", "60.00")
    assert (rest["trade_status"], rest["refund_fee"], rest["send_back_fee"]) == ("TRADE_CLOSED", "199.00", "139.00")
    assert rest["gmt_refund"][:10] == rest["gmt_close"][:10] == "2026-03-02"
    assert len({told["notify_id"] for told in listener.told}) == 3
    for told in listener.told:
        verify(house, told)


def test_a_trade_that_was_closed_or_ran_out_of_time_is_told_as_closed(house: House, shop: Shop, listener: Listener):
    asked(shop, listener)
    asked(shop, listener, out_trade_no="tea-2", timeout_express="1d")
    shop.call("alipay.trade.close", out_trade_no="tea-0305")
    house.later(date(2026, 3, 4))

    delivered(house)

    closed = {told["out_trade_no"]: told for told in listener.told}
    assert {told["trade_status"] for told in closed.values()} == {"TRADE_CLOSED"}
    assert closed.keys() == {"tea-0305", "tea-2"}
    assert all("gmt_payment" not in told and "gmt_close" in told for told in closed.values())


def test_a_gbk_shop_is_told_in_gbk(house: House, listener: Listener):
    shop = Shop(house, charset="gbk")
    asked(shop, listener)
    house.pay("alice", "tea-0305")

    delivered(house)

    told = listener.told[0]
    assert (told["charset"], told["subject"]) == ("gbk", TEA["subject"])
    verify(house, told, charset="gbk")


def test_the_old_notify_verify_vouches_for_our_own_notifies_for_a_minute(house: House, shop: Shop, listener: Listener):
    asked(shop, listener)
    house.pay("alice", "tea-0305")
    delivered(house)
    notify_id = listener.told[0]["notify_id"]

    assert vouched(house, notify_id, str(SHOP)) == b"true"
    assert vouched(house, notify_id, "999") == b"false"
    assert vouched(house, notify_id[:-1] + ("2" if notify_id.endswith("1") else "1"), str(SHOP)) == b"false"
    house.later(date(2026, 3, 3))
    assert vouched(house, notify_id, str(SHOP)) == b"false"


def test_an_id_that_is_none_of_ours_has_no_numbers():
    for text in ("", "abc", "1" * 35, "１" * 36):
        assert ids_of(text) is None
    assert ids_of("0" * 17 + "7" + "0" * 17 + "9") == (9, 7)


def test_a_receipt_is_no_second_payment(house: House, shop: Shop, listener: Listener):
    asked(shop, listener)
    paid = house.pay("alice", "tea-0305")
    house.world.receive(paid.event.payment_id)

    delivered(house)

    assert sum("gmt_payment" in told for told in listener.told) == 1
    assert {told["trade_status"] for told in listener.told} == {"TRADE_SUCCESS"}


def test_a_freeze_and_what_is_let_go_of_it_are_told_in_words_of_their_own(house: House, shop: Shop, listener: Listener):
    order = {"out_order_no": "deposit", "out_request_no": "f1", "order_title": "押金", "amount": "500.00"}
    request = shop.request(
        "alipay.fund.auth.order.freeze", {**order, "auth_code": house.code_of("alice")}, notify_url=listener.url
    )
    auth_no = shop.send(request)["auth_no"]
    part = {"out_trade_no": "night-1", "total_amount": "200.00", "subject": "房费", "auth_no": auth_no}
    assert shop.call("alipay.trade.pay", **part)["code"] == "10000"
    let_go = {"auth_no": auth_no, "out_request_no": "u1", "amount": "120.00"}
    unfrozen = shop.call("alipay.fund.auth.order.unfreeze", **let_go)

    assert delivered(house) == 2  # the part that was taken is no sale of the freeze's number

    for told in listener.told:
        verify(house, told)
    froze, released = sorted(listener.told, key=lambda told: told["notify_type"])
    assert (froze["notify_type"], froze["operation_type"], froze["amount"]) == ("fund_auth_freeze", "FREEZE", "500.00")
    assert (froze["auth_no"], froze["out_order_no"], froze["out_request_no"]) == (auth_no, "deposit", "f1")
    assert (froze["rest_amount"], froze["payer_user_id"]) == ("500.00", str(house.world.people["alice"]))
    assert (released["notify_type"], released["operation_type"]) == ("fund_auth_unfreeze", "UNFREEZE")
    assert (released["operation_id"], released["out_request_no"]) == (unfrozen["operation_id"], "u1")
    assert (released["amount"], released["rest_amount"], released["total_pay_amount"]) == ("120.00", "180.00", "200.00")
    assert "trade_status" not in released
