"""The permanent opponents forecast every series, from the past alone, with rising quantiles."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.opponents import CrostonSBA, PooledSeasonalMean, SeasonalNaive
from benchmarks.task import Setting
from ml.columns import quantile_columns

OPPONENTS = [SeasonalNaive, PooledSeasonalMean, CrostonSBA]


def long(y: np.ndarray, freq: str = "W-MON") -> pd.DataFrame:
    """Rows of a matrix, NaN left out."""
    ids = [f"s{i}" for i in range(len(y))]
    days = pd.date_range("2023-01-02", periods=y.shape[1], freq=freq)
    rows = pd.MultiIndex.from_product([ids, days], names=["unique_id", "ds"])
    return rows.to_frame(index=False).assign(y=y.ravel()).dropna()


def forecast(opponent, y: np.ndarray, horizon: int = 4, freq: str = "W-MON") -> np.ndarray:
    made = opponent(Setting(freq, horizon)).fit(long(y, freq)).predict()
    return made["y_hat"].to_numpy().reshape(-1, horizon)


@pytest.mark.parametrize("opponent", OPPONENTS)
def test_every_series_gets_rising_quantiles_that_are_never_negative(opponent):
    rng = np.random.default_rng(2)
    y = rng.poisson([[0.2], [3], [40], [0]], (4, 70)).astype(float)
    y[1, :60] = np.nan
    y[2, 30:40] = np.nan
    made = opponent(Setting("W-MON", 5)).fit(long(y)).predict()
    assert made.groupby("unique_id").size().to_dict() == dict.fromkeys(["s0", "s1", "s2", "s3"], 5)
    quantiles = made[list(quantile_columns(made).values())].to_numpy()
    assert (quantiles >= 0).all()
    assert (np.diff(quantiles, axis=1) >= -1e-9).all()
    assert not made.isna().to_numpy().any()


def test_the_seasonal_naive_says_what_was_a_year_or_a_week_ago():
    y = np.arange(60.0)[None]
    assert list(forecast(SeasonalNaive, y)[0]) == [8, 9, 10, 11]
    assert list(forecast(SeasonalNaive, y[:, :20], 8, "D")[0]) == [13, 14, 15, 16, 17, 18, 19, 13]


def test_the_pooled_season_is_learnt_from_all_and_given_to_all():
    weeks = np.arange(110)
    season = np.where((weeks // 4) % 13 == 6, 3.0, 1.0)
    y = np.outer([5, 50, 0.5], season)
    y[2, :90] = np.nan
    ahead = np.where((np.arange(110, 114) // 4) % 13 == 6, 3.0, 1.0)
    found = forecast(PooledSeasonalMean, y)
    assert found[1] == pytest.approx(50 * ahead, rel=0.25)
    assert found[2] / found[1] == pytest.approx(np.full(4, 0.01), rel=0.05)


def test_the_errors_that_make_the_spread_come_from_the_past():
    rng = np.random.default_rng(4)
    calm, wild = np.full((1, 80), 20.0), rng.poisson(20, (1, 80)) * rng.integers(0, 3, (1, 80))
    made = CrostonSBA(Setting("W-MON", 4)).fit(long(np.concatenate([calm, wild]))).predict()
    width = (made["p95"] - made["p05"]).groupby(made["unique_id"]).mean()
    assert width["s1"] > 5 * width["s0"]
