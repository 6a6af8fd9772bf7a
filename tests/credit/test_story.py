"""The story of one spring, to the cent: a tea set, a phone in installments, a coat sent back, a payment that falls
short.
"""

from __future__ import annotations

import pytest

from credit.play import Play, day
from florin.credit.authorize import CreditLimitExceeded
from florin.credit.payoff import payoff
from florin.credit.statement import show
from florin.events import FellPastDue
from florin.ledger import Account as Ledger
from florin.ledger import Rule
from florin.money import yuan_text

TEA_SET, PHONE, COAT = 11, 12, 13


@pytest.fixture
def march() -> Play:
    alice = Play()
    alice.escrow("03-05", "199.00", TEA_SET)
    alice.buy("03-06", "6000.00", PHONE, installments=12, fee_payer="merchant")
    alice.escrow("03-07", "380.00", COAT)
    alice.return_before_receipt("03-07", "380.00", COAT)
    alice.receive("03-08", "199.00", TEA_SET)
    return alice


@pytest.fixture
def april(march: Play) -> Play:
    march.until("04-01")
    return march


@pytest.fixture
def past_due(april: Play) -> Play:
    april.repay("04-10", "300.00", "wallet")
    april.until("04-19")
    return april


@pytest.fixture
def repaid(past_due: Play) -> Play:
    past_due.repay("04-20", "399.00", "bank")
    return past_due


def test_the_merchant_bears_a_fee_of_450_for_twelve_installments_and_the_shopper_owes_6000(march):
    assert march.posted(Rule.CHARGE_MERCHANT_FEE) == "450.00"
    assert march.balance(Ledger.FEE_UNBILLED) == 0
    assert march.line.principal_minor == 6199_00
    assert march.line.fee_minor == 0


def test_a_camera_of_5000_is_1199_over_what_is_available_and_the_shopper_reads_so(march):
    refusal = march.refused("03-09", "5000.00")

    assert isinstance(refusal, CreditLimitExceeded)
    assert (refusal.available_minor, refusal.over_minor) == (3801_00, 1199_00)
    assert refusal.sentence() == (
        "This purchase is ¥1,199.00 over your available credit. Pay part of your balance or pay another way."
    )
    assert "¥1,199.00" in refusal.sentence("zh")


def test_the_cycle_closes_on_1_april_with_699_due_on_the_10th_and_a_minimum_of_519_90(april):
    (statement,) = april.statements

    assert statement.image_minor == 699_00
    assert statement.due_on == day("04-10")
    assert statement.minimum_minor == 519_90
    assert [(line.what, line.item_id, line.amount_minor) for line in statement.lines] == [
        ("purchase", TEA_SET, 199_00),
        ("installment", PHONE, 500_00),
    ]


def test_the_coat_returned_before_receipt_is_on_no_statement_and_its_limit_is_back(repaid):
    repaid.until("07-01")

    assert all(line.item_id != COAT for statement in repaid.statements for line in statement.lines)
    assert repaid.line.committed_minor == 0


def test_300_on_the_due_day_leaves_399_and_misses_the_minimum_by_219_90(past_due):
    fell = next(event for event in past_due.events if isinstance(event, FellPastDue))

    assert past_due.line.due_minor == 399_00
    assert (fell.value_on, fell.missed_minor) == (day("04-11"), 219_90)
    assert past_due.line.past_due_on == day("04-10")
    assert past_due.balance(Ledger.PRINCIPAL_PAST_DUE) == 399_00


def test_399_on_the_20th_makes_the_line_current_and_leaves_2_yuan_of_interest_to_be_billed(repaid):
    (statement,) = repaid.statements

    assert show(statement, repaid.account).remaining_minor == 0
    assert repaid.line.past_due_on is None
    assert repaid.posted(Rule.ACCRUE_INTEREST) == "0.00"
    assert payoff(repaid.account, day("04-20"), repaid.program).accrued_minor == 2_00


def test_the_statement_of_1_may_asks_for_the_second_installment_and_the_interest_once(repaid):
    repaid.until("05-01")

    statement = repaid.statements[-1]
    assert statement.image_minor == 502_00
    assert statement.minimum_minor == 502_00
    assert [(line.what, line.amount_minor) for line in statement.lines] == [
        ("installment", 500_00),
        ("interest", 2_00),
    ]
    assert repaid.posted(Rule.ACCRUE_INTEREST) == "2.00"


def test_paid_in_time_from_then_on_the_phone_costs_no_more_interest(repaid):
    due_days = [
        f"{year}-{month:02d}-10" for year, months in ((2026, range(5, 13)), (2027, (1, 2, 3))) for month in months
    ]
    for due_day in due_days:
        repaid.until(due_day)
        repaid.repay(due_day, yuan_text(repaid.line.due_minor), "wallet")
    repaid.until("2027-12-31")

    assert repaid.line.principal_minor == 0
    assert repaid.posted(Rule.ACCRUE_INTEREST) == "2.00"
    assert repaid.posted(Rule.EARN_FEE) == "450.00"
    assert len(repaid.statements) == 12
