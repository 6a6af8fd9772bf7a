"""A holdout: some were offered credit by lot, some were not, and the difference is what credit did.

Covariates known before the lot may sharpen the answer; they never change the question. They enter centered and with a
slope for each arm, so the estimate stays right whatever their true shape (Lin 2013, "Agnostic notes on regression
adjustments"). Errors are clustered by whoever was drawn: a person, or a merchant with all his buyers.
"""

from __future__ import annotations

import msgspec
import numpy as np

from florin.lab.estimators.estimate import (
    CONFIDENCE,
    Estimate,
    NotEstimable,
    as_column,
    as_table,
    estimate_of,
    lift_of,
)
from florin.lab.estimators.regression import least_squares


class Holdout(msgspec.Struct, frozen=True, kw_only=True):
    """What a lot showed.

    treated, control: the mean of each arm, adjusted where covariates were given; difference: theirs, in the outcome's
    unit; lift: treated / control - 1, None where a mean is not positive.
    """

    treated: float
    control: float
    difference: Estimate
    lift: Estimate | None


def holdout(
    outcome: object,
    treated: object,
    *,
    clusters: object | None = None,
    covariates: object | None = None,
    weights: object | None = None,
    confidence: float = CONFIDENCE,
) -> Holdout:
    """Difference and percent lift between two arms that a lot made.

    outcome: a number a row (a person's sales, or one row an order); treated: true where credit was offered; clusters:
    the unit that was drawn, a label a row; covariates: n × k, known before the lot; weights: a row's,
    so that means are ratios of sums. Where rows are orders and clusters
    are persons, the means are per order and the errors a person's. Raises NotEstimable: an arm with fewer than two
    clusters, shapes that differ, values that are not finite.
    """
    result = as_column("outcome", outcome)
    rows = len(result)
    arm = as_column("treated", treated, rows)
    if not np.isin(arm, (0.0, 1.0)).all():
        raise NotEstimable("`treated` must be true or false in every row")
    known = as_table("covariates", covariates, rows)
    groups = np.arange(rows) if clusters is None else np.asarray(clusters)
    for name, side in (("treated", arm == 1), ("control", arm == 0)):
        if groups.shape == (rows,) and len(np.unique(groups[side])) < 2:
            raise NotEstimable(f"the {name} arm has {int(side.sum())} rows of fewer than 2 clusters; draw more")
    heavy = np.ones(rows) if weights is None else as_column("weights", weights, rows)
    if heavy.min() < 0 or heavy.sum() == 0:
        raise NotEstimable("`weights` must be zero or more, and not all zero")
    centered = known - heavy @ known / heavy.sum()
    design = np.column_stack([arm, 1 - arm, centered * arm[:, None], centered * (1 - arm)[:, None]])
    fit = least_squares(design, result, clusters=clusters, weights=heavy)
    means, covariance = fit.coefficients[:2], fit.covariance[:2, :2]
    contrast = np.array([1.0, -1.0])
    difference = estimate_of(
        float(contrast @ means),
        float(contrast @ covariance @ contrast),
        n=rows,
        clusters=fit.clusters,
        confidence=confidence,
    )
    lift = None
    if means.min() > 0:
        lift = lift_of(
            float(means[0]), float(means[1]), covariance, n=rows, clusters=fit.clusters, confidence=confidence
        )
    return Holdout(treated=float(means[0]), control=float(means[1]), difference=difference, lift=lift)
