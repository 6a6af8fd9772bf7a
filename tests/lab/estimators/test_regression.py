"""Slopes against statsmodels 0.15 and linearmodels 7.1, which gave the numbers below for the same people."""

import numpy as np
import pytest

from even_people import CUT, HOUSEHOLD, PEOPLE, SALES, SCORE, TAKEN, even
from florin.lab.estimators import NotEstimable, elasticity, least_squares, slope, two_stages

ONES = np.ones(PEOPLE)
DESIGN = np.column_stack([SCORE / 100, ONES])


def errors(covariance):
    return np.sqrt(np.diag(covariance))


def test_clustered_least_squares_are_those_of_statsmodels():
    plain = least_squares(DESIGN, SALES, clusters=HOUSEHOLD)
    weighted = least_squares(DESIGN, SALES, clusters=HOUSEHOLD, weights=even(PEOPLE, 0.5698402909980532))

    assert plain.coefficients == pytest.approx([0.17518745, -0.751087], rel=1e-6)
    assert errors(plain.covariance) == pytest.approx([0.00726733, 0.04300997], rel=1e-6)
    assert weighted.coefficients == pytest.approx([0.17337304, -0.73937015], rel=1e-6)
    assert errors(weighted.covariance) == pytest.approx([0.00858563, 0.05009876], rel=1e-6)


def test_two_stages_are_those_of_linearmodels():
    above = (SCORE >= CUT).astype(float)

    found = two_stages(TAKEN, above[:, None], ONES[:, None], SALES, clusters=HOUSEHOLD)

    assert found.fit.coefficients == pytest.approx([1.15435339, -0.34823266], rel=1e-6)
    assert errors(found.fit.covariance) == pytest.approx([0.05068981, 0.03188103], rel=1e-4)
    assert found.first_stage_f > 100


def test_an_elasticity_is_percent_per_percent_whatever_the_units():
    flow = 100 + 900 * even(PEOPLE, 0.618034)
    line = 37.0 * flow**0.41

    in_yuan, in_fen = elasticity(line, flow), elasticity(line * 100, flow * 100)

    assert in_yuan.slope.value == pytest.approx(0.41)
    assert in_fen.slope.value == pytest.approx(0.41)


def test_an_instrument_covers_the_slope_that_plain_regression_misses():
    plain_covers = instrumented_covers = 0
    for seed in range(200):
        luck, hidden, noise = np.random.default_rng(seed).normal(size=(3, 500))
        flow = luck + hidden
        line = 0.4 * flow - hidden + noise
        plain_covers += slope(line, flow).slope.covers(0.4)
        instrumented_covers += slope(line, flow, instruments=luck).slope.covers(0.4)

    assert plain_covers == 0
    assert 182 <= instrumented_covers <= 198


def test_an_instrument_that_moves_nothing_is_said_to_be_weak():
    found = slope(SALES, TAKEN, instruments=even(PEOPLE, 0.123456))

    assert found.weak


def test_rows_without_a_logarithm_are_counted():
    flow = np.array([0.0, 1, 2, 3, 4, 5, 6])
    line = np.array([9.0, 1, 2, 3, 4, 5, 0])

    found = elasticity(line, flow)

    assert (found.dropped, found.slope.n) == (2, 5)


@pytest.mark.parametrize(
    ("line", "flow", "reason"),
    [
        ([1.0, 2, 3], [5.0, 5, 5], "the cause is the same in all 3 rows"),
        ([1.0, 2, 3], [5.0, 6], "`cause` has 2 rows where the outcome has 3"),
        ([1.0, float("nan"), 3], [5.0, 6, 7], "`outcome` has 1 of 3 values that are no finite number"),
    ],
)
def test_what_cannot_be_estimated_says_why(line, flow, reason):
    with pytest.raises(NotEstimable, match=reason):
        slope(line, flow)


def test_columns_that_say_the_same_thing_are_refused():
    with pytest.raises(NotEstimable, match="say the same thing"):
        least_squares(np.column_stack([TAKEN, ONES, 1 - TAKEN]), SALES)
