"""Relief: a late line brought current by agreement, and a hardship plan; what the terms ask, what the book says of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from credit.play import Play, day, program_with
from florin.credit import hardship, reage
from florin.credit.account import advance
from florin.credit.authorize import LineNotOpen
from florin.credit.bureau import bureau_row
from florin.credit.correction import fold
from florin.credit.end_hardship import NoHardshipPlan
from florin.credit.hardship import HardshipNotOffered, HardshipPreview, HardshipRuns, NothingToPlan
from florin.credit.items import days_past_due
from florin.credit.payoff import payoff
from florin.credit.reage import NothingPastDue, ReAgeNotOffered, ReAgePreview, ReAgeTooLittlePaid, ReAgeTooOften
from florin.credit.terms import LateCharge, ReAgeLimit
from florin.events import FellPastDue, HardshipEnded, HardshipEndedEarly
from florin.ledger import Account as Ledger
from florin.money import yuan_text

TEA_SET, PHONE = 11, 12
TWICE = (ReAgeLimit(count=1, years=1), ReAgeLimit(count=2, years=5))
PRINCIPAL = (Ledger.PRINCIPAL_UNBILLED, Ledger.PRINCIPAL_BILLED, Ledger.PRINCIPAL_PAST_DUE)


def late(paid: str = "", **terms) -> Play:
    """1,000.00 bought on 5 March, nothing paid of April's, May's and June's bills; on 20 June `paid` arrived."""
    alice = Play(program_with(**({"reage_per_years": TWICE} | terms)))
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.until("06-20")
    if paid:
        alice.repay("06-20", paid)
    return alice


def the_line_is_the_book(alice: Play) -> None:
    line = alice.line
    assert line.principal_minor == sum(map(alice.balance, PRINCIPAL))
    assert line.fee_minor == alice.balance(Ledger.FEE_UNBILLED) + alice.balance(Ledger.FEE_BILLED)
    assert line.interest_minor == alice.balance(Ledger.INTEREST_BILLED) + alice.balance(Ledger.MEMO_INTEREST)
    assert line.penalty_minor == alice.balance(Ledger.PENALTY_BILLED) + alice.balance(Ledger.MEMO_PENALTY)
    assert alice.balance(Ledger.DEFERRED_FEE_INCOME) == sum(p.deferred_fee_minor for p in alice.account.plans)
    assert fold(alice.events, alice.program).account == alice.account


# ── re-age ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_re_age_makes_a_late_line_current_and_the_next_bill_asks_for_its_share_of_the_arrears():
    alice = late("200.00", reage_min_paid=1)
    said = reage.preview(alice.line, alice.account, day("06-21"), alice.program)

    assert alice.reage("06-21") is None

    assert isinstance(said, ReAgePreview)
    assert said.past_due_on == day("05-10")
    assert alice.line.past_due_on is None
    assert days_past_due(alice.account, day("06-21")) == 0
    assert alice.balance(Ledger.PRINCIPAL_PAST_DUE) == 0
    the_line_is_the_book(alice)
    alice.until("07-01")
    july = alice.statements[-1]
    assert (july.closes_on, july.minimum_minor) == (said.next_closes_on, said.next_minimum_minor)
    assert said.next_minimum_minor < said.next_minimum_before_minor
    alice.repay("07-05", f"{july.minimum_minor / 100:.2f}")
    alice.until("08-01")
    assert alice.line.past_due_on is None


def test_what_was_left_to_later_bills_is_still_owed_and_bears_interest():
    alice, other = late(reage_min_paid=0), late(reage_min_paid=0)
    owed_minor = alice.account.owed_minor

    alice.reage("06-21")

    assert alice.account.owed_minor == owed_minor
    for each in (alice, other):
        each.until("07-02")
    assert alice.statements[-1].image_minor == other.statements[-1].image_minor > 0


def test_a_re_age_needs_so_many_least_payments_in_one_sum_or_several():
    alice = late("10.00")

    refused = alice.reage("06-21")

    assert isinstance(refused, ReAgeTooLittlePaid)
    assert (refused.payments, refused.paid_minor) == (3, 10_00)
    newest = alice.account.statements[-1]
    assert refused.needed_minor == 3 * (newest.minimum_minor - newest.arrears_minor)
    assert refused.short_minor == refused.needed_minor - 10_00
    assert "must be paid first" in refused.sentence("en")
    assert "请先再还" in refused.sentence("zh")
    alice.repay("06-21", f"{refused.short_minor / 100:.2f}")
    assert alice.line.past_due_on == day("06-10")  # the oldest arrears are cured, the newest bill's are not
    assert alice.reage("06-21") is None
    assert alice.line.past_due_on is None


def test_once_a_year_and_twice_in_five_years():
    alice = late(reage_min_paid=0, charge_off_days=0)

    assert alice.reage("06-21") is None
    alice.until("09-20")
    assert alice.reage("09-20") == ReAgeTooOften(
        count=1, years=1, last_on=day("06-21"), again_on=day("2027-06-21"), line_id=1
    )
    assert alice.reage("2027-06-21") is None
    alice.until("2028-08-20")
    refused = alice.reage("2028-08-20")
    assert isinstance(refused, ReAgeTooOften)
    assert (refused.count, refused.years, refused.again_on) == (2, 5, day("2031-06-21"))


def test_where_nothing_is_late_or_the_terms_do_not_offer_it_nothing_is_re_aged():
    current, never = Play(program_with(reage_per_years=TWICE)), late(reage_per_years=())

    assert current.reage("03-10") == NothingPastDue(line_id=1)
    assert never.reage("06-21") == ReAgeNotOffered(program="huabei")


def test_a_re_age_stops_late_charges_penalties_and_non_accrual():
    alice = late(
        reage_min_paid=0,
        non_accrual_days=30,
        penalty_daily_rate=Decimal("0.0001"),
        penalty_on="principal",
        late_charges=(LateCharge(days_past_due=60, amount_minor=50_00),),
    )
    assert alice.account.accrual_stopped
    before = len([event for event in alice.events if type(event).__name__ == "LateCharged"])
    penalty_minor = alice.line.penalty_minor

    alice.reage("06-21")

    assert not alice.account.accrual_stopped
    assert alice.balance(Ledger.MEMO_INTEREST) == alice.balance(Ledger.MEMO_PENALTY) == 0
    the_line_is_the_book(alice)
    alice.until("07-11")
    alice.repay("07-11", "0.01")
    assert len([event for event in alice.events if type(event).__name__ == "LateCharged"]) == before
    accrued_before_minor = sum(statement.penalty_posted_minor for statement in alice.account.statements[:-1])
    alice.until("08-02")
    re_aged = [statement for statement in alice.account.statements if statement.closes_on < day("06-21")]
    assert sum(statement.penalty_posted_minor for statement in re_aged) == accrued_before_minor
    assert alice.line.penalty_minor >= penalty_minor


def test_a_repayment_of_before_that_is_booked_later_leaves_less_to_later_bills():
    alice, in_time = late(reage_min_paid=0), late("300.00", reage_min_paid=0)
    alice.reage("06-21")
    in_time.reage("06-21")

    alice.backdate_repayment("06-25", "06-20", "300.00")

    deferred = [statement.deferred_minor for statement in alice.account.statements]
    assert deferred == [statement.deferred_minor for statement in in_time.account.statements]
    assert alice.account.owed_minor == in_time.account.owed_minor
    the_line_is_the_book(alice)


def test_the_bureau_reads_a_re_aged_line_as_current_and_when_it_was_re_aged():
    alice = late(reage_min_paid=0)
    may = bureau_row(alice.events, day("05-31"), alice.program)

    alice.reage("06-21")

    june = bureau_row(alice.events, day("06-30"), alice.program)
    assert may is not None
    assert june is not None
    assert (may.state, may.reaged_on) == ("past_due", None)
    assert (june.state, june.days_past_due, june.past_due_minor, june.reaged_on) == ("current", 0, 0, day("06-21"))


# ── the hardship plan ─────────────────────────────────────────────────────────────────────────────────────────────

OFFERED = {"hardship_counts": (6, 12), "hardship_yearly_rate": Decimal("0.06")}


def test_a_hardship_plan_is_what_was_previewed_installment_by_installment():
    alice = late(**OFFERED)
    said = hardship.preview(alice.line, alice.account, 12, day("06-21"), alice.program, waive_penalty=False)
    owed_minor = alice.account.owed_minor

    assert alice.agree_hardship("06-21", 12) is None

    assert isinstance(said, HardshipPreview)
    assert (said.principal_minor, said.yearly_rate, said.yearly_rate_before) == (
        1_000_00, Decimal("0.06"), Decimal("0.1825"),
    )  # fmt: skip
    assert (
        said.total_minor == alice.account.owed_minor == said.principal_minor + said.charges_minor + said.interest_minor
    )
    assert said.charges_minor > owed_minor - 1_000_00  # what was borne since the last bill is in it
    assert (
        sum(part.principal_minor + part.interest_minor + part.charges_minor for part in said.parts) == said.total_minor
    )
    assert [part.number for part in said.parts] == list(range(1, 13))
    the_line_is_the_book(alice)
    for part in said.parts:
        alice.until(part.bills_on)
        issued = alice.statements[-1]
        assert (issued.closes_on, issued.due_on) == (part.bills_on, part.due_on)
        assert issued.image_minor == part.principal_minor + part.interest_minor + part.charges_minor
        alice.repay(part.due_on, f"{issued.image_minor / 100:.2f}")
    alice.until("2027-08-01")
    assert alice.account.owed_minor == 0
    assert alice.account.hardship_on is None
    assert [event.kept for event in alice.events if isinstance(event, HardshipEnded)] == [True]
    assert not [event for event in alice.events if isinstance(event, FellPastDue) and event.value_on > day("06-21")]
    assert alice.balance(Ledger.DEFERRED_FEE_INCOME) == 0


def test_nothing_new_is_bought_while_the_plan_runs_and_afterwards_it_is_again():
    alice = late(**OFFERED)
    alice.agree_hardship("06-21", 6)

    assert alice.refused("06-22", "10.00") == LineNotOpen(state="hardship", line_id=1)
    alice.repay("06-23", f"{alice.account.owed_minor / 100:.2f}")
    alice.until("06-25")

    assert alice.refused("06-25", "10.00") is None


def test_penalties_are_in_the_plan_or_owed_no_more_by_choice():
    terms = OFFERED | {"late_charges": (LateCharge(days_past_due=5, amount_minor=20_00),)}
    kept, waived = late(**terms), late(**terms)
    penalty_minor = kept.line.penalty_minor

    kept.agree_hardship("06-21", 6)
    waived.agree_hardship("06-21", 6, waive_penalty=True)

    assert penalty_minor > 0
    assert kept.account.owed_minor - waived.account.owed_minor == penalty_minor
    assert waived.balance(Ledger.PENALTY_INCOME) == kept.balance(Ledger.PENALTY_INCOME) - penalty_minor
    the_line_is_the_book(kept)
    the_line_is_the_book(waived)


def test_what_was_off_the_books_is_income_only_as_the_plan_is_billed():
    alice = late(**OFFERED, non_accrual_days=30)
    assert alice.account.accrual_stopped
    income_minor = alice.balance(Ledger.INTEREST_INCOME)

    alice.agree_hardship("06-21", 6)

    assert alice.balance(Ledger.MEMO_INTEREST) == 0
    assert alice.balance(Ledger.INTEREST_INCOME) == income_minor
    the_line_is_the_book(alice)
    alice.until("07-02")
    assert alice.balance(Ledger.FEE_INCOME) > 0
    the_line_is_the_book(alice)


@pytest.mark.parametrize(("broken", "owed_next"), [("due_at_once", "all"), ("continue", "its installments")])
def test_an_installment_missed_for_too_long_ends_the_plan_as_the_terms_say(broken, owed_next):
    alice = late(**OFFERED, hardship_missed_days=30, hardship_broken=broken)
    alice.agree_hardship("06-21", 6)

    alice.until("08-08")
    assert alice.account.hardship_on == day("06-21")
    assert alice.line.past_due_on is None
    alice.until("08-10")

    (ended,) = [event for event in alice.events if isinstance(event, HardshipEnded)]
    assert (ended.value_on, ended.kept) == (day("08-09"), False)
    assert ended.missed_minor == alice.statements[-2].minimum_minor
    assert alice.line.past_due_on == day("07-10")
    (fell, *_) = [event for event in alice.events if isinstance(event, FellPastDue) and event.value_on > day("06-21")]
    assert fell.value_on == day("08-10")
    the_line_is_the_book(alice)
    assert len(alice.account.plans[0].future) == (1 if owed_next == "all" else 4)
    alice.until("09-02")
    assert bool(alice.account.plans) is (owed_next != "all")
    the_line_is_the_book(alice)


def test_nothing_is_borne_by_an_installment_that_is_late_while_the_plan_runs():
    alice = late(**OFFERED)
    alice.agree_hardship("06-21", 6)

    alice.until("08-08")

    assert alice.line.interest_minor == alice.line.penalty_minor == 0
    assert {line.what for line in alice.statements[-1].lines} == {"installment", "fee"}


def test_a_repayment_of_before_that_is_booked_later_makes_the_plan_smaller_and_a_broken_promise_kept():
    alice = late(**OFFERED)
    alice.agree_hardship("06-21", 6)
    alice.until("07-02")
    due_minor = alice.line.due_minor
    alice.until("08-12")
    assert alice.line.past_due_on == day("07-10")

    alice.backdate_repayment("08-12", "07-10", f"{due_minor / 100:.2f}")

    assert alice.line.past_due_on is None
    assert alice.account.hardship_on == day("06-21")
    assert alice.line.particulars.hardship
    the_line_is_the_book(alice)


def test_a_refund_finds_its_purchase_in_the_plan():
    alice = late(**OFFERED)
    alice.buy("06-15", "600.00", PHONE)
    alice.agree_hardship("06-21", 6)
    owed_minor = alice.account.owed_minor

    said = alice.refund("06-25", "600.00", PHONE)

    assert said.purchase_minor == 600_00
    assert PHONE not in {plan.item_id for plan in alice.account.plans}
    assert alice.account.owed_minor == owed_minor - 600_00 - said.shopper_fee_minor
    the_line_is_the_book(alice)


def test_what_is_not_offered_or_runs_already_is_refused_by_name():
    alice = late(**OFFERED)

    assert alice.agree_hardship("06-21", 5) == HardshipNotOffered(count=5, offered="6, 12")
    assert Play(program_with(**OFFERED)).agree_hardship("03-10", 6) == NothingToPlan(
        principal_minor=0, count=6, line_id=1
    )
    alice.agree_hardship("06-21", 6)
    assert alice.agree_hardship("06-22", 6) == HardshipRuns(since_on=day("06-21"), line_id=1)
    assert alice.reage("06-22") == HardshipRuns(since_on=day("06-21"), line_id=1)


def test_a_part_of_the_plan_is_not_paid_off_by_itself_but_the_whole_line_is():
    alice = late(**OFFERED, plan_payoff_fee="waived")
    alice.agree_hardship("06-21", 6)
    of_charges, of_purchase = sorted(plan.item_id for plan in alice.account.plans)

    for item in (of_charges, of_purchase):
        assert alice.pay_off_plan("06-22", item) == HardshipRuns(since_on=day("06-21"), line_id=1)
    alice.repay("06-22", yuan_text(payoff(alice.account, day("06-22"), alice.program).total_minor))

    assert alice.account.owed_minor == 0


def test_a_charge_off_while_the_plan_runs_takes_all_of_it_and_leaves_no_plan():
    alice = late(**OFFERED)
    alice.agree_hardship("06-21", 6)

    alice.charge_off("06-25")

    assert alice.account.plans == ()
    assert alice.account.hardship_on is None
    assert alice.balance(Ledger.FEE_UNBILLED) == alice.balance(Ledger.DEFERRED_FEE_INCOME) == 0
    assert sum(map(alice.balance, PRINCIPAL)) == 0


def test_the_bureau_reads_a_line_with_a_hardship_plan_as_restructured():
    alice = late(**OFFERED)
    alice.agree_hardship("06-21", 6)

    row = bureau_row(alice.events, day("06-30"), alice.program)

    assert row is not None
    assert (row.state, row.days_past_due, row.past_due_minor) == ("restructured", 0, 0)


@pytest.mark.parametrize("days", [0, 10, 45])
def test_a_plan_that_the_clock_ends_is_the_same_in_one_step_or_two(days):
    alice = late(**OFFERED)
    alice.agree_hardship("06-21", 6)

    at_once, _ = advance(alice.account, day("12-24"), alice.program)
    first, _ = advance(alice.account, day("08-09").replace(day=9 if days < 20 else 10), alice.program)
    second, _ = advance(first, day("12-24"), alice.program)

    assert second == at_once


def test_a_plan_whose_rest_a_credit_balance_pays_at_a_close_ends_with_that_close():
    alice = Play(program_with(hardship_counts=(3,), credit_balance_to_wallet=False, cycle_day=1), opened="03-02")
    alice.buy("04-04", "0.01", 11)
    alice.repay("04-04", "0.05")
    for item in (12, 13, 14):
        alice.buy("04-04", "0.01", item)
    assert alice.agree_hardship("04-21", 3) is None
    alice.buy("05-25", "0.01", 15)

    alice.until("07-02")

    (ended,) = [event for event in alice.events if isinstance(event, HardshipEnded)]
    assert (ended.kept, ended.value_on) == (True, alice.statements[-1].closes_on)
    the_line_is_the_book(alice)


# ── ended early ───────────────────────────────────────────────────────────────────────────────────────────────────


def in_hardship(**terms) -> Play:
    """1,000.00 bought on 5 March, never paid; since 21 June a plan of three installments at 6 % a year."""
    alice = late(**({"hardship_counts": (3,), "hardship_yearly_rate": Decimal("0.06")} | terms))
    assert alice.agree_hardship("06-21", 3, waive_penalty=True) is None
    return alice


def test_a_plan_that_is_ended_with_the_rest_due_owes_no_interest_to_come():
    alice = in_hardship()
    principal_minor = alice.line.principal_minor
    interest_minor = sum(plan.fee_minor for plan in alice.account.plans if plan.bought_minor)
    owed_minor = alice.account.owed_minor

    assert alice.end_hardship("06-25", "due_at_once") is None

    (ended,) = [event for event in alice.events if isinstance(event, HardshipEndedEarly)]
    assert (ended.rest, ended.rest_minor, ended.reason) == ("due_at_once", owed_minor, "works again")
    assert interest_minor > 0
    assert alice.account.owed_minor == owed_minor - interest_minor
    assert alice.line.principal_minor == principal_minor
    the_line_is_the_book(alice)
    alice.until("07-02")
    july = alice.statements[-1]
    assert july.image_minor == alice.account.owed_minor == owed_minor - interest_minor
    assert alice.refused("07-02", "1.00") is None


def test_a_plan_that_is_ended_may_go_on_in_its_installments():
    alice = in_hardship()
    before = alice.account

    assert alice.end_hardship("06-25", "continue") is None

    assert alice.account.owed_minor == before.owed_minor
    assert [plan.future for plan in alice.account.plans] == [plan.future for plan in before.plans]
    assert not alice.line.particulars.hardship
    the_line_is_the_book(alice)
    alice.until("07-02")
    assert alice.statements[-1].image_minor == sum(
        part.principal_minor + part.fee_minor for plan in before.plans for part in plan.future[:1]
    )


@pytest.mark.parametrize("broken", ["due_at_once", "continue"])
def test_without_a_word_the_rest_is_what_the_terms_say_of_a_broken_plan(broken):
    alice = in_hardship(hardship_broken=broken)

    alice.end_hardship("06-25")

    assert alice.events[-1].rest == broken


def test_what_was_missed_while_the_plan_ran_falls_past_due_the_day_after_it_is_ended():
    alice = in_hardship()
    alice.until("07-20")
    assert alice.line.past_due_on is None

    alice.end_hardship("07-20", "continue")

    assert alice.line.past_due_on is None
    alice.until("07-21")
    assert alice.line.past_due_on == day("07-10")
    the_line_is_the_book(alice)


def test_only_a_plan_that_runs_is_ended():
    alice, never = in_hardship(), late()
    alice.end_hardship("06-25")

    twice, none = alice.end_hardship("06-25"), never.end_hardship("06-25")

    assert twice == none == NoHardshipPlan(line_id=1)
    assert "No hardship plan runs on the line 1." in twice.sentence("en")
    assert "没有执行中的困难帮扶分期" in twice.sentence("zh")


def test_a_repayment_of_before_that_is_booked_later_finds_the_same_end():
    in_time, later = in_hardship(), in_hardship()

    in_time.repay("06-22", "100.00")
    for each in (in_time, later):
        each.end_hardship("06-25", "due_at_once")
        each.until("06-26")
    later.backdate_repayment("06-26", "06-22", "100.00")

    assert later.account.owed_minor == in_time.account.owed_minor
    assert later.line.principal_minor == in_time.line.principal_minor
    assert later.account.plans == in_time.account.plans
    the_line_is_the_book(later)
