import numpy as np
import pytest

from florin.lab.estimators import NotEstimable, holdout


def a_lot(seed, *, people=400, lift=0.2):
    """People whose sales credit lifts by `lift`; what they spent before tells much of what they spend."""
    drawn = np.random.default_rng(seed)
    before = drawn.lognormal(5, 0.6, people)
    treated = drawn.random(people) < 0.5
    sales = before * drawn.lognormal(0, 0.2, people) * np.where(treated, 1 + lift, 1.0)
    return sales, treated, before


def test_the_difference_of_two_means_is_welchs():
    found = holdout([10.0, 12, 14, 20, 22, 30], [False, False, False, True, True, True])

    treated, control = np.array([20.0, 22, 30]), np.array([10.0, 12, 14])
    assert (found.treated, found.control) == (pytest.approx(24), pytest.approx(12))
    assert found.lift.value == pytest.approx(1.0)
    # HC1 over two means: each arm's mean square over its size, times n/(n-2).
    variance = (treated.var() + control.var()) / 3 * 6 / 4
    assert found.difference.standard_error == pytest.approx(np.sqrt(variance))


def test_intervals_cover_the_truth_as_often_as_they_say():
    covered = np.zeros(3)
    for seed in range(300):
        sales, treated, before = a_lot(seed)
        plain = holdout(sales, treated)
        sharpened = holdout(sales, treated, covariates=before)
        covered += [plain.lift.covers(0.2), sharpened.lift.covers(0.2), not plain.difference.covers(0)]

    assert 0.91 <= covered[0] / 300 <= 0.98
    assert 0.91 <= covered[1] / 300 <= 0.99
    assert covered[2] > 200


def test_what_was_known_before_the_lot_sharpens_the_answer():
    sales, treated, before = a_lot(1)

    plain, sharpened = holdout(sales, treated), holdout(sales, treated, covariates=before)

    assert sharpened.lift.standard_error < plain.lift.standard_error / 2


def test_copies_of_a_person_teach_nothing_new_when_clustered():
    sales, treated, _ = a_lot(2, people=60)
    copies = np.repeat(np.arange(60), 9)

    once = holdout(sales, treated)
    clustered = holdout(sales[copies], treated[copies], clusters=copies)
    naive = holdout(sales[copies], treated[copies])

    assert clustered.difference.value == pytest.approx(once.difference.value)
    assert clustered.difference.standard_error == pytest.approx(once.difference.standard_error, rel=0.02)
    assert naive.difference.standard_error < 0.4 * once.difference.standard_error


def test_defaults_per_order_are_a_share_with_persons_as_clusters():
    person = np.array([1, 1, 1, 2, 2, 3, 3, 4, 4, 4])
    defaulted = np.array([0, 0, 1, 0, 0, 1, 0, 1, 1, 0])

    found = holdout(defaulted, person > 2, clusters=person)

    assert (found.treated, found.control) == (pytest.approx(3 / 5), pytest.approx(1 / 5))
    assert found.difference.clusters == 4


def test_weighted_means_are_ratios_of_sums():
    lost, bought = np.array([1.0, 0, 4, 6]), np.array([10.0, 30, 20, 20])

    found = holdout(lost / bought, [True, True, False, False], weights=bought)

    assert (found.treated, found.control) == (pytest.approx(1 / 40), pytest.approx(10 / 40))


@pytest.mark.parametrize(
    ("sales", "treated", "reason"),
    [
        ([1.0, 2, 3], [True, True, True], "the control arm has 0 rows of fewer than 2 clusters"),
        ([1.0, 2, 3], [0.5, 0, 1], "`treated` must be true or false"),
    ],
)
def test_a_lot_that_is_none_is_refused(sales, treated, reason):
    with pytest.raises(NotEstimable, match=reason):
        holdout(sales, treated)


def test_no_percentage_of_nothing_is_given():
    found = holdout([1.0, 2, 0, 0], [True, True, False, False])

    assert found.lift is None
    assert found.difference.value == pytest.approx(1.5)
