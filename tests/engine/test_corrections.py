"""What counts on a day that is over: decided, posted and proven in the house; and drift, found and never posted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from conftest import FreshDatabase
from florin.credit.repay import Repay, ValueDateImpossible, WalletNotBackdated
from florin.credit.return_repayment import NoSuchRepayment, ReturnRepayment
from florin.engine.drift import drift_of_all, drift_of_sample
from florin.payments.refund import Refund, RefundDateImpossible
from world import World

MARCH_5, APRIL_1, APRIL_8, APRIL_20, MAY_1 = (
    date(2026, month, day) for month, day in ((3, 5), (4, 1), (4, 8), (4, 20), (5, 1))
)


@pytest.fixture
def world(fresh_database: FreshDatabase) -> Iterator[World]:
    """Alice has bought for 1,000.00 in March and paid nothing by 20 April."""
    with World(fresh_database.engine, negative_limit_minor=1_000_000) as made:
        made.person("alice", limit_minor=1_000_000, wallet_minor=500_000)
        made.until(MARCH_5)
        made.buy("alice", 100_000)
        made.until(APRIL_20)
        yield made
        made.assert_books_hold()
        assert list(drift_of_all(made.connection)) == []


def repay_late(world: World, amount_minor: int, value_on: date | None, source: str = "bank", reference: str = "B1"):
    if source == "bank":
        world.bank.book("safeguarded", amount_minor, reference, world.today)
    return world.do(
        Repay(
            line_id=world.line_ids["alice"],
            amount_minor=amount_minor,
            source=source,  # type: ignore[arg-type]
            reference=reference,
            value_on=value_on,
        )
    )


def test_a_repayment_booked_late_takes_the_late_mark_back_and_the_books_hold(world):
    assert world.line("alice").past_due_on == date(2026, 4, 10)

    assert repay_late(world, 100_000, APRIL_8).refusal is None

    line = world.line("alice")
    assert (line.past_due_on, line.principal_minor, line.due_minor) == (None, 0, 0)
    assert world.balance("PRINCIPAL_PAST_DUE") == 0
    world.until(MAY_1)
    assert world.balance("INTEREST_INCOME") == 0
    assert [row[2] for row in world.statements("alice")] == [100_000]


def test_more_than_was_owed_on_that_day_goes_to_the_wallet(world):
    assert repay_late(world, 120_000, APRIL_8).refusal is None

    assert world.wallet_minor("alice") == 520_000
    assert world.line("alice").credit_balance_minor == 0


def test_a_returned_repayment_is_owed_again_and_cannot_be_returned_twice(world):
    assert repay_late(world, 60_000, None).refusal is None
    world.until(MAY_1)
    returned = ReturnRepayment(line_id=world.line_ids["alice"], amount_minor=60_000, reference="B1", reason="recalled")

    world.bank.book("safeguarded", -60_000, "B1/returned", world.today)
    assert world.do(returned).refusal is None

    assert world.line("alice").principal_minor == 100_000
    again = world.do(returned).refusal
    assert again == NoSuchRepayment(amount_minor=60_000, reference="B1", line_id=world.line_ids["alice"])
    world.until(date(2026, 6, 2))
    assert world.balance("INTEREST_INCOME") == 26_00  # 1,000.00 for 52 days from 10 April: as if it had never come


def test_a_refund_that_counts_on_the_day_the_goods_came_back_is_before_the_bill(world):
    payment_id = int(world.one("SELECT id FROM payment"))

    outcome = world.do(Refund(payment_id=payment_id, amount_minor=40_000, request_no="r", value_on=date(2026, 3, 20)))

    assert outcome.refusal is None
    assert world.line("alice").due_minor == 60_000
    assert [(row[2], row[4]) for row in world.statements("alice")] == [(100_000, 60_000)]


@pytest.mark.parametrize(
    ("value_on", "source", "refusal"),
    [
        (date(2026, 4, 21), "bank", ValueDateImpossible),
        (date(2026, 3, 1), "bank", ValueDateImpossible),
        (APRIL_8, "wallet", WalletNotBackdated),
    ],
)
def test_a_value_date_that_cannot_be_is_refused_by_name(world, value_on, source, refusal):
    decided = world.do(
        Repay(line_id=world.line_ids["alice"], amount_minor=100, source=source, reference="x", value_on=value_on)
    )

    assert isinstance(decided.refusal, refusal)


def test_a_refund_cannot_count_before_the_sale_was_final(world):
    payment_id = int(world.one("SELECT id FROM payment"))
    early = MARCH_5 - timedelta(days=1)

    outcome = world.do(Refund(payment_id=payment_id, amount_minor=1, request_no="r", value_on=early))

    assert isinstance(outcome.refusal, RefundDateImpossible)
    assert outcome.refusal.first_on == MARCH_5


def test_drift_is_named_and_changes_nothing(fresh_database: FreshDatabase):
    with World(fresh_database.engine) as world:
        world.person("alice", limit_minor=1_000_000)
        world.until(MARCH_5)
        world.buy("alice", 100_000)
        world.until(APRIL_20)
        assert drift_of_sample(world.connection, 10, seed=1) == []
        world.connection.execute(
            "UPDATE line_account SET account = jsonb_set(account, '{statements,0,minimum_minor}', '1')"
        )
        world.connection.commit()

        found = drift_of_sample(world.connection, 10, seed=1)

        assert [drift.line_id for drift in found] == [world.line_ids["alice"]]
        assert "statements is" in found[0].says()
