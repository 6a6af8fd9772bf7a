"""Both worlds of a study, and what its people did in them.

Nobody in the lab changes what somebody else does: prices, shelves and draws are each person's own. So a trial is two
worlds with the same people, and a lot, a cut or a choice says in which of them each is looked at; and the model's own
answer, everybody seen both ways, stands beside what a study's method makes of the half that it sees. A trial among
merchants sees each visit in the world where all of a market's merchants are as the one that was visited; what merchants
take from each other within a market is not in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np

from florin.lab.arrays import Bits, Flags, Real, Whole
from florin.lab.draws import Purpose, bits, key, uniform
from florin.lab.lanes import lanes_of, run_lanes
from florin.lab.outlets import merchant_place
from florin.lab.parameters import Parameters
from florin.lab.simulate import Lane, simulate_lane
from florin.lab.study.observables import Rows, Window, observe
from florin.lab.study.spec import Study, lender_of
from florin.lab.world import World, preset_world


class Seen(NamedTuple):
    """Rows of an observable over all lanes. person: his number; merchant: where a row is a need, else empty."""

    person: Whole
    value: Real
    weight: Real
    merchant: Whole

    def where(self, chosen: Flags) -> Seen:
        """Some of the rows."""
        merchant = self.merchant[chosen] if len(self.merchant) else self.merchant
        return Seen(self.person[chosen], self.value[chosen], self.weight[chosen], merchant)

    def of(self, person: Flags) -> Seen:
        """The rows of these people. person: (everybody,)."""
        return self.where(person[self.person])


@dataclass(frozen=True, kw_only=True)
class Everybody:
    """What all people of a study are and did. Arrays by person are (people,) in the order of their numbers.

    kept: whom the filters leave. treated_world, other_world: rows of the observable, each person in both; the other one
    is None in designs that see one world. before: what the observable was in the world without, before the window. took:
    who used the credit in the window. per: of the second observable, in both worlds. cause, controls: by person.
    """

    kept: Flags
    score: Real
    score_read: Real
    lot: Real
    covariates: dict[str, Real]
    treated_world: Seen
    other_world: Seen | None
    took: Flags
    per: tuple[Real, Real] | None = None
    cause: Real | None = None
    controls: Real | None = None


def worlds_of(study: Study, parameters: Parameters) -> tuple[World, World]:
    """The world of who is treated and the world of who is not; the same where nothing differs."""
    rivals = [lender_of(each) for each in study.population.rivals]
    world = preset_world(parameters, months=study.population.months)
    lent = world.launch(study.lender, *rivals)
    if study.arm is None:
        return lent, lent
    match study.arm.change:
        case "launch":
            return lent, world.launch(*rivals)
        case "accept":
            market = study.arm.market
            assert market is not None, "the specification was checked"
            for other in () if study.arm.elsewhere else world.markets:
                lent = lent.accept(study.lender, other, 0.0)
            return lent.accept(study.lender, market, 1.0), lent.accept(study.lender, market, 0.0)
        case "limit":
            lender = lent.lender(study.lender)
            factor = study.arm.factor or 1.0
            return lent.change(study.lender, limit_ppm=round(lender.limit_ppm * factor)), lent


def everybody(study: Study, parameters: Parameters, *, people: int | None = None, processes: int = 1) -> Everybody:
    """Simulate a study's people. people: as many as it asks for, if None. The same whatever the number of processes."""
    lanes = lanes_of(people or study.population.people)
    return _joined(run_lanes(partial(_lane, study, parameters), lanes, processes=min(processes, len(lanes))))


def _lane(study: Study, parameters: Parameters, ids: Bits) -> Everybody:
    treated, other = worlds_of(study, parameters)
    seed, (first, end) = study.population.seed, study.days
    end = treated.days if study.observable.to_day is None else end
    lender = treated.lender_at(study.lender)
    watched = study.observable
    market = None if watched.market is None else treated.market_at(watched.market)
    window, before = Window(market, first, end, lender), Window(market, 0, first, lender)
    with_it = simulate_lane(treated, ids, seed)
    both = treated is not other
    without = simulate_lane(other, ids, seed) if both else with_it
    people = with_it.people
    # A lender that does not lend reads nobody's score differently; the read of the treated world is everybody's.
    by_person = partial(_one_each, lane=with_it, window=window)
    merchants = _merchants(study, with_it) if study.arm is not None and study.arm.drawn_by == "merchant" else None
    earlier = _one_each(watched.name, lane=without, window=before) if study.matching is not None else None
    covariates = {
        "score": people.score,
        "score_read": people.read[lender],
        "spending_minor": people.spending_minor.astype(np.float64),
        "limit_minor": people.limits_minor[lender].astype(np.float64),
        "reach": people.reach.sum(axis=0).astype(np.float64),
        "pay_day": people.pay_day.astype(np.float64),
    }
    if earlier is not None:
        covariates["before"] = earlier
    return Everybody(
        kept=_kept(study, with_it, without, window),
        score=people.score,
        score_read=people.read[lender],
        lot=uniform(bits(key(seed, Purpose.ARM), ids)),
        covariates=covariates,
        treated_world=_seen(study, with_it, window, merchants),
        other_world=_seen(study, without, window, merchants) if both else None,
        took=_one_each("credit_sales", lane=with_it, window=replace(window, market=None)) > 0,
        per=None
        if watched.per is None
        else (by_person(watched.per), _one_each(watched.per, lane=without, window=window)),
        cause=None if watched.cause is None else by_person(watched.cause),
        controls=np.column_stack([by_person(each) for each in watched.controls]) if watched.controls else None,
    )


def _one_each(name: str, lane: Lane, window: Window) -> Real:
    rows = observe(name, lane, window)
    found = np.zeros(lane.people.count)
    found[rows.person] = rows.value
    return found


def _kept(study: Study, with_it: Lane, without: Lane, window: Window) -> Flags:
    population, people = study.population, with_it.people
    kept = np.ones(people.count, dtype=np.bool_)
    for span, values in (
        (population.score, people.score),
        (population.score_read, people.read[window.lender]),
        (population.spending_minor, people.spending_minor),
    ):
        if span is not None:
            kept &= (values >= span[0]) & (values <= span[1])
    if population.holds_line:
        kept &= people.limits_minor[window.lender] > 0
    if population.new_customers:
        kept &= _one_each("orders", without, Window(window.market, 0, window.first, window.lender)) == 0
    return kept


def _merchants(study: Study, lane: Lane) -> Whole:
    """The number of the merchant of the market that each need would go to."""
    assert study.arm is not None and study.arm.market is not None, "the specification was checked"
    place = merchant_place(lane.needs.draws, lane.world.market_at(study.arm.market))
    return np.floor(place * study.arm.merchants).astype(np.int64)


def _seen(study: Study, lane: Lane, window: Window, merchants: Whole | None) -> Seen:
    rows: Rows = observe(study.observable.name, lane, window)
    merchant = np.zeros(0, dtype=np.int64) if merchants is None else merchants[rows.need]
    return Seen(rows.person.astype(np.int64), rows.value, rows.weight, merchant)


def _joined(lanes: list[Everybody]) -> Everybody:
    starts = np.cumsum([0, *(len(lane.kept) for lane in lanes)])[:-1]

    def rows(name: str) -> Seen:
        parts = [
            seen._replace(person=seen.person + start)
            for seen, start in zip((getattr(lane, name) for lane in lanes), starts, strict=True)
        ]
        return Seen(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    first = lanes[0]
    return Everybody(
        kept=np.concatenate([lane.kept for lane in lanes]),
        score=np.concatenate([lane.score for lane in lanes]),
        score_read=np.concatenate([lane.score_read for lane in lanes]),
        lot=np.concatenate([lane.lot for lane in lanes]),
        covariates={name: np.concatenate([lane.covariates[name] for lane in lanes]) for name in first.covariates},
        treated_world=rows("treated_world"),
        other_world=None if first.other_world is None else rows("other_world"),
        took=np.concatenate([lane.took for lane in lanes]),
        per=None
        if first.per is None
        else (
            np.concatenate([lane.per[0] for lane in lanes if lane.per]),
            np.concatenate([lane.per[1] for lane in lanes if lane.per]),
        ),
        cause=None if first.cause is None else np.concatenate([lane.cause for lane in lanes if lane.cause is not None]),
        controls=None
        if first.controls is None
        else np.concatenate([lane.controls for lane in lanes if lane.controls is not None]),
    )
