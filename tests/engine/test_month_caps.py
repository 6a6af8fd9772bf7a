"""Caps of a month in the house: what is bought takes of them, what is given back gives back, and no race exceeds one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from msgspec.structs import replace

from conftest import FreshDatabase
from florin.credit.correction import line_as_of
from florin.credit.explain import question_of
from florin.credit.program import load_program
from florin.engine import Engine, Outcome, lane_of
from florin.engine.drift import drift_of_all
from florin.engine.proof import prove
from florin.engine.tables.event import load_events_since
from florin.events.market import AcceptanceRule
from florin.market import AcceptanceCapExceeded, AcceptanceMonthCapExceeded
from florin.market.change import ChangeAcceptance
from florin.queries.answers import answers_for
from florin.queries.explain import explain_line
from world import ESCROW_APP, SHOP, World

APRIL_1 = date(2026, 4, 1)
CAP = 200_00
A_MONTH = AcceptanceRule(
    program="huabei", channel="home", answer="yes", cap_month_minor=CAP, reason_en="A little.", reason_zh="少量。"
)


@pytest.fixture
def world(fresh_database: FreshDatabase) -> Iterator[World]:
    """Huabei takes 200.00 of a shopper in a month in the markets that are its home, and the shop is in one."""
    with World(fresh_database.engine) as made:
        made.person("alice", limit_minor=1_000_00, wallet_minor=100_00)
        made.take_in("ali", market="taobao")
        assert change(made, A_MONTH).event
        yield made
        made.assert_books_hold()
        assert list(drift_of_all(made.connection)) == []
        _assert_the_fold_counts_alike(made)


def change(world: World, rule: AcceptanceRule) -> Outcome:
    return world.do(ChangeAcceptance(ecosystem="ali", from_on=world.today, rules=(rule,), reason="as agreed"))


def _assert_the_fold_counts_alike(world: World) -> None:
    for name, line_id in world.line_ids.items():
        history = load_events_since(world.connection, [(lane_of(line_id), line_id, 0)])[line_id]
        folded, _ = line_as_of(history, world.today, load_program("huabei"), lane=lane_of(line_id))
        assert folded.particulars.month_used == world.line(name).particulars.month_used


def used(world: World, name: str = "alice") -> list[int]:
    return [each.amount_minor for each in world.line(name).particulars.month_used]


def refused(world: World, amount_minor: int, **detail: str) -> AcceptanceMonthCapExceeded:
    refusal = world.buy("alice", amount_minor, **detail).refusal
    assert isinstance(refusal, AcceptanceMonthCapExceeded)
    return refusal


def test_each_stage_of_a_purchase_keeps_its_part_and_what_is_given_back_makes_room(world: World):
    held = world.authorize("alice", 80_00).event.payment_id
    escrowed = world.buy("alice", 70_00, app=ESCROW_APP).event.payment_id
    assert used(world) == [150_00]
    over = refused(world, 60_00)
    assert (over.used_minor, over.over_minor, over.again_on) == (150_00, 10_00, APRIL_1)
    assert "¥10.00 more" in over.sentence("en")
    assert "2026年4月1日" in over.sentence("zh")

    world.capture(held, 30_00)
    world.receive(escrowed)
    assert used(world) == [150_00], "what was reserved had been counted"
    world.void(held)
    world.refund(escrowed, 40_00)
    assert used(world) == [60_00]
    assert world.buy("alice", 140_00).refusal is None
    assert refused(world, 1).over_minor == 1
    world.repay("alice", 50_00)
    assert refused(world, 1).over_minor == 1, "a month's purchases stay made when they are repaid"


def test_a_month_begins_anew_and_a_refund_of_the_month_before_gives_it_nothing(world: World):
    bought = world.buy("alice", CAP).event.payment_id
    refused(world, 1)

    world.until(APRIL_1)
    assert world.buy("alice", 150_00).refusal is None
    world.refund(bought, CAP)

    assert used(world) == [150_00]
    assert refused(world, 60_00).over_minor == 10_00


def test_only_what_the_rule_is_about_is_counted_and_a_cap_of_a_purchase_stands_beside_it(world: World):
    assert world.buy("alice", 150_00).event
    world.take_in(market="street", category="dining")
    assert isinstance(world.buy("alice", 501_00).refusal, AcceptanceCapExceeded)
    assert world.buy("alice", 500_00).event
    world.take_in(market="tmall")
    assert refused(world, 50_01).over_minor == 1, "another market of the same rule"
    assert change(world, replace(A_MONTH, cap_month_minor=300_00)).event
    assert world.buy("alice", 150_00).event, "a version that says more counts what was spent under the one before"
    assert used(world) == [300_00]


def test_what_an_answer_says_is_left_is_what_the_till_takes(world: World):
    world.buy("alice", 120_00)
    asking = {"person_id": world.people["alice"], "merchant_id": SHOP, "at": world.engine.at()}

    (found,) = answers_for(world.connection, world.engine.reference, amount_minor=100_00, **asking)
    world.connection.commit()

    assert (found.verdict, found.most_minor, found.month_left_minor) == ("cap", 80_00, 80_00)
    assert found.recorded().month_cap_minor == CAP
    assert found.reason("en") == refused(world, 100_00).sentence("en")
    assert world.buy("alice", found.most_minor).event


def test_charges_at_once_through_two_engines_take_no_more_than_the_month_has(world: World):
    charges = [[world.charge_command("alice", 30_00) for _ in range(8)] for _ in range(2)]

    with Engine(world.dsn, name="another") as other, ThreadPoolExecutor(2) as pool:
        done = [pool.submit(engine.execute, mine) for engine, mine in zip((world.engine, other), charges, strict=True)]
        outcomes = [outcome for each in done for outcome in each.result()]

    assert sum(outcome.refusal is None for outcome in outcomes) == 6
    assert {outcome.refusal.name for outcome in outcomes if outcome.refusal} == {"AcceptanceMonthCapExceeded"}
    assert used(world) == [180_00]


def test_a_refusal_above_the_month_is_explained_by_its_sum_and_the_proof_sees_a_wrong_count(world: World):
    world.buy("alice", 150_00)
    event_id = world.buy("alice", 60_00).event_id

    found = explain_line(
        world.connection,
        line_id=world.line_ids["alice"],
        question=question_of(f"refusal={event_id}"),
        at=world.engine.at(),
        language="en",
    )

    assert found is not None
    assert (found.answer.amount_minor, len(found.answer.parts)) == (10_00, 3)
    swap = "UPDATE line SET particulars = replace(particulars::text, '%s', '%s')::jsonb WHERE particulars IS NOT NULL"
    world.connection.execute(swap % (15000, 15001))
    world.connection.commit()
    assert [check.name for check in prove(world.connection).checks if not check.holds] == ["month used"]
    world.connection.execute(swap % (15001, 15000))
    world.connection.commit()
