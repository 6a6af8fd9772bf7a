"""A bank's repayment that may still come back: the limit returns, and an excess is paid out, when it has cleared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from conftest import FreshDatabase
from florin.credit.authorize import LimitNotBackYet
from florin.credit.repay import Repay
from florin.credit.repayment_hold import ConfirmRepayment, NoRepaymentHeld, PayCreditBalance
from florin.credit.return_repayment import ReturnRepayment
from florin.engine.drift import drift_of_all
from florin.engine.proof import prove
from florin.events import CreditBalancePaid, RepaymentConfirmed
from own_programs import own_programs
from world import World

MARCH_10, MARCH_12, MARCH_13 = (date(2026, 3, day) for day in (10, 12, 13))
LIMIT = 1_000_00


@pytest.fixture
def world(fresh_database: FreshDatabase) -> Iterator[World]:
    """Alice has spent her 1,000.00 on 2 March; repayments through the bank are held for three days. It is 10 March."""
    with own_programs(held={"repayment_hold_days": 3}), World(fresh_database.engine) as made:
        made.person("alice", limit_minor=LIMIT, program="held")
        assert made.buy("alice", LIMIT).refusal is None
        made.until(MARCH_10)
        yield made
        made.assert_books_hold()
        assert list(drift_of_all(made.connection)) == []


def available_minor(world: World) -> int:
    return world.line("alice").available_minor_on(world.today)


def repay(world: World, amount_minor: int, reference: str, value_on: date | None = None) -> None:
    world.bank.book("safeguarded", amount_minor, reference, world.today)
    line_id = world.line_ids["alice"]
    command = Repay(line_id=line_id, amount_minor=amount_minor, source="bank", reference=reference, value_on=value_on)
    assert world.do(command).refusal is None


def confirm(world: World, amount_minor: int, reference: str):
    return world.do(ConfirmRepayment(line_id=world.line_ids["alice"], amount_minor=amount_minor, reference=reference))


def test_the_day_close_gives_the_limit_back_when_it_has_cleared(world: World):
    repay(world, 400_00, "B-1")

    line = world.line("alice")
    assert (line.principal_minor, line.uncleared_minor, available_minor(world)) == (600_00, 400_00, 0)
    refused = world.buy("alice", 100_00).refusal
    assert isinstance(refused, LimitNotBackYet)
    assert (refused.back_minor, refused.back_on) == (400_00, MARCH_13)
    world.until(MARCH_12)
    assert available_minor(world) == 0
    world.until(MARCH_13)
    assert available_minor(world) == 400_00
    assert world.one("SELECT particulars FROM line WHERE id = %s", world.line_ids["alice"]) is None
    assert world.buy("alice", 400_00).refusal is None


def test_an_excess_is_paid_to_the_wallet_by_the_close_of_the_day_on_which_it_clears(world: World):
    repay(world, 1_250_00, "B-1")
    world.until(MARCH_12)
    assert (world.wallet_minor("alice"), world.line("alice").credit_balance_minor) == (0, 250_00)
    assert world.do(PayCreditBalance(line_id=world.line_ids["alice"])).events == ()

    world.until(MARCH_13)

    assert (world.wallet_minor("alice"), world.line("alice").credit_balance_minor) == (250_00, 0)
    assert available_minor(world) == LIMIT


def test_the_bank_confirms_and_the_limit_and_the_excess_are_hers_at_once(world: World):
    repay(world, 1_250_00, "B-1")

    confirmed = confirm(world, 1_250_00, "B-1")
    again = confirm(world, 1_250_00, "B-1")

    assert [type(event) for event in confirmed.events] == [RepaymentConfirmed, CreditBalancePaid]
    assert (world.wallet_minor("alice"), available_minor(world)) == (250_00, LIMIT)
    assert again.refusal == NoRepaymentHeld(amount_minor=1_250_00, reference="B-1", line_id=world.line_ids["alice"])


def test_a_repayment_that_comes_back_while_it_is_held_leaves_the_line_as_it_was(world: World):
    repay(world, 1_250_00, "B-1")
    world.bank.book("safeguarded", -1_250_00, "B-1/returned", world.today)

    returned = ReturnRepayment(line_id=world.line_ids["alice"], amount_minor=1_250_00, reference="B-1")
    assert world.do(returned).refusal is None
    world.until(MARCH_13)

    line = world.line("alice")
    assert (line.principal_minor, line.uncleared_minor, line.credit_balance_minor) == (LIMIT, 0, 0)
    assert world.wallet_minor("alice") == 0


def test_a_confirmation_and_a_return_together_lose_nothing(world: World):
    repay(world, 400_00, "B-1")
    world.bank.book("safeguarded", -400_00, "B-1/returned", world.today)
    line_id = world.line_ids["alice"]

    assert confirm(world, 400_00, "B-1").refusal is None
    assert world.do(ReturnRepayment(line_id=line_id, amount_minor=400_00, reference="B-1")).refusal is None

    assert (world.line("alice").principal_minor, available_minor(world)) == (LIMIT, 0)


def test_the_proof_names_a_line_whose_row_forgot_what_has_not_cleared(world: World):
    repay(world, 400_00, "B-1")
    world.connection.execute("UPDATE line SET uncleared_minor = 0")

    failed = [check for check in prove(world.connection).checks if not check.holds]

    assert any("not cleared" in str(check) for check in failed)
    world.connection.rollback()
    world.connection.execute("UPDATE line SET uncleared_minor = 40000")
    world.connection.commit()
