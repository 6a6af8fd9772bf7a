"""Campaigns in the lab: coupons as the house gives them, budgets that are never overspent, and a peak that makes no needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from florin.campaigns.campaign import Campaign as HouseCampaign
from florin.campaigns.campaign import CampaignState
from florin.events import CampaignTerms
from florin.lab.campaign import Campaign, Coupon, Purses
from florin.lab.experiments import EXPERIMENTS, Size, unheard
from florin.lab.experiments.eleven import EVERYDAY, MALLS, PEAK, campaign, kinds_of, peaked, twins, usual_world
from florin.lab.parameters import likeliest
from florin.lab.result import from_json, to_json
from florin.lab.simulate import Lane, simulate_lane
from florin.lab.surplus import account, consumer_minor

PEOPLE = np.arange(300, dtype=np.uint64)
USUAL = usual_world(likeliest(), months=5)
PEAKED = peaked(USUAL)


def _lived(world) -> Lane:
    return simulate_lane(world, PEOPLE, 2)


@pytest.fixture(scope="module")
def peak() -> Lane:
    return _lived(PEAKED)


@pytest.fixture(scope="module")
def given() -> Lane:
    """Coupons and installments, as much as is asked."""
    return _lived(peaked(USUAL, campaign("coupon", None), campaign("installments", None)))


def test_a_coupon_takes_off_what_the_house_would():
    house = HouseCampaign(
        id=1,
        lane=0,
        name="c",
        name_zh="c",
        state=CampaignState.OPEN,
        terms=CampaignTerms(
            kind="coupon",
            sponsor="mall",
            opens_on=date(2026, 11, 1),
            closes_on=date(2026, 11, 12),
            amount_off_minor=3_000,
            threshold_minor=2_500,
        ),
    )
    orders = np.array([1, 2, 2_499, 2_500, 2_999, 3_000, 3_001, 20_000])

    off = Coupon(off_minor=3_000, from_minor=2_500, here=np.array([False, True])).of(np.ones(8, dtype=np.int64), orders)

    assert off.tolist() == [house.coupon_minor(int(order)) for order in orders]


def test_nothing_is_lost_in_the_accounts_of_a_world_with_campaigns(given):
    accounts = account(given)

    assert accounts.parts_minor() == accounts.whole_minor
    assert int(consumer_minor(given).sum()) == accounts.party_minor("consumers")
    assert accounts.what_minor("consumers", "coupon") == given.met.coupon_minor.sum() > 0
    assert given.met.free.any()
    assert (given.cash_minor >= 0).all()


def test_prices_are_cut_in_malls_in_the_sale_and_nowhere_else(peak):
    met, listed = peak.met, peak.needs.price_minor
    malls = np.isin(met.market, [peak.world.market_at(name) for name in MALLS])
    in_sale = met.bought & malls & (met.day >= PEAK - 10) & (met.day <= PEAK)

    assert (met.price_minor[in_sale] < listed[in_sale]).all()
    assert (met.price_minor[met.bought & ~in_sale] == listed[met.bought & ~in_sale]).all()


@pytest.mark.parametrize("kind", ["coupon", "installments"])
def test_a_budget_of_nothing_is_no_campaign_exactly(peak, kind):
    nothing = _lived(peaked(USUAL, campaign(kind, 0)))

    for name in ("day", "market", "tender", "count", "price_minor", "worth_minor"):
        assert np.array_equal(getattr(nothing.met, name), getattr(peak.met, name))
    assert np.array_equal(nothing.cash_minor, peak.cash_minor)
    assert nothing.spent[-1].spent_minor == 0


def test_a_budget_runs_out_in_the_middle_and_is_never_overspent(given):
    asked = given.spent[1].spent_minor
    half = _lived(peaked(USUAL, campaign("coupon", asked // 2 // len(PEOPLE))))

    spent = half.spent[-1]

    assert spent.budget_minor is not None
    assert spent.budget_minor - 3_000 <= spent.spent_minor <= spent.budget_minor
    assert spent.spent_minor == half.met.coupon_minor.sum()
    assert spent.used == (half.met.coupon_minor > 0).sum()
    assert PEAK - 10 <= spent.ended_on <= PEAK
    assert half.met.day[half.met.coupon_minor > 0].max() <= spent.ended_on


def test_a_budget_that_suffices_is_as_good_as_none():
    enough = _lived(peaked(USUAL, campaign("coupon", 10**9)))
    unlimited = _lived(peaked(USUAL, campaign("coupon", None)))

    assert np.array_equal(enough.met.coupon_minor, unlimited.met.coupon_minor)
    assert enough.spent[-1].ended_on == unlimited.spent[-1].ended_on == -1


def test_who_comes_later_in_the_day_is_refused_first():
    one = Campaign(
        name="c", kind="coupon", opens=3, closes=4, markets=MALLS, off_minor=10, from_minor=10, budget_minor=12
    )
    purses = Purses((one,), people=2)
    drawn = np.array([10, 10, 0, 10])

    refused = purses.spend(3, purses.open_on(3), {"coupon": drawn}, np.array([0.9, 0.1, 0.95, 0.5]))

    assert refused.tolist() == [True, False, False, False]
    assert (purses.spent[0].spent_minor, purses.spent[0].used, purses.spent[0].moment) == (20, 2, 0.9)
    assert purses.open_on(3) == ()


def test_a_season_moves_needs_and_makes_none(peak):
    usual = _lived(USUAL)

    mine, theirs = twins(peak, usual)

    assert np.array_equal(peak.needs.price_minor[mine], usual.needs.price_minor[theirs])
    moved = peak.needs.day[mine] != usual.needs.day[theirs]
    everyday = np.isin(peak.world.categories, EVERYDAY)[peak.needs.category[mine]]
    assert moved.any()
    assert not moved[everyday].any()
    on_the_day = [(lane.needs.day == PEAK).sum() for lane in (peak, usual)]
    assert on_the_day[0] > 2 * on_the_day[1]
    assert sum(kinds_of(peak, usual).values()) == pytest.approx(1)


def test_declined_is_who_has_a_line_and_needs_no_noting():
    noted = simulate_lane(PEAKED.launch("huabei"), PEOPLE, 2, note_declined=True)
    plain = simulate_lane(PEAKED.launch("huabei"), PEOPLE, 2)

    limits = noted.people.limits_minor[PEAKED.lender_at("huabei")]
    assert noted.met.declined.any()
    assert not plain.met.declined.any()
    assert (limits[noted.needs.person[noted.met.declined]] > 0).all()
    assert np.array_equal(noted.met.worth_minor, plain.met.worth_minor)


def test_a_world_without_campaigns_has_no_line_of_coupons(peak):
    bare = replace(PEAKED, campaigns=())

    assert {line.what for line in account(peak).lines} - {line.what for line in account(_lived(bare)).lines} == {
        "coupon"
    }


def test_the_peak_gives_a_result_that_can_be_kept():
    result = EXPERIMENTS["11.11"].run(seed=5, size=Size(people=60, months=6, draws=1), progress=unheard)

    assert result == from_json(to_json(result))
    assert result.verdict is not None
