"""Who is held out: a pure function of salt and number, at the share that was asked for, and what they are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from florin.events import Place
from florin.market import Acceptance, answer
from florin.market.experiment import (
    ExperimentRuns,
    ExperimentTermsInvalid,
    StartExperiment,
    decide_start,
    experiment_of,
)
from florin.market.holdout import Experiment, HeldOut, is_held_out
from florin.money.amounts import MILLION
from payments.builders import AT, TERMS, TODAY, line

SALT = bytes(range(16))
PEOPLE = 20_000
SHOP = Place(market="mall", category="books")
ALL = Experiment(name="spring", unit="person", share_ppm=999_999, opens_on=TODAY, closes_on=date(2026, 4, 1), salt=SALT)


@pytest.mark.parametrize("share_ppm", [10_000, 100_000, 500_000])
def test_the_share_that_is_held_out_is_the_one_that_was_asked_for(share_ppm: int):
    held = sum(is_held_out(SALT, 7_000_000 + number, share_ppm) for number in range(PEOPLE))

    share = share_ppm / MILLION
    assert abs(held / PEOPLE - share) < 4 * sqrt(share * (1 - share) / PEOPLE)


def test_another_salt_draws_other_people():
    other = bytes(reversed(SALT))
    both = sum(is_held_out(SALT, n, 500_000) and is_held_out(other, n, 500_000) for n in range(PEOPLE))

    assert abs(both / PEOPLE - 0.25) < 4 * sqrt(0.25 * 0.75 / PEOPLE)


@given(number=st.integers(1, 2**62), less=st.integers(1, MILLION - 1), more=st.integers(1, MILLION - 1))
@settings(max_examples=60)
def test_a_larger_share_holds_out_whom_a_smaller_one_does_and_always_the_same(number, less, more):
    less, more = sorted((less, more))

    held = is_held_out(SALT, number, less)

    assert held == is_held_out(SALT, number, less)
    assert held <= is_held_out(SALT, number, more)


def asked(experiment: Experiment, amount_minor: int, **of_line):
    house = Acceptance([], [experiment])
    return answer(line(**of_line), TERMS, amount_minor, SHOP, AT, acceptance=house, merchant_id=5)


def test_the_held_out_are_not_offered_credit_and_read_why():
    found = asked(ALL, 100_00)

    assert (found.verdict, found.most_minor, found.experiment, found.arm) == ("no", 0, "spring", "held_out")
    assert isinstance(found.refusal, HeldOut)
    assert found.reason("en").startswith(
        "Until 1 April 2026 we measure what pay later really brings: a few shoppers, chosen by lot"
    )
    assert "It says nothing about you." in found.reason("en")
    assert "2026年4月1日之前" in found.reason("zh")
    assert "这与您的信用无关" in found.reason("zh")


def test_a_limit_that_is_cut_pays_up_to_what_is_left_of_it():
    half = replace(ALL, limit_cut_ppm=500_000)

    found = asked(half, 600_00, limit_minor=1_000_00, principal_minor=100_00)

    assert (found.verdict, found.most_minor) == ("limit", 400_00)
    assert asked(half, 400_00, limit_minor=1_000_00, principal_minor=100_00).verdict == "yes"
    assert asked(half, 1, limit_minor=1_000_00, principal_minor=600_00).verdict == "no"


def test_whom_an_experiment_does_not_concern_it_leaves_alone():
    tomorrow = replace(ALL, opens_on=TODAY + timedelta(days=1))
    others = replace(ALL, programs=("fenfu",))
    nobody = replace(ALL, share_ppm=1)

    assert [(asked(each, 1_00).verdict, asked(each, 1_00).arm) for each in (tomorrow, others, nobody)] == [
        ("yes", ""), ("yes", ""), ("yes", "offered"),
    ]  # fmt: skip


@dataclass(frozen=True)
class Started:
    """What is asked for, with one thing changed."""

    change: dict[str, object]
    field: str


@pytest.mark.parametrize(
    "wrong",
    [
        Started({"share_ppm": 0}, "share_ppm"),
        Started({"share_ppm": MILLION}, "share_ppm"),
        Started({"limit_cut_ppm": 0}, "limit_cut_ppm"),
        Started({"opens_on": TODAY - timedelta(days=1)}, "opens_on"),
        Started({"closes_on": TODAY}, "closes_on"),
        Started({"closes_on": TODAY + timedelta(days=400)}, "closes_on"),
        Started({"salt": b"short"}, "salt"),
        Started({"name": " "}, "name"),
    ],
    ids=lambda wrong: wrong.field,
)
def test_an_experiment_that_makes_no_sense_is_refused(wrong: Started):
    usual = StartExperiment(
        name="autumn", unit="person", share_ppm=100_000, opens_on=TODAY, closes_on=TODAY + timedelta(days=30), salt=SALT
    )
    refusal = decide_start(replace(usual, **wrong.change), Acceptance(), AT)

    assert isinstance(refusal, ExperimentTermsInvalid)
    assert refusal.field == wrong.field
    assert isinstance(decide_start(usual, Acceptance([], [ALL]), AT), ExperimentRuns), "nobody is in two"
    assert isinstance(decide_start(usual, Acceptance([], [replace(ALL, programs=("x",))]), AT), ExperimentRuns)
    apart = replace(usual, programs=("y",))
    assert isinstance(decide_start(apart, Acceptance([], [replace(ALL, programs=("x",))]), AT), tuple)
    assert experiment_of(usual).concerns("huabei", TODAY)
