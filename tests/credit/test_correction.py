"""Corrections: what counts on a day that is over gives the same state as if it had come in time."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from credit.play import Play, day, program_with
from florin.credit.correction import as_of, fold
from florin.credit.interest import accrued, unposted_minor, unposted_penalty_minor
from florin.credit.terms import LateCharge
from florin.ledger import Account as Ledger
from florin.ledger import Rule

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


@settings(max_examples=150, deadline=None)
@given(
    purchases=st.lists(st.tuples(st.integers(0, 80), st.integers(1, 100_000)), min_size=1, max_size=5),
    repayments=st.lists(st.tuples(st.integers(0, 100), st.integers(1, 100_000)), max_size=4),
    late=st.tuples(st.integers(1, 90), st.integers(1, 100_000), st.integers(1, 60)),
)
def test_a_backdated_repayment_gives_the_same_economic_state_as_one_in_time(purchases, repayments, late):
    program = program_with(credit_balance_to_wallet=False)
    came_on, minor, known_after = late
    in_time, too_late = Play(program), Play(program)
    happenings = [(on, "buy", amount) for on, amount in purchases]
    happenings += [(on, "repay", amount) for on, amount in repayments]
    happenings += [(came_on, "came", minor), (came_on + known_after, "known", minor)]
    start = day("03-02").toordinal()
    for number, (on, what, amount) in enumerate(sorted(happenings, key=lambda h: h[0]), start=100):
        date = day("03-02").fromordinal(start + on)
        for play in (in_time, too_late):
            yuan = f"{amount // 100}.{amount % 100:02d}"
            play.until(date)
            if what == "buy":
                play.buy(date, yuan, number)
            elif what == "repay" or (what == "came" and play is in_time):
                play.repay(date, yuan)
            elif what == "known" and play is too_late:
                play.backdate_repayment(date, day("03-02").fromordinal(start + came_on), yuan)
    end = day("03-02").fromordinal(start + 220)
    for play in (in_time, too_late):
        play.until(end)
        assert play.line.principal_minor == sum(
            map(play.balance, (Ledger.PRINCIPAL_UNBILLED, Ledger.PRINCIPAL_BILLED, Ledger.PRINCIPAL_PAST_DUE))
        )
        assert play.line.interest_minor == play.balance(Ledger.INTEREST_BILLED)
        assert play.line.credit_balance_minor == play.balance(Ledger.CREDIT_BALANCE)
        assert fold(play.events, program).account == play.account

    assert economic(too_late, str(end)) == economic(in_time, str(end))
