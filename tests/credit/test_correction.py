"""Corrections: what counts on a day that is over gives the same state as if it had come in time."""

from __future__ import annotations

from decimal import Decimal
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from credit.play import Play, day, program_with
from credit.test_properties import PROGRAMS, History, happen
from florin.credit.correction import as_of, fold
from florin.credit.interest import accrued, unposted_minor, unposted_penalty_minor
from florin.credit.items import days_past_due
from florin.credit.terms import LateCharge, Program
from florin.ledger import Account as Ledger
from florin.ledger import Rule
from florin.money import yuan_text

TEA_SET, PHONE = 11, 12


def economic(alice: Play, on: str) -> int:
    """What is owed in all, accrued interest and what is still to be given back included, less what is owed to her."""
    account = accrued(alice.account, day(on), alice.program)
    pending = sum(
        unposted_minor(s, alice.program) + unposted_penalty_minor(s, alice.program) for s in account.statements
    )
    pending += sum(adjustment.amount_minor for adjustment in account.adjustments)
    return account.owed_minor + pending - account.credit_balance_minor


def test_a_repayment_that_came_in_time_but_was_booked_late_takes_the_interest_and_the_late_mark_back():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.until("04-20")
    assert alice.line.past_due_on == day("04-10")

    alice.backdate_repayment("04-20", "04-08", "1000.00")
    alice.until("06-01")

    assert alice.line.past_due_on is None
    assert alice.images == {"04-01": "1000.00"}
    assert (alice.posted(Rule.AGE_PRINCIPAL), alice.posted(Rule.ACCRUE_INTEREST)) == ("0.00", "0.00")
    assert economic(alice, "06-01") == 0


def test_interest_billed_too_much_comes_off_at_once_and_the_next_statement_names_the_one_it_was_on():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.buy("04-15", "300.00", PHONE)
    alice.until("05-01")
    assert alice.images["05-01"] == "310.50"  # 1,000.00 for 21 days from 10 April

    alice.backdate_repayment("05-05", "04-09", "1000.00")

    assert alice.line.due_minor == 300_00
    assert alice.last_entries() == {
        "REPAY_FROM_BANK": "1000.00",
        "CLEAR_PRINCIPAL_BILLED": "1000.00",
        "AGE_PRINCIPAL": "-1000.00",
        "ACCRUE_INTEREST": "-10.50",
        "BILL_INTEREST": "-10.50",
    }
    alice.until("06-01")
    told = [line for line in alice.statements[-1].lines if line.what == "adjustment"]
    assert [(line.amount_minor, line.statement_closes_on) for line in told] == [(-10_50, day("05-01"))]
    assert alice.images["05-01"] == "310.50"
    assert alice.images["06-01"] == "3.30"  # what 300.00 bore for 22 days; the adjustment is no part of it


def test_a_penalty_that_was_not_deserved_is_reversed():
    late = LateCharge(share=Decimal("0.05"), floor_minor=1000)
    alice = Play(program_with(yearly_rate_max=None, late_charges=(late,)))
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.until("04-12")
    assert alice.line.penalty_minor == 10_00

    alice.backdate_repayment("04-12", "04-10", "100.00")

    assert alice.line.penalty_minor == 0
    assert alice.posted(Rule.CHARGE_PENALTY) == "0.00"
    assert alice.balance(Ledger.PENALTY_INCOME) == 0


def test_a_returned_repayment_counts_as_never_made_but_no_penalty_is_charged_for_the_past():
    late = LateCharge(share=Decimal("0.05"), floor_minor=1000)
    alice = Play(program_with(yearly_rate_max=None, late_charges=(late,), penalty_daily_rate=Decimal("0.0002")))
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.repay("04-08", "1000.00")
    assert alice.available_minor == 10_000_00

    alice.return_repayment("05-20", "04-08", "1000.00")

    assert alice.line.principal_minor == 1000_00
    assert alice.line.due_minor == 1000_00
    alice.until("05-21")
    assert alice.line.past_due_on == day("04-10")
    assert alice.line.penalty_minor == 0
    alice.until("06-01")
    lines = {line.what: line.amount_minor for line in alice.statements[-1].lines}
    assert lines["interest"] == 26_00  # 52 days from 10 April: interest is owed from its day on
    assert lines["penalty"] == 22  # of the unmet minimum of 100.00, for the 11 days since we knew


def test_a_bounce_after_the_excess_went_to_the_wallet_is_owed_back():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.repay("03-20", "1200.00")
    assert alice.balance(Ledger.CREDIT_BALANCE) == 0

    alice.return_repayment("03-25", "03-20", "1200.00")

    assert alice.line.principal_minor == 1200_00
    assert alice.balance(Ledger.CREDIT_BALANCE) == 0
    alice.until("04-01")
    assert alice.images == {"04-01": "1200.00"}


def test_the_account_as_of_a_day_by_value_and_by_knowledge():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.until("04-20")
    known_then = list(alice.events)
    alice.backdate_repayment("04-20", "04-08", "400.00")

    as_known_then = as_of(known_then, day("04-12"), alice.program)
    as_known_now = as_of(alice.events, day("04-12"), alice.program)

    assert (as_known_then.owed_minor, as_known_now.owed_minor) == (1000_00, 600_00)
    assert (as_known_then.statements[0].past_due, as_known_now.statements[0].past_due) == (True, False)


def test_a_fold_of_a_corrected_history_is_the_live_state():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.until("05-03")
    alice.backdate_repayment("05-05", "04-09", "1000.00")
    alice.buy("05-06", "77.00", PHONE)
    alice.until("06-20")

    assert fold(alice.events, alice.program).account == alice.account


def test_an_older_history_that_asks_for_less_lowers_the_minimum_but_not_the_image():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.until("04-05")
    assert alice.account.statements[0].minimum_minor == 100_00

    alice.backdate_repayment("04-05", "03-20", "900.00")

    (march,) = alice.account.statements
    assert (march.image_minor, march.remaining_minor, march.minimum_minor) == (1000_00, 100_00, 10_00)
    alice.repay("04-09", "10.00")
    alice.until("04-20")
    assert alice.line.past_due_on is None


def test_a_minimum_and_a_due_day_are_never_raised_by_a_repayment_that_was_returned():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.repay("03-20", "400.00")
    alice.until("04-05")

    alice.return_repayment("04-05", "03-20", "400.00")

    (march,) = alice.account.statements
    assert (march.remaining_minor, march.minimum_minor, march.due_on) == (1000_00, 60_00, day("04-10"))
    alice.repay("04-10", "60.00")
    alice.until("04-20")
    assert alice.line.past_due_on is None


def test_a_late_charge_is_lowered_to_what_the_corrected_history_deserves():
    late = LateCharge(share=Decimal("0.05"))
    alice = Play(program_with(yearly_rate_max=None, late_charges=(late,)))
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.until("04-12")
    assert alice.line.penalty_minor == 5_00  # of the 100.00 that was missed

    alice.backdate_repayment("04-12", "04-09", "60.00")

    assert alice.line.penalty_minor == 2_00  # of the 40.00 that was
    alice.until("05-01")
    told = [line for line in alice.statements[-1].lines if line.what == "adjustment"]
    assert [(line.amount_minor, line.statement_closes_on) for line in told] == [(-3_00, day("04-01"))]


def test_days_past_due_run_from_the_oldest_statement_that_the_corrected_history_leaves_unmet():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.buy("04-05", "500.00", PHONE)
    alice.until("05-20")
    assert (alice.line.past_due_on, days_past_due(alice.account, day("05-20"))) == (day("04-10"), 40)

    alice.backdate_repayment("05-20", "04-09", "300.00")

    assert (alice.line.past_due_on, days_past_due(alice.account, day("05-20"))) == (day("05-10"), 10)


def test_days_past_due_run_from_the_oldest_statement_again_when_what_met_it_was_returned():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.buy("04-05", "500.00", PHONE)
    alice.repay("04-09", "300.00")
    alice.until("05-20")
    assert (alice.line.past_due_on, days_past_due(alice.account, day("05-20"))) == (day("05-10"), 10)

    alice.return_repayment("05-20", "04-09", "300.00")

    alice.until("05-21")
    assert (alice.line.past_due_on, days_past_due(alice.account, day("05-21"))) == (day("04-10"), 41)


def test_a_plan_that_was_agreed_and_money_that_was_paid_out_stand():
    alice = Play()
    alice.buy("03-05", "1200.00", PHONE, installments=3)
    alice.buy("03-06", "300.00", TEA_SET)
    alice.until("05-02")
    agreed = alice.account.plans

    alice.backdate_repayment("05-02", "04-09", "300.00")

    assert alice.account.plans == agreed
    alice.repay("05-03", "5000.00")
    paid_out = alice.posted(Rule.PAY_CREDIT_BALANCE)
    alice.backdate_repayment("05-04", "04-09", "100.00")
    assert alice.posted(Rule.PAY_CREDIT_BALANCE) == paid_out


# ── every program, whatever else happened ─────────────────────────────────────────────────────────────────────────

OTHERS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("buy", "buy", "buy in installments", "merchant's installments", "escrow", "receive"),
                *("return before receipt", "refund", "repay", "repay", "look"),
            ]
        ),
        st.integers(0, 40),
        st.integers(1, 3_000_00),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=6,
)
# When it came, how much, and after how many days it was known (to have come, or to have been taken back).
LATE = st.tuples(st.integers(0, 150), st.integers(1, 2_000_00), st.integers(1, 90))


def kept_on_the_line(program: Program, **changes: object) -> Program:
    """With credit balances on the line, since a wallet that was paid keeps what it was paid."""
    versions = (
        replace(version, terms=replace(version.terms, credit_balance_to_wallet=False, **changes))
        for version in program.versions
    )
    return replace(program, versions=tuple(versions))


def play_both(
    program: Program, others: list[tuple[str, int, int, int]], late: tuple[int, int, int], *, returned: bool
) -> tuple[Play, Play, str]:
    """One line as it should have been, one that was corrected, and a day long after."""
    start = day("03-02").toordinal()
    came, minor, known_after = late
    days = list(accumulate(days for _, days, _, _ in others))
    happenings = [(on, 0, what, minor, which) for on, (what, _, minor, which) in zip(days, others, strict=True)]
    happenings += [(came, 1, "came", minor, 0), (came + known_after, 1, "known", minor, 0)]
    right, wrong = (History(play=Play(program, limit="100000.00"), escrowed={}, refundable={}) for _ in range(2))
    for on, _, what, amount_minor, which in sorted(happenings, key=lambda happening: happening[:2]):
        date, yuan = day("03-02").fromordinal(start + on), yuan_text(amount_minor)
        for history in (right, wrong):
            history.on = date
            history.play.until(date)
            if what not in ("came", "known"):
                happen(history, what, amount_minor, which)
        came_on = day("03-02").fromordinal(start + came)
        if what == "came":
            (wrong if returned else right).play.repay(date, yuan)
        elif what == "known" and returned:
            wrong.play.return_repayment(date, came_on, yuan)
        elif what == "known":
            wrong.play.backdate_repayment(date, came_on, yuan)
    end = day("03-02").fromordinal(start + max(on for on, *_ in happenings) + 100)
    for history in (right, wrong):
        history.play.until(end)
    return right.play, wrong.play, str(end)


def assert_the_books_hold(play: Play) -> None:
    line, balance = play.line, play.balance
    principal = (Ledger.PRINCIPAL_UNBILLED, Ledger.PRINCIPAL_BILLED, Ledger.PRINCIPAL_PAST_DUE)
    assert line.principal_minor == sum(map(balance, (*principal, Ledger.MEMO_CLAIM_PRINCIPAL)))
    fee = (Ledger.FEE_UNBILLED, Ledger.FEE_BILLED, Ledger.MEMO_CLAIM_FEE)
    assert line.fee_minor == sum(map(balance, fee))
    interest = (Ledger.INTEREST_BILLED, Ledger.MEMO_INTEREST, Ledger.MEMO_CLAIM_INTEREST)
    assert line.interest_minor == sum(map(balance, interest))
    penalty = (Ledger.PENALTY_BILLED, Ledger.MEMO_PENALTY, Ledger.MEMO_CLAIM_PENALTY)
    assert line.penalty_minor == sum(map(balance, penalty))
    assert line.credit_balance_minor == balance(Ledger.CREDIT_BALANCE)
    assert balance(Ledger.INTEREST_ACCRUED) == 0
    assert fold(play.events, play.program).account == play.account


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=15, deadline=None)
@given(others=OTHERS, late=LATE)
def test_under_every_program_a_repayment_booked_late_ends_as_one_in_time(program, others, late):
    in_time, too_late, end = play_both(kept_on_the_line(program), others, late, returned=False)

    assert_the_books_hold(too_late)
    assert economic(too_late, end) == economic(in_time, end)


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=15, deadline=None)
@given(others=OTHERS, late=LATE)
def test_under_every_program_a_returned_repayment_ends_as_one_never_made_or_better(program, others, late):
    """Better where a bill of the past would be needed, which is never made, or a penalty for it. Other bills round otherwise,
    by a fen each. Without charge-off, whose day comes by days past due: interest that ran on until a later one would be more.
    """
    never_made, returned, end = play_both(kept_on_the_line(program, charge_off_days=0), others, late, returned=True)

    assert_the_books_hold(returned)
    roundings = len(never_made.statements)
    assert economic(returned, end) <= economic(never_made, end) + roundings
    terms = program.versions[0].terms
    if never_made.images.keys() == returned.images.keys() and not (terms.late_charges or terms.penalty_daily_rate):
        assert economic(returned, end) == economic(never_made, end)
