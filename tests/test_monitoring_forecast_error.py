"""Forecast error: red when worse than the backtest promised, quiet when it is not."""

import numpy as np
import pandas as pd
import pytest

from monitoring.forecast_error import ErrorLimits, bias_cusum, forecast_error
from monitoring.forecast_watch import judge_forecasts

N = 60


def forecasts(origins, *, steps=4, seed=0, demand=1.0, error=0.15, n=N):
    """Calibrated forecasts: the error grows with the step, intervals hold 90 %."""
    rng = np.random.default_rng(seed)
    level = np.random.default_rng(1).gamma(2, 30, n)
    grid = pd.MultiIndex.from_product(
        [range(n), pd.to_datetime(origins), range(1, steps + 1)],
        names=["series", "cutoff", "step"],
    ).to_frame(index=False)
    mean = level[grid["series"]]
    spread = np.sqrt(mean + (error * np.sqrt(grid["step"]) * mean) ** 2)
    frame = grid.assign(
        unique_id=[f"sku{i}@main" for i in grid["series"]],
        ds=grid["cutoff"] + pd.to_timedelta(7 * grid["step"], unit="D"),
        y=np.maximum(0, demand * mean + rng.normal(0, 1, len(grid)) * spread),
        is_stockout=False,
        y_hat=mean,
        p05=np.maximum(0, mean - 1.645 * spread),
        p95=mean + 1.645 * spread,
    )
    return frame.drop(columns="series")


BACKTEST = forecasts(["2024-09-02", "2024-12-02", "2025-03-03"], steps=13)
LIVE = ["2025-06-02", "2025-06-09", "2025-06-16", "2025-06-23"]
NOW = forecasts(LIVE, seed=5)


def test_forecasts_as_good_as_the_backtest_pass_and_the_reason_tells_the_numbers():
    verdict = forecast_error(NOW, BACKTEST)
    assert verdict.passed, verdict.reason
    assert "WAPE" in verdict.reason
    assert verdict.numbers["wape"] < verdict.numbers["wape_limit"]
    assert verdict.numbers["wape_limit"] >= 1.25 * verdict.numbers["wape_reference"]
    assert verdict.numbers["coverage_90"] == pytest.approx(0.9, abs=0.03)


def test_the_backtest_is_read_at_the_matured_steps():
    same = BACKTEST[BACKTEST["step"] <= 4]
    assert forecast_error(NOW, BACKTEST) == forecast_error(NOW, same)
    far = forecast_error(forecasts(LIVE, steps=13, seed=5), BACKTEST).numbers
    assert far["wape_reference"] > 1.2 * forecast_error(NOW, BACKTEST).numbers["wape_reference"]


def test_unequal_numbers_of_steps_are_weighed_alike_on_both_sides():
    nearly_only_last = NOW[(NOW["step"] == 4) | (NOW["cutoff"] == NOW["cutoff"].min())]
    skewed = forecast_error(nearly_only_last, BACKTEST).numbers["wape_reference"]
    assert skewed > 1.05 * forecast_error(NOW, BACKTEST).numbers["wape_reference"]


def test_large_errors_turn_it_red():
    verdict = forecast_error(forecasts(LIVE, seed=5, error=0.6), BACKTEST)
    assert not verdict.passed
    assert "WAPE" in verdict.reason
    assert "interval held" not in verdict.reason  # these intervals grew with the error


def test_growth_turns_it_red_by_bias_and_coverage():
    verdict = forecast_error(forecasts(LIVE, seed=5, demand=1.6), BACKTEST)
    assert not verdict.passed
    assert "bias" in verdict.reason
    assert "interval held" in verdict.reason
    assert verdict.numbers["bias"] < -0.3


def test_stock_out_weeks_are_left_out():
    gone = NOW.copy()
    hit = gone.index[::3]
    gone.loc[hit, "y"] = 0.0
    assert not forecast_error(gone, BACKTEST).passed
    gone.loc[hit, "is_stockout"] = True
    assert forecast_error(gone, BACKTEST).passed


def test_too_few_matured_forecasts_are_not_judged():
    bad = forecasts(LIVE, seed=5, demand=3.0)
    for few in (bad.iloc[:0], bad.head(50), bad[bad["ds"] == bad["ds"].min()]):
        verdict = forecast_error(few, BACKTEST)
        assert verdict.passed
        assert "not judged" in verdict.reason
    judged = forecast_error(bad.head(50), BACKTEST, limits=ErrorLimits(floor_rows=10))
    assert not judged.passed


def test_no_sales_at_all_are_not_judged():
    assert "not judged" in forecast_error(NOW.assign(y=0.0), BACKTEST).reason
    assert "not judged" in forecast_error(NOW, BACKTEST.assign(y=0.0)).reason


def test_cusum_is_quiet_in_steady_times():
    for seed in range(5):
        verdict = bias_cusum(forecasts(LIVE, seed=seed), BACKTEST)
        assert verdict.passed, verdict.reason


def test_cusum_finds_growth_of_some_products_and_tells_the_direction():
    grown = NOW.copy()
    some = grown["unique_id"].isin([f"sku{i}@main" for i in range(0, N, 3)])
    grown.loc[some, "y"] *= 2.2
    verdict = bias_cusum(grown, BACKTEST)
    assert not verdict.passed
    assert verdict.numbers["above_forecast_share"] == pytest.approx(1 / 3, abs=0.15)
    assert verdict.numbers["below_forecast_share"] == 0
    fallen = NOW.assign(y=0.0)
    assert bias_cusum(fallen, BACKTEST).numbers["below_forecast_share"] > 0.5


def test_cusum_judges_no_week_of_a_festival():
    weeks = np.sort(NOW["ds"].unique())
    fair = NOW["ds"].isin(weeks[1:3])
    moved = NOW.assign(y=np.where(fair, 0.2 * NOW["y"], NOW["y"]))
    assert not bias_cusum(moved, BACKTEST).passed
    told = bias_cusum(moved.assign(is_event=fair), BACKTEST.assign(is_event=False))
    assert told.passed
    assert told.numbers["n_weeks"] == len(weeks) - 2


def test_every_week_that_a_festival_touches_is_an_event_to_the_nightly_monitor():
    weeks = np.sort(NOW["ds"].unique())
    demand = NOW.drop_duplicates(["unique_id", "ds"])[["unique_id", "ds", "y", "is_stockout"]]
    known = pd.concat([NOW, BACKTEST])[["unique_id", "ds"]].drop_duplicates()
    known["festival_share"] = np.where(known["ds"].isin(weeks[1:3]), 2 / 7, 0.0)
    archive = NOW.drop(columns=["y", "is_stockout"]).assign(model_version=1)
    static = demand[["unique_id"]].drop_duplicates()
    judged = judge_forecasts(archive, BACKTEST, demand, static, known, champion=1)
    told = {verdict.name: verdict for verdict in judged.verdicts}
    assert told["bias_cusum"].numbers["n_weeks"] == len(weeks) - 2
    assert told["forecast_error"].numbers["n_weeks"] == len(weeks)


def test_cusum_waits_for_enough_weeks_and_products():
    early = forecasts(LIVE, seed=5, demand=3.0)
    early = early[early["ds"] < "2025-06-30"]
    assert early["ds"].nunique() == 3
    assert "not judged" in bias_cusum(early, BACKTEST).reason
    assert "not judged" in bias_cusum(forecasts(LIVE, demand=3.0, n=5), BACKTEST).reason


def test_cusum_corrects_for_the_bias_the_backtest_already_had():
    biased = [frame.assign(y_hat=frame["y_hat"] * 0.5) for frame in (NOW, BACKTEST)]
    assert bias_cusum(*biased).passed
    assert not bias_cusum(biased[0], BACKTEST).passed


def test_rows_in_any_order_give_the_same_verdict():
    shuffled = NOW.sample(frac=1, random_state=1)
    assert bias_cusum(shuffled, BACKTEST) == bias_cusum(NOW, BACKTEST)
    one, other = forecast_error(shuffled, BACKTEST), forecast_error(NOW, BACKTEST)
    assert one.numbers == pytest.approx(other.numbers)
