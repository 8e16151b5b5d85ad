"""Demand over an interval of days, read off a cumulative weekly forecast."""

import numpy as np
import pandas as pd
import pytest

from ml.replenishment.protection import demand_curves

CUTOFF = pd.Timestamp("2025-06-02")


def cumulative(weekly, spread=0.0, unique_id="a@main"):
    sums = np.cumsum(weekly)
    weeks = np.arange(1, len(sums) + 1)
    sd = spread * np.sqrt(weeks)
    return pd.DataFrame(
        {
            "unique_id": unique_id,
            "cutoff": CUTOFF,
            "periods": weeks,
            "y_hat": sums,
            "p10": sums - 1.2815515655 * sd,
            "p50": sums,
            "p90": sums + 1.2815515655 * sd,
            "p95": sums + 1.6448536270 * sd,
        }
    )


def curves_of(frame, ids=("a@main",), rate=0.0, elapsed=0):
    ids = pd.Series(list(ids))
    rates = np.full(len(ids), rate)
    return demand_curves(frame, ids, rates, cutoff=CUTOFF, elapsed=elapsed)


def at(days):
    return np.array([float(days)])


def test_whole_weeks_from_a_sunday_are_the_forecast_itself():
    curves, covered = curves_of(cumulative([7, 70, 14], spread=5))
    assert covered.all()
    assert curves.demand(at(14))[0] == pytest.approx(77)
    p95 = curves.spread_curve(np.array([0.95]))
    assert curves.spread(p95, at(14))[0] == pytest.approx(1.64485 * 5 * np.sqrt(2), rel=1e-4)


def test_a_plan_in_mid_week_counts_only_the_days_still_to_come():
    curves, _ = curves_of(cumulative([7, 70, 14]), elapsed=3)
    # four days of the first week at 1 a day, three of the second at 10 a day
    assert curves.demand(at(7))[0] == pytest.approx(4 + 30)


def test_the_spread_belongs_to_the_length_of_the_interval_not_to_its_end():
    frame = cumulative([70] * 6, spread=10)
    on_sunday, _ = curves_of(frame, elapsed=0)
    on_saturday, _ = curves_of(frame, elapsed=6)
    p90 = on_sunday.spread_curve(np.array([0.9]))
    assert on_saturday.spread(p90, at(15))[0] == pytest.approx(
        on_sunday.spread(p90, at(15))[0], rel=0.03
    )


def test_a_service_level_between_two_quantiles_is_a_straight_line_in_the_normal_score():
    curves, _ = curves_of(cumulative([70] * 4, spread=10))
    for level, score in ((0.925, 1.4395315), (0.75, 0.6744898), (0.99, 2.3263479)):
        curve = curves.spread_curve(np.array([level]))
        assert curves.spread(curve, at(7))[0] == pytest.approx(10 * score, rel=1e-4)


def test_past_the_horizon_the_last_week_goes_on():
    curves, _ = curves_of(cumulative([7, 14]))
    assert curves.demand(at(28))[0] == pytest.approx(7 + 14 + 14 + 14)


def test_cover_is_the_inverse_of_demand():
    curves, _ = curves_of(cumulative([7, 70, 14]), elapsed=2)
    for days in (1, 5, 12, 19, 40):
        sold = curves.demand(at(days))
        assert curves.days_covered(sold, most=999)[0] == pytest.approx(days)
    assert curves.days_covered(at(0), most=999)[0] == 0
    nothing_sells, _ = curves_of(cumulative([0, 0, 0]))
    assert nothing_sells.days_covered(at(1), most=999)[0] == 999


def test_a_series_with_a_hole_in_its_forecast_sells_at_its_own_rate():
    whole = cumulative([7, 7, 7])
    broken = cumulative([7, 7, 7], unique_id="b@main").iloc[:2]
    infinite = cumulative([7, np.inf, 7], unique_id="c@main")
    frame = pd.concat([whole, broken, infinite])
    curves, covered = curves_of(frame, ids=["a@main", "b@main", "c@main", "d@main"], rate=2.0)
    assert covered.tolist() == [True, False, False, False]
    assert curves.demand(np.full(4, 7.0)).tolist() == [7, 14, 14, 14]
    p90 = curves.spread_curve(np.full(4, 0.9))
    poisson = 1.28155 * np.sqrt(14) + (1.28155**2 - 1) / 6
    assert curves.spread(p90, np.full(4, 7.0))[3] == pytest.approx(poisson, rel=1e-4)


def test_a_count_that_is_most_likely_none_has_no_upper_quantile():
    curves, _ = curves_of(cumulative([7]), ids=["z@main"], rate=0.001)
    p90 = curves.spread_curve(np.array([0.9]))
    assert curves.spread(p90, at(7))[0] <= 0


def test_sums_that_fall_with_the_weeks_are_held_level():
    frame = cumulative([10, -4, 5])
    curves, _ = curves_of(frame)
    assert curves.demand(at(14))[0] == pytest.approx(10)
    assert curves.demand(at(21))[0] == pytest.approx(11)


def test_a_forecast_for_another_cutoff_is_refused():
    frame = cumulative([7, 7]).assign(cutoff=pd.Timestamp("2025-05-26"))
    with pytest.raises(ValueError, match="no row for cutoff 2025-06-02"):
        curves_of(frame)


def test_a_forecast_without_quantiles_is_refused():
    with pytest.raises(ValueError, match="lacks"):
        curves_of(cumulative([7]).drop(columns=["p10", "p50", "p90", "p95"]))
