"""CrostonSBA smooths what is sold and how long one waits for it, each on its own."""

import numpy as np
import pytest

from ml.demand.intermittent import croston_sba


def test_the_rate_is_size_over_interval_less_half_alpha():
    assert croston_sba(np.tile([0, 0, 6.0], (1, 8)))[0] == pytest.approx(0.95 * 6 / 3)
    assert croston_sba(np.full((1, 9), 4.0))[0] == pytest.approx(0.95 * 4)


def test_two_demands_smooth_as_worked_out_by_hand():
    # size 2 -> 2 + 0.1 x (8 - 2) = 2.6; interval 2 -> 2 + 0.1 x (3 - 2) = 2.1
    found = croston_sba(np.array([[0, 2.0, 0, 0, 8.0, 0]]))
    assert found[0] == pytest.approx(0.95 * 2.6 / 2.1)


def test_unseen_periods_count_neither_as_zero_nor_as_waiting():
    gaps = np.array([[np.nan, 0, 2.0, np.nan, 0, np.nan, 0, 8.0]])
    assert croston_sba(gaps) == pytest.approx(croston_sba(np.array([[0, 2.0, 0, 0, 8.0]])))


def test_what_never_sold_is_forecast_at_zero_and_series_do_not_mix():
    y = np.array([[0, 0, 0.0], [np.nan] * 3, [3, 0, 3.0]])
    assert list(croston_sba(y)[:2]) == [0, 0]
    assert croston_sba(y)[2] == pytest.approx(croston_sba(y[2:])[0])


def test_an_alpha_outside_nought_and_one_is_an_error():
    with pytest.raises(ValueError, match="alpha"):
        croston_sba(np.ones((1, 3)), alpha=1.0)
