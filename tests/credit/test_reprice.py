"""Another rate for plans with interest on what is left: from the next bill on, told by it, the same when known late."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from credit.play import Play, day, program_with
from florin.credit.correction import difference, fold
from florin.credit.plan_payoff import PlanPayoffQuote, quote
from florin.credit.plans import declining_parts
from florin.credit.statement import next_statement
from florin.credit.terms import InstallmentTerms, Program, Version
from florin.ledger import Account as Ledger
from florin.payments.post import entries_of

PHONE, COAT = 12, 13


def at_rate(rate: str) -> InstallmentTerms:
    return InstallmentTerms(count=12, fee_rate=Decimal(0), method="declining", yearly_rate=Decimal(rate))


def changing(applies_to: str = "balances", on: str = "06-15", rate: str = "0.06", **terms) -> Program:
    """12 % a year on what is left, and another rate from a day on."""
    before = program_with(installments=(at_rate("0.12"),), **terms)
    (first,) = before.versions
    later = Version(from_on=day(on), applies_to=applies_to, terms=replace(first.terms, installments=(at_rate(rate),)))
    return replace(before, versions=(first, later))


def phone_in_twelve(program: Program) -> Play:
    """12,000.00 on 6 March; each bill is paid on its due day."""
    alice = Play(program, limit="50000.00")
    alice.buy("03-06", "12000.00", PHONE, installments=12)
    return alice


def paid_through(alice: Play, *bills: str) -> None:
    for closes in bills:
        alice.until(closes)
        alice.repay(closes, f"{alice.line.due_minor / 100:.2f}")


def test_from_the_first_bill_on_the_rest_is_spread_anew_at_the_new_rate_and_the_bill_tells_the_difference():
    alice = phone_in_twelve(changing())
    paid_through(alice, "04-01", "05-01", "06-01")
    (plan,) = alice.account.plans
    left_minor, interest_minor = plan.principal_minor, plan.fee_minor
    expected = declining_parts(left_minor, 9, Decimal("0.06"), alice.program.terms_on(day("07-01")))

    alice.until("07-01")

    july = alice.statements[-1]
    amounts = {line.what: line.amount_minor for line in july.lines}
    assert (amounts["installment"], amounts["fee"]) == expected[0]
    assert july.image_minor == sum(expected[0])
    assert amounts["rate"] == sum(part.fee_minor for part in expected) - interest_minor < 0
    (plan,) = alice.account.plans
    assert (plan.yearly_rate, plan.repriced_on) == (Decimal("0.06"), day("06-15"))
    assert [(one.principal_minor, one.fee_minor) for one in plan.future] == [tuple(part) for part in expected[1:]]
    assert alice.line.fee_minor == alice.balance(Ledger.FEE_UNBILLED) + alice.balance(Ledger.FEE_BILLED)
    assert alice.balance(Ledger.DEFERRED_FEE_INCOME) == plan.deferred_fee_minor


def test_a_higher_rate_makes_interest_to_come_more_and_the_plan_ends_in_the_same_month():
    alice = phone_in_twelve(changing(rate="0.18"))
    paid_through(alice, *(f"{2026 + (month > 12)}-{(month - 1) % 12 + 1:02d}-01" for month in range(4, 16)))

    rates = [line for issued in alice.statements for line in issued.lines if line.what == "rate"]
    assert [line.amount_minor > 0 for line in rates] == [True]
    assert alice.account.owed_minor == 0
    assert alice.balance(Ledger.DEFERRED_FEE_INCOME) == 0


def test_a_version_for_new_cycles_leaves_plans_as_they_were_agreed():
    alice, same = phone_in_twelve(changing("new_cycles")), phone_in_twelve(changing("new_cycles", rate="0.12"))
    for each in (alice, same):
        paid_through(each, "04-01", "05-01", "06-01", "07-01")

    assert alice.images == same.images
    assert alice.account.plans == same.account.plans


def test_a_plan_agreed_after_the_change_has_the_new_rate_already_and_is_not_spread_anew():
    alice = phone_in_twelve(changing())
    alice.until("06-20")
    alice.buy("06-20", "1200.00", COAT, installments=12)
    alice.until("07-01")

    coat = next(plan for plan in alice.account.plans if plan.item_id == COAT)
    assert (coat.yearly_rate, coat.repriced_on) == (Decimal("0.06"), None)
    assert [line.item_id for line in alice.statements[-1].lines if line.what == "rate"] == [PHONE]


def test_the_next_bill_is_shown_before_it_is_made_as_it_will_be():
    alice = phone_in_twelve(changing())
    paid_through(alice, "04-01", "05-01", "06-01")
    alice.until("06-20")
    shown = next_statement(alice.account, alice.program)

    alice.until("07-01")

    assert shown == alice.statements[-1]


def test_a_change_for_days_that_are_over_makes_what_it_would_have_made_in_time_and_the_next_bill_tells_it():
    late = phone_in_twelve(changing("new_cycles", rate="0.12"))
    in_time = phone_in_twelve(changing())
    paid_through(late, "04-01", "05-01", "06-01")
    paid_through(in_time, "04-01", "05-01", "06-01")
    for each in (late, in_time):
        each.until("07-05")

    corrected = fold(late.events, in_time.program)

    posted = [entry for _, entries in late.log for entry in entries]
    own = [entry for event in late.events for entry in entries_of(event)]
    assert corrected.account.owed_minor == in_time.account.owed_minor
    assert corrected.account.plans == in_time.account.plans
    assert corrected.account.due_minor == in_time.account.due_minor
    billed_too_much = in_time.statements[-1].image_minor - late.statements[-1].image_minor
    told = [(one.closes_on, one.amount_minor) for one in corrected.account.adjustments]
    assert told == [(day("07-01"), billed_too_much)]
    assert difference((*corrected.entries, *own), posted)
    for each in (late, in_time):
        assert each.statements[-1].closes_on == day("07-01")


@settings(max_examples=60, deadline=None)
@given(
    rate=st.decimals("0.01", "0.24", places=3),
    ahead_minor=st.integers(0, 12_500_00),
    bills=st.integers(0, 6),
)
def test_whatever_was_paid_ahead_the_books_hold_and_the_principal_stays(rate, ahead_minor, bills):
    alice = phone_in_twelve(changing(rate=str(rate)))
    paid_through(alice, *(f"{month:02d}-01" for month in range(4, 4 + min(bills, 3))))
    alice.until("06-10")
    if ahead_minor:
        alice.repay("06-10", f"{ahead_minor / 100:.2f}")
    before = alice.account

    alice.until("07-01")

    assert alice.account.principal_minor == before.principal_minor
    assert alice.line.fee_minor == alice.balance(Ledger.FEE_UNBILLED) + alice.balance(Ledger.FEE_BILLED)
    assert alice.balance(Ledger.DEFERRED_FEE_INCOME) == sum(plan.deferred_fee_minor for plan in alice.account.plans)
    assert all(one.fee_minor >= 0 for plan in alice.account.plans for one in plan.future)
    assert fold(alice.events, alice.program).account == alice.account


def payoff_of_phone(alice: Play, on: str) -> PlanPayoffQuote:
    alice.until(on)
    found = quote(alice.account, day(on), alice.program, item_id=PHONE)
    assert found is not None
    return found


@pytest.mark.parametrize(("rate", "is_less"), [("0.06", True), ("0.18", False)])
def test_a_plan_that_is_paid_off_between_the_change_and_the_bill_costs_the_new_interest(rate, is_less):
    alice = phone_in_twelve(changing(rate=rate))
    paid_through(alice, "04-01", "05-01", "06-01")
    (plan,) = alice.account.plans
    before = payoff_of_phone(alice, "06-14")
    expected = declining_parts(plan.principal_minor, 9, Decimal(rate), alice.program.terms_on(day("06-15")))

    after = payoff_of_phone(alice, "06-15")
    refused = alice.pay_off_plan("06-15", PHONE)

    assert before.good_through_on == day("06-14")
    assert (before.fee_minor, after.fee_minor) == (plan.fee_minor, sum(part.fee_minor for part in expected))
    assert (after.fee_minor < before.fee_minor) is is_less
    assert after.principal_minor == before.principal_minor
    assert refused is None
    assert alice.account.owed_minor == alice.line.fee_minor == 0
    assert alice.balance(Ledger.FEE_UNBILLED) == alice.balance(Ledger.DEFERRED_FEE_INCOME) == 0
    assert fold(alice.events, alice.program).account == alice.account


def test_a_change_that_turns_up_after_a_payoff_leaves_what_was_agreed():
    late, dearer = phone_in_twelve(changing("new_cycles")), changing(rate="0.18")
    paid_through(late, "04-01", "05-01", "06-01")
    agreed = payoff_of_phone(late, "06-20")
    late.pay_off_plan("06-20", PHONE)

    corrected = fold(late.events, dearer)

    assert agreed.fee_minor > 0
    assert corrected.account.owed_minor == 0
    assert corrected.account.credit_balance_minor == 0
