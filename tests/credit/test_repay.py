"""Repayments: the waterfall, the wallet's guard, and what is left over."""

from __future__ import annotations

import pytest

from credit.play import Play, day, program_with
from florin.credit.repay import NothingOwed, RepaymentAboveOwed
from florin.credit.terms import Waterfall
from florin.events import CreditBalancePaid, Repaid
from florin.ledger import Account as Ledger
from florin.ledger import Rule
from florin.wallet.top_up import AmountNotPositive
from florin.wallet.withdraw import WalletTooLow

TEA_SET, PHONE, LAMP = 11, 12, 14


@pytest.fixture
def two_statements() -> Play:
    """April: 1,000.00 unpaid and past due; May: 300.00 and 10.50 of interest; June's cycle: 50.00."""
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.buy("04-05", "300.00", LAMP)
    alice.until("05-02")
    alice.buy("05-02", "50.00", PHONE)
    return alice


def cleared(alice: Play) -> list[tuple[str, int, int]]:
    repaid = next(entries for event, entries in reversed(alice.log) if isinstance(event, Repaid))
    return [(entry.rule.name, entry.subject_id, entry.amount_minor) for entry in repaid[1:]]


def test_the_oldest_statement_is_cleared_before_the_interest_of_the_next(two_statements):
    two_statements.repay("05-05", "1005.00")

    assert cleared(two_statements) == [
        ("CLEAR_PRINCIPAL_PAST_DUE", TEA_SET, 1000_00),
        ("CLEAR_INTEREST_BILLED", 0, 5_00),
    ]


def test_bucket_by_bucket_all_interest_comes_before_any_principal():
    alice = Play(
        program_with(waterfall=(Waterfall(order=("cost", "penalty", "interest", "fee", "principal"), by="bucket"),))
    )
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.repay("05-05", "100.00")

    assert cleared(alice) == [
        ("CLEAR_INTEREST_BILLED", 0, 10_50),
        ("CLEAR_PRINCIPAL_PAST_DUE", TEA_SET, 89_50),
        ("AGE_PRINCIPAL", TEA_SET, 910_50),  # reversed: all 100.00 count toward April's minimum, which is met
    ]


def test_principal_first_is_a_term():
    alice = Play(
        program_with(waterfall=(Waterfall(order=("principal", "fee", "interest", "penalty", "cost"), by="bucket"),))
    )
    alice.buy("03-05", "1200.00", PHONE, installments=12)
    alice.repay("05-05", "205.00")

    assert [rule for rule, _, _ in cleared(alice)] == [
        "CLEAR_PRINCIPAL_PAST_DUE",
        "CLEAR_PRINCIPAL_BILLED",
        "CLEAR_FEE_BILLED",
    ]


def test_after_all_that_is_billed_it_clears_this_cycle_and_then_accrued_interest(two_statements):
    two_statements.repay("05-05", "1362.50")

    assert cleared(two_statements) == [
        ("CLEAR_PRINCIPAL_PAST_DUE", TEA_SET, 1000_00),
        ("CLEAR_INTEREST_BILLED", 0, 10_50),
        ("CLEAR_PRINCIPAL_BILLED", LAMP, 300_00),
        ("CLEAR_PRINCIPAL_UNBILLED", PHONE, 50_00),
        ("ACCRUE_INTEREST", 0, 2_00),
        ("CLEAR_INTEREST_ACCRUED", 0, 2_00),
    ]
    two_statements.until("12-31")
    assert len(two_statements.statements) == 2


def test_installments_to_come_are_paid_ahead_the_next_one_first_and_its_fee_is_earned():
    alice = Play()
    alice.buy("03-05", "1200.00", PHONE, installments=12)
    alice.repay("03-20", "160.00")

    assert cleared(alice) == [
        ("CLEAR_FEE_UNBILLED", PHONE, 15_00),
        ("CLEAR_PRINCIPAL_UNBILLED", PHONE, 145_00),
        ("EARN_FEE", PHONE, 15_00),
    ]
    alice.until("05-01")
    assert alice.images == {"05-01": "55.00"}  # nothing in April: it was paid ahead


def test_paid_ahead_a_merchants_fee_is_earned_with_the_principal_in_proportion():
    alice = Play()
    alice.buy("03-05", "1200.00", PHONE, installments=12, fee_payer="merchant")
    alice.repay("03-20", "150.00")

    assert alice.posted(Rule.EARN_FEE) == "11.25"  # of one installment and a half
    assert alice.balance(Ledger.DEFERRED_FEE_INCOME) == 78_75


def test_more_than_is_owed_through_the_bank_goes_on_to_the_wallet():
    alice = Play()
    alice.buy("03-05", "100.00", TEA_SET)
    alice.repay("04-05", "130.00", "bank")

    assert isinstance(alice.events[-1], CreditBalancePaid)
    assert alice.events[-1].amount_minor == 30_00
    assert alice.line.credit_balance_minor == 0


def test_through_the_bank_even_when_nothing_is_owed():
    alice = Play()
    assert alice.repay("04-05", "30.00", "bank") is None

    assert alice.posted(Rule.PAY_CREDIT_BALANCE) == "30.00"


def test_by_term_the_excess_stays_as_a_credit_balance_and_raises_what_is_available():
    alice = Play(program_with(credit_balance_to_wallet=False))
    alice.repay("04-05", "30.00", "bank")

    assert isinstance(alice.events[-1], Repaid)
    assert alice.available_minor == 10_030_00


def test_the_wallet_is_not_asked_for_more_than_is_owed():
    alice = Play()
    alice.buy("03-05", "100.00", TEA_SET)
    refusal = alice.repay("04-05", "100.01", "wallet")

    assert refusal == RepaymentAboveOwed(amount_minor=100_01, owed_minor=100_00, line_id=1)
    assert "Repay ¥100.00 or less" in refusal.sentence()


def test_the_wallet_may_pay_the_interest_accrued_so_far():
    alice = Play()
    alice.buy("03-05", "100.00", TEA_SET)

    assert alice.repay("04-20", "100.50", "wallet") is None
    assert alice.account.owed_minor == 0


def test_a_wallet_that_holds_too_little_says_how_much_is_missing():
    alice = Play()
    alice.buy("03-05", "100.00", TEA_SET)
    refusal = alice.repay("04-05", "100.00", "wallet", wallet="40.00")

    assert refusal == WalletTooLow(requested_minor=100_00, balance_minor=40_00, short_minor=60_00)
    assert "¥60.00" in refusal.sentence("zh")


def test_with_nothing_owed_the_wallet_keeps_its_money():
    assert isinstance(Play().repay("04-05", "1.00", "wallet"), NothingOwed)


def test_nothing_cannot_be_repaid():
    assert isinstance(Play().repay("04-05", "0.00", "bank"), AmountNotPositive)


def test_on_its_value_day_the_amount_clears_what_was_owed_that_day(two_statements):
    two_statements.repay("05-10", "1310.50", "wallet")

    assert two_statements.line.due_minor == 0
    assert two_statements.line.principal_minor == 50_00
    assert two_statements.line.past_due_on is None
    assert two_statements.line.next_action_on == day("06-01")
