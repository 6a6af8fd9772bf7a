"""The launch game, and the gap taken apart."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from florin.lab.answers import answered
from florin.lab.experiments.did_not_follow import _of_the_gap
from florin.lab.experiments.gap import PARTS, Gap, gap, shapley
from florin.lab.experiments.launching import Game, Move, effective, moves
from florin.lab.parameters import likeliest
from florin.lab.world import preset_world


def test_shapley_values_of_the_glove_game_are_the_known_ones():
    # Two left gloves (a, b), one right (c): a pair is worth 1. The values are 1/6, 1/6 and 2/3.
    worth = {
        frozenset(held): float("c" in held and ("a" in held or "b" in held))
        for held in ({n for n, has in zip("abc", flags, strict=True) if has} for flags in product((0, 1), repeat=3))
    }

    values = shapley(worth, ("a", "b", "c"))

    assert values == pytest.approx({"a": 1 / 6, "b": 1 / 6, "c": 2 / 3})


def test_the_parts_of_the_gap_sum_to_it():
    found = gap(likeliest(), np.arange(120, dtype=np.uint64), 3, months=4)

    assert set(found.parts) == set(PARTS)
    assert sum(found.parts.values()) == pytest.approx(found.ali - found.tencent)
    assert found.parts["take"] > 0


def test_a_draw_in_which_the_two_hardly_differ_does_not_throw_their_share_far_away():
    apart = Gap(ali=900.0, tencent=100.0, parts=dict.fromkeys(PARTS, 0.0) | {"take": 200.0, "rail": 600.0})
    alike = Gap(ali=101.0, tencent=100.0, parts=dict.fromkeys(PARTS, 0.0) | {"take": 200.0, "rail": -199.0})

    share = _of_the_gap([apart] * 9 + [alike], "take")

    assert share.mid == round(1e6 * (10 * 200) / (9 * 800 + 1))
    assert share.low == 250_000
    assert share.high > 50 * share.mid  # the interval does not hide the draw


def _game(payoff) -> Game:
    profiles = product(moves("ali"), moves("jd"), moves("tencent"))
    return Game({profile: payoff(*profile) for profile in profiles})


def test_where_lending_pays_each_by_himself_all_lend_in_the_one_equilibrium():
    game = _game(
        lambda a, j, t: (float(a.launches) - 0.1 * a.accepts, float(j.launches) - 0.1 * j.accepts, float(t.launches))
    )

    assert game.equilibria() == [(Move(True), Move(True), Move(True))]


def test_two_who_only_gain_when_they_are_alone_have_two_equilibria():
    def payoff(a, j, t):
        both = a.launches and j.launches
        return (a.launches * (-1.0 if both else 1.0), j.launches * (-1.0 if both else 1.0), -float(t.launches))

    assert {tuple(move.launches for move in profile) for profile in _game(payoff).equilibria()} == {
        (True, False, False),
        (False, True, False),
    }


def test_accepting_a_rival_who_does_not_lend_is_the_same_world():
    assert effective((Move(True, True), Move(False, False), Move(False))) == (Move(True), Move(False), Move(False))
    assert effective((Move(False, True), Move(False, False), Move(True)))[0].accepts


def test_merchants_answer_by_acceptance_prices_and_entry():
    world = preset_world(likeliest().with_(passed_through=1.0, entry=0.5), months=4)
    world = world.change("huabei", credit_fee_ppm=np.full_like(world.lender("huabei").credit_fee_ppm, 60_000))

    found = answered(world, world.launch("bank-card"), np.arange(150, dtype=np.uint64), 1)

    street = world.market_at("street")
    assert found.lender("huabei").accepted[street].max() < world.lender("huabei").accepted[street].max()
    assert (found.price_ppm >= 0).all()
    assert found.price_ppm[world.market_at("taobao")].max() > 0
    assert found.entered.any()
    assert np.abs(found.entered).max() <= 0.5 * np.log(2) + 1e-9
