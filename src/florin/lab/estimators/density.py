"""Did people choose their side of a cut? Then more of them stand just above it than just below.

The histogram around the cut is smoothed on each side by a line with a triangular kernel, and the two heights at the cut
are compared by their logarithms: McCrary 2008, "Manipulation of the running variable", with his bin width, his
bandwidth and his standard error.
"""

from __future__ import annotations

import msgspec
import numpy as np

from florin.lab.arrays import Real
from florin.lab.estimators.estimate import CONFIDENCE, Estimate, NotEstimable, as_column, estimate_of, two_sided

BINS_MIN = 8


class Density(msgspec.Struct, frozen=True, kw_only=True):
    """The heights of the histogram at the cut.

    log_ratio: of above to below, 0 where nobody chose; p_value: how often chance gives as much; bin_width, bandwidth: in
    units of the running variable.
    """

    log_ratio: Estimate
    p_value: float
    bin_width: float
    bandwidth: float


def density_at_cut(running: object, *, cut: float, confidence: float = CONFIDENCE) -> Density:
    """Compare how densely people stand on the two sides of `cut` (the cut itself lies above).

    A running variable of whole steps, such as a score, gets bins of whole steps. Raises NotEstimable: fewer than eight
    bins on a side, or a side that is empty at the cut.
    """
    distance = as_column("running", running) - cut
    n = len(distance)
    if n < BINS_MIN or not (distance < 0).any() or not (distance >= 0).any():
        raise NotEstimable(f"the cut at {cut:g} must have people on both sides; there are {n} in all")
    width = _bin_width(distance)
    middles, heights = _histogram(distance, width)
    sides = [middles < 0, middles > 0]
    for name, side in zip(("below", "above"), sides, strict=True):
        if int(side.sum()) < BINS_MIN:
            raise NotEstimable(
                f"{name} the cut at {cut:g} are {int(side.sum())} bins of {width:g}; {BINS_MIN} are needed"
            )
    bandwidth = float(np.mean([_bandwidth(middles[side], heights[side]) for side in sides]))
    bandwidth = max(bandwidth, BINS_MIN / 2 * width)
    below, above = (_height_at_cut(middles[side], heights[side], bandwidth) for side in sides)
    if below <= 0 or above <= 0:
        raise NotEstimable(f"within {bandwidth:g} of the cut at {cut:g} a side is empty: people do not stand there")
    variance = 24 / 5 * (1 / above + 1 / below) / (n * bandwidth)
    log_ratio = estimate_of(float(np.log(above / below)), variance, n=n, clusters=n, confidence=confidence)
    return Density(
        log_ratio=log_ratio,
        p_value=two_sided(log_ratio.value / log_ratio.standard_error),
        bin_width=width,
        bandwidth=bandwidth,
    )


def _bin_width(distance: Real) -> float:
    """2 sd / sqrt(n), rounded up to whole steps where the variable moves in steps."""
    width = 2 * float(distance.std(ddof=1)) / float(np.sqrt(len(distance)))
    if width <= 0:
        raise NotEstimable("the running variable is the same for all")
    distinct = np.unique(distance)
    step = float(np.diff(distinct).min())
    in_steps = len(distinct) < len(distance) / 2 and np.allclose(distinct / step, np.round(distinct / step), atol=1e-6)
    return float(np.ceil(width / step) * step) if in_steps else width


def _histogram(distance: Real, width: float) -> tuple[Real, Real]:
    """Middles and heights of bins, none of which lies on both sides of the cut; heights are a density.

    The outermost bin of each side is left out: the data end somewhere within it.
    """
    number = np.floor(distance / width + 1e-9).astype(np.int64)
    first = int(number.min())
    counts = np.bincount(number - first)
    middles = (np.arange(len(counts), dtype=np.float64) + (first + 0.5)) * width
    heights = counts / (len(distance) * width)
    return middles[1:-1], heights[1:-1]


def _bandwidth(middles: Real, heights: Real) -> float:
    """The rule of thumb: a polynomial of fourth order over one side, its bend against its noise."""
    scale = float(np.abs(middles).max())
    powers = np.polynomial.polynomial.polyfit(middles / scale, heights, 4)
    fitted = np.polynomial.polynomial.polyval(middles / scale, powers)
    noise = float(((heights - fitted) ** 2).sum() / max(len(middles) - 5, 1))
    bends = np.polynomial.polynomial.polyval(middles / scale, np.polynomial.polynomial.polyder(powers, 2)) / scale**2
    bent = float((bends**2).sum())
    if bent == 0 or noise == 0:
        return scale
    return float(min(3.348 * (noise * float(np.ptp(middles)) / bent) ** 0.2, scale))


def _height_at_cut(middles: Real, heights: Real, bandwidth: float) -> float:
    weight = np.maximum(1 - np.abs(middles) / bandwidth, 0)
    total, first, second = (float((weight * middles**power).sum()) for power in range(3))
    denominator = total * second - first**2
    if denominator <= 0:
        return 0.0
    return float((weight * (second - first * middles) * heights).sum() / denominator)
