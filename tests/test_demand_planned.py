"""The line that planned shares move demand along, and what the boosters do with it."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ml.demand.boosted import BoostedDemand
from ml.demand.forecaster import DemandForecaster
from ml.demand.planned import PlannedEffect, Shares, planned_shares

WEEKS, N, HORIZON = 104, 30, 4
LEVELS = (0.1, 0.5, 0.9)


def shares(rng, n=4000):
    values = np.column_stack([rng.random(n), rng.random(n) < 0.2]).astype(float)
    return Shares(("big", "small"), values)


def test_the_line_finds_the_log_factors_that_made_the_demand():
    rng = np.random.default_rng(1)
    seen = shares(rng)
    line = -0.3 + seen.values @ [1.2, 0.4]
    weight = rng.random(len(line)) + 0.5
    mean = PlannedEffect.of_mean(seen, rng.poisson(20 * np.exp(line)) / 20, weight)
    logs = PlannedEffect.of_logs(seen, line + rng.normal(0, 0.2, len(line)), weight)
    for effect in (mean, logs):
        assert effect.intercept == pytest.approx(-0.3, abs=0.05)
        np.testing.assert_allclose(effect.coefficients, [1.2, 0.4], atol=0.06)
        moved, usual = effect.contributions(seen)
        np.testing.assert_allclose(moved.sum(1) + usual, effect.log_factor(seen))
        back = PlannedEffect.from_dict(json.loads(json.dumps(effect.to_dict())))
        np.testing.assert_array_equal(back.log_factor(seen), effect.log_factor(seen))


def test_what_is_not_known_of_a_week_counts_as_nothing_planned():
    features = np.array([[np.nan, 5.0], [0.5, 5.0], [7.0, 5.0]], np.float32)
    np.testing.assert_array_equal(
        Shares.of(features, ["big", "lag_0"], ("big",)).values[:, 0], [0.0, 0.5, 1.0]
    )


@settings(deadline=None)
@example(1, 5e-324)
@given(st.integers(0, 50), st.floats(0, 1e3))
def test_the_line_is_finite_whatever_was_sold(seed, level):
    rng = np.random.default_rng(seed)
    seen = shares(rng, 60)
    target = np.where(rng.random(60) < 0.5, 0.0, level)
    effect = PlannedEffect.of_mean(seen, target, np.ones(60))
    assert np.isfinite(effect.log_factor(seen)).all()


def shop(**columns):
    """Two years in which a peak of three days, once in a quarter, sells a week twice over."""
    rng = np.random.default_rng(4)
    weeks = pd.date_range("2024-01-01", periods=WEEKS + HORIZON, freq="W-MON")
    peak = np.where(np.arange(len(weeks)) % 13 == 6, 3 / 7, 0.0)
    peak[WEEKS + 1] = 2 / 7
    level = rng.uniform(15, 40, N)[:, None] * np.exp(np.log(3) * peak / (3 / 7))
    units = rng.poisson(level).astype(float)
    ids = [f"s{k:02d}" for k in range(N)]
    long = pd.DataFrame({"unique_id": np.repeat(ids, len(weeks)), "ds": np.tile(weeks, N)})
    known = long.assign(peak_share=np.tile(peak, N), **columns)
    panel = long.assign(y=units.ravel())
    return panel[panel["ds"] < weeks[WEEKS]], known, level


def fitted():
    panel, known, level = shop()
    forecaster = DemandForecaster(horizon=HORIZON, quantiles=LEVELS, model="xgboost", threads=1)
    return forecaster.fit(panel, None, known), level


@pytest.fixture(scope="module")
def forecaster():
    return fitted()


def test_a_peak_of_fewer_days_than_any_seen_lies_between_none_and_the_seen(forecaster):
    model, level = forecaster
    made = model.predict()
    share = made.groupby("step")[["y_hat", "p50", "p90"]].sum() / level[:, [WEEKS]].sum()
    # two of three days: a factor of 3 ** (2 / 3) = 2.08, where steps alone say 1; one view of
    # three follows the line, and one of two of the quantiles
    assert 1.25 < share.loc[2, "y_hat"] < 2.3
    assert 1.25 < share.loc[2, "p50"] < 2.3
    assert share.loc[2, "p90"] > 1.5
    assert share.loc[[1, 3, 4], "y_hat"].between(0.85, 1.15).all()


def test_the_reasons_of_a_row_add_up_to_its_mean_with_the_line_among_them(forecaster):
    model, _ = forecaster
    tables, member = model._tables, model.members["xgboost"]
    origin, series = tables.n_weeks - 1, np.arange(N)
    names, effects = member.contributions(tables, series, origin, np.full(N, 2))
    features = tables.rows(series, np.full(N, origin), np.full(N, 2))
    views = [np.log(b.inplace_predict(features)) for b in member.wide.values()]
    base = member._base("mean", features)
    own = member.plain[0].inplace_predict(member._plain(features), base_margin=base)
    np.testing.assert_allclose(effects.sum(1), np.mean([*views, np.log(own)], axis=0), atol=1e-4)
    assert (effects[:, names.index("peak_share")] > 0.1).all()


def test_a_saved_member_keeps_the_line_and_one_from_before_has_none(forecaster, tmp_path):
    model, _ = forecaster
    model.save(tmp_path)
    pd.testing.assert_frame_equal(DemandForecaster.load(tmp_path).predict(), model.predict())
    file = tmp_path / "xgboost" / "params.json"
    state = json.loads(file.read_text())
    assert set(state["planned"]) == {"mean", "logs"}
    del state["planned"]
    file.write_text(json.dumps(state))
    assert DemandForecaster.load(tmp_path).members["xgboost"].planned == {}


def test_only_shares_that_may_lower_demand_are_on_the_line():
    panel, known, _ = shop(price=12.0, promo_share=0.3, days=-3.0, off=0.0)
    model = DemandForecaster(horizon=HORIZON, quantiles=LEVELS, model="xgboost", threads=1)
    tables = model.fit(panel, None, known)._tables
    assert planned_shares(tables, WEEKS - 1) == ("peak_share",)
    assert planned_shares(tables, 5) == ()  # the first peak comes in the seventh week


def test_without_planned_shares_there_is_no_line():
    panel, _, _ = shop()
    model = DemandForecaster(horizon=HORIZON, quantiles=LEVELS, model="xgboost", threads=1)
    member = model.fit(panel).members["xgboost"]
    assert isinstance(member, BoostedDemand)
    assert member.planned == {}
