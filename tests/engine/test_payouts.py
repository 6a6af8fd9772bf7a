"""Money on its way out: withdrawals and payouts, and the bank's one answer for each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine.together import at_once
from florin.engine import NotFound, Submission, lane_of
from florin.payments.hold_payouts import ReleasePayouts
from florin.payments.settle import SettlePayout
from florin.wallet.payout import AnswerDoesNotFit, PayoutAnswered
from florin.wallet.withdraw import SettleWithdrawal, Withdraw
from world import SHOP, World


@pytest.fixture(autouse=True)
def alice(world: World) -> None:
    world.person("alice", wallet_minor=50_000)


def withdraw(world: World, amount_minor: int) -> int:
    person_id = world.people["alice"]
    withdrawal_id = world.engine.new_id(lane_of(person_id))
    command = Withdraw(withdrawal_id=withdrawal_id, person_id=person_id, amount_minor=amount_minor)
    assert world.do(command).event
    return withdrawal_id


def answer(world: World, withdrawal_id: int, **changes: Any) -> SettleWithdrawal:
    fields: dict[str, Any] = {"person_id": world.people["alice"], "amount_minor": 20_000, "bank_reference": "b1"}
    return SettleWithdrawal(withdrawal_id=withdrawal_id, **(fields | changes))


def pay_from_bank(world: World, amount_minor: int) -> None:
    world.bank.book("safeguarded", -amount_minor, world.next_number("out-"), world.today)


def test_what_is_withdrawn_is_in_transit_until_the_bank_has_paid_it(world: World):
    withdrawal = withdraw(world, 20_000)
    assert (world.wallet_minor("alice"), world.balance("PAYOUT_IN_TRANSIT")) == (30_000, 20_000)
    world.assert_books_hold()

    pay_from_bank(world, 20_000)
    assert world.do(answer(world, withdrawal)).event

    assert (world.wallet_minor("alice"), world.balance("PAYOUT_IN_TRANSIT")) == (30_000, 0)
    assert world.one("SELECT state FROM payout") == "settled"
    world.assert_books_hold()


def test_what_the_bank_returns_is_in_the_wallet_again(world: World):
    withdrawal = withdraw(world, 20_000)

    assert world.do(answer(world, withdrawal, returned=True, reason="account closed")).event

    assert (world.wallet_minor("alice"), world.balance("PAYOUT_IN_TRANSIT")) == (50_000, 0)
    world.assert_books_hold()


@pytest.mark.parametrize("returned", [True, False])
def test_the_bank_answers_once_whatever_it_says_the_second_time(world: World, returned: bool):
    withdrawal = withdraw(world, 20_000)
    if not returned:
        pay_from_bank(world, 20_000)
    assert world.do(answer(world, withdrawal, returned=returned)).event

    for second in (True, False):
        outcome = world.do(answer(world, withdrawal, returned=second))
        assert outcome.refusal == PayoutAnswered(payout_id=withdrawal, state="returned" if returned else "settled")
    world.assert_books_hold()


def test_eight_answers_at_once_are_one(world: World):
    withdrawal = withdraw(world, 20_000)

    outcomes = at_once([lambda: world.do(answer(world, withdrawal, returned=True)) for _ in range(8)])

    assert sum(outcome.event is not None for outcome in outcomes) == 1
    assert world.wallet_minor("alice") == 50_000
    world.assert_books_hold()


def test_both_answers_in_one_batch_are_the_first(world: World):
    withdrawal = withdraw(world, 20_000)

    first, second = world.engine.execute(
        [Submission(command=answer(world, withdrawal, returned=True)), Submission(command=answer(world, withdrawal))]
    )

    assert first.event is not None
    assert isinstance(second.refusal, PayoutAnswered)
    world.assert_books_hold()


def test_an_answer_that_does_not_fit_what_was_sent_moves_nothing(world: World):
    world.person("bob")
    withdrawal = withdraw(world, 20_000)

    more = world.do(answer(world, withdrawal, returned=True, amount_minor=20_001))
    another = world.do(answer(world, withdrawal, returned=True, person_id=world.people["bob"]))
    nothing = world.do(answer(world, withdrawal + 1, returned=True))

    assert isinstance(more.refusal, AnswerDoesNotFit)
    assert isinstance(another.refusal, AnswerDoesNotFit)
    assert nothing.refusal == NotFound(what="payout", id=withdrawal + 1)
    assert (world.wallet_minor("alice"), world.wallet_minor("bob")) == (30_000, 0)
    world.assert_books_hold()


def test_a_merchants_payout_that_comes_back_is_available_and_waits_until_his_account_is_right(world: World):
    world.buy("alice", wallet_minor=10_000)
    world.until(world.today + timedelta(days=1))
    payout_id = world.one("SELECT id FROM payout")
    told = {"payout_id": payout_id, "merchant_id": SHOP, "amount_minor": 9_940, "bank_reference": "b1"}

    assert world.do(SettlePayout(**told, returned=True, reason="account closed")).event
    assert world.balance("MERCHANT_AVAILABLE", SHOP) == 9_940
    assert isinstance(world.do(SettlePayout(**told)).refusal, PayoutAnswered)
    world.assert_books_hold()
    world.until(world.today + timedelta(days=1))
    assert world.balance("MERCHANT_AVAILABLE", SHOP) == 9_940
    assert world.one("SELECT held_because FROM merchant_balance") == "the bank sent a payout back: account closed"
    assert world.do(ReleasePayouts(merchant_id=SHOP, reason="another account", by="anna")).event
    world.until(world.today + timedelta(days=1))

    assert world.one("SELECT count(*) FROM payout WHERE state = 'sent' AND amount_minor = 9940") == 1
    assert world.balance("MERCHANT_AVAILABLE", SHOP) == 0


def test_what_the_bank_had_paid_and_sends_back_days_later_is_there_again_once(world: World):
    withdrawal = withdraw(world, 20_000)
    pay_from_bank(world, 20_000)
    late = answer(world, withdrawal, late=True, reason="account closed", reason_code="AC04")
    assert isinstance(world.do(late).refusal, PayoutAnswered)
    assert world.do(answer(world, withdrawal)).event

    pay_from_bank(world, -20_000)
    returned, again = world.do(late), world.do(late)

    assert (returned.event.late, returned.event.reason_code) == (True, "AC04")
    assert again.refusal == PayoutAnswered(payout_id=withdrawal, state="returned")
    assert (world.wallet_minor("alice"), world.balance("PAYOUT_IN_TRANSIT")) == (50_000, 0)
    world.assert_books_hold()
