"""Days: the weekday is found, and what comes after the cutoff is not seen."""

import numpy as np
import pandas as pd
import pytest

from ml.demand.forecaster import DemandForecaster
from ml.demand.sampling import decay

H, T, N = 10, 150, 12
DAYS = pd.date_range("2025-01-01", periods=T + H, freq="D")
WEEKDAY = np.array([1.0, 0.8, 0.8, 0.9, 1.2, 2.0, 1.6])
QUICK = {"xgboost": {"rounds": 30, "eta": 0.2, "quantile_rounds": 15}}


def shop():
    rng = np.random.default_rng(4)
    level = rng.uniform(10, 60, N)
    mean = level[:, None] * WEEKDAY[DAYS.dayofweek]
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat([f"s{k:02d}" for k in range(N)], T + H),
            "ds": np.tile(DAYS, N),
            "y": rng.poisson(mean).astype(float).ravel(),
        }
    )
    return frame[frame["ds"] < DAYS[T]], mean[:, T:]


def fitted(panel, model):
    return DemandForecaster("D", H, model=model, params=QUICK, threads=1).fit(panel)


@pytest.mark.parametrize("model", ["seasonal_naive", "xgboost"])
def test_the_weekday_is_forecast(model):
    panel, mean = shop()
    made = fitted(panel, model).predict()
    assert list(made["ds"].unique()) == list(DAYS[T:])
    error = np.abs(made["y_hat"].to_numpy() - mean.ravel()).sum() / mean.sum()
    assert error < 0.15


def test_spoiled_days_after_the_cutoff_change_nothing():
    panel, _ = shop()
    early = panel[panel["ds"] <= DAYS[T - 20]]
    model = fitted(early, "xgboost")
    before = model.predict()
    spoiled = panel.assign(y=np.where(panel["ds"] > DAYS[T - 20], 1e9, panel["y"]))
    origin = T - 20
    model.update(spoiled)
    made = model.members["xgboost"].predict(model._tables, origin)
    np.testing.assert_allclose(made.mean.ravel(), before["y_hat"], rtol=1e-6)


def test_days_of_a_month_add_up():
    panel, _ = shop()
    model = fitted(panel, "xgboost")
    months, days = model.predict_monthly(), model.predict()
    assert list(months.columns[:5]) == ["unique_id", "cutoff", "month", "is_complete", "y_hat"]
    total = days.groupby("unique_id")["y_hat"].sum()
    np.testing.assert_allclose(months.groupby("unique_id")["y_hat"].sum(), total)
    assert (months["p90"] > months["p10"]).all()


def test_the_weight_of_a_day_halves_in_weeks():
    tables = fitted(shop()[0], "seasonal_naive")._tables
    weight = decay(tables, np.array([100, 93, 86]), last=100, half_life_weeks=1)
    np.testing.assert_allclose(weight, [1, 0.5, 0.25])
