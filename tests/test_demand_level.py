"""Lasting shifts of many series at once: the past is read at the level of today."""

import numpy as np
import pandas as pd
import pytest
from test_demand_features import tables_of

from ml.demand.features import FeatureTables
from ml.demand.forecaster import DemandForecaster
from ml.demand.level import read_at_present_level
from ml.demand.panel import StaticCodes, build_history, check_panel

N, WEEKS, H = 24, 90, 6
LEVEL = np.random.default_rng(5).gamma(2, 15, N)[:, None] + 4


def panel_of(mean: np.ndarray, seed: int = 1) -> pd.DataFrame:
    """Counts around `mean`, series x weeks."""
    n, weeks = mean.shape
    days = pd.date_range("2023-01-02", periods=weeks, freq="W-MON")
    return pd.DataFrame(
        {
            "unique_id": np.repeat([f"s{k:03d}" for k in range(n)], weeks),
            "ds": np.tile(days, n),
            "y": np.random.default_rng(seed).poisson(mean).astype(float).ravel(),
        }
    )


def shifts_of(mean: np.ndarray, static=None, known=None, seed: int = 1):
    return read_at_present_level(tables_of(panel_of(mean, seed), static, known)).history.shifts


def after(weeks_ago: int, factor: float) -> np.ndarray:
    """1 before, `factor` in the last `weeks_ago` weeks."""
    return np.where(np.arange(WEEKS) >= WEEKS - weeks_ago, factor, 1.0)[None, :]


@pytest.mark.parametrize("factor", [3.0, 1.5, 0.25])
@pytest.mark.parametrize("weeks_ago", [4, 9, 20, 40])
def test_a_shift_of_all_series_is_found_where_and_as_large_as_it_is(factor, weeks_ago):
    (shift,) = shifts_of(LEVEL * after(weeks_ago, factor))
    assert shift.group == "all"
    assert shift.series.all()
    assert shift.since == WEEKS - weeks_ago
    assert shift.factor == pytest.approx(factor, rel=0.1)


@pytest.mark.parametrize("seed", range(8))
def test_where_nothing_breaks_nothing_is_found(seed):
    season = 1 + 0.4 * np.sin(2 * np.pi * np.arange(WEEKS) / 52)
    assert not shifts_of(LEVEL * season, seed=seed)


def test_a_peak_that_is_over_and_one_of_three_weeks_are_no_shift():
    over = np.ones((1, WEEKS))
    over[:, -8:-3] = 3.0
    assert not shifts_of(LEVEL * over)
    assert not shifts_of(LEVEL * after(3, 3.0))


def test_what_happened_before_is_no_news():
    before = after(5, 1.6)
    before[:, 40:50] = 1.6
    assert not shifts_of(LEVEL * before)


def test_promoted_weeks_tell_nothing_of_the_level():
    panel = panel_of(LEVEL * after(5, 2.0))
    days = pd.date_range("2023-01-02", periods=WEEKS + H, freq="W-MON")
    promoted = np.arange(WEEKS + H) >= WEEKS - 5
    known = pd.DataFrame(
        {
            "unique_id": np.repeat(panel["unique_id"].unique(), WEEKS + H),
            "ds": np.tile(days, N),
            "festival_share": np.tile(promoted.astype(float), N),
        }
    )
    assert read_at_present_level(tables_of(panel)).history.shifts
    assert not read_at_present_level(tables_of(panel, known=known)).history.shifts


def test_a_shift_of_one_brand_moves_that_brand_alone():
    brands = np.repeat(["a", "b"], [N - 4, N + 4])
    level = np.concatenate([LEVEL, LEVEL])
    mean = level * np.where((brands == "a")[:, None], after(6, 2.5), 1.0)
    panel = panel_of(mean)
    static = pd.DataFrame({"unique_id": panel["unique_id"].unique(), "brand_id": brands})
    tables = read_at_present_level(tables_of(panel, static))
    (shift,) = tables.history.shifts
    assert shift.group == "brand_id"
    np.testing.assert_array_equal(shift.series, brands == "a")
    before = tables_of(panel, static).history.y
    np.testing.assert_array_equal(tables.history.y[brands == "b"], before[brands == "b"])
    np.testing.assert_allclose(
        tables.history.y[brands == "a", : WEEKS - 6],
        before[brands == "a", : WEEKS - 6] * shift.factor,
    )


def test_a_handful_of_series_has_to_show_it_for_longer():
    few = LEVEL[:5]
    assert not shifts_of(few * after(6, 3.0))
    assert shifts_of(few * after(18, 3.0))


def test_days_are_weighed_by_whole_weeks():
    days = np.arange(400)
    weekday = np.where(days % 7 < 5, 0.6, 2.0)
    mean = LEVEL * (weekday * np.where(days >= 400 - 33, 2.0, 1.0))[None, :]
    panel = panel_of(mean).assign(ds=np.tile(pd.date_range("2024-01-01", periods=400), N))
    history = build_history(
        check_panel(panel, "D"), freq="D", horizon=7, codes=StaticCodes.learn(None)
    )
    (shift,) = read_at_present_level(FeatureTables(history)).history.shifts
    assert 400 - 35 <= shift.since <= 400 - 28
    assert shift.factor == pytest.approx(2.0, rel=0.15)


@pytest.fixture(scope="module")
def tripled():
    """A forecaster, its panel and what came after; the level tripled four weeks before."""
    mean = LEVEL * np.where(np.arange(WEEKS + H) >= WEEKS - 4, 3.0, 1.0)[None, :]
    whole = panel_of(mean)
    cutoff = whole["ds"].sort_values().unique()[WEEKS - 1]
    params = {"xgboost": {"rounds": 60, "quantile_rounds": 20}}
    forecaster = DemandForecaster(horizon=H, model="xgboost", threads=1, params=params)
    return forecaster.fit(whole[whole["ds"] <= cutoff]), whole[whole["ds"] > cutoff]


def test_the_forecast_stays_at_the_new_level(tripled):
    forecaster, coming = tripled
    made = forecaster.predict().merge(coming, on=["unique_id", "ds"])
    assert made["y_hat"].sum() == pytest.approx(made["y"].sum(), rel=0.1)
    last = made[made["step"] == H]
    assert last["y_hat"].sum() == pytest.approx(last["y"].sum(), rel=0.15)
    sums = forecaster.predict_cumulative((H,))
    covered = sums.merge(coming.groupby("unique_id", as_index=False)["y"].sum(), on="unique_id")
    inside = (covered["y"] >= covered["p05"]) & (covered["y"] <= covered["p95"])
    assert inside.mean() > 0.6


def test_the_shift_is_told_and_is_a_reason(tripled, tmp_path):
    forecaster, _ = tripled
    told = forecaster.level_shifts
    assert list(told["attribute"]) == ["all"]
    assert told["since"].iloc[0] == forecaster.cutoff - pd.Timedelta(weeks=3)
    reasons = forecaster.explain()
    shift = reasons[reasons["reason"] == "level_shift"]
    assert shift["unique_id"].nunique() == N
    np.testing.assert_allclose(shift["factor"], told["factor"].iloc[0])
    forecaster.save(tmp_path)
    again = DemandForecaster.load(tmp_path)
    pd.testing.assert_frame_equal(again.level_shifts, told)
    pd.testing.assert_frame_equal(again.predict(), forecaster.predict())


def test_the_naive_opponent_reads_the_past_as_it_was(tripled):
    forecaster, coming = tripled
    naive = DemandForecaster(horizon=H, model="seasonal_naive").fit(forecaster._panel)
    assert naive.level_shifts.empty
    assert naive.predict()["y_hat"].sum() < 0.6 * coming["y"].sum()
