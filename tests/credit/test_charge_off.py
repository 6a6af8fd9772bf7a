"""Charge-off: a loss in the books, a claim beside them; what is collected later is income."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.play import Play, day, program_with, totals
from credit.test_properties import (
    DECLINING,
    HAPPENINGS,
    PLANS,
    UP_FRONT,
    History,
    a_fold_of_all_events_is_the_live_state,
    every_stage_is_in_the_book,
    happen,
    money_in_is_money_out,
)
from florin.credit.account import Account, advance
from florin.credit.authorize import LineNotOpen
from florin.credit.charge_off import NothingToChargeOff
from florin.credit.line import LineState
from florin.credit.payoff import payoff
from florin.credit.terms import Program, Waterfall
from florin.events import ChargedOff
from florin.ledger import Account as Ledger
from florin.ledger import Rule
from florin.money import yuan_text

AT_180 = program_with(charge_off_days=180)


def charged_off_after_180_days(program: Program = AT_180) -> Play:
    """1,000.00 of 5 March, unpaid: due 10 April, interest 0.05 % a day."""
    alice = Play(program)
    alice.buy("03-05", "1000.00", 11)
    alice.until("10-07")
    return alice


def test_the_clock_charges_off_after_180_days_past_due():
    alice = charged_off_after_180_days()

    (event,) = [event for event in alice.events if isinstance(event, ChargedOff)]
    assert (event.value_on, event.days_past_due) == (day("10-07"), 180)
    # 0.50 a day from 10 April: 174 days are billed through 1 October, 6 accrued since are claimed and never were income.
    assert alice.last_entries() == {
        "WRITE_OFF_PAST_DUE": "1000.00",
        "WRITE_OFF_INTEREST": "87.00",
        "CLAIM_INTEREST": "3.00",
    }
    assert alice.balance(Ledger.ALLOWANCE) == -1087_00
    assert alice.balance(Ledger.INTEREST_INCOME) == 87_00
    assert (alice.balance(Ledger.MEMO_CLAIM_PRINCIPAL), alice.balance(Ledger.MEMO_CLAIM_INTEREST)) == (1000_00, 90_00)


def test_a_charged_off_line_is_owed_due_and_closed_for_purchases():
    alice = charged_off_after_180_days()

    assert alice.line.state is LineState.CHARGED_OFF
    assert (alice.line.due_minor, alice.line.due_on) == (1090_00, day("04-10"))
    assert alice.available_minor == alice.line.limit_minor - 1000_00
    refused = alice.refused("10-08", "1.00")
    assert isinstance(refused, LineNotOpen)
    assert refused.state == "charged-off"


def test_the_clock_leaves_what_is_charged_off_alone():
    alice = charged_off_after_180_days()

    after, steps = advance(alice.account, day("2030-01-01"), alice.program)

    assert steps == ()
    assert after == alice.account
    assert payoff(after, day("2030-01-01"), alice.program).total_minor == 1090_00


def test_a_claim_may_go_on_bearing_interest_off_the_books():
    alice = charged_off_after_180_days(program_with(charge_off_days=180, charge_off_interest="memo"))

    assert payoff(alice.account, day("10-27"), alice.program).total_minor == 1100_00
    alice.repay("10-27", "1100.00")

    assert alice.account.owed_minor == 0
    assert alice.balance(Ledger.RECOVERY_INCOME) == 1100_00
    assert alice.balance(Ledger.INTEREST_INCOME) == 87_00


def test_what_is_recovered_is_income_and_clears_the_claim_by_the_waterfall():
    alice = charged_off_after_180_days()

    alice.repay("11-01", "100.00")

    assert alice.last_entries() == {
        "REPAY_FROM_BANK": "100.00",
        "CLEAR_CLAIM_INTEREST": "3.00",
        "CLEAR_CLAIM_PRINCIPAL": "97.00",
    }  # the oldest statement first; the interest on it that was billed stands on newer ones
    assert alice.balance(Ledger.RECOVERY_INCOME) == 100_00
    assert alice.line.due_minor == 990_00


def test_the_waterfall_of_its_age_holds_for_a_claim():
    principal_first = Waterfall(order=("principal", "interest", "fee", "penalty", "cost"), from_days_past_due=91)
    interest_first = Waterfall(order=("cost", "penalty", "interest", "fee", "principal"))
    alice = charged_off_after_180_days(program_with(charge_off_days=180, waterfall=(interest_first, principal_first)))

    alice.repay("11-01", "100.00")

    assert alice.last_entries() == {"REPAY_FROM_BANK": "100.00", "CLEAR_CLAIM_PRINCIPAL": "100.00"}


def test_a_refund_that_only_lowers_a_claim_gives_the_merchant_no_fee_back():
    alice = Play(program_with(charge_off_days=60, charge_off_mode="past_due", installments=PLANS))
    alice.buy("03-05", "300.00", 11, installments=3, fee_payer="merchant")
    alice.until("06-10")
    claimed_minor = alice.account.claim_minor("principal", item_id=11)
    deferred_minor = alice.balance(Ledger.DEFERRED_FEE_INCOME)
    assert 0 < claimed_minor < 300_00

    said = alice.refund("06-10", "10.00", 11)

    assert alice.account.claim_minor("principal", item_id=11) == claimed_minor - 10_00
    assert said.merchant_fee_back_minor == 0
    assert alice.balance(Ledger.DEFERRED_FEE_INCOME) == deferred_minor
    every_stage_is_in_the_book(alice)


def test_a_refund_of_a_charged_off_purchase_clears_its_claim_first():
    alice = Play(AT_180)
    alice.buy("03-05", "1000.00", 11)
    alice.buy("03-06", "500.00", 12)
    alice.until("10-07")

    said = alice.refund("10-20", "500.00", 12)

    assert (said.purchase_minor, said.cleared_minor, said.excess_minor) == (500_00, 500_00, 0)
    assert alice.last_entries() == {"REFUND_CREDIT": "500.00", "CLEAR_CLAIM_PRINCIPAL": "500.00"}
    assert alice.balance(Ledger.RECOVERY_INCOME) == 500_00


def test_more_than_is_claimed_goes_to_the_wallet():
    alice = charged_off_after_180_days()

    alice.repay("11-01", "1100.00")

    assert alice.balance(Ledger.RECOVERY_INCOME) == 1090_00
    assert alice.posted(Rule.PAY_CREDIT_BALANCE) == "10.00"
    assert alice.line.state is LineState.CHARGED_OFF


def test_the_past_due_part_alone_is_charged_off_and_the_rest_goes_on():
    alice = Play(program_with(charge_off_days=180, charge_off_mode="past_due", blocks_while_past_due=False))
    alice.buy("03-05", "1000.00", 11)
    alice.until("09-30")
    alice.buy("10-02", "300.00", 12)

    alice.until("11-01")

    assert alice.account.claim_minor("principal") == 1000_00
    assert alice.images["11-01"] == "300.00"
    assert [statement.remaining_minor for statement in alice.account.statements] == [15_00, 300_00]


def test_principal_alone_waives_interest_and_fees_to_come():
    alice = Play(program_with(charge_off_days=60, charge_off_mode="principal", installments=PLANS))
    alice.buy("03-05", "1200.00", 11, installments=12)
    alice.until("06-09")

    assert alice.account.owed_minor == 1200_00 + alice.account.claim_minor("fee")
    assert alice.account.interest_minor == 0
    assert alice.balance(Ledger.INTEREST_INCOME) == 0
    assert alice.balance(Ledger.DEFERRED_FEE_INCOME) == 0
    assert alice.balance(Ledger.FEE_INCOME) == alice.account.claim_minor("fee") == 3 * 3_33


def test_the_owner_may_charge_off_earlier_and_not_what_is_not_owed():
    alice = Play()

    refused = alice.charge_off("03-04")
    assert isinstance(refused, NothingToChargeOff)
    assert "¥0.00" in refused.sentence("en")
    alice.buy("03-05", "80.00", 11)
    assert isinstance(alice.charge_off("03-06", "past_due"), NothingToChargeOff)
    assert alice.charge_off("03-06") is None

    assert alice.last_entries() == {"WRITE_OFF_UNBILLED": "80.00"}
    assert isinstance(alice.charge_off("03-07"), NothingToChargeOff)


def test_a_repayment_found_late_takes_back_a_charge_off_that_was_not_deserved():
    alice = charged_off_after_180_days()

    alice.backdate_repayment("10-09", "04-09", "1000.00")

    assert alice.line.state is LineState.OPEN
    assert alice.account.owed_minor == 0
    assert alice.balance(Ledger.ALLOWANCE) == alice.balance(Ledger.MEMO_CLAIM_PRINCIPAL) == 0
    assert alice.balance(Ledger.RECOVERY_INCOME) == 0


def test_a_recovery_that_the_bank_takes_back_is_claimed_again():
    alice = charged_off_after_180_days()
    alice.repay("11-01", "100.00")

    alice.return_repayment("11-05", "11-01", "100.00")

    assert alice.balance(Ledger.RECOVERY_INCOME) == 0
    assert alice.line.due_minor == 1090_00


# ── properties ────────────────────────────────────────────────────────────────────────────────────────────────────

PROGRAMS = [
    program_with(charge_off_days=45),
    program_with(charge_off_days=45, charge_off_interest="memo", interest_on=("principal", "interest")),
    program_with(charge_off_days=45, charge_off_mode="past_due", charge_off_interest="memo"),
    program_with(
        charge_off_days=60, charge_off_mode="past_due", non_accrual_days=20, blocks_while_past_due=False,
        penalty_daily_rate=Decimal("0.0003"), installments=PLANS,
    ),
    program_with(charge_off_days=45, charge_off_mode="principal", installments=PLANS, non_accrual_days=30),
    program_with(
        charge_off_days=45, interest_start="posting", grace_lost_for=1, due_day=20, credit_balance_to_wallet=False,
        installments=PLANS,
    ),
    program_with(charge_off_days=45, installments=UP_FRONT),
    program_with(charge_off_days=45, charge_off_mode="principal", installments=DECLINING),
]  # fmt: skip

MEMO = {
    "principal": Ledger.MEMO_CLAIM_PRINCIPAL,
    "fee": Ledger.MEMO_CLAIM_FEE,
    "interest": Ledger.MEMO_CLAIM_INTEREST,
    "penalty": Ledger.MEMO_CLAIM_PENALTY,
    "cost": Ledger.MEMO_CLAIM_COST,
}
LATE = st.tuples(
    st.one_of(
        HAPPENINGS.map(lambda happening: happening[0]), st.sampled_from(["buy", "buy in installments", "charge off"])
    ),
    st.integers(0, 90),
    st.integers(1, 3_000_00),
    st.integers(0, 5),
)


def play_late(program: Program, happenings: list[tuple[str, int, int, int]]) -> History:
    history = History(play=Play(program, limit="100000.00"))
    for what, days, minor, which in happenings:
        history.on += timedelta(days=days)
        if what == "charge off":
            history.play.charge_off(history.on, (None, "past_due", "whole_line")[which % 3])
        else:
            happen(history, what, minor, which)
    history.play.until(history.on)
    return history


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=60, deadline=None)
@given(happenings=st.lists(LATE, min_size=3, max_size=14))
def test_the_line_is_the_book_and_the_memo(program, happenings):
    play = play_late(program, happenings).play

    account = play.account
    for bucket, memo in MEMO.items():
        assert account.claim_minor(bucket) == play.balance(memo)
    every_stage_is_in_the_book(play)
    money_in_is_money_out(play)
    a_fold_of_all_events_is_the_live_state(play)
    assert play.line.principal_minor == account.principal_minor
    encoded = msgspec.json.encode(account)
    assert msgspec.json.decode(encoded, type=Account) == account


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=30, deadline=None)
@given(happenings=st.lists(LATE, max_size=10), days=st.integers(0, 400), between=st.integers(0, 400))
def test_advancing_at_once_or_in_two_steps_is_the_same(program, happenings, days, between):
    play = play_late(program, happenings).play
    b, c = (play.today + timedelta(days=n) for n in sorted((between, days)))

    at_once, steps = advance(play.account, c, program)
    first, first_steps = advance(play.account, b, program)
    second, second_steps = advance(first, c, program)

    assert second == at_once
    assert (*first_steps, *second_steps) == steps


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=30, deadline=None)
@given(happenings=st.lists(LATE, max_size=10))
def test_who_pays_all_that_is_quoted_owes_nothing(program, happenings):
    history = play_late(program, happenings)
    play = history.play

    quote = payoff(play.account, history.on, program).total_minor
    if quote:
        play.repay(history.on, yuan_text(quote))

    assert play.account.owed_minor == 0
    assert payoff(play.account, history.on, program).total_minor == 0


def test_totals_of_a_history_add_up_to_nothing_lost():
    alice = charged_off_after_180_days()
    alice.repay("11-01", "1090.00")

    cleared = totals(entry for _, entries in alice.log for entry in entries if entry.rule.name.startswith("CLEAR_"))
    assert cleared == {"CLEAR_CLAIM_INTEREST": "90.00", "CLEAR_CLAIM_PRINCIPAL": "1000.00"}
    assert alice.line.next_action_on == date.max
