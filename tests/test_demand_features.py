"""Features hold what was known at the origin and nothing that came later."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.demand.features import FORMER, FeatureTables
from ml.demand.panel import StaticCodes, build_history, check_known_future, check_panel
from ml.demand.sampling import training_rows

N, T, H = 6, 90, 5
WEEKS = pd.date_range("2024-01-01", periods=T + H, freq="W-MON")


def frames(seed=0):
    rng = np.random.default_rng(seed)
    level = rng.uniform(2, 40, N)
    promo = (rng.random((N, T + H)) < 0.15).astype(float)
    season = 1 + 0.4 * np.sin(2 * np.pi * np.arange(T + H) / 52)
    y = rng.poisson(level[:, None] * season * np.exp(1.0 * promo)).astype(float)
    ids = np.repeat([f"s{k}" for k in range(N)], T + H)
    frame = pd.DataFrame({"unique_id": ids, "ds": np.tile(WEEKS, N), "y": y.ravel()})
    frame["is_stockout"] = rng.random(len(frame)) < 0.06
    frame["price_amount"] = 100 - 20 * promo.ravel()
    known = frame[["unique_id", "ds"]].assign(discount_rate=0.3 * promo.ravel())
    static = pd.DataFrame({"unique_id": [f"s{k}" for k in range(N)], "category": list("aabbcc")})
    return frame[frame["ds"] < WEEKS[T]], static, known


def tables_of(panel, static=None, known=None):
    known = check_known_future(known)
    columns = () if known is None else tuple(known.columns.drop(["unique_id", "ds"]))
    history = build_history(
        check_panel(panel, "W-MON"),
        freq="W-MON",
        horizon=H,
        codes=StaticCodes.learn(static),
        static=static,
        known_future=known,
        known_columns=columns,
    )
    return FeatureTables(history)


def rows_at(tables, origin):
    series, step = np.divmod(np.arange(N * H), H)
    return tables.rows(series, np.full(N * H, origin), step + 1)


@settings(deadline=None, max_examples=10)
@given(origin=st.integers(10, T - 2), column=st.sampled_from(["y", "price_amount", "is_stockout"]))
def test_spoiling_the_future_does_not_move_a_feature(origin, column):
    panel, static, known = frames()
    spoiled = panel.copy()
    after = spoiled["ds"] > WEEKS[origin]
    spoiled.loc[after, column] = True if column == "is_stockout" else 1e9
    before = rows_at(tables_of(panel, static, known), origin)
    np.testing.assert_array_equal(before, rows_at(tables_of(spoiled, static, known), origin))


def test_the_past_does_move_features():
    panel, static, known = frames()
    changed = panel.copy()
    changed.loc[(changed["ds"] == WEEKS[59]) & ~changed["is_stockout"], "y"] += 50
    before, after = (rows_at(tables_of(p, static, known), 60) for p in (panel, changed))
    assert not np.array_equal(before, after)


def test_what_was_sold_in_a_stock_out_week_does_not_move_a_feature():
    panel, static, known = frames()
    changed = panel.copy()
    changed.loc[changed["is_stockout"], "y"] = 0.0
    before, after = (rows_at(tables_of(p, static, known), 80) for p in (panel, changed))
    np.testing.assert_array_equal(before, after)


def test_lags_and_last_year_are_the_weeks_they_say():
    panel, static, known = frames()
    panel["is_stockout"] = False
    tables = tables_of(panel, static, known)
    row = tables.rows(np.array([2]), np.array([70]), np.array([3]))[0]
    named = dict(zip(tables.names, row, strict=True))
    y = panel.loc[panel["unique_id"] == "s2", "y"].to_numpy()
    scale = y[70 - 52 : 71].mean()
    assert named["lag_0"] == pytest.approx(y[70] / scale, rel=1e-5)
    assert named["lag_4"] == pytest.approx(y[66] / scale, rel=1e-5)
    assert named["last_year"] == pytest.approx(y[73 - 52] / scale, rel=1e-5)
    assert named["mean_13"] == pytest.approx(y[58:71].mean() / scale, rel=1e-5)
    assert named["std_8"] == pytest.approx(y[63:71].std() / scale, rel=1e-4)
    assert named["launch_weeks"] == 26
    plan = known.loc[known["unique_id"] == "s2", "discount_rate"].to_numpy()
    assert named["discount_rate"] == pytest.approx(plan[73])


def test_after_its_launch_no_feature_numbers_the_weeks_of_a_series():
    panel, static, known = frames()
    tables = tables_of(panel, static, known)
    at = [tables.names.index("launch_weeks")]
    origins = np.array([10, 26, 27, 80])
    young = tables.rows(np.full(4, 2), origins, np.ones(4, int))[:, at]
    np.testing.assert_array_equal(young.ravel(), [10, 26, 26, 26])
    assert not set(FORMER) & set(tables.names)


def test_the_pooled_season_is_found_and_a_discount_lifts_the_expectation():
    panel, static, known = frames()
    tables = tables_of(panel, static, known)
    one = np.zeros(2, int)
    index, _ = tables.season(one, np.full(2, T - 1), np.array([13, 39]))  # peak and trough
    assert index[0] > 1.15
    assert index[1] < 0.85
    slope = tables.uplift_slope[:, T - 1]
    assert np.all((slope > 1.5) & (slope < 6))  # truth: exp(1.0) at a discount of 0.3


def test_training_rows_never_reach_past_the_last_visible_week_and_skip_stock_outs():
    tables = tables_of(*frames())
    rows = training_rows(tables, last=70, horizon=H, max_rows=10**6, half_life_weeks=26, seed=1)
    assert (rows.origin + rows.step).max() == 70
    assert not tables.history.is_stockout[rows.series, rows.origin + rows.step].any()
    assert rows.decay.max() == 1
    fewer = training_rows(tables, last=70, horizon=H, max_rows=100, half_life_weeks=26, seed=1)
    assert len(fewer.series) == 100


def test_a_series_without_demand_for_a_year_or_with_few_weeks_is_not_modelled():
    panel, static, known = frames()
    dead = panel["unique_id"].eq("s0") & (panel["ds"] > WEEKS[20])
    panel.loc[dead, "y"] = 0.0
    young = panel["unique_id"].eq("s1") & (panel["ds"] < WEEKS[T - 5])
    tables = tables_of(panel[~young], static, known)
    assert list(tables.can_model(T - 1)) == [False, False, True, True, True, True]
