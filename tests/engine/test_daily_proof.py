"""The daily proof: it goes on from the last one that held, and says what that leaves to the whole one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from conftest import FreshDatabase
from florin.engine.proof import Proof, prove, prove_day
from world import ESCROW_APP, World

pytestmark = pytest.mark.every_proof


@pytest.fixture
def house(world: World) -> World:
    """Yesterday is proven: sales in every stage, and a hold that is still open."""
    world.person("alice", limit_minor=1_000_000, wallet_minor=500_000)
    world.buy("alice", 50_000, 10_000)
    world.held = world.authorize("alice", 3_000, 2_000).event.payment_id  # type: ignore[attr-defined]
    world.ordered = world.buy("alice", 20_000, app=ESCROW_APP).event.payment_id  # type: ignore[attr-defined]
    world.until(world.today + timedelta(days=1))
    return world


@pytest.fixture
def owner(fresh_database: FreshDatabase) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(fresh_database.owner, autocommit=True) as connection:
        yield connection


def wrong(proof: Proof) -> dict[str, tuple[str, ...]]:
    return {check.name: check.differences for check in proof.checks if not check.holds}


def test_it_goes_on_from_the_last_one_that_held(house: World):
    before = house.today

    (day,) = house.until(before + timedelta(days=1))

    assert day.proof.since == before
    assert prove_day(house.connection).since == day.on
    assert prove(house.connection).since is None


def test_what_it_has_summed_is_what_all_events_say(house: World):
    house.capture(house.held, 4_000)
    house.receive(house.ordered)
    house.refund(house.ordered, 5_000)
    house.repay("alice", 10_000)
    house.until(house.today + timedelta(days=40))
    house.capture(house.authorize("alice", 0, 1_000).event.payment_id)

    assert wrong(prove_day(house.connection)) == {}

    kept = (
        "SELECT owner_id, code, sum(amount_minor) FROM proven_balance GROUP BY 1, 2 HAVING sum(amount_minor) <> 0"
        " ORDER BY 1, 2"
    )
    summed = (
        "SELECT coalesce(owner_id, 0), code, sum(signed_minor) FROM posting_line GROUP BY 1, 2 HAVING sum(signed_minor) <> 0"
        " ORDER BY 1, 2"
    )
    assert house.connection.execute(kept).fetchall() == house.connection.execute(summed).fetchall()


@pytest.mark.parametrize(
    ("statement", "check", "names"),
    [
        ("UPDATE line SET principal_minor = principal_minor - 100", "lines", "principal: expected"),
        ("UPDATE wallet SET balance_minor = balance_minor + 100", "wallets", "wallet"),
        ("UPDATE payment SET state = 4 WHERE state = 1", "escrow", "funded escrow: expected 2000, found 0"),
        ("DELETE FROM batch WHERE (writer, seq) IN (SELECT writer, seq FROM proven_head)", "chains", "is missing or was"),
        ("UPDATE proven_balance SET amount_minor = amount_minor + 1 WHERE code = 1", "lines", "principal: expected"),
    ],
)  # fmt: skip
def test_a_row_that_was_changed_is_named_even_where_nothing_moved(
    house: World, owner: Any, statement: str, check: str, names: str
):
    owner.execute(statement)

    found = wrong(prove_day(house.connection))

    assert any(names in difference for difference in found[check]), found


@pytest.mark.parametrize(
    ("statement", "check", "names"),
    [
        ("UPDATE event SET amounts[1] = amounts[1] + 1 WHERE id = {}", "chains", "was changed after it was written"),
        ("DELETE FROM event WHERE id = {}", "sequences", "events of line"),
        ("DELETE FROM event WHERE id = {}", "chains", "events, found 0"),
        ("UPDATE trade SET amount_minor = 1 WHERE payment_id = {}", "trades", "amount: expected 1, found 7000"),
        ("UPDATE payment SET received_minor = 1 WHERE id = {}", "payments", "received: expected 7000, found 1"),
    ],
)
def test_what_moved_today_is_followed_to_its_events(house: World, owner: Any, statement: str, check: str, names: str):
    sale = house.buy("alice", 7_000).event.payment_id
    house.buy("alice", 1_000)
    owner.execute(statement.format(sale))

    found = wrong(prove_day(house.connection))

    assert any(names in difference for difference in found[check]), found


def test_an_event_that_was_proven_before_is_the_whole_proofs_to_find(house: World, owner: Any):
    owner.execute("UPDATE event SET value_on = value_on - 1 WHERE id = (SELECT min(id) FROM event WHERE kind = 44)")

    assert "chains" in wrong(prove(house.connection))
    assert "chains" not in wrong(prove_day(house.connection))


def test_one_that_fails_is_not_gone_on_from(house: World, owner: Any):
    before = house.today
    owner.execute("UPDATE wallet SET balance_minor = balance_minor + 100")
    house.buy("alice", 1_000)

    assert "wallets" in wrong(prove_day(house.connection))
    owner.execute("UPDATE wallet SET balance_minor = balance_minor - 100")
    (day,) = house.until(before + timedelta(days=1))

    assert day.proof.since == before
