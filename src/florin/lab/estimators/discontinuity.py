"""A regression discontinuity: people just above a cut get credit, people just below do not, and are otherwise alike.

Each side is a straight line with a triangular kernel; the jump at the cut is the effect on people there. A line is a
little wrong where the truth bends, so a second, curved fit with a wider bandwidth estimates that bias, takes it off and
widens the interval for having done so. Bandwidths minimize the mean squared error of the jump. Sources: Calonico,
Cattaneo and Titiunik 2014 (bias correction, robust interval), Calonico, Cattaneo and Farrell 2020 (bandwidths, with
their regularization), Imbens and Kalyanaraman 2012. The variance is the clustered sandwich of `regression`; the tests
hold all numbers against the authors' own `rdrobust`.

Whether people could choose their side is asked by `density.density_at_cut`.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np

from florin.lab.arrays import Flags, Real, Whole
from florin.lab.estimators.estimate import (
    CONFIDENCE,
    Estimate,
    NotEstimable,
    as_column,
    estimate_of,
    lift_of,
    numbered,
)
from florin.lab.estimators.regression import clustered, inverse_gram

LINE, CURVE = 1, 2
DISTINCT_MIN = 10


class Bandwidths(NamedTuple):
    """How far from the cut counts: for the line, and for the curve that estimates its bias; units of the running variable."""

    line: float
    curve: float


class Discontinuity(msgspec.Struct, frozen=True, kw_only=True):
    """What happens at the cut, going up through it.

    jump: bias-corrected with its robust interval, the one to quote; conventional: without either; lift: the jump as a
    share of the level just below, None where a level is not positive; below, above: the two levels at the cut, bias
    corrected; take_up: in a fuzzy design, by how much the share treated jumps, else None and jump is the outcome's own;
    n_below, n_above: rows within the line's bandwidth.
    """

    jump: Estimate
    conventional: Estimate
    lift: Estimate | None
    below: float
    above: float
    take_up: Estimate | None
    bandwidths: Bandwidths
    n_below: int
    n_above: int


class Placebo(msgspec.Struct, frozen=True, kw_only=True):
    """A cut where nothing changes, and the jump that was found there all the same."""

    cut: float
    jump: Estimate


def discontinuity(
    outcome: object,
    running: object,
    *,
    cut: float,
    treated: object | None = None,
    clusters: object | None = None,
    bandwidths: Bandwidths | None = None,
    confidence: float = CONFIDENCE,
) -> Discontinuity:
    """The jump of `outcome` where `running` reaches `cut` (the cut itself lies above).

    outcome, running: a number a row; treated: in a fuzzy design, who was treated in fact: the jump is then the effect on
    those whom the cut moved; clusters: a label a row; bandwidths: chosen from the data when None, by the outcome alone.
    Raises NotEstimable: fewer than ten distinct values of `running` on a side, a cut that moves nobody, shapes, values
    that are not finite.
    """
    result = as_column("outcome", outcome)
    distance = as_column("running", running, len(result)) - cut
    labels, _ = numbered(clusters, len(result))
    taken = None if treated is None else as_column("treated", treated, len(result))
    for name, where in (("below", distance < 0), ("at or above", distance >= 0)):
        distinct = len(np.unique(distance[where]))
        if distinct < DISTINCT_MIN:
            raise NotEstimable(
                f"{name} the cut at {cut:g} the running variable takes {distinct} values; it must take {DISTINCT_MIN}"
            )
    chosen = bandwidths or best_bandwidths(result, distance, labels)
    sides = [_side(result, distance, labels, taken, side, chosen) for side in (distance < 0, distance >= 0)]
    return _jump(sides[0], sides[1], chosen, fuzzy=taken is not None, confidence=confidence)


def placebo_jumps(
    outcome: object,
    running: object,
    *,
    cut: float,
    placebos: object,
    clusters: object | None = None,
    confidence: float = CONFIDENCE,
) -> tuple[Placebo, ...]:
    """Jumps at cuts where nothing changes, each on its own side of the true cut only, so that the true jump is not seen.

    placebos: values of the running variable. About one in twenty intervals should miss zero at 95 %; more say that the
    design sees jumps everywhere. Raises NotEstimable as `discontinuity` does, or for a placebo at the true cut.
    """
    result = as_column("outcome", outcome)
    along = as_column("running", running, len(result))
    labels, _ = numbered(clusters, len(result))
    found = []
    for placebo in as_column("placebos", placebos):
        if placebo == cut:
            raise NotEstimable(f"a placebo must differ from the cut at {cut:g}")
        kept = along < cut if placebo < cut else along >= cut
        seen = discontinuity(
            result[kept], along[kept], cut=float(placebo), clusters=labels[kept], confidence=confidence
        )
        found.append(Placebo(cut=float(placebo), jump=seen.jump))
    return tuple(found)


def best_bandwidths(outcome: Real, distance: Real, labels: Whole) -> Bandwidths:
    """Bandwidths of least mean squared error for the jump, both sides alike.

    distance: of each row from the cut. Three steps, each with what the step before found: a curve of third order over
    all data gives the bandwidth for the bias of the second derivative, that one the bandwidth of the curve, and that one
    the bandwidth of the line.
    """
    spread = _spread(distance)
    scaled = distance / spread
    below, above = scaled < 0, scaled >= 0
    least = max(_reach_of(scaled[side], DISTINCT_MIN) for side in (below, above))
    most = float(np.abs(scaled).max())
    pilot = max(min(_TRIANGULAR * len(np.unique(scaled)) ** -0.2, most), least)
    ends = [float(np.abs(scaled[side]).max()) * _JUST_BEYOND for side in (below, above)]

    def best(order: int, derivative: int, bias_bandwidths: list[float], *, regularize: bool) -> float:
        parts = [
            _squared_error(outcome[side], scaled[side], labels[side], order, derivative, pilot, reach, regularize)
            for side, reach in zip((below, above), bias_bandwidths, strict=True)
        ]
        variance, doubt = parts[0].variance + parts[1].variance, parts[0].doubt + parts[1].doubt
        bias = (parts[1].bias - parts[0].bias) ** 2
        if bias + doubt == 0:
            return most
        return max(min(float((variance / (bias + doubt)) ** (1 / (2 * order + 3))), most), least)

    third = best(CURVE + 1, CURVE + 1, ends, regularize=False)
    curve = best(CURVE, LINE + 1, [third, third], regularize=True)
    line = best(LINE, 0, [curve, curve], regularize=True)
    return Bandwidths(line=line * spread, curve=curve * spread)


class _Error(NamedTuple):
    """The parts of a mean squared error as the bandwidth h goes: variance / h^(1+2v) + (bias² + doubt) h^(2(o+1-v))."""

    variance: float
    bias: float
    doubt: float


def _squared_error(
    outcome: Real,
    distance: Real,
    labels: Whole,
    order: int,
    derivative: int,
    pilot: float,
    bias_bandwidth: float,
    regularize: bool,
) -> _Error:
    """One side's share: the variance at the pilot bandwidth, the bias by a fit of one order more."""
    at_pilot = _local(outcome, distance, labels, order, pilot)
    variance = (2 * derivative + 1) * pilot ** (2 * derivative + 1) * at_pilot.variance[derivative, derivative]
    lever = at_pilot.inverse @ (at_pilot.weighted.T @ (at_pilot.distance / pilot) ** (order + 1))
    lever_here = pilot**derivative * float(lever[derivative])
    bent = _local(outcome, distance, labels, order + 1, bias_bandwidth)
    times = 2 * (order + 1 - derivative)
    bias = float(np.sqrt(times)) * lever_here * float(bent.coefficients[-1])
    doubt = times * 3 * lever_here**2 * float(bent.variance[-1, -1]) if regularize else 0.0
    return _Error(float(variance), bias, doubt)


class _Local(NamedTuple):
    """A polynomial around the cut, one side: coefficients by power, with what made them."""

    coefficients: Real
    variance: Real
    inverse: Real
    weighted: Real
    distance: Real


def _local(outcome: Real, distance: Real, labels: Whole, order: int, bandwidth: float) -> _Local:
    weight = _triangle(distance, bandwidth)
    near = weight > 0
    distance, weight = distance[near], weight[near]
    if len(np.unique(distance)) < order + 1:
        raise NotEstimable(f"within {bandwidth:.4g} of the cut are too few distinct values for order {order}")
    design = np.vander(distance, order + 1, increasing=True)
    inverse = inverse_gram(design, weight)
    weighted = design * weight[:, None]
    coefficients = inverse @ (weighted.T @ outcome[near])
    residual = outcome[near] - design @ coefficients
    groups, count = numbered(labels[near], len(distance))
    meat = clustered(weighted * residual[:, None], groups, count, parameters=order + 1)
    return _Local(coefficients, inverse @ meat @ inverse, inverse, weighted, distance)


class _Side(NamedTuple):
    """One side at the cut. Levels are sums of weight × outcome, so all that follows is linear.

    level, corrected: of outcome and of treatment (2); loads, robust_loads: what each cluster adds to those levels' error
    (clusters × 2), by the line, and by the line less its bias.
    """

    level: Real
    corrected: Real
    loads: Real
    robust_loads: Real
    n: int
    clusters: int


def _side(
    outcome: Real, distance: Real, labels: Whole, treated: Real | None, where: Flags, chosen: Bandwidths
) -> _Side:
    near = where & (np.abs(distance) < max(chosen))
    away = distance[near]
    seen = np.column_stack([outcome[near], np.zeros(len(away)) if treated is None else treated[near]])
    groups, count = numbered(labels[near], len(away))
    unit = max(chosen)  # powers of a distance in units of the wider bandwidth stay near one
    away, line, curve = away / unit, chosen.line / unit, chosen.curve / unit
    line_level, line_residual, line_lever = _weights(away, seen, LINE, line, power=0)
    bend, curve_residual, _ = _weights(away, seen, CURVE, curve, power=LINE + 1)
    corrected_level = line_level - line ** (LINE + 1) * line_lever * bend
    return _Side(
        level=line_level @ seen,
        corrected=corrected_level @ seen,
        loads=_loads(line_level, line_residual, groups, count, _rows(line_level), LINE + 1),
        robust_loads=_loads(corrected_level, curve_residual, groups, count, len(away), CURVE + 1),
        n=_rows(line_level),
        clusters=int(np.count_nonzero(np.bincount(groups, line_level != 0, minlength=count))),
    )


def _weights(distance: Real, seen: Real, order: int, bandwidth: float, *, power: int) -> tuple[Real, Real, float]:
    """What each row weighs in the coefficient of `power`; residuals of the fit; and how a bend of one order more leaks
    into the level.
    """
    weight = _triangle(distance, bandwidth)
    if len(np.unique(distance[weight > 0])) < order + 2:
        raise NotEstimable(
            f"a bandwidth leaves fewer than {order + 2} distinct values of the running variable on a side"
        )
    design = np.vander(distance, order + 1, increasing=True)
    inverse = inverse_gram(design, weight)
    solver = inverse @ (design * weight[:, None]).T
    lever = float((solver @ (distance / bandwidth) ** (order + 1))[0])
    return solver[power], seen - design @ (solver @ seen), lever


def _loads(weights: Real, residual: Real, groups: Whole, count: int, rows: int, parameters: int) -> Real:
    sums = np.column_stack([np.bincount(groups, weights * column, minlength=count) for column in residual.T])
    used = int(np.count_nonzero(np.bincount(groups, weights != 0, minlength=count)))
    correction = used / max(used - 1, 1) * (rows - 1) / max(rows - parameters, 1)
    loads: Real = sums * np.sqrt(correction)
    return loads


def _rows(weights: Real) -> int:
    return int(np.count_nonzero(weights))


def _jump(below: _Side, above: _Side, chosen: Bandwidths, *, fuzzy: bool, confidence: float) -> Discontinuity:
    n, clusters = below.n + above.n, below.clusters + above.clusters

    def sure(value: float, variance: float) -> Estimate:
        return estimate_of(value, variance, n=n, clusters=clusters, confidence=confidence)

    line, corrected = above.level - below.level, above.corrected - below.corrected
    direction = np.array([1.0, 0.0])
    value, robust_value = float(line[0]), float(corrected[0])
    take_up = None
    if fuzzy:
        robust_covariance = _covariance(above.robust_loads) + _covariance(below.robust_loads)
        take_up = sure(float(corrected[1]), float(robust_covariance[1, 1]))
        if abs(line[1]) < _NOTHING:
            raise NotEstimable("the cut moves nobody: the share treated is the same on both sides")
        # The ratio, linear around the line's own values: the authors' way, so that bias is taken off once.
        direction = np.array([1 / line[1], -line[0] / line[1] ** 2])
        value = float(line[0] / line[1])
        robust_value = value - float(direction @ (line - corrected))
    variance = sum(float(direction @ _covariance(side.loads) @ direction) for side in (below, above))
    robust_variance = sum(float(direction @ _covariance(side.robust_loads) @ direction) for side in (below, above))
    lift = None
    if not fuzzy and min(below.corrected[0], above.corrected[0]) > 0:
        apart = np.diag([_covariance(above.robust_loads)[0, 0], _covariance(below.robust_loads)[0, 0]])
        lift = lift_of(
            float(above.corrected[0]), float(below.corrected[0]), apart, n=n, clusters=clusters, confidence=confidence
        )
    return Discontinuity(
        jump=sure(robust_value, robust_variance),
        conventional=sure(value, variance),
        lift=lift,
        below=float(below.corrected[0]),
        above=float(above.corrected[0]),
        take_up=take_up,
        bandwidths=chosen,
        n_below=below.n,
        n_above=above.n,
    )


def _covariance(loads: Real) -> Real:
    covariance: Real = loads.T @ loads
    return covariance


def _triangle(distance: Real, bandwidth: float) -> Real:
    weight: Real = np.maximum(1 - np.abs(distance) / bandwidth, 0) / bandwidth
    return weight


def _spread(distance: Real) -> float:
    """The smaller of the standard deviation and that of a normal with the same quartiles."""
    low, high = np.quantile(distance, [0.25, 0.75])
    quartiles = float(high - low) / _QUARTILES_OF_NORMAL
    deviation = float(distance.std(ddof=1))
    return min(deviation, quartiles) if quartiles > 0 else deviation


def _reach_of(distance: Real, values: int) -> float:
    """How far one must look to see so many distinct values with a weight above zero."""
    distinct = np.sort(np.unique(np.abs(distance)))
    return float(distinct[min(values, len(distinct)) - 1]) * _JUST_BEYOND


_TRIANGULAR = 2.576  # Silverman's rule for a triangular kernel, as in the pilot of Calonico, Cattaneo and Farrell
_QUARTILES_OF_NORMAL = 1.349
_JUST_BEYOND = 1 + 1e-8
_NOTHING = 1e-12
