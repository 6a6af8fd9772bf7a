"""Who pays without a cashier opens a checkout by paying: taken or refused, by code or by agreement."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from psycopg import Connection

from florin.events.market import CheckoutOpened
from florin.market.experiment import StartExperiment
from florin.payments.pay import TenderNotAccepted
from florin.payments.trade import TradeDetail
from florin.queries.checkouts import CheckoutSeen, arms_of, costs_of, read_checkouts
from world import DIRECT_APP, SHOP, World


def seen(world: World) -> list[CheckoutSeen]:
    """The oldest first."""
    found = read_checkouts(world.connection, since=world.today, merchant_id=SHOP)
    world.connection.commit()
    return found[::-1]


def asked_by(world: World) -> list[str]:
    rows = world.connection.execute(
        "SELECT coalesce(body ->> 'by', 'cashier') FROM event WHERE kind = %s ORDER BY recorded_at, id",
        (CheckoutOpened.kind,),
    ).fetchall()
    world.connection.commit()
    return [by for (by,) in rows]


def test_a_code_at_a_till_records_what_the_line_answered_taken_or_refused(world: World):
    world.person("alice", limit_minor=1_000_00)
    world.take_in("ali", market="street", category="dining")

    taken = world.do(world.charge_command("alice", 400_00).command)
    over = world.do(world.charge_command("alice", 640_00).command)
    no_more = world.do(world.charge_command("alice", 500_00).command).event and world.do(
        world.charge_command("alice", 200_00).command
    )

    assert [event.kind for event in taken.events] == [taken.event.kind, CheckoutOpened.kind]
    assert over.refusal
    assert no_more.refusal
    found = [(each.amount_minor, each.paid, each.by_line != 0, each.answers[0]) for each in seen(world)]
    assert [(amount, paid, by_line) for amount, paid, by_line, _ in found] == [
        (400_00, True, True), (640_00, False, False), (500_00, True, True), (200_00, False, False),
    ]  # fmt: skip
    said = [(each.verdict, each.refusal, each.most_minor, each.ecosystem, each.channel) for *_, each in found]
    assert said == [
        ("yes", "", 500_00, "ali", "offline"),
        ("cap", "AcceptanceCapExceeded", 500_00, "ali", "offline"),
        ("yes", "", 500_00, "ali", "offline"),
        ("limit", "CreditLimitExceeded", 100_00, "ali", "offline"),
    ]
    assert {(cost.refusal, cost.lost_minor) for cost in costs_of(seen(world))} == {
        ("AcceptanceCapExceeded", 640_00), ("CreditLimitExceeded", 200_00),
    }  # fmt: skip
    assert asked_by(world) == ["till"] * 4
    world.assert_books_hold()


def test_an_agreement_and_an_order_that_waits_are_recorded_and_what_a_cashier_saw_is_not_twice(world: World):
    world.person("alice", limit_minor=1_000_00)
    world.take_in("ali", market="taobao")
    alice = world.people["alice"]
    agreed = world.engine.add_agreement(
        app_id=DIRECT_APP, person_id=alice, line_id=world.line_ids["alice"], limit_minor=500_00
    )

    charge = replace(world.charge_command("alice", 50_00).command, agreement_id=agreed, person_id=0, line_id=0)
    assert world.do(charge).event
    assert world.buy("alice", 30_00).event
    assert world.pay("alice", world.ask(20_00), 20_00, seen=True).event

    assert [(each.amount_minor, each.person_id, each.trade_id != 0) for each in seen(world)] == [
        (50_00, alice, True), (30_00, alice, True),
    ]  # fmt: skip
    assert asked_by(world) == ["agreement", "till"]


def test_the_arm_stands_on_it_in_a_house_without_ecosystems_too(world: World):
    for name in ("alice", "bob", "carol", "dave"):
        world.person(name, limit_minor=1_000_00)
    world.do(world.charge_command("alice", 10_00).command)
    assert seen(world) == [], "accepted everywhere, and nobody held out: nothing is decided but what the line has left"
    terms = {"unit": "person", "share_ppm": 500_000, "opens_on": world.today, "closes_on": world.today + timedelta(9)}
    assert world.do(StartExperiment(name="spring", salt=b"spring..........", **terms)).event

    outcomes = world.engine.execute([world.charge_command(name, 10_00) for name in world.people])

    held_out = sum(outcome.refusal is not None for outcome in outcomes)
    arms = {each.arm: (each.sessions, each.paid, each.by_credit) for each in arms_of(seen(world))}
    assert 0 < held_out < 4
    assert arms == {"held_out": (held_out, 0, 0), "offered": (4 - held_out, 4 - held_out, 4 - held_out)}


def test_a_refusal_that_is_not_the_lines_is_no_answer_of_it_and_a_means_not_taken_is(world: World):
    world.person("alice", limit_minor=1_000_00)
    world.take_in("ali", market="taobao")
    trade_id = world.ask(20_00)
    world.pay("alice", trade_id, 20_00, seen=True)
    assert world.pay("alice", trade_id, 20_00).refusal, "it is paid"
    assert seen(world) == []

    cards = replace(world.charge_command("alice", 10_00).command, detail=TradeDetail(tenders=("wallet", "card")))
    assert world.do(cards).refusal == TenderNotAccepted(tender="credit")

    [refused] = seen(world)
    assert (refused.trade_id, refused.answers[0].verdict, refused.answers[0].refusal) == (0, "no", "TenderNotAccepted")


@pytest.mark.parametrize("paying", ["charge", "refused"])
def test_answers_ask_the_database_no_statement_more(world: World, monkeypatch, paying: str):
    said: list[Any] = []
    execute = Connection.execute
    monkeypatch.setattr(
        Connection, "execute", lambda self, query, *a, **k: said.append(query) or execute(self, query, *a, **k)
    )
    world.person("alice", limit_minor=1_000_00)
    amounts = [10_00, 20_00, 30_00] if paying == "charge" else [2_000_00, 3_000_00]

    def statements() -> int:
        charges = [world.charge_command("alice", amount) for amount in amounts]
        world.engine.execute([world.charge_command("alice", 1_00)])  # whatever changed is read again before
        before = len(said)
        world.engine.execute(charges)
        return len(said) - before

    without = statements()
    assert without
    world.take_in("ali", market="taobao")

    assert statements() == without
    assert len(seen(world)) == 1 + len(amounts)
