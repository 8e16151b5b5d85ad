"""The shadow period: the winner of the gate forecasts beside the champion before it takes over."""

import shutil
from datetime import date, timedelta

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from ml.columns import FEAT_KNOWN_FUTURE
from ml.demand.forecaster import FAMILIES, DemandForecaster
from ml.promotion import Promotion
from ml.registry import Registry
from ml.shadow import RESULT_COLUMNS, judge_shadow
from ml.training import Proposal, settle
from orchestration.assets.demand import demand_forecast
from orchestration.assets.retraining import demand_shadow
from orchestration.resources import resources
from orchestration.settings import Settings

N = 24


def forecasts(error, n=N, weeks=3, seed=0):
    draws = np.random.default_rng(seed)
    frame = pd.MultiIndex.from_product(
        [[f"s{i}" for i in range(n)], pd.date_range("2026-06-01", periods=weeks, freq="W-MON")],
        names=["unique_id", "ds"],
    ).to_frame(index=False)
    frame["cutoff"], frame["step"] = frame["ds"] - pd.Timedelta(weeks=1), 1
    frame["y"] = np.random.default_rng(9).poisson(100, len(frame)).astype(float)
    frame["y_hat"] = frame["y"] + draws.normal(0, error, len(frame))
    return frame.assign(p10=frame["y_hat"] - 5, p90=frame["y_hat"] + 5)


GOOD, POOR = forecasts(5.0), forecasts(25.0, seed=1)


def test_a_shadow_waits_for_its_nights_and_for_weeks_that_are_over():
    early = judge_shadow(GOOD, POOR, nights=2, wanted_nights=3)
    assert (early.promotion, early.reason) == (None, "night 2 of 3")
    unripe = judge_shadow(GOOD.iloc[:0], POOR.iloc[:0], nights=5, wanted_nights=3)
    assert unripe.promotion is None
    assert "0 series with a week that is over, 10 needed" in unripe.reason
    assert unripe.table.empty


def test_a_shadow_that_is_not_worse_earns_the_place_and_a_worse_one_does_not():
    won = judge_shadow(GOOD, POOR, nights=3, wanted_nights=3)
    assert (won.promotion.promote, won.promotion.winner) == (True, "challenger")
    assert "earned it in the shadow: 3 nights beside the champion, 3 weeks over" in won.reason
    assert won.promotion.numbers["shadow_difference_upper"] < 0
    tie = judge_shadow(GOOD, GOOD, nights=3, wanted_nights=3)
    assert tie.promotion.promote
    lost = judge_shadow(POOR, GOOD, nights=3, wanted_nights=3)
    assert (lost.promotion.promote, lost.promotion.winner) == (False, "champion")
    assert "did not earn it" in lost.reason


def test_the_table_has_both_models_on_the_same_rows_of_each_week():
    stocked = POOR.assign(is_stockout=POOR.index == 0)
    table = judge_shadow(
        GOOD.assign(is_stockout=stocked["is_stockout"]),
        stocked[stocked["unique_id"] != "s5"],
        nights=3,
        wanted_nights=3,
    ).table
    assert tuple(table) == RESULT_COLUMNS
    assert table["rows"].tolist() == [N - 2, N - 1, N - 1]
    same = GOOD[(GOOD["unique_id"] != "s5") & (GOOD["ds"] == GOOD["ds"].max())]
    expected = (same["y_hat"] - same["y"]).abs().sum() / same["y"].sum()
    assert table["shadow_wape"].iloc[-1] == pytest.approx(expected)
    assert (table["shadow_loss"] < table["champion_loss"]).all()


# Demand is level but for a rush a year before the weeks that are judged: who takes last year's week
# for granted errs far more than who knows the recent level too.
WEEKS = pd.date_range("2024-01-01", periods=120, freq="W-MON")
CUTOFF = 116
IDS = [f"s{i:02d}@main" for i in range(N)]


def panel(until):
    y = np.random.default_rng(3).poisson(30, (len(IDS), len(WEEKS))).astype(float)
    y[:, CUTOFF - 52 : CUTOFF - 50] *= 4
    frame = pd.DataFrame({"unique_id": np.repeat(IDS, until), "ds": np.tile(WEEKS[:until], N)})
    return frame.assign(
        y=y[:, :until].ravel(), in_stock_share=1.0, is_stockout=False, price_amount=10.0,
        order_count=5.0,
    )  # fmt: skip


class Shop:
    """One installation's folders, registry, and the two assets of the night."""

    def __init__(self, state, migrated):
        self.state = state
        at_hand = self.settings(date(2026, 1, 1))
        shutil.copy(migrated, at_hand.folder("mlflow") / "mlflow.db")
        self.registry = Registry(at_hand.mlflow_uri, at_hand.folder("mlflow", "artifacts"))

    def settings(self, as_of):
        return Settings(environment="test", state=self.state, as_of=as_of, shadow_nights=2)

    def train(self, model, *, shadow_nights=2):
        made = DemandForecaster(horizon=4, model=model, threads=1).fit(panel(CUTOFF))
        return settle(
            self.registry,
            Proposal("demand", {"model": model}, data=model, last_day="2026-03-16", code="c"),
            Promotion(True, f"{model} is better", winner="challenger"),
            recipe={"model": model},
            save=made.save,
            metrics={"wape": 0.3},
            table=pd.DataFrame({"model": [model], "wape": [0.3]}),
            backtest=pd.DataFrame({"y": [1.0]}),
            trials=pd.DataFrame(),
            shadow_nights=shadow_nights,
        )

    def night(self, week, days_on=0):
        """A night after the end of WEEKS[week]; the metadata of demand_shadow, None without any."""
        as_of = WEEKS[week].date() + timedelta(days=6 + days_on)
        at_hand, self.day = self.settings(as_of), as_of.isoformat()
        exports = at_hand.folder("exports")
        panel(week + 1).to_parquet(exports / "feat_demand.parquet")
        static = pd.DataFrame(
            {"unique_id": IDS, "sku_id": IDS, "warehouse_id": "main", "brand_id": "b",
             "category": "c", "baby_stage": "any", "list_price_amount": 12.0, "abc_class": "A",
             "first_sold_on": WEEKS[0]}
        )  # fmt: skip
        static.to_parquet(exports / "feat_demand_static.parquet")
        ahead = pd.DataFrame({"unique_id": np.repeat(IDS, 120), "ds": np.tile(WEEKS, N)})
        shares = [name for name in FEAT_KNOWN_FUTURE.columns if name.endswith(("_share", "_rate"))]
        ahead = ahead.assign(**dict.fromkeys(shares, 0.0), days_to_spring_festival=100.0)
        ahead.to_parquet(exports / "feat_known_future.parquet")
        done = dg.materialize([demand_forecast, demand_shadow], resources=resources(at_hand))
        assert done.success
        told = done.asset_materializations_for_node("demand_shadow")
        return {k: v.value for k, v in told[0].metadata.items()} if told else None


@pytest.fixture
def shop(migrated, tmp_path, monkeypatch):
    monkeypatch.setitem(FAMILIES, "seasonal_mean", ("seasonal_mean",))  # trains in no time
    monkeypatch.setattr("orchestration.outputs.charts.forecast_chart_png", lambda *_: b"")
    return Shop(tmp_path, migrated)


def test_the_winner_of_the_gate_takes_over_once_it_earned_it_and_a_worse_one_never(shop):
    shop.train("seasonal_naive")
    assert shop.registry.champion("demand").version == 1, "the first champion waits for nobody"
    assert shop.night(CUTOFF - 1) is None
    waiting = shop.train("seasonal_mean")
    assert not waiting.promotion.promote
    assert "in shadow for 2 nights first: seasonal_mean is better" in waiting.promotion.reason
    assert (waiting.version.version, shop.registry.shadow("demand").version) == (1, 2)

    early = dg.materialize([demand_shadow], resources=resources(shop.settings(date(2026, 3, 29))))
    assert early.success, "a shadow that has not forecast yet is no failure"
    assert not early.asset_materializations_for_node("demand_shadow")

    one, two = shop.night(CUTOFF - 1), shop.night(CUTOFF - 1, days_on=1)
    assert (one["nights"], one["why"]) == (1, "night 1 of 2")
    assert not two["is_over"]
    assert "0 series with a week that is over" in two["why"]
    planned = pd.read_parquet(shop.state / "results" / shop.day / "demand_forecast.parquet")
    assert set(planned["model_version"]) == {1}, "nothing is planned by a shadow"
    last = shop.night(CUTOFF)
    assert last["is_over"]
    assert "earned it in the shadow: 3 nights" in last["why"]
    assert shop.registry.champion("demand").version == 2
    assert shop.registry.shadow("demand") is None
    assert "earned it" in shop.registry.reigns("demand")["reason"].iloc[-1]
    table = pd.read_parquet(shop.state / "results" / shop.day / "demand_shadow.parquet")
    assert (table["shadow_wape"] < table["champion_wape"]).all()

    shop.train("seasonal_naive")
    for week in (CUTOFF, CUTOFF + 1):
        told = shop.night(week)
    assert "did not earn it in the shadow" in told["why"]
    assert shop.registry.champion("demand").version == 2
    assert shop.registry.shadow("demand") is None
    assert "did not earn it" in shop.registry.challenger("demand").tags["challenger_reason"]


def test_without_the_setting_the_winner_takes_over_at_once(shop):
    shop.train("seasonal_naive", shadow_nights=0)
    assert shop.train("seasonal_mean", shadow_nights=0).promotion.promote
    assert shop.registry.champion("demand").version == 2
    assert shop.registry.shadow("demand") is None
