"""What a shopper is shown before she takes money out, and what a merchant reads of his fees."""

from __future__ import annotations

import re

import pytest

from florin.engine.admin import assign_fees, place_merchant
from florin.engine.reference import HOUSE
from pages.conftest import text_of
from pages_world import SHOP, WRONG_PIN, PagesWorld


@pytest.fixture
def tencent(shop: PagesWorld) -> PagesWorld:
    """Taking money out costs 0.1 % above 1,000.00 in a life; Alice has 9,000.00, and the shop is a brand at Tmall."""
    place_merchant(shop.connection, SHOP, market="tmall", category="phones")
    assign_fees(shop.connection, merchant_id=HOUSE, plan="tencent", from_on=shop.today)
    assign_fees(shop.connection, merchant_id=SHOP, plan="ali", from_on=shop.today)
    shop.connection.commit()
    shop.top_up("Alice", 850_000)
    return shop


def test_she_reads_what_it_costs_and_why_before_she_is_charged_and_confirms_with_her_pin(tencent, browser):
    alice = browser("alice")
    assert "Take money out" in alice.read("/")

    asked = alice.read("/withdraw?amount=4850")
    page = alice.get("/withdraw?amount=4850").content.decode()

    assert "0.1% of what is above ¥1,000.00 in a person's life, at least ¥0.10" in asked
    assert "Free of charge, still ¥1,000.00" in asked
    assert "To your bank account ¥4,850.00 Fee ¥3.85 From your wallet ¥4,853.85" in asked
    assert "does not cover ¥3,850.00 of it: 0.1% of that, at least ¥0.10, is ¥3.85." in asked
    key = re.search(r'name="key" value="([^"]+)"', page)[1]
    wrong = alice.send_form("/withdraw", key=key, pin=WRONG_PIN, amount="4850.00", fee="3.85")
    assert wrong.status_code == 422
    assert tencent.wallet_minor("Alice") == 900_000

    done = alice.send_form("/withdraw", key=key, amount="4850.00", fee="3.85")

    assert (done.status_code, done["Location"]) == (302, "/")
    assert tencent.wallet_minor("Alice") == 900_000 - 485_385


def test_a_fee_that_is_not_the_one_shown_takes_nothing_out_and_too_much_is_said_so(tencent, browser):
    alice = browser("alice")
    page = alice.get("/withdraw?amount=2000").content.decode()
    key = re.search(r'name="key" value="([^"]+)"', page)[1]

    changed = alice.send_form("/withdraw", key=key, amount="2000.00", fee="0.00")

    assert changed.status_code == 422
    assert "Taking this out costs ¥1.00 now, not ¥0.00." in text_of(changed)
    assert tencent.wallet_minor("Alice") == 900_000
    too_much = alice.get("/withdraw?amount=9000")
    assert "With its fee, you can take out at most ¥8,992.01." in text_of(too_much)
    assert 'name="pin"' not in too_much.content.decode()
    assert "终身累计超过¥1,000.00的部分收取0.1%" in browser("alice", language="zh").read("/withdraw")


def test_without_terms_it_is_free(shop, browser):
    page = browser("alice").read("/withdraw?amount=500")

    assert "To your bank account, free of charge." in page
    assert "Fee ¥0.00 From your wallet ¥500.00" in page


def test_a_merchant_reads_his_plan_and_each_sale_with_all_of_its_fees(tencent, browser):
    assert tencent.pay("Alice", tencent.order("Phone", 100_000), 100_000).event
    shop = browser("teahouse")

    settlement = shop.read("/merchant/terms")

    assert "Your plan: Alibaba's malls and Alipay." in settlement
    assert (
        "Fee on the sale paid by card, kept when a sale is refunded 0.6% Fee on the sale 0% "
        "Fee for being paid on credit given back with a refund 0.6% Commission of the mall given back with a refund 2% "
        "Software fee of the mall given back with a refund 0.6%"
    ) in settlement
    assert "¥32.00" in shop.read("/merchant")
