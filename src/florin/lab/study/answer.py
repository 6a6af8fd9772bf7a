"""The answer: a study's own method on the half of the truth that a study sees, and beside it what the model knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from florin.lab.arrays import Flags, Real
from florin.lab.draws import Purpose, bits, key, uniform
from florin.lab.estimators import (
    Balance,
    Bandwidths,
    Density,
    Elasticity,
    Estimate,
    NotEstimable,
    Placebo,
    density_at_cut,
    discontinuity,
    elasticity,
    holdout,
    least_squares,
    matching,
    placebo_jumps,
    slope,
)
from florin.lab.study.spec import Study
from florin.lab.study.worlds import Everybody, Seen


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a method finds, in the measure's own unit (a lift of 0.2 is 20 %).

    treated, control: levels of the two arms, None where there are none; in_the_model: the same measure for all whom the method
    speaks of, each seen in both worlds; None where the model knows no more than the method. The rest is each design's alibi.
    """

    estimate: Estimate
    treated: float | None = None
    control: float | None = None
    in_the_model: float | None = None
    bandwidths: Bandwidths | None = None
    density: Density | None = None
    placebos: tuple[Placebo, ...] = ()
    balance: tuple[Balance, ...] = ()
    unmatched: int = 0
    first_stage_f: float | None = None
    dropped: int = 0


def answer(study: Study, people: Everybody) -> Answer:
    """Run the study's method. Raises NotEstimable, with the reason, where these people cannot answer it."""
    if not people.kept.any():
        raise NotEstimable(f"the filters leave nobody of {len(people.kept):,} people")
    match study.design:
        case "holdout":
            return _of_lot(study, people)
        case "discontinuity":
            return _of_cut(study, people)
        case "matching":
            return _of_likeness(study, people)
        case "elasticity":
            return _of_slope(study, people)
        case "level":
            return _of_level(people)


def _of_lot(study: Study, people: Everybody) -> Answer:
    assert study.arm is not None and people.other_world is not None, "the specification was checked"
    share = study.arm.share_treated
    with_it, without = people.treated_world.of(people.kept), people.other_world.of(people.kept)
    if study.arm.drawn_by == "merchant":
        lots = uniform(bits(key(study.population.seed, Purpose.ARM), np.arange(study.arm.merchants, dtype=np.uint64)))
        rows, treated = _half(with_it, without, (lots < share)[with_it.merchant], (lots < share)[without.merchant])
        clusters = rows.merchant
    else:
        drawn = people.lot < share
        rows, treated = _half(with_it, without, drawn[with_it.person], drawn[without.person])
        clusters = rows.person
    known = None
    if study.adjust:
        known = np.column_stack([people.covariates["spending_minor"], people.covariates["score_read"]])[rows.person]
    if study.measure == "slope":
        return _slope_of_lot(people, rows, treated, known)
    found = holdout(rows.value, treated, clusters=clusters, covariates=known, weights=rows.weight)
    estimate = found.lift if study.measure == "lift" else found.difference
    if estimate is None:
        raise NotEstimable(f"a lift needs positive means; treated {found.treated:.6g}, control {found.control:.6g}")
    truth = _contrast(study, with_it, without)
    return Answer(estimate=estimate, treated=found.treated, control=found.control, in_the_model=truth)


def _slope_of_lot(people: Everybody, rows: Seen, treated: Flags, known: Real | None) -> Answer:
    """So much of the observable for one of `per`: the lot moves both, and is the instrument."""
    assert people.per is not None and people.other_world is not None, "the specification was checked"
    moved = np.where(treated, people.per[0][rows.person], people.per[1][rows.person])
    found = slope(rows.value, moved, instruments=treated.astype(np.float64), covariates=known, clusters=rows.person)
    return Answer(
        estimate=found.slope,
        treated=float(rows.value[treated].mean()),
        control=float(rows.value[~treated].mean()),
        in_the_model=_ratio_of_changes(people, people.kept),
        first_stage_f=found.first_stage_f,
    )


def _of_cut(study: Study, people: Everybody) -> Answer:
    assert study.cut is not None and people.other_world is not None, "the specification was checked"
    running = people.score_read if study.cut.running == "score_read" else people.score
    above = running >= study.cut.at
    with_it, without = people.treated_world.of(people.kept), people.other_world.of(people.kept)
    rows, _ = _half(with_it, without, above[with_it.person], above[without.person])
    along = running[rows.person]
    fuzzy = None
    if study.measure == "slope":
        assert people.per is not None, "the specification was checked"
        fuzzy = np.where(above, people.per[0], people.per[1])[rows.person]
    found = discontinuity(rows.value, along, cut=study.cut.at, treated=fuzzy, clusters=rows.person)
    estimate = found.lift if study.measure == "lift" else found.jump
    if estimate is None:
        raise NotEstimable(f"a lift needs positive levels at the cut; below {found.below:.6g}, above {found.above:.6g}")
    near = people.kept & (np.abs(running - study.cut.at) < found.bandwidths.line)
    if study.measure == "slope":
        truth = _ratio_of_changes(people, near)
    else:
        truth = _contrast(study, people.treated_world.of(near), people.other_world.of(near))
    return Answer(
        estimate=estimate,
        treated=found.above,
        control=found.below,
        in_the_model=truth,
        bandwidths=found.bandwidths,
        density=_density(running[people.kept], study.cut.at),
        placebos=placebo_jumps(rows.value, along, cut=study.cut.at, placebos=study.cut.placebos, clusters=rows.person),
    )


def _density(running: Real, cut: float) -> Density | None:
    """None where too few people stand on a side to tell."""
    try:
        return density_at_cut(running, cut=cut)
    except NotEstimable:
        return None


def _of_likeness(study: Study, people: Everybody) -> Answer:
    assert study.matching is not None and people.other_world is not None, "the specification was checked"
    kept, how = people.kept, study.matching
    after, without = _by_person(people.treated_world, len(kept)), _by_person(people.other_world, len(kept))
    found = matching(
        after[kept],
        people.took[kept],
        np.column_stack([people.covariates[name][kept] for name in how.covariates]),
        before=people.covariates["before"][kept],
        names=how.covariates,
        method=how.method,
        bins=how.bins,
        caliper=how.caliper,
    )
    estimate = found.lift if study.measure == "lift" else found.effect
    if estimate is None:
        raise NotEstimable("a lift needs a positive level without credit")
    takers = kept & people.took
    with_credit, no_credit = float(after[takers].mean()), float(without[takers].mean())
    truth = with_credit / no_credit - 1 if study.measure == "lift" else with_credit - no_credit
    return Answer(
        estimate=estimate,
        treated=with_credit,
        in_the_model=truth,
        balance=found.balance,
        unmatched=found.unmatched,
    )


def _of_slope(study: Study, people: Everybody) -> Answer:
    assert people.cause is not None, "the specification was checked"
    kept = people.kept
    outcome = _by_person(people.treated_world, len(kept))[kept]
    controls = None if people.controls is None else people.controls[kept]
    ask = elasticity if study.measure == "elasticity" else slope
    found: Elasticity = ask(outcome, people.cause[kept], covariates=controls)
    return Answer(estimate=found.slope, dropped=found.dropped)


def _of_level(people: Everybody) -> Answer:
    rows = people.treated_world.of(people.kept)
    if len(np.unique(rows.person)) < 2:
        raise NotEstimable(
            f"{len(rows.person)} rows of {len(np.unique(rows.person))} people have no mean with an interval"
        )
    fit = least_squares(np.ones((len(rows.value), 1)), rows.value, clusters=rows.person, weights=rows.weight)
    return Answer(estimate=fit.estimate(0))


def _half(with_it: Seen, without: Seen, treated: Flags, spared: Flags) -> tuple[Seen, Flags]:
    """What a study sees: the treated in the one world, the others in the other. treated, spared: a flag a row of each."""
    seen, unseen = with_it.where(treated), without.where(~spared)
    rows = Seen(*(np.concatenate(columns) for columns in zip(seen, unseen, strict=True)))
    return rows, np.arange(len(rows.value)) < len(seen.value)


def _contrast(study: Study, with_it: Seen, without: Seen) -> float | None:
    """The measure over people who are all seen both ways."""
    levels = [float(np.average(rows.value, weights=rows.weight)) for rows in (with_it, without) if len(rows.value)]
    if len(levels) < 2 or (study.measure == "lift" and levels[1] <= 0):
        return None
    return levels[0] / levels[1] - 1 if study.measure == "lift" else levels[0] - levels[1]


def _ratio_of_changes(people: Everybody, among: Flags) -> float | None:
    assert people.per is not None and people.other_world is not None, "the specification was checked"
    count = len(people.kept)
    change = _by_person(people.treated_world, count)[among] - _by_person(people.other_world, count)[among]
    moved = (people.per[0] - people.per[1])[among].sum()
    return None if moved == 0 else float(change.sum() / moved)


def _by_person(rows: Seen, count: int) -> Real:
    found = np.zeros(count)
    found[rows.person] = rows.value
    return found
