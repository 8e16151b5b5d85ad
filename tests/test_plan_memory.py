"""Plans never change once written, and each is compared with the one before, with reasons."""

import datetime as dt
import json
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from plan_shop import CUTOFF, OWED, SUNDAY, planned, position, whole_plan

from ml.replenishment.difference import difference, kept_rate
from ml.replenishment.override_effect import READ, override_effects
from ml.replenishment.overrides import OVERRIDE_COLUMNS
from ml.replenishment.parameters import Policy
from orchestration.plan_archive import PlanArchive, fingerprint
from orchestration.planning_files import PlanningFiles

MONDAY = date(2025, 6, 9)


def keep(archive, as_of=SUNDAY, **inputs):
    return archive.keep(as_of, inputs, {"orders": planned(position())}, {"rows": 1})


def test_the_same_plan_again_writes_nothing_and_another_leaves_the_first_untouched(tmp_path):
    archive = PlanArchive(tmp_path)
    first = keep(archive, code="1")
    before = {p: p.stat().st_mtime_ns for p in first.folder.iterdir()}
    again = keep(archive, code="1")
    assert again.plan_id == first.plan_id
    assert {p: p.stat().st_mtime_ns for p in first.folder.iterdir()} == before
    other = keep(archive, code="2")
    assert other.plan_id != first.plan_id
    assert other.manifest["replaces"] == first.plan_id
    assert {p: p.stat().st_mtime_ns for p in first.folder.iterdir()} == before
    assert archive.of_day(SUNDAY).plan_id == other.plan_id
    assert archive.before(SUNDAY) is None
    assert archive.before(MONDAY).plan_id == other.plan_id
    assert other.table("orders")["order_qty"].tolist() == [21]
    manifest = json.loads((other.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["files"].keys() == {"orders.parquet"}
    assert manifest["as_of"] == "2025-06-08"


def test_a_fingerprint_changes_with_any_value_and_not_with_the_order_of_rows():
    frame = position(on_hand=[1.0, 2.0, None])
    assert fingerprint(frame) == fingerprint(frame.iloc[::-1])
    assert fingerprint(frame) != fingerprint(frame.assign(moq=2.0))
    assert fingerprint(frame) != fingerprint(frame.rename(columns={"moq": "least"}))


def test_a_change_against_the_last_plan_names_what_moved():
    frame = position(on_hand=[40.0, 15.0, 15.0, 15.0])
    before = planned(frame)
    today = frame.assign(on_hand=[10.0, 15.0, 15.0, 15.0], on_order=[0.0, 4.0, 0.0, 0.0])
    today.loc[3, ["moq", "pack_size"]] = [12.0, 12.0]
    changes = difference(before, planned(today)).set_index("sku_id")
    assert changes["change_qty"].to_dict() == {"S0": 11, "S3": 6, "S1": -4}
    assert changes.loc["S0", "change_reason"] == "库存-30"
    assert changes.loc["S1", "change_reason"] == "在途+4"
    assert changes.loc["S3", "change_reason"] == "交期、起订量或箱规有变"
    assert kept_rate(before, planned(today)) == pytest.approx(1 / 4)
    assert difference(before, before).empty
    assert kept_rate(before, before) == 1


def test_a_row_that_comes_or_goes_is_a_change_too():
    one, two = planned(position(sku_id=["a"])), planned(position(sku_id=["b"]))
    changes = difference(one, two, language="en").set_index("sku_id")
    assert changes["change_reason"].to_dict() == {
        "a": "no longer in the plan",
        "b": "new in the plan",
    }
    assert changes["change_qty"].to_dict() == {"a": -21, "b": 21}


def test_a_change_of_forecast_names_the_demand():
    before, after = planned(position(on_hand=5.0)), planned(position(on_hand=5.0), weekly=14)
    reason = difference(before, after, language="en").loc[0, "change_reason"]
    assert reason == "expected demand +21; order-up-to level +21"


def test_a_limit_that_cuts_deeper_than_yesterday_is_the_reason():
    before, after = (
        planned(position(on_hand=[0.0, 0.0]), policy=replace(OWED, budget_amount=budget))
        for budget in (300.0, 200.0)
    )
    changes = difference(before, after, language="en")
    assert (changes["change_qty"] < 0).all()
    assert changes["change_reason"].tolist() == ["what binds changed"] * 2


def test_sales_lost_before_any_order_could_land_are_nobodys_gain():
    # 1 a day: 14 are lost before goods land, 7 come after; the plan's own 7 are all that sells
    line = dict.fromkeys(OVERRIDE_COLUMNS, "") | {"sku_id": "S0", "action": "quantity"}
    asked = pd.DataFrame([line | {"value": "21"}])
    made = whole_plan(position(on_hand=0.0), overrides=asked, policy=Policy())
    weeks = pd.date_range("2025-06-09", periods=3, freq="W-MON")
    came = pd.DataFrame({"unique_id": "S0@main", "ds": weeks, "y": 7.0})
    options = {"holding_rate": 0.25, "margin_rate": 0.3, "last_day": pd.Timestamp("2025-06-29")}
    row = override_effects([made.orders], came, is_lost=True, **options).iloc[0]
    assert (row["missing_qty"], row["planned_missing_qty"]) == (14, 14)
    assert (row["left_qty"], row["planned_left_qty"]) == (14, 0)
    assert row["gain_amount"] == pytest.approx(-14 * 10 * 0.25 * 21 / 365, abs=0.01)
    waits = override_effects([made.orders], came, is_lost=False, **options).iloc[0]
    assert (waits["missing_qty"], waits["planned_missing_qty"]) == (0, 14)


def test_an_override_is_judged_by_the_demand_that_came():
    line = {"sku_id": "S0", "warehouse_id": None, "action": "quantity", "value": 50}
    line |= {"expires_on": None, "by": "小王", "why": "直播"}
    made = whole_plan(position(on_hand=[5.0, 5.0]), overrides=pd.DataFrame([line]))
    weeks = pd.date_range("2025-06-09", periods=3, freq="W-MON")
    came = pd.DataFrame({"unique_id": "S0@main", "ds": weeks, "y": 15.0})
    options = {"holding_rate": 0.25, "margin_rate": 0.3, "is_lost": False}
    early = override_effects([made.orders], came, last_day=pd.Timestamp("2025-06-22"), **options)
    assert early.empty
    effect = override_effects([made.orders], came, last_day=pd.Timestamp("2025-06-29"), **options)
    row = effect.iloc[0]
    assert (len(effect), row["demand_qty"]) == (1, 45)
    # 5 + 50 meet 45; the plan's own 5 + 16 would have missed 24
    assert (row["missing_qty"], row["left_qty"]) == (0, 10)
    assert (row["planned_missing_qty"], row["planned_left_qty"]) == (24, 0)
    assert row["gain_amount"] == pytest.approx(24 * 3 - 10 * 10 * 0.25 * 21 / 365, abs=0.01)


def test_what_planners_wrote_is_read_in_chinese_and_english_and_in_any_usual_encoding(tmp_path):
    files = PlanningFiles(tmp_path)
    assert files.overrides().empty
    text = "商品编码,仓库,动作,数值,到期日,操作人,原因\n"
    text += "S0, main ,定量,30,2025-07-01,小王,直播\n,,,,,,\n"
    for encoding in ("utf-8-sig", "gb18030"):
        (tmp_path / "overrides.csv").write_text(text, encoding=encoding)
        table = files.overrides()
        assert table.to_dict("records") == [
            {
                "sku_id": "S0",
                "warehouse_id": "main",
                "action": "quantity",
                "value": "30",
                "expires_on": "2025-07-01",
                "by": "小王",
                "why": "直播",
            }
        ]
    made = whole_plan(position(), overrides=files.overrides())
    assert made.orders["order_qty"].tolist() == [30]
    (tmp_path / "overrides.csv").unlink()
    table.assign(value="31").to_excel(tmp_path / "overrides.xlsx", index=False)
    assert files.overrides()["value"].tolist() == ["31"]


def test_the_sheet_for_overrides_is_offered_once_and_never_written_over(tmp_path):
    files = PlanningFiles(tmp_path / "new")
    path = files.offer_overrides()
    assert files.overrides().empty
    path.write_text("sku_id,warehouse_id,action,value,expires_on,by,why\nS0,,hold,,,x,y\n")
    files.offer_overrides()
    assert len(files.overrides()) == 1


def test_limits_that_cannot_be_read_are_left_out_and_named(tmp_path):
    (tmp_path / "suppliers.csv").write_text(
        "supplier_id,capacity_qty,min_amount,order_weekdays,停接单,整托\n"
        'P1,"1,200",500,"1,4",2026-06-10~2026-06-20；2026-10-01,是\n'
        "P2,many,-3,周二周五,2026-06-20~2026-06-10,perhaps\nP3,,,x,,no\n",
        encoding="utf-8",
    )
    (tmp_path / "skus.csv").write_text("商品编码,每托件数\nS0,48\nS1,\n", encoding="utf-8")
    (tmp_path / "warehouses.csv").write_text("仓库,容量(件)\nmain,9000\n", encoding="utf-8")
    limits, problems = PlanningFiles(tmp_path).limits()
    assert limits == {
        "supplier_capacity_qty": {"P1": 1200.0},
        "supplier_min_amount": {"P1": 500.0},
        "order_weekdays": {"P1": frozenset({0, 3}), "P2": frozenset({1, 4})},
        "supplier_closed": {
            "P1": (
                (dt.date(2026, 6, 10), dt.date(2026, 6, 20)),
                (dt.date(2026, 10, 1), dt.date(2026, 10, 1)),
            )
        },
        "pallets_of": {"P1"},
        "warehouse_capacity_qty": {"main": 9000.0},
        "pallets_to": frozenset(),
        "pallet_qty": {"S0": 48.0},
    }
    assert sorted(problem.split(": ")[1] for problem in problems) == [
        "capacity_qty 'many' of 'P2' can't be used",
        "closed_on '2026-06-20~2026-06-10' of 'P2' can't be used",
        "full_pallets 'perhaps' of 'P2' can't be used",
        "min_amount '-3' of 'P2' can't be used",
        "order_weekdays 'x' of 'P3' can't be used",
    ]
    (tmp_path / "lots.csv").write_text("sku_id,qty\nS0,3\n")
    with pytest.raises(ValueError, match="warehouse_id"):
        PlanningFiles(tmp_path).lots()


def test_lots_are_read_as_people_type_them_and_what_cannot_be_is_named(tmp_path):
    lines = ["S0,main,200,2025-06-10", 'S1,main,"1,200",2025/6/10', "S2,main,200件,2025年6月10日"]
    odd = ["S3,main,many,2025-06-10", "S4,main,3,soon", "S5,,3,2025-06-10"]
    text = "\n".join(["sku_id,warehouse_id,qty,expires_on", *lines, *odd])
    (tmp_path / "lots.csv").write_text(text, encoding="utf-8")
    table, problems = PlanningFiles(tmp_path).lots()
    assert table["qty"].tolist() == [200, 1200, 200]
    assert (table["expires_on"] == pd.Timestamp("2025-06-10")).all()
    assert len(problems) == 3
    assert problems[0] == "lots: 'many' of 'S3' in 'main', expiring '2025-06-10', can't be used"
    assert PlanningFiles(tmp_path / "none").lots()[0].empty


def test_the_csv_saved_from_the_page_counts_beside_a_workbook_of_overrides(tmp_path):
    line = {"sku_id": "S0", "warehouse_id": "main", "action": "quantity", "value": "5"}
    line |= {"expires_on": "", "by": "li", "why": ""}
    pd.DataFrame([line]).to_excel(tmp_path / "overrides.xlsx", index=False)
    pd.DataFrame([line | {"value": "7"}]).to_csv(tmp_path / "overrides.csv", index=False)
    made = whole_plan(position(), overrides=PlanningFiles(tmp_path).overrides())
    assert made.orders["order_qty"].tolist() == [7]
    assert made.overrides["status"].tolist() == ["superseded", "applied"]


def test_a_substitute_line_that_cannot_be_read_is_left_out_and_named(tmp_path):
    (tmp_path / "substitutes.csv").write_text(
        "商品编码,替代商品,转化比例\nS0,S1,60%\nS0,S2,0.7\nS3,S4,2\nS5,,0.5\n", encoding="utf-8"
    )
    table, problems = PlanningFiles(tmp_path).substitutes()
    assert table.to_numpy().tolist() == [["S0", "S1", 0.6], ["S0", "S2", 0.7]]
    assert problems == [
        "substitutes: '2' of 'S3' to 'S4' can't be used",
        "substitutes: '0.5' of 'S5' to '' can't be used",
        "substitutes: the shares of 'S0' add up to 1.3, scaled down to 1",
    ]
    assert PlanningFiles(tmp_path / "none").substitutes()[0].empty


def test_the_forecast_that_is_spoiled_after_its_cutoff_changes_no_signal():
    from ml.replenishment.drivers import signals

    weeks = pd.date_range("2025-03-03", "2025-07-07", freq="W-MON")
    panel = pd.DataFrame({"unique_id": "S0@main", "ds": weeks, "y": 7.0, "in_stock_share": 1.0})
    panel = panel.assign(is_stockout=False, price_amount=12.0)
    static = pd.DataFrame({"unique_id": ["S0@main"], "first_sold_on": pd.Timestamp("2025-05-01")})
    known = panel[["unique_id", "ds"]].assign(festival_share=0.0, promo_share=0.0)
    known.loc[known["ds"] == "2025-06-16", "festival_share"] = 0.5
    spoiled = panel.assign(y=panel["y"].where(panel["ds"] <= CUTOFF, 1e9))
    told, same = (signals(p, static, known, cutoff=CUTOFF) for p in (panel, spoiled))
    pd.testing.assert_frame_equal(told, same)
    row = whole_plan(position(), signals=told, weekly=14).orders.iloc[0]
    assert row["drivers"] == "2025-06-16起有节日大促；预计比近8周有货时高100%；上市38天的新品"
    # a price of 12, a cost of 10, and a week that would pass without a unit
    assert row["cost_if_not_ordered_amount"] == pytest.approx(2 * 14, rel=0.1)


@pytest.mark.parametrize(
    ("empty_weeks", "on_hand", "doubted"),
    [(4, 0, True), (3, 0, False), (8, 5, False), (5, 5, False)],
)
def test_what_sells_for_weeks_from_an_empty_shelf_has_to_be_counted(empty_weeks, on_hand, doubted):
    from ml.replenishment.drivers import signals

    weeks = pd.date_range("2025-03-03", CUTOFF, freq="W-MON")
    panel = pd.DataFrame({"unique_id": "S0@main", "ds": weeks, "y": 7.0, "in_stock_share": 1.0})
    panel.loc[panel.index[-empty_weeks:], "in_stock_share"] = 0.0
    panel = panel.assign(is_stockout=panel["in_stock_share"] == 0, price_amount=12.0)
    static = pd.DataFrame({"unique_id": ["S0@main"], "first_sold_on": pd.Timestamp("2025-03-03")})
    known = panel[["unique_id", "ds"]].assign(festival_share=0.0, promo_share=0.0)
    told = signals(panel, static, known, cutoff=CUTOFF)
    row = whole_plan(position(on_hand=float(on_hand)), signals=told, weekly=14).orders.iloc[0]
    assert ("却出了28件" in row["doubts"]) == doubted
    assert (row["exception"] == "check_stock") == doubted
    # while most of the last eight weeks were empty, what is wanted now was not seen
    assert row["confidence"] == ("low" if doubted else "medium" if empty_weeks >= 6 else "high")
    assert row["order_qty"] > 0


def _long_empty(weeks_empty, *, sold=0.0):
    """Signals of a series that sold seven a week from a full shelf, and none of it since."""
    from ml.replenishment.drivers import signals

    weeks = pd.date_range("2024-01-01", "2025-07-07", freq="W-MON")
    panel = pd.DataFrame({"unique_id": "S0@main", "ds": weeks, "y": 7.0, "in_stock_share": 1.0})
    empty = panel["ds"] > CUTOFF - pd.Timedelta(weeks=weeks_empty)
    panel.loc[empty, ["y", "in_stock_share"]] = [sold, 0.0]
    panel.loc[panel["ds"] > CUTOFF, "y"] = 1e9
    panel = panel.assign(is_stockout=empty, price_amount=12.0)
    static = pd.DataFrame({"unique_id": ["S0@main"], "first_sold_on": weeks[0]})
    known = panel[["unique_id", "ds"]].assign(festival_share=0.0, promo_share=0.0)
    return signals(panel, static, known, cutoff=CUTOFF)


@pytest.mark.parametrize(
    ("weeks_empty", "changes", "sold", "is_dormant"),
    [
        (52, {}, 0.0, True),
        (51, {}, 0.0, False),
        (60, {}, 1.0, False),
        (60, {"on_hand": 3.0}, 0.0, False),
        (60, {"on_order": 20.0}, 0.0, False),
    ],
)
def test_what_lay_empty_without_a_sale_for_a_year_is_asked_about_and_not_ordered(
    weeks_empty, changes, sold, is_dormant
):
    told = _long_empty(weeks_empty, sold=sold)
    row = whole_plan(position(**changes), signals=told, weekly=14).orders.iloc[0]
    assert (row["exception"] == "dormant") == is_dormant
    assert (f"已{weeks_empty}周没有库存也没有出货" in row["reason"]) == is_dormant
    assert (row["order_qty"] == 0) == is_dormant
    assert (row["demand_mean_qty"] == 0) == is_dormant
    if is_dormant:
        assert row["is_exception"]
        assert (row["priority"], row["cost_if_not_ordered_amount"]) == (2, 0)


@pytest.mark.parametrize(
    ("action", "value", "ordered"), [("quantity", "30", 30), ("uplift", "1", 42), ("hold", "", 0)]
)
def test_a_planner_who_wants_a_dormant_sku_gets_it(action, value, ordered):
    line = {"sku_id": "S0", "warehouse_id": "main", "action": action, "value": value}
    line |= {"expires_on": "2025-12-31", "by": "李", "why": "重新上架"}
    made = whole_plan(
        position(), signals=_long_empty(80), weekly=14, overrides=pd.DataFrame([line])
    )
    row = made.orders.iloc[0]
    assert (row["order_qty"], row["planned_qty"]) == (ordered, 0)
    assert row["exception"] != "dormant"


def test_a_dormant_substitute_takes_no_demand_and_the_row_that_hopes_for_it_says_so():
    told = _long_empty(80)
    table = pd.DataFrame([["S1", "S0", 1.0]], columns=["sku_id", "substitute_sku_id", "share"])
    options = {"signals": told, "substitutes": table, "policy": Policy()}
    made = whole_plan(position(on_hand=[0.0, 5.0]), **options).orders.set_index("sku_id")
    assert made.loc["S0", "exception"] == "dormant"
    assert (made.loc["S0", "moved_demand_qty"], made.loc["S0", "demand_mean_qty"]) == (0, 0)
    assert "替代品不在本仓" in made.loc["S1", "doubts"]


def test_of_a_years_plans_a_night_reads_the_overridden_rows_only(tmp_path):
    line = dict.fromkeys(OVERRIDE_COLUMNS, "") | {"sku_id": "S0", "action": "quantity"}
    asked = pd.DataFrame([line | {"value": "50"}])
    made = whole_plan(position(on_hand=[5.0, 5.0]), overrides=asked)
    archive, day = PlanArchive(tmp_path), made.orders["as_of"].iloc[0].date()
    for back, overridden in ((2, 0), (1, 1), (0, 1)):
        plan_day = day - dt.timedelta(days=back)
        kept = archive.keep(
            plan_day,
            {"back": back},
            {"orders": made.orders.assign(as_of=pd.Timestamp(plan_day))},
            {"overrides_applied": overridden},
        )
        if not overridden:
            (kept.folder / "orders.parquet").write_bytes(b"not to be opened")
    (read,) = archive.overridden(day, READ)
    assert read["sku_id"].tolist() == ["S0"]
    assert set(read.columns) == set(READ)
    weeks = pd.date_range("2025-06-02", periods=5, freq="W-MON")
    came = pd.DataFrame({"unique_id": "S0@main", "ds": weeks, "y": 15.0})
    options = {"last_day": weeks[-1], "holding_rate": 0.25, "margin_rate": 0.3, "is_lost": True}
    whole = made.orders.assign(as_of=read["as_of"].iloc[0])
    effect = override_effects([read], came, **options)
    assert len(effect) == 1
    pd.testing.assert_frame_equal(effect, override_effects([whole], came, **options))
