"""The gateway over a real engine and database: what a shop asks, what it is answered, and what is true afterwards."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from florin.credit.terms import SubLimit
from florin.engine import admin
from florin.wires.alipay.desk import GatewaySettings
from florin.wires.alipay.gateway import way_back_link
from florin.wires.desk.trades import standing_of
from own_programs import own_programs
from wires.alipay.house import BILLS, CASHIER, DIRECT_SHOP, ESCROW_SHOP, House, Shop
from world import SHOP

TEA = {"out_trade_no": "tea-0305", "total_amount": "199.00", "subject": "茶具 tea set"}
PAGES = ["alipay.trade.page.pay", "alipay.trade.wap.pay"]


def precreated(shop: Shop, **changes: Any) -> dict[str, Any]:
    return shop.call("alipay.trade.precreate", **{**TEA, **changes})


def refund(shop: Shop, amount: str, number: str | None, **more: Any) -> dict[str, Any]:
    named = {"out_request_no": number} if number else {}
    return shop.call("alipay.trade.refund", out_trade_no="tea-0305", refund_amount=amount, **named, **more)


def status_of(shop: Shop, out_trade_no: str = "tea-0305") -> str:
    return str(shop.call("alipay.trade.query", out_trade_no=out_trade_no)["trade_status"])


# ── one sale from the code to the refund ──────────────────────────────────────────────────────────────────────────


def test_a_credit_sale_from_the_code_to_the_last_refund(house: House, shop: Shop):
    asked = precreated(shop)
    assert asked["code"] == "10000"
    waiting = shop.call("alipay.trade.query", out_trade_no="tea-0305")
    assert (waiting["trade_status"], waiting["total_amount"]) == ("WAIT_BUYER_PAY", "199.00")
    assert asked["qr_code"] == CASHIER.code(int(waiting["trade_no"]))
    assert "buyer_user_id" not in waiting

    assert house.pay("alice", "tea-0305").event is not None

    paid = shop.call("alipay.trade.query", trade_no=waiting["trade_no"])
    assert paid["trade_status"] == "TRADE_SUCCESS"
    assert paid["fund_bill_list"] == [{"fund_channel": "PCREDIT", "amount": "199.00"}]
    assert (paid["receipt_amount"], paid["buyer_pay_amount"], paid["point_amount"]) == ("199.00", "199.00", "0.00")
    assert (paid["buyer_logon_id"], paid["buyer_user_id"]) == ("ali***", str(house.world.people["alice"]))

    part = refund(shop, "60.00", "r1")
    assert (part["fund_change"], part["refund_fee"]) == ("Y", "60.00")
    assert status_of(shop) == "TRADE_SUCCESS"

    rest = refund(shop, "139.00", "r2", query_options=["refund_detail_item_list"])
    assert (rest["refund_fee"], rest["send_back_fee"]) == ("199.00", "139.00")
    assert rest["refund_detail_item_list"] == [{"fund_channel": "PCREDIT", "amount": "139.00"}]
    assert status_of(shop) == "TRADE_CLOSED"
    house.world.assert_books_hold()


def test_a_wallet_sale_says_so(house: House, shop: Shop):
    precreated(shop)

    house.pay("alice", "tea-0305", wallet=True)

    paid = shop.call("alipay.trade.query", out_trade_no="tea-0305")
    assert paid["fund_bill_list"] == [{"fund_channel": "ALIPAYACCOUNT", "amount": "199.00"}]


def test_installments_reach_the_plan_and_come_back_in_the_query(house: House):
    shop = Shop(house, DIRECT_SHOP)
    biz = {**TEA, "total_amount": "6000.00", "extend_params": {"hb_fq_num": "12", "hb_fq_seller_percent": "100"}}
    shop.call("alipay.trade.precreate", **biz)

    outcome = house.pay("alice", "tea-0305", app_id=DIRECT_SHOP)

    plan = outcome.event.plan
    assert (plan.count, plan.fee_minor, plan.fee_payer) == (12, 45_000, "merchant")
    paid = shop.call("alipay.trade.query", out_trade_no="tea-0305")
    assert paid["hb_fq_pay_info"] == {"user_install_num": "12"}
    assert house.world.balance("MERCHANT_PAYABLE", SHOP) == 551_400


# ── the order's number ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_order_again_is_the_same_trade_by_whichever_door(house: House, shop: Shop):
    first = precreated(shop)
    again = precreated(shop, timeout_express="30m")
    page = asyncio.run(
        house.gateway.answer(shop.request("alipay.trade.page.pay", {**TEA, "product_code": "FAST_INSTANT_TRADE_PAY"}))
    )

    assert again["qr_code"] == first["qr_code"]
    assert page.location == first["qr_code"].replace("/q/", "/pay/")


@pytest.mark.parametrize(
    "change",
    [
        {"total_amount": "198.00"},
        {"subject": "another"},
        {"goods_detail": [{"goods_id": "1", "goods_name": "cup", "quantity": 1, "price": "9.00"}]},
        {"extend_params": {"hb_fq_num": "3"}},
    ],
)
def test_the_same_number_for_another_order_is_refused(open_house: House, change: dict[str, Any]):
    shop, number = Shop(open_house), f"change-{next(iter(change))}"
    precreated(shop, out_trade_no=number)

    assert precreated(shop, **{"out_trade_no": number, **change})["sub_code"] == "ACQ.CONTEXT_INCONSISTENT"


def test_a_paid_or_closed_order_says_so_when_it_is_asked_again(house: House, shop: Shop):
    precreated(shop)
    precreated(shop, out_trade_no="tea-2")
    house.pay("alice", "tea-0305")
    shop.call("alipay.trade.close", out_trade_no="tea-2")

    assert precreated(shop)["sub_code"] == "ACQ.TRADE_HAS_SUCCESS"
    assert precreated(shop, out_trade_no="tea-2")["sub_code"] == "ACQ.TRADE_HAS_CLOSE"


def test_eight_at_once_with_one_number_make_one_trade(house: House, shop: Shop):
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: precreated(shop), range(8)))

    assert len({answer["qr_code"] for answer in answers}) == 1
    assert house.world.one("SELECT count(*) FROM trade") == 1


def test_two_apps_may_use_the_same_number(house: House, shop: Shop):
    precreated(shop)

    assert (
        Shop(house, DIRECT_SHOP).call("alipay.trade.query", out_trade_no="tea-0305")["sub_code"]
        == "ACQ.TRADE_NOT_EXIST"
    )
    assert precreated(Shop(house, DIRECT_SHOP), total_amount="1.00")["code"] == "10000"


def test_one_apps_trade_does_not_exist_for_another(house: House, shop: Shop):
    precreated(shop)
    trade_no = shop.call("alipay.trade.query", out_trade_no="tea-0305")["trade_no"]

    for method in ("alipay.trade.query", "alipay.trade.close"):
        assert Shop(house, DIRECT_SHOP).call(method, trade_no=trade_no)["sub_code"] == "ACQ.TRADE_NOT_EXIST"
    assert status_of(shop) == "WAIT_BUYER_PAY"


@pytest.mark.parametrize("trade_no", ["0", "7", "99999999999999999999", "abc", "-1", "１２", str(2**62)])
def test_a_number_that_is_no_trade_of_ours_does_not_exist(open_house: House, trade_no: str):
    assert Shop(open_house).call("alipay.trade.query", trade_no=trade_no)["sub_code"] == "ACQ.TRADE_NOT_EXIST"


def test_an_order_that_has_expired_is_closed_and_cannot_be_paid(house: House, shop: Shop):
    precreated(shop, timeout_express="1d")
    house.later(date(2026, 3, 4))

    assert status_of(shop) == "TRADE_CLOSED"
    assert house.pay("alice", "tea-0305").refusal.name == "TradeNotOpen"
    assert precreated(shop, timeout_express="1d")["sub_code"] == "ACQ.TRADE_HAS_CLOSE"


def test_an_order_that_would_expire_before_it_is_made_is_refused(open_house: House):
    answer = precreated(Shop(open_house), out_trade_no="early", time_expire="2026-03-01 00:00:00")

    assert answer["sub_code"] == "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR"


# ── pages ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("method", PAGES)
@pytest.mark.parametrize("http_method", ["GET", "POST"])
def test_a_browser_is_sent_to_the_cashier(open_house: House, method: str, http_method: str):
    shop, order = Shop(open_house), {**TEA, "out_trade_no": f"{method}-{http_method}"}
    request = shop.request(
        method, order, http_method=http_method, return_url="http://127.0.0.1:9/back", accept="text/html"
    )

    answer = asyncio.run(open_house.gateway.answer(request))

    trade_no = shop.call("alipay.trade.query", out_trade_no=order["out_trade_no"])["trade_no"]
    assert (answer.status, answer.location) == (302, CASHIER.page(int(trade_no)))


def test_a_browser_that_is_refused_reads_a_page_and_a_program_reads_json(open_house: House):
    shop = Shop(open_house)
    wrong = {**TEA, "subject": "<script>alert(1)</script>", "total_amount": "<script>"}

    page = asyncio.run(open_house.gateway.answer(shop.request("alipay.trade.page.pay", wrong, accept="text/html,*/*")))
    answer = shop.send(shop.request("alipay.trade.page.pay", wrong))

    assert (page.status, page.content_type) == (200, "text/html; charset=utf-8")
    assert b"<script>" not in page.body
    assert "The payment page cannot be opened" in page.body.decode()
    assert "&lt;script&gt;" in page.body.decode()
    assert answer["sub_code"] == "ACQ.INVALID_PARAMETER"


def test_the_refused_page_may_use_its_own_style_and_nothing_else(open_house: House):
    shop = Shop(open_house)

    page = asyncio.run(open_house.gateway.answer(shop.request("alipay.trade.page.pay", {}, accept="text/html")))

    style = page.body.split(b"<style>")[1].split(b"</style>")[0]
    allowed = base64.b64encode(hashlib.sha256(style).digest()).decode()
    assert page.policy.split("; ")[:2] == ["default-src 'none'", f"style-src 'sha256-{allowed}'"]
    assert "unsafe" not in page.policy
    assert not re.search(rb"<script|\sstyle=|\son[a-z]+=|https?://", page.body)


@pytest.mark.parametrize(
    ("accept_language", "cookies", "title"),
    [
        ("", "", "The payment page cannot be opened"),
        ("zh-CN,zh;q=0.9,en;q=0.5", "", "无法打开付款页面"),
        ("fr, zh;q=0.3, en;q=0.2", "", "无法打开付款页面"),
        ("zh;q=0, en", "", "The payment page cannot be opened"),
        ("zh;q=much", "", "无法打开付款页面"),
        ("en", "a=b; florin_language=zh", "无法打开付款页面"),
        ("zh", "florin_language=en", "The payment page cannot be opened"),
        ("zh", "florin_language=xx", "无法打开付款页面"),
    ],
)
def test_the_refused_page_speaks_the_shoppers_language(open_house: House, accept_language, cookies, title):
    request = Shop(open_house).request("alipay.trade.page.pay", {}, accept="text/html")

    page = asyncio.run(open_house.gateway.answer(replace(request, accept_language=accept_language, cookies=cookies)))

    assert f"<h1>{title}</h1>" in page.body.decode()


def test_of_a_paid_order_the_page_does_not_say_that_nothing_was_charged(house: House, shop: Shop):
    precreated(shop)
    house.pay("alice", "tea-0305")

    page = asyncio.run(house.gateway.answer(shop.request("alipay.trade.page.pay", TEA, accept="text/html")))

    assert "This order is paid already" in page.body.decode()
    assert "not been charged" not in page.body.decode()


def test_the_way_back_is_signed_once_it_is_paid_and_leads_nowhere_without_its_key(house: House, shop: Shop):
    urls = {"return_url": "https://shop.test/back?order=7"}
    asyncio.run(
        house.gateway.answer(
            shop.request("alipay.trade.page.pay", {**TEA, "quit_url": "https://shop.test/quit"}, **urls)
        )
    )
    trade_id = int(shop.call("alipay.trade.query", out_trade_no="tea-0305")["trade_no"])
    trade = house.reads.ask(standing_of, trade_id).trade  # type: ignore[union-attr]
    link = urlsplit(way_back_link(trade, "http://api.test"))
    key = dict(parse_qsl(link.query))["key"]
    assert (link.netloc, link.path) == ("api.test", "/gateway.do/return")

    assert asyncio.run(house.gateway.way_back(trade_id, key)) == "https://shop.test/quit"
    assert asyncio.run(house.gateway.way_back(trade_id, "guess")) is None
    assert asyncio.run(house.gateway.way_back(trade_id, "")) is None
    assert asyncio.run(house.gateway.way_back(12345, key)) is None
    house.pay("alice", "tea-0305")
    back = asyncio.run(house.gateway.way_back(trade_id, key))

    query = dict(parse_qsl(urlsplit(back or "").query))
    assert (query["order"], query["method"]) == ("7", "alipay.trade.page.pay.return")
    assert (query["trade_no"], query["total_amount"], query["seller_id"]) == (str(trade_id), "199.00", str(SHOP))


def test_an_apps_order_string_and_an_order_for_a_known_buyer_are_asked_too(house: House, shop: Shop):
    alice = str(house.world.people["alice"])
    app = shop.call("alipay.trade.app.pay", **TEA)
    created = shop.call("alipay.trade.create", **{**TEA, "out_trade_no": "tea-2"}, buyer_id=alice)
    by_logon = shop.call("alipay.trade.create", **{**TEA, "out_trade_no": "tea-3"}, buyer_logon_id="alice")

    assert app["code"] == created["code"] == by_logon["code"] == "10000"
    assert house.world.pay("bob", int(created["trade_no"]), 0, 19_900).refusal.name == "TradeOfAnotherBuyer"  # type: ignore[union-attr]
    assert house.world.pay("alice", int(created["trade_no"]), 19_900).event is not None
    for buyer in ({}, {"buyer_id": "1"}, {"buyer_id": "x"}, {"buyer_logon_id": "nobody"}):
        answer = shop.call("alipay.trade.create", **{**TEA, "out_trade_no": "tea-4"}, **buyer)
        assert answer["sub_code"] == "ACQ.INVALID_PARAMETER"


# ── refunds ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_refunds_of_60_on_100_at_the_same_instant_give_exactly_one(house: House, shop: Shop):
    precreated(shop, total_amount="100.00")
    house.pay("alice", "tea-0305")

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda number: refund(shop, "60.00", f"r{number}"), range(2)))

    assert sorted(answer["code"] for answer in answers) == ["10000", "40004"]
    refused = next(answer for answer in answers if answer["code"] == "40004")
    assert refused["sub_code"] == "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"
    assert "¥20.00" in refused["sub_msg"]
    house.world.assert_books_hold()


def test_eight_times_the_same_refund_at_once_is_one_refund(house: House, shop: Shop):
    precreated(shop)
    house.pay("alice", "tea-0305")

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: refund(shop, "60.00", "r1"), range(8)))

    assert sorted(answer["fund_change"] for answer in answers) == ["N"] * 7 + ["Y"]
    assert {answer["refund_fee"] for answer in answers} == {"60.00"}


def test_the_same_refund_number_with_another_amount_is_refused(house: House, shop: Shop):
    precreated(shop)
    house.pay("alice", "tea-0305")
    refund(shop, "60.00", "r1")

    assert refund(shop, "60.00", "r1")["fund_change"] == "N"
    assert refund(shop, "61.00", "r1")["sub_code"] == "ACQ.DISCORDANT_REPEAT_REQUEST"


def test_a_refund_without_a_number_is_of_the_whole_trade_and_happens_once(house: House, shop: Shop):
    precreated(shop)
    house.pay("alice", "tea-0305")

    part = refund(shop, "60.00", None)
    whole, again = refund(shop, "199.00", None), refund(shop, "199.00", None)

    assert part["sub_code"] == "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"
    assert "out_request_no" in part["sub_msg"]
    assert (whole["fund_change"], again["fund_change"], again["refund_fee"]) == ("Y", "N", "199.00")
    seen = shop.call("alipay.trade.fastpay.refund.query", out_trade_no="tea-0305", out_request_no="tea-0305")
    assert (seen["refund_status"], seen["refund_amount"]) == ("REFUND_SUCCESS", "199.00")
    assert refund(shop, "1.00", "r9")["sub_code"] == "ACQ.TRADE_HAS_CLOSE"


def test_what_was_not_paid_or_was_paid_too_long_ago_is_not_refunded(house: House, shop: Shop):
    precreated(shop)
    precreated(shop, out_trade_no="tea-2")
    shop.call("alipay.trade.close", out_trade_no="tea-2")

    assert refund(shop, "1.00", "r1")["sub_code"] == "ACQ.TRADE_STATUS_ERROR"
    closed = shop.call("alipay.trade.refund", out_trade_no="tea-2", refund_amount="1.00", out_request_no="r1")
    assert closed["sub_code"] == "ACQ.TRADE_HAS_CLOSE"


def test_a_refund_is_found_by_its_number_and_one_that_never_was_is_understood(house: House, shop: Shop):
    precreated(shop)
    house.pay("alice", "tea-0305")
    refund(shop, "60.00", "r1", refund_reason="broken cup")

    found = shop.call("alipay.trade.fastpay.refund.query", out_trade_no="tea-0305", out_request_no="r1")
    unknown = shop.call("alipay.trade.fastpay.refund.query", out_trade_no="tea-0305", out_request_no="r2")

    assert (found["refund_status"], found["refund_amount"], found["total_amount"]) == (
        "REFUND_SUCCESS",
        "60.00",
        "199.00",
    )
    assert found["refund_reason"] == "broken cup"
    assert unknown == {"code": "10000", "msg": "Success"}


def test_a_swept_sale_without_money_left_says_the_seller_lacks_it(house: House):
    shop = Shop(house, DIRECT_SHOP)
    shop.call("alipay.trade.precreate", **TEA)
    house.pay("alice", "tea-0305", app_id=DIRECT_SHOP)
    house.later(date(2026, 3, 5))

    answer = shop.call("alipay.trade.refund", out_trade_no="tea-0305", refund_amount="199.00", out_request_no="r1")

    assert answer["sub_code"] == "ACQ.SELLER_BALANCE_NOT_ENOUGH"


# ── close and cancel ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_waiting_trade_is_closed_and_a_paid_one_is_not(house: House, shop: Shop):
    precreated(shop)
    closed = shop.call("alipay.trade.close", out_trade_no="tea-0305")
    precreated(shop, out_trade_no="tea-2")
    house.pay("alice", "tea-2")

    assert (closed["code"], closed["out_trade_no"]) == ("10000", "tea-0305")
    assert shop.call("alipay.trade.close", out_trade_no="tea-0305")["sub_code"] == "ACQ.TRADE_STATUS_ERROR"
    assert shop.call("alipay.trade.close", out_trade_no="tea-2")["sub_code"] == "ACQ.TRADE_STATUS_ERROR"
    assert shop.call("alipay.trade.close", out_trade_no="none")["sub_code"] == "ACQ.TRADE_NOT_EXIST"


def test_a_cancel_undoes_whatever_there_is(house: House, shop: Shop):
    precreated(shop)
    precreated(shop, out_trade_no="tea-2")
    house.pay("alice", "tea-2")
    shop.call("alipay.trade.refund", out_trade_no="tea-2", refund_amount="60.00", out_request_no="r1")

    unpaid = shop.call("alipay.trade.cancel", out_trade_no="tea-0305")
    paid = shop.call("alipay.trade.cancel", out_trade_no="tea-2")
    unknown = shop.call("alipay.trade.cancel", out_trade_no="none")

    assert (unpaid["action"], unpaid["retry_flag"]) == ("close", "N")
    assert (paid["action"], paid["retry_flag"]) == ("refund", "N")
    assert (unknown["code"], unknown["retry_flag"], "action" in unknown) == ("10000", "N", False)
    assert status_of(shop) == status_of(shop, "tea-2") == "TRADE_CLOSED"
    assert house.world.line("alice").committed_minor == 0
    assert shop.call("alipay.trade.cancel", out_trade_no="tea-2")["action"] == "refund"
    assert shop.call("alipay.trade.cancel", out_trade_no="tea-0305")["action"] == "close"


# ── the till ──────────────────────────────────────────────────────────────────────────────────────────────────────


def at_till(shop: Shop, code: str, **changes: Any) -> dict[str, Any]:
    return shop.call("alipay.trade.pay", **{**TEA, "scene": "bar_code", "auth_code": code, **changes})


def test_what_a_code_has_just_paid_is_not_read_again(house: House, shop: Shop, monkeypatch: pytest.MonkeyPatch):
    asked, ask = list[str](), house.reads.ask
    at_till(shop, house.code_of("alice"), out_trade_no="asked-0")  # whatever this house has to get to know
    code = house.code_of("alice")

    def noted(question: Any, *args: Any, **named: Any) -> Any:
        asked.append(question.__name__)
        return ask(question, *args, **named)

    monkeypatch.setattr(house.reads, "ask", noted)

    assert at_till(shop, code, out_trade_no="asked-1")["code"] == "10000"

    assert asked == ["find_codes"]


def test_a_code_pays_at_once_and_once(house: House, shop: Shop):
    code = house.code_of("alice")

    paid, again = at_till(shop, code), at_till(shop, code)
    other = at_till(shop, house.code_of("alice"))
    reused = at_till(shop, code, out_trade_no="tea-2")

    assert (paid["code"], paid["total_amount"]) == ("10000", "199.00")
    assert paid["fund_bill_list"] == [{"fund_channel": "PCREDIT", "amount": "199.00"}]
    assert again == paid
    assert other["sub_code"] == "ACQ.TRADE_HAS_SUCCESS"
    assert reused["sub_code"] == "ACQ.PAYMENT_AUTH_CODE_INVALID"
    assert house.world.line("alice").committed_minor == 19_900


def test_a_code_of_the_wallet_pays_from_the_wallet(house: House, shop: Shop):
    paid = at_till(shop, house.code_of("alice", credit=False))

    assert paid["fund_bill_list"] == [{"fund_channel": "ALIPAYACCOUNT", "amount": "199.00"}]
    assert house.world.wallet_minor("alice") == 30_100


def test_a_decline_says_by_how_much_and_leaves_order_and_code_free(house: House, shop: Shop):
    gateway = house.new_gateway(GatewaySettings(cashier=CASHIER, bills=BILLS, till_confirm_minor_above=10**10))
    at_till(shop, house.code_of("alice"), out_trade_no="phone", total_amount="1199.00")
    code = house.code_of("alice")
    camera = {**TEA, "total_amount": "10000.00", "scene": "bar_code", "auth_code": code}

    declined = shop.send(shop.request("alipay.trade.pay", camera), gateway=gateway)
    house.world.refund(int(house.world.one("SELECT id FROM payment")), 119_900)
    paid = shop.send(shop.request("alipay.trade.pay", camera), gateway=gateway)

    assert (declined["code"], declined["sub_code"]) == ("40004", "ACQ.BUYER_BALANCE_NOT_ENOUGH")
    assert "exceeds the buyer's available credit by 1,199.00" in declined["sub_msg"]
    assert paid["code"] == "10000"


def test_what_is_asked_at_a_till_is_bought_offline_and_what_is_asked_on_a_page_is_not(house: House, shop: Shop):
    shops = SubLimit(channel="offline", limit_minor=100_00)
    with own_programs(parts={"sub_limits": (shops,)}):
        house.world.person("carol", limit_minor=1_000_000, program="parts")
        precreated(shop, out_trade_no="code-1")
        made = shop.call(
            "alipay.trade.create", **{**TEA, "out_trade_no": "page-1"}, buyer_id=str(house.world.people["carol"])
        )

        refused = at_till(shop, house.code_of("carol"))
        scanned = house.pay("carol", "code-1")
        on_a_page = house.pay("carol", "page-1")

    assert made["code"] == "10000"
    assert (refused["code"], refused["sub_code"]) == ("40004", "ACQ.BUYER_BALANCE_NOT_ENOUGH")
    assert "¥99.00 over the part of your limit that is for purchases in shops" in refused["sub_msg"]
    assert scanned.refusal.name == "SubLimitExceeded"
    assert on_a_page.refusal is None


def test_a_till_that_heard_nothing_asks_again_or_cancels_and_another_till_is_refused(house: House, shop: Shop):
    code = house.code_of("alice")
    house.faults.asked = ["timeout"]
    lost = at_till(shop, code, store_id="west-lake", terminal_id="3")

    again = at_till(shop, code, store_id="west-lake", terminal_id="3")
    other = at_till(shop, code, out_trade_no="other-till")
    house.later(house.world.today + timedelta(days=1))  # the code is long over; what it paid is known all the same
    late = at_till(shop, code)
    seen = shop.call("alipay.trade.query", out_trade_no=late["out_trade_no"])
    cancelled = shop.call("alipay.trade.cancel", out_trade_no=late["out_trade_no"])

    assert lost["code"] == "20000"
    assert (again["code"], late["code"], again["trade_no"]) == ("10000", "10000", late["trade_no"])
    assert other["sub_code"] == "ACQ.PAYMENT_AUTH_CODE_INVALID"
    assert (seen["store_id"], seen["terminal_id"], cancelled["action"]) == ("west-lake", "3", "refund")


def test_a_large_amount_waits_for_the_buyer_and_is_paid_by_her(house: House, shop: Shop):
    code = house.code_of("alice")

    waiting = at_till(shop, code, total_amount="2000.01")
    assert (waiting["code"], waiting["trade_no"] != "") == ("10003", True)
    assert at_till(shop, code, total_amount="2000.01")["code"] == "10003"
    assert house.world.pay("bob", int(waiting["trade_no"]), 0, 200_001).refusal is not None
    house.pay("alice", "tea-0305")

    assert status_of(shop) == "TRADE_SUCCESS"
    assert at_till(shop, code, total_amount="2000.01")["code"] == "10000"


def test_a_code_that_is_unknown_or_old_pays_nothing(house: House, shop: Shop):
    code = house.code_of("alice")
    house.later(date(2026, 3, 3))

    assert at_till(shop, code)["sub_code"] == "ACQ.PAYMENT_AUTH_CODE_INVALID"
    assert at_till(shop, "280000000000000000")["sub_code"] == "ACQ.PAYMENT_AUTH_CODE_INVALID"
    assert at_till(shop, code, scene="security_code")["sub_code"] == "ACQ.INVALID_PARAMETER"
    missing = shop.call("alipay.trade.pay", **TEA)
    assert missing["sub_code"] == "ACQ.INVALID_PARAMETER"
    assert house.world.one("SELECT count(*) FROM payment") == 0


def test_eight_tills_with_one_code_make_one_payment(house: House, shop: Shop):
    code = house.code_of("alice")

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda number: at_till(shop, code, out_trade_no=f"tea-{number}"), range(8)))

    assert sorted(answer["code"] for answer in answers) == ["10000"] + ["40004"] * 7
    assert house.world.one("SELECT count(*) FROM payment") == 1


def test_a_code_pays_an_order_that_waits_under_the_same_number(house: House, shop: Shop):
    precreated(shop)
    code = house.code_of("alice")

    paid = at_till(shop, code)

    assert paid["code"] == "10000"
    assert house.world.one("SELECT count(*) FROM trade") == 1
    assert at_till(shop, house.code_of("alice"))["sub_code"] == "ACQ.TRADE_HAS_SUCCESS"


def test_a_frozen_line_and_a_frozen_merchant_say_so(house: House, shop: Shop):
    house.world.connection.execute("UPDATE line SET state = 2")
    house.world.connection.commit()

    assert at_till(shop, house.code_of("alice"))["sub_code"] == "ACQ.BUYER_ENABLE_STATUS_FORBID"
    admin.set_merchant_state(house.world.connection, SHOP, "frozen")
    house.world.connection.commit()
    assert precreated(shop, out_trade_no="tea-2")["sub_code"] == "ACQ.SELLER_BEEN_BLOCKED"


def test_the_sandbox_can_carry_a_call_out_and_lose_its_answer(house: House, shop: Shop):
    house.faults.asked = ["timeout"]

    lost = precreated(shop)

    assert (lost["code"], lost["sub_code"]) == ("20000", "isp.unknow-error")
    assert status_of(shop) == "WAIT_BUYER_PAY"


# ── bad requests ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("common", "code", "sub_code"),
    [
        ({"version": None}, "40001", "isv.missing-version"),
        ({"timestamp": None}, "40001", "isv.missing-timestamp"),
        ({"sign_type": None}, "40001", "isv.missing-signature-type"),
        ({"sign_type": "MD5"}, "40002", "isv.invalid-signature-type"),
        ({"version": "2.0"}, "40002", "isv.invalid-parameter"),
        ({"timestamp": "5 March"}, "40002", "isv.invalid-timestamp"),
        ({"charset": "klingon"}, "40002", "isv.invalid-charset"),
        ({"format": "xml"}, "40002", "isv.invalid-format"),
        ({"encrypt_type": "DES"}, "40002", "isv.invalid-encrypt-type"),
        ({"encrypt_type": "AES"}, "40003", "isv.missing-encrypt-key"),
        ({"app_auth_token": "x"}, "40006", "isv.insufficient-isv-permissions"),
        ({"notify_url": "ftp://x/y"}, "40004", "ACQ.INVALID_PARAMETER"),
        ({"notify_url": "http://169.254.169.254/latest"}, "40004", "ACQ.INVALID_PARAMETER"),
        ({"notify_url": "http://10.0.0.1/"}, "40004", "ACQ.INVALID_PARAMETER"),
        ({"return_url": "javascript:alert(1)"}, "40004", "ACQ.INVALID_PARAMETER"),
    ],
)
def test_a_common_parameter_that_is_wrong_is_named_in_a_signed_answer(
    open_house: House, common: dict[str, str | None], code: str, sub_code: str
):
    shop = Shop(open_house)

    answer = shop.send(shop.request("alipay.trade.precreate", TEA, **common))

    assert (answer["code"], answer["sub_code"]) == (code, sub_code)


def test_an_app_that_nobody_knows_is_told_so_without_a_signature(open_house: House):
    for app_id in ("1", "99", "x", "9" * 40, None):
        request = Shop(open_house).request("alipay.trade.query", {"out_trade_no": "a"}, app_id=app_id)

        body = asyncio.run(open_house.gateway.answer(request)).body.decode()

        assert '"sign"' not in body
        assert body.startswith('{"alipay_trade_query_response":{"code":"4000')
        assert "app-id" in body


def test_a_request_without_method_or_with_an_unknown_one_says_so(open_house: House):
    shop = Shop(open_house)

    assert shop.send(shop.request("alipay.trade.fly", TEA))["sub_code"] == "isv.invalid-method"
    assert shop.send(shop.request(None, TEA))["sub_code"] == "isv.missing-method"


def test_a_wrong_signature_is_answered_logged_and_kept_for_the_merchant(
    house: House, shop: Shop, stranger_key: rsa.RSAPrivateKey
):
    answer = shop.send(Shop(house, key=stranger_key).request("alipay.trade.precreate", TEA))

    assert answer["sub_code"] == "isv.invalid-signature"
    assert "茶具 tea set" in answer["sub_msg"]
    kept = house.world.connection.execute(
        "SELECT app_id, request_line, expected_text, received_text, finding FROM signature_failure"
    ).fetchall()
    assert len(kept) == 1
    app_id, request_line, expected, received, finding = kept[0]
    assert (app_id, request_line) == (ESCROW_SHOP, "POST /gateway.do method=alipay.trade.precreate")
    assert expected.startswith(f"app_id={ESCROW_SHOP}&biz_content=")
    assert (received, "wrong key" in finding.lower()) == ("", True)


def test_a_body_of_ten_megabytes_is_refused_in_a_signed_answer_and_changes_nothing(house: House, shop: Shop):
    request = shop.request("alipay.trade.precreate", TEA)

    answer = shop.send(replace(request, body=b"", oversized=10_000_000))

    assert answer["sub_code"] == "isv.invalid-parameter"
    assert "10,000,000" in answer["sub_msg"]
    assert house.world.one("SELECT count(*) FROM trade") == 0


def test_rsa_and_gbk_shops_are_answered_in_kind(house: House):
    assert precreated(Shop(house, sign_type="RSA"))["code"] == "10000"
    gbk = Shop(house, charset="gbk")
    assert gbk.call("alipay.trade.query", out_trade_no="tea-0305")["subject"] == "茶具 tea set"


def test_a_strict_house_refuses_an_old_timestamp(open_house: House):
    shop = Shop(open_house)
    strict = open_house.new_gateway(
        GatewaySettings(cashier=CASHIER, bills=BILLS, timestamp_leeway=timedelta(minutes=15))
    )

    answer = shop.send(shop.request("alipay.trade.query", {"out_trade_no": "a"}), gateway=strict)

    assert answer["sub_code"] == "isv.invalid-timestamp"
    assert "China time" in answer["sub_msg"]


def test_loopback_notify_addresses_are_for_apps_that_may_have_them(house: House, shop: Shop):
    urls = {"notify_url": "http://127.0.0.1:9000/notify"}
    assert shop.send(shop.request("alipay.trade.precreate", TEA, **urls))["code"] == "10000"
    house.world.connection.execute("UPDATE app SET allow_loopback = false")
    house.world.connection.execute("UPDATE clock SET reference_version = reference_version + 1")
    house.world.connection.commit()

    for url in ("http://127.0.0.1:9000/notify", "http://localhost:9000/notify", "http://[::1]/x"):
        answer = shop.send(shop.request("alipay.trade.precreate", {**TEA, "out_trade_no": "tea-2"}, notify_url=url))
        assert answer["sub_code"] == "ACQ.INVALID_PARAMETER", url


def test_a_mistake_of_ours_is_still_answered_in_the_wires_own_form(house: House, shop: Shop):
    house.world.engine.close()

    answer = asyncio.run(house.gateway.answer(shop.request("alipay.trade.precreate", TEA)))

    assert b'"code":"20000"' in answer.body
