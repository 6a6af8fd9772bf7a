"""Loans that begin when they are paid into escrow (`draws_on = "payment"`): real escrow, billed only after receipt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from msgspec.structs import replace

from conftest import FreshDatabase
from florin.credit import program as programs
from florin.credit.open import OpenLine
from florin.credit.program import add_program, load_program
from florin.engine import lane_of
from world import ESCROW_APP, World

MARCH_5, MARCH_8, APRIL_1 = date(2026, 3, 5), date(2026, 3, 8), date(2026, 4, 1)


@pytest.fixture
def world(fresh_database: FreshDatabase) -> Iterator[World]:
    """Alice with a line whose loans begin at payment; she has bought for 199.00 in escrow, 50.00 of it from her wallet."""
    huabei = load_program("huabei")
    version = huabei.versions[0]
    own = replace(huabei, name="store", versions=(replace(version, terms=replace(version.terms, draws_on="payment")),))
    add_program(own)
    with World(fresh_database.engine, negative_limit_minor=100_000) as made:
        person_id = made.person("alice", wallet_minor=20_000)
        line_id = made.engine.new_id(lane_of(person_id))
        opened = made.do(OpenLine(person_id=person_id, line_id=line_id, program="store", limit_minor=1_000_000))
        assert opened.refusal is None
        made.line_ids["alice"] = line_id
        made.until(MARCH_5)
        yield made
        made.assert_books_hold()
    programs._ADDED.clear()


def buy(world: World) -> int:
    bought = world.buy("alice", 14_900, 5_000, app=ESCROW_APP)
    assert bought.refusal is None
    return bought.event_id


def test_paid_into_escrow_it_is_a_loan_and_safeguarded_money(world):
    buy(world)

    assert world.line("alice").committed_minor == 14_900
    assert world.line("alice").available_minor_on(world.today) == 1_000_000 - 14_900
    assert (world.balance("LOANS_IN_ESCROW"), world.balance("MEMO_COMMITTED")) == (14_900, 0)
    assert world.balance("FUNDED_ESCROW") == 19_900
    assert world.balance("LENDER_DUE_TO_PAYMENTS") == 14_900
    world.assert_books_hold()


def test_receipt_makes_it_debt_that_the_next_bill_asks_for(world):
    payment_id = buy(world)
    world.until(MARCH_8)
    assert world.line("alice").principal_minor == 0
    world.receive(payment_id)

    assert world.line("alice").principal_minor == 14_900
    assert (world.balance("LOANS_IN_ESCROW"), world.balance("FUNDED_ESCROW")) == (0, 0)
    world.until(APRIL_1)
    assert [row[2] for row in world.statements("alice")] == [14_900]


def test_a_refund_before_receipt_gives_it_back_to_the_lender_and_no_bill_shows_it(world):
    payment_id = buy(world)
    world.until(MARCH_8)
    assert world.refund(payment_id, 10_000).refusal is None
    world.assert_books_hold()
    assert world.refund(payment_id, 9_900).refusal is None

    assert world.line("alice").available_minor_on(world.today) == 1_000_000
    assert (world.balance("LOANS_IN_ESCROW"), world.balance("FUNDED_ESCROW")) == (0, 0)
    assert world.wallet_minor("alice") == 20_000
    world.until(APRIL_1)
    assert world.statements("alice") == []


def test_received_after_a_partial_refund_only_the_rest_is_owed(world):
    payment_id = buy(world)
    assert world.refund(payment_id, 4_900).refusal is None
    assert world.receive(payment_id).refusal is None

    assert world.line("alice").principal_minor == 10_000
    assert world.balance("LOANS_IN_ESCROW") == 0
