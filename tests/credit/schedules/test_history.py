"""What happens to a loan: early and late money, payoff, rates, charge-off, re-age, refunds."""

from __future__ import annotations

from decimal import Decimal

import pytest

from credit.schedules.builders import MONTHLY, convention, day, loan, paid
from florin.credit.schedules import (
    ChargeOff,
    RateChange,
    ReAge,
    ReAmortize,
    Refund,
    Rules,
    history,
    schedule,
)


def totals(shown) -> list[int]:
    return [line.total_minor for line in shown.installments]


def with_rules(**rules):
    return loan(rules=Rules(**rules))


def test_paid_as_agreed_a_loan_costs_what_was_agreed():
    agreed = schedule(loan())
    payments = [paid(str(line.due_on), line.total_minor) for line in agreed.installments]

    position = history(loan(), payments).on(day("2027-01-01"))

    assert (position.principal_minor, position.payoff_minor, position.overpaid_minor) == (0, 0, 0)
    assert position.schedule.interest_minor == agreed.interest_minor


def test_a_part_payment_leaves_the_rest_past_due_and_overdue_principal_bears_interest():
    told = history(loan(), [paid("2026-02-01", 50_00)])

    on_due_day, later = told.on(day("2026-02-01")), told.on(day("2026-03-01"))

    assert (on_due_day.due_minor, on_due_day.past_due_minor) == (106_62 - 50_00, 0)
    assert later.past_due_minor == 106_62 - 50_00
    # 1,200.00 less the 38.00 that were left after 12.00 of interest
    assert later.schedule.installments[1].interest_minor == 11_62


def test_overdue_principal_bears_none_where_the_rules_say_so():
    told = history(with_rules(overdue_interest=False), [paid("2026-02-01", 50_00)])

    assert told.on(day("2026-03-01")).schedule.installments[1].interest_minor == 11_05


def test_arrears_are_paid_before_anything_else():
    told = history(loan(), [paid("2026-03-01", 106_62)])

    first, second = told.on(day("2026-03-01")).schedule.installments[:2]

    assert (first.settled_on, first.unpaid_minor, second.settled_on) == (day("2026-03-01"), 0, None)


def test_early_money_to_the_next_installment_holds_the_interest_so_far_and_more_principal():
    told = history(loan(), [paid("2026-01-16", 106_62)])

    first = told.on(day("2026-01-16")).schedule.installments[0]

    assert (first.interest_minor, first.principal_minor) == (5_81, 100_81)  # 15 of 31 days of 12.00


def test_early_money_to_the_last_installment_leaves_the_next_one_due():
    told = history(with_rules(early_money="last_installment"), [paid("2026-01-16", 100_00)])

    lines = told.on(day("2026-01-16")).schedule.installments

    assert (lines[0].paid_minor, lines[-1].paid_minor) == (0, 100_00)
    assert lines[0].interest_minor == 11_48  # 1,200.00 for 15 days, 1,100.00 for 16


def test_early_money_spread_goes_to_all_in_equal_parts():
    told = history(with_rules(early_money="spread"), [paid("2026-02-01", 106_62 + 110_00)])

    lines = told.on(day("2026-02-01")).schedule.installments

    assert [line.paid_minor for line in lines] == [106_62] + [10_00] * 11


def test_early_money_that_reduces_the_installment_finds_a_new_level_for_the_same_count():
    told = history(with_rules(early_money="reduce_installment"), [paid("2026-02-01", 106_62 + 500_00)])

    shown = told.on(day("2026-02-01")).schedule

    assert (len(shown.installments), shown.prepaid_minor) == (12, 500_00)
    assert shown.installments[1].total_minor == 58_39  # 605.38 in 11 months at 1 %


def test_early_money_that_reduces_the_count_keeps_the_level():
    told = history(with_rules(early_money="reduce_count"), [paid("2026-02-01", 106_62 + 500_00)])

    shown = told.on(day("2026-02-01")).schedule

    assert shown.prepaid_minor == 500_00
    assert len(shown.installments) == 7
    assert {line.total_minor for line in shown.installments[:-1]} == {106_62}
    assert shown.installments[-1].total_minor < 106_62


def test_one_payment_may_have_its_own_rule():
    told = history(loan(), [paid("2026-01-16", 100_00, early_money="reduce_count")])

    assert told.on(day("2026-01-16")).schedule.prepaid_minor == 100_00


def test_too_much_money_is_the_borrower_s():
    told = history(loan(), [paid("2026-02-01", 2_000_00)])

    position = told.on(day("2026-02-01"))

    assert (position.payoff_minor, position.overpaid_minor) == (0, 2_000_00 - 1_212_00)


def test_a_payoff_quote_grows_day_by_day_with_the_interest():
    told = history(loan())

    assert [told.payoff_on(day(text)) for text in ("2026-01-01", "2026-01-02", "2026-01-16", "2026-02-01")] == [
        1_200_00,
        1_200_39,
        1_205_81,
        1_212_00,
    ]


def test_a_payoff_with_interest_as_scheduled_is_all_that_was_agreed():
    told = history(with_rules(interest_on="scheduled_balance"))

    assert told.payoff_on(day("2026-01-16")) == schedule(loan()).total_minor


def test_after_the_last_due_date_interest_stops_or_goes_on():
    stops, goes_on = (
        history(with_rules(after_maturity=rule)).on(day("2027-02-01")).accrued_minor for rule in ("stops", "continues")
    )

    assert (stops, goes_on) == (144_00, 156_00)


def test_a_new_rate_finds_a_new_level_or_keeps_it():
    new_rate = {"on": day("2026-02-01"), "yearly_rate": Decimal("0.24")}
    first = paid("2026-02-01", 106_62)

    found = history(loan(), [first, RateChange(**new_rate)]).on(day("2026-02-01")).schedule
    kept = history(loan(), [first, RateChange(**new_rate, installment="kept")]).on(day("2026-02-01")).schedule

    assert found.installments[1].interest_minor == kept.installments[1].interest_minor == 22_11
    assert found.installments[1].total_minor == 112_95
    assert kept.installments[1].total_minor == 106_62
    assert kept.installments[-1].total_minor > 106_62


def test_charged_off_interest_stops_goes_on_or_all_falls_due():
    def after(interest):
        return history(loan(), [ChargeOff(on=day("2026-01-16"), interest=interest)]).on(day("2026-02-01"))

    stops, goes_on, accelerates = after("stops"), after("continues"), after("accelerates")

    assert (stops.accrued_minor, goes_on.accrued_minor) == (5_81, 12_00)
    assert goes_on.schedule == history(loan()).on(day("2026-02-01")).schedule
    assert totals(accelerates.schedule) == [1_205_81]
    assert accelerates.past_due_minor == 1_205_81
    assert stops.charged_off_on == day("2026-01-16")


def test_money_after_a_charge_off_still_pays_what_is_owed():
    events = [ChargeOff(on=day("2026-01-16"), interest="stops"), paid("2026-06-01", 1_205_81)]

    assert history(loan(), events).on(day("2026-06-01")).payoff_minor == 0


@pytest.mark.parametrize(
    ("interest", "owed_minor", "first", "last"),
    [
        ("first_installment", 1_223_05, (175_95, 35_05), (208_89, 2_09)),
        ("capitalized", 1_223_05, (198_81, 12_23), (208_92, 2_09)),
        ("waived", 1_200_00, (195_06, 12_00), (205_00, 2_05)),
        ("equal_parts", 1_223_05, (200_00, 3_84), (200_00, 3_85)),
        ("equal_parts_to_maturity", 1_279_42, (200_00, 13_24), (200_00, 13_22)),
    ],
)
def test_a_re_age_makes_a_new_plan_of_all_that_is_owed(interest, owed_minor, first, last):
    event = ReAge(on=day("2026-03-01"), first_due_on=day("2026-04-01"), periods=6, every=MONTHLY, interest=interest)

    position = history(with_rules(overdue_interest=False), [event]).on(day("2026-03-01"))

    new = position.schedule.installments[-6:]
    assert [str(line.due_on) for line in (new[0], new[-1])] == ["2026-04-01", "2026-09-01"]
    assert [(line.principal_minor, line.interest_minor) for line in (new[0], new[-1])] == [first, last]
    assert (position.payoff_minor, position.past_due_minor) == (owed_minor, 0)


def test_arrears_re_amortized_are_due_with_what_is_to_come():
    position = history(loan(), [ReAmortize(on=day("2026-03-15"))]).on(day("2026-03-15"))

    assert position.past_due_minor == 0
    assert [line.total_minor for line in position.schedule.installments[:2]] == [0, 0]
    assert position.schedule.installments[2].total_minor > 106_62


def test_a_refund_with_interest_gives_back_what_the_refunded_principal_bore():
    events = [Refund(on=day("2026-02-01"), amount_minor=300_00, with_interest=True)]

    entries = history(loan(), events).on(day("2026-02-01")).entries

    assert [(entry.cause, entry.amount_minor) for entry in entries] == [("refund", 300_00), ("interest_refund", 3_00)]


def test_two_refunds_with_interest_give_back_as_much_as_one():
    def given_back(*amounts):
        events = [Refund(on=day("2026-02-01"), amount_minor=minor, with_interest=True) for minor in amounts]
        entries = history(loan(), events).on(day("2026-02-01")).entries
        return sum(entry.amount_minor for entry in entries if entry.cause == "interest_refund")

    assert given_back(150_00, 150_00) == given_back(300_00) == 3_00


def test_a_refund_goes_where_its_rule_says():
    refund = Refund(on=day("2026-01-16"), amount_minor=600_00, with_interest=False)

    shown = history(with_rules(refund_money="reduce_installment"), [refund]).on(day("2026-01-16")).schedule

    assert shown.prepaid_minor == 600_00
    assert totals(shown)[:2] == [53_56, 53_56]


def test_a_late_told_event_counts_as_if_it_had_come_in_time():
    in_time = history(loan(), [paid("2026-02-01", 106_62), paid("2026-03-01", 106_62)])

    told_late = history(loan(), [paid("2026-03-01", 106_62)]).with_events(paid("2026-02-01", 106_62))

    assert told_late.on(day("2026-03-01")) == in_time.on(day("2026-03-01"))


def test_an_unpaid_down_payment_is_due_at_once():
    terms = loan(down_payment_minor=300_00)

    assert history(terms).on(day("2026-01-02")).past_due_minor == 0
    assert history(terms, down_payment_paid=False).on(day("2026-01-02")).past_due_minor == 300_00


def test_a_fee_up_front_is_paid_with_the_down_payment():
    position = history(loan(down_payment_minor=300_00, fee_minor=20_00, fee="up_front")).on(day("2026-01-01"))

    (entry,) = position.entries
    assert (entry.principal_minor, entry.fee_minor) == (300_00, 20_00)


def test_the_order_within_an_installment_is_a_rule():
    principal_first = with_rules(order=("principal", "fee", "interest"))

    (entry,) = history(principal_first, [paid("2026-02-01", 50_00)]).on(day("2026-02-01")).entries

    assert (entry.principal_minor, entry.interest_minor) == (50_00, 0)


def test_a_paid_loan_is_rounded_by_its_own_convention():
    terms = loan(convention=convention(rounding="UP"))

    assert history(terms).payoff_on(day("2026-01-02")) == 1_200_39
