"""Three birds and free credit: that what is told of shops, cards and free days is what happened."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np
import pytest

from florin.lab.compare import Kind, classify, days_to_pay_day
from florin.lab.experiments import EXPERIMENTS, Size, unheard
from florin.lab.experiments.free_credit import Free, freed, own_malls, thresholds
from florin.lab.experiments.three_birds import gained
from florin.lab.parameters import likeliest
from florin.lab.result import from_json, to_json
from florin.lab.simulate import Lane, simulate_lane
from florin.lab.surplus import account, shops
from florin.lab.units import OfVolume
from florin.lab.world import preset_world

PEOPLE = np.arange(250, dtype=np.uint64)


class Both(NamedTuple):
    having: Lane
    lacking: Lane


@pytest.fixture(scope="module")
def both() -> Both:
    world = preset_world(likeliest(), months=5)
    return Both(simulate_lane(world, PEOPLE, 3), simulate_lane(world.launch("bank-card"), PEOPLE, 3))


def test_what_shops_gain_sums_to_the_merchants_account_and_the_malls_own_shops(both):
    found = gained(both.having, both.lacking, classify(both.having, both.lacking) > 0)

    created = account(both.having) - account(both.lacking)
    installments = created.what_minor("merchants", "installment fee")
    own_shops = created.what_minor("mall", "own retail")
    assert int(found.left().sum()) == created.party_minor("merchants") - installments + own_shops
    assert found.sales.sum() == both.having.met.price_minor.sum() - both.lacking.met.price_minor.sum()


def test_who_has_just_been_paid_is_the_farthest_from_pay_day(both):
    days = days_to_pay_day(both.having)

    bought = np.flatnonzero(both.having.met.bought)
    for need in bought[::97]:
        on = date.fromordinal(date(2026, 1, 1).toordinal() + int(both.having.met.day[need]))
        pay_day = int(both.having.people.pay_day[both.having.needs.person[need]])
        paid_again = date.fromordinal(on.toordinal() + int(days[need]))
        assert paid_again.day == pay_day
        assert 0 <= days[need] <= 30


def test_without_money_people_buy_on_credit_before_pay_day_rather_than_after(both):
    short = (classify(both.having, both.lacking) == Kind.NEW) & both.having.met.no_cash
    days = days_to_pay_day(both.having)[short]

    assert (days <= 10).sum() > 2 * (days > 20).sum()


def test_free_days_are_taken_from_interest_and_sell_more():
    free, bearing = (simulate_lane(own_malls(likeliest(), months=5, free=days), PEOPLE, 3) for days in (25, 0))

    found = freed(free, bearing)

    assert found.parts["interest"] < 0 < found.volume
    # The parts and the fee are all that the group gains, beside the take; with a take of nothing, the mall is only served.
    mall_left_out = found.parts["serving"]
    created = account(free) - account(bearing)
    assert found.group + found.fee - mall_left_out == created.group_minor("ali", free.world)
    assert shops(free).mall.sum() == 0


def test_the_break_even_is_where_the_gain_is_zero_and_a_fee_lowers_it():
    found = _free(sales=1_000_000, group=-50_000, fee=20_000)

    assert thresholds([found], with_fee=False).mid == 50_000
    assert found.gain(OfVolume(50_000), with_fee=False) == 0
    assert thresholds([found], with_fee=True).mid == 30_000
    assert thresholds([_free(sales=0, group=-1, fee=0)], with_fee=False).mid == 1_000_000
    assert thresholds([_free(sales=10, group=5, fee=0)], with_fee=False).high < 0


def _free(*, sales: int, group: int, fee: int) -> Free:
    return Free(
        sales=sales,
        volume=0,
        mall_sales=1,
        credit_sales=1,
        group=group,
        fee=fee,
        sellers=0,
        consumers=0,
        whole=0,
        parts={},
    )


@pytest.mark.parametrize("name", ["three-birds", "free-credit"])
def test_the_same_seed_gives_the_same_result_and_it_can_be_kept(name):
    small = Size(people=60, months=2, draws=1)

    results = [EXPERIMENTS[name].run(seed=5, size=small, progress=unheard) for _ in range(2)]

    assert results[0] == results[1] == from_json(to_json(results[0]))
    assert results[0].verdict is not None
