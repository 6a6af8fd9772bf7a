"""Installments and autopay in a real browser: on a phone and on a desk, in English and in Chinese, with the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from own_programs import own_programs
from pages_world import PASSWORD, PIN, PagesWorld

CONVERTS = {"convert": ("purchase", "bill"), "convert_share_max": Decimal("0.9"), "plan_payoff_fee": "waived"}
BILL = "/plans/bill-2026-04-01/convert"


@pytest.fixture
def card(shop: PagesWorld) -> Iterator[PagesWorld]:
    """Carol owes 1,000.00 on April's bill and has a phone in twelve installments; ¥5,000 are in her wallet."""
    with own_programs(card=CONVERTS):
        shop.person("Carol", wallet_minor=500_000, limit_minor=1_000_000, program="card")
        from florin.pages.people import make_shopper  # needs Django joined to the database

        make_shopper(logon="carol", password=PASSWORD, pin=PIN, person_id=shop.people["Carol"])
        for subject, minor, count in (("Coat", 60_000, 0), ("Lamp", 40_000, 0), ("Phone", 120_000, 12)):
            trade = shop.order(subject, minor, installments=count)
            assert shop.pay("Carol", trade, minor).refusal is None
        shop.until(date(2026, 4, 2))
        yield shop


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_she_puts_a_part_of_her_bill_into_installments(card, shopper, scripts):
    carol = shopper("carol", scripts=scripts)
    carol.open("/bill")
    carol.click("a[href='/plans']")
    carol.click(f"a[href='{BILL}']")
    carol.page.fill("#amount", "300")
    carol.click(".amount-form button")

    carol.page.check("input[value='6']")
    carol.pay()

    assert "Bill of 1 April 2026 6 of 6 payments to come" in carol.reads
    assert card.line("Carol").due_minor == 110_000 + 7_50 - 300_00


def test_she_pays_a_plan_off_early(card, shopper):
    carol = shopper("carol")
    carol.open("/plans")
    carol.click("text=Pay off early")
    assert "¥1,100.00 This amount is right until 10 April 2026." in carol.reads

    carol.pay()

    assert "Nothing is in installments." in carol.reads
    assert card.wallet_minor("Carol") == 500_000 - 110_000


def test_she_turns_autopay_on_with_the_keyboard(card, shopper):
    carol = shopper("carol")
    carol.open("/autopay")
    carol.page.focus("input[value='off']")
    carol.page.keyboard.press("ArrowDown")
    carol.page.keyboard.press("Tab")
    carol.page.keyboard.type(PIN)
    with carol.page.expect_navigation():
        carol.page.keyboard.press("Enter")

    assert card.line("Carol").particulars.autopay == ("wallet",)


def test_the_yearly_rate_is_larger_than_anything_else_said_about_the_price(card, shopper):
    carol = shopper("carol")
    carol.open(BILL)

    sizes = {
        part: float(
            carol.page.eval_on_selector(f".way >> nth=0 >> {part}", "e => parseFloat(getComputedStyle(e).fontSize)")
        )
        for part in (".rate", ".way-title", ".way-notes", ".rate-label")
    }

    assert sizes[".rate"] > max(size for part, size in sizes.items() if part != ".rate")


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_nothing_is_wider_than_the_screen_unlabeled_or_against_the_policy(card, shopper, width, language):
    carol = shopper("carol", language=language)
    carol.page.set_viewport_size({"width": width, "height": 844})
    phone = card.one("SELECT id FROM payment WHERE plan_count = 12")

    for path in ("/bill", "/plans", BILL, f"/plans/{phone}/payoff", "/autopay"):
        carol.open(path)
        unlabeled = carol.page.eval_on_selector_all(
            "input:not([type=hidden])", "fields => fields.filter(f => !f.labels.length).map(f => f.name)"
        )
        assert carol.page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert unlabeled == [], path
    assert carol.complaints == []
