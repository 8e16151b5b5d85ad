"""The code location as Dagster loads it: one connected, described graph, loaded fast."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
import yaml

from orchestration.graph import build
from orchestration.settings import DBT_PROJECT_DIR, Settings

HEAVY = ("torch", "xgboost", "mlflow", "evidently", "optuna", "matplotlib", "sklearn")


@pytest.fixture(scope="module")
def defs(tmp_path_factory) -> dg.Definitions:
    state = tmp_path_factory.mktemp("definitions")
    return build(Settings(environment="test", state=state, first_day=date(2026, 6, 28)))


def test_every_extract_is_read_and_the_orders_lead_to_plan_and_churn_list(defs):
    graph = defs.resolve_asset_graph()
    extracts = {
        key for key in graph.get_all_asset_keys() if graph.get(key).group_name == "extracts"
    }
    assert len(extracts) > 40
    assert not [key for key in extracts if not graph.get(key).child_keys]
    plan = graph.get_ancestor_asset_keys(dg.AssetKey("replenishment_plan"))
    contacts = graph.get_ancestor_asset_keys(dg.AssetKey("churn_list"))
    orders = {key for key in extracts if key.path[1] in ("orders", "order_lines", "refunds")}
    assert len(orders) > 8
    assert orders <= plan
    assert orders <= contacts
    assert dg.AssetKey(["jushuitan", "stock"]) in plan
    assert {dg.AssetKey("demand_model"), dg.AssetKey("fct_inventory_position")} <= plan


def test_every_asset_says_what_it_is_and_whose(defs):
    graph = defs.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        asset = graph.get(key)
        assert asset.owners, key
        assert asset.kinds, key
        assert asset.group_name != "default", key
        assert len(asset.description or "") > 10, key


def test_dbt_tests_are_checks_and_errors_among_them_block(defs):
    graph = defs.resolve_asset_graph()
    on_marts = [
        graph.get(key) for key in graph.asset_check_keys if key.asset_key.path[-1] == "feat_demand"
    ]
    assert on_marts
    assert any(check.blocking for check in on_marts)


def test_every_dbt_unit_test_is_a_check_on_the_model_it_tests(defs):
    checks = {
        (key.asset_key.to_user_string(), key.name)
        for key in defs.resolve_asset_graph().asset_check_keys
    }
    named = [
        (test["model"], test["name"])
        for path in (DBT_PROJECT_DIR / "models").rglob("*__unit_tests.yml")
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["unit_tests"]
    ]
    assert len(named) > 15
    assert set(named) <= checks


def test_everything_that_runs_by_itself_is_off_until_somebody_switches_it_on(defs):
    sensors = {s.name: s for s in defs.sensors}
    assert set(sensors) == {"alerts", "nightly", "retrain"}
    assert all(s.default_status == dg.DefaultSensorStatus.STOPPED for s in sensors.values())
    (weekly,) = defs.schedules
    assert weekly.name == "weekly"
    assert weekly.default_status == dg.DefaultScheduleStatus.STOPPED
    assert weekly.execution_timezone == "Asia/Shanghai"


def test_loading_the_code_location_imports_no_modelling_library(tmp_path):
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, orchestration.definitions;"
            f"print([m for m in {HEAVY!r} if m in sys.modules])",
        ],
        env={"STORK_STATE": str(tmp_path), "PATH": "", "STORK_ENVIRONMENT": "test"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert loaded.stdout.strip().endswith("[]"), loaded.stdout


def test_the_workspace_names_the_one_code_location():
    workspace = yaml.safe_load((Path(__file__).parent.parent / "workspace.yaml").read_text())
    (location,) = workspace["load_from"]
    assert location["python_module"]["module_name"] == "orchestration.definitions"
