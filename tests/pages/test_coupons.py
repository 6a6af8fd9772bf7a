"""Coupons and fee subsidies at the cashier: what she sees is what she pays, and she may pay without."""

from __future__ import annotations

import re

from florin.payments.refund import Refund
from pages_world import SHOP, to_pay
from world import DIRECT_APP

HALF = {"kind": "fee_subsidy", "share_ppm": 500_000}


def coupon_of(browser, path):
    found = re.search(r'name="coupon" value="([^"]+)"', browser.get(path).content.decode())
    return found[1] if found else ""


def test_she_sees_the_coupon_and_what_is_left_to_pay(shop, browser):
    campaign = shop.campaign(1_000_00, name="Spring")
    trade, alice = shop.order("Tea set", 199_00), browser("alice")

    page = alice.read(to_pay(trade))

    for said in ("¥199.00", "Spring −¥20.00", "left to pay ¥179.00", "Pay ¥179.00", "Pay without it"):
        assert said in page
    assert coupon_of(alice, to_pay(trade)) == f"{campaign}-2000"


def test_she_pays_with_it_and_her_receipt_says_so(shop, browser):
    campaign = shop.campaign(1_000_00, name="Spring")
    trade, alice = shop.order("Tea set", 199_00), browser("alice")

    alice.send_form(to_pay(trade), way="wallet-0", coupon=coupon_of(alice, to_pay(trade)))

    payment = shop.payment(shop.payment_id(trade))
    assert (payment.wallet_paid_minor, payment.coupon_paid_minor) == (179_00, 20_00)
    assert "Wallet ¥179.00 and Coupon ¥20.00" in alice.read(to_pay(trade))
    assert "¥199.00" in alice.read("/orders")
    assert shop.budget(campaign).left_minor == 980_00


def test_in_chinese_it_has_its_chinese_name(shop, browser):
    shop.campaign(1_000_00, name="Spring")
    trade = shop.order("茶具", 199_00)

    page = browser("alice", language="zh-CN").read(to_pay(trade))

    assert "还需支付 ¥179.00" in page
    assert "不使用" in page


def test_she_may_pay_without_it(shop, browser):
    shop.campaign(1_000_00, name="Spring")
    trade, alice = shop.order("Tea set", 199_00), browser("alice")

    page = alice.read(f"{to_pay(trade)}?coupon=none")
    assert "Pay ¥199.00" in page
    assert "is not used. Use it" in page

    alice.send_form(to_pay(trade), way="wallet-0")
    assert shop.payment(shop.payment_id(trade)).wallet_paid_minor == 199_00


def test_a_coupon_that_runs_out_while_she_looks_is_refused_by_name_and_the_page_goes_on_without_it(shop, browser):
    campaign = shop.campaign(30_00, name="Spring")
    trade, alice = shop.order("Tea set", 199_00), browser("alice")
    coupon = coupon_of(alice, to_pay(trade))
    shop.buy_with_coupon("Alice", campaign, 80_00)

    answer = alice.send_form(to_pay(trade), way="wallet-0", coupon=coupon)

    assert answer.status_code == 422
    assert "The budget of Spring has ¥10.00 left, ¥10.00 too little for this." in answer.content.decode()
    assert "Pay ¥199.00" in alice.read(to_pay(trade))
    alice.send_form(to_pay(trade), way="wallet-0")
    assert shop.payment(shop.payment_id(trade)).wallet_paid_minor == 199_00


def test_a_coupon_that_was_not_offered_is_not_taken(shop, browser):
    campaign = shop.campaign(1_000_00, name="Spring")
    trade, alice = shop.order("Tea set", 199_00), browser("alice")

    more = alice.send_form(to_pay(trade), way="wallet-0", coupon=f"{campaign}-19800")
    assert more.status_code == 422
    assert "takes ¥20.00 off this order, not ¥198.00" in more.content.decode()
    nonsense = alice.send_form(to_pay(trade), way="wallet-0", coupon="1e9-; drop")
    assert nonsense.status_code == 422
    assert shop.payment_id(trade) == 0


def test_the_rate_of_a_subsidized_plan_is_of_what_she_pays(shop, browser):
    trade, alice = shop.order("Phone", 1_200_00), browser("alice")
    before = alice.read(to_pay(trade))
    campaign = shop.campaign(1_000_00, name="Spring", **HALF, counts=(6,))

    page = alice.read(to_pay(trade))

    assert "¥1,254.00 in all, ¥54.00 of it fee" in before
    assert "¥1,227.00 in all, ¥27.00 of it fee" in page
    assert "Spring pays ¥27.00 of the fee" in page
    alice.send_form(to_pay(trade), way=f"credit-6-{campaign}-2700")
    assert shop.line("Alice").fee_minor == 27_00
    assert shop.budget(campaign).left_minor == 973_00


def test_after_a_refund_of_a_part_her_order_says_what_came_back_of_all(shop, browser):
    shop.campaign(1_000_00, name="Spring", refund_order="proportional")
    trade, alice = shop.order("Tea set", 200_00, app=DIRECT_APP), browser("alice")
    alice.send_form(to_pay(trade), way="wallet-0", coupon=coupon_of(alice, to_pay(trade)))
    payment_id = shop.payment_id(trade)

    assert shop.do(Refund(payment_id=payment_id, amount_minor=100_00, request_no="r1")).refusal is None

    assert shop.payment(payment_id).coupon_refunded_minor == 10_00
    assert "¥100.00" in alice.read(f"/orders/{payment_id}")
    assert shop.balance("MERCHANT_PAYABLE", SHOP) == 100_00 - 1_20


def test_near_her_cap_the_cashier_offers_what_is_left_of_it_and_takes_that(shop, browser):
    point = {"kind": "rate_subsidy", "yearly_rate_ppm": 10_000, "sponsor": "state", "person_year_minor_max": 10_00}
    campaign = shop.campaign(1_000_00, name="State subsidy", **point)
    alice, first, second = browser("alice"), shop.order("Kettle", 1_200_00), shop.order("Stove", 1_200_00)

    page = alice.read(to_pay(first))
    assert "State subsidy pays ¥6.50 of the fee" in page
    alice.send_form(to_pay(first), way=f"credit-12-{campaign}-650")
    near = alice.read(to_pay(second))
    alice.send_form(to_pay(second), way=f"credit-12-{campaign}-350")

    assert "State subsidy pays ¥3.50 of the fee" in near
    assert shop.payment(shop.payment_id(second)).plan.subsidy.amount_minor == 3_50
    assert "State subsidy" not in alice.read(to_pay(shop.order("Lamp", 1_200_00)))
