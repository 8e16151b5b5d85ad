"""Training as a whole: what competes, what is promoted, what is not done twice."""

import numpy as np
import pandas as pd
import pytest

from ml.churn.splits import origins
from ml.columns import TooLittleData
from ml.demand.training import forecast_demand, train_demand
from ml.registry import Registry
from ml.training import Budget, fingerprint, in_charge

WEEKS = pd.date_range("2025-01-06", periods=70, freq="W-MON")
BUDGET = Budget(horizon=4, n_windows=2, step_size=4, n_trials=0, threads=1)


def shop(n_weeks: int, n_series: int = 14) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(3)
    weeks = WEEKS[:n_weeks]
    ids = [f"s{k:02d}@main" for k in range(n_series)]
    level = np.repeat(rng.uniform(10, 60, n_series), n_weeks)
    panel = pd.DataFrame(
        {
            "unique_id": np.repeat(ids, n_weeks),
            "ds": np.tile(weeks, n_series),
            "y": rng.poisson(level).astype(float),
            "is_stockout": False,
            "in_stock_share": 1.0,
        }
    )
    static = pd.DataFrame({"unique_id": ids, "category": "formula", "abc_class": "A"})
    ahead = pd.date_range(weeks[0], periods=n_weeks + 10, freq="W-MON")
    known = pd.DataFrame(
        {
            "unique_id": np.repeat(ids, len(ahead)),
            "ds": np.tile(ahead, n_series),
            "discount_rate": 0.0,
        }
    )
    return panel, static, known


@pytest.fixture
def registry(tmp_path) -> Registry:
    return Registry(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "artifacts")


def train(registry: Registry, frames, **changes):
    said: list[str] = []
    budget = Budget(**{**BUDGET.__dict__, **changes})
    return train_demand(*frames, registry=registry, budget=budget, say=said.append), said


def test_the_first_training_leaves_a_champion_that_the_baseline_competed_with(registry):
    frames = shop(60)
    training, _ = train(registry, frames)
    assert {"seasonal_naive", "xgboost", "lstm", "ensemble"} == set(training.table["model"])
    assert training.promotion.promote
    assert "too few weeks" not in training.promotion.reason
    assert training.version == registry.champion("demand")
    made = forecast_demand(*frames, registry=registry)
    assert set(made.weekly["unique_id"]) == set(frames[0]["unique_id"])
    assert set(made.reasons["unique_id"]) == set(frames[0]["unique_id"])
    assert (made.weekly["model_version"] == training.version.version).all()

    again, said = train(registry, frames)
    assert not again.promotion.promote
    assert again.version.version == training.version.version
    assert not any("backtesting" in line for line in said), "unchanged data trains nothing"

    later, _ = train(registry, shop(64))
    assert later.version.version != training.version.version, "newer data, no worse: refreshed"
    assert "champion" in set(later.table["model"])


def test_a_day_that_is_run_again_is_forecast_by_who_knew_nothing_after_it(registry):
    """One version a step: trained up to `weeks`, by the naive, for nothing is fitted then."""
    for number, weeks in enumerate((3, 5), start=1):
        train(registry, shop(weeks))
        assert registry.champion("demand").version == number
    day = {weeks: shop(weeks)[0]["ds"].max().date() for weeks in (2, 3, 4, 5)}
    assert [in_charge(registry, "demand", day[weeks]).version for weeks in (5, 4, 3)] == [2, 1, 1]
    weekly = forecast_demand(*shop(3), registry=registry).weekly
    assert (weekly["model_version"] == 1).all()

    with pytest.raises(LookupError, match=f"learnt from days after {day[2]}.*'demand_model'"):
        forecast_demand(*shop(2), registry=registry)
    late, _ = train(registry, shop(2))
    assert late.version.version == 2, "what knows less does not take charge"
    assert f"newer data, up to {day[5]}" in late.promotion.reason
    weekly = forecast_demand(*shop(2), registry=registry).weekly
    assert (weekly["model_version"] == 3).all()
    assert in_charge(registry, "demand", day[5]).version == 2


def test_too_short_a_history_gets_the_baseline_and_says_why(registry):
    frames = shop(5)
    training, _ = train(registry, frames)
    assert training.promotion.winner == "baseline"
    assert "5 weeks" in training.promotion.reason
    made = forecast_demand(*frames, registry=registry).weekly
    assert set(made["model"]) == {"seasonal_naive"}
    assert np.isfinite(made["y_hat"]).all()


@pytest.mark.parametrize(
    ("n_weeks", "words"),
    [
        (12, "12 weeks of history are too few to learn from: in every window the challenger"),
        (22, "; in 2 of 3 windows too few weeks lay before to learn from"),
    ],
)
def test_windows_before_which_there_was_too_little_to_learn_from_are_named(
    registry, n_weeks, words
):
    training, said = train(registry, shop(n_weeks), n_windows=3)
    assert words in training.promotion.reason
    assert training.promotion.reason in said


def test_a_shop_that_never_sold_is_told_what_is_missing(registry):
    panel, static, known = shop(10)
    with pytest.raises(TooLittleData, match="order lines"):
        train(registry, (panel.head(0), static, known))


def test_a_fingerprint_is_of_the_content_not_of_its_order():
    panel = shop(8)[0]
    shuffled = panel.sample(frac=1, random_state=1)[reversed(panel.columns)]
    assert fingerprint(panel) == fingerprint(shuffled)
    changed = panel.copy()
    changed.loc[3, "y"] += 1
    assert fingerprint(panel) != fingerprint(changed)


def test_a_shop_of_a_few_months_is_told_that_its_history_is_too_short_yet():
    days = pd.to_datetime(["2026-03-01", "2026-04-01"])
    labels = pd.DataFrame({"as_of": days, "known_on": days + pd.Timedelta(days=60)})
    with pytest.raises(TooLittleData, match="history is too short yet: none of 2 slices"):
        origins(labels.assign(is_churned=[True, False]), 1)
