"""The numbers of `test_the_authors_own_...` are those of rdrobust 2.1.1 (`vce="hc1"` or `"cr1"`) for the same people."""

import numpy as np
import pytest

from even_people import CUT, HOUSEHOLD, SALES, SCORE, TAKEN
from florin.lab.estimators import Bandwidths, NotEstimable, density_at_cut, discontinuity, placebo_jumps


def seen(found):
    return [
        found.conventional.value,
        found.jump.value,
        found.conventional.standard_error,
        found.jump.standard_error,
        *found.bandwidths,
    ]


# Two choices differ from theirs: quartiles are interpolated (bandwidths move by less than one in a thousand), and the
# correction for few rows counts those that the line uses, not those of the wider curve (its error, by one in a hundred).
CLOSE = [2e-3, 2e-3, 1e-2, 2e-3, 2e-3, 2e-3]


@pytest.mark.parametrize(
    ("how", "theirs"),
    [
        ({}, [0.21584265, 0.21161511, 0.06289846, 0.07570845, 106.452489, 161.007391]),
        ({"clusters": HOUSEHOLD}, [0.21564135, 0.21167792, 0.06023560, 0.07211081, 104.745000, 155.642707]),
        (
            {"treated": TAKEN, "bandwidths": Bandwidths(120, 180)},
            [0.39281260, 0.39431282, 0.12454679, 0.15070214, 120.0, 180.0],
        ),
    ],
    ids=["sharp", "clustered", "fuzzy"],
)
def test_the_authors_own_program_gives_the_same(how, theirs):
    found = discontinuity(SALES, SCORE, cut=CUT, **how)

    for value, expected, tolerance in zip(seen(found), theirs, CLOSE, strict=True):
        assert value == pytest.approx(expected, rel=tolerance)


def people_at_a_cut(seed, people=800):
    drawn = np.random.default_rng(seed)
    score = drawn.integers(300, 900, people).astype(float)
    away = (score - 600) / 300
    likely = 0.5 + 0.3 * away + 0.4 * away**2 - 0.5 * away**3 + 0.1 * (score >= 600)
    return likely + drawn.normal(0, 0.3, people), score


def test_robust_intervals_cover_the_truth_as_often_as_they_say():
    covered = sum(discontinuity(*people_at_a_cut(seed), cut=600).jump.covers(0.1) for seed in range(150))

    assert 0.90 <= covered / 150 <= 0.99


def test_the_lift_is_the_jump_over_the_level_below():
    found = discontinuity(SALES, SCORE, cut=CUT)

    assert found.lift.value == pytest.approx(found.jump.value / found.below)
    assert found.above - found.below == pytest.approx(found.jump.value)


def test_a_fuzzy_jump_is_that_of_the_outcome_over_that_of_who_took_it():
    chosen = Bandwidths(120, 180)
    outcome = discontinuity(SALES, SCORE, cut=CUT, bandwidths=chosen)
    taking = discontinuity(TAKEN, SCORE, cut=CUT, bandwidths=chosen)

    fuzzy = discontinuity(SALES, SCORE, cut=CUT, treated=TAKEN, bandwidths=chosen)

    assert fuzzy.conventional.value == pytest.approx(outcome.conventional.value / taking.conventional.value)
    assert fuzzy.take_up.value == pytest.approx(taking.jump.value)


def test_a_score_in_other_units_gives_the_same_jump():
    plain = discontinuity(SALES, SCORE, cut=CUT)
    scaled = discontinuity(1000 * SALES, 7 * SCORE - 40, cut=7 * CUT - 40)

    assert scaled.jump.value == pytest.approx(1000 * plain.jump.value, rel=1e-6)
    assert scaled.bandwidths.line == pytest.approx(7 * plain.bandwidths.line, rel=1e-6)


def test_placebo_cuts_see_no_jump_and_never_look_across_the_true_one():
    sales, score = people_at_a_cut(3, people=4000)
    jumped = np.where(score >= 600, sales + 50, sales)

    found = placebo_jumps(jumped, score, cut=600, placebos=[450, 520, 680, 750])

    assert [placebo.cut for placebo in found] == [450, 520, 680, 750]
    assert sum(placebo.jump.covers(0) for placebo in found) >= 3
    assert max(abs(placebo.jump.value) for placebo in found) < 1


def test_people_who_chose_their_side_are_noticed_and_others_are_left_alone():
    alarms = 0
    for seed in range(100):
        score = np.random.default_rng(seed).normal(600, 80, 4000).round()
        alarms += density_at_cut(score, cut=620).p_value < 0.05
    pushed = np.where((score >= 610) & (score < 620), score + 10, score)

    assert alarms <= 12
    assert density_at_cut(pushed, cut=620).p_value < 0.001


@pytest.mark.parametrize(
    ("score", "reason"),
    [(np.linspace(530, 900, 1200), "below the cut at 520 the running variable takes 0 values; it must take 10")],
)
def test_a_cut_without_people_on_both_sides_is_refused(score, reason):
    with pytest.raises(NotEstimable, match=reason):
        discontinuity(SALES, score, cut=CUT)


def test_a_cut_that_moves_nobody_is_refused_in_a_fuzzy_design():
    with pytest.raises(NotEstimable, match="the cut moves nobody"):
        discontinuity(SALES, SCORE, cut=CUT, treated=np.ones(len(SCORE)), bandwidths=Bandwidths(120, 180))
