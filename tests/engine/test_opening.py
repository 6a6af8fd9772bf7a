"""A person has one open line a program: a second is refused by name, whoever asks at the same time; a closed one is past."""

from __future__ import annotations

import pytest

from conftest import FreshDatabase
from engine.together import at_once
from florin.credit.close import CloseLine
from florin.credit.open import HasLineAlready, OpenLine
from florin.engine import Engine, Submission, lane_of
from world import DIRECT_APP, World


def opening(world: World, name: str) -> OpenLine:
    person_id = world.people[name]
    line_id = world.engine.new_id(lane_of(person_id))
    return OpenLine(person_id=person_id, line_id=line_id, program="huabei", limit_minor=100_000)


def test_a_second_line_is_refused_by_name_and_the_refusal_is_recorded(world: World):
    world.person("bob", limit_minor=200_000)

    outcome = world.do(opening(world, "bob"))

    assert outcome.refusal == HasLineAlready(line_id=world.line_ids["bob"])
    assert world.one("SELECT body ->> 'refusal' FROM event WHERE id = %s", outcome.event_id) == "HasLineAlready"
    assert world.one("SELECT count(*) FROM line WHERE person_id = %s", world.people["bob"]) == 1


def test_of_two_openings_in_one_batch_the_first_is_done(world: World):
    world.person("bob")

    first, second = world.engine.execute([Submission(command=opening(world, "bob")) for _ in range(2)])

    assert first.refusal is None
    assert second.refusal == HasLineAlready(line_id=first.event.line_id)


@pytest.mark.parametrize("name", ["bob", "carol", "dave"])
def test_of_openings_in_several_processes_at_once_one_is_done(world: World, fresh_database: FreshDatabase, name: str):
    world.person(name)
    engines = [Engine(fresh_database.engine) for _ in range(4)]
    commands = [Submission(command=opening(world, name)) for _ in engines]

    outcomes = at_once([lambda e=e, c=c: e.execute([c])[0] for e, c in zip(engines, commands, strict=True)])

    for engine in engines:
        engine.close()
    assert sorted(o.refusal.name if o.refusal else "done" for o in outcomes) == ["HasLineAlready"] * 3 + ["done"]


def test_after_a_line_was_closed_another_is_opened_and_used_and_the_books_hold(world: World):
    world.person("bob", limit_minor=200_000)
    old = world.line_ids["bob"]
    assert world.do(CloseLine(line_id=old, reason="asked to")).refusal is None

    new = world.do(opening(world, "bob"))

    assert new.refusal is None
    world.line_ids["bob"] = new.event.line_id
    assert world.pay("bob", world.ask(19_900, app=DIRECT_APP), 19_900).refusal is None
    assert world.do(opening(world, "bob")).refusal == HasLineAlready(line_id=new.event.line_id)
    assert world.line("bob").principal_minor == 19_900
    world.assert_books_hold()


def test_closed_and_opened_again_in_one_batch(world: World):
    world.person("bob", limit_minor=200_000)
    commands = [CloseLine(line_id=world.line_ids["bob"], reason="asked to"), opening(world, "bob")]

    outcomes = world.engine.execute([Submission(command=command) for command in commands])

    assert [outcome.refusal for outcome in outcomes] == [None, None]
    world.assert_books_hold()
