"""What must hold of any world: nothing is lost in the accounts, and what credit did is nothing where there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from florin.lab.compare import Kind, classify, compare
from florin.lab.lanes import lanes_of
from florin.lab.needs import draw_needs
from florin.lab.parameters import drawn, likeliest
from florin.lab.people import draw_people
from florin.lab.simulate import Lane, simulate_lane
from florin.lab.surplus import account, consumer_minor
from florin.lab.world import ECOSYSTEM_CREDIT, LENDERS, preset_world

PEOPLE = np.arange(400, dtype=np.uint64)
ALL = preset_world(likeliest(), months=7)


@pytest.fixture(scope="module")
def lane() -> Lane:
    return simulate_lane(ALL, PEOPLE, seed=1)


def test_the_parts_sum_to_the_whole_to_the_fen(lane):
    accounts = account(lane)

    assert accounts.parts_minor() == accounts.whole_minor
    assert accounts.whole_minor > 0


@pytest.mark.parametrize("number", range(3))
def test_the_parts_sum_to_the_whole_whatever_the_parameters(number):
    world = preset_world(drawn(7, number), months=5)

    accounts = account(simulate_lane(world, PEOPLE[:150], seed=number))

    assert accounts.parts_minor() == accounts.whole_minor


def test_each_persons_surplus_sums_to_the_consumers(lane):
    assert int(consumer_minor(lane).sum()) == account(lane).party_minor("consumers")


def test_where_nobody_lends_nothing_is_gained_or_lost_by_lending():
    nobody = simulate_lane(ALL.launch(), PEOPLE, seed=1)

    gained = account(nobody) - account(simulate_lane(ALL.launch(), PEOPLE, seed=1))

    assert set(gained.lines.values()) == {0}
    assert gained.whole_minor == 0
    assert not classify(nobody, nobody).any()


def test_limits_of_zero_are_no_credit_exactly():
    without = ALL
    for name in LENDERS:
        without = without.change(name, limit_ppm=0)

    limitless, nobody = simulate_lane(without, PEOPLE, seed=1), simulate_lane(ALL.launch(), PEOPLE, seed=1)

    assert np.array_equal(limitless.met.price_minor, nobody.met.price_minor)
    assert np.array_equal(limitless.cash_minor, nobody.cash_minor)
    assert account(limitless).whole_minor == account(nobody).whole_minor


def test_two_copies_of_everybody_double_every_line_exactly(lane):
    twice = account(simulate_lane(ALL, np.repeat(PEOPLE, 2), seed=1))

    once = account(lane)

    assert twice.lines == {line: 2 * minor for line, minor in once.lines.items()}
    assert twice.whole_minor == 2 * once.whole_minor


def test_others_drawn_afresh_agree_within_four_standard_errors(lane):
    others = simulate_lane(ALL, PEOPLE + np.uint64(10_000), seed=1)

    mine, theirs = consumer_minor(lane), consumer_minor(others)

    error = np.sqrt(mine.var(ddof=1) / mine.size + theirs.var(ddof=1) / theirs.size)
    assert abs(mine.mean() - theirs.mean()) < 4 * error


def test_a_lane_cut_in_two_is_the_same_lane(lane):
    parts = [account(simulate_lane(ALL, ids, seed=1)) for ids in (PEOPLE[:150], PEOPLE[150:])]

    assert (parts[0] + parts[1]).lines == account(lane).lines
    assert [len(ids) for ids in lanes_of(400, 150)] == [150, 150, 100]


def test_a_longer_world_begins_like_a_shorter_one(lane):
    longer = simulate_lane(preset_world(likeliest(), months=8), PEOPLE[:100], seed=1)
    shorter = simulate_lane(ALL, PEOPLE[:100], seed=1)

    until = ALL.days - 40
    first = {day for day in longer.met.day.tolist() if 0 <= day < until}
    for day in sorted(first)[::20]:
        assert (
            longer.met.price_minor[longer.met.day == day].sum() == shorter.met.price_minor[shorter.met.day == day].sum()
        )


def test_needs_of_ten_years_come_in_the_order_of_their_days():
    decade = preset_world(likeliest(), months=120)

    needs = draw_needs(decade, draw_people(decade, PEOPLE[:20], seed=1), seed=1)

    assert (np.diff(needs.day * 16 + needs.turn) >= 0).all()
    assert needs.starts[-1] == needs.count > 0


def test_every_sale_on_credit_is_of_one_kind_and_the_kinds_add_up(lane):
    lacking = simulate_lane(ALL.launch("bank-card"), PEOPLE, seed=1)

    compared = compare(lane, lacking)

    bought = lane.met.tender >= 2
    assert compared.volume_minor[Kind.NOT_ON_CREDIT].sum() == 0
    assert compared.volume_minor.sum() == lane.met.price_minor[bought].sum()
    assert compared.orders.sum() == bought.sum()
    assert (compared.volume_minor[1:].sum(axis=1) > 0).all()


def test_nobody_owes_more_than_his_limit_or_spends_what_he_has_not(lane):
    assert (lane.cash_minor >= 0).all()
    for place, book in enumerate(lane.books):
        assert book is not None
        assert (book.principal_minor() <= lane.people.limits_minor[place]).all()


def test_dearer_prices_are_asked_of_limit_and_cash():
    dearer = replace(ALL, price_ppm=np.full_like(ALL.price_ppm, 30_000))

    lane = simulate_lane(dearer, PEOPLE, seed=1)

    bought = lane.met.bought
    assert (lane.met.price_minor[bought] > lane.needs.price_minor[bought]).all()
    assert (lane.cash_minor >= 0).all()
    assert account(lane).parts_minor() == account(lane).whole_minor


def test_merchants_who_pay_for_installments_pay_for_nothing_else():
    paying = np.full_like(ALL.lender("huabei").accepted, 0.5)

    met = simulate_lane(ALL.change("huabei", free_share=paying), PEOPLE, seed=1).met

    assert met.free.any()
    assert (met.count[met.free] > 0).all()
    assert (met.tender[met.free] == 1 + ALL.lender_at("huabei")).all()
    assert ((met.count > 0) & ~met.free).any()


def test_a_market_that_is_not_reached_or_not_launched_takes_no_credit():
    world = ALL.launch("bank-card", "baitiao-bill")

    lane = simulate_lane(world, PEOPLE, seed=2)

    assert {world.lenders[t - 1].name for t in np.unique(lane.met.tender) if t > 0} <= {"bank-card", "baitiao-bill"}
    baitiao = lane.met.tender == 1 + world.lender_at("baitiao-bill")
    assert set(lane.met.market[baitiao].tolist()) == {world.market_at("jd")}


def test_acceptance_everywhere_is_used_everywhere():
    world = ALL
    for market in world.markets:
        world = world.accept("huabei", market, 1.0)

    lane = simulate_lane(world, PEOPLE, seed=1)

    huabei = lane.met.tender == 1 + world.lender_at("huabei")
    assert set(lane.met.market[huabei].tolist()) == set(range(len(world.markets)))
    assert ECOSYSTEM_CREDIT[0] == "huabei"
    assert replace(world).owners == ALL.owners
