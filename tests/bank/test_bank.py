"""The bank's statement and our books, each from its own side."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pytest

from florin.bank import SimulatedBank, receive_repayment, receive_top_up, settle_outgoing
from florin.engine import lane_of
from florin.wallet.withdraw import Withdraw
from world import SHOP, START, World


@pytest.fixture
def world(fresh_database):
    with World(fresh_database.engine) as made:
        yield made


@pytest.fixture
def connection(fresh_database):
    with psycopg.connect(fresh_database.engine, autocommit=True) as made:
        yield made


@pytest.fixture
def bank(connection):
    return SimulatedBank(connection)


def lines(bank, account="safeguarded"):
    return [
        (line.amount_minor, line.reference)
        for line in bank.statement(account, from_on=START, before_on=date(2027, 1, 1))
    ]


def test_a_top_up_is_booked_by_the_bank_and_by_us(world, bank):
    alice = world.person("alice")

    receive_top_up(world.engine, bank, person_id=alice, amount_minor=10_000, reference="b-1", on=START)

    assert lines(bank) == [(10_000, "b-1")]
    assert world.wallet_minor("alice") == 10_000
    world.assert_books_hold()


def test_the_same_incoming_money_told_twice_counts_once(world, bank):
    alice = world.person("alice")
    first = receive_top_up(world.engine, bank, person_id=alice, amount_minor=10_000, reference="b-1", on=START)

    again = receive_top_up(world.engine, bank, person_id=alice, amount_minor=10_000, reference="b-1", on=START)

    assert (again.replayed, again.event_id) == (True, first.event_id)
    assert lines(bank) == [(10_000, "b-1")]
    assert world.wallet_minor("alice") == 10_000


def test_the_same_reference_with_another_amount_is_refused(world, bank):
    alice = world.person("alice")
    receive_top_up(world.engine, bank, person_id=alice, amount_minor=10_000, reference="b-1", on=START)

    other = receive_top_up(world.engine, bank, person_id=alice, amount_minor=99_999, reference="b-1", on=START)

    assert other.refusal is not None
    assert other.refusal.name == "KeyConflict"
    world.assert_books_hold()


def test_money_that_came_for_one_is_not_told_to_another_nor_as_a_repayment(world, bank):
    alice, bob = world.person("alice", limit_minor=100_000), world.person("bob")
    receive_top_up(world.engine, bank, person_id=alice, amount_minor=10_000, reference="b-1", on=START)

    to_bob = receive_top_up(world.engine, bank, person_id=bob, amount_minor=10_000, reference="b-1", on=START)
    line_id = world.line_ids["alice"]
    repaid = receive_repayment(world.engine, bank, line_id=line_id, amount_minor=10_000, reference="b-1", on=START)

    assert [to_bob.refusal.name, repaid.refusal.name] == ["KeyConflict", "KeyConflict"]
    world.assert_books_hold()


def test_a_repayment_by_bank_clears_the_debt(world, bank):
    world.person("alice", limit_minor=100_000)
    world.buy("alice", 19_900)

    receive_repayment(
        world.engine, bank, line_id=world.line_ids["alice"], amount_minor=19_900, reference="b-2", on=START
    )

    assert world.line("alice").principal_minor == 0
    world.assert_books_hold()


def test_a_withdrawal_leaves_the_wallet_at_once_and_the_bank_when_it_answers(world, bank, connection):
    alice = world.person("alice", wallet_minor=10_000)
    world.do(Withdraw(withdrawal_id=world.engine.new_id(lane_of(alice)), person_id=alice, amount_minor=4_000))
    in_transit = world.balance("PAYOUT_IN_TRANSIT")

    answered = settle_outgoing(world.engine, connection, bank, on=START)

    assert (in_transit, answered, world.balance("PAYOUT_IN_TRANSIT")) == (4_000, 1, 0)
    assert world.wallet_minor("alice") == 6_000
    world.assert_books_hold()


def test_a_payout_that_the_bank_returns_is_available_again(world, connection):
    connection.execute("UPDATE merchant SET payout_account = 'closed' WHERE id = %s", [SHOP])
    world.person("alice", limit_minor=100_000)
    world.buy("alice", 19_900)
    world.until(START + timedelta(days=1))
    bank = SimulatedBank(connection, closed_accounts={"closed"})

    settle_outgoing(world.engine, connection, bank, on=START + timedelta(days=1))

    assert world.balance("MERCHANT_AVAILABLE", SHOP) == 19_781
    assert world.one("SELECT state FROM payout") == "returned"
    world.assert_books_hold()


def test_what_the_bank_answered_is_not_asked_again(world, bank, connection):
    alice = world.person("alice", wallet_minor=10_000)
    world.do(Withdraw(withdrawal_id=world.engine.new_id(lane_of(alice)), person_id=alice, amount_minor=4_000))

    assert settle_outgoing(world.engine, connection, bank, on=START) == 1
    assert settle_outgoing(world.engine, connection, bank, on=START) == 0
    assert len(lines(bank)) == 2


def test_a_bank_that_does_not_answer_yet_leaves_the_money_in_transit(world, connection):
    class SlowBank(SimulatedBank):
        def pay(self, **order):
            return None

    alice = world.person("alice", wallet_minor=10_000)
    for amount_minor in (1_000, 2_000):
        world.do(
            Withdraw(withdrawal_id=world.engine.new_id(lane_of(alice)), person_id=alice, amount_minor=amount_minor)
        )

    assert settle_outgoing(world.engine, connection, SlowBank(connection), on=START) == 0
    assert world.balance("PAYOUT_IN_TRANSIT") == 3_000


def test_a_move_between_own_accounts_is_made_once(bank):
    for _ in range(2):
        bank.move(debit="lender", credit="safeguarded", amount_minor=500, reference="books/1", on=START)

    assert lines(bank, "lender") == [(-500, "books/1")]
    assert lines(bank, "safeguarded") == [(500, "books/1")]
