"""Matching, then differences: people who took credit beside people who look like them and did not.

Matching makes the groups alike in what is seen; the difference of differences takes off what differs and does not move.
What is left out of both, such as who was about to spend anyway, stays in the answer: that is why vendors' numbers are
larger than lots'. Two ways: coarsened exact matching (Iacus, King and Porro 2012), where a stratum is a cell of
quantiles, and the nearest neighbor within a caliper, with replacement, in standardized covariates.
"""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np

from florin.lab.arrays import Flags, Real
from florin.lab.estimators.estimate import (
    CONFIDENCE,
    Estimate,
    NotEstimable,
    as_column,
    as_table,
    numbered,
)
from florin.lab.estimators.regression import least_squares

Method = Literal["coarsened", "nearest"]

BINS = 5
CALIPER = 0.25


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """How alike the groups are in one covariate: the difference of means in standard deviations of the treated, before
    and after matching. Within ±0.1 is commonly held to be alike.
    """

    covariate: str
    before: float
    after: float


class Matched(msgspec.Struct, frozen=True, kw_only=True):
    """The effect on the treated who found a match.

    effect: of the change (after - before) in the outcome's unit; lift: effect over what the treated would have had
    without, None where that is not positive; treated, unmatched: persons treated and how many of them found nobody alike;
    controls: persons who served as a match.
    """

    effect: Estimate
    lift: Estimate | None
    treated: int
    unmatched: int
    controls: int
    balance: tuple[Balance, ...]


def matching(
    after: object,
    treated: object,
    covariates: object,
    *,
    before: object | None = None,
    names: tuple[str, ...] | None = None,
    method: Method = "coarsened",
    bins: int = BINS,
    caliper: float = CALIPER,
    clusters: object | None = None,
    confidence: float = CONFIDENCE,
) -> Matched:
    """Match on `covariates` (n × k), then compare changes.

    after, before: the outcome of each person after and before (zero when None: then levels are compared); treated: who
    took credit; method: `coarsened` cells of `bins` quantiles each, or the `nearest` within `caliper` standard
    deviations; clusters: a label a row. Raises NotEstimable: no match at all, shapes, values that are not finite.
    """
    later = as_column("after", after)
    rows = len(later)
    earlier = np.zeros(rows) if before is None else as_column("before", before, rows)
    arm = as_column("treated", treated, rows) > 0
    table = as_table("covariates", covariates, rows)
    titles = names or tuple(f"covariate {number + 1}" for number in range(table.shape[1]))
    if len(titles) != table.shape[1] or not titles:
        raise NotEstimable(
            f"{table.shape[1]} covariates have {len(titles)} names; matching needs one at least, each named"
        )
    if not arm.any() or arm.all():
        raise NotEstimable(f"{int(arm.sum())} of {rows} are treated; matching needs some on both sides")
    weights = _coarsened(table, arm, bins) if method == "coarsened" else _nearest(table, arm, caliper)
    matched = weights > 0
    if int((matched & arm).sum()) < 2:
        raise NotEstimable(
            f"of {int(arm.sum())} treated fewer than 2 found anybody alike; use fewer covariates or bins"
        )
    labels, _ = numbered(clusters, rows)
    design = np.column_stack([arm.astype(np.float64), np.ones(rows)])
    fit = least_squares(design, later - earlier, clusters=labels, weights=weights)
    effect = fit.estimate(0, confidence)
    return Matched(
        effect=effect,
        lift=_lift(effect, float(later[matched & arm].mean()), labels, later, weights * arm),
        treated=int(arm.sum()),
        unmatched=int((arm & ~matched).sum()),
        controls=int((matched & ~arm).sum()),
        balance=tuple(_balance(name, column, arm, weights) for name, column in zip(titles, table.T, strict=True)),
    )


def _lift(effect: Estimate, level: float, labels: object, later: Real, weights: Real) -> Estimate | None:
    """The effect over the level without it. The level's own noise is small beside the effect's and is left out."""
    without = level - effect.value
    if without <= 0:
        return None
    return Estimate(
        value=effect.value / without,
        standard_error=effect.standard_error / without,
        low=effect.low / without,
        high=effect.high / without,
        n=effect.n,
        clusters=effect.clusters,
        confidence=effect.confidence,
    )


def _coarsened(table: Real, arm: Flags, bins: int) -> Real:
    """Cells of quantiles. A treated person weighs 1; the controls of a cell share the weight of its treated."""
    if bins < 2:
        raise NotEstimable(f"{bins} bins cannot tell anybody apart; use 2 at least")
    cuts = np.linspace(0, 1, bins + 1)[1:-1]
    cells = np.column_stack([np.searchsorted(np.unique(np.quantile(c, cuts)), c, side="right") for c in table.T])
    _, cell = np.unique(cells, axis=0, return_inverse=True)
    cell = cell.reshape(-1)
    treated, controls = np.bincount(cell, arm), np.bincount(cell, ~arm)
    both = (treated > 0) & (controls > 0)
    share = np.divide(treated, controls, out=np.zeros(len(both)), where=both)
    weights: Real = np.where(arm, both[cell].astype(np.float64), share[cell])
    return weights


def _nearest(table: Real, arm: Flags, caliper: float) -> Real:
    """The nearest control of each treated, with replacement: a control weighs how often it served."""
    from scipy.spatial import cKDTree

    if caliper <= 0:
        raise NotEstimable(f"a caliper of {caliper:g} standard deviations admits nobody; use one above 0")
    deviation = table.std(axis=0)
    scaled = table / np.where(deviation > 0, deviation, 1)
    distance, index = cKDTree(scaled[~arm]).query(scaled[arm], distance_upper_bound=caliper)
    found = np.isfinite(distance)
    weights = np.zeros(len(table))
    weights[np.flatnonzero(arm)[found]] = 1
    np.add.at(weights, np.flatnonzero(~arm)[index[found]], 1)
    return weights


def _balance(name: str, column: Real, arm: Flags, weights: Real) -> Balance:
    deviation = float(column[arm].std())
    scale = deviation if deviation > 0 else 1.0
    before = float(column[arm].mean() - column[~arm].mean()) / scale
    sides = [float(np.average(column[side], weights=weights[side])) for side in (arm, ~arm)]
    return Balance(covariate=name, before=before, after=(sides[0] - sides[1]) / scale)
