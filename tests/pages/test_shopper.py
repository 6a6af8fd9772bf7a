"""A shopper's own pages: what she has, her orders, her bills, her payment code."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest

from florin.credit.charge_off import ChargeOff
from florin.credit.close import CloseLine
from florin.credit.freeze import FreezeLine, UnfreezeLine
from florin.credit.limit import GiveUplift, SetLimit
from florin.credit.terms import SubLimit
from florin.payments.payment import PaymentState
from own_programs import own_programs
from pages.conftest import text_of
from pages_world import ESCROW_APP, PASSWORD, PIN, WRONG_PIN


def test_home_shows_available_credit_limit_debt_and_wallet(shop, browser):
    shop.buy("Alice", 19_900)

    page = browser("alice").read("/")

    for said in ("Available to spend ¥9,801.00", "Limit ¥10,000.00", "Owed ¥199.00", "¥500.00", "Nothing is due."):
        assert said in page


def test_home_without_a_line_speaks_of_the_wallet_only(shop, browser):
    page = browser("bob").read("/")

    assert "You have no pay-later account here." in page
    assert "Available to spend" not in page


def test_home_says_when_a_line_takes_no_new_purchases(shop, browser):
    shop.do(FreezeLine(line_id=shop.line_ids["Alice"], reason="asked by her"))

    assert "Not open for new purchases at the moment." in browser("alice").read("/")


def test_home_says_why_the_limit_was_cut_and_why_she_was_stopped(shop, browser):
    line_id = shop.line_ids["Alice"]
    shop.do(SetLimit(line_id=line_id, limit_minor=300_000, reason="score", code="credit-history"))
    shop.do(FreezeLine(line_id=line_id, reason="many orders", code="suspected-misuse"))

    english, chinese = browser("alice").read("/"), browser("alice", language="zh").read("/")

    assert (
        "Your limit was lowered to ¥3,000.00 on 2 March 2026. Main reason: what credit bureaus report of you."
        in english
    )
    assert "New purchases were stopped on 2 March 2026. Main reason: signs of misuse by somebody." in english
    assert "主要原因：征信记录。" in chinese
    shop.do(UnfreezeLine(line_id=line_id, reason="cleared"))
    assert "were stopped" not in browser("alice").read("/")


def test_home_says_why_a_line_closes_and_why_it_was_written_off(shop, browser):
    shop.buy("Alice", 19_900)
    line_id = shop.line_ids["Alice"]
    shop.do(CloseLine(line_id=line_id, reason="score", when_paid=True, code="credit-history"))
    closing = browser("alice").read("/")
    shop.do(ChargeOff(line_id=line_id, reason="moved away", code="past-due"))

    english, chinese = browser("alice").read("/"), browser("alice", language="zh").read("/")

    assert "Since 2 March 2026 your account takes no new purchases" in closing
    assert "Main reason: what credit bureaus report of you." in closing
    assert "written off on 2 March 2026, and is owed all the same. Main reason: something here is past due." in english
    assert "核销，欠款仍须偿还。主要原因：在本平台有逾期未还。" in chinese


def test_home_reminds_of_what_is_due_until_it_is_paid(shop, browser):
    shop.buy("Alice", 19_900)
    shop.until(date(2026, 4, 7))

    assert "¥199.00 is due on 10 April 2026. Repay it by then to be in time." in browser("alice").read("/")
    assert "您有 ¥199.00 将于2026年4月10日到期" in browser("alice", language="zh").read("/")

    shop.until(date(2026, 4, 18))
    assert "has been due since 10 April 2026. Please repay it, or call us if you cannot." in browser("alice").read("/")
    assert shop.repay("Alice", 19_980).event
    assert "10 April" not in browser("alice").read("/")


def test_home_says_how_much_of_the_limit_is_for_a_time_and_until_when(shop, browser):
    line_id = shop.line_ids["Alice"]
    shop.do(GiveUplift(line_id=line_id, amount_minor=200_000, until_on=date(2026, 3, 20), reason="festival"))

    page = browser("alice").read("/")

    for said in ("Available to spend ¥12,000.00", "Limit ¥12,000.00", "¥2,000.00 of it until 20 March 2026"):
        assert said in page


def test_home_says_how_much_of_the_limit_is_back_when_a_repayment_has_cleared(shop, browser):
    with own_programs(held={"repayment_hold_days": 3}):
        shop.person("Carol", limit_minor=100_000, program="held")
        from florin.pages.people import make_shopper  # needs Django joined to the database

        make_shopper(logon="carol", password=PASSWORD, pin=PIN, person_id=shop.people["Carol"])
        shop.buy("Carol", 60_000)
        shop.repay("Carol", 40_000, "bank")

        english = browser("carol").read("/")
        chinese = browser("carol", language="zh").read("/")

    assert "Available to spend ¥400.00" in english
    assert "Your repayment is being confirmed by the bank: ¥400.00 of your limit is back by 5 March 2026" in english
    assert "还款正在等待银行确认：最晚2026年3月5日恢复额度 ¥400.00" in chinese


def test_home_says_what_sub_limits_and_a_shared_limit_leave(shop, browser):
    from florin.pages.people import make_shopper

    parts = (SubLimit(category="games", limit_minor=20_000), SubLimit(channel="offline", share=Decimal("0.3")))
    group = {"exposure_group": "house", "exposure_group_limit_minor": 90_000}
    with own_programs(parts={"sub_limits": parts} | group, loan=group):
        shop.person("Carol", limit_minor=80_000, program="parts")
        make_shopper(logon="carol", password=PASSWORD, pin=PIN, person_id=shop.people["Carol"])
        shop.people["Carol's loan"] = shop.people["Carol"]
        shop.open_line("Carol's loan", "loan", 80_000)
        before = browser("carol").read("/")
        shop.buy("Carol's loan", 75_000)

        english, chinese = browser("carol").read("/"), browser("carol", language="zh").read("/")

    assert "Available to spend ¥800.00" in before
    assert "Goods of the kind games ¥200.00 left of ¥200.00" in before
    assert "together" not in before
    assert "Available to spend ¥150.00" in english
    assert "may come to ¥900.00 together, and ¥750.00 of it is in use" in english
    assert "Purchases in shops ¥150.00 left of ¥240.00" in english
    for said in ("可用额度 ¥150.00", "合计额度为 ¥900.00，已用 ¥750.00", "“games”类商品 可用 ¥150.00，共 ¥200.00"):
        assert said in chinese


def test_orders_are_listed_with_their_state_and_refunds(shop, browser):
    first, second = shop.order("Tea set", 19_900, app=ESCROW_APP), shop.order("Coat", 38_000)
    shop.pay("Alice", first, 19_900)
    shop.refund(shop.pay("Alice", second, 38_000).event.payment_id, 8_000)

    page = browser("alice").read("/orders")

    assert "Tea set Longjing Tea House · 2 March 2026 ¥199.00 Awaiting receipt" in page
    assert "¥380.00 Completed ¥80.00 refunded" in page


def test_confirming_receipt_asks_for_the_pin_and_then_the_shop_is_paid(shop, browser):
    trade, alice = shop.order("Tea set", 19_900, app=ESCROW_APP), browser("alice")
    payment = shop.pay("Alice", trade, 19_900).event.payment_id
    wrong = alice.send_form(f"/orders/{payment}", pin=WRONG_PIN)
    assert "Nothing was paid." in text_of(wrong)
    assert shop.payment(payment).state is PaymentState.ESCROWED

    answer = alice.send_form(f"/orders/{payment}")

    assert (answer.status_code, answer["Location"]) == (302, f"/orders/{payment}")
    assert shop.payment(payment).state is PaymentState.CAPTURED
    assert "Completed" in alice.read(f"/orders/{payment}")


def test_confirming_twice_confirms_once(shop, browser):
    trade, alice = shop.order("Tea set", 19_900, app=ESCROW_APP), browser("alice")
    payment = shop.pay("Alice", trade, 19_900).event.payment_id
    key = alice.form_key(f"/orders/{payment}")

    answers = [alice.send_form(f"/orders/{payment}", key=key) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 200]
    assert shop.line("Alice").principal_minor == 19_900


def test_somebody_elses_order_is_not_found(shop, browser):
    payment = shop.pay("Alice", shop.order("Tea set", 19_900), 19_900).event.payment_id

    assert browser("bob").get(f"/orders/{payment}").status_code == 404


@pytest.fixture
def billed(shop):
    """March: a tea set of 199.00 and the first of twelve payments for a phone of 6,000.00; billed on 1 April."""
    shop.until(date(2026, 3, 6))
    shop.pay("Alice", shop.order("Tea set", 19_900), 19_900)
    phone = shop.order("Phone", 600_000, installments=12, fee_payer="merchant")
    shop.pay("Alice", phone, 600_000)
    shop.until(date(2026, 4, 1))
    return shop


def test_a_bill_shows_its_amount_and_what_remains_as_two_numbers(billed, browser):
    billed.repay("Alice", 30_000)

    page = browser("alice").read("/bill")

    assert "Remaining to pay ¥399.00 Why? Amount of the bill ¥699.00" in page
    assert "Due 10 April 2026 Minimum ¥519.90 Why? Minimum still to pay ¥219.90" in page
    assert "Tea set 6 March 2026 ¥199.00" in page
    assert "Phone Payment 1 of 12 ¥500.00" in page


def test_a_bill_in_chinese(billed, browser):
    page = browser("alice", language="zh").read("/bill")

    assert "2026年4月1日账单" in page
    assert "剩余应还 ¥699.00 为什么？ 账单金额 ¥699.00" in page
    assert "第1期，共12期" in page


def test_a_missed_minimum_is_shown_as_past_due(billed, browser):
    billed.until(date(2026, 4, 12))

    alice = browser("alice")

    assert "Past due" in alice.read("/bill")
    assert "Was due 10 April 2026." in alice.read("/")


def test_repaying_from_the_wallet_lowers_what_remains_and_says_so(billed, browser):
    alice = browser("alice")

    answer = alice.send_form("/bill", amount="300.00")
    page = alice.read(answer["Location"])

    assert "You repaid ¥300.00." in page
    assert "Remaining to pay ¥399.00 Why? Amount of the bill ¥699.00" in page
    assert billed.wallet_minor("Alice") == 20_000


def test_one_repayment_sent_twice_is_taken_once(billed, browser):
    alice = browser("alice")
    key = alice.form_key("/bill")

    for _ in range(2):
        alice.send_form("/bill", key=key, amount="300.00")

    assert billed.wallet_minor("Alice") == 20_000


def test_repaying_more_than_is_owed_is_refused_in_words(billed, browser):
    answer = browser("alice").send_form("/bill", amount="7,000.00")

    assert answer.status_code == 422
    assert "You owe ¥6,199.00 in all." in text_of(answer)


def test_repaying_more_than_the_wallet_holds_is_refused_in_words(billed, browser):
    answer = browser("alice").send_form("/bill", amount="600")

    assert "Your wallet holds ¥500.00, ¥100.00 too little." in text_of(answer)


@pytest.mark.parametrize("amount", ["", "abc", "-5", "1.234", "1e3", "٣"])
def test_an_amount_that_is_none_is_refused_before_the_pin(billed, browser, amount):
    answer = browser("alice").send_form("/bill", amount=amount)

    assert "Write the amount in yuan" in text_of(answer)
    assert billed.wallet_minor("Alice") == 50_000


def test_an_address_cannot_make_the_page_say_what_was_not_repaid(billed, browser):
    assert "You repaid" not in browser("alice").read("/bill?done=NTAwMDA:1abcde:forged")


def test_without_a_line_there_are_no_bills(shop, browser):
    assert "there are no bills" in browser("bob").read("/bill")


def test_the_payment_code_is_eighteen_digits_good_for_this_person_and_line(shop, browser):
    page = browser("alice").read("/code")

    digits = re.search(r"\d{6} \d{6} \d{6}", page)[0].replace(" ", "")
    person, line = _code(shop, digits)
    assert (person, line) == (shop.people["Alice"], shop.line_ids["Alice"])


def test_a_payment_code_may_pay_from_the_wallet(shop, browser):
    page = browser("alice").read("/code?with=wallet")

    digits = re.search(r"\d{6} \d{6} \d{6}", page)[0].replace(" ", "")
    assert _code(shop, digits) == (shop.people["Alice"], 0)


def _code(shop, digits: str) -> tuple[int, int]:
    row = shop.connection.execute("SELECT person_id, line_id FROM payment_code WHERE code = %s", (digits,)).fetchone()
    shop.connection.commit()
    return row


def test_the_pin_is_on_no_page(billed, browser):
    answer = browser("alice").send_form("/bill", amount="7000")

    assert PIN.encode() not in answer.content
