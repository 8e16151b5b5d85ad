"""The monitors before the first training, and what of a long archive they read."""

import shutil
from datetime import date, timedelta

import pandas as pd
import pytest

from orchestration.assets import monitors
from orchestration.resources import Results, resources
from orchestration.settings import Settings

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
