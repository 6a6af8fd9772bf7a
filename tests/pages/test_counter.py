"""A till's printed code: scanned, an amount typed, the sale asked and paid; and what its merchant sees and prints."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from florin.engine import admin
from pages.conftest import text_of
from pages_world import CASHIER, DIRECT_APP, SHOP, PagesWorld


@pytest.fixture
def till(shop: PagesWorld) -> int:
    """Till 3 of the tea house's store by the lake."""
    admin.put_store(shop.connection, SHOP, "west-lake", name="West Lake", name_zh="西湖店", address="1 Lake Road")
    terminal_id = admin.put_terminal(shop.connection, SHOP, "west-lake", "3", app_id=DIRECT_APP)
    shop.connection.commit()
    assert terminal_id is not None
    return terminal_id


def asked(browser: Any, till: int, amount: str, **fields: Any) -> Any:
    path = CASHIER.counter(till)
    return browser.post(path, amount=amount, key=fields.pop("key", "") or browser.form_key(path), **fields)


def test_a_shopper_scans_types_the_amount_and_pays_a_sale_of_that_till(shop, browser, till):
    alice = browser("alice")
    page = alice.read(CASHIER.counter(till))

    answer = asked(alice, till, "12.50")
    path = answer.headers["location"]
    paid = alice.send_form(path, way="credit-0")

    assert ("Longjing Tea House" in page, "West Lake" in page, "Till 3" in page) == (True, True, True)
    assert answer.status_code == 302
    assert paid.status_code == 302
    assert "Paid" in alice.read(path)
    trade = shop.one("SELECT (flow, amount_minor, detail) FROM trade")
    assert trade[1] == "1250"
    detail = shop.one("SELECT detail FROM trade")
    assert (detail["store_id"], detail["terminal_id"], detail["channel"]) == ("west-lake", "3", "offline")
    sales = browser("teahouse").read("/merchant")
    assert "West Lake · Till 3" in sales


def test_the_same_form_sent_many_times_at_once_asks_for_one_sale(shop, browser, till):
    alice = browser("alice")
    key = alice.form_key(CASHIER.counter(till))

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: asked(alice, till, "8", key=key).headers["location"], range(8)))
    other = asked(alice, till, "9", key=key)

    assert len(set(answers)) == 1
    assert shop.one("SELECT count(*) FROM trade") == 1
    assert other.status_code == 422


def test_only_who_asked_may_pay_and_only_for_a_while(shop, browser, till):
    path = asked(browser("alice"), till, "8").headers["location"]

    assert "made for another account" in browser("bob").read(path)
    shop.connection.execute("UPDATE clock SET offset_s = offset_s + 960")
    shop.connection.commit()
    assert "closed or has expired" in browser("alice").read(path)


@pytest.mark.parametrize("amount", ["", "abc", "1.234", "-1", "0", "100000000.01"])
def test_an_amount_that_cannot_be_is_refused_and_asks_again(shop, browser, till, amount):
    answer = asked(browser("alice"), till, amount)

    assert answer.status_code == 422
    assert shop.one("SELECT count(*) FROM trade") == 0
    assert f'value="{amount}"' in answer.content.decode()


def test_a_closed_till_and_a_closed_store_sell_nothing_by_name(shop, browser, till):
    alice = browser("alice")
    key = alice.form_key(CASHIER.counter(till))
    admin.close_terminal(shop.connection, SHOP, "west-lake", "3")
    shop.connection.commit()

    late = asked(alice, till, "8", key=key)
    shown = alice.read(CASHIER.counter(till))

    assert "no longer in use" in text_of(late)
    assert "no longer in use" in shown
    admin.put_terminal(shop.connection, SHOP, "west-lake", "3", app_id=DIRECT_APP)
    admin.close_store(shop.connection, SHOP, "west-lake")
    shop.connection.commit()
    assert "no longer in use" in alice.read(CASHIER.counter(till))


def test_a_code_that_was_not_printed_here_leads_nowhere(shop, browser, till):
    alice = browser("alice")

    assert alice.get(CASHIER.counter(till)[:-1] + "x").status_code == 404
    assert alice.get(f"/s/{till}/{CASHIER.token(till)}").status_code == 404
    assert alice.get(CASHIER.counter(till + 1)).status_code == 404


def test_its_merchant_finds_the_code_to_print_and_nobody_elses(shop, browser, till):
    merchant = browser("teahouse")

    stores = merchant.read("/merchant/stores")
    sheet = merchant.get(f"/merchant/stores/{till}")

    assert "West Lake" in stores
    assert "Till 3" in stores
    assert re.search("<svg.*</svg>", sheet.content.decode(), re.S)
    assert "Scan, type the amount, pay" in text_of(sheet)
    assert merchant.get(f"/merchant/stores/{till + 1}").status_code == 404
    assert browser("alice").get(f"/merchant/stores/{till}").status_code == 403


def test_it_speaks_chinese(shop, browser, till):
    page = browser("alice", language="zh-CN").read(CASHIER.counter(till))

    assert ("龙井茶馆" in page, "西湖店" in page, "请输入付款金额" in page) == (True, True, True)
