"""The console: who works for the owner sees where credit may be spent, tries a change on the last checkouts, and makes it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from florin.queries.directory import login_of, operators
from pages_world import to_pay

RULE = {
    "program": "huabei", "market": "jd", "category": "", "channel": "guest", "answer": "cap", "cap": "300.00",
    "cap_month": "1,000.00", "reason_en": "Up to 300 yuan.", "reason_zh": "单笔最高300元。", "why": "agreed with JD",
}  # fmt: skip
CHANGE = "/console/acceptance/ali"


@pytest.fixture
def refused(shop, browser):
    """The tea house sells at JD, and Alice could not pay ¥200.00 by Huabei there."""
    shop.take_in("ali", "jd", market="jd", category="tea")
    trade = shop.order("Tea set", 200_00)
    browser("alice").get(to_pay(trade))
    return trade


@pytest.mark.parametrize("path", ["/console", CHANGE, "/console/history", "/console/refusals", "/console/safeguarding"])
def test_nobody_else_sees_the_console(shop, browser, path):
    assert browser("alice").get(path).status_code == 403
    assert browser("teahouse").get(path).status_code == 403
    assert browser().get(path).headers["Location"].startswith("/sign-in")


def test_an_operator_starts_at_the_grid_and_reads_what_each_program_answers_where(shop, browser, refused):
    owner = browser("owner")
    assert owner.get("/").headers["Location"] == "/console"

    english, chinese = owner.read("/console"), browser("owner", language="zh-CN").read("/console")

    for said in (
        "home of Ali",
        "Everywhere else",
        "At a till: electronics Pay later up to ¥5,000.00",
        "JD does not take it: JD lends by",
    ):
        assert said in english
    for said in ("阿里自有", "线下：electronics 花呗 单笔最高 ¥5,000.00", "京东不支持花呗，可使用白条。"):
        assert said in chinese
    assert "market=jd&amp;category=&amp;channel=guest" in owner.get("/console").content.decode()


def test_a_change_is_seen_first_then_made_and_kept_with_who_and_why(shop, browser, refused):
    owner = browser("owner")
    shown = owner.get(f"{CHANGE}?program=huabei&market=jd&channel=guest").content.decode()
    assert 'value="JD does not take it: JD lends by Baitiao."' in shown

    tried = owner.send_form(CHANGE, **RULE, do="preview")

    page = tried.content.decode()
    assert "1 more could have been paid on credit: ¥200.00." in page
    assert "Longjing Tea House" in page
    assert len(shop.engine.reference.acceptance.ecosystems["ali"].versions) == 1, "a preview changes nothing"
    made = owner.send_form(CHANGE, **RULE, do="state")
    assert (made.status_code, made.headers["Location"]) == (302, "/console/history")
    [_, version] = shop.engine.reference.acceptance.ecosystems["ali"].versions
    assert (version.by, version.reason, version.rules[0].cap_month_minor) == ("owner", "agreed with JD", 1_000_00)
    history = owner.read("/console/history")
    assert "agreed with JD" in history
    assert "Changed by owner" in history
    assert "up to ¥300.00, ¥1,000.00 a month" in history
    assert "up to ¥300.00, ¥1,000.00 a month" in owner.read("/console")
    assert "Accepted here up to ¥300.00 a purchase." in browser("alice").read(to_pay(refused))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"cap": "much"}, "Write an amount in yuan"),
        ({"why": " "}, "Say why it is changed"),
        ({"from_on": "2020-01-01"}, "which is over"),
        ({"from_on": "soon"}, "Choose the day"),
        ({"channel": ""}, "neither is narrower"),
        ({"cap_month": "1.00"}, "at least that of one purchase"),
        ({"program": "baitiao-bill"}, "one of this ecosystem"),
    ],
)
def test_what_cannot_hold_is_said_and_the_form_keeps_what_was_typed(shop, browser, refused, wrong, said):
    answer = browser("owner").send_form(CHANGE, **(RULE | wrong), do="state")

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert 'value="单笔最高300元。"' in answer.content.decode()
    assert len(shop.engine.reference.acceptance.ecosystems["ali"].versions) == 1


def test_the_cost_of_refusals_is_told_merchant_by_merchant(shop, browser, refused):
    read = browser("owner").read("/console/refusals")

    assert "Longjing Tea House" in read
    assert "¥200.00" in read
    assert "Checkouts: 1; with a refusal: 1; not paid at all: 1. not accepted" in read


def test_a_house_without_ecosystems_says_so_and_one_that_is_not_there_is_not_found(shop, browser):
    owner = browser("owner")

    assert "every program is accepted everywhere" in owner.read("/console")
    assert owner.get("/console/acceptance/nobody").status_code == 404


def test_an_operators_name_is_his(shop):
    assert operators(shop.connection) == ["owner"]
    assert login_of(shop.connection, "owner").is_operator
    assert not login_of(shop.connection, "teahouse").is_operator
    shop.connection.rollback()


def test_finance_reads_each_day_whether_what_belongs_to_others_is_there(shop, browser):
    owner = browser("owner")
    assert "No day is closed yet." in owner.read("/console/safeguarding")
    shop.top_up("Alice", 10_000)
    shop.buy("Alice", wallet_minor=10_000)
    shop.until(shop.today + timedelta(days=2))

    newest = owner.read("/console/safeguarding")
    day = owner.read(f"/console/safeguarding?on={shop.today - timedelta(days=1)}")
    zh = browser("owner", language="zh-CN").read("/console/safeguarding")

    assert "All that belongs to others is there, to the fen." in newest
    assert "payouts in transit ¥99.40" in newest
    assert "payable to merchants ¥0.00" in day
    assert "属于他人的资金足额" in zh
    assert "用户钱包余额" in zh
