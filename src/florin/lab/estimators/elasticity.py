"""Elasticities: by how many percent one thing moves when another moves by one.

Published findings about payment flow and credit lines (1 % more flow, 0.41 % more line) and about what is spent out of
a higher limit are of this form. Where the cause was not drawn by lot, an instrument that moves it and touches the
outcome by no other way stands in for the lot.
"""

from __future__ import annotations

import msgspec
import numpy as np

from florin.lab.estimators.estimate import CONFIDENCE, Estimate, NotEstimable, as_column, as_table
from florin.lab.estimators.regression import least_squares, two_stages

WEAK_F = 10.0


class Elasticity(msgspec.Struct, frozen=True, kw_only=True):
    """The slope, and what was left out or is doubtful.

    slope: percent of outcome per percent of cause in a log-log regression, else units per unit; dropped: rows left out
    because a logarithm needs positive numbers; first_stage_f: how strongly the instruments move the cause, None without
    instruments; below 10 (Staiger and Stock 1997) the interval is not to be trusted, and `weak` says so.
    """

    slope: Estimate
    dropped: int = 0
    first_stage_f: float | None = None

    @property
    def weak(self) -> bool:
        return self.first_stage_f is not None and self.first_stage_f < WEAK_F


def elasticity(
    outcome: object,
    cause: object,
    *,
    covariates: object | None = None,
    instruments: object | None = None,
    clusters: object | None = None,
    confidence: float = CONFIDENCE,
) -> Elasticity:
    """The log-log slope of `outcome` on `cause`: percent per percent.

    Rows where either is zero or less are left out and counted. covariates and instruments (n × k, as they are, without
    logarithms) as in `slope`. Raises NotEstimable as that does, or when no row has both positive.
    """
    result = as_column("outcome", outcome)
    moved = as_column("cause", cause, len(result))
    kept = (result > 0) & (moved > 0)
    if not kept.any():
        raise NotEstimable(
            f"none of {len(result)} rows has outcome and cause above zero: there is no logarithm to take"
        )
    found = slope(
        np.log(result[kept]),
        np.log(moved[kept]),
        covariates=as_table("covariates", covariates, len(result))[kept],
        instruments=None if instruments is None else as_table("instruments", instruments, len(result))[kept],
        clusters=None if clusters is None else np.asarray(clusters)[kept],
        confidence=confidence,
    )
    return msgspec.structs.replace(found, dropped=int(len(result) - kept.sum()))


def slope(
    outcome: object,
    cause: object,
    *,
    covariates: object | None = None,
    instruments: object | None = None,
    clusters: object | None = None,
    confidence: float = CONFIDENCE,
) -> Elasticity:
    """Units of outcome per unit of cause, as a marginal propensity to consume is: fen spent per fen of limit.

    outcome, cause: a number a row; covariates: n × k, held fixed; instruments: n × m, which move the cause, by two-stage
    least squares; clusters: a label a row. Raises NotEstimable: a cause that never moves, shapes, values not finite.
    """
    result = as_column("outcome", outcome)
    rows = len(result)
    moved = as_column("cause", cause, rows)
    if rows == 0 or moved.min() == moved.max():
        raise NotEstimable(f"the cause is the same in all {rows} rows: nothing can be seen of what it does")
    controls = np.column_stack([np.ones(rows), as_table("covariates", covariates, rows)])
    if instruments is None:
        fit = least_squares(np.column_stack([moved, controls]), result, clusters=clusters)
        return Elasticity(slope=fit.estimate(0, confidence))
    stages = two_stages(moved, as_table("instruments", instruments, rows), controls, result, clusters=clusters)
    return Elasticity(slope=stages.fit.estimate(0, confidence), first_stage_f=stages.first_stage_f)
