"""The naive: last year's week if there is one, and a spread it has earned."""

import numpy as np
import pandas as pd
import pytest

from ml.demand.baseline import SeasonalMean, SeasonalNaive
from ml.demand.features import FeatureTables
from ml.demand.panel import StaticCodes, build_history, check_panel

LEVELS = (0.1, 0.5, 0.9)


def tables_of(values: dict[str, np.ndarray], stockout=()) -> FeatureTables:
    longest = max(len(y) for y in values.values())
    weeks = pd.date_range("2024-01-01", periods=longest, freq="W-MON")
    panel = pd.concat(
        pd.DataFrame({"unique_id": name, "ds": weeks[longest - len(y) :], "y": np.array(y, float)})
        for name, y in values.items()
    )
    panel["is_stockout"] = [
        (u, d) in {(n, weeks[k]) for n, k in stockout}
        for u, d in zip(panel["unique_id"], panel["ds"], strict=True)
    ]
    checked = check_panel(panel, "W-MON")
    return FeatureTables(build_history(checked, freq="W-MON", horizon=4, codes=StaticCodes({}, [])))


def naive(tables):
    return SeasonalNaive(horizon=4, quantiles=LEVELS).predict(tables, tables.n_weeks - 1)


def test_a_full_season_repeats_last_year():
    y = np.arange(80) % 52
    made = naive(tables_of({"a": y}))
    assert list(made.mean[0]) == [28, 29, 30, 31]


def test_without_a_season_it_is_the_mean_of_the_last_eight_weeks():
    made = naive(tables_of({"a": [100] * 10 + [6] * 8}))
    assert list(made.mean[0]) == [6, 6, 6, 6]


def test_last_years_stock_out_week_is_not_repeated():
    made = naive(tables_of({"a": [8] * 70}, stockout=[("a", 70 - 52)]))
    assert made.mean[0, 0] == 8


def test_one_observation_forecasts_itself_with_a_spread():
    made = naive(tables_of({"a": [9]}))
    assert made.mean[0, 0] == 9
    assert made.quantiles[0, 0, 0] < 9 < made.quantiles[0, 0, 2]


def test_a_series_that_was_always_out_of_stock_forecasts_what_it_sold():
    made = naive(tables_of({"a": [3, 3, 3]}, stockout=[("a", 0), ("a", 1), ("a", 2)]))
    assert made.mean[0, 0] == pytest.approx(3)


def test_the_spread_is_that_of_its_own_past_errors():
    rng = np.random.default_rng(1)
    calm, wild = 100 + rng.normal(0, 1, 110), 100 + rng.normal(0, 20, 110)
    made = naive(tables_of({"calm": calm, "wild": wild}))
    width = made.quantiles[:, 0, 2] - made.quantiles[:, 0, 0]
    assert 2 < width[0] < 6  # two independent errors of sd 1: 2 x 1.28 x 1.41
    assert 40 < width[1] < 110


def test_the_pooled_season_lends_its_shape_to_a_young_series():
    season = 10 * (1 + 0.8 * np.sin(2 * np.pi * np.arange(104) / 52))
    old = {f"s{k}": season * (k + 1) for k in range(8)}
    tables = tables_of(old | {"young": season[-10:] * 3})
    made = SeasonalMean(horizon=4, quantiles=LEVELS).predict(tables, tables.n_weeks - 1)
    young = list(tables.history.ids).index("young")
    np.testing.assert_allclose(made.mean[young], season[:4] * 3, rtol=0.25)
