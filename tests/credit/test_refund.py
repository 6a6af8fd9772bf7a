"""Refunds in the debt: that purchase, then arrears, then other debt, then the customer's own money."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.explain.stories import answer, last_of
from credit.explain.test_sums import adds_up
from credit.play import Play, day, program_with, totals
from credit.test_properties import a_fold_of_all_events_is_the_live_state, every_stage_is_in_the_book
from florin.credit.account import evolve
from florin.credit.explain import tell
from florin.credit.statement import show
from florin.credit.terms import InstallmentTerms
from florin.events import CreditBalancePaid, Refunded, RefundReversed
from florin.ledger import Account as Ledger
from florin.ledger import Rule
from florin.money import parse_yuan, yuan_text

TEA_SET, PHONE, COAT, LAMP = 11, 12, 13, 14


def phone_in_twelve(fee_payer: str, **terms) -> Play:
    """6,000.00 in 12 × 500.00 with a fee of 450.00 = 12 × 37.50."""
    alice = Play(program_with(**terms))
    alice.buy("03-06", "6000.00", PHONE, installments=12, fee_payer=fee_payer)
    return alice


# ── before receipt ────────────────────────────────────────────────────────────────────────────────────────────────


def test_before_receipt_the_limit_is_back_and_no_statement_shows_it():
    alice = Play()
    alice.escrow("03-07", "380.00", COAT)
    alice.return_before_receipt("03-07", "380.00", COAT)
    alice.until("06-01")

    assert alice.available_minor == 10_000_00
    assert alice.statements == []


def test_a_part_returned_before_receipt_is_never_owed():
    alice = Play()
    alice.escrow("03-07", "380.00", COAT)
    alice.return_before_receipt("03-07", "80.00", COAT)
    alice.receive("03-08", "300.00", COAT)
    alice.until("04-01")

    assert alice.images == {"04-01": "300.00"}


# ── after receipt ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_before_the_close_the_purchase_just_shrinks():
    alice = Play()
    alice.buy("03-05", "199.00", TEA_SET)
    said = alice.refund("03-20", "99.00", TEA_SET)
    alice.until("04-01")

    assert (said.purchase_minor, said.excess_minor) == (99_00, 0)
    assert alice.images == {"04-01": "100.00"}


def test_all_of_it_returned_before_the_close_leaves_no_statement():
    alice = Play()
    alice.buy("03-05", "199.00", TEA_SET)
    alice.refund("03-20", "199.00", TEA_SET)
    alice.until("06-01")

    assert alice.statements == []


def test_after_the_close_it_lowers_what_remains_due_not_the_image():
    alice = Play()
    alice.buy("03-05", "120.00", TEA_SET)
    alice.until("04-01")
    alice.refund("04-02", "120.00", TEA_SET)

    march = show(alice.statements[0], alice.account)
    assert (march.image_minor, march.remaining_minor, march.minimum_left_minor) == (120_00, 0, 0)
    assert alice.last_entries() == {"REFUND_CREDIT": "120.00", "CLEAR_PRINCIPAL_BILLED": "120.00"}


def test_a_refund_counts_toward_the_minimum():
    alice = Play()
    alice.buy("03-05", "120.00", TEA_SET)
    alice.buy("03-06", "80.00", LAMP)
    alice.refund("04-02", "30.00", TEA_SET)
    alice.until("04-30")

    assert alice.line.past_due_on is None


def test_by_another_term_it_does_not_but_what_is_not_owed_cannot_be_missed():
    alice = Play(program_with(refund_counts_toward_minimum=False))
    alice.buy("03-05", "120.00", TEA_SET)
    alice.buy("03-06", "80.00", LAMP)
    alice.refund("04-02", "30.00", TEA_SET)
    alice.until("04-30")
    past_due_on = alice.line.past_due_on
    alice.refund("04-30", "90.00", TEA_SET)
    alice.refund("04-30", "80.00", LAMP)

    assert past_due_on == day("04-10")
    assert alice.line.past_due_on is None


def test_from_its_day_on_the_refunded_part_bears_no_interest():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.refund("04-20", "500.00", TEA_SET)
    alice.until("05-01")

    assert alice.images["05-01"] == "7.75"  # 10 days on 1,000.00 and 11 on 500.00


# ── after repayment ───────────────────────────────────────────────────────────────────────────────────────────────


def test_after_repayment_with_nothing_else_owed_it_goes_to_the_wallet():
    alice = Play()
    alice.buy("03-05", "199.00", TEA_SET)
    alice.repay("04-05", "199.00")
    said = alice.refund("04-20", "199.00", TEA_SET)

    assert said.excess_minor == 199_00
    assert isinstance(alice.events[-1], CreditBalancePaid)
    assert alice.last_entries() == {"PAY_CREDIT_BALANCE": "199.00"}
    assert alice.balance(Ledger.CREDIT_BALANCE) == 0


def test_after_part_repayment_the_rest_of_that_purchase_is_cleared_first():
    alice = Play()
    alice.buy("03-05", "199.00", TEA_SET)
    alice.repay("04-05", "150.00")
    said = alice.refund("04-06", "199.00", TEA_SET)

    assert (said.purchase_minor, said.cleared_minor, said.excess_minor) == (49_00, 49_00, 150_00)


def test_after_repayment_arrears_come_first_then_other_billed_then_unbilled_then_the_wallet():
    alice = Play(opened="02-01")
    alice.buy("02-10", "900.00", TEA_SET)
    alice.repay("02-20", "900.00")
    alice.buy("02-21", "100.00", LAMP)  # billed on 03-01, unpaid: past due from 03-11
    alice.buy("03-15", "70.00", COAT)  # billed on 04-01, due on 04-10
    alice.until("04-05")
    alice.buy("04-05", "50.00", PHONE)
    said = alice.refund("04-06", "900.00", TEA_SET)

    refunded = alice.log[-2][1]
    cleared = [(entry.rule.name, entry.subject_id, entry.amount_minor) for entry in refunded[1:]]
    assert cleared == [
        ("CLEAR_PRINCIPAL_PAST_DUE", LAMP, 100_00),
        ("CLEAR_INTEREST_BILLED", 0, 1_10),
        ("CLEAR_PRINCIPAL_BILLED", COAT, 70_00),
        ("CLEAR_PRINCIPAL_UNBILLED", PHONE, 50_00),
        ("KEEP_CREDIT_BALANCE", 0, 678_90),
    ]
    assert (said.cleared_minor, said.purchase_minor, said.excess_minor) == (221_10, 0, 678_90)


def test_by_term_it_clears_arrears_but_no_other_debt():
    alice = Play(program_with(refund_excess_to_other_debt=False), opened="02-01")
    alice.buy("02-10", "900.00", TEA_SET)
    alice.repay("02-20", "900.00")
    alice.buy("02-21", "100.00", LAMP)
    alice.buy("03-15", "70.00", COAT)
    said = alice.refund("04-06", "900.00", TEA_SET)

    assert (said.cleared_minor, said.excess_minor) == (100_00, 800_00)
    assert alice.line.past_due_on is None


def test_by_term_the_excess_stays_on_the_line_and_pays_the_next_statement():
    alice = Play(program_with(credit_balance_to_wallet=False))
    alice.buy("03-05", "199.00", TEA_SET)
    alice.repay("03-06", "199.00")
    said = alice.refund("03-20", "199.00", TEA_SET)
    assert (said.excess_minor, said.kept_minor) == (0, 199_00)
    assert alice.available_minor == 10_199_00

    alice.buy("03-21", "300.00", LAMP)
    alice.until("04-01")

    april = show(alice.statements[0], alice.account)
    assert (april.image_minor, april.remaining_minor, april.minimum_left_minor) == (300_00, 101_00, 0)
    assert alice.line.credit_balance_minor == 0


# ── on a plan ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_part_returned_shrinks_the_installments_to_come_evenly_and_their_fee_pro_rata():
    alice = phone_in_twelve("shopper")
    alice.until("04-01")
    said = alice.refund("04-02", "1100.00", PHONE)

    (plan,) = alice.account.plans
    assert [installment.principal_minor for installment in plan.future] == [400_00] * 11
    assert [installment.fee_minor for installment in plan.future] == [30_00] * 11
    assert (said.shopper_fee_minor, said.merchant_fee_back_minor) == (82_50, 0)
    assert alice.line.due_minor == 537_50


def test_a_part_that_does_not_divide_leaves_the_earliest_installments_larger():
    alice = phone_in_twelve("merchant")
    alice.until("04-01")
    alice.refund("04-02", "1000.00", PHONE)

    (plan,) = alice.account.plans
    assert [installment.principal_minor for installment in plan.future] == [409_10] + [409_09] * 10


def test_returned_whole_before_the_first_bill_nothing_is_left_of_principal_or_fee():
    alice = phone_in_twelve("shopper")
    said = alice.refund("03-20", "6000.00", PHONE)
    alice.until("2027-06-01")

    assert (said.purchase_minor, said.shopper_fee_minor, said.excess_minor) == (6_000_00, 450_00, 0)
    assert alice.statements == []
    assert alice.balance(Ledger.FEE_UNBILLED) == alice.balance(Ledger.DEFERRED_FEE_INCOME) == 0


def test_returned_whole_after_a_bill_the_billed_fee_stays_owed_and_earned():
    alice = phone_in_twelve("shopper")
    alice.until("04-01")
    said = alice.refund("04-02", "6000.00", PHONE)

    assert (said.purchase_minor, said.shopper_fee_minor, said.excess_minor) == (6_000_00, 412_50, 0)
    assert alice.line.fee_minor == 37_50
    assert alice.posted(Rule.EARN_FEE) == "37.50"


def test_returned_whole_after_the_first_installment_was_repaid_that_part_goes_on_in_the_order():
    alice = phone_in_twelve("merchant")
    alice.repay("04-05", "500.00")
    said = alice.refund("04-06", "6000.00", PHONE)

    assert (said.purchase_minor, said.excess_minor) == (5_500_00, 500_00)
    assert said.merchant_fee_back_minor == 412_50
    assert alice.balance(Ledger.DEFERRED_FEE_INCOME) == 0


def test_the_merchant_gets_back_what_is_not_earned_of_the_fee_he_bore():
    alice = phone_in_twelve("merchant")
    alice.until("05-01")
    said = alice.refund("05-02", "2500.00", PHONE)

    assert said.merchant_fee_back_minor == 187_50  # half of the ten installments to come
    assert alice.balance(Ledger.DEFERRED_FEE_INCOME) == 187_50


def test_after_an_early_repayment_the_merchant_gets_back_only_the_fee_of_what_was_still_lent():
    alice = phone_in_twelve("merchant")
    alice.repay("03-10", "5999.99")

    said = alice.refund("03-11", "0.01", PHONE)

    assert said.merchant_fee_back_minor == 0
    assert alice.posted(Rule.EARN_FEE) == "450.00"


def test_a_half_repaid_installment_has_earned_half_of_the_merchants_fee():
    alice = phone_in_twelve("merchant")
    alice.repay("03-10", "5750.00")

    said = alice.refund("03-11", "250.00", PHONE)

    assert said.merchant_fee_back_minor == 18_75
    assert alice.posted(Rule.EARN_FEE) == "431.25"


def test_installments_to_come_are_taken_before_the_billed_one():
    alice = phone_in_twelve("merchant")
    alice.until("04-01")
    said = alice.refund("04-02", "5600.00", PHONE)

    assert said.purchase_minor == 5_600_00
    assert alice.account.plans == ()
    assert alice.line.due_minor == 400_00


def test_two_partial_refunds_and_one_whole_end_alike():
    in_parts, at_once = phone_in_twelve("shopper"), phone_in_twelve("shopper")
    in_parts.refund("03-20", "1234.56", PHONE)
    in_parts.refund("03-21", "4765.44", PHONE)
    at_once.refund("03-21", "6000.00", PHONE)

    assert in_parts.balances == at_once.balances
    assert in_parts.account.plans == at_once.account.plans == ()


@pytest.mark.parametrize("fee_payer", ["shopper", "merchant"])
def test_a_fee_that_is_kept_is_still_owed_by_whoever_bears_it(fee_payer):
    alice = phone_in_twelve(fee_payer, plan_refund_fee="keep")
    said = alice.refund("03-20", "6000.00", PHONE)

    assert (said.shopper_fee_minor, said.merchant_fee_back_minor) == (0, 0)
    assert alice.line.principal_minor == 0
    if fee_payer == "shopper":
        alice.until("04-01")
        assert alice.images == {"04-01": "37.50"}
    else:
        assert alice.posted(Rule.EARN_FEE) == "450.00"


def test_a_fee_cancelled_only_by_a_full_return_stays_with_a_partial_one():
    alice = phone_in_twelve("shopper", plan_refund_fee="full_return_only")
    part = alice.refund("03-20", "1000.00", PHONE)
    whole = alice.refund("03-21", "5000.00", PHONE)

    assert (part.shopper_fee_minor, whole.shopper_fee_minor) == (0, 450_00)


def test_what_a_merchant_was_promised_back_is_given_and_what_is_earned_of_it_is_income_no_more():
    alice = phone_in_twelve("merchant")
    alice.until("04-01")
    promised = Refunded(
        value_on=day("04-02"),
        line_id=1,
        payment_id=PHONE,
        credit_minor=100_00,
        wallet_minor=0,
        before_receipt=False,
        request_no="agreed under other terms",
        merchant_fee_back_minor=450_00,
    )

    account, entries = evolve(alice.account, promised, alice.program)

    assert account.plans[0].deferred_fee_minor == 0
    assert totals(entries) == {"CLEAR_PRINCIPAL_UNBILLED": "100.00", "EARN_FEE": "-37.50"}


def test_a_refund_of_one_purchase_leaves_an_equal_one_alone():
    alice = Play()
    alice.buy("03-05", "199.00", TEA_SET)
    alice.buy("03-05", "199.00", LAMP)
    alice.refund("03-06", "199.00", LAMP)

    (purchase,) = alice.account.purchases
    assert purchase.item_id == TEA_SET


# ── what a bank gives back of the fee (facts/credit.md, 1.2, golden 10 and 11) ────────────────────────────────────


def computer_in_twelve(timing: str, **terms) -> Play:
    """12,000.00 in 12 × 1,000.00 with a fee of 6 %, 720.00; what is billed is paid, three installments by 2 June."""
    offer = InstallmentTerms(count=12, fee_rate=Decimal("0.06"), fee_timing=timing)
    alice = Play(program_with(installments=(offer,), **terms), limit="50000.00")
    alice.buy("03-06", "12000.00", COMPUTER, installments=12)
    for on in ("04-02", "05-02", "06-02"):
        alice.until(on)
        alice.repay(on, yuan_text(alice.line.due_minor))
    return alice


COMPUTER = 20


@pytest.mark.parametrize(
    ("returned", "given_back"),
    [
        ("2000.00", "120.00"),  # r < U: F·r/P = 720 · 2,000 / 12,000
        ("9000.00", "540.00"),  # r = U: F·U/P = 720 · 9,000 / 12,000
        ("11000.00", "540.00"),  # r > U: F·U/P
        ("12000.00", "540.00"),  # all of it: F·U/P
    ],
)
def test_golden_10_a_fee_up_front_goes_back_for_the_principal_not_billed_yet(returned, given_back):
    alice = computer_in_twelve("upfront", refund_excess_to_other_debt=False)

    said = alice.refund("06-03", returned, COMPUTER)

    assert yuan_text(said.shopper_fee_minor) == given_back
    assert alice.posted(Rule.GIVE_BACK_FEE) == given_back
    left_minor = max(0, 9_000_00 - parse_yuan(returned))
    assert alice.balance(Ledger.DEFERRED_FEE_INCOME) == 720_00 * left_minor // 12_000_00
    assert alice.balance(Ledger.CREDIT_BALANCE) == 0


def test_golden_10_of_a_plan_that_is_all_billed_nothing_of_the_fee_goes_back():
    offer = InstallmentTerms(count=3, fee_rate=Decimal("0.06"), fee_timing="upfront")
    alice = Play(program_with(installments=(offer,)), limit="50000.00")
    alice.buy("03-06", "12000.00", COMPUTER, installments=3)
    for on in ("04-02", "05-02", "06-02"):
        alice.until(on)
        alice.repay(on, yuan_text(alice.line.due_minor))

    said = alice.refund("06-03", "12000.00", COMPUTER)

    assert (said.shopper_fee_minor, said.excess_minor) == (0, 12_000_00)


def test_a_fee_up_front_that_is_not_billed_yet_is_simply_not_charged():
    offer = InstallmentTerms(count=12, fee_rate=Decimal("0.06"), fee_timing="upfront")
    alice = Play(program_with(installments=(offer,)), limit="50000.00")
    alice.buy("03-06", "12000.00", COMPUTER, installments=12)

    said = alice.refund("03-20", "3000.00", COMPUTER)

    assert said.shopper_fee_minor == 180_00
    assert alice.posted(Rule.GIVE_BACK_FEE) == "0.00"
    assert alice.account.plans[0].fee_minor == alice.account.plans[0].deferred_fee_minor == 540_00


def test_a_fee_up_front_that_goes_back_pays_the_unpaid_fee_first_then_other_debt():
    """The first bill of 1,720.00 is unpaid; a coat of 300.00 waits. All is returned: 660.00 of the fee are not earned."""
    offer = InstallmentTerms(count=12, fee_rate=Decimal("0.06"), fee_timing="upfront")
    alice = Play(program_with(installments=(offer,)), limit="50000.00")
    alice.buy("03-06", "12000.00", COMPUTER, installments=12)
    alice.buy("04-03", "300.00", COAT)

    said = alice.refund("04-05", "12000.00", COMPUTER)

    assert alice.last_entries() == {
        "REFUND_CREDIT": "12000.00",
        "CLEAR_PRINCIPAL_UNBILLED": "11000.00",
        "GIVE_BACK_FEE": "660.00",
        "CLEAR_FEE_BILLED": "660.00",
        "CLEAR_PRINCIPAL_BILLED": "1000.00",
    }
    assert (said.purchase_minor, said.excess_minor) == (12_660_00, 0)
    assert alice.account.due_minor == 60_00  # what was earned of the fee


@pytest.mark.parametrize(
    ("rule", "returned", "given_back"),
    [
        ("keep", "9000.00", "0.00"),
        ("full_return_only", "2000.00", "0.00"),
        ("full_return_only", "9000.00", "540.00"),
        ("pro_rata", "2000.00", "120.00"),
    ],
)
def test_a_fee_up_front_goes_back_by_the_rule_of_the_terms(rule, returned, given_back):
    alice = computer_in_twelve("upfront", plan_refund_fee=rule)

    said = alice.refund("06-03", returned, COMPUTER)

    assert yuan_text(said.shopper_fee_minor) == given_back


def test_golden_11_fees_per_period_that_are_past_are_kept_and_future_ones_end_with_a_full_return():
    alice = computer_in_twelve("each")

    said = alice.refund("06-03", "12000.00", COMPUTER)

    assert said.shopper_fee_minor == 540_00  # nine future fees of 60.00; three past ones stay
    assert alice.posted(Rule.EARN_FEE) == "180.00"
    assert (alice.account.plans, said.excess_minor) == ((), 3_000_00)


def test_golden_11_after_a_partial_return_future_fees_go_on_on_the_remainder():
    alice = computer_in_twelve("each")

    said = alice.refund("06-03", "2000.00", COMPUTER)

    (plan,) = alice.account.plans
    assert said.shopper_fee_minor == 120_00
    assert (plan.principal_minor, plan.fee_minor) == (7_000_00, 420_00)  # 6 % of 12 months is still 0.5 % a month


# ── taken back ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_refund_taken_back_bears_interest_as_if_bought_that_day():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.refund("03-20", "1000.00", TEA_SET)
    alice.reverse_refund("04-15", "1000.00", TEA_SET)
    alice.until("05-20")

    assert alice.images == {"05-01": "1000.00"}
    alice.until("06-01")
    assert alice.line.interest_minor == 11_00  # 0.50 a day from 10 May


def test_taken_back_for_a_day_that_is_over_it_is_owed_as_if_the_refund_had_ended_then():
    late, in_time = Play(), Play()
    for alice in (late, in_time):
        alice.buy("03-05", "1000.00", TEA_SET)
        alice.refund("03-20", "1000.00", TEA_SET)
    late.until("05-20")
    late.reverse_refund("05-20", "1000.00", TEA_SET, counts="04-15")
    in_time.reverse_refund("04-15", "1000.00", TEA_SET)
    for alice in (late, in_time):
        alice.until("05-20")
        alice.until("06-02")

    assert late.line.principal_minor == in_time.line.principal_minor == 1000_00
    assert late.account.accruals == in_time.account.accruals
    assert [late.balance(ledger) for ledger in (Ledger.PRINCIPAL_UNBILLED, Ledger.WALLET)] == [
        in_time.balance(ledger) for ledger in (Ledger.PRINCIPAL_UNBILLED, Ledger.WALLET)
    ]


def test_a_refund_taken_back_is_explained_and_adds_up():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.refund("03-20", "300.00", TEA_SET)
    alice.reverse_refund("03-25", "300.00", TEA_SET)

    bought = answer(alice, "03-26", "purchase=11")
    told = tell(answer(alice, "03-26", f"event={last_of(alice, RefundReversed)}"), "zh")

    adds_up(bought)
    assert bought.amount_minor == 1000_00
    assert "退款被撤销（dispute won），¥300.00 重新计入欠款" in told.text
    assert "a refund was taken back; ¥300.00 is owed again" in str(tell(bought, "en"))


@settings(max_examples=60, deadline=None)
@given(
    bought=st.integers(1_00, 3_000_00),
    share=st.integers(1, 100),
    days=st.lists(st.integers(0, 40), min_size=3, max_size=3),
    repaid=st.integers(0, 2_000_00),
)
def test_whenever_a_refund_is_taken_back_the_stages_are_in_the_book_and_a_fold_is_the_live_state(
    bought, share, days, repaid
):
    alice = Play()
    on = day("03-05")
    alice.buy(on, yuan_text(bought), TEA_SET)
    back = yuan_text(max(1, bought * share // 100))
    on += timedelta(days=days[0])
    alice.refund(on, back, TEA_SET)
    on += timedelta(days=days[1])
    if repaid:
        alice.repay(on, yuan_text(repaid))
    on += timedelta(days=days[2])
    alice.reverse_refund(on, back, TEA_SET)
    alice.until(on + timedelta(days=50))

    every_stage_is_in_the_book(alice)
    a_fold_of_all_events_is_the_live_state(alice)
