"""Intervals, predictions and plans, once or before it is known what came."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from test_monitoring_forecast_error import BACKTEST, LIVE, NOW, forecasts

from monitoring.drift import Windows, drift, noise_psi, psi
from monitoring.interval_coverage import interval_coverage
from monitoring.plan_outcome import plan_outcome
from monitoring.prediction_drift import Predictions, forecast_ratios, prediction_drift
from orchestration.assets.monitors import season_before

MONDAYS = pd.date_range("2026-01-05", periods=12, freq="W-MON")


def test_intervals_that_hold_pass_and_those_too_narrow_are_named():
    verdict = interval_coverage(NOW, BACKTEST)
    assert verdict.passed, verdict.reason
    assert verdict.numbers["coverage_90"] == pytest.approx(0.9, abs=0.03)
    wild = interval_coverage(forecasts(LIVE, seed=5, error=0.6), BACKTEST)
    assert wild.passed, "these grew with their errors"
    narrow = NOW.assign(
        p05=NOW["y_hat"] * 0.5 + NOW["p05"] * 0.5, p95=NOW["y_hat"] * 0.5 + NOW["p95"] * 0.5
    )
    verdict = interval_coverage(narrow, BACKTEST)
    assert not verdict.passed
    assert "the 90 % interval held" in verdict.reason
    assert "not judged" in interval_coverage(NOW.head(50), BACKTEST).reason


def plans(**changes):
    """Forty series that sell one unit a day, each with stock and order for its 14 days."""
    usual = {
        "as_of": pd.Timestamp("2026-01-11"),
        "sku_id": [f"s{i}" for i in range(40)],
        "warehouse_id": "main",
        "order_qty": 10.0,
        "inventory_position": 4.0,
        "lead_time_days": 7.0,
        "review_period_days": 7.0,
        "service_level": 0.95,
        "unit_cost_amount": 20.0,
    }
    return pd.DataFrame(usual | changes)


DEMAND = pd.DataFrame(
    {
        "unique_id": np.repeat([f"s{i}@main" for i in range(40)], len(MONDAYS)),
        "ds": np.tile(MONDAYS, 40),
        "y": 7.0,
    }
)


def test_a_plan_that_met_demand_exactly_has_no_regret():
    verdict, table = plan_outcome(plans(), DEMAND)
    assert verdict.passed
    assert verdict.numbers["fill_rate"] == 1.0
    assert verdict.numbers["regret_amount"] == pytest.approx(0)
    assert (table["demand"] == 14).all()


@pytest.mark.parametrize(
    ("ordered", "fill", "regret"), [(3.0, 0.5, 7 * 20.0), (24.0, 1.0, 0.2 * 14 * 20.0)]
)
def test_what_was_missed_and_what_was_left_cost_what_they_cost(ordered, fill, regret):
    verdict, table = plan_outcome(plans(order_qty=ordered), DEMAND)
    assert verdict.numbers["fill_rate"] == fill
    assert table["regret_amount"].tolist() == pytest.approx([regret] * 40)
    assert verdict.passed is (fill > 0.85)


def test_stock_that_was_there_before_the_plan_is_not_its_fault():
    _, table = plan_outcome(plans(inventory_position=100.0, order_qty=0.0), DEMAND)
    assert (table["left"] == 86).all()
    assert (table["regret_amount"] == 0).all()


def test_only_plans_whose_interval_is_over_are_judged_and_the_newest_of_a_series():
    late = plans(as_of=MONDAYS[-1])
    assert "not judged" in plan_outcome(late, DEMAND)[0].reason
    both = pd.concat([plans(order_qty=3.0), plans(as_of=pd.Timestamp("2026-02-01")), late])
    verdict, table = plan_outcome(both, DEMAND)
    assert verdict.numbers["n_rows"] == 40
    assert (table["as_of"] == "2026-02-01").all()


def test_a_row_that_waited_to_be_mapped_is_no_plan_that_failed():
    waits = np.arange(40) < 5
    bound_by = np.where(waits, "unmapped", "")
    verdict, table = plan_outcome(
        plans(order_qty=np.where(waits, 0.0, 10.0), bound_by=bound_by), DEMAND
    )
    assert (verdict.numbers["fill_rate"], len(table)) == (1, 35)


def test_demand_inside_a_week_is_spread_evenly():
    rising = DEMAND.assign(y=np.tile(7.0 * np.arange(12), 40))
    _, table = plan_outcome(plans(as_of=pd.Timestamp("2026-01-13")), rising)
    # from Wednesday 14 January: 5 days at 1, 7 at 2, 2 at 3 a day
    assert table["demand"].tolist() == pytest.approx([5 + 14 + 6] * 40)


WEEKLY = pd.DataFrame(
    {
        "unique_id": np.repeat([f"s{i}@main" for i in range(40)], 4),
        "cutoff": MONDAYS[7],
        "step": np.tile([1, 2, 3, 4], 40),
        "y_hat": 14.0,
    }
)


def test_forecasts_are_compared_by_what_they_are_to_recent_demand():
    spoiled = DEMAND.assign(y=DEMAND["y"].where(DEMAND["ds"] <= MONDAYS[7], 1e9))
    ratios = forecast_ratios(WEEKLY, spoiled)
    assert len(ratios) == 40
    assert ratios.to_numpy() == pytest.approx(1.0, abs=0.02)


def test_predictions_that_move_are_red_and_chance_is_not():
    rng = np.random.default_rng(2)
    before = pd.Series(rng.normal(0, 1, 600))
    same = Predictions(pd.Series(rng.normal(0, 1, 600)), before, "x")
    assert prediction_drift("prediction_drift", same).passed
    moved = Predictions(before + 1, before, "x")
    verdict = prediction_drift("prediction_drift", moved)
    assert not verdict.passed
    assert verdict.numbers["psi"] > verdict.numbers["psi_limit"]
    few = Predictions(before.head(10), before, "x")
    assert "not judged" in prediction_drift("prediction_drift", few).reason


def test_a_first_night_has_nothing_to_compare_and_a_day_is_never_compared_with_itself():
    today = date(2026, 11, 28)

    def told(*days_ago):
        chosen, label = season_before([today - timedelta(days=d) for d in days_ago], today)
        return (today - chosen).days if chosen else None, label

    assert told(0, 1, 3, 360, 720) == (360, "today against 2025-12-03")
    assert told(0, 1, 3) == (3, "today against 2026-11-25 (no earlier year)")
    assert told(0) == (None, "no earlier day to compare with yet")
    label = told(0)[1]
    sides = [forecast_ratios(frame, DEMAND) for frame in (WEEKLY, WEEKLY.head(0))]
    verdict = prediction_drift("prediction_drift", Predictions(*sides, label))
    assert verdict.passed
    assert "not judged" in verdict.reason
    assert "no earlier day" in verdict.reason


def test_chance_alone_exceeds_its_limit_as_seldom_as_it_says():
    rng = np.random.default_rng(3)
    limit = noise_psi(100, 100, alpha=0.05)
    over = [psi(*(pd.Series(rng.normal(size=100)) for _ in range(2))) > limit for _ in range(300)]
    assert np.mean(over) < 0.12
    assert noise_psi(100, 100, alpha=0.05, n_tests=50) > limit > 0.2


def test_many_columns_of_few_series_do_not_drift_by_chance():
    rng = np.random.default_rng(4)

    def window():
        ids = np.repeat([f"s{i}" for i in range(60)], 8)
        own = np.repeat(rng.normal(size=(60, 40)), 8, axis=0)  # weeks of a series are alike
        frame = pd.DataFrame(
            own + 0.1 * rng.normal(size=own.shape), columns=[f"x{k}" for k in range(40)]
        )
        return frame.assign(unique_id=ids)

    verdict, table = drift(
        "demand_drift", Windows(window(), window()), [f"x{k}" for k in range(40)]
    )
    assert not table["is_drifted"].any()
    assert verdict.numbers["psi_limit"] > 0.5
