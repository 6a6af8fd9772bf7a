"""The wallet: joining, topping up, withdrawing, and a balance that is never overdrawn."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.events import PersonJoined, ToppedUp, WithdrawalRequested, WithdrawalReturned, WithdrawalSettled
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.wallet import join, top_up, withdraw
from florin.wallet.payout import AnswerDoesNotFit, Payout, PayoutAnswered, answered
from florin.wallet.wallet import Wallet, change_minor, evolve

TODAY = date(2026, 3, 5)
AT = At(on=TODAY, instant=datetime(2026, 3, 5, 4, tzinfo=UTC))
ALICE, WITHDRAWAL = 7, 9


def wallet(balance_minor: int = 0) -> Wallet:
    return Wallet(id=ALICE, lane=8, balance_minor=balance_minor)


def test_a_person_joins_with_nothing_in_the_wallet():
    command = join.Join(person_id=ALICE, logon="alice@example.com", name="Alice")

    (event,) = join.decide(command, AT)

    assert event == PersonJoined(value_on=TODAY, person_id=ALICE, name="Alice")
    assert change_minor(event) == 0


def test_money_that_arrived_is_in_the_wallet():
    command = top_up.TopUp(person_id=ALICE, amount_minor=500_00, bank_reference="b1")

    (event,) = top_up.decide(command, AT)

    assert event == ToppedUp(value_on=TODAY, person_id=ALICE, amount_minor=500_00, bank_reference="b1")
    assert evolve(wallet(20_00), event).balance_minor == 520_00


@pytest.mark.parametrize("amount_minor", [0, -1])
def test_nothing_or_less_is_neither_topped_up_nor_withdrawn(amount_minor):
    into = top_up.decide(top_up.TopUp(person_id=ALICE, amount_minor=amount_minor, bank_reference="b1"), AT)
    out = withdraw.decide(
        wallet(100_00), withdraw.Withdraw(withdrawal_id=WITHDRAWAL, person_id=ALICE, amount_minor=amount_minor), AT
    )

    assert into == out == top_up.AmountNotPositive(amount_minor=amount_minor)


@given(balance_minor=st.integers(0, 10**9), amount_minor=st.integers(1, 10**9))
def test_at_most_what_is_there_can_be_taken_out(balance_minor, amount_minor):
    command = withdraw.Withdraw(withdrawal_id=WITHDRAWAL, person_id=ALICE, amount_minor=amount_minor)

    decided = withdraw.decide(wallet(balance_minor), command, AT)

    if amount_minor > balance_minor:
        assert decided == withdraw.WalletTooLow(
            balance_minor=balance_minor, requested_minor=amount_minor, short_minor=amount_minor - balance_minor
        )
    else:
        assert decided == (WithdrawalRequested(value_on=TODAY, person_id=ALICE, amount_minor=amount_minor),)
        assert evolve(wallet(balance_minor), decided[0]).balance_minor == balance_minor - amount_minor


SENT = Payout(id=WITHDRAWAL, lane=8, amount_minor=50_00, requested_on=TODAY, person_id=ALICE)


def told(**changes) -> withdraw.SettleWithdrawal:
    fields = {"withdrawal_id": WITHDRAWAL, "person_id": ALICE, "amount_minor": 50_00, "bank_reference": "b2"}
    return withdraw.SettleWithdrawal(**(fields | changes))


def test_a_withdrawal_that_the_bank_returns_is_in_the_wallet_again_and_one_that_it_pays_is_not():
    (settled,) = withdraw.decide_settled(SENT, told(), AT)
    (returned,) = withdraw.decide_settled(SENT, told(returned=True, reason="account closed"), AT)

    assert isinstance(settled, WithdrawalSettled)
    assert isinstance(returned, WithdrawalReturned)
    assert (change_minor(settled), change_minor(returned)) == (0, 50_00)


@pytest.mark.parametrize("returned", [True, False])
def test_the_bank_answers_for_a_payout_once(returned):
    done = answered(SENT, returned=returned, bank_reference="b2", on=TODAY)

    refusal = withdraw.decide_settled(done, told(returned=True), AT)

    assert refusal == PayoutAnswered(payout_id=WITHDRAWAL, state="returned" if returned else "settled")


@pytest.mark.parametrize("changes", [{"amount_minor": 50_01}, {"person_id": 8}])
def test_an_answer_for_another_amount_or_another_person_moves_nothing(changes):
    refusal = withdraw.decide_settled(SENT, told(returned=True, **changes), AT)

    assert isinstance(refusal, AnswerDoesNotFit)
    assert (refusal.amount_minor, refusal.beneficiary_id) == (50_00, ALICE)
    assert "{" not in refusal.sentence("en") + refusal.sentence("zh")


def test_a_wallet_that_is_short_says_by_how_much_in_both_languages():
    refusal = withdraw.refuse_wallet(wallet(50_00), 80_00)

    assert isinstance(refusal, Refusal)
    assert "¥30.00" in refusal.sentence("en")
    assert "¥30.00" in refusal.sentence("zh")
