"""A repayment that may still come back lowers the debt at once; its limit returns when it has cleared."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from credit.play import Play, at, day, program_with
from credit.test_correction import LATE, OTHERS, assert_the_books_hold, economic, kept_on_the_line, play_both
from credit.test_properties import PROGRAMS, History, happen
from florin.credit.authorize import CreditLimitExceeded, LimitNotBackYet
from florin.credit.close import CloseLine, StillUncleared
from florin.credit.close import decide as decide_close
from florin.credit.contradictions import contradictions
from florin.credit.correction import line_as_of
from florin.credit.particulars import ORDINARY
from florin.credit.repayment_hold import NoRepaymentHeld
from florin.credit.terms import Program
from florin.events import CreditBalancePaid, RepaymentCleared, RepaymentConfirmed
from florin.ledger import Account as Ledger
from florin.money import yuan_text

TEA_SET, PHONE = 11, 12
HELD = program_with(repayment_hold_days=3)
KEPT = program_with(repayment_hold_days=3, credit_balance_to_wallet=False)


def spent(program: Program = HELD) -> Play:
    """Alice has bought for all of her 1,000.00."""
    alice = Play(program, limit="1000.00")
    alice.buy("03-05", "1000.00", TEA_SET)
    return alice


def test_the_debt_falls_at_once_and_the_limit_is_back_on_the_third_day():
    alice = spent()
    alice.repay("03-10", "400.00")

    assert (alice.line.principal_minor, alice.line.uncleared_minor, alice.available_minor) == (600_00, 400_00, 0)
    alice.until("03-12")
    assert alice.available_minor == 0
    alice.until("03-13")
    assert (alice.line.uncleared_minor, alice.available_minor) == (0, 400_00)
    assert alice.line.particulars == ORDINARY
    assert [event.value_on for event in alice.events if isinstance(event, RepaymentCleared)] == [day("03-13")]


def test_from_the_wallet_nothing_is_held():
    alice = spent()
    alice.repay("03-10", "400.00", "wallet")

    assert (alice.line.uncleared_minor, alice.available_minor) == (0, 400_00)


def test_what_it_cleared_of_interest_and_fees_keeps_no_limit():
    alice = Play(HELD, limit="1000.00")
    alice.buy("03-05", "1000.00", TEA_SET)
    alice.until("05-01")  # 21 days from 10 April: 10.50 of interest on the bill of May
    alice.repay("05-02", "1010.50")

    assert (alice.line.interest_minor, alice.line.principal_minor) == (0, 0)
    assert alice.line.uncleared_minor == 1000_00
    assert alice.available_minor == 0


def test_the_bank_may_confirm_it_before_and_the_clock_then_has_nothing_to_do():
    alice = spent()
    alice.repay("03-10", "400.00", reference="B-1")

    assert alice.confirm("03-11", "400.00", "B-1") is None
    alice.until("03-20")

    assert alice.available_minor == 400_00
    assert not any(isinstance(event, RepaymentCleared) for event in alice.events)
    assert alice.confirm("03-20", "400.00", "B-1") == NoRepaymentHeld(amount_minor=400_00, reference="B-1", line_id=1)


def test_an_overpayment_is_neither_spent_nor_paid_out_before_it_has_cleared():
    alice = spent()
    alice.repay("03-10", "1200.00")

    assert (alice.line.credit_balance_minor, alice.line.uncleared_minor) == (200_00, 1200_00)
    assert alice.available_minor == 0
    alice.pay_cleared_balance("03-12")
    assert alice.line.credit_balance_minor == 200_00
    alice.pay_cleared_balance("03-13")
    assert (alice.line.credit_balance_minor, alice.available_minor) == (0, 1000_00)
    assert [event.amount_minor for event in alice.events if isinstance(event, CreditBalancePaid)] == [200_00]


def test_the_confirmation_of_an_overpayment_pays_it_out():
    alice = spent()
    alice.repay("03-10", "1200.00")

    alice.confirm("03-10", "1200.00")

    assert [type(event) for event in alice.events[-2:]] == [RepaymentConfirmed, CreditBalancePaid]
    assert (alice.line.credit_balance_minor, alice.available_minor) == (0, 1000_00)


def test_a_refund_goes_to_the_wallet_though_an_overpayment_waits():
    alice = spent()
    alice.repay("03-10", "1200.00")

    said = alice.refund("03-11", "50.00", TEA_SET)

    assert (said.excess_minor, said.kept_minor) == (50_00, 200_00)
    assert (alice.line.credit_balance_minor, alice.available_minor) == (200_00, 0)


def test_an_overpayment_that_pays_the_next_bill_is_held_on_the_principal_that_it_paid():
    alice = Play(program_with(repayment_hold_days=30, credit_balance_to_wallet=False), limit="1000.00")
    alice.buy("03-05", "100.00", TEA_SET)
    alice.repay("03-20", "300.00")
    alice.buy("03-25", "150.00", PHONE)
    assert alice.available_minor == 1000_00 - 150_00 - 100_00
    alice.until("04-01")

    assert (alice.line.principal_minor, alice.line.credit_balance_minor) == (0, 50_00)
    (held,) = alice.line.particulars.uncleared
    assert (held.debt_minor, held.balance_minor) == (250_00, 50_00)
    assert alice.available_minor == 1000_00 - 150_00 - 100_00
    alice.until("04-19")
    assert alice.available_minor == 1000_00 + 50_00


def test_a_repayment_that_the_bank_takes_back_ends_its_hold_and_frees_nothing():
    alice = spent()
    alice.repay("03-10", "400.00")
    before_minor = alice.available_minor

    alice.return_repayment("03-11", "03-10", "400.00")

    assert (alice.line.principal_minor, alice.line.uncleared_minor) == (1000_00, 0)
    assert alice.available_minor == before_minor == 0
    alice.until("03-20")
    assert not any(isinstance(event, RepaymentCleared) for event in alice.events)


def test_a_repayment_that_was_cleared_and_comes_back_all_the_same_is_owed_again():
    alice = spent()
    alice.repay("03-10", "400.00")
    alice.until("03-14")

    alice.return_repayment("03-15", "03-10", "400.00")

    assert (alice.line.principal_minor, alice.available_minor, alice.line.uncleared_minor) == (1000_00, 0, 0)
    assert_the_books_hold(alice)


@pytest.mark.parametrize(("known", "uncleared_minor"), [("03-12", 400_00), ("03-13", 0), ("03-30", 0)])
def test_one_that_was_booked_late_is_held_from_the_day_on_which_it_counts(known, uncleared_minor):
    alice = spent()
    alice.backdate_repayment(known, "03-10", "400.00")

    assert alice.line.uncleared_minor == uncleared_minor
    alice.until("03-31")
    assert (alice.line.uncleared_minor, alice.available_minor) == (0, 400_00)


def test_the_refusal_says_how_much_comes_back_and_when():
    alice = spent()
    alice.repay("03-10", "100.00", reference="B-1")
    alice.repay("03-11", "300.00", reference="B-2")

    little = alice.refused("03-11", "60.00")
    more = alice.refused("03-11", "150.00")
    too_much = alice.refused("03-11", "900.00")

    assert little == LimitNotBackYet(
        requested_minor=60_00, available_minor=0, over_minor=60_00, line_id=1, back_minor=100_00, back_on=day("03-13")
    )
    assert isinstance(little, CreditLimitExceeded)
    assert (more.back_minor, more.back_on) == (400_00, day("03-14"))
    assert (too_much.back_minor, too_much.back_on) == (400_00, day("03-14"))
    assert "¥100.00 of your limit is back by 13 March 2026" in little.sentence("en")
    assert "最晚2026年3月13日恢复额度 ¥100.00" in little.sentence("zh")
    alice.until("03-14")
    assert type(alice.refused("03-14", "900.00")) is CreditLimitExceeded


def test_a_line_is_closed_only_when_all_has_cleared():
    alice = spent()
    alice.repay("03-10", "1000.00")
    command = CloseLine(line_id=1, reason="asked")

    def closing(on: str) -> object:
        alice.until(on)
        return decide_close(alice.line, alice.account, command, at(on), program=HELD)

    assert closing("03-12") == StillUncleared(uncleared_minor=1000_00, clears_on=day("03-13"), line_id=1)
    assert not alice.line.is_settled
    assert not isinstance(closing("03-13"), StillUncleared)
    assert alice.line.is_settled


def test_the_line_as_of_a_day_knows_what_had_not_cleared_then():
    alice = spent()
    alice.repay("03-10", "400.00")
    alice.until("03-20")

    then, _ = line_as_of(alice.events, day("03-12"), HELD, lane=3)
    later, _ = line_as_of(alice.events, day("03-13"), HELD, lane=3)

    assert (then.uncleared_minor, then.available_minor_on(day("03-12"))) == (400_00, 0)
    assert (later.uncleared_minor, later.available_minor_on(day("03-13"))) == (0, 400_00)


@pytest.mark.parametrize("days", [-1, 61])
def test_no_repayment_is_held_for_longer_than_two_months(days: int):
    wrong = dict(contradictions(program_with(repayment_hold_days=days).versions[0].terms))

    assert wrong == {"repayment_hold_days": "hold a repayment for 0 to 60 days"}


# ── every program, whatever else happened ─────────────────────────────────────────────────────────────────────────


def holding(program: Program, days: int) -> Program:
    versions = (replace(v, terms=replace(v.terms, repayment_hold_days=days)) for v in program.versions)
    return replace(program, versions=tuple(versions))


def assert_holds_add_up(play: Play) -> None:
    line, account = play.line, play.account
    assert line.uncleared_minor == sum(held.held_minor for held in line.particulars.uncleared)
    assert all(held.held_minor > 0 and min(held.debt_minor, held.balance_minor) >= 0 for held in account.uncleared)
    assert all(held.held_minor <= held.amount_minor for held in account.uncleared)
    assert account.cleared_balance_minor >= 0
    assert [held.clears_on for held in account.uncleared] == sorted(held.clears_on for held in account.uncleared)


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=15, deadline=None)
@given(others=OTHERS, late=LATE, days=st.integers(1, 60))
def test_under_every_program_a_held_repayment_booked_late_ends_as_one_in_time(program, others, late, days):
    in_time, too_late, end = play_both(holding(kept_on_the_line(program), days), others, late, returned=False)

    for play in (in_time, too_late):
        assert_the_books_hold(play)
        assert_holds_add_up(play)
    assert economic(too_late, end) == economic(in_time, end)
    assert too_late.line.uncleared_minor == in_time.line.uncleared_minor


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=15, deadline=None)
@given(others=OTHERS, late=LATE, days=st.integers(1, 60))
def test_under_every_program_a_returned_repayment_leaves_no_hold_of_its_own(program, others, late, days):
    never_made, returned, _ = play_both(
        holding(kept_on_the_line(program, charge_off_days=0), days), others, late, returned=True
    )

    for play in (never_made, returned):
        assert_the_books_hold(play)
        assert_holds_add_up(play)
    held = [(one.amount_minor, one.repaid_on) for one in returned.account.uncleared]
    assert held == [(one.amount_minor, one.repaid_on) for one in never_made.account.uncleared]


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=15, deadline=None)
@given(others=OTHERS, days=st.integers(1, 40))
def test_under_every_program_a_hold_changes_what_is_available_and_nothing_that_is_owed(program, others, days):
    program = kept_on_the_line(program)
    plain, held = (History(play=Play(p, limit="100000.00")) for p in (program, holding(program, days)))
    start = day("03-02").toordinal()
    for on, (what, _, minor, which) in zip(accumulate(each[1] for each in others), others, strict=True):
        for history in (plain, held):
            history.on = day("03-02").fromordinal(start + on)
            history.play.until(history.on)
            happen(history, what, minor, which)
        assert_holds_add_up(held.play)
        assert_same_debt(plain.play, held.play)
        uncleared_minor = held.play.line.uncleared_minor
        assert held.play.available_minor == plain.play.available_minor - uncleared_minor, yuan_text(uncleared_minor)


def assert_same_debt(plain: Play, held: Play) -> None:
    assert plain.account == replace(held.account, uncleared=(), sequence=plain.account.sequence)
    assert all(plain.balance(ledger) == held.balance(ledger) for ledger in Ledger)
