"""Estimators: studies' own methods, as pure functions over arrays.

What is published about credit was found in four ways: by lot (`holdout`), at a cut in a score (`discontinuity`, with
`density_at_cut` and `placebo_jumps` as its alibis), by likeness (`matching`, with differences), and by slopes
(`elasticity`, `slope`, with instruments). Run on simulated people, the same method sees the model as a study would see
the world; the true effect, which the simulator knows, may differ, and the difference is then the method's.

Nothing here draws a random number, and nothing knows where the arrays come from. Every answer carries its interval;
a question that the data cannot answer is `NotEstimable`, with the reason.
"""

from florin.lab.estimators.density import Density, density_at_cut
from florin.lab.estimators.discontinuity import (
    Bandwidths,
    Discontinuity,
    Placebo,
    best_bandwidths,
    discontinuity,
    placebo_jumps,
)
from florin.lab.estimators.elasticity import Elasticity, elasticity, slope
from florin.lab.estimators.estimate import Estimate, NotEstimable, estimate_of, lift_of
from florin.lab.estimators.holdout import Holdout, holdout
from florin.lab.estimators.matching import Balance, Matched, matching
from florin.lab.estimators.regression import Fit, InstrumentedFit, least_squares, two_stages

__all__ = [
    "Balance",
    "Bandwidths",
    "Density",
    "Discontinuity",
    "Elasticity",
    "Estimate",
    "Fit",
    "Holdout",
    "InstrumentedFit",
    "Matched",
    "NotEstimable",
    "Placebo",
    "best_bandwidths",
    "density_at_cut",
    "discontinuity",
    "elasticity",
    "estimate_of",
    "holdout",
    "least_squares",
    "lift_of",
    "matching",
    "placebo_jumps",
    "slope",
    "two_stages",
]
