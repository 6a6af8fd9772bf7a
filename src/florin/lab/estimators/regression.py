"""Regressions that know which rows stand or fall together: least squares, and two stages with an instrument.

The covariance is the clustered sandwich with the usual correction for few clusters, G/(G-1) · (n-1)/(n-k); where each
row is its own cluster that is n/(n-k), known as HC1. Sources: Liang and Zeger 1986; MacKinnon and White 1985.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from florin.lab.arrays import Real, Whole
from florin.lab.estimators.estimate import CONFIDENCE, Estimate, NotEstimable, estimate_of, numbered


class Fit(NamedTuple):
    """Coefficients of a regression and their covariance, k and k × k; n rows in so many clusters."""

    coefficients: Real
    covariance: Real
    n: int
    clusters: int

    def estimate(self, index: int, confidence: float = CONFIDENCE) -> Estimate:
        """The coefficient of one column, with its interval."""
        return estimate_of(
            float(self.coefficients[index]),
            float(self.covariance[index, index]),
            n=self.n,
            clusters=self.clusters,
            confidence=confidence,
        )


def least_squares(design: Real, outcome: Real, *, clusters: object | None = None, weights: Real | None = None) -> Fit:
    """Weighted least squares of `outcome` (n) on the columns of `design` (n × k).

    clusters: a label a row; weights: zero or more a row. Rows of weight zero count for nothing, nor for n. Raises
    NotEstimable: fewer rows than columns, or columns that say the same thing.
    """
    used = np.ones(len(outcome), dtype=bool) if weights is None else weights > 0
    design, outcome = design[used], outcome[used]
    weight = np.ones(len(outcome)) if weights is None else weights[used]
    labels, count = numbered(None if clusters is None else np.asarray(clusters)[used], len(outcome))
    bread = inverse_gram(design, weight)
    coefficients = bread @ (design.T @ (weight * outcome))
    scores = design * (weight * (outcome - design @ coefficients))[:, None]
    meat = clustered(scores, labels, count, parameters=design.shape[1])
    return Fit(coefficients, bread @ meat @ bread, len(outcome), count)


class InstrumentedFit(NamedTuple):
    """The second stage, and how strongly the instruments move the cause: the first stage's clustered F."""

    fit: Fit
    first_stage_f: float


def two_stages(
    cause: Real, instruments: Real, controls: Real, outcome: Real, *, clusters: object | None = None
) -> InstrumentedFit:
    """Two-stage least squares of `outcome` on `cause` (n), moved by `instruments` (n × m), beside `controls` (n × k).

    controls should hold a column of ones. The coefficient of the cause comes first, then those of the controls. Raises
    NotEstimable as `least_squares` does, or where the instruments do not move the cause at all.
    """
    labels, count = numbered(clusters, len(outcome))
    ones = np.ones(len(outcome))
    first_design = np.column_stack([instruments, controls])
    first = least_squares(first_design, cause, clusters=labels)
    moved = slice(0, instruments.shape[1])
    jump = first.coefficients[moved]
    strength = float(jump @ np.linalg.pinv(first.covariance[moved, moved]) @ jump) / len(jump)
    fitted = np.column_stack([first_design @ first.coefficients, controls])
    design = np.column_stack([cause, controls])
    bread = inverse_gram(fitted, ones)
    coefficients = bread @ (fitted.T @ outcome)
    scores = fitted * (outcome - design @ coefficients)[:, None]
    meat = clustered(scores, labels, count, parameters=design.shape[1])
    return InstrumentedFit(Fit(coefficients, bread @ meat @ bread, len(outcome), count), strength)


def inverse_gram(design: Real, weight: Real) -> Real:
    """(X'WX)^-1, columns scaled first so that cents and shares may stand side by side."""
    rows, columns = design.shape
    if rows < columns + 1:
        raise NotEstimable(f"{rows} rows cannot tell {columns} coefficients apart; give at least {columns + 1}")
    scale = np.sqrt(np.einsum("ij,ij->j", design, design * weight[:, None]))
    if not (scale > 0).all():
        raise NotEstimable(f"column {int(np.argmin(scale))} of the regression is zero throughout")
    gram = (design / scale).T @ ((design / scale) * weight[:, None])
    if np.linalg.cond(gram) > _SINGULAR:
        raise NotEstimable("columns of the regression say the same thing; leave one of them out")
    return np.asarray(np.linalg.inv(gram) / np.outer(scale, scale), dtype=np.float64)


def clustered(scores: Real, labels: Whole, count: int, *, parameters: int) -> Real:
    """The middle of the sandwich: scores (n × k) summed within clusters, then squared, corrected for few clusters."""
    rows = len(scores)
    if count < 2:
        raise NotEstimable(f"an interval needs at least 2 independent clusters; there is {count}")
    sums = np.column_stack([np.bincount(labels, column, minlength=count) for column in scores.T])
    correction = count / (count - 1) * (rows - 1) / max(rows - parameters, 1)
    return np.asarray(correction * (sums.T @ sums), dtype=np.float64)


_SINGULAR = 1e12
