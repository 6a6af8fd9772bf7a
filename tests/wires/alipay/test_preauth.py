"""fund.auth.*: frozen with a code or at the cashier, taken in parts, let go; each once, and nobody else's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from florin.engine import lane_of
from florin.payments.pay import Pay
from wires.alipay.house import DIRECT_SHOP, House, Shop

FREEZE = {
    "out_order_no": "deposit-1",
    "out_request_no": "f1",
    "order_title": "押金",
    "amount": "500.00",
    "product_code": "PRE_AUTH",
}


def frozen(house: House, shop: Shop, **changes: Any) -> dict[str, Any]:
    code = {"auth_code": house.code_of("alice"), "auth_code_type": "bar_code"}
    return shop.call("alipay.fund.auth.order.freeze", **{**FREEZE, **code, **changes})


def take(
    shop: Shop, auth_no: str, number: str, amount: str, mode: str = "NOT_COMPLETE", **changes: Any
) -> dict[str, Any]:
    order = {"out_trade_no": number, "total_amount": amount, "subject": "房费", "product_code": "PRE_AUTH"}
    return shop.call("alipay.trade.pay", **{**order, "auth_no": auth_no, "auth_confirm_mode": mode, **changes})


def detail(shop: Shop, **named: str) -> dict[str, Any]:
    return shop.call("alipay.fund.auth.operation.detail.query", **named)


def test_a_deposit_is_frozen_taken_in_two_parts_and_the_rest_let_go(house: House, shop: Shop):
    held = frozen(house, shop)
    first = take(shop, held["auth_no"], "night-1", "200.00")
    again = take(shop, held["auth_no"], "night-1", "200.00")
    between = detail(shop, auth_no=held["auth_no"])
    second = take(shop, held["auth_no"], "minibar", "50.00", "COMPLETE")
    after = detail(shop, out_order_no="deposit-1", out_request_no="f1")

    assert (held["status"], held["rest_amount"], held["credit_amount"]) == ("SUCCESS", "500.00", "500.00")
    assert (first["code"], first["total_amount"], again["code"]) == ("10000", "200.00", "10000")
    assert first["fund_bill_list"] == [{"fund_channel": "PCREDIT", "amount": "200.00"}]
    assert (between["rest_amount"], between["total_pay_amount"], between["order_status"]) == (
        "300.00",
        "200.00",
        "AUTHORIZED",
    )
    assert second["total_amount"] == "50.00"
    assert (after["rest_amount"], after["total_pay_amount"], after["order_status"]) == ("0.00", "250.00", "FINISH")
    house.world.assert_books_hold()


def test_each_part_is_queried_and_refunded_under_its_own_number(house: House, shop: Shop):
    auth_no = frozen(house, shop)["auth_no"]
    take(shop, auth_no, "night-1", "200.00")
    take(shop, auth_no, "minibar", "50.00", "COMPLETE")

    ask = {"out_trade_no": "minibar", "out_request_no": "r1"}
    seen = shop.call("alipay.trade.query", out_trade_no="minibar", trade_no=auth_no)
    over = shop.call("alipay.trade.refund", **ask, refund_amount="50.01")
    part, again = (shop.call("alipay.trade.refund", **ask, refund_amount="20.00") for _ in range(2))
    rest = shop.call("alipay.trade.refund", out_trade_no="minibar", refund_amount="30.01", out_request_no="r2")
    found = shop.call("alipay.trade.fastpay.refund.query", **ask)
    whole = shop.call("alipay.trade.refund", trade_no=auth_no, refund_amount="1.00", out_request_no="r3")
    undone, twice = (shop.call("alipay.trade.cancel", out_trade_no="minibar") for _ in range(2))
    after = shop.call("alipay.trade.query", out_trade_no="minibar")
    other = shop.call("alipay.trade.query", out_trade_no="night-1")

    assert (seen["total_amount"], seen["trade_status"], seen["trade_no"]) == ("50.00", "TRADE_SUCCESS", auth_no)
    assert over["sub_code"] == rest["sub_code"] == "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"
    assert (part["fund_change"], again["fund_change"], found["refund_amount"]) == ("Y", "N", "20.00")
    assert whole["sub_code"] == "ACQ.INVALID_PARAMETER"
    assert (undone["action"], twice["action"], after["trade_status"]) == ("refund", "refund", "TRADE_CLOSED")
    assert (other["total_amount"], other["trade_status"]) == ("200.00", "TRADE_SUCCESS")
    assert house.world.one("SELECT credit_refunded_minor FROM payment") == 5_000
    house.world.assert_books_hold()


def test_eight_refunds_of_one_part_at_once_give_back_what_it_took_and_no_more(house: House, shop: Shop):
    auth_no = frozen(house, shop)["auth_no"]
    take(shop, auth_no, "night-1", "200.00")
    take(shop, auth_no, "minibar", "50.00")

    def refund(n: int) -> dict[str, Any]:
        return shop.call("alipay.trade.refund", out_trade_no="minibar", refund_amount="30.00", out_request_no=f"r{n}")

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(refund, range(8)))

    assert sum(answer["code"] == "10000" for answer in answers) == 1
    assert house.world.one("SELECT credit_refunded_minor FROM payment") == 3_000
    house.world.assert_books_hold()


def test_more_than_is_left_and_a_number_used_before_are_refused_by_name(house: House, shop: Shop):
    auth_no = frozen(house, shop)["auth_no"]
    take(shop, auth_no, "night-1", "200.00")

    over = take(shop, auth_no, "night-2", "300.01")
    other = take(shop, auth_no, "night-1", "100.00")
    nobody = take(Shop(house, DIRECT_SHOP), auth_no, "night-3", "1.00")
    odd = take(shop, auth_no, "night-4", "1.00", "MAYBE")

    assert over["sub_code"] == "ACQ.AUTH_AMOUNT_NOT_ENOUGH"
    assert other["sub_code"] == "ACQ.CONTEXT_INCONSISTENT"
    assert nobody["sub_code"] == "ACQ.AUTH_NO_ERROR"
    assert odd["sub_code"] == "ACQ.INVALID_PARAMETER"


def test_eight_takes_at_once_take_at_most_what_is_frozen(house: House, shop: Shop):
    auth_no = frozen(house, shop)["auth_no"]

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: take(shop, auth_no, f"part-{n}", "150.00"), range(8)))

    assert sum(answer["code"] == "10000" for answer in answers) == 3
    assert {answer.get("sub_code") for answer in answers} == {None, "ACQ.AUTH_AMOUNT_NOT_ENOUGH"}
    house.world.assert_books_hold()


def test_the_rest_is_let_go_in_parts_each_once_and_never_more_than_there_is(house: House, shop: Shop):
    auth_no = frozen(house, shop)["auth_no"]
    alice = house.world.line("alice")

    def unfreeze(number: str, amount: str) -> dict[str, Any]:
        named = {"auth_no": auth_no, "out_request_no": number, "amount": amount}
        return shop.call("alipay.fund.auth.order.unfreeze", **named)

    part, again = unfreeze("u1", "100.00"), unfreeze("u1", "100.00")
    assert (part["status"], part["amount"], again["operation_id"]) == ("SUCCESS", "100.00", part["operation_id"])
    assert house.world.line("alice").held_minor == alice.held_minor - 100_00
    assert unfreeze("u1", "99.00")["sub_code"] == "CONTEXT_INCONSISTENT"
    assert unfreeze("u2", "400.01")["sub_code"] == "UNFREEZE_AMOUNT_NOT_ENOUGH"
    between = detail(shop, auth_no=auth_no)
    assert (between["rest_amount"], between["total_unfreeze_amount"]) == ("400.00", "100.00")
    assert between["order_status"] == "AUTHORIZED"
    assert take(shop, auth_no, "night-1", "150.00")["code"] == "10000"
    assert unfreeze("u3", "250.00")["status"] == "SUCCESS"
    assert unfreeze("u4", "0.01")["sub_code"] == "ORDER_ALREADY_CLOSED"
    after = detail(shop, auth_no=auth_no)
    assert (after["order_status"], after["total_unfreeze_amount"], after["total_pay_amount"]) == (
        "FINISH", "350.00", "150.00",
    )  # fmt: skip
    house.world.assert_books_hold()


def test_eight_who_let_go_parts_at_once_let_go_what_is_left_and_no_more(house: House, shop: Shop):
    auth_no = frozen(house, shop)["auth_no"]

    def unfreeze(n: int) -> dict[str, Any]:
        return shop.call("alipay.fund.auth.order.unfreeze", auth_no=auth_no, out_request_no=f"u{n}", amount="150.00")

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(unfreeze, range(8)))

    assert sum(answer["code"] == "10000" for answer in answers) == 3
    assert detail(shop, auth_no=auth_no)["rest_amount"] == "50.00"
    house.world.assert_books_hold()


def test_a_voucher_is_frozen_at_the_cashier_and_cancelled(house: House, shop: Shop):
    made = shop.call("alipay.fund.auth.order.voucher.create", **FREEZE)
    waiting = detail(shop, out_order_no="deposit-1")
    trade_id = int(waiting["auth_no"])
    alice = house.world.people["alice"]
    pay = Pay(
        payment_id=house.world.engine.new_id(lane_of(alice)),
        trade_id=trade_id,
        person_id=alice,
        wallet_minor=50_000,
        capture=False,
    )
    assert house.world.do(pay).event

    held = detail(shop, auth_no=waiting["auth_no"])
    cancelled, again = (shop.call("alipay.fund.auth.operation.cancel", auth_no=waiting["auth_no"]) for _ in range(2))

    assert made["code_value"].startswith("http://pages.test/q/")
    assert (waiting["status"], held["order_status"], held["fund_amount"]) == ("INIT", "AUTHORIZED", "500.00")
    assert (cancelled["action"], again["action"]) == ("unfreeze", "unfreeze")
    assert house.world.wallet_minor("alice") == 50_000


@pytest.mark.parametrize("paid", [False, True])
def test_a_cancel_closes_what_nobody_froze_and_leaves_what_was_taken(house: House, shop: Shop, paid: bool):
    if paid:
        auth_no = frozen(house, shop)["auth_no"]
        take(shop, auth_no, "night-1", "1.00")
        assert shop.call("alipay.fund.auth.operation.cancel", auth_no=auth_no)["sub_code"] == "ORDER_ALREADY_FINISH"
        return
    shop.call("alipay.fund.auth.order.voucher.create", **FREEZE)

    assert shop.call("alipay.fund.auth.operation.cancel", out_order_no="deposit-1")["action"] == "close"
    assert detail(shop, out_order_no="deposit-1")["order_status"] == "CLOSED"


def test_a_lost_answer_is_asked_again_with_the_same_code_and_a_used_code_freezes_nothing_else(house: House, shop: Shop):
    code = house.code_of("alice")
    house.faults.asked = ["timeout"]
    lost = frozen(house, shop, auth_code=code)
    house.later(house.world.today + timedelta(days=1))

    late = frozen(house, shop, auth_code=code)
    other = frozen(house, shop, auth_code=code, out_order_no="deposit-2")

    assert (lost["code"], late["status"]) == ("20000", "SUCCESS")
    assert other["sub_code"] == "PAYMENT_AUTH_CODE_INVALID"


def test_another_apps_freeze_is_as_absent_as_one_that_never_was(house: House, shop: Shop):
    auth_no = frozen(house, shop)["auth_no"]
    other = Shop(house, DIRECT_SHOP)

    for named in ({"auth_no": auth_no}, {"out_order_no": "deposit-1"}, {"auth_no": "7"}, {"out_order_no": "never"}, {}):
        assert detail(other, **named)["sub_code"] == "AUTH_ORDER_NOT_EXIST"
