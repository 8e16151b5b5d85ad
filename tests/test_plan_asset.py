"""The plan as the night makes it: files for people, one archive, and the planner's word kept."""

import json
from datetime import date, timedelta

import dagster as dg
import numpy as np
import openpyxl
import pandas as pd
import pytest
from plan_shop import forecast, position

from ml.columns import DATA_ISSUES, FEAT_KNOWN_FUTURE, OPEN_ORDERS
from monitoring.verdict import Verdict
from orchestration.assets.planning import replenishment_plan
from orchestration.resources import Results, resources
from orchestration.settings import Settings
from orchestration.verdicts import keep

SUNDAY = date(2025, 6, 8)
FILES = ("plan.csv", "plan.xlsx", "plan.html", "manifest.json")


def shelf():
    return position(
        sku_id=["S0", "S0", "S1"], warehouse_id=["east", "west", "east"], on_hand=[4.0, 90.0, 4.0]
    )


def night(state, as_of=SUNDAY, frame=None, issues=(), **options):
    frame = shelf() if frame is None else frame
    exports, results = state / "exports", state / "results" / as_of.isoformat()
    exports.mkdir(parents=True, exist_ok=True)
    told = pd.DataFrame(list(issues), columns=list(DATA_ISSUES.columns))
    told.to_parquet(exports / "mart_data_issues.parquet")
    results.mkdir(parents=True, exist_ok=True)
    frame = frame.assign(stock_snapshot_date=pd.Timestamp(as_of))
    frame.to_parquet(exports / "fct_inventory_position.parquet")
    open_orders = frame.loc[frame["on_order"] > 0, ["unique_id", "next_expected_on", "on_order"]]
    open_orders.columns = list(OPEN_ORDERS.columns)
    open_orders.to_parquet(exports / "fct_open_orders.parquet")
    weeks = pd.date_range("2025-03-03", "2025-06-02", freq="W-MON")
    ids = frame["unique_id"].to_numpy()
    panel = pd.DataFrame({"unique_id": np.repeat(ids, len(weeks)), "ds": np.tile(weeks, len(ids))})
    panel = panel.assign(
        y=7.0, in_stock_share=1.0, is_stockout=False, price_amount=15.0, order_count=7
    )
    panel.to_parquet(exports / "feat_demand.parquet")
    static = frame[["unique_id", "sku_id", "warehouse_id", "category", "abc_class"]].assign(
        brand_id=None, baby_stage=None, list_price_amount=15.0, first_sold_on=weeks[0]
    )
    static.to_parquet(exports / "feat_demand_static.parquet")
    shares = [name for name in FEAT_KNOWN_FUTURE.columns if name.endswith(("_share", "_rate"))]
    known = panel[["unique_id", "ds"]].assign(**dict.fromkeys(shares, 0.0))
    known.assign(days_to_spring_festival=60.0).to_parquet(exports / "feat_known_future.parquet")
    sums = forecast(frame).assign(model="cold_start")
    sums.to_parquet(results / "demand_cumulative.parquet")
    weekly = sums.assign(ds=sums["cutoff"] + pd.to_timedelta(7 * sums["periods"], unit="D"))
    weekly.assign(y_hat=7.0, p10=5.0, p90=9.0).to_parquet(results / "demand_forecast.parquet")
    settings = Settings(environment="test", state=state, as_of=as_of, language="en", **options)
    needed = ("lake", "warehouse", "options", "planners", "results")
    given = {name: resource for name, resource in resources(settings).items() if name in needed}
    done = dg.materialize([replenishment_plan], resources=given)
    assert done.success
    folder = state / "out" / as_of.isoformat()
    plan = pd.read_parquet(results / "replenishment_plan.parquet")
    manifest = json.loads((folder / "replenishment_manifest.json").read_text(encoding="utf-8"))
    return plan.set_index(["sku_id", "warehouse_id"]), manifest, folder


@pytest.fixture(scope="module")
def mornings(tmp_path_factory):
    state = tmp_path_factory.mktemp("state")
    first = night(state)
    (state / "planning" / "overrides.csv").write_text(
        "sku_id,warehouse_id,action,value,expires_on,by,why\n"
        "S1,east,quantity,40,2025-06-30,Li,live show\n"
    )
    told = Results(folder=str(state / "results"), out="o", reports="r", reports_url="u")
    keep(told, SUNDAY + timedelta(days=1), "jd/orders", [Verdict("as_usual", False, "0 rows")])
    twice = [("order_in_two_shops", "taobao", None, 12, 1200.0)]
    second = night(state, SUNDAY + timedelta(days=1), issues=twice, budget_amount=500.0)
    return state, first, second


def test_people_find_a_workbook_a_page_a_csv_and_a_manifest(mornings):
    _, (_, manifest, folder), _ = mornings
    for name in FILES:
        assert (folder / f"replenishment_{name}").stat().st_size > 300
    assert manifest["as_of"] == "2025-06-08"
    told = {"position", "cumulative", "signals", "lots", "overrides", "substitutes", "festivals"}
    told |= {"open_orders"}
    assert manifest["data"].keys() == told
    assert manifest["policy"]["unmet_demand"] == "lost"
    assert manifest["models"]["champion"] == "unknown"
    assert manifest["service"] == {"by": "textbook", "levels": {}, "windows": [], "series": 0}
    assert manifest["models"]["series_by_model"] == {"cold_start": 3}
    assert manifest["code"].startswith("0.")
    assert manifest["previous_plan"] is None


def test_a_row_says_what_made_its_forecast_in_the_planners_words(mornings):
    _, (plan, _, folder), _ = mornings
    assert set(plan["model"]) == {"cold_start"}
    book = openpyxl.load_workbook(folder / "replenishment_plan.xlsx", read_only=True)
    header, *rows = book["All SKUs"].iter_rows(values_only=True)
    assert {row[header.index("Model")] for row in rows} == {"new SKU, by its like"}


def test_a_sibling_warehouse_helps_out_before_anything_is_bought(mornings):
    _, (plan, _, _), _ = mornings
    assert plan.loc[("S0", "east"), "transfer_in_qty"] == 17
    assert plan.loc[("S0", "west"), "transfer_out_qty"] == 17
    assert plan.loc[("S0", "east"), "order_qty"] == 0
    assert plan.loc[("S1", "east"), "order_qty"] == 7


def test_an_override_written_today_is_kept_to_tomorrow_and_the_change_is_explained(mornings):
    state, (_, first, _), (plan, manifest, folder) = mornings
    row = plan.loc[("S1", "east")]
    assert (row["order_qty"], row["planned_qty"]) == (40, 7)
    assert row["override"] == "Li set 40 units: live show"
    assert manifest["previous_plan"] == first["plan_id"]
    assert manifest["overrides_applied"] == 1
    assert manifest["kept_rate"] == 0
    archived = state / "plans" / "2025-06-09" / manifest["plan_id"]
    changes = pd.read_parquet(archived / "changes.parquet")
    assert changes["change_qty"].tolist() == [33]
    assert "an override changed" in changes.loc[0, "change_reason"]
    assert "live show" in (folder / "replenishment_plan.html").read_text(encoding="utf-8")


def test_a_red_extract_and_orders_told_twice_stand_at_the_top_of_workbook_and_page(mornings):
    _, (_, _, calm), (_, _, folder) = mornings
    for night_of, is_told in ((calm, False), (folder, True)):
        book = openpyxl.load_workbook(night_of / "replenishment_plan.xlsx", read_only=True)
        cells = [row[0] for row in book["Summary"].iter_rows(values_only=True, max_col=1)]
        page = (night_of / "replenishment_plan.html").read_text(encoding="utf-8")
        for words in ("jd/orders: 0 rows", "taobao: 12 orders are told by two shops"):
            assert any(f"· {words}" in (cell or "") for cell in cells) == is_told
            assert (words in page) == is_told


def test_a_second_run_of_the_same_night_creates_nothing_twice(tmp_path):
    _, one, folder = night(tmp_path)
    csv = (folder / "replenishment_plan.csv").read_bytes()
    _, two, _ = night(tmp_path)
    assert two == one
    assert (folder / "replenishment_plan.csv").read_bytes() == csv
    plans = [p for p in (tmp_path / "plans" / "2025-06-08").iterdir() if p.is_dir()]
    assert [p.name for p in plans] == [one["plan_id"]]
    sheet = tmp_path / "planning" / "overrides.csv"
    assert sheet.read_text(encoding="utf-8-sig").startswith("sku_id,warehouse_id,action")


def test_the_service_level_tuned_on_the_backtest_is_planned_with_and_recorded(tmp_path):
    frame = position(on_hand=[4.0] * 12, abc_class=["A"] * 11 + ["B"])
    weeks = pd.date_range("2025-03-03", periods=13, freq="W-MON")
    rows = pd.MultiIndex.from_product([frame["unique_id"], weeks], names=["unique_id", "ds"])
    seen = rows.to_frame(index=False).assign(cutoff=pd.Timestamp("2025-02-24"), y=7.0, y_hat=7.0)
    seen["step"] = seen.groupby("unique_id").cumcount() + 1
    # what never misses is served by the lowest level: the forecast's own spread is far too wide
    seen = seen.assign(p10=1.0, p50=7.0, p90=13.0, p99=20.0)
    folder = tmp_path / "results" / "2025-06-08"
    folder.mkdir(parents=True)
    seen.to_parquet(folder / "demand_backtest.parquet")
    plan, manifest, _ = night(tmp_path, frame=frame, service="fill", fill_rate=0.9)
    assert manifest["service"]["by"] == "fill"
    assert manifest["service"]["windows"] == ["2025-02-24"]
    assert manifest["service"]["levels"] == {"A": 0.5}
    assert manifest["policy"]["service_level"] == {"A": 0.5, "B": 0.9, "C": 0.85}
    assert plan.set_index("abc_class")["service_level"].to_dict() == {"A": 0.5, "B": 0.9}
