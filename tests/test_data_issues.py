"""What the tables could not make right reaches the engineer as a warning, the planner as a word."""

import dagster as dg
import pandas as pd
import pytest

from ml.columns import DATA_ISSUES
from monitoring.data_issues import data_issues, plan_warnings
from orchestration.assets import data_issues as asset
from orchestration.graph import build
from orchestration.resources import Warehouse
from orchestration.settings import Settings

NAMES = list(DATA_ISSUES.columns)
NOTHING = pd.DataFrame(columns=NAMES)
FOUND = pd.DataFrame(
    [
        ("order_in_two_shops", "taobao", None, 12, 1200.0),
        ("sku_unmapped", "jd", "s1", 40, 300.0),
        ("sku_unmapped", "jd", "s2", 2, 50.0),
        ("stock_total_only", "jushuitan", "e1", 7, 0.0),
    ],
    columns=NAMES,
)


def test_each_kind_is_counted_with_its_money_dearest_first():
    found = data_issues(FOUND)
    assert not found.passed
    assert found.reason.endswith(
        "order_in_two_shops 12 (1,200 yuan), sku_unmapped 42 (350 yuan), stock_total_only 7"
    )
    assert found.numbers == {"order_in_two_shops": 12, "sku_unmapped": 42, "stock_total_only": 7}
    assert data_issues(NOTHING).passed


def test_the_head_of_the_plan_tells_what_counts_twice_and_leaves_to_rows_what_rows_tell():
    (said,) = plan_warnings(FOUND)
    assert said.startswith("taobao: 12 orders are told by two shops and count twice, 1,200 yuan")
    assert plan_warnings(FOUND[1:]) == plan_warnings(NOTHING) == []


@pytest.mark.parametrize(("table", "passed"), [(FOUND, False), (NOTHING, True)])
def test_the_table_carries_them_as_a_warning_with_numbers_and_rows(tmp_path, table, passed):
    DATA_ISSUES.check(table).to_parquet(tmp_path / "mart_data_issues.parquet")
    found = asset.data_issues(warehouse=Warehouse(exports=str(tmp_path)))
    assert (found.passed, found.severity) == (passed, dg.AssetCheckSeverity.WARN)
    if not passed:
        assert found.metadata["sku_unmapped"].value == 42
        assert "| sku_unmapped | 42 | 350.000 |" in found.metadata["by_kind"].value
        assert "| sku_unmapped | jd | s1 | 40 | 300.000 |" in found.metadata["by_shop"].value


def test_the_night_looks_at_it_and_it_stops_nothing(tmp_path):
    defs = build(Settings(environment="test", state=tmp_path))
    key = dg.AssetCheckKey(dg.AssetKey("mart_data_issues"), "data_issues")
    (check,) = [one for one in defs.asset_checks if key in one.check_keys]
    assert not check.get_spec_for_check_key(key).blocking
    assert key in defs.resolve_job_def("derive").asset_layer.asset_graph.asset_check_keys
