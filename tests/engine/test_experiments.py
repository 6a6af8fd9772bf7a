"""Experiments in the house: the engine holds out whom the lot draws, at the share that was asked for, and the books hold."""

from __future__ import annotations

from datetime import timedelta
from math import sqrt

from florin.credit.open import OpenLine
from florin.engine import Submission, lane_for
from florin.market.experiment import EndExperiment, ExperimentRuns, NoSuchExperiment, StartExperiment
from florin.market.holdout import HeldOut
from florin.wallet.join import Join
from world import World

PEOPLE, SHARE_PPM = 240, 300_000


def start(world: World, name: str = "spring", **terms):
    usual = {
        "unit": "person",
        "share_ppm": SHARE_PPM,
        "opens_on": world.today,
        "closes_on": world.today + timedelta(days=30),
    }
    return world.do(StartExperiment(name=name, salt=name.encode().ljust(16, b"."), **(usual | terms)))


def test_the_observed_share_is_the_configured_one_and_only_the_held_out_are_refused(world: World):
    people = {f"p{number}": lane_for(f"p{number}") for number in range(PEOPLE)}
    ids = {name: (world.engine.new_id(lane), world.engine.new_id(lane)) for name, lane in people.items()}
    world.people |= {name: person for name, (person, _) in ids.items()}
    world.line_ids |= {name: line for name, (_, line) in ids.items()}
    joins = [Submission(command=Join(person_id=person, logon=name, name=name)) for name, (person, _) in ids.items()]
    opens = [
        Submission(command=OpenLine(person_id=person, line_id=line, program="huabei", limit_minor=1_000_00))
        for person, line in ids.values()
    ]
    assert not any(outcome.refusal for outcome in world.engine.execute(joins + opens))
    assert start(world).event

    outcomes = world.engine.execute([world.charge_command(name, 10_00) for name in people])

    refused = [outcome.refusal for outcome in outcomes if outcome.refusal]
    assert all(isinstance(refusal, HeldOut) and refusal.until_on for refusal in refused)
    share = SHARE_PPM / 1_000_000
    assert abs(len(refused) / PEOPLE - share) < 4 * sqrt(share * (1 - share) / PEOPLE)
    again = world.engine.execute([world.charge_command(name, 10_00) for name in people])
    assert [bool(outcome.refusal) for outcome in again] == [bool(outcome.refusal) for outcome in outcomes]
    assert world.balance("PRINCIPAL_UNBILLED") == 2 * 10_00 * (PEOPLE - len(refused))
    world.assert_books_hold()


def test_an_experiment_ends_when_its_owner_says_so_and_two_do_not_overlap(world: World):
    world.person("alice", limit_minor=1_000_00)
    assert start(world, share_ppm=999_999).event
    assert isinstance(start(world, "another").refusal, ExperimentRuns)
    assert isinstance(world.buy("alice", 10_00).refusal, HeldOut)

    assert world.do(EndExperiment(name="spring", reason="enough")).event

    assert world.buy("alice", 10_00).event
    assert isinstance(world.do(EndExperiment(name="spring", reason="again")).refusal, NoSuchExperiment)
    assert start(world, "another", limit_cut_ppm=500_000, share_ppm=999_999).event
    assert world.buy("alice", 490_00).event, "half of the limit is left"
    assert isinstance(world.buy("alice", 1).refusal, HeldOut)
    world.assert_books_hold()
