"""Installments on a shopper's pages: what runs, what may become one, paying off early, autopay; nothing without the PIN."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from florin.credit.hardship import AgreeHardship
from florin.credit.terms import InstallmentTerms
from own_programs import own_programs
from pages.conftest import text_of
from pages_world import PASSWORD, PIN, WRONG_PIN, PagesWorld, to_pay

CONVERTS = {"convert": ("purchase", "bill"), "convert_share_max": Decimal("0.9"), "plan_payoff_fee": "waived"}


@pytest.fixture
def card(shop: PagesWorld) -> Iterator[PagesWorld]:
    """Carol has a line that lets bills and purchases go into installments, and ¥5,000 in her wallet."""
    with own_programs(card=CONVERTS):
        shop.person("Carol", wallet_minor=500_000, limit_minor=1_000_000, program="card")
        from florin.pages.people import make_shopper  # needs Django joined to the database

        make_shopper(logon="carol", password=PASSWORD, pin=PIN, person_id=shop.people["Carol"])
        yield shop


def bought(card: PagesWorld, subject: str, amount_minor: int, **detail) -> int:
    outcome = card.pay("Carol", card.order(subject, amount_minor, **detail), amount_minor)
    assert outcome.refusal is None
    return outcome.event.payment_id


def test_a_bill_shows_each_count_with_its_rate_each_payment_and_what_stays_to_be_paid(card, browser):
    bought(card, "Coat", 60_000)
    bought(card, "Lamp", 40_000)
    card.until(date(2026, 4, 2))
    carol = browser("carol")

    overview = carol.read("/plans")
    page = carol.read("/plans/bill-2026-04-01/convert")

    assert "Bill of 1 April 2026 Up to ¥900.00, until 10 April 2026" in overview
    assert "Amount ¥900.00 First payment on the bill of 1 May 2026 Possible until 10 April 2026" in page
    assert "Stays to be paid by 10 April 2026 ¥100.00" in page
    assert "From ¥100.00 to ¥900.00" in page
    assert "3 × ¥306.90" in page
    assert "¥920.70 in all, ¥20.70 of it fee" in page
    assert "Payment 3 of 3 ¥306.90" in page
    assert "This cannot be taken back." in page


def test_another_amount_of_the_bill_is_shown_and_agreed_with_the_pin_only(card, browser):
    bought(card, "Coat", 100_000)
    card.until(date(2026, 4, 2))
    carol, path = browser("carol"), "/plans/bill-2026-04-01/convert"

    page = carol.read(f"{path}?amount=300")
    wrong = carol.send_form(path, pin=WRONG_PIN, amount="300.00", count="3")
    assert card.line("Carol").due_minor == 100_000
    done = carol.send_form(path, amount="300.00", count="3")

    assert "Amount ¥300.00" in page
    assert "Stays to be paid by 10 April 2026 ¥700.00" in page
    assert wrong.status_code == 422
    assert (done.status_code, done["Location"]) == (302, "/plans")
    assert card.line("Carol").due_minor == 70_000
    assert "3 of 3 payments to come, the next on the bill of 1 May 2026 ¥306.90 Pay off early" in carol.read("/plans")


def test_one_form_sent_twice_converts_once(card, browser):
    coat = bought(card, "Coat", 120_000)
    carol, path = browser("carol"), f"/plans/{coat}/convert"
    key = carol.form_key(path)

    answers = [carol.send_form(path, key=key, count="12") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert card.one("SELECT count(*) FROM event WHERE kind = 70") == 1


def test_too_much_of_a_bill_and_another_persons_purchase_are_refused_in_words(card, browser):
    coat = bought(card, "Coat", 100_000)
    card.until(date(2026, 4, 2))
    carol = browser("carol")

    too_much = carol.read("/plans/bill-2026-04-01/convert?amount=900.01")
    unreadable = carol.get("/plans/bill-2026-04-01/convert?amount=abc")
    forged = carol.send_form("/plans/bill-2026-04-01/convert", amount="950.00", count="3")
    hers = browser("alice").read(f"/plans/{coat}/convert")

    assert "At most ¥900.00 of this bill can be put into installments; ¥900.01 is ¥0.01 too much." in too_much
    assert unreadable.status_code == 422
    assert "¥950.00 is ¥50.00 too much" in text_of(forged)
    assert "Installments after the purchase are not offered here." in hers
    assert card.one("SELECT count(*) FROM event WHERE kind IN (70, 71)") == 0


def test_a_plan_is_paid_off_for_what_the_page_says_and_how_long_that_is_right(card, browser):
    phone = bought(card, "Phone", 120_000, installments=12)
    carol, path = browser("carol"), f"/plans/{phone}/payoff"

    page = carol.read(path)
    stale = carol.send_form(path, amount="¥1,290.00")
    done = carol.send_form(path, amount="¥1,200.00")

    assert "¥1,200.00 This amount is right until 31 March 2026." in page
    assert "Purchase, 12 payments to come ¥1,200.00 Fee still owed ¥0.00 Fee that you save ¥90.00" in page
    assert "takes ¥1,200.00 today, not ¥1,290.00" in text_of(stale)
    assert done.status_code == 302
    assert card.wallet_minor("Carol") == 380_000
    assert "Nothing is in installments." in carol.read("/plans")
    assert carol.get(path).status_code == 404


def test_autopay_is_switched_on_in_her_order_and_off_again(card, browser):
    carol = browser("carol")
    assert "Autopay Off" in carol.read("/plans")

    carol.send_form("/autopay", sources="wallet-bank")
    on = carol.read("/plans")
    card.pay("Carol", card.order("Tea", 10_000), 10_000)
    card.until(date(2026, 4, 11))

    assert "Wallet, then bank account" in on
    assert card.wallet_minor("Carol") == 490_000
    carol.send_form("/autopay", sources="off")
    assert card.line("Carol").particulars.autopay == ()
    assert carol.send_form("/autopay", sources="credit").status_code == 422


def test_autopay_is_not_changed_without_the_pin(card, browser):
    answer = browser("carol").send_form("/autopay", pin=WRONG_PIN, sources="wallet")

    assert answer.status_code == 422
    assert card.line("Carol").particulars.autopay is None


def test_a_hardship_plan_is_seen_and_nothing_about_it_is_done_here(card, browser):
    bought(card, "Coat", 100_000)
    card.until(date(2026, 6, 20))
    agreed = AgreeHardship(line_id=card.line_ids["Carol"], installments=12, waive_penalty=True, reason="lost her work")
    assert card.do(agreed).refusal is None
    carol = browser("carol")

    page, home = carol.read("/plans"), carol.read("/")

    assert "Your hardship plan runs since 20 June 2026." in page
    assert "Hardship plan 12 of 12 payments to come, the next on the bill of 1 July 2026" in page
    assert "Pay off early" not in page
    assert "May go into installments" not in page
    assert "Your hardship plan runs; its installments are on your bills." in home


def test_the_pages_speak_chinese(card, browser):
    bought(card, "大衣", 100_000)
    phone = bought(card, "手机", 120_000, installments=12)
    card.until(date(2026, 4, 2))
    carol = browser("carol", language="zh")

    assert "2026年4月1日账单 最多 ¥900.00，2026年4月10日前可办理" in carol.read("/plans")
    assert "办理后不可撤销" in carol.read("/plans/bill-2026-04-01/convert")
    assert "此金额在2026年4月10日（含当天）前有效。" in carol.read(f"/plans/{phone}/payoff")
    assert "先余额，后银行账户" in carol.read("/autopay")


def test_who_has_no_line_has_no_such_pages(shop, browser):
    bob = browser("bob")

    assert [bob.get(path).status_code for path in ("/plans", "/autopay", "/plans/7/convert")] == [404, 404, 404]


@pytest.mark.parametrize("address", ["x", "bill-", "bill-2026-13-01", "99999999999999999999", "-1"])
def test_an_address_that_names_nothing_is_not_found(card, browser, address):
    carol = browser("carol")

    assert carol.get(f"/plans/{address}/payoff").status_code == 404
    assert carol.get(f"/plans/{address}/convert").status_code == 404


def test_the_cashier_says_what_is_taken_from_the_wallet_today_and_takes_it(shop, browser):
    thirds = {"down_payment_share": Decimal("0.25"), "installments": (InstallmentTerms(count=3, fee_rate=Decimal(0)),)}
    with own_programs(four=thirds):
        shop.person("Dora", wallet_minor=50_000, limit_minor=1_000_000, program="four")
        from florin.pages.people import make_shopper  # needs Django joined to the database

        make_shopper(logon="dora", password=PASSWORD, pin=PIN, person_id=shop.people["Dora"])
        trade, dora = shop.order("Coat", 100_000), browser("dora")

        english = dora.read(to_pay(trade))
        chinese = browser("dora", language="zh").read(to_pay(trade))
        dora.send_form(to_pay(trade), way="credit-3")
        receipt = dora.read(to_pay(trade))

    assert "3 × ¥250.00" in english
    assert "¥250.00 today from your wallet; the rest in installments" in english
    assert "今天从余额付 ¥250.00，其余分期" in chinese
    assert "Paid" in receipt
    assert (shop.wallet_minor("Dora"), shop.line("Dora").principal_minor) == (25_000, 75_000)
