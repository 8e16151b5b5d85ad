"""What each accuracy score says about forecasts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import metrics

AMOUNTS = st.lists(st.floats(0, 1e4), min_size=1, max_size=30)


def test_wape_pools_errors_over_volume():
    assert metrics.wape([100, 0], [90, 5]) == pytest.approx(0.15)


def test_bias_is_positive_when_too_much_is_forecast():
    assert metrics.bias([10, 10], [11, 13]) == pytest.approx(0.2)
    assert metrics.bias([10, 10], [9, 7]) == pytest.approx(-0.2)


def test_weeks_without_an_actual_are_left_out_of_every_score():
    y, y_hat = [10, np.nan, 20], [12, 1e6, 20]
    assert metrics.wape(y, y_hat) == pytest.approx(2 / 30)
    assert metrics.pinball(y, y_hat, 0.5) == pytest.approx(0.5)
    assert metrics.coverage(y, [0, 0, 25], [50, 50, 50]) == 0.5


def test_scores_relative_to_nothing_are_not_a_number():
    assert np.isnan(metrics.wape([0, 0], [1, 1]))
    assert np.isnan(metrics.wape([], []))
    assert np.isnan(metrics.coverage([], [], []))


def test_pinball_charges_the_tail_that_was_promised():
    assert metrics.pinball([10.0], [8.0], 0.9) == pytest.approx(1.8)
    assert metrics.pinball([8.0], [10.0], 0.9) == pytest.approx(0.2)


def test_scaled_pinball_of_the_median_alone_is_wape():
    y, y_hat = [3, 0, 7, 12], [4, 1, 5, 12]
    assert metrics.scaled_pinball(y, {0.5: y_hat}) == pytest.approx(metrics.wape(y, y_hat))


def test_scaled_pinball_without_quantiles_is_an_error():
    with pytest.raises(ValueError, match="at least one quantile"):
        metrics.scaled_pinball([1.0], {})


def test_forecasts_of_another_length_are_an_error():
    with pytest.raises(ValueError, match="shape"):
        metrics.wape([1, 2, 3], [1, 2])


def test_the_naive_itself_has_mase_and_rmsse_near_one():
    history = [1, 3, 2, 6, 4, 8, 3]
    steps = np.abs(np.diff(history))
    assert metrics.mase(history[1:], history[:-1], history) == pytest.approx(1)
    assert metrics.rmsse([steps.std() * 0 + 5], [5], history) == 0


def test_mase_of_a_history_that_never_moves_is_not_a_number():
    assert np.isnan(metrics.mase([3], [4], [2, 2, 2]))


@given(AMOUNTS, st.sampled_from([0.05, 0.5, 0.9]))
def test_no_constant_beats_the_empirical_quantile_on_pinball(y, q):
    best = np.quantile(y, q, method="inverted_cdf")
    loss = metrics.pinball(y, np.full(len(y), best), q)
    for other in (0.0, best * 0.7, best * 1.3 + 1, float(np.mean(y))):
        assert loss <= metrics.pinball(y, np.full(len(y), other), q) + 1e-6


@given(AMOUNTS, st.floats(0.1, 100))
def test_wape_and_bias_do_not_depend_on_the_unit(y, unit):
    y = np.array(y) + 1
    y_hat = y[::-1].copy()
    assert metrics.wape(y * unit, y_hat * unit) == pytest.approx(metrics.wape(y, y_hat))
    assert abs(metrics.bias(y, y_hat)) <= metrics.wape(y, y_hat) + 1e-9
