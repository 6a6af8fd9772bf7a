"""Installments after the purchase: one purchase, or a bill, within what the terms allow."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.play import Play, day, program_with
from florin.credit import convert
from florin.credit.convert import (
    AlreadyConverted,
    ConversionAboveShare,
    ConversionNotOffered,
    ConversionTooSmall,
    ConversionWindowOver,
    CountNotOffered,
    NothingToConvert,
)
from florin.credit.plan_payoff import ArrearsFirst
from florin.credit.plans import plans_over
from florin.credit.program import load_program
from florin.credit.terms import InstallmentTerms
from florin.events import InstallmentChoice
from florin.ledger import Account as Ledger

TEA_SET, PHONE, COAT, LAMP = 11, 12, 13, 14

BAITIAO = load_program("baitiao-bill")
ANY = {"convert": ("purchase", "bill"), "interest_daily_rate": Decimal(0)}


def bill_of_1000() -> Play:
    """Golden 7: Baitiao's bill of 1 February, 1,000.00: a coat of 600.00 and a lamp of 400.00."""
    alice = Play(BAITIAO, opened="2025-12-02")
    alice.buy("2026-01-05", "600.00", COAT)
    alice.buy("2026-01-20", "400.00", LAMP)
    alice.until("2026-02-01")
    return alice


# ── a bill (facts/credit.md, 1.2, golden 7) ───────────────────────────────────────────────────────────────────────


def test_golden_7_at_most_nine_tenths_of_a_bill_go_into_installments_from_the_next_bill_on():
    alice = bill_of_1000()

    said = convert.preview_bill(alice.account, day("02-01"), 900_00, 3, day("02-03"), BAITIAO)
    assert alice.convert_bill("02-03", "02-01", "900.00", 3) is None

    assert isinstance(said, convert.ConversionQuote)
    assert (said.most_minor, said.payable_now_minor, said.due_on) == (900_00, 100_00, day("02-10"))
    assert (said.plan.fee_minor, said.plan.per_period_minor) == (13_50, 304_50)
    assert said.first_bill_on == day("03-01")
    assert (alice.line.due_minor, alice.line.due_on) == (100_00, day("02-10"))
    alice.repay("02-10", "100.00")
    alice.until("03-02")
    march = alice.account.statements[-1]
    assert (march.closes_on, march.due_on, march.image_minor) == (day("03-01"), day("03-10"), 304_50)
    assert alice.line.past_due_on is None


def test_golden_7_one_cent_more_is_refused_with_the_most_that_is_possible():
    refused = bill_of_1000().convert_bill("02-03", "02-01", "900.01", 3)

    assert refused == ConversionAboveShare(amount_minor=900_01, most_minor=900_00, over_minor=1)
    assert "At most ¥900.00" in refused.sentence("en")
    assert "最多可分期 ¥900.00" in refused.sentence("zh")


def test_golden_7_the_window_is_from_the_bill_day_through_the_due_day():
    first, last, late = bill_of_1000(), bill_of_1000(), bill_of_1000()

    assert first.convert_bill("02-01", "02-01", "900.00", 3) is None
    assert last.convert_bill("02-10", "02-01", "900.00", 3) is None
    late.repay("02-10", "500.00")  # the minimum is met, so nothing is past due
    assert late.convert_bill("02-11", "02-01", "400.00", 3) == ConversionWindowOver(
        closes_on=day("02-01"), until_on=day("02-10")
    )


def test_golden_7_once_and_for_good():
    alice = bill_of_1000()
    alice.convert_bill("02-03", "02-01", "300.00", 3)

    assert alice.convert_bill("02-04", "02-01", "300.00", 3) == AlreadyConverted(closes_on=day("02-01"))


def test_golden_7_from_100_yuan_on():
    refused = bill_of_1000().convert_bill("02-03", "02-01", "99.99", 3)

    assert refused == ConversionTooSmall(amount_minor=99_99, least_minor=100_00)


def test_golden_7_what_is_in_installments_already_is_left_out():
    alice = Play(BAITIAO, opened="2025-12-02")
    alice.buy("2026-01-05", "600.00", PHONE, installments=3)
    alice.buy("2026-01-20", "400.00", LAMP)

    refused = alice.convert_bill("2026-02-03", "2026-02-01", "500.00", 3)

    assert refused == ConversionAboveShare(amount_minor=500_00, most_minor=360_00, over_minor=140_00)


def test_golden_7_not_while_anything_is_past_due():
    alice = bill_of_1000()
    alice.until("03-02")

    refused = alice.convert_bill("03-02", "03-01", "100.00", 3)

    assert isinstance(refused, ArrearsFirst)
    assert refused.due_on == day("02-10")


def test_the_minimum_of_what_is_left_is_never_more_than_what_is_left():
    alice = Play(program_with(**ANY, convert_share_max=Decimal("0.95"), minimum_share=Decimal("0.10")))
    alice.buy("03-05", "1000.00", COAT)

    alice.convert_bill("04-03", "04-01", "950.00", 3)
    alice.until("04-11")

    assert alice.line.past_due_on == day("04-10")
    assert alice.account.statements[0].remaining_minor == 50_00


def test_a_purchase_in_a_converted_bill_that_goes_back_shrinks_its_own_part_of_the_plan():
    alice = bill_of_1000()
    alice.convert_bill("02-03", "02-01", "900.00", 3)

    said = alice.refund("02-05", "600.00", COAT)

    # 60.00 of the coat was left on the bill, 540.00 is in the plan; with it goes its fee, by the terms kept (Baitiao).
    assert (said.purchase_minor, said.excess_minor) == (600_00, 0)
    (lamp,) = [plan for plan in alice.account.plans if plan.principal_minor]
    assert (lamp.item_id, lamp.principal_minor) == (LAMP, 360_00)
    assert alice.line.due_minor == 40_00


def test_a_converted_bill_is_paid_off_as_one():
    alice = bill_of_1000()
    alice.convert_bill("02-03", "02-01", "900.00", 3)

    alice.pay_off_plan("02-05", bill="02-01")

    assert alice.account.plans == ()
    assert alice.balance(Ledger.DEFERRED_FEE_INCOME) == 0


def test_counts_that_are_not_offered_are_named():
    refused = bill_of_1000().convert_bill("02-03", "02-01", "900.00", 5)

    assert refused == CountNotOffered(count=5, offered="3, 6, 12, 24")


def test_where_the_terms_do_not_offer_it_nothing_is_converted():
    alice = Play()
    alice.buy("03-05", "1000.00", COAT)

    assert alice.convert_bill("04-03", "04-01", "500.00", 3) == ConversionNotOffered(what="bill")
    assert alice.convert("04-03", COAT, 3) == ConversionNotOffered(what="purchase")


# ── one purchase ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_purchase_that_is_not_billed_yet_becomes_a_plan_and_no_bill_asks_for_it_whole():
    alice = Play(program_with(**ANY))
    alice.buy("03-05", "1200.00", COAT)

    assert alice.convert("03-20", COAT, 12) is None

    assert (alice.line.principal_minor, alice.line.fee_minor) == (1_200_00, 90_00)
    alice.until("04-02")
    assert alice.images == {"04-01": "107.50"}


def test_a_purchase_on_the_newest_bill_is_taken_off_it():
    alice = Play(program_with(**ANY))
    alice.buy("03-05", "1200.00", COAT)
    alice.buy("03-06", "100.00", LAMP)
    alice.until("04-03")

    said = convert.preview_purchase(alice.account, COAT, 12, day("04-03"), alice.program)
    alice.convert("04-03", COAT, 12)

    assert isinstance(said, convert.ConversionQuote)
    assert (said.payable_now_minor, said.due_on, said.first_bill_on) == (100_00, day("04-10"), day("05-01"))
    assert alice.line.due_minor == 100_00
    assert alice.last_entries() == {"BILL_PRINCIPAL": "-1200.00", "CHARGE_SHOPPER_FEE": "90.00"}
    assert alice.balance(Ledger.PRINCIPAL_UNBILLED) == 1_200_00


def test_a_purchase_is_converted_once():
    alice = Play(program_with(**ANY))
    alice.buy("03-05", "1200.00", COAT)
    alice.convert("03-20", COAT, 12)

    assert alice.convert("03-20", COAT, 3) == NothingToConvert(line_id=1)


def test_what_was_bought_in_installments_is_not_converted_again():
    alice = Play(program_with(**ANY))
    alice.buy("03-05", "1200.00", PHONE, installments=3)

    assert alice.convert("03-20", PHONE, 12) == NothingToConvert(line_id=1)


def test_conversions_may_have_offers_of_their_own():
    dear = InstallmentTerms(count=3, fee_rate=Decimal("0.05"))
    alice = Play(program_with(**ANY, convert_installments=(dear,)))
    alice.buy("03-05", "1000.00", COAT)

    alice.convert("03-20", COAT, 3)

    assert alice.line.fee_minor == 50_00


def test_a_converted_purchase_that_goes_back_takes_its_plan_with_it():
    alice = Play(program_with(**ANY))
    alice.buy("03-05", "1200.00", COAT)
    alice.convert("03-20", COAT, 12)

    said = alice.refund("03-25", "600.00", COAT)

    assert (said.purchase_minor, said.shopper_fee_minor) == (600_00, 45_00)
    assert (alice.line.principal_minor, alice.line.fee_minor) == (600_00, 45_00)


def test_a_repayment_of_before_that_is_booked_later_leaves_less_in_the_plan_that_was_agreed():
    alice = Play(program_with(**ANY))
    alice.buy("03-05", "1200.00", COAT)
    alice.convert("03-20", COAT, 12)

    alice.backdate_repayment("03-25", "03-10", "600.00")

    assert alice.line.principal_minor == 600_00
    assert sum(plan.principal_minor for plan in alice.account.plans) == 600_00


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_refusal_says_what_to_do(language):
    refusals = [
        ConversionNotOffered(what="bill"),
        NothingToConvert(line_id=1),
        AlreadyConverted(closes_on=day("04-01")),
        ConversionWindowOver(closes_on=day("04-01"), until_on=day("04-10")),
        ConversionAboveShare(amount_minor=2, most_minor=1, over_minor=1),
        ConversionTooSmall(amount_minor=1, least_minor=2),
        CountNotOffered(count=5, offered="3, 6"),
    ]

    for refusal in refusals:
        assert "{" not in refusal.sentence(language)


@given(
    shares=st.dictionaries(st.integers(1, 99), st.integers(1, 10**7), min_size=1, max_size=12),
    count=st.integers(2, 24),
    fee_minor=st.integers(0, 10**6),
    timing=st.sampled_from(["each", "upfront"]),
)
def test_the_plans_of_a_bill_add_up_installment_by_installment(shares, count, fee_minor, timing):
    program = program_with()
    choice = InstallmentChoice(count=count, fee_minor=fee_minor, fee_payer="shopper", fee_timing=timing)

    plans = plans_over(shares, choice, day("04-03"), program, opens_on=day("04-01"))
    (whole,) = plans_over({1: sum(shares.values())}, choice, day("04-03"), program, opens_on=day("04-01"))

    assert {plan.item_id: plan.principal_minor for plan in plans} == shares
    for number, installment in enumerate(whole.future):
        parts = [plan.future[number] for plan in plans]
        assert sum(part.principal_minor for part in parts) == installment.principal_minor
        assert sum(part.fee_minor for part in parts) == installment.fee_minor
        assert sum(part.income_minor for part in parts) == installment.income_minor
        assert all(part.principal_minor >= 0 and part.fee_minor >= 0 for part in parts)
