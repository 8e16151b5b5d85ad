"""Products without history are forecast from those like them, measured on products held out."""

import numpy as np
import pandas as pd
from test_demand_forecaster import PS, QUICK, WEEKS, H, T

from ml.demand.forecaster import DemandForecaster

KINDS = {"diapers": 60.0, "powder": 6.0}
LAUNCH = 1 + 1.5 * np.exp(-np.arange(200) / 4.0)  # a new product sells above its later level


def launches(n=60, seed=3):
    """Products of two kinds; a third of them launched within the panel."""
    rng = np.random.default_rng(seed)
    parts = []
    for k in range(n):
        kind = list(KINDS)[k % 2]
        start = 0 if k % 3 else int(rng.integers(10, T - 30))
        level = KINDS[kind] * rng.lognormal(0, 0.3)
        curve = LAUNCH[: T - start] if start else np.ones(T)
        frame = pd.DataFrame({"ds": WEEKS[start:T], "y": rng.poisson(level * curve).astype(float)})
        parts.append(frame.assign(unique_id=f"p{k:02d}", category=kind))
    both = pd.concat(parts, ignore_index=True)
    static = both[["unique_id", "category"]].drop_duplicates()
    return both[["unique_id", "ds", "y"]], static


def fit(panel, static):
    params = {"xgboost": QUICK["xgboost"]}
    model = DemandForecaster(horizon=H, model="xgboost", params=params, threads=1)
    return model.fit(panel, static)


def test_a_product_only_static_knows_is_forecast_at_its_kinds_level_and_launches_high():
    panel, static = launches()
    new = pd.DataFrame({"unique_id": ["new-d", "new-p"], "category": list(KINDS)})
    made = fit(panel, pd.concat([static, new])).predict().set_index("unique_id")
    assert set(made.loc[["new-d", "new-p"], "model"]) == {"cold_start"}
    mean = made.groupby("unique_id")["y_hat"].mean()
    for name, kind in (("new-d", "diapers"), ("new-p", "powder")):
        assert 1.2 < mean[name] / KINDS[kind] < 3.5
    assert (made.loc["new-d", PS].to_numpy() > 0).any()


def test_on_products_held_out_whole_it_beats_the_mean_of_all_products():
    panel, static = launches()
    held = [f"p{k:02d}" for k in range(0, 60, 5)]
    made = fit(panel[~panel["unique_id"].isin(held)], static).predict()
    level = panel.groupby("unique_id")["y"].mean()
    guess = made.groupby("unique_id")["y_hat"].mean()[held]
    naive = level.drop(held).mean()
    error = np.abs(np.log(guess / level[held])).mean()
    assert error < 0.6 * np.abs(np.log(naive / level[held])).mean()


def test_a_few_weeks_of_its_own_pull_a_product_to_what_it_sells():
    panel, static = launches()
    late = panel["unique_id"].eq("p01") & (panel["ds"] < WEEKS[T - 4])
    short = panel[~late].copy()
    short.loc[short["unique_id"] == "p01", "y"] = 300.0
    made = fit(short, static).predict().query("unique_id == 'p01'")
    assert set(made["model"]) == {"cold_start"}
    assert made["y_hat"].mean() > 120  # its kind sells 6


def test_a_planned_launch_starts_on_its_day_and_a_discontinued_product_ends_on_its():
    panel, static = launches()
    static = static.assign(first_sold_on=pd.NaT, discontinued_on=pd.NaT)
    static.loc[static["unique_id"] == "p02", "discontinued_on"] = WEEKS[T + 2]
    new = pd.DataFrame(
        {"unique_id": ["new"], "category": ["diapers"], "first_sold_on": [WEEKS[T + 1]]}
    )
    model = fit(panel, pd.concat([static, new]))
    made = model.predict().set_index(["unique_id", "step"])
    assert made.loc[("new", 1), "y_hat"] == 0 < made.loc[("new", 2), "y_hat"]
    ended = made.loc["p02"]
    assert (ended.loc[[1, 2], "y_hat"] > 0).all()
    assert (ended.loc[[3, 4], ["y_hat", *PS]] == 0).all().all()
    sums = model.predict_cumulative((H,)).set_index("unique_id")
    assert sums.loc["p02", "y_hat"] < 0.7 * H * panel.query("unique_id == 'p02'")["y"].mean()


def test_a_loaded_forecaster_knows_new_products_as_well(tmp_path):
    panel, static = launches()
    new = pd.DataFrame({"unique_id": ["new"], "category": ["powder"]})
    model = fit(panel, pd.concat([static, new]))
    model.save(tmp_path)
    pd.testing.assert_frame_equal(DemandForecaster.load(tmp_path).predict(), model.predict())
