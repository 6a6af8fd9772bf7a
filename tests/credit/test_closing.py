"""What the clock does: which cycle a purchase lands in, the minimum, and falling past due."""

from __future__ import annotations

from datetime import date

import pytest

from credit.play import HUABEI, Play, day, program_with
from florin.credit.account import advance, next_action_on
from florin.credit.statement import days_past_due, next_statement, show
from florin.events import FellPastDue, Reminded
from florin.ledger import Account as Ledger

TEA_SET, PHONE, LAMP = 11, 12, 14


def test_a_purchase_of_the_1st_recorded_before_the_close_of_the_1st_lands_in_the_new_cycle():
    alice = Play()
    alice.buy("03-31", "10.00", TEA_SET)
    alice.buy("04-01", "20.00", LAMP)
    alice.until("05-01")

    assert [[line.item_id for line in statement.lines if line.item_id] for statement in alice.statements] == [
        [TEA_SET],
        [LAMP],
    ]


def test_a_month_without_anything_to_bill_has_no_statement():
    alice = Play()
    alice.buy("03-05", "10.00", TEA_SET)
    alice.repay("04-05", "10.00")
    alice.until("07-01")
    alice.buy("07-02", "20.00", LAMP)
    alice.until("08-10")

    assert alice.images == {"04-01": "10.00", "08-01": "20.00"}
    assert (alice.statements[1].opens_on, alice.statements[1].closes_on) == (day("07-01"), day("08-01"))


def test_a_line_that_owes_nothing_waits_for_nothing():
    alice = Play()
    alice.until("12-31")

    assert alice.line.next_action_on == date.max
    assert advance(alice.account, day("2030-01-01"), HUABEI) == (alice.account, ())


def test_the_hot_path_knows_the_day_of_the_next_close():
    alice = Play()
    alice.buy("03-05", "10.00", TEA_SET)

    assert alice.line.next_action_on == day("04-01")
    alice.until("03-31")
    assert alice.line.next_action_on == next_action_on(alice.account, HUABEI) == day("04-01")


def test_a_close_that_has_not_run_yet_stays_the_next_action():
    alice = Play()
    alice.buy("03-05", "10.00", TEA_SET)
    alice.buy("04-02", "10.00", LAMP)

    assert alice.line.next_action_on == day("04-01")


def test_missed_days_catch_up_in_order():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.until("06-15")

    assert [(type(event).__name__, event.value_on) for event in alice.events[2:]] == [
        ("StatementIssued", day("04-01")),
        ("Reminded", day("04-07")),
        ("FellPastDue", day("04-11")),
        ("Reminded", day("04-11")),
        ("Reminded", day("04-17")),
        ("StatementIssued", day("05-01")),
        ("Reminded", day("05-07")),
        ("Reminded", day("05-10")),
        ("FellPastDue", day("05-11")),
        ("StatementIssued", day("06-01")),
        ("Reminded", day("06-07")),
        ("FellPastDue", day("06-11")),
    ]


def test_a_statement_is_issued_while_an_older_one_is_unpaid_and_says_what_is_left_of_it():
    alice = Play(program_with(interest_daily_rate=0))
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.repay("04-05", "100.00")
    alice.until("05-01")

    may = alice.statements[1]
    assert (may.image_minor, may.earlier_minor, may.minimum_minor, may.lines) == (0, 900_00, 90_00, ())
    assert alice.line.past_due_on is None


@pytest.mark.parametrize(("yuan", "minimum_minor"), [("199.00", 19_90), ("0.01", 1), ("0.11", 2), ("1000.05", 100_01)])
def test_a_tenth_of_ordinary_purchases_rounded_up_is_the_minimum(yuan, minimum_minor):
    alice = Play()
    alice.buy("03-05", yuan, TEA_SET)
    alice.until("04-01")

    assert alice.statements[0].minimum_minor == minimum_minor


def test_installments_fees_and_interest_are_due_in_full():
    alice = Play()
    alice.buy("03-05", "1200.00", PHONE, installments=12)
    alice.buy("03-05", "100.00", TEA_SET)
    alice.until("04-01")

    assert alice.statements[0].image_minor == 207_50
    assert alice.statements[0].minimum_minor == 117_50


def test_the_floor_never_asks_for_more_than_the_balance():
    alice = Play(program_with(minimum_floor_minor=50_00))
    alice.buy("03-05", "30.00", TEA_SET)
    alice.buy("04-05", "300.00", LAMP)
    alice.repay("04-10", "30.00")
    alice.until("05-01")

    assert [statement.minimum_minor for statement in alice.statements] == [30_00, 50_00]


def test_who_pays_only_the_minimum_revolves_is_current_and_owes_a_tenth_of_the_rest_next_month():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.repay("04-10", "100.00")
    alice.buy("04-12", "50.00", LAMP)
    alice.until("05-01")

    may = alice.statements[1]
    assert alice.line.past_due_on is None
    assert (may.image_minor, may.earlier_minor) == (59_45, 900_00)  # 50.00 and 21 days of interest on 900.00
    assert may.minimum_minor == 95_00 + 9_45


def test_what_a_minimum_left_unmet_is_due_in_full_next_month_and_a_payment_counts_toward_both():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.repay("04-10", "40.00")
    alice.until("05-02")
    may = alice.statements[1]
    assert may.minimum_minor == 60_00 + 90_00 + 10_08  # unmet, a tenth of the other 900.00, interest on 960.00

    alice.repay("05-05", "60.00")
    april_current = alice.line.past_due_on is None
    alice.repay("05-10", "100.08")
    alice.until("05-31")

    assert april_current
    assert show(may, alice.account).minimum_left_minor == 0
    assert alice.line.past_due_on is None


def test_missed_twice_only_the_last_minimum_is_due_in_full_since_it_asks_for_the_first_too():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.until("06-01")

    assert [statement.minimum_minor for statement in alice.statements] == [
        100_00,
        100_00 + 90_00 + 10_50,  # unmet in April, a tenth of the other 900.00, 21 days of interest
        200_50 + 81_00 + 15_50,  # unmet in May, a tenth of the other 810.00, 31 days of interest
    ]


def test_a_payment_on_the_due_day_is_in_time():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.repay("04-10", "100.00")
    alice.until("04-30")

    assert alice.line.past_due_on is None


def test_past_due_principal_is_a_stage_of_its_own_until_the_minimum_is_met():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.until("04-11")
    assert [type(event) for event in alice.events[-2:]] == [FellPastDue, Reminded]
    assert (alice.balance(Ledger.PRINCIPAL_BILLED), alice.balance(Ledger.PRINCIPAL_PAST_DUE)) == (0, 1000_00)

    alice.repay("04-12", "100.00")

    assert (alice.balance(Ledger.PRINCIPAL_BILLED), alice.balance(Ledger.PRINCIPAL_PAST_DUE)) == (900_00, 0)
    assert alice.line.past_due_on is None


def test_days_past_due_run_from_the_due_day_of_the_oldest_unmet_minimum():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.buy("04-05", "1000.00", LAMP)
    alice.until("05-20")

    assert alice.line.past_due_on == day("04-10")
    assert days_past_due(due_on=day("04-10"), as_of=day("04-11")) == 1
    assert days_past_due(due_on=day("04-10"), as_of=day("04-10")) == 0


def test_the_next_statement_can_be_seen_before_it_is_issued():
    alice = Play()
    alice.buy("03-05", "199.00", TEA_SET)
    alice.until("03-20")
    foreseen = next_statement(alice.account, HUABEI)
    alice.until("04-01")

    assert foreseen == alice.statements[0]
    assert next_statement(Play().account, HUABEI) is None


def test_a_merchants_fee_is_income_as_installments_are_billed():
    alice = Play()
    alice.buy("03-06", "6000.00", PHONE, installments=12, fee_payer="merchant")
    alice.until("05-01")

    assert alice.balance(Ledger.FEE_INCOME) == 75_00
    assert alice.balance(Ledger.DEFERRED_FEE_INCOME) == 375_00


def test_a_shoppers_fee_is_billed_with_each_installment():
    alice = Play()
    alice.buy("03-06", "6000.00", PHONE, installments=12)
    alice.until("04-01")

    assert [(line.what, line.amount_minor, line.number, line.count) for line in alice.statements[0].lines] == [
        ("installment", 500_00, 1, 12),
        ("fee", 37_50, 1, 12),
    ]
    assert (alice.balance(Ledger.FEE_BILLED), alice.balance(Ledger.FEE_UNBILLED)) == (37_50, 412_50)


def test_a_plan_recorded_late_starts_in_the_current_cycle_one_installment_a_month():
    alice = Play()
    alice.buy("03-05", "10.00", TEA_SET)
    alice.repay("05-15", "10.19")
    alice.buy("03-20", "1200.00", PHONE, installments=12, fee_payer="merchant")
    alice.until("07-01")

    assert [statement.closes_on for statement in alice.statements[2:]] == [day("06-01"), day("07-01")]
    assert alice.images["06-01"] == "100.00"


def test_on_one_day_the_past_due_comes_before_the_close():
    alice = Play(program_with(cycle_day=11))
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.until("04-11")

    assert [(type(event).__name__, event.value_on) for event in alice.events[2:]] == [
        ("StatementIssued", day("03-11")),
        ("Reminded", day("04-07")),
        ("FellPastDue", day("04-11")),
        ("StatementIssued", day("04-11")),
        ("Reminded", day("04-11")),
    ]


def test_a_minimum_that_asks_for_older_debt_alone_can_be_missed_too():
    alice = Play(program_with(interest_daily_rate=0))
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.repay("04-05", "100.00")
    alice.repay("05-05", "89.99")
    alice.until("05-11")

    assert alice.line.past_due_on == day("05-10")
    alice.repay("05-12", "0.01")
    assert alice.line.past_due_on is None


def test_a_refund_of_what_was_repaid_counts_toward_the_minimum_it_helps_to_pay():
    alice = Play(opened="02-01")
    alice.buy("02-10", "100.00", LAMP)
    alice.repay("02-20", "100.00")
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.until("04-02")
    alice.refund("04-05", "100.00", LAMP)
    alice.until("04-30")

    assert alice.line.due_minor == 900_00
    assert alice.line.past_due_on is None
