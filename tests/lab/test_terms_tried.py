"""Terms: which are dominated, and who is over-indebted."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from florin.lab.burden import Burden
from florin.lab.experiments.terms import EVERY, FACTORS, TODAY, dominated, with_price, with_terms
from florin.lab.parameters import likeliest
from florin.lab.simulate import simulate_lane
from florin.lab.world import preset_world

WORLD = preset_world(likeliest(), months=5)


def test_terms_are_dominated_by_those_that_earn_no_less_and_hurt_no_more():
    # (profit, harm): the second is worse than the first in both, the third earns more by hurting more, the fifth is a copy.
    assert dominated([(10, 0.1), (9, 0.2), (20, 0.3), (20, 0.4), (10, 0.1)]) == [False, True, False, True, False]


def test_todays_terms_are_the_preset_and_stand_in_each_factor_once():
    today = with_terms(WORLD, TODAY).lender("huabei")

    assert today.program == WORLD.lender("huabei").program
    assert today.limit_ppm == WORLD.lender("huabei").limit_ppm
    assert np.array_equal(today.cap_minor, WORLD.lender("huabei").cap_minor)
    assert [list(every).count(TODAY) for every in FACTORS.values()] == [1] * len(FACTORS)
    assert len(set(EVERY)) == len(EVERY)


def test_half_the_price_of_installments_is_half_of_every_fee():
    program = WORLD.lender("huabei").program

    halved = with_price(program, 0.5).versions[-1].terms.installments

    assert [2 * offer.fee_rate for offer in halved] == [
        offer.fee_rate for offer in program.versions[-1].terms.installments
    ]


class _Owing:
    """A book of two people, of whom the first owes so much."""

    def __init__(self, minor: int, days_late: int = 0) -> None:
        self._minor, self._days = minor, days_late

    def principal_minor(self):
        return np.array([self._minor, 0])

    def days_past_due(self):
        return np.array([0, self._days])

    def charged_off(self):
        return np.zeros(2, dtype=np.bool_)


def _watched(*ends: tuple[int, int]) -> Burden:
    """A burden that has seen month's ends: what the first person owes, and how many days late the second is."""
    burden = Burden(WORLD)
    for month, (minor, late) in enumerate(ends, start=2):
        last = date(2026, month, 1) - timedelta(days=1)
        for on in (last - timedelta(days=1), last):
            burden(WORLD.day(on), [_Owing(minor, late), None], np.array([1_000, 1_000]))  # type: ignore[list-item]
    return burden


def test_debt_above_a_months_money_is_heavy_after_three_months_running():
    assert not _watched((1_001, 0), (1_001, 0), (1_000, 0), (1_001, 0)).heavy.any()
    assert _watched((1_001, 0), (1_001, 0), (1_001, 0), (0, 0)).over_indebted().tolist() == [True, False]


def test_two_payments_behind_is_over_indebted_and_stays_so():
    assert not _watched((0, 60)).over_indebted().any()
    assert _watched((0, 61), (0, 0)).in_arrears.tolist() == [False, True]


@pytest.mark.parametrize("limit", [0.0, 2.0])
def test_who_may_owe_nothing_is_not_in_debt(limit):
    world = with_terms(WORLD.launch("huabei"), TODAY._replace(limit=limit))
    burden = Burden(world)

    simulate_lane(world, np.arange(150, dtype=np.uint64), 4, watch=burden)

    assert burden.over_indebted().any() == (limit > 0)
