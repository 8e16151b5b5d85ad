"""Weights follow skill, per volume class."""

import numpy as np
import pytest

from ml.demand.baseline import Forecast
from ml.demand.ensemble import Weights, combine, skill_weights

LEVELS = (0.1, 0.5, 0.9)


def member(mean, width=10.0):
    return mean, mean[:, None] + width * np.array([-1.28, 0, 1.28])


def weights(y, members, classes, n_classes):
    means, quantiles = zip(*members, strict=True)
    return skill_weights(y, np.stack(means), np.stack(quantiles), LEVELS, classes, n_classes)


def test_a_member_with_skill_outweighs_one_without():
    rng = np.random.default_rng(1)
    truth = rng.uniform(50, 150, 1000)
    y = truth + rng.normal(0, 10, 1000)
    out = weights(y, [member(truth), member(truth * 1.6)], np.zeros(1000, int), 1)
    for table in (out.mean, out.quantiles):
        assert table[0, 0] > 0.9
        assert table.sum() == pytest.approx(1)


def test_a_member_that_knows_the_level_but_not_the_spread_is_weighed_by_each():
    rng = np.random.default_rng(5)
    truth = rng.uniform(50, 150, 2000)
    y = truth + rng.normal(0, 10, 2000)
    wide, rough = member(truth, width=120.0), member(truth + rng.normal(0, 9, 2000))
    out = weights(y, [wide, rough], np.zeros(2000, int), 1)
    assert out.mean[0, 0] > 0.8
    assert out.quantiles[0, 0] < 0.4


def test_two_members_that_err_apart_share_the_weight():
    rng = np.random.default_rng(2)
    truth = rng.uniform(50, 150, 2000)
    noisy = [member(truth + rng.normal(0, 20, 2000)) for _ in range(2)]
    out = weights(truth, noisy, np.zeros(2000, int), 1)
    assert out.mean[0] == pytest.approx([0.5, 0.5], abs=0.11)


def test_each_volume_class_leans_to_the_member_that_is_good_at_it():
    rng = np.random.default_rng(3)
    truth, classes = rng.uniform(50, 150, 1000), np.repeat([0, 1], 500)
    first = member(np.where(classes == 0, truth, truth * 1.5))
    second = member(np.where(classes == 1, truth, truth * 1.5))
    out = weights(truth, [first, second], classes, 2)
    assert out.mean[0, 0] > out.mean[1, 0] + 0.3
    assert out.quantiles[0, 0] > out.quantiles[1, 0] + 0.3


def test_a_class_with_few_points_takes_the_global_weights():
    rng = np.random.default_rng(4)
    truth = rng.uniform(50, 150, 600)
    classes = np.where(np.arange(600) < 20, 1, 0)
    out = weights(truth, [member(truth), member(truth * 2)], classes, 3)
    np.testing.assert_array_equal(out.mean[1], out.mean[2])


def test_combining_averages_with_each_series_own_weights():
    made = [Forecast(np.full((2, 3), v), np.full((2, 3, 1), v)) for v in (10.0, 20.0)]
    weights = Weights(np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([[0.0, 1.0], [0.5, 0.5]]))
    out = combine(made, weights, np.array([0, 1]))
    assert list(out.mean[:, 0]) == [10, 15]
    assert list(out.quantiles[:, 0, 0]) == [20, 15]


def test_without_held_out_weeks_the_boosted_member_leads_and_the_season_is_silent():
    out = Weights.untaught(["xgboost", "lstm", "seasonal_mean"])
    np.testing.assert_allclose(out.mean, [[2 / 3, 1 / 3, 0]])
    np.testing.assert_array_equal(out.quantiles, out.mean)
    for alone in ("lstm", "seasonal_naive"):
        np.testing.assert_array_equal(Weights.untaught([alone]).mean, [[1.0]])
