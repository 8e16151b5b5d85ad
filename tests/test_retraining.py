"""The weekly refresh and the note beside the plan, by what the extracts' verdicts say."""

from datetime import date, timedelta

import dagster as dg
import pandas as pd
import pytest

from ml.columns import DATA_ISSUES
from monitoring.forecast_watch import TRIGGERS
from monitoring.verdict import Verdict
from orchestration.assets.retraining import (
    RETRAINING,
    history,
    plan_notice,
    trained_on,
    weekly,
)
from orchestration.resources import Lake, Results, Warehouse, resources
from orchestration.settings import Settings
from orchestration.verdicts import keep, plan_notices, read

DAY = date(2026, 6, 28)
RED = Verdict("as_usual", False, "landed_volume: jd/shop: 0 rows, expected 400")
GREEN = Verdict("as_usual", True, "as ever")
NO_ISSUES = pd.DataFrame(columns=list(DATA_ISSUES.columns))


@pytest.fixture
def at_hand(tmp_path):
    return {
        "lake": Lake(landing="l", folder="f", as_of=DAY.isoformat()),
        "results": Results(
            folder=str(tmp_path / "results"),
            out=str(tmp_path / "out"),
            reports="r",
            reports_url="u",
        ),
    }


@pytest.fixture
def exports(tmp_path):
    NO_ISSUES.to_parquet(tmp_path / "mart_data_issues.parquet")
    return Warehouse(exports=str(tmp_path))


def refresh(at_hand):
    return weekly(dg.build_schedule_context(resources=at_hand))


def test_the_weekly_refresh_waits_while_the_data_is_red(at_hand):
    assert isinstance(refresh(at_hand), dg.RunRequest)
    keep(at_hand["results"], DAY, "wecom/tags", [RED])
    assert isinstance(refresh(at_hand), dg.RunRequest), "no demand is made of tags"
    keep(at_hand["results"], DAY, "jd/orders", [RED])
    skipped = refresh(at_hand)
    assert isinstance(skipped, dg.SkipReason)
    assert "jd/orders: landed_volume: jd/shop: 0 rows" in skipped.skip_message
    keep(at_hand["results"], DAY, "jd/orders", [GREEN])
    assert isinstance(refresh(at_hand), dg.RunRequest)


def test_the_weekly_refresh_goes_by_the_night_that_loaded_last(at_hand):
    """At 03:00 the files of the day that has ended may lie there, and no night has read them."""
    keep(at_hand["results"], DAY - timedelta(days=1), "jd/orders", [RED])
    keep(at_hand["results"], DAY - timedelta(days=2), "jd/orders", [GREEN])
    assert isinstance(refresh(at_hand), dg.SkipReason)
    keep(at_hand["results"], DAY + timedelta(days=1), "jd/orders", [GREEN])
    keep(at_hand["results"], DAY, "forecast_error", [GREEN])
    assert isinstance(refresh(at_hand), dg.SkipReason)
    keep(at_hand["results"], DAY, "jd/orders", [GREEN])
    assert isinstance(refresh(at_hand), dg.RunRequest)


def test_the_plan_is_marked_while_an_extract_is_red_and_cleared_when_it_is_mended(at_hand, exports):
    results = at_hand["results"]
    note = results.out_path(DAY, "read_first.txt")
    keep(results, DAY, "jd/orders", [RED])
    plan_notice(**at_hand, warehouse=exports)
    assert "jd/orders: landed_volume: jd/shop: 0 rows" in note.read_text(encoding="utf-8")
    keep(results, DAY, "jd/orders", [GREEN])
    plan_notice(**at_hand, warehouse=exports)
    assert not note.exists()


def test_the_plan_is_marked_while_an_alarm_of_the_demand_model_stands(at_hand, exports):
    results = at_hand["results"]
    note = results.out_path(DAY, "read_first.txt")
    alarm, calm = (Verdict(TRIGGERS[0], passed, "40 % above") for passed in (False, True))
    keep(results, DAY - timedelta(days=1), "forecast_error", [alarm])
    keep(results, DAY, "forecast_error", [Verdict("no_trigger", False, "only informs")])
    assert plan_notices(results, DAY, NO_ISSUES) == ["demand_model: 40 % above (2026-06-27)"]
    plan_notice(**at_hand, warehouse=exports)
    assert "- demand_model: 40 % above (2026-06-27)" in note.read_text(encoding="utf-8")
    keep(results, DAY, "forecast_error", [calm])
    assert plan_notices(results, DAY, NO_ISSUES) == []
    keep(results, DAY + timedelta(days=1), "forecast_error", [alarm])
    assert plan_notices(results, DAY, NO_ISSUES) == [], "tomorrow is not known today"


def test_the_plan_is_marked_while_orders_count_twice(at_hand, exports, tmp_path):
    note = at_hand["results"].out_path(DAY, "read_first.txt")
    twice = [("order_in_two_shops", "taobao", None, 12, 1200.0)]
    found = pd.DataFrame(twice, columns=list(DATA_ISSUES.columns))
    found.to_parquet(tmp_path / "mart_data_issues.parquet")
    plan_notice(**at_hand, warehouse=exports)
    assert "- taobao: 12 orders are told by two shops" in note.read_text(encoding="utf-8")


def test_a_day_that_is_run_again_leaves_the_verdicts_of_later_days_in_the_table(at_hand):
    results, later = at_hand["results"], [DAY + timedelta(days=back) for back in range(5)]
    for day in later:
        keep(results, day, "jd/orders", [RED])
        history(Lake(landing="l", folder="f", as_of=day.isoformat()), results)
    history(**at_hand)
    kept = pd.read_parquet(results.history())
    assert [day.date() for day in kept["as_of"]] == later
    results.history().unlink()
    history(**at_hand)
    assert pd.read_parquet(results.history()).equals(kept), "a lost table is made anew"


@pytest.mark.parametrize(
    ("model", "age", "is_due"),
    [("demand", 55, False), ("demand", 56, True), ("churn", 69, False), ("churn", 70, True)],
)
def test_the_calendar_of_churn_goes_by_its_outcome_window(at_hand, tmp_path, model, age, is_due):
    settings = Settings(environment="test", state=tmp_path, outcome_days=70)
    results, options = at_hand["results"], resources(settings)["options"]
    results.write_text(DAY - timedelta(days=age), f"{model}_promotion.txt", "promoted")
    (why,) = (one for one in RETRAINING if one.key.path[-1] == f"{model}_retrain")
    why(**at_hand, options=options)
    assert read(results, DAY, f"{model}_retrain", "retrain_due").passed is not is_due


def test_only_a_training_that_came_to_its_end_counts(at_hand):
    results = at_hand["results"]
    assert trained_on(results, "demand", DAY) is None
    results.write_text(date(2026, 6, 1), "demand_promotion.txt", "refused")
    results.write_text(date(2026, 7, 1), "demand_promotion.txt", "later")
    assert trained_on(results, "demand", DAY) == date(2026, 6, 1)
