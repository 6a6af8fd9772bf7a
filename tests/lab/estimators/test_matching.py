import numpy as np
import pytest

from florin.lab.estimators import NotEstimable, matching


def takers(seed, *, people=3000, effect=5.0):
    """Richer and younger people take credit more often, and spend more anyway; credit adds `effect`."""
    drawn = np.random.default_rng(seed)
    income, age = drawn.normal(0, 1, people), drawn.normal(0, 1, people)
    treated = drawn.random(people) < 1 / (1 + np.exp(1 - income + 0.5 * age))
    habit = drawn.normal(0, 3, people)
    before = 50 + 6 * income + habit + drawn.normal(0, 1, people)
    after = 52 + 7 * income + habit + effect * treated + drawn.normal(0, 1, people)
    return after, treated, np.column_stack([income, age]), before


@pytest.mark.parametrize("method", ["coarsened", "nearest"])
def test_matching_and_differences_find_what_a_plain_comparison_misses(method):
    after, treated, alike, before = takers(1)

    found = matching(after, treated, alike, before=before, names=("income", "age"), method=method, bins=12)

    assert after[treated].mean() - after[~treated].mean() > 9
    assert found.effect.value == pytest.approx(5, abs=0.25)
    assert abs(found.balance[0].before) > 0.5
    assert all(abs(each.after) < 0.1 for each in found.balance)
    assert found.treated == treated.sum()


@pytest.mark.parametrize("method", ["coarsened", "nearest"])
def test_intervals_cover_the_truth_as_often_as_they_say(method):
    covered = 0
    for seed in range(100):
        after, treated, alike, before = takers(seed, people=1500)
        found = matching(after, treated, alike, before=before, method=method, bins=16, caliper=0.25)
        covered += found.effect.covers(5)

    assert covered >= 86


def test_differences_take_off_a_habit_that_no_covariate_shows():
    after, treated, alike, before = takers(2)
    habitual = after + 4 * treated
    earlier = before + 4 * treated

    levels = matching(habitual, treated, alike, bins=12)
    changes = matching(habitual, treated, alike, before=earlier, bins=12)

    assert levels.effect.value == pytest.approx(9, abs=0.7)
    assert changes.effect.value == pytest.approx(5, abs=0.3)


def test_those_whom_nobody_resembles_are_left_out_and_counted():
    alike = np.array([0.0, 0.1, 0.2, 0.3, 9.0, 0.0, 0.1, 0.2, 0.3, 0.4])
    treated = np.array([True] * 5 + [False] * 5)
    after = np.array([2.0, 3, 2, 3, 100, 1, 2, 1, 2, 1])

    found = matching(after, treated, alike, method="nearest", caliper=0.1)

    assert (found.unmatched, found.controls) == (1, 4)
    assert found.effect.value == pytest.approx(1)


def test_with_no_likeness_at_all_the_answer_is_a_refusal():
    with pytest.raises(NotEstimable, match="fewer than 2 found anybody alike"):
        matching([1.0, 2, 3, 4], [True, True, False, False], [0.0, 0, 9, 9], method="nearest", caliper=0.1)
