"""An estimate: a number, how sure the data are of it, and how much data that was."""

from __future__ import annotations

import msgspec
import numpy as np
from scipy.special import ndtr, stdtr, stdtrit

from florin.lab.arrays import Real, Whole

CONFIDENCE = 0.95


class NotEstimable(ValueError):
    """The data cannot answer the question; the text says which part is missing, and what there is."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A number with its interval.

    value, standard_error, low, high: in the unit of what was estimated; a share is a share, so 0.2 is 20 %. n: rows
    that were used; clusters: groups of rows that stand or fall together; confidence: the share of samples whose
    interval covers the truth.
    """

    value: float
    standard_error: float
    low: float
    high: float
    n: int
    clusters: int
    confidence: float = CONFIDENCE

    @property
    def p_value(self) -> float:
        """How often chance alone would move the estimate this far from zero: two-sided, 0 to 1."""
        if self.standard_error == 0:
            return 1.0 if self.value == 0 else 0.0
        return float(2 * stdtr(max(self.clusters - 1, 1), -abs(self.value) / self.standard_error))

    def covers(self, value: float) -> bool:
        """Whether the interval holds this value, its ends included."""
        return self.low <= value <= self.high


def estimate_of(value: float, variance: float, *, n: int, clusters: int, confidence: float = CONFIDENCE) -> Estimate:
    """The estimate with its symmetric interval by Student's t with `clusters` - 1 degrees of freedom.

    variance: of the estimate, not negative but for rounding. Raises NotEstimable below two clusters.
    """
    error = float(np.sqrt(max(variance, 0.0)))
    reach = quantile(clusters, confidence) * error
    return Estimate(
        value=float(value),
        standard_error=error,
        low=float(value - reach),
        high=float(value + reach),
        n=n,
        clusters=clusters,
        confidence=confidence,
    )


def lift_of(
    treated: float, control: float, covariance: Real, *, n: int, clusters: int, confidence: float = CONFIDENCE
) -> Estimate:
    """`treated` / `control` - 1, with an interval that is symmetric in logarithms and so never falls below -1.

    treated, control: two means, both positive; covariance: theirs, 2 × 2 in that order. The error is the delta
    method's. Raises NotEstimable where a mean is not positive: its percentage means nothing.
    """
    if treated <= 0 or control <= 0:
        raise NotEstimable(
            f"a lift in percent needs positive means: treated {treated:.6g}, control {control:.6g}; read the difference"
        )
    ratio = treated / control
    slope = np.array([1 / treated, -1 / control])
    error_of_log = float(np.sqrt(max(slope @ covariance @ slope, 0.0)))
    reach = quantile(clusters, confidence) * error_of_log
    return Estimate(
        value=ratio - 1,
        standard_error=ratio * error_of_log,
        low=float(ratio * np.exp(-reach) - 1),
        high=float(ratio * np.exp(reach) - 1),
        n=n,
        clusters=clusters,
        confidence=confidence,
    )


def quantile(clusters: int, confidence: float) -> float:
    """Half the width of the interval, in standard errors. Raises NotEstimable below two clusters."""
    if clusters < 2:
        raise NotEstimable(f"an interval needs at least 2 independent clusters; there is {clusters}")
    if not 0 < confidence < 1:
        raise NotEstimable(f"a confidence of {confidence} is no share between 0 and 1")
    return float(stdtrit(clusters - 1, (1 + confidence) / 2))


def two_sided(z: float) -> float:
    """The share of a standard normal that lies farther from zero than z."""
    return float(2 * ndtr(-abs(z)))


def as_column(name: str, values: object, rows: int | None = None) -> Real:
    """The values as one finite column of floats. Raises NotEstimable: not one column, another length, not finite."""
    column = np.asarray(values, dtype=np.float64)
    if column.ndim != 1:
        raise NotEstimable(f"`{name}` must be one column; it has shape {column.shape}")
    if rows is not None and len(column) != rows:
        raise NotEstimable(f"`{name}` has {len(column)} rows where the outcome has {rows}")
    wrong = int(np.count_nonzero(~np.isfinite(column)))
    if wrong:
        raise NotEstimable(f"`{name}` has {wrong} of {len(column)} values that are no finite number")
    return column


def as_table(name: str, values: object | None, rows: int) -> Real:
    """The values as a finite table of `rows` rows; no values make a table without columns."""
    if values is None:
        return np.empty((rows, 0))
    table = np.asarray(values, dtype=np.float64)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or len(table) != rows:
        raise NotEstimable(f"`{name}` has shape {table.shape} where the outcome has {rows} rows")
    if not np.isfinite(table).all():
        raise NotEstimable(f"`{name}` has values that are no finite number")
    return table


def numbered(clusters: object | None, rows: int) -> tuple[Whole, int]:
    """The cluster of each row as 0, 1, 2, … and how many there are. Without clusters each row is its own."""
    if clusters is None:
        return np.arange(rows, dtype=np.int64), rows
    labels = np.asarray(clusters)
    if labels.shape != (rows,):
        raise NotEstimable(f"`clusters` has shape {labels.shape} where the outcome has {rows} rows")
    names, index = np.unique(labels, return_inverse=True)
    return index.astype(np.int64), len(names)
