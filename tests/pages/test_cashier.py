"""The cashier: what it shows of a trade, and that one order is paid once, with what was chosen, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from florin.credit.funding import OpenFunding
from florin.credit.plans import quote
from florin.credit.program import load_program
from florin.credit.terms import InstallmentTerms, SubLimit
from florin.documents import Lender
from florin.engine import lane_for
from florin.pages import hooks
from florin.payments.payment import PaymentState
from own_programs import own_programs
from pages.conftest import text_of
from pages_world import DIRECT_APP, ESCROW_APP, PASSWORD, PIN, SHOP, WRONG_PIN, to_pay, to_scan

TERMS = load_program("huabei").terms_on(date(2026, 3, 5))


# ── what is shown ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_says_what_to_whom_how_much_and_what_is_left_on_each_tender(shop, browser):
    trade = shop.order("Tea set", 19_900)

    page = browser("alice").read(to_pay(trade))

    for said in ("Longjing Tea House", "Tea set", "¥199.00", "Available ¥10,000.00", "Balance ¥500.00", "Pay ¥199.00"):
        assert said in page


def test_it_speaks_chinese_to_a_chinese_browser(shop, browser):
    trade = shop.order("茶具套装", 19_900)

    page = browser("alice", language="zh-CN,zh;q=0.9,en;q=0.5").read(to_pay(trade))

    for said in (
        "龙井茶馆",
        "茶具套装",
        "花呗",
        "可用额度 ¥10,000.00",
        "下月一次还清",
        "付款 ¥199.00",
        "年化利率（复利）",
    ):
        assert said in page


def test_paying_next_month_names_the_due_date_and_what_lateness_costs(shop, browser):
    trade = shop.order("Tea set", 19_900)

    page = browser("alice").read(to_pay(trade))

    assert "due 10 April 2026, no fee" in page
    assert "18.25% a year, simple" in page


@pytest.mark.parametrize("count", [3, 6, 12])
def test_each_plan_shows_its_payment_its_total_its_fee_and_the_annual_rate(shop, browser, count):
    trade = shop.order("Phone", 600_000)
    offer = quote(600_000, count, TERMS)

    page = browser("alice").read(to_pay(trade))

    assert f"{count} × ¥{offer.per_period_minor / 100:,.2f} {offer.annualized_rate * 100:.2f}% annual rate" in page
    assert f"¥{offer.total_minor / 100:,.2f} in all, ¥{offer.fee_minor / 100:,.2f} of it fee" in page


def test_a_fee_that_the_shop_pays_is_said_to_be_the_shops(shop, browser):
    trade = shop.order("Phone", 600_000, fee_payer="merchant")

    page = browser("alice").read(to_pay(trade))

    assert "12 × ¥500.00 0%" in page
    assert "¥6,000.00 in all, the shop pays the fee of ¥450.00" in page


def test_a_count_that_the_shop_chose_is_the_only_plan(shop, browser):
    trade = shop.order("Phone", 600_000, installments=12, fee_payer="merchant")

    page = browser("alice").read(to_pay(trade))

    assert "12 × ¥500.00" in page
    assert "3 ×" not in page
    assert "Pay next month" not in page


def test_a_purchase_above_the_available_credit_is_refused_with_the_number(shop, browser):
    shop.buy("Alice", 619_900)
    camera = shop.order("Camera", 500_000)

    page = browser("alice").read(to_pay(camera))

    assert "This purchase is ¥1,199.00 over your available credit." in page
    assert "Available ¥3,801.00" in page


SPLIT = {
    "down_payment_share": Decimal("0.25"),
    "installments": (InstallmentTerms(count=3, fee_rate=Decimal(0)),),
    "installment_amount_minor_min": 100,
}


@contextmanager
def carol_with(shop, *, wallet_minor: int, **changes: Any) -> Iterator[None]:
    """Carol has a limit of 800.00 by a program of her own."""
    from florin.pages.people import make_shopper

    with own_programs(four=SPLIT | changes):
        shop.person("Carol", limit_minor=80_000, wallet_minor=wallet_minor, program="four")
        make_shopper(logon="carol", password=PASSWORD, pin=PIN, person_id=shop.people["Carol"])
        yield


def test_an_order_that_fits_after_its_down_payment_is_offered_in_installments(shop, browser):
    with carol_with(shop, wallet_minor=30_000):
        trade, carol = shop.order("Coat", 100_000), browser("carol")

        page = carol.read(to_pay(trade))
        carol.send_form(to_pay(trade), way="credit-3")

        assert "It fits in installments: ¥250.00 of it is paid from your wallet today." in page
        assert "3 × ¥250.00" in page
        assert "Next month" not in page
        paid = shop.payment(shop.payment_id(trade))
        assert (paid.credit_authorized_minor, paid.wallet_authorized_minor) == (75_000, 25_000)


def test_installments_whose_down_payment_the_wallet_lacks_are_not_offered(shop, browser):
    with carol_with(shop, wallet_minor=5_000):
        fits, too_much = shop.order("Hat", 40_000), shop.order("Coat", 100_000)

        page = browser("carol").read(to_pay(fits))
        refused = browser("carol").read(to_pay(too_much))

    assert "Installments take ¥100.00 from your wallet today, which holds ¥50.00." in page
    assert "3 × " not in page
    assert "no fee" in page
    assert "This purchase is ¥200.00 over your available credit." in refused


def test_what_is_left_here_heeds_the_sub_limit_of_these_goods_and_says_so(shop, browser):
    assert shop.engine.place_merchant(SHOP, market="home", category="games")
    with carol_with(shop, wallet_minor=0, sub_limits=(SubLimit(category="games", limit_minor=20_000),)):
        fits, too_much = shop.order("Puzzle", 15_000), shop.order("Console", 30_000)

        page, refused = browser("carol").read(to_pay(fits)), browser("carol").read(to_pay(too_much))

    assert "Available ¥200.00" in page
    assert "Goods of the kind games: ¥200.00 left of ¥200.00" in page
    assert "Available ¥200.00" in refused
    assert "¥100.00 over the part of your limit that is for goods of the kind games: ¥200.00" in refused


def test_an_order_above_what_lines_may_come_to_together_is_refused_on_the_page_already(shop, browser):
    with carol_with(shop, wallet_minor=0, exposure_group="house", exposure_group_limit_minor=10_000):
        trade = shop.order("Coat", 30_000)

        page = browser("carol").read(to_pay(trade))

    assert "Available ¥100.00" in page
    assert "¥200.00 over what your pay-later lines may come to together: ¥100.00" in page


def test_a_wallet_that_holds_too_little_says_how_much_is_missing(shop, browser):
    trade = shop.order("Kettle", 61_400)

    assert "Your wallet holds ¥500.00, ¥114.00 too little." in browser("alice").read(to_pay(trade))


def test_somebody_without_a_line_is_told_so_and_offered_no_pin(shop, browser):
    trade = shop.order("Kettle", 29_900)

    page = browser("bob").get(to_pay(trade))

    assert "You have no credit line here." in text_of(page)
    assert b'name="pin"' not in page.content


def test_a_tender_that_the_shop_does_not_take_is_not_shown(shop, browser):
    trade = shop.order("Gift card", 10_000, tenders=("wallet",))

    page = browser("alice").read(to_pay(trade))

    assert "Pay later" not in page
    assert "Wallet" in page


def test_an_expired_order_says_so(shop, browser):
    trade = shop.order("Kettle", 29_900, expires_at=shop.engine.at().instant + timedelta(seconds=30))
    shop.connection.execute("UPDATE clock SET offset_s = offset_s + 60")
    shop.connection.commit()

    assert "This order is closed or has expired." in browser("alice").read(to_pay(trade))


def test_an_order_for_another_account_is_not_shown_for_payment(shop, browser):
    trade = shop.order("Kettle", 29_900, buyer_id=shop.people["Bob"])

    seen = browser("alice").read(to_pay(trade))

    assert "This order was made for another account." in seen
    assert "Kettle" not in seen
    assert "299.00" not in seen


def test_a_shop_that_was_frozen_takes_nothing_from_the_next_page_on(shop, browser):
    trade, alice = shop.order("Kettle", 29_900), browser("alice")
    shop.engine.freeze_merchant(SHOP)

    assert "cannot take payments at the moment" in alice.read(to_pay(trade))


@pytest.mark.parametrize("number", [999_999_999, 2**62, 0, 10**25])
def test_a_number_that_is_no_trade_is_not_found(shop, browser, number):
    assert browser("alice").get(to_pay(number)).status_code == 404


# ── only to whom it was given ─────────────────────────────────────────────────────────────────────────────────────


def test_who_walks_through_the_numbers_around_an_order_finds_nothing(shop, browser):
    mine, _others = shop.order("My tea", 100), [shop.order("A stranger's kettle", 29_900) for _ in range(20)]
    token = to_pay(mine).rsplit("/", 1)[1]
    alice = browser("alice")
    nowhere = text_of(alice.get(to_pay(999_999_999)))
    assert "My tea" in alice.read(to_pay(mine))

    neighbors = [mine + step for step in range(-25, 26) if step]
    existing = {row[0] for row in shop.connection.execute("SELECT id FROM trade").fetchall()}

    answers = [alice.get(f"/pay/{number}/{token}") for number in [*neighbors, *(existing - {mine})]]
    assert {answer.status_code for answer in answers} == {404}
    assert {text_of(answer) for answer in answers} == {nowhere}


def _one_letter_off(path: str) -> str:
    return path[:-1] + ("A" if path[-1] != "A" else "B")


@pytest.mark.parametrize(
    "spoiled",
    [
        _one_letter_off,
        str.lower,
        lambda path: path[:-1],
        lambda path: path + "=",
        lambda path: path + "%00",
        lambda path: path.rsplit("/", 1)[0] + "/",
        lambda path: path.rsplit("/", 1)[0],
        lambda path: path.rsplit("/", 1)[0] + "/%E8%8C%B6",
        lambda path: path.rsplit("/", 1)[0] + "/%FF",
    ],
)
def test_another_token_is_answered_like_an_order_that_does_not_exist(shop, browser, queries, spoiled):
    trade, alice = shop.order("Tea", 9_800), browser("alice")
    nowhere = alice.get(to_pay(999_999_999))

    with queries() as asked:
        answer = alice.get(spoiled(to_pay(trade)))

    assert (answer.status_code, text_of(answer)) == (404, text_of(nowhere))
    assert not any("FROM trade" in statement for statement in asked)
    paying = alice.post(spoiled(to_pay(trade)), way="credit-0", pin=PIN, key="k" * 24)
    assert paying.status_code == 404
    assert shop.payment_id(trade) == 0


def test_a_visitor_is_sent_to_sign_in_whatever_the_token_is(shop, browser):
    trade = shop.order("Tea", 9_800)

    for path in (to_pay(trade), _one_letter_off(to_pay(trade)), to_pay(999_999_999)):
        answer = browser("").get(path)
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/sign-in")


def test_a_wrong_token_has_no_picture(shop, browser):
    trade = shop.order("Tea", 9_800)

    assert browser("").get(f"{_one_letter_off(to_scan(trade))}.svg").status_code == 404


# ── paying ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_paying_later_leads_to_a_receipt_that_says_when_it_is_due(shop, browser):
    trade, alice = shop.order("Tea set", 19_900), browser("alice")

    answer = alice.send_form(to_pay(trade), way="credit-0")

    assert (answer.status_code, answer["Location"]) == (302, to_pay(trade))
    receipt = alice.read(to_pay(trade))
    assert "¥199.00 Paid" in receipt
    assert "On your bill of 1 April 2026, to be paid by 10 April 2026." in receipt
    assert shop.line("Alice").principal_minor == 19_900


def test_paying_in_installments_agrees_the_plan_that_was_shown(shop, browser):
    trade, alice = shop.order("Phone", 600_000), browser("alice")

    alice.send_form(to_pay(trade), way="credit-12")

    paid = shop.payment(shop.payment_id(trade))
    assert (paid.plan.count, paid.plan.fee_minor, paid.plan.fee_payer) == (12, 45_000, "shopper")
    assert "Pay later, 12 monthly payments" in alice.read(to_pay(trade))


def test_paying_from_the_wallet_takes_the_money_at_once(shop, browser):
    trade, alice = shop.order("Tea leaves", 9_800), browser("alice")

    alice.send_form(to_pay(trade), way="wallet-0")

    assert shop.wallet_minor("Alice") == 40_200
    assert "Paid with Wallet" in alice.read(to_pay(trade))


def test_an_escrow_order_is_not_owed_before_receipt_and_says_so(shop, browser):
    trade, alice = shop.order("Tea table", 128_000, app=ESCROW_APP), browser("alice")
    assert "if you confirm receipt this month" in alice.read(to_pay(trade))

    alice.send_form(to_pay(trade), way="credit-0")

    assert "You owe nothing yet" in alice.read(to_pay(trade))
    assert shop.line("Alice").principal_minor == 0


def test_what_the_page_would_not_offer_the_engine_refuses_in_the_same_words(shop, browser):
    shop.buy("Alice", 619_900)
    cheap, camera = shop.order("Tea", 9_800), shop.order("Camera", 500_000)
    alice = browser("alice")

    answer = alice.send_form(to_pay(camera), key=alice.form_key(to_pay(cheap)), way="credit-0")

    assert answer.status_code == 422
    assert "This purchase is ¥1,199.00 over your available credit." in text_of(answer)
    assert shop.payment_id(camera) == 0


def test_one_form_sent_twice_pays_once(shop, browser):
    trade, alice = shop.order("Tea set", 19_900), browser("alice")
    key = alice.form_key(to_pay(trade))

    answers = [alice.send_form(to_pay(trade), key=key, way="credit-0") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 200]
    assert "¥199.00 Paid" in text_of(answers[1])
    assert shop.line("Alice").principal_minor == 19_900


def test_two_tabs_pay_once_and_both_show_the_receipt(shop, browser):
    trade, alice = shop.order("Tea leaves", 9_800), browser("alice")
    first, second = alice.form_key(to_pay(trade)), alice.form_key(to_pay(trade))

    alice.send_form(to_pay(trade), key=first, way="credit-0")
    late = alice.send_form(to_pay(trade), key=second, way="wallet-0")

    assert "¥98.00 Paid" in text_of(late)
    assert (shop.line("Alice").principal_minor, shop.wallet_minor("Alice")) == (9_800, 50_000)


def test_a_refused_form_may_be_sent_again_after_repaying(shop, browser):
    shop.buy("Alice", 990_000)
    trade, cheap, alice = shop.order("Kettle", 29_900), shop.order("Tea", 9_000), browser("alice")
    key = alice.form_key(to_pay(cheap))
    assert alice.send_form(to_pay(trade), key=key, way="credit-0").status_code == 422
    shop.repay("Alice", 40_000)

    again = alice.send_form(to_pay(trade), key=key, way="credit-0")

    assert again.status_code == 302
    assert shop.payment_id(trade)


def test_a_form_whose_key_was_used_for_another_choice_does_not_pay(shop, browser):
    first, second, alice = shop.order("Tea", 9_800), shop.order("Towel", 1_500), browser("alice")
    key = alice.form_key(to_pay(first))
    alice.send_form(to_pay(first), key=key, way="credit-0")

    alice.send_form(to_pay(second), key=key, way="credit-0")

    assert shop.payment_id(second) == 0


@pytest.mark.parametrize(
    "wrong", [{"way": "gold-0"}, {"way": ""}, {"way": "credit-99"}, {"way": "credit-0", "key": "short"}]
)
def test_a_form_that_is_not_ours_pays_nothing_and_asks_again(shop, browser, wrong):
    trade, alice = shop.order("Tea", 9_800), browser("alice")

    answer = alice.send_form(to_pay(trade), **wrong)

    assert answer.status_code == 422
    assert shop.payment_id(trade) == 0


def test_a_form_without_its_token_is_refused_in_words(shop, browser):
    trade, alice = shop.order("Tea", 9_800), browser("alice")
    strict = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)
    strict.cookies = alice.client.cookies

    answer = strict.post(to_pay(trade), {"way": "credit-0", "pin": PIN, "key": "k" * 24})

    assert answer.status_code == 403
    assert "Nothing was done." in text_of(answer)
    assert shop.payment_id(trade) == 0


def test_an_order_that_somebody_else_paid_shows_nothing_of_the_payer(shop, browser):
    trade = shop.order("Tea set", 19_900)
    shop.pay("Alice", trade, 19_900)

    page = browser("bob").read(to_pay(trade))

    assert "This order is already paid." in page
    assert "Pay later" not in page


def test_a_receipt_tells_of_a_refund(shop, browser):
    trade = shop.order("Coat", 38_000)
    payment = shop.pay("Alice", trade, 38_000).event.payment_id
    shop.refund(payment, 8_000)

    assert "Refunded ¥80.00" in browser("alice").read(to_pay(trade))


# ── the PIN ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_wrong_pin_pays_nothing_and_says_how_many_tries_are_left(shop, browser):
    trade, alice = shop.order("Tea", 9_800), browser("alice")

    answer = alice.send_form(to_pay(trade), pin=WRONG_PIN, way="wallet-0")

    assert "That PIN is not right. Nothing was paid. You have 4 more tries." in text_of(answer)
    assert b'value="wallet-0" required checked' in answer.content
    assert shop.payment_id(trade) == 0


def test_five_wrong_pins_lock_it_and_then_even_the_right_one_waits(shop, browser):
    trade, alice = shop.order("Tea", 9_800), browser("alice")

    said = [text_of(alice.send_form(to_pay(trade), pin=WRONG_PIN, way="credit-0")) for _ in range(5)]
    right = alice.send_form(to_pay(trade), way="credit-0")

    assert "One more wrong try locks it" in said[3]
    assert "After 5 wrong tries the PIN is locked for 30 minutes" in said[4]
    assert "the PIN is locked" in text_of(right)
    assert "the PIN is locked" in alice.read(to_pay(trade))
    assert shop.payment_id(trade) == 0


def test_when_the_lock_is_over_she_pays(shop, browser):
    trade, alice = shop.order("Tea", 9_800), browser("alice")
    for _ in range(5):
        alice.send_form(to_pay(trade), pin=WRONG_PIN, way="credit-0")
    _let_lock_run_out()

    answer = alice.send_form(to_pay(trade), way="credit-0")

    assert answer.status_code == 302
    assert shop.payment(shop.payment_id(trade)).state is PaymentState.CAPTURED


def test_a_slip_of_the_finger_costs_no_try(shop, browser):
    trade, alice = shop.order("Tea", 9_800), browser("alice")
    for _ in range(6):
        assert "six digits" in text_of(alice.send_form(to_pay(trade), pin="12", way="credit-0"))

    assert alice.send_form(to_pay(trade), way="credit-0").status_code == 302


def _let_lock_run_out() -> None:
    from florin.pages.models import Shopper

    for shopper in Shopper.objects.filter(pin_locked_until__isnull=False):
        shopper.pin_locked_until -= timedelta(minutes=31)
        shopper.save()


# ── the way in and the way back ───────────────────────────────────────────────────────────────────────────────────


def test_a_visitor_signs_in_and_is_brought_to_the_order(shop, browser):
    trade, visitor = shop.order("Tea", 9_800), browser("")

    sent = visitor.get(to_pay(trade))
    assert "Sign in to pay" in visitor.read(sent["Location"])
    welcome = visitor.sign_in("alice", next=to_pay(trade))

    assert welcome["Location"] == to_pay(trade)


def test_a_qr_code_leads_to_the_cashier(shop, browser):
    trade = shop.order("Tea", 9_800)

    assert browser("").get(to_scan(trade))["Location"] == to_pay(trade)
    picture = browser("").get(f"{to_scan(trade)}.svg")
    assert picture["Content-Type"] == "image/svg+xml"
    assert picture.content.startswith(b"<svg")


def test_after_paying_she_returns_to_the_shop_by_the_address_that_the_wire_signs(shop, browser, monkeypatch):
    trade, alice = shop.order("Tea", 9_800, return_url="https://tea.example/back"), browser("alice")
    monkeypatch.setattr(hooks, "_return_url", lambda trade: f"{trade.detail.return_url}?sign=signed")

    alice.send_form(to_pay(trade), way="credit-0")

    assert b'href="https://tea.example/back?sign=signed"' in alice.get(to_pay(trade)).content


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//tea.example", "http://[broken"])
def test_an_address_that_is_none_of_the_web_becomes_no_link(shop, browser, address):
    trade = shop.order("Tea", 9_800, app=DIRECT_APP, return_url=address, quit_url=address)
    alice = browser("alice")
    assert address.encode() not in alice.get(to_pay(trade)).content

    alice.send_form(to_pay(trade), way="credit-0")

    assert address.encode() not in alice.get(to_pay(trade)).content


def test_the_cashier_names_the_lender_before_anybody_borrows(shop, browser):
    trade = shop.order("Tea set", 19_900)
    hooks.name_lender(Lender(name="Lotus Consumer Finance", hotline="400 000"))
    try:
        english = browser("alice").read(to_pay(trade))
        chinese = browser("alice", language="zh").read(to_pay(trade))
    finally:
        hooks.name_lender(Lender())

    assert "Pay later is lent by Lotus Consumer Finance. Questions and complaints: 400 000" in english
    assert "先享后付由Lotus Consumer Finance提供贷款。" in chinese
    assert "is lent by" not in browser("alice").read(to_pay(trade))


def test_where_a_partner_bank_may_lend_the_cashier_says_so_and_the_receipt_names_both(shop, browser):
    trade = shop.order("Tea set", 19_900)
    alone = browser("alice").read(to_pay(trade))
    agreement = OpenFunding(
        agreement_id=shop.engine.new_id(lane_for("partner/Harbor Bank")),
        partner="Harbor Bank",
        programs=("huabei",),
        share_ppm=700_000,
        cap_minor=100_000_00,
    )
    assert shop.do(agreement).refusal is None
    hooks.name_lender(Lender(name="Lotus Consumer Finance"))
    try:
        alice = browser("alice")
        english = alice.read(to_pay(trade))
        chinese = browser("alice", language="zh").read(to_pay(trade))
        alice.send_form(to_pay(trade), way="credit-0")
        receipt, order = alice.read(to_pay(trade)), alice.read(f"/orders/{shop.payment_id(trade)}")
    finally:
        hooks.name_lender(Lender())

    assert "Harbor Bank" not in alone
    assert (
        "Harbor Bank may lend up to 70 % of it beside Lotus Consumer Finance, at the same price. "
        "You pay all of it to Lotus Consumer Finance."
    ) in english
    assert "Harbor Bank可能与Lotus Consumer Finance共同出借，出资最高 70 %" in chinese
    assert "Lent by Lotus Consumer Finance and Harbor Bank (70 %)" in receipt
    assert "Lent by Lotus Consumer Finance and Harbor Bank (70 %)" in order
