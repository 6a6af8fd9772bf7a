"""The street in a real browser: five doors, five purchases at the real cashier, and the money parts before one's eyes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from florin.sandbox.provision import PIN
from street_world import RunningStreet, Walker, minor_of, number_of

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}

# Who buys where, what the cashier calls what pays, and who gets a fen of it beside the shop.
PURCHASES = [
    ("lin", "taobao", "Pay later", set()),
    ("mei", "tmall", "Pay later", {"mall", "lender"}),
    ("bo", "jd", "Baitiao", set()),
    ("wang", "street", "Wallet", {"payment_institution"}),
    ("mei", "chat", "Credit card", {"payment_institution", "bank", "network"}),
]


Arrive = Callable[..., Page]


@pytest.fixture
def arrive(browser: Browser, street: RunningStreet) -> Iterator[Arrive]:
    """`arrive("mei", viewport=PHONE)`: her page of the street. What a console says is a failure."""
    contexts, complaints = [], []

    def come(logon: str, *, viewport: Any = DESKTOP, language: str = "en-US") -> Page:
        context = browser.new_context(viewport=viewport, locale=language)
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{street.url}/?as={logon}")
        return page

    yield come
    for context in contexts:
        context.close()
    assert complaints == []


def _buy(page: Page, market: str, title: str) -> None:
    """Buy at a door and pay with what has this title; back on the street afterwards."""
    on_phone = market in ("street", "chat")
    if on_phone:
        with page.expect_popup() as popup:
            page.click(f"#{market} .buy")
        cashier = popup.value
    else:
        page.click(f"#{market} .buy")
        cashier = page
    cashier.locator("fieldset.tender", has_text=title).locator("input[name=way]").first.check()
    cashier.fill("#pin", PIN)
    cashier.click(".till-bar button")
    cashier.wait_for_selector(".asked-paid")
    if on_phone:
        cashier.close()
    else:
        page.click(".actions a.button")


@pytest.mark.parametrize(("logon", "market", "title", "others"), PURCHASES, ids=[each[1] for each in PURCHASES])
def test_a_shopper_buys_at_a_door_and_sees_who_got_which_fen(arrive, logon, market, title, others):
    page = arrive(logon, viewport=PHONE)

    _buy(page, market, title)
    newest = page.locator(f".purchase[id^='order-{market.upper()}']").first
    if market == "taobao":
        newest.locator(".receive").click()
    newest.locator(".share-sum").wait_for()

    parties = newest.locator(".share:not(.share-sum) .swatch").evaluate_all(
        "all => all.map(swatch => swatch.className.replace('swatch party-', ''))"
    )
    amounts = newest.locator(".share:not(.share-sum) .share-amount").all_inner_texts()
    shares = dict(zip(parties, map(minor_of, amounts), strict=True))
    assert others <= shares.keys()
    assert shares["shopper"] < 0 < shares["shop"]
    assert sum(shares.values()) == 0
    assert page.locator(f"#{market} .told").inner_text().endswith("The shop was told.")


def test_what_somebody_else_buys_arrives_by_itself_and_no_door_moves(arrive, street):
    page = arrive("lin")
    page.evaluate("window.sameVisit = true")
    page.focus("#jd .lamp:nth-of-type(2) input")
    page.keyboard.press("Space")
    doors = "all => all.map(door => [door.offsetLeft, door.offsetTop, door.offsetWidth, door.offsetHeight].join())"
    before = page.locator(".door").evaluate_all(doors)

    with Walker(street, "bo") as bo:
        at_cashier = bo.press("buy", market="jd", installments="0")
        bo.pay(at_cashier, "baitiao-order")
    page.locator(f"#order-{number_of(at_cashier.text)}").wait_for()

    assert page.evaluate("window.sameVisit") is True
    assert page.locator(".door").evaluate_all(doors) == before
    assert page.evaluate("document.activeElement.name + document.activeElement.value") == "jd-lampbaitiao"
    assert page.is_checked("#jd .lamp:nth-of-type(2) input")


def test_the_keyboard_asks_each_lamp_why(arrive):
    page = arrive("wang")
    whys = []

    page.focus("#taobao .lamp:nth-of-type(1) input")
    for _ in range(4):
        whys += page.locator("#taobao .why").evaluate_all(
            "all => all.filter(why => getComputedStyle(why).visibility === 'visible').map(why => why.textContent)"
        )
        page.keyboard.press("ArrowDown")

    assert "was due on 10 April 2026 has not been paid" in whys[0]
    assert whys[1:] == [f"Wang has no {kind}. Another shopper may." for kind in ("Baitiao", "Fenfu", "Bank card")]


def test_nothing_is_wider_than_the_screen(arrive, street):
    page = arrive("mei")

    for language in ("zh", "en"):
        page.goto(f"{street.url}/?as=mei&lang={language}")
        for width in (320, 390, 768, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (language, width)


def test_after_a_day_the_shop_is_paid_out(arrive):
    page = arrive("mei")
    before = page.inner_text("#day")
    _buy(page, "chat", "Credit card")
    newest = page.locator(".purchase[id^='order-CHAT']").first
    assert newest.locator(".step-done").all_inner_texts() == ["Paid"]

    page.click(".day-button")
    page.wait_for_function("before => document.querySelector('#day').innerText !== before", arg=before)

    assert newest.locator(".step-done").all_inner_texts() == ["Paid", "At the shop's bank"]
