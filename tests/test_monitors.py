"""The monitors before the first training, and what of a long archive they read."""

import shutil
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from orchestration.assets import monitors
from orchestration.resources import Results, resources
from orchestration.settings import Settings
from orchestration.verdicts import read

DAY = date(2026, 6, 28)


@pytest.fixture
def at_hand(migrated, tmp_path):
    settings = Settings(environment="test", state=tmp_path, as_of=DAY)
    shutil.copy(migrated, settings.folder("mlflow") / "mlflow.db")
    return resources(settings)


@pytest.mark.parametrize(
    ("name", "wanted", "words"),
    [
        ("forecast_error", ("lake", "warehouse", "models", "results"), "no demand model is"),
        (
            "churn_performance",
            ("lake", "warehouse", "models", "options", "results"),
            "no churn model is",
        ),
        ("prediction_drift", ("lake", "warehouse", "results"), "nothing of 'demand_forecast'"),
        ("plan_outcome", ("lake", "warehouse", "results"), "nothing of 'replenishment_plan'"),
    ],
)
def test_a_monitor_with_nothing_to_watch_yet_says_what_to_make_first(at_hand, name, wanted, words):
    with pytest.raises(LookupError, match=words):
        getattr(monitors, name)(**{one: at_hand[one] for one in wanted})


def test_of_an_archive_of_years_only_the_span_is_read(tmp_path):
    results = Results(folder=str(tmp_path), out="o", reports="r", reports_url="u")
    for back in (1_000, 40, 1, 0, -1):
        day = DAY - timedelta(days=back)
        results.write(day, "demand_forecast", pd.DataFrame({"back": [back]}))
    results.path(DAY - timedelta(days=1_000), "demand_forecast.parquet").write_bytes(b"")
    found = monitors.archived(results, "demand_forecast", DAY - monitors.CHARTED, DAY)
    assert [(DAY - day).days for day, _ in found] == [40, 1, 0]


def test_the_nights_of_an_archive_are_read_one_by_one(tmp_path):
    results = Results(folder=str(tmp_path), out="o", reports="r", reports_url="u")
    for back in (1, 0):
        results.write(DAY - timedelta(days=back), "churn_scores", pd.DataFrame({"back": [back]}))
    results.path(DAY, "churn_scores.parquet").write_bytes(b"")
    nights = monitors.archived(results, "churn_scores", DAY - timedelta(days=9), DAY)
    assert next(nights)[1]["back"].tolist() == [1], "the next is not in memory yet"
    with pytest.raises(ValueError, match="damaged"):
        next(nights)


def test_a_new_churn_model_is_judged_by_no_scores_but_its_own(at_hand, tmp_path):
    customers = np.array([f"c_{i}" for i in range(600)])
    stays = np.arange(600) % 2 == 0
    registry, results = at_hand["models"].registry(), at_hand["results"]
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "model.json").write_text("{}")
    evaluation = pd.DataFrame(
        {"customer_id": customers, "is_churned": ~stays, "churn_score": np.where(stays, 0.1, 0.9)}
    )
    made = [
        registry.record(
            "churn", folder=tmp_path / "saved", tags={"last_day": "2026-03-01"},
            tables={"backtest": evaluation},
        )
        for _ in range(2)
    ]  # fmt: skip

    def scored(score, days_ago, first=600, **told):
        as_of = pd.Timestamp(DAY - timedelta(days=days_ago))
        score = np.where(stays, score, 1 - score)
        frame = pd.DataFrame({"customer_id": customers, "as_of": as_of, "churn_score": score})
        results.write(as_of.date(), "churn_scores", frame.head(first).assign(**told))

    scored(0.9, 90)  # as kept before scores told who made them
    scored(0.9, 70, model_version=1, outcome_days=60)
    scored(0.1, 65, first=150, model_version=2, outcome_days=60)
    scored(0.1, 0, model_version=2, outcome_days=60)
    events = pd.DataFrame(
        {
            "customer_id": np.tile(customers[stays], 2),
            "ds": np.repeat(pd.to_datetime([DAY - timedelta(days=60), DAY]), stays.sum()),
            "order_count": 1, "qty": 1.0, "paid_amount": 9.0, "discount_rate": 0.0,
            "category": "wipes",
        }
    )  # fmt: skip
    events.to_parquet(tmp_path / "exports" / "feat_customer_events.parquet")

    wanted = ("lake", "warehouse", "models", "options", "results")
    found = []
    for version in made:
        registry.set_alias("churn", "champion", version)
        told = monitors.churn_performance(**{name: at_hand[name] for name in wanted}).metadata
        found.append(read(results, DAY, "churn_performance", "churn_performance"))
    old, new = found
    assert not old.passed, "AUC 0: it named those who stay"
    assert new.passed
    assert "churn v2, not judged: 150 of 200 rows" in new.reason
    assert told["earlier: churn v1"] == old.reason, "by its own evaluation"
    assert read(results, DAY, "churn_performance", "score_drift").numbers["n_current"] == 600
