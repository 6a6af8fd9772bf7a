"""Studies on small populations: what the methods see, what the model knows, and that both are counted right."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from florin.lab.draws import Purpose, bits, key, uniform
from florin.lab.lanes import lanes_of
from florin.lab.parameters import likeliest
from florin.lab.result import Unit, from_json, to_json
from florin.lab.simulate import simulate_lane
from florin.lab.study import load_study, run_study, sized, worlds
from florin.lab.study.answer import answer
from florin.lab.study.observables import OBSERVABLES, Kind, Window, observe
from florin.lab.study.worlds import everybody, worlds_of
from florin.lab.surplus import account, lost_minor

SMALL = {"people": 1200, "draws": 0, "drivers": False}


def small(name, *, months=None, **changes):
    """A preset made small: no drivers, no draws."""
    study = sized(load_study(name), **SMALL)
    population = {field: changes.pop(field) for field in ("seed", "score_read", "holds_line") if field in changes}
    if months is not None:
        population["months"] = months
    return msgspec.structs.replace(study, population=msgspec.structs.replace(study.population, **population), **changes)


def seen(study):
    return answer(study, everybody(study, likeliest()))


@pytest.fixture(scope="module")
def lane():
    """A year of 1,500 people to whom Huabei and the bank lend, in bad times: one in twelve loses his income each month."""
    study = small("k8-credit-loss", months=12)
    hard = likeliest().with_(shock_month=0.08, walk_away=0.02)
    return simulate_lane(worlds_of(study, hard)[0], np.arange(1500, dtype=np.uint64), 11)


@pytest.fixture
def window(lane):
    return Window(None, 0, lane.world.days, lane.world.lender_at("huabei"))


def test_the_lots_interval_covers_what_the_model_knows_as_often_as_it_says():
    study = small("k1-sales-lift", months=2, adjust=False)
    people = everybody(study, likeliest())
    lots = np.random.default_rng(1).random((200, len(people.lot)))

    found = [answer(study, replace(people, lot=lot)) for lot in lots]

    assert found[0].in_the_model > 0
    assert sum(each.estimate.covers(each.in_the_model) for each in found) >= 186
    assert np.mean([each.estimate.value for each in found]) == pytest.approx(found[0].in_the_model, rel=0.1)


def test_who_gets_no_line_is_not_moved_at_all():
    refused = small("k1-sales-lift", months=3, score_read=(0.0, 0.2))

    found = seen(refused)

    assert found.in_the_model == 0


def test_a_method_sees_each_person_in_one_world_only():
    study = small("k1-sales-lift", months=2)
    people = everybody(study, likeliest())
    drawn = uniform(bits(key(study.population.seed, Purpose.ARM), np.arange(1200, dtype=np.uint64))) < 0.5

    found = answer(study, people)

    treated, other = people.treated_world, people.other_world
    assert found.estimate.n == 1200
    plain = answer(msgspec.structs.replace(study, adjust=False), people)
    assert plain.treated == pytest.approx(treated.value[drawn].mean())
    assert plain.control == pytest.approx(other.value[~drawn].mean())


def test_a_study_is_the_same_however_its_people_are_cut_into_lanes(monkeypatch):
    study = small("k2-likelihood", months=2)
    whole = everybody(study, likeliest(), people=400)

    monkeypatch.setattr(worlds, "lanes_of", lambda people: lanes_of(people, 150))
    cut = everybody(study, likeliest(), people=400)

    # Rows of needs come lane by lane, so they are compared in order of person.
    order, other = (np.argsort(each.treated_world.person, kind="stable") for each in (whole, cut))
    assert np.array_equal(whole.treated_world.person[order], cut.treated_world.person[other])
    assert np.array_equal(whole.treated_world.value[order], cut.treated_world.value[other])
    assert np.array_equal(whole.score_read, cut.score_read)


@pytest.mark.parametrize(
    "name",
    [
        "k1-by-merchant",
        "k2-likelihood",
        "k14-ant-30",
        "k4-mpc",
        "k6-low-scores",
        "k7-flow-and-line",
        "vendor-uplift",
    ],
)
def test_every_design_gives_a_result_that_goes_to_json_and_back(name):
    months = {"vendor-uplift": 6}.get(name, 4)
    study = small(name, months=months)

    result = run_study(study)

    assert from_json(to_json(result)) == result
    rows = {row[0].en: row[1] for row in result.tables[0].rows}
    assert f"published ({study.published.grade})" in rows if study.published else len(rows) == 2
    assert result.findings[0].value.low < result.findings[0].value.high


def test_the_same_study_gives_the_same_result():
    study = small("k7-flow-and-line", months=2)

    assert run_study(study) == run_study(study)


def test_a_result_says_what_drives_it_and_how_far_draws_reach():
    study = msgspec.structs.replace(
        small("k1-sales-lift", months=1), draws=2, drivers=("limit_months", "acquire_home_minor")
    )

    result = run_study(study)

    drivers = result.tables[-1]
    assert drivers.columns[-1].unit is Unit.PPM
    assert drivers.rows[0][0] == "limit_months"
    # What the lender pays to win a customer moves no purchase.
    assert drivers.rows[1][3] == drivers.rows[1][4]
    assert any(row[0].en.startswith("the model, over 2 draws") for row in result.tables[0].rows)
    assert result.draws == 3


def test_orders_that_were_not_paid_hold_what_was_lost_and_no_order_more(lane, window):
    lost = lost_minor(lane.books[window.lender])
    rows = observe("default_per_order", lane, window)
    unpaid = rows.need[rows.value == 1]
    owed = np.zeros(lane.people.count, dtype=np.int64)
    np.add.at(owed, lane.needs.person[unpaid], lane.met.price_minor[unpaid])
    oldest = {}
    for need in unpaid[np.argsort(-lane.met.day[unpaid], kind="stable")]:
        oldest[int(lane.needs.person[need])] = int(lane.met.price_minor[need])

    assert lost.sum() > 0
    assert set(oldest) == set(np.flatnonzero(lost).tolist())
    for person, price in oldest.items():
        assert owed[person] - price < lost[person]


def test_ratios_are_of_sums(lane, window):
    book = lane.books[window.lender]

    def mean(name):
        rows = observe(name, lane, window)
        return np.average(rows.value, weights=rows.weight)

    balance = book.principal_minor()
    assert mean("loss_of_volume") == pytest.approx(lost_minor(book).sum() / book.sums.bought.sum())
    assert mean("loss_of_balance") == pytest.approx(365 * lost_minor(book).sum() / book.principal_days().sum())
    assert mean("past_due_30") == pytest.approx(balance[book.days_past_due() > 30].sum() / balance.sum())
    assert mean("utilization") == pytest.approx(
        balance[lane.people.limits_minor[window.lender] > 0].sum() / lane.people.limits_minor[window.lender].sum()
    )


def test_sales_by_market_add_up_and_merchants_profit_is_that_of_the_accounts(lane, window):
    def total(name, market=None):
        rows = observe(name, lane, Window(market, window.first, window.end, window.lender))
        return round(float((rows.value * rows.weight).sum()))

    sales = int(lane.met.price_minor[lane.met.bought].sum())
    accounts = account(lane)
    assert total("sales") == sum(total("sales", m) for m in range(len(lane.world.markets))) == sales
    assert total("merchant_profit") == accounts.party_minor("merchants") - accounts.what_minor(
        "merchants", "installment fee"
    )


def test_every_observable_counts_what_its_lender_did_and_stays_within_its_kind(lane, window):
    met = lane.met
    by_it = met.bought & (met.tender == window.lender + 1)
    at_web = replace(window, market=lane.world.market_at("web"))
    for name, observable in OBSERVABLES.items():
        rows = observe(name, lane, at_web if observable.needs_market else window)
        assert np.isfinite(rows.value).all(), name
        assert (rows.weight > 0).all(), name
        if observable.is_share and observable.kind is not Kind.RATIO:
            assert ((rows.value >= 0) & (rows.value <= 1)).all(), name
        if not observable.signed:
            assert (rows.value >= 0).all(), name

    assert observe("credit_sales", lane, window).value.sum() == met.price_minor[by_it].sum()
    assert observe("in_installments", lane, window).value.mean() == pytest.approx((met.count[by_it] > 0).mean())
    assert observe("without_cash", lane, window).value.mean() == pytest.approx(met.no_cash[met.bought].mean())


def test_a_window_is_half_open(lane, window):
    def orders(first, end):
        return float(observe("orders", lane, Window(None, first, end, window.lender)).value.sum())

    assert orders(0, 40) + orders(40, 90) == orders(0, 90)
    assert orders(0, lane.world.days) == lane.met.bought.sum()
