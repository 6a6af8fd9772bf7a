"""The cashier in a real browser, from the QR code to the receipt."""

from __future__ import annotations

import pytest

from pages_world import ESCROW_APP, WRONG_PIN, to_pay, to_scan


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_she_scans_a_code_and_pays_next_month(shop, shopper, scripts):
    trade, alice = shop.order("Tea set", 19_900), shopper("alice", scripts=scripts)

    alice.open(to_scan(trade))
    alice.pay()

    assert "¥199.00 Paid" in alice.reads
    assert "On your bill of 1 April 2026" in alice.reads
    assert shop.line("Alice").principal_minor == 19_900


def test_a_visitor_signs_in_on_the_way_and_pays(shop, shopper):
    trade, visitor = shop.order("Tea set", 19_900), shopper()

    visitor.open(to_scan(trade))
    visitor.page.fill("#logon", "alice")
    visitor.page.fill("#password", "correct horse")
    visitor.click("form.sheet button")
    visitor.pay()

    assert "¥199.00 Paid" in visitor.reads


def test_she_pays_in_twelve_installments(shop, shopper):
    trade, alice = shop.order("Phone", 600_000), shopper("alice")
    alice.open(to_pay(trade))
    assert "14.44%" in alice.reads

    alice.choose("credit-12")
    alice.pay()

    assert "Pay later, 12 monthly payments" in alice.reads
    assert shop.payment(shop.payment_id(trade)).plan.count == 12


def test_the_annual_rate_is_larger_than_anything_else_said_about_the_price(shop, shopper):
    trade, alice = shop.order("Phone", 600_000), shopper("alice")
    alice.open(to_pay(trade))

    sizes = {
        part: float(
            alice.page.eval_on_selector(f".way >> nth=1 >> {part}", "e => parseFloat(getComputedStyle(e).fontSize)")
        )
        for part in (".rate", ".way-title", ".way-notes", ".rate-label")
    }

    assert sizes[".rate"] > max(size for part, size in sizes.items() if part != ".rate")


def test_five_wrong_pins_lock_it(shop, shopper):
    trade, alice = shop.order("Tea", 9_800), shopper("alice")
    alice.open(to_pay(trade))

    for _ in range(5):
        alice.pay(WRONG_PIN)
    assert "After 5 wrong tries the PIN is locked for 30 minutes" in alice.reads
    alice.pay()

    assert "the PIN is locked" in alice.reads
    assert shop.payment_id(trade) == 0


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_double_click_pays_once(shop, shopper, scripts):
    trade, alice = shop.order("Tea leaves", 9_800), shopper("alice", scripts=scripts)
    alice.open(to_pay(trade))
    alice.choose("wallet-0")
    alice.page.fill("#pin", "246810")

    alice.page.dblclick(".till-bar button", no_wait_after=True)
    alice.page.wait_for_selector(".asked-paid")

    assert "¥98.00 Paid" in alice.reads
    assert shop.wallet_minor("Alice") == 40_200
    assert shop.one("SELECT count(*) FROM payment") == 1


def test_two_tabs_pay_once(shop, shopper):
    trade, alice = shop.order("Tea leaves", 9_800), shopper("alice")
    other = alice.another_tab()
    for tab in (alice, other):
        tab.open(to_pay(trade))
        tab.page.fill("#pin", "246810")

    for tab in (alice, other):
        tab.page.click(".till-bar button", no_wait_after=True)
    for tab in (alice, other):
        tab.page.wait_for_selector(".asked-paid")

    assert "¥98.00 Paid" in other.reads
    assert shop.line("Alice").principal_minor == 9_800
    assert shop.one("SELECT count(*) FROM payment") == 1


def test_too_dear_a_camera_is_refused_with_the_amount_that_is_missing(shop, shopper):
    shop.buy("Alice", 619_900)
    camera, alice = shop.order("Camera", 500_000), shopper("alice")

    alice.open(to_pay(camera))

    assert "¥1,199.00" in alice.reads
    assert "over your available credit" in alice.reads
    assert alice.page.query_selector("#pin") is None


def test_a_chinese_phone_reads_chinese(shop, shopper):
    trade, alice = shop.order("茶具套装", 19_900), shopper("alice", language="zh-CN")

    alice.open(to_pay(trade))
    assert "付款 ¥199.00" in alice.reads
    assert alice.page.get_attribute("html", "lang") == "zh-CN"
    alice.pay()

    assert "付款成功" in alice.reads


def test_the_language_changes_with_one_touch(shop, shopper):
    trade, alice = shop.order("Tea set", 19_900), shopper("alice")
    alice.open(to_pay(trade))

    alice.click("text=中文")

    assert "选择付款方式" in alice.reads


def test_she_confirms_receipt_of_what_has_arrived(shop, shopper):
    trade, alice = shop.order("Tea table", 128_000, app=ESCROW_APP), shopper("alice")
    alice.open(to_pay(trade))
    alice.pay()
    assert "You owe nothing yet" in alice.reads

    alice.click("text=See this order")
    alice.pay()
    alice.page.wait_for_selector(".badge-good")

    assert "Completed" in alice.reads
    assert shop.line("Alice").principal_minor == 128_000


def test_no_page_asks_for_what_its_own_policy_forbids(shop, shopper):
    trade, alice = shop.order("Tea set", 19_900, app=ESCROW_APP), shopper("alice")
    for path in ("/", "/orders", "/bill", "/code", to_pay(trade), f"{to_pay(trade)}?lang=zh"):
        alice.open(path)
    alice.pay()
    merchant = shopper("teahouse")
    for path in ("/merchant", "/merchant/settlement", "/merchant/integration", "/merchant/signatures"):
        merchant.open(path)

    assert alice.complaints == []
    assert merchant.complaints == []


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_is_wider_than_the_screen(shop, shopper, width):
    trade, alice = shop.order("A tea set with a rather long name, hand-thrown, for six", 1_234_567_89), shopper("alice")
    alice.page.set_viewport_size({"width": width, "height": 800})

    for path in (to_pay(trade), "/", "/bill", "/orders", "/code"):
        alice.open(path)
        assert alice.page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_every_field_has_a_label_and_the_keyboard_reaches_the_button(shop, shopper):
    trade, alice = shop.order("Tea set", 19_900), shopper("alice")
    alice.open(to_pay(trade))

    unlabeled = alice.page.eval_on_selector_all(
        "input:not([type=hidden])", "fields => fields.filter(f => !f.labels.length).map(f => f.name)"
    )
    alice.page.focus("input[value='credit-0']")
    alice.page.keyboard.press("ArrowDown")
    alice.page.keyboard.press("Tab")
    alice.page.keyboard.type("246810")
    alice.page.keyboard.press("Enter")
    alice.page.wait_for_selector(".asked-paid")

    assert unlabeled == []
    assert shop.payment(shop.payment_id(trade)).plan.count == 3
