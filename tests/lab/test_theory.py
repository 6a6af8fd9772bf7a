"""Comparative statics: each prediction of the theory that the model can express has the demanded sign, and where it has not
the name says so.

Sums over several populations, so that a sign is no accident of one of them. What the model cannot express of the theory is
listed in docs/explanation/lab-experiments.md.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

from florin.lab.experiments.free_credit import Free, freed, own_malls
from florin.lab.merchants import passed_through, tourist_test
from florin.lab.parameters import Parameters, likeliest
from florin.lab.simulate import Lane, simulate_lane
from florin.lab.surplus import Accounts, account, lost_minor
from florin.lab.units import MILLION, OfBalance, OfVolume
from florin.lab.world import LENDERS, World, preset_world

PEOPLE, MONTHS, SEEDS = np.arange(400, dtype=np.uint64), 8, (1, 2, 3)
LIMITS = (0.5, 1.0, 2.0, 3.0)
WORLD = preset_world(likeliest(), months=MONTHS)
HUABEI = 1 + WORLD.lender_at("huabei")


class Changed(NamedTuple):
    """What is not as in the preset, of people or of Huabei."""

    present_bias: float | None = None
    walk_away: float | None = None
    limit: float = 1.0
    enforcement: float | None = None
    noise: float | None = None

    def parameters(self) -> Parameters:
        given = {"present_bias": self.present_bias, "walk_away": self.walk_away}
        return likeliest().with_(**{name: value for name, value in given.items() if value is not None})

    def world(self) -> World:
        given = {"enforcement": self.enforcement, "noise": self.noise, "limit_ppm": round(self.limit * MILLION)}
        changes = {name: value for name, value in given.items() if value is not None}
        return preset_world(self.parameters(), months=MONTHS).change("huabei", **changes)


@cache
def _lent(changed: Changed, seed: int) -> Lane:
    """Huabei beside banks' cards."""
    return simulate_lane(changed.world().launch("bank-card", "huabei"), PEOPLE, seed)


@cache
def _cards(parameters: Changed, seed: int) -> Accounts:
    return account(simulate_lane(parameters.world().launch("bank-card"), PEOPLE, seed))


def _created(changed: Changed) -> list[Accounts]:
    """What credit creates against cards alone, by seed."""
    people = Changed(present_bias=changed.present_bias, walk_away=changed.walk_away)
    return [account(_lent(changed, seed)) - _cards(people, seed) for seed in SEEDS]


def _group(changed: Changed) -> int:
    return sum(each.group_minor("ali", WORLD) for each in _created(changed))


def _issuer(changed: Changed) -> int:
    return sum(each.party_minor("issuer", "huabei") for each in _created(changed))


def _volume(changed: Changed) -> int:
    lanes = [_lent(changed, seed) for seed in SEEDS]
    return sum(int(lane.met.price_minor[lane.met.tender == HUABEI].sum()) for lane in lanes)


def _lost_share(changed: Changed) -> float:
    return sum(int(lost_minor(_book(_lent(changed, seed))).sum()) for seed in SEEDS) / _volume(changed)


def _book(lane: Lane):
    book = lane.books[HUABEI - 1]
    assert book is not None
    return book


# ---------------------------------------------------------------- Ji Huang, SSRN 3950954


def test_who_earns_on_the_sale_gains_more_by_each_step_of_higher_limits_than_who_lends_alone():
    tried = [Changed(limit=limit) for limit in LIMITS]
    group, issuer = [_group(each) for each in tried], [_issuer(each) for each in tried]

    assert (np.diff(group) > np.diff(issuer)).all()
    assert LIMITS[int(np.argmax(group))] >= LIMITS[int(np.argmax(issuer))]


def test_the_more_people_are_present_biased_the_more_is_lent_and_the_less_it_does_for_them():
    biased = [Changed(present_bias=beta) for beta in (0.94, 0.97, 1.0)]
    volumes = [_volume(each) for each in biased]
    worth = [
        sum(created.party_minor("consumers") for created in _created(each)) / volume
        for each, volume in zip(biased, volumes, strict=True)
    ]

    assert volumes == sorted(volumes, reverse=True)
    assert worth == sorted(worth)
    assert worth[0] < 0 < worth[-1]
    # And the platform lends it all the same: what hurts them pays it.
    assert _group(biased[0]) > _group(biased[-1])


# ---------------------------------------------------------------- Li and Pegoraro, SSRN 4206016


def test_a_malls_grip_on_who_would_not_pay_lowers_losses():
    shares = [_lost_share(Changed(walk_away=0.01, enforcement=grip)) for grip in (0.0, 0.5, 0.9)]

    assert shares == sorted(shares, reverse=True)
    assert shares[-1] < 0.8 * shares[0]


def test_who_reads_scores_better_lends_to_better_ones():
    assert _lost_share(Changed(noise=0.05)) < _lost_share(Changed(noise=0.4))


# ---------------------------------------------------------------- Duan, Liu, Yao 2025


def test_a_platform_launches_where_debts_are_good_and_not_where_they_are_bad():
    good, middling, bad = (_group(Changed(walk_away=chance)) for chance in (0.001, 0.02, 0.08))

    assert good > middling > bad
    assert good > 0 > bad


def test_credit_raises_demand_and_prices_where_fees_reach_them():
    created = _created(Changed())
    shares = np.full((len(LENDERS), *WORLD.price_ppm.shape), 0.3)
    dearer = passed_through(replace(WORLD, parameters=likeliest().with_(passed_through=0.5)), shares)

    assert sum(each.what_minor("merchants", "price") for each in created) > 0
    assert (dearer.price_ppm >= 0).all()
    assert dearer.price_ppm[WORLD.market_at("taobao")].min() > 0


def test_banks_gain_by_a_platforms_credit_only_what_bad_debts_it_spares_them():
    """In the theory platform, sellers and bank can all gain, the bank by lending to the platform; here it does not."""
    created = _created(Changed())

    def bank(what: str) -> int:
        return sum(each.what_minor("issuer", what, "bank-card") for each in created)

    assert sum(each.group_minor("ali", WORLD) for each in created) > 0
    assert sum(each.party_minor("merchants") for each in created) > 0
    assert bank("interchange") < 0
    assert sum(each.party_minor("issuer", "bank-card") for each in created) < bank("loss")


# ---------------------------------------------------------------- IEEE TSMC 2022


@pytest.fixture(scope="module")
def free() -> Free:
    lanes = [simulate_lane(own_malls(likeliest(), months=MONTHS, free=days), PEOPLE, 1) for days in (25, 0)]
    return freed(*lanes)


def test_a_platform_gives_free_credit_only_above_a_share_of_the_sale_and_may_without_hurting_sellers(free):
    gains = [free.gain(OfVolume(percent * 10_000), with_fee=False) for percent in (0, 5, 60)]

    assert gains == sorted(gains)
    assert gains[0] < 0 < gains[-1]
    assert free.sellers_gain(OfVolume(71_000)) > 0


def test_dearer_credit_is_used_less(free):
    assert free.volume > 0


# ---------------------------------------------------------------- Rochet and Tirole


def test_merchants_take_credit_up_to_the_tourist_tests_bound_and_not_beyond():
    lender = WORLD.lender("huabei")
    dearer = replace(lender, credit_fee_ppm=lender.credit_fee_ppm + 20_000)
    street, web = WORLD.market_at("street"), WORLD.market_at("web")

    some, more = tourist_test(WORLD, lender, 0.1), tourist_test(WORLD, lender, 0.3)
    unwilling = tourist_test(WORLD, dearer, 0.1)

    assert (unwilling[[street, web]] <= some[[street, web]]).all()
    assert (some[[street, web]] <= more[[street, web]]).all()
    assert unwilling.sum() < some.sum() < more.sum()
    # Where it brings nothing, only a fee below what other tenders cost is borne.
    fee = lender.credit_fee_ppm + WORLD.mdr_ppm[:, HUABEI].mean(axis=0) - WORLD.mdr_ppm[:, 0].mean(axis=0)
    assert np.array_equal(tourist_test(WORLD, lender, 0.0) == 1.0, fee <= 0)


# ---------------------------------------------------------------- Gross and Souleles; Agarwal and others


def test_people_borrow_out_of_higher_limits_and_most_who_are_near_them():
    near, far = np.zeros(2), np.zeros(2)
    for seed in SEEDS:
        low, high = _lent(Changed(), seed), _lent(Changed(limit=1.25), seed)
        limits = low.people.limits_minor[HUABEI - 1]
        lifted = high.people.limits_minor[HUABEI - 1] - limits
        borrowed = (_book(high).principal_days() - _book(low).principal_days()) / WORLD.days
        has = (limits > 0) & (lifted > 0)
        used = _book(low).principal_days() / WORLD.days / np.maximum(limits, 1)
        close = has & (used >= np.quantile(used[has], 0.75))
        near += [borrowed[close].sum(), lifted[close].sum()]
        far += [borrowed[has & ~close].sum(), lifted[has & ~close].sum()]

    assert near[0] / near[1] > far[0] / far[1] > 0


def test_dearer_funding_lowers_what_higher_limits_bring_and_never_raises_the_best():
    def profits(yearly: OfBalance) -> list[int]:
        return [sum(_funded(Changed(limit=limit), seed, yearly) for seed in SEEDS) for limit in LIMITS]

    cheap, dear = profits(OfBalance(20_000, "year")), profits(OfBalance(150_000, "year"))

    assert (np.diff(dear) < np.diff(cheap)).all()
    assert np.argmax(dear) <= np.argmax(cheap)


def _funded(changed: Changed, seed: int, yearly: OfBalance) -> int:
    """What the group gains when its money costs so much, which changes nothing that people do."""
    lane = _lent(changed, seed)
    created = account(replace(lane, world=lane.world.change("huabei", funding=yearly))) - _cards(Changed(), seed)
    return created.group_minor("ali", WORLD)
