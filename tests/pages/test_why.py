"""Why? beside each amount leads to a page that says so, step by step, in the reader's language."""

from __future__ import annotations

import re
from datetime import date

import pytest

from pages.conftest import text_of


@pytest.fixture
def april(shop):
    """Alice bought a tea set and a coat, paid 400.00 of 499.00 on the due day, and sent two thirds of the coat back."""
    shop.connection.execute("UPDATE merchant_balance SET negative_limit_minor = 100000")
    shop.connection.commit()
    shop.pay("Alice", shop.order("Tea set", 19_900), 19_900)
    shop.coat = shop.pay("Alice", shop.order("Coat", 30_000), 30_000).event.payment_id
    shop.until(date(2026, 4, 10))
    shop.repay("Alice", 40_000)
    assert shop.refund(shop.coat, 20_000).event
    shop.until(date(2026, 4, 12))
    return shop


def links(browser, path: str) -> list[str]:
    return [
        link.replace("&amp;", "&") for link in re.findall(r'href="(/why\?[^"]+)"', browser.get(path).content.decode())
    ]


def test_every_why_on_her_pages_leads_to_an_answer(april, browser):
    for language in ("en", "zh"):
        alice = browser("alice", language=language)
        asked = [link for path in ("/", "/bill", f"/orders/{april.coat}") for link in links(alice, path)]

        assert len(asked) >= 8
        for link in asked:
            assert alice.get(link).status_code == 200, link


def test_a_refund_of_what_was_paid_already_says_where_it_went(april, browser):
    page = browser("alice").read(f"/why?what=purchase={april.coat}")

    assert "Coat, Longjing Tea House: nothing is left to pay." in page
    assert "On the bill of 1 April 2026: ¥300.00" in page
    assert "¥200.00 was given back for Coat, Longjing Tea House." in page
    assert "Coat, Longjing Tea House itself, on the bill of 1 April 2026: ¥99.00" in page
    assert "so it went to your wallet: ¥101.00" in page


def test_the_page_speaks_chinese(april, browser):
    page = browser("alice", language="zh").read("/why?what=statement=2026-04")

    assert "2026年4月1日出账时账单为 ¥499.00，这个数字不会再变；现在已经还清。" in page
    assert "龙井茶馆" in page


def test_what_cannot_be_explained_is_not_found(april, browser):
    for what in ("nonsense", "statement=2025-01", "payout=1", "event=1", "line=2026-04/99"):
        assert browser("alice").get(f"/why?what={what}").status_code == 404


def test_nobody_reads_another_ones_reasons(april, browser):
    bob = browser("bob").get(f"/why?what=purchase={april.coat}")

    assert bob.status_code == 404
    assert browser("").get("/why?what=owed").status_code == 302
    assert "Coat" not in text_of(bob)


def test_a_whole_statement_stands_on_a_page_of_its_own_and_can_be_kept(april, browser):
    alice = browser("alice")
    page, kept = alice.read("/bill/2026-04-01"), alice.get("/bill/2026-04-01.pdf")

    for said in (
        "Statement of 1 April 2026",
        "Coat · Longjing Tea House",
        "18.25%",
        "Repayment 10 April 2026",
        "Refund: Coat · Longjing Tea House 10 April 2026 · of ¥200.00 in all -¥99.00",
    ):
        assert said in page
    assert kept["Content-Type"] == "application/pdf"
    assert kept["Content-Disposition"] == 'attachment; filename="statement-2026-04-01.pdf"'
    assert kept.content.startswith(b"%PDF-")
    for path in ("/bill/2026-05-01", "/bill/2026-04-01.png", "/bill/nonsense"):
        assert alice.get(path).status_code == 404
    assert browser("bob").get("/bill/2026-04-01").status_code == 404
