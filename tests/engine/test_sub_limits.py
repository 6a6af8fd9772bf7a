"""Sub-limits in the house: a sale keeps its place, every stage of it counts, and who has none pays nothing for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from conftest import FreshDatabase
from florin.credit.sub_limits import SubLimitExceeded
from florin.credit.terms import SubLimit
from florin.engine.drift import drift_of_all
from florin.engine.proof import prove
from own_programs import own_programs
from world import ESCROW_APP, SHOP, World

APRIL_2 = date(2026, 4, 2)
LIMIT, GAMES = 1_000_00, 200_00
PARTS = (
    SubLimit(category="games", limit_minor=GAMES),
    SubLimit(market="guest", channel="offline", limit_minor=100_00),
)


@pytest.fixture
def world(fresh_database: FreshDatabase) -> Iterator[World]:
    """Alice may have 200.00 outstanding for games. The shop sells games, in the guest market."""
    with own_programs(parts={"sub_limits": PARTS}), World(fresh_database.engine) as made:
        made.person("alice", limit_minor=LIMIT, wallet_minor=500_00, program="parts")
        sells(made, "games")
        yield made
        made.assert_books_hold()
        assert list(drift_of_all(made.connection)) == []


def sells(world: World, category: str, market: str = "guest") -> None:
    assert world.engine.place_merchant(SHOP, market=market, category=category)


def outstanding(world: World) -> list[tuple[str, str, int, int]]:
    """(category, channel, reserved, owed)"""
    return [
        (each.place.category, each.place.channel, each.reserved_minor, each.owed_minor)
        for each in world.line("alice").particulars.outstanding
    ]


def too_much(world: World, amount_minor: int, **detail: str) -> SubLimitExceeded:
    refusal = world.buy("alice", amount_minor, **detail).refusal
    assert isinstance(refusal, SubLimitExceeded)
    return refusal


def test_every_stage_of_a_sale_counts_and_its_end_makes_room(world: World):
    held = world.authorize("alice", 80_00).event.payment_id
    escrowed = world.buy("alice", 70_00, app=ESCROW_APP).event.payment_id
    assert outstanding(world) == [("games", "online", 150_00, 0)]
    assert (too_much(world, 60_00).over_minor, too_much(world, 60_00).category) == (10_00, "games")

    world.capture(held, 30_00)
    world.receive(escrowed)
    assert outstanding(world) == [("games", "online", 50_00, 100_00)]
    world.void(held)
    assert outstanding(world) == [("games", "online", 0, 100_00)]
    world.refund(escrowed, 70_00)
    assert outstanding(world) == [("games", "online", 0, 30_00)]
    world.until(APRIL_2)
    world.repay("alice", 30_00)

    assert outstanding(world) == []
    assert world.one("SELECT particulars FROM line WHERE id = %s", world.line_ids["alice"]) is None
    assert world.buy("alice", GAMES).refusal is None


def test_a_sale_keeps_the_place_of_its_own_moment(world: World):
    held = world.authorize("alice", 100_00).event.payment_id
    escrowed = world.buy("alice", 100_00, app=ESCROW_APP).event.payment_id

    sells(world, "books", "")
    world.capture(held)
    world.refund(escrowed, 100_00)

    assert outstanding(world) == [("games", "online", 0, 100_00)]
    assert world.buy("alice", 300_00).refusal is None
    assert outstanding(world) == [("books", "online", 0, 300_00), ("games", "online", 0, 100_00)]


def test_a_sale_in_a_shop_is_told_from_one_online(world: World):
    sells(world, "books")

    refused = too_much(world, 100_01, channel="offline")

    assert (refused.market, refused.channel, refused.over_minor) == ("guest", "offline", 1)
    assert world.buy("alice", 100_00, channel="offline").refusal is None
    assert world.buy("alice", 100_01).refusal is None
    assert outstanding(world) == [("books", "offline", 0, 100_00), ("books", "online", 0, 100_01)]


def test_what_is_bought_of_one_part_in_one_batch_never_exceeds_it(world: World):
    outcomes = world.engine.execute(
        [world.charge_command("alice", 30_00) for _ in range(5)]
        + [world.charge_command("alice", 30_00, capture=False) for _ in range(5)]
    )

    assert sum(outcome.refusal is None for outcome in outcomes) == 6
    assert {outcome.refusal.name for outcome in outcomes if outcome.refusal} == {"SubLimitExceeded"}
    assert outstanding(world) == [("games", "online", 30_00, 150_00)]


def test_a_line_whose_terms_have_no_parts_keeps_no_place_anywhere(world: World):
    world.person("bob", limit_minor=LIMIT)
    held = world.authorize("bob", 80_00).event.payment_id
    world.capture(held)
    world.receive(world.buy("bob", 300_00, app=ESCROW_APP).event.payment_id)
    bob = world.line_ids["bob"]

    assert world.one("SELECT count(*) FROM payment WHERE line_id = %s AND place IS NOT NULL", bob) == 0
    assert world.one("SELECT count(*) FROM event WHERE line_id = %s AND body::text LIKE '%%place%%'", bob) == 0
    assert world.one("SELECT particulars FROM line WHERE id = %s", bob) is None


def test_money_from_the_wallet_is_of_no_part(world: World):
    assert world.buy("alice", 150_00, 100_00).refusal is None

    assert outstanding(world) == [("games", "online", 0, 150_00)]


def test_the_proof_names_a_row_that_says_more_of_a_part_than_of_all(world: World):
    world.buy("alice", 50_00)
    change = (
        "UPDATE line SET particulars = replace(particulars::text, '5000', '%s')::jsonb WHERE particulars IS NOT NULL"
    )
    world.connection.execute(change % 5001)
    world.connection.commit()

    failed = [check for check in prove(world.connection).checks if not check.holds]

    assert [check.name for check in failed] == ["outstanding"]
    world.connection.execute("UPDATE line SET particulars = replace(particulars::text, '5001', '5000')::jsonb")
    world.connection.commit()
