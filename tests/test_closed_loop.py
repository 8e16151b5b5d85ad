"""The whole loop on a real Dagster instance: healthy, drift, red, one retrain, gate, green.

Assets, conditions, registry, gate and rules are the product's; the forecaster is its seasonal
mean, which trains in no time, and no page is drawn.
"""

import shutil
from datetime import timedelta

import dagster as dg
import numpy as np
import pandas as pd
import pytest

import ml.demand.training as training
from ml.columns import FEAT_KNOWN_FUTURE
from ml.demand.forecaster import FAMILIES, DemandForecaster
from ml.registry import Registry
from orchestration import runner
from orchestration.assets.demand import demand_forecast, demand_model
from orchestration.assets.monitors import VERDICTS, forecast_error
from orchestration.assets.retraining import DUE_CHECKS, RETRAINING
from orchestration.resources import resources
from orchestration.settings import Settings

N, FIRST = 30, 60  # series, weeks of history at the first training
WEEKS = pd.date_range("2025-01-06", periods=80, freq="W-MON")
MODEL = dg.AssetKey("demand_model")
NIGHTLY = ["demand_forecast", "forecast_error", "monitoring/history", "demand_retrain"]
IDS = [f"s{i:02d}@main" for i in range(N)]
BRANDS = np.array([f"b{i % 3}" for i in range(N)])


def demand(b1_falls: int, b2_rises: int) -> np.ndarray:
    """N x WEEKS; from these weeks on brand b1 sells a third, and brand b2 twice as much."""
    rng = np.random.default_rng(4)
    level = np.repeat(rng.uniform(30, 80, N)[:, None], len(WEEKS), axis=1)
    level[BRANDS == "b1", b1_falls:] *= 0.35
    level[BRANDS == "b2", b2_rises:] *= 2.0
    return rng.poisson(level).astype(float)


class Shop:
    """One installation: what dbt exported, the graph's loop, and the daemon's own evaluation."""

    def __init__(self, state, y: np.ndarray) -> None:
        self.state, self.y = state, y
        self.instance = runner.instance(Settings(environment="test", state=state))
        self.cursor = None
        wanted = {"demand_retrain", "demand_promotion", "history"}
        loop = [asset for asset in RETRAINING if asset.key.path[-1] in wanted]
        self.checks = [
            check
            for check in (*VERDICTS, *DUE_CHECKS)
            if all(key.asset_key == MODEL for key in check.check_keys)
        ]
        self.assets = [demand_model, demand_forecast, forecast_error, *loop]

    def at(self, week: int) -> "Shop":
        """It is the Sunday of this week: the features hold it, and nothing after it."""
        self.as_of = WEEKS[week].date() + timedelta(days=6)
        self.settings = Settings(
            environment="test",
            state=self.state,
            as_of=self.as_of,
            horizon=4,
            n_windows=2,
            step_size=4,
            demand_trials=0,
            threads=1,
        )
        exports = self.settings.folder("exports")
        panel = pd.DataFrame(
            {
                "unique_id": np.repeat(IDS, week + 1),
                "ds": np.tile(WEEKS[: week + 1], N),
                "y": self.y[:, : week + 1].ravel(),
                "in_stock_share": 1.0,
                "is_stockout": False,
                "price_amount": 10.0,
                "order_count": 5.0,
            }
        )
        panel.to_parquet(exports / "feat_demand.parquet", index=False)
        static = pd.DataFrame(
            {
                "unique_id": IDS,
                "sku_id": [name.split("@")[0] for name in IDS],
                "warehouse_id": "main",
                "brand_id": BRANDS,
                "category": "formula",
                "baby_stage": "any",
                "list_price_amount": 12.0,
                "abc_class": "A",
                "first_sold_on": WEEKS[0],
            }
        )
        static.to_parquet(exports / "feat_demand_static.parquet", index=False)
        shares = [name for name in FEAT_KNOWN_FUTURE.columns if name.endswith(("_share", "_rate"))]
        ahead = pd.DataFrame(
            {"unique_id": np.repeat(IDS, len(WEEKS)), "ds": np.tile(WEEKS, N)}
        ).assign(
            **dict.fromkeys(shares, 0.0),
            days_to_spring_festival=100.0,
        )
        ahead.to_parquet(exports / "feat_known_future.parquet", index=False)
        return self

    def make(self, *names: str) -> None:
        keys = (dg.AssetKey(name.split("/")) for name in names)
        selection = dg.AssetSelection.assets(*keys).without_checks()
        if "demand_retrain" in names:
            on_model = (key for check in self.checks for key in check.check_keys)
            selection = selection | dg.AssetSelection.checks(*on_model)
        done = dg.materialize(
            [*self.assets, *self.checks],
            instance=self.instance,
            resources=resources(self.settings),
            selection=selection,
        )
        assert done.success

    def is_asked_for(self) -> bool:
        """What the daemon decides now: shall the model be trained?"""
        defs = dg.Definitions(
            assets=self.assets, asset_checks=self.checks, resources=resources(self.settings)
        )
        found = dg.evaluate_automation_conditions(
            defs, self.instance, dg.AssetSelection.assets(MODEL), cursor=self.cursor
        )
        self.cursor = found.cursor
        return found.get_num_requested(MODEL) > 0

    def night(self, week: int) -> bool:
        """One night at the end of `week`; whether a retrain was asked for."""
        self.at(week).make(*NIGHTLY)
        return self.is_asked_for()

    @property
    def registry(self) -> Registry:
        return Registry(self.settings.mlflow_uri, self.settings.folder("mlflow", "artifacts"))

    def is_red(self, check: str) -> bool:
        key = dg.AssetCheckKey(MODEL, check)
        latest = self.instance.event_log_storage.get_latest_asset_check_execution_by_key([key])
        return not latest[key].event.dagster_event.asset_check_evaluation_data.passed

    def told(self, asset: str) -> dict:
        event = self.instance.get_latest_materialization_event(dg.AssetKey(asset))
        return {k: v.value for k, v in event.asset_materialization.metadata.items()}


@pytest.fixture
def light(monkeypatch):
    """The recipe "ensemble" is played by the seasonal mean; a bad one by the seasonal naive."""

    def forecaster(recipe, budget):
        is_naive = recipe["model"] == "seasonal_naive" or recipe.get("params")
        name = "seasonal_naive" if is_naive else "seasonal_mean"
        return DemandForecaster(horizon=budget.horizon, model=name, seed=7, threads=1)

    monkeypatch.setitem(FAMILIES, "seasonal_mean", ("seasonal_mean",))
    monkeypatch.setattr(training, "forecaster", forecaster)
    monkeypatch.setattr(training, "FAMILIES", ())
    monkeypatch.setattr("monitoring.report.regression_report", lambda *_, **__: None)
    monkeypatch.setattr("orchestration.outputs.charts.forecast_chart_png", lambda *_: b"")


def test_the_loop_lives_through_two_breaks_one_challenger_that_wins_and_one_that_loses(
    light,  # noqa: ARG001
    migrated,
    tmp_path,
    monkeypatch,
):
    shop = Shop(tmp_path, demand(FIRST + 5, FIRST + 9))
    shutil.copy(migrated, shop.at(FIRST - 1).settings.folder("mlflow") / "mlflow.db")
    shop.make("demand_model", "demand_promotion")
    for week in range(FIRST - 1, FIRST + 4):
        shop.at(week).make("demand_forecast")
    assert not shop.night(FIRST + 4), "healthy"
    assert not any(map(shop.is_red, ("demand_shift", "error_size", "bias_cusum", "retrain_due")))

    # brand b1 breaks away: red within two weeks, one retrain, and the challenger wins
    assert not shop.night(FIRST + 5), "one odd week is no break"
    assert shop.night(FIRST + 6)
    assert shop.is_red("demand_shift")
    assert "brand_id b1 sold -" in shop.told("demand_retrain")["why"]
    assert not shop.is_asked_for(), "exactly once"
    shop.make("demand_model", "demand_promotion")
    told = shop.told("demand_promotion")
    assert told["promoted"]
    assert "newer data" in told["why"]
    assert shop.registry.champion("demand").version == 2
    assert shop.registry.reigns("demand")["version"].tolist() == [1, 2]
    assert not shop.night(FIRST + 7)
    assert not any(map(shop.is_red, ("demand_shift", "error_size", "bias_cusum", "retrain_due")))

    # brand b2 breaks away: the challenger loses, is kept with its reason, and nobody asks again
    shop.at(FIRST + 8).make("demand_forecast")
    assert any(shop.night(FIRST + 9 + k) for k in range(3))
    bad = ({"xgboost": {"bad": 1}}, pd.DataFrame())
    monkeypatch.setattr(training, "_tune", lambda *_: bad)
    shop.make("demand_model", "demand_promotion")
    refused = shop.registry.challenger("demand")
    assert (shop.registry.champion("demand").version, refused.version) == (2, 3)
    assert "does not beat the baseline" in refused.tags["challenger_reason"]
    assert not shop.told("demand_promotion")["promoted"]
    assert not shop.night(FIRST + 13), "answered, though nothing was promoted"
    assert not shop.is_red("retrain_due")
