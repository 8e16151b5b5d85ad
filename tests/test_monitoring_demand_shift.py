"""Demand by group against its forecast: both directions soon, and quiet when nothing broke."""

import numpy as np
import pandas as pd
import pytest

from monitoring.demand_shift import demand_shift, nearest

N, BRANDS = 90, 5
STATIC = pd.DataFrame(
    {
        "unique_id": [f"s{i}" for i in range(N)],
        "brand_id": [f"b{i % BRANDS}" for i in range(N)],
        "category": [f"c{i % 4}" for i in range(N)],
    }
)
LEVEL = np.exp(np.random.default_rng(1).normal(2.5, 0.9, N))


def weeks(first, n_weeks, *, seed, steps=1, factor=None):
    """Forecasts of LEVEL, `steps` steps from each week; what came is noisy, times `factor`."""
    rng = np.random.default_rng(seed)
    grid = pd.MultiIndex.from_product(
        [range(N), pd.date_range(first, periods=n_weeks, freq="W-MON"), range(1, steps + 1)],
        names=["series", "cutoff", "step"],
    ).to_frame(index=False)
    level = LEVEL[grid["series"]]
    ds = grid["cutoff"] + pd.to_timedelta(7 * grid["step"], unit="D")
    week = (ds - ds.min()).dt.days.to_numpy() // 7
    shared = np.exp(rng.normal(0, 0.03, 60))[week]
    mean = level * shared * (1 if factor is None else factor(grid["series"].to_numpy(), week))
    y = rng.poisson(rng.gamma(12.0, mean / 12.0)).astype(float)
    return grid.assign(
        unique_id=[f"s{i}" for i in grid["series"]], ds=ds, y=y, is_stockout=False, y_hat=level
    ).drop(columns="series")


BACKTEST = weeks("2024-06-03", 3, seed=2, steps=4)
QUIET = weeks("2025-01-06", 12, seed=3)


def changed(factor, at=8, seed=3):
    return weeks(
        "2025-01-06",
        12,
        seed=seed,
        factor=lambda series, week: np.where(week >= at, factor(series), 1.0),
    )


def first_red(frame):
    """The week, counted from the change at 8 as 1, at whose end the verdict is first red."""
    days = np.sort(frame["ds"].unique())
    for k in range(8, 12):
        verdict, table = demand_shift(frame[frame["ds"] <= days[k]], BACKTEST, STATIC)
        if not verdict.passed:
            return k - 7, table.iloc[0]
    return None, None


@pytest.mark.parametrize("seed", range(5))
def test_quiet_weeks_pass(seed):
    verdict, table = demand_shift(weeks("2025-01-06", 12, seed=seed + 10), BACKTEST, STATIC)
    assert verdict.passed, verdict.reason
    assert "keep to their forecast" in verdict.reason
    assert set(table["level"]) == {"total", "brand_id", "category"}
    assert table["n_series"].max() == N


@pytest.mark.parametrize("factor", [1.6, 0.5])
def test_one_brand_that_sells_more_or_less_is_named_within_two_weeks(factor):
    week, row = first_red(changed(lambda series: np.where(series % BRANDS == 2, factor, 1.0)))
    assert week in (1, 2)
    assert (row["level"], row["group"]) == ("brand_id", "b2")
    assert row["shift"] == pytest.approx(factor - 1, abs=0.25)


@pytest.mark.parametrize("factor", [1.6, 0.5])
def test_a_change_that_all_share_is_the_totals(factor):
    week, row = first_red(changed(lambda series: np.full(len(series), factor)))
    assert week in (1, 2)
    assert row["level"] == "total"


def test_one_giant_that_stops_selling_does_not_speak_for_its_brand():
    giant = int(np.argmax(LEVEL))
    week, _ = first_red(changed(lambda series: np.where(series == giant, 0.0, 1.0)))
    assert week is None


def test_stock_outs_count_for_nothing():
    gone = changed(lambda series: np.where(series % BRANDS == 2, 0.0, 1.0))
    assert first_red(gone)[0] is not None
    hit = gone["unique_id"].isin(STATIC.loc[STATIC["brand_id"] == "b2", "unique_id"])
    late = gone["ds"] > gone["ds"].min() + pd.Timedelta(weeks=7)
    assert first_red(gone.assign(is_stockout=hit & late))[0] is None


def test_the_bias_that_the_backtest_had_is_no_news():
    twice = [frame.assign(y_hat=2 * frame["y_hat"]) for frame in (QUIET, BACKTEST)]
    assert demand_shift(*twice, STATIC)[0].passed
    _, table = demand_shift(twice[0][twice[0]["ds"] < "2025-01-27"], BACKTEST, STATIC)
    assert table.loc[table["level"] == "total", "is_red"].all()


def test_without_attributes_the_total_alone_is_watched():
    _, table = demand_shift(QUIET, BACKTEST)
    assert table["level"].tolist() == ["total"]


def test_too_little_is_not_judged():
    one = QUIET[QUIET["ds"] == QUIET["ds"].min()]
    for frame in (one, QUIET.head(0)):
        verdict, table = demand_shift(frame, BACKTEST, STATIC)
        assert verdict.passed
        assert "not judged" in verdict.reason
        assert table.empty


def test_rows_in_any_order_give_the_same_verdict():
    shuffled = QUIET.sample(frac=1, random_state=1)
    assert demand_shift(shuffled, BACKTEST, STATIC)[0] == demand_shift(QUIET, BACKTEST, STATIC)[0]


def test_of_several_forecasts_of_a_week_the_nearest_counts():
    rows = BACKTEST[BACKTEST["ds"] == "2024-06-24"]
    assert set(rows["step"]) == {1, 2, 3}
    assert set(nearest(rows)["step"]) == {1}
    assert len(nearest(rows)) == N


def test_few_charts_have_a_limit_that_no_single_week_can_reach():
    odd = changed(lambda series: np.where(series % BRANDS == 2, 0.0, 1.0))
    week = odd["ds"].min() + pd.Timedelta(weeks=8)
    verdict, table = demand_shift(odd[odd["ds"] <= week], BACKTEST, levels=())
    assert verdict.passed
    assert table["sum_down"].max() <= table["limit"].min()
