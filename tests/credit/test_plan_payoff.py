"""One plan paid off before its time: what that takes by the terms, how long the quote is good, what the book says."""

from __future__ import annotations

from decimal import Decimal

import pytest

from credit.play import Play, day, program_with, totals
from florin.credit.plan_payoff import ArrearsFirst, NoPlanToPayOff, PlanPayoffChanged, quote
from florin.credit.terms import InstallmentTerms
from florin.ledger import Account as Ledger
from florin.ledger import Rule
from florin.money import yuan_text
from florin.wallet.withdraw import WalletTooLow

PHONE, COAT = 12, 13


def phone_in_twelve(fee_payer: str = "shopper", **terms) -> Play:
    """6,000.00 in 12 × 500.00 with a fee of 450.00 = 12 × 37.50; the first is billed and paid."""
    alice = Play(program_with(**terms))
    alice.buy("03-06", "6000.00", PHONE, installments=12, fee_payer=fee_payer)
    alice.until("04-02")
    alice.repay("04-02", "537.50" if fee_payer == "shopper" else "500.00")
    return alice


@pytest.mark.parametrize(
    ("rule", "charge", "fee", "waived", "charged", "total"),
    [
        ("owed", "0", 412_50, 0, 0, 5_912_50),
        ("waived", "0", 0, 412_50, 0, 5_500_00),
        ("current_period", "0", 37_50, 375_00, 0, 5_537_50),
        ("waived", "0.01", 0, 412_50, 55_00, 5_555_00),
    ],
)
def test_what_it_takes_is_said_by_the_terms_and_then_nothing_of_the_plan_is_left(
    rule, charge, fee, waived, charged, total
):
    alice = phone_in_twelve(plan_payoff_fee=rule, plan_payoff_charge=Decimal(charge))
    said = quote(alice.account, day("04-12"), alice.program, item_id=PHONE)

    assert said is not None
    assert (said.principal_minor, said.fee_minor, said.waived_minor) == (5_500_00, fee, waived)
    assert (said.charge_minor, said.total_minor, said.installments) == (charged, total, 11)
    assert alice.pay_off_plan("04-12", PHONE) is None
    assert alice.account.plans == ()
    assert (alice.line.principal_minor, alice.line.fee_minor, alice.line.credit_balance_minor) == (0, 0, 0)
    assert alice.balance(Ledger.DEFERRED_FEE_INCOME) == 0
    assert alice.balance(Ledger.FEE_INCOME) == 37_50 + fee + charged
    alice.until("06-02")
    assert list(alice.images) == ["04-01"]


def test_a_quote_is_good_to_the_day_before_the_next_bill():
    alice = phone_in_twelve()

    said = quote(alice.account, day("04-12"), alice.program, item_id=PHONE)

    assert said is not None
    assert said.good_through_on == day("04-30")
    assert alice.pay_off_plan("04-30", PHONE, yuan="5912.50") is None


def test_a_quote_is_good_no_longer_than_the_bill_before_it_may_be_paid_in_time():
    alice = Play(program_with(plan_payoff_fee="waived"))
    alice.buy("03-06", "6000.00", PHONE, installments=12)
    alice.until("04-05")

    said = quote(alice.account, day("04-05"), alice.program, item_id=PHONE)

    assert said is not None
    assert said.good_through_on == day("04-10")
    assert alice.pay_off_plan("04-11", PHONE) == ArrearsFirst(past_due_minor=537_50, due_on=day("04-10"))


def test_after_the_next_bill_the_amount_is_another_and_must_be_confirmed_anew():
    alice = phone_in_twelve()

    refused = alice.pay_off_plan("05-01", PHONE, yuan="5912.50")

    assert refused == PlanPayoffChanged(amount_minor=5_912_50, total_minor=5_375_00)
    assert "¥5,375.00 today, not ¥5,912.50" in refused.sentence("en")
    assert "5,375.00" in refused.sentence("zh")


def test_what_is_billed_of_it_is_said_beside_it_and_stays_on_the_bill():
    alice = Play(program_with(plan_payoff_fee="waived"))
    alice.buy("03-06", "6000.00", PHONE, installments=12)
    alice.until("04-05")

    said = quote(alice.account, day("04-05"), alice.program, item_id=PHONE)
    alice.pay_off_plan("04-05", PHONE)

    assert said is not None
    assert said.billed_minor == alice.line.due_minor == 537_50
    assert alice.line.due_on == day("04-10")


def test_a_fee_that_the_merchant_bore_is_earned_and_not_the_shoppers_affair():
    alice = phone_in_twelve("merchant", plan_payoff_fee="waived")

    said = quote(alice.account, day("04-12"), alice.program, item_id=PHONE)
    alice.pay_off_plan("04-12", PHONE)

    assert said is not None
    assert (said.total_minor, said.waived_minor) == (5_500_00, 0)
    assert alice.posted(Rule.EARN_FEE) == "450.00"


def test_a_fee_up_front_that_is_not_billed_yet_is_waived_whole():
    offer = InstallmentTerms(count=12, fee_rate=Decimal("0.06"), fee_timing="upfront")
    alice = Play(program_with(installments=(offer,), plan_payoff_fee="waived"))
    alice.buy("03-06", "6000.00", PHONE, installments=12)

    alice.pay_off_plan("03-20", PHONE)

    assert alice.last_entries() == {
        "REPAY_FROM_WALLET": "6000.00",
        "CHARGE_SHOPPER_FEE": "-360.00",
        "CLEAR_PRINCIPAL_UNBILLED": "6000.00",
    }
    assert alice.balance(Ledger.DEFERRED_FEE_INCOME) == 0


def test_a_fee_up_front_of_which_a_refund_has_made_income_is_waived_whole_too():
    offer = InstallmentTerms(count=6, fee_rate=Decimal("0.045"), fee_timing="upfront")
    terms = {"plan_payoff_fee": "waived", "plan_refund_fee": "full_return_only"}
    alice = Play(program_with(installments=(offer,), **terms))
    alice.buy("03-05", "600.00", PHONE, installments=6)
    alice.refund("03-05", "599.97", PHONE)
    earned_minor = alice.balance(Ledger.FEE_INCOME)
    assert earned_minor > 0

    alice.pay_off_plan("03-06", PHONE)

    assert alice.last_entries()["EARN_FEE"] == yuan_text(-earned_minor)
    assert (alice.balance(Ledger.DEFERRED_FEE_INCOME), alice.balance(Ledger.FEE_INCOME)) == (0, 0)


def test_a_declining_plan_costs_the_interest_of_the_current_period_alone():
    offer = InstallmentTerms(count=12, fee_rate=Decimal(0), method="declining", yearly_rate=Decimal("0.12"))
    alice = Play(program_with(installments=(offer,), plan_payoff_fee="current_period"), limit="50000.00")
    alice.buy("03-06", "12000.00", PHONE, installments=12)
    alice.until("03-20")

    said = quote(alice.account, day("03-20"), alice.program, item_id=PHONE)

    assert said is not None
    assert (said.principal_minor, said.fee_minor) == (12_000_00, 120_00)


def test_arrears_come_first():
    alice = Play()
    alice.buy("03-06", "6000.00", PHONE, installments=12)

    refused = alice.pay_off_plan("04-12", PHONE)

    assert refused == ArrearsFirst(past_due_minor=537_50, due_on=day("04-10"))


def test_who_has_too_little_in_the_wallet_is_told_by_how_much():
    alice = phone_in_twelve()

    refused = alice.pay_off_plan("04-12", PHONE, wallet="5000.00")

    assert refused == WalletTooLow(balance_minor=5_000_00, requested_minor=5_912_50, short_minor=912_50)


def test_a_purchase_without_installments_to_come_has_nothing_to_pay_off():
    alice = phone_in_twelve()
    alice.buy("04-05", "300.00", COAT)

    assert alice.pay_off_plan("04-12", COAT) == NoPlanToPayOff(line_id=1, item_id=COAT)


def test_a_repayment_of_before_that_is_booked_later_leaves_the_agreement_and_gives_the_rest_back_to_other_debt():
    """The whole plan had been paid on 4 April: what was agreed on 12 April finds nothing left of it."""
    alice = phone_in_twelve(plan_payoff_fee="waived", credit_balance_to_wallet=False)
    alice.pay_off_plan("04-12", PHONE)

    alice.backdate_repayment("04-20", "04-04", "5912.50")

    assert (alice.line.principal_minor, alice.line.fee_minor) == (0, 0)
    assert alice.line.credit_balance_minor == 5_500_00
    assert alice.balance(Ledger.CREDIT_BALANCE) == 5_500_00
    assert totals(entry for _, entries in alice.log for entry in entries)["EARN_FEE"] == "450.00"
