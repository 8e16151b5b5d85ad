"""The size of errors by slice: seen when it grows without any bias, and told for every slice."""

import numpy as np
import pytest
from test_monitoring_forecast_error import forecasts

from monitoring.error_slices import error_size

ORIGINS = [f"2025-{month:02d}-{day:02d}" for month, day in ((5, 5), (5, 12), (5, 19), (5, 26))]
LIVE = [*ORIGINS, "2025-06-02", "2025-06-09", "2025-06-16", "2025-06-23"]
PAST = forecasts(["2024-09-02", "2024-12-02", "2025-03-03"], steps=13)
NOW = forecasts(LIVE, seed=5)


def test_errors_of_the_size_the_backtest_had_pass_and_every_slice_is_told():
    verdict, table = error_size(NOW, PAST)
    assert verdict.passed, verdict.reason
    names = {"all", "class A", "class B", "class C", "quiet", *(f"step {k}" for k in range(1, 5))}
    assert set(table["slice"]) == names
    row = table.set_index("slice").loc["all"]
    assert row["wape"] == pytest.approx(row["wape_reference"], rel=0.3)
    assert row["coverage_90"] == pytest.approx(0.9, abs=0.04)
    assert row["n_weeks"] == NOW["ds"].nunique()


def test_errors_that_double_without_any_bias_turn_it_red():
    wild = forecasts(LIVE, seed=5, error=0.8)
    late = NOW["ds"] > "2025-06-16"
    verdict, table = error_size(NOW.assign(y=np.where(late, wild["y"], NOW["y"])), PAST)
    assert not verdict.passed
    assert "WAPE" in verdict.reason
    assert table.set_index("slice").loc["all", "is_red"]


def test_the_tracking_signal_tells_the_direction():
    signals = []
    for factor in (1.4, 0.7):
        _, table = error_size(NOW.assign(y=NOW["y"] * factor), PAST)
        signals.append(table.set_index("slice").loc["all", "tracking_signal"])
    assert signals[0] > 4
    assert signals[1] < -4


def test_event_weeks_are_told_apart_and_not_judged():
    is_event = NOW["ds"] > "2025-06-16"
    wild = NOW.assign(y=np.where(is_event, NOW["y"] * 3, NOW["y"]), is_event=is_event)
    past = PAST.assign(is_event=PAST["step"] == 3)
    verdict, table = error_size(wild, past)
    assert verdict.passed, verdict.reason
    told = table.set_index("slice")
    assert told.loc["event", "wape"] > 2 * told.loc["quiet", "wape"]
    assert not error_size(wild.assign(is_event=False), past)[0].passed


def test_few_weeks_are_not_judged():
    verdict, table = error_size(NOW[NOW["ds"] <= "2025-05-19"], PAST)
    assert verdict.passed
    assert "not judged" in verdict.reason
    assert table.empty
