"""Points out of distributions, and periods into months."""

import numpy as np
import pandas as pd
import pytest

from ml.demand.months import month_shares
from ml.demand.points import least_relative_error

LEVELS = tuple(np.round(np.arange(0.01, 1, 0.01), 2))


def test_no_other_point_has_a_smaller_relative_error():
    y = np.exp(np.random.default_rng(1).normal(3, 0.6, 20_000))
    point = least_relative_error(np.quantile(y, LEVELS)[None], LEVELS)[0]
    losses = {f: np.mean(np.abs(y - point * f) / y) for f in (0.85, 0.95, 1.0, 1.05, 1.15)}
    assert min(losses, key=losses.get) == 1.0
    assert point == pytest.approx(np.exp(3 - 0.6**2), rel=0.03)  # the log-normal's mode


def test_levels_that_do_not_fit_are_an_error():
    with pytest.raises(ValueError, match="levels must rise"):
        least_relative_error(np.ones((2, 3)), (0.1, 0.9))


def test_weeks_are_split_by_days_and_a_month_not_reached_to_its_end_says_so():
    starts = pd.date_range("2025-01-27", periods=6, freq="W-MON")
    months, share, complete = month_shares(starts, 7)
    assert [f"{m:%Y-%m}" for m in months] == ["2025-01", "2025-02", "2025-03"]
    np.testing.assert_allclose(share.sum(1), 1)
    assert share[0, 0] == pytest.approx(5 / 7)
    assert (7 * share.sum(0)).round().tolist() == [5, 28, 9]
    assert complete.tolist() == [False, True, False]
