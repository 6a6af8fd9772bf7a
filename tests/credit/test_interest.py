"""Interest: lazy, exact, half-open, and rounded once."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from credit.play import HUABEI, Play, day, program_with, with_rate_from
from florin.credit.interest import accrued, exact_interest
from florin.credit.items import Account, Billed, Statement
from florin.credit.payoff import payoff
from florin.ledger import Rule
from florin.money import round_half_up


def test_what_is_paid_by_the_due_day_bears_no_interest():
    alice = Play()
    alice.buy("03-05", "1000.00", 11)
    alice.repay("04-10", "1000.00")
    alice.until("12-31")

    assert alice.posted(Rule.ACCRUE_INTEREST) == "0.00"
    assert len(alice.statements) == 1


def test_the_due_day_bears_interest_and_the_day_of_payment_does_not():
    alice = Play()
    alice.buy("03-05", "1000.00", 11)
    alice.repay("04-11", "1000.00")
    alice.until("05-01")

    assert alice.images["05-01"] == "0.50"


def test_9_90_for_30_days_is_15_fen_and_not_30_times_nothing():
    alice = Play()
    alice.buy("03-05", "9.90", 11)
    alice.repay("05-10", "9.90")
    alice.until("06-01")

    assert alice.posted(Rule.ACCRUE_INTEREST) == "0.15"


def test_interest_of_less_than_half_a_fen_is_never_billed_and_makes_no_statement():
    alice = Play()
    alice.buy("03-05", "0.50", 11)
    alice.repay("04-20", "0.50")
    alice.until("12-31")

    assert alice.images == {"04-01": "0.50"}
    assert alice.account.statements == ()


def test_interest_is_billed_close_by_close_and_sums_to_one_rounding():
    alice = Play()
    alice.buy("03-05", "333.33", 11)
    alice.until("08-01")

    days = (day("08-01") - day("04-10")).days
    assert alice.posted(Rule.ACCRUE_INTEREST) == f"{round_half_up(Fraction(333_33 * days, 2000)) / 100:.2f}"


def test_unpaid_interest_bears_no_interest():
    alice = Play()
    alice.buy("03-05", "1000.00", 11)
    alice.until("05-01")
    alice.repay("05-02", "1000.00")  # statement by statement: the principal of April before the interest billed in May
    alice.until("12-31")

    assert alice.account.principal_minor == 0
    assert alice.posted(Rule.ACCRUE_INTEREST) == "11.00"  # 22 days on 1,000.00 and nothing after


def test_grace_days_let_a_late_full_payment_go_free():
    alice = Play(program_with(grace_days=3))
    alice.buy("03-05", "1000.00", 11)
    alice.repay("04-13", "1000.00")
    alice.until("12-31")

    assert alice.posted(Rule.ACCRUE_INTEREST) == "0.00"
    assert alice.line.past_due_on is None


def test_grace_days_without_a_full_payment_count_from_the_due_day():
    alice = Play(program_with(grace_days=3))
    alice.buy("03-05", "1000.00", 11)
    alice.repay("04-13", "400.00")
    alice.repay("04-20", "600.00")
    alice.until("05-01")

    assert alice.images["05-01"] == "3.60"  # 3 days on 1,000.00 = 1.50, 7 days on 600.00 = 2.10


def test_a_rest_within_the_tolerance_in_time_bears_no_interest_but_is_still_owed():
    alice = Play(program_with(full_payment_tolerance_minor=10_00))
    alice.buy("03-05", "1000.00", 11)
    alice.repay("04-10", "990.00")
    alice.until("05-09")

    assert alice.posted(Rule.ACCRUE_INTEREST) == "0.00"
    assert alice.line.principal_minor == 10_00
    assert alice.line.past_due_on is None


def test_within_the_tolerance_no_minimum_is_missed():
    alice = Play(program_with(full_payment_tolerance_minor=10_00))
    alice.buy("03-05", "1200.00", 11, installments=12, fee_payer="merchant")
    alice.repay("04-10", "92.00")
    alice.until("04-20")

    assert alice.line.past_due_on is None
    assert alice.line.due_minor == 8_00


def test_a_payoff_within_grace_asks_for_no_interest():
    alice = Play(program_with(grace_days=3))
    alice.buy("03-05", "1000.00", 11)
    alice.until("04-14")

    assert payoff(alice.account, day("04-13"), alice.program).accrued_minor == 0
    assert payoff(alice.account, day("04-14"), alice.program).accrued_minor == 2_00


def test_a_new_rate_for_balances_holds_from_its_day_on_and_both_parts_are_rounded_together():
    alice = Play(with_rate_from("04-20", "0.0004", "balances"))
    alice.buy("03-05", "1000.00", 11)
    alice.until("05-01")

    assert alice.images["05-01"] == "9.40"  # 10 days at 0.05 % and 11 days at 0.04 %


def test_a_new_rate_for_new_cycles_leaves_older_statements_at_theirs():
    alice = Play(with_rate_from("04-20", "0.0004", "new_cycles"))
    alice.buy("03-05", "1000.00", 11)
    alice.buy("04-05", "1000.00", 12)
    alice.until("06-01")

    assert alice.images["05-01"] == "1010.50"  # 21 days at 0.05 %
    assert alice.images["06-01"] == "24.30"  # 31 days at 0.05 % = 15.50, and 22 days at 0.04 % = 8.80


def test_a_payoff_takes_the_interest_that_no_statement_has_billed():
    alice = Play()
    alice.buy("03-05", "1000.00", 11)
    alice.until("04-30")
    asked = payoff(alice.account, day("04-30"), HUABEI)

    alice.repay("04-30", "1010.00", "wallet")
    alice.until("12-31")

    assert (asked.principal_minor, asked.accrued_minor, asked.total_minor) == (1000_00, 10_00, 1010_00)
    assert alice.account.owed_minor == 0
    assert len(alice.statements) == 1


def test_looking_at_a_payoff_changes_nothing():
    alice = Play()
    alice.buy("03-05", "1000.00", 11)
    alice.until("04-30")
    before = alice.account

    payoff(alice.account, day("04-30"), HUABEI)

    assert alice.account == before


@settings(max_examples=100)
@given(
    base_minor=st.integers(1, 10**8),
    looks=st.lists(st.integers(0, 400), max_size=6),
    last=st.integers(0, 400),
    new_rate_after=st.integers(1, 300),
)
def test_it_does_not_matter_how_often_anybody_looks(base_minor, looks, last, new_rate_after):
    due_on = date(2026, 4, 10)
    program = with_rate_from(str(due_on + timedelta(days=new_rate_after)), "0.0003", "balances")
    statement = Statement(
        closes_on=date(2026, 4, 1),
        due_on=due_on,
        image_minor=base_minor,
        minimum_minor=0,
        accrued_through_on=due_on,
        items=(Billed(item_id=1, principal_minor=base_minor),),
    )

    account = Account(line_id=1, program="huabei", opens_on=date(2026, 4, 1), sequence=1, statements=(statement,))

    once = accrued(account, due_on + timedelta(days=last), program)
    often = account
    for days in sorted(min(look, last) for look in looks):
        often = accrued(often, due_on + timedelta(days=days), program)
    often = accrued(often, due_on + timedelta(days=last), program)

    assert often == once
    first = min(last, new_rate_after)
    assert exact_interest(once.statements[0].accruals, program) == base_minor * (
        Fraction(5, 10_000) * first + Fraction(3, 10_000) * (last - first)
    )
