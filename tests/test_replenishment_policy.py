"""The plan: quantities agree with forecasts, stock and masters, and no row is ever lost."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plan_shop import CUTOFF, OWED, SUNDAY, forecast, only, planned, position

from ml.replenishment.overrides import OVERRIDE_COLUMNS
from ml.replenishment.policy import FALLBACK_MODEL, PLAN_COLUMNS, Policy, plan

EITHER = st.sampled_from([OWED, Policy()])
quick = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def test_the_order_covers_lead_time_plus_review_period():
    row = only(position(on_hand=5.0))
    assert row["demand_mean_qty"] == 21
    assert row["order_up_to_level"] == 21
    assert row["order_qty"] == 16


@pytest.mark.parametrize("abc", ["A", "B", "C"])
def test_the_level_is_the_quantile_of_the_sum_at_the_class_service_level(abc):
    row = only(position(abc_class=abc), weekly=700, spread=100)
    score = {"A": 1.64485, "B": 1.28155, "C": 1.03643}[abc]
    assert row["order_up_to_level"] == pytest.approx(2100 + score * 100 * np.sqrt(3), abs=1.01)
    assert row["safety_stock_qty"] == pytest.approx(row["order_up_to_level"] - 2100)


def test_a_lead_time_that_varies_adds_its_days_of_demand_in_quadrature():
    row = only(position(lead_time_sd_days=3.0), weekly=70, spread=20)
    demand_spread, lead_spread = 1.64485 * 20 * np.sqrt(3), 1.64485 * 10 * 3
    expected = 210 + np.hypot(demand_spread, lead_spread)
    assert row["order_up_to_level"] == pytest.approx(expected, abs=1.01)


def test_on_an_empty_shelf_the_goods_last_until_the_next_order_lands_though_it_be_late():
    sure, late = (
        only(position(on_hand=0.0, lead_time_sd_days=sd), weekly=70, spread=20, policy=Policy())
        for sd in (0.0, 3.0)
    )
    assert late["lost_before_qty"] == sure["lost_before_qty"] > 0
    # the goods land after 14 of 21 days
    after = 1.64485 * 20 * np.sqrt(3) * np.sqrt(1 / 3)
    more = np.hypot(after, 1.64485 * 10 * 3) - after
    assert late["order_qty"] - sure["order_qty"] == pytest.approx(more, abs=2)


def test_the_quantity_agrees_with_the_forecast_that_is_shown():
    row = only(position(on_hand=40.0, reserved=4.0, on_order=10.0), weekly=70, spread=9)
    assert row["inventory_position"] == 46
    assert row["order_up_to_level"] >= row["demand_mean_qty"]
    assert row["order_qty"] == row["order_up_to_level"] - row["inventory_position"]
    for shown in ("210", str(int(row["order_qty"])), "46", "95%"):
        assert shown in row["reason"]


def test_nothing_is_ordered_where_nothing_is_expected():
    row = only(position(moq=100.0), weekly=0.0)
    assert row["order_qty"] == 0
    assert only(position(moq=100.0), weekly=0.1)["order_qty"] == 0


@quick
@given(
    weekly=st.floats(0, 500),
    spread=st.floats(0, 100),
    on_hand=st.integers(-20, 400),
    moq=st.integers(0, 300),
    pack=st.integers(1, 48),
    lead=st.integers(0, 60),
    policy=EITHER,
)
def test_once_the_order_is_open_the_same_quantity_is_not_suggested_again(
    weekly, spread, on_hand, moq, pack, lead, policy
):
    frame = position(
        on_hand=float(on_hand),
        moq=float(moq),
        pack_size=float(pack),
        lead_time_days=float(lead),
        next_expected_on=pd.Timestamp(SUNDAY) + pd.Timedelta(days=1 + lead),
    )
    options = {"weekly": weekly, "spread": spread, "policy": policy}
    first = only(frame, **options)
    again = only(frame.assign(on_order=float(first["order_qty"])), **options)
    assert again["order_qty"] == 0
    reached = first["inventory_position"] + first["lost_before_qty"] + first["order_qty"]
    assert reached >= first["order_up_to_level"] - 1e-6
    assert first["order_qty"] % pack == 0


@quick
@given(
    weekly=st.floats(0, 300),
    spread=st.floats(0, 60),
    sd=st.floats(0, 10),
    moq=st.integers(1, 200),
    pack=st.integers(1, 24),
    elapsed=st.integers(0, 6),
    policy=EITHER,
)
def test_more_stock_never_orders_more_or_earlier(weekly, spread, sd, moq, pack, elapsed, policy):
    stock = [float(n) for n in range(-10, 400, 20)]
    frame = position(
        on_hand=stock, moq=float(moq), pack_size=float(pack), lead_time_sd_days=float(sd)
    )
    as_of = SUNDAY + dt.timedelta(days=elapsed)
    rows = planned(frame, weekly=weekly, spread=spread, as_of=as_of, policy=policy)
    rows = rows.sort_values("on_hand")
    assert rows["order_qty"].is_monotonic_decreasing
    assert rows["order_by_date"].dropna().is_monotonic_increasing
    assert rows["days_of_cover"].is_monotonic_increasing
    assert (rows["order_qty"] >= 0).all()


def test_the_latest_order_day_is_the_last_that_still_lands_before_the_stock_is_gone():
    # 1 unit a day, lead time 14: n units are gone after n days, goods of day D sell from D + 14
    rows = planned(position(on_hand=[float(n) for n in range(0, 21)]))
    for row in rows.itertuples():
        wait = max(0, int(row.on_hand) - 14)
        assert row.order_by_date.date() == SUNDAY + dt.timedelta(days=1 + wait)
        assert row.expected_on == row.order_by_date + pd.Timedelta(days=14)
    order_now = rows["order_by_date"].dt.date == SUNDAY + dt.timedelta(days=1)
    assert (order_now == (rows["inventory_position"] < rows["reorder_point"])).all()
    assert rows["reorder_point"].unique().tolist() == [15]


def test_an_order_that_cannot_arrive_in_time_is_the_first_exception():
    rows = planned(position(on_hand=[13.0, 14.0, 30.0]))
    assert rows["exception"].tolist() == ["expedite", "", ""]
    assert rows["priority"].tolist() == [1, 3, 5]
    assert rows.loc[0, "on_hand"] == 13
    assert "加急" in rows.loc[0, "reason"]
    assert pd.isna(rows.loc[2, "order_by_date"])


def test_an_open_order_that_comes_after_the_last_unit_is_to_be_chased():
    soon, late = pd.Timestamp("2025-06-12"), pd.Timestamp("2025-06-20")
    overdue = pd.Timestamp("2025-06-05")
    frame = position(
        on_hand=[4.0, 4.0, 4.0, 15.0],
        on_order=[40.0] * 4,
        next_expected_on=[soon, late, overdue, overdue],
    )
    rows = planned(frame).set_index("sku_id")
    assert rows["order_qty"].tolist() == [0, 0, 0, 0]
    assert rows["exception"].sort_index().tolist() == [
        "",
        "late_po",
        "late_po",
        "supplier_late",
    ]
    assert "已过预计到货日" in rows.loc["S3", "doubts"]


def test_the_plan_in_mid_week_covers_the_same_number_of_days():
    assert only(position(), as_of=dt.date(2025, 6, 11))["order_up_to_level"] == 21


def test_a_sku_that_ends_before_new_goods_could_sell_is_not_ordered():
    rows = planned(
        position(discontinued_on=[pd.Timestamp("2025-06-22"), pd.Timestamp("2025-06-25")])
    ).set_index("sku_id")
    assert rows.loc["S0", "order_qty"] == 0
    assert "停售" in rows.loc["S0", "reason"]
    assert not rows.loc["S0", "is_exception"]
    # lead time 14 ends on the 22nd; what is bought lasts to the last day, not beyond
    assert rows.loc["S1", "order_qty"] == 17


def test_a_series_without_a_forecast_is_planned_from_its_last_26_weeks_and_says_so():
    frame = position(sku_id=["known", "new"], last_26w_demand_qty=[182.0, 364.0])
    rows = plan(frame, forecast(frame.iloc[:1]), as_of=SUNDAY, cutoff=CUTOFF).set_index("sku_id")
    assert rows.loc["new", "demand_mean_qty"] == 42
    assert rows.loc["new", "order_up_to_level"] > 42
    assert rows.loc["new", "model"] == FALLBACK_MODEL
    assert "26周" in rows.loc["new", "doubts"]
    assert rows.loc["known", "doubts"] == ""
    none = plan(frame, forecast(frame).iloc[:0], as_of=SUNDAY, cutoff=CUTOFF)
    assert (none["model"] == FALLBACK_MODEL).all()


def test_missing_terms_keep_the_row_with_the_fallback_and_the_doubt_named():
    nothing = dict.fromkeys(
        ["lead_time_days", "moq", "pack_size", "supplier_id", "supplier_name", "abc_class"]
    )
    row = only(position(on_hand=15.0, **nothing), language="en")
    assert (row["lead_time_days"], row["moq"], row["pack_size"]) == (14, 1, 1)
    assert row["abc_class"] == "C"
    assert row["exception"] == "check_master"
    for doubt in ("no lead time, 14 days", "no MOQ, 1", "no pack size, 1", "no supplier", "no ABC"):
        assert doubt in row["doubts"]


def test_without_a_stock_count_the_planner_is_asked_to_count():
    row = only(position(on_hand=None, has_stock_snapshot=False, stock_snapshot_date=pd.NaT))
    assert row["exception"] == "check_stock"
    assert np.isnan(row["on_hand"])
    assert row["order_qty"] == 21
    old = only(position(on_hand=50.0, stock_snapshot_date=pd.Timestamp("2025-06-05")))
    assert "3天前" in old["doubts"]


def test_stock_of_which_only_a_total_was_counted_is_doubted_row_by_row():
    rows = planned(position(on_hand=[50.0, 50.0], is_stock_guessed=[True, False]), language="en")
    rows = rows.set_index("sku_id")
    assert "only the total of several warehouses was counted" in rows.loc["S0", "doubts"]
    assert "total" not in rows.loc["S1", "doubts"]
    assert (rows.loc["S0", "confidence"], rows.loc["S1", "confidence"]) == ("medium", "high")
    assert rows["order_qty"].nunique() == 1


# What the ERP says of a SKU; of a listing without one it says none of it.
SAID = {
    "sku_name": "Bottle",
    "supplier_id": "P1",
    "supplier_name": "P",
    "lead_time_days": 14.0,
    "on_hand": 0.0,
    "has_stock_snapshot": True,
    "stock_snapshot_date": pd.Timestamp(SUNDAY),
    "on_order": 0.0,
}
UNSAID = dict.fromkeys(SAID) | {"has_stock_snapshot": False, "on_order": 0.0}
TELLING = {
    "name": ["sku_name"],
    "supplier": ["supplier_id", "lead_time_days"],
    "count": ["on_hand", "has_stock_snapshot", "stock_snapshot_date"],
}


def beside_a_known_sku(**told):
    return position(**{name: [(UNSAID | told)[name], SAID[name]] for name in SAID})


@pytest.mark.parametrize("told", [None, *TELLING, "purchase"])
def test_what_the_erp_knows_nothing_of_is_to_be_mapped_and_not_ordered(told):
    known = {name: SAID[name] for name in TELLING.get(told, ())}
    known |= {"on_order": 1.0} if told == "purchase" else {}
    frame = beside_a_known_sku(**known)
    row = planned(frame, language="en").set_index("sku_id").loc["S0"]
    assert (row["order_qty"] == 0) == (told is None)
    assert (row["exception"] == "unmapped") == (told is None)
    assert (row["bound_by"] == "unmapped") == (told is None)
    assert ("Map it first" in row["reason"]) == (told is None)
    assert ("21 short; until it is mapped" in row["reason"]) == (told is None)
    by_hand = pd.DataFrame([["S0", "", "quantity", "5", "", "Li", "new"]], columns=OVERRIDE_COLUMNS)
    row = planned(frame, overrides=by_hand).set_index("sku_id").loc["S0"]
    assert (row["order_qty"], row["planned_qty"] > 0) == (5, told is not None)


def test_where_the_erp_knows_nothing_at_all_there_is_nothing_to_map_to():
    row = only(position(**UNSAID))
    assert (row["order_qty"], row["exception"]) == (21, "check_stock")


def test_what_nobody_can_order_takes_no_room_and_no_money():
    tight = replace(OWED, warehouse_capacity_qty={"main": 21.0}, budget_amount=210.0)
    rows = planned(beside_a_known_sku(), policy=tight).set_index("sku_id")
    assert rows["order_qty"].to_dict() == {"S0": 0, "S1": 21}
    assert rows["bound_by"].to_dict() == {"S0": "unmapped", "S1": ""}


def test_a_need_beyond_the_horizon_and_an_order_that_lasts_too_long_are_doubted():
    far = only(position(lead_time_days=90.0))
    assert far["demand_mean_qty"] == 97
    assert "预测期" in far["doubts"]
    assert "起订量或箱规偏大" in only(position(moq=500.0))["doubts"]


def test_a_repeated_row_stays_but_orders_once():
    frame = pd.concat([position(), position(supplier_id="P2")], ignore_index=True)
    rows = planned(frame)
    assert sorted(rows["order_qty"]) == [0, 21]
    assert rows.loc[rows["order_qty"] == 0, "exception"].tolist() == ["check_master"]
    assert rows.loc[rows["order_qty"] > 0, "supplier_id"].tolist() == ["P1"]


junk = st.sampled_from([None, np.nan, np.inf, -np.inf, -1.0, 0.0, 0.5, 7.0, 12.0, 1e12, 1e300])
MASTERS = [
    "on_hand",
    "reserved",
    "on_order",
    "lead_time_days",
    "lead_time_sd_days",
    "review_period_days",
    "moq",
    "pack_size",
    "unit_cost_amount",
    "last_26w_demand_qty",
]


@quick
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(MASTERS, junk)), min_size=1, max_size=8))
def test_bad_masters_never_break_the_plan_nor_hide_a_row(rows):
    frame = position(**{name: [row[name] for row in rows] for name in MASTERS})
    frame.loc[0, ["sku_name", "supplier_id", "abc_class"]] = None
    result = planned(frame, weekly=30, spread=5)
    assert sorted(result["sku_id"]) == sorted(frame["sku_id"])
    assert list(result.columns) == list(PLAN_COLUMNS)
    assert (result["order_qty"] >= 0).all()
    assert (result["order_qty"] % result["pack_size"] == 0).all()
    ordered = result[result["order_qty"] > 0]
    assert (ordered["order_by_date"] > ordered["as_of"]).all()
    assert (ordered["expected_on"] >= ordered["order_by_date"]).all()
    assert (ordered["order_qty"] >= ordered["moq"] - 1e-6).all()
    assert result["reason"].str.len().gt(0).all()
    assert not result["reason"].str.contains("nan|None|inf").any()
    assert np.isfinite(result[["moq", "pack_size", "lead_time_days", "on_order"]]).all(axis=None)
    for text in ("on_hand", "moq", "pack_size", "lead_time_days"):
        value = rows[0][text]
        if value is None or not np.isfinite(value):
            assert result.set_index("sku_id").loc["S0", "doubts"] != ""


def test_text_where_a_number_should_be_is_a_doubt_not_a_crash():
    row = only(position(moq=["x"], pack_size=["12"], lead_time_days=["soon"]))
    assert (row["moq"], row["pack_size"], row["lead_time_days"]) == (1, 12, 14)
    assert "起订量不可用" in row["doubts"]
    assert "交期不可用" in row["doubts"]


def test_the_order_of_the_input_changes_nothing():
    rng = np.random.default_rng(3)
    frame = position(
        on_hand=rng.integers(0, 60, 50).astype(float).tolist(),
        lead_time_days=rng.choice([3.0, 14.0, 30.0], 50).tolist(),
    )
    shuffled = frame.sample(frac=1, random_state=1)
    sums = forecast(frame, 10, 3)
    one = plan(frame, sums, as_of=SUNDAY, cutoff=CUTOFF)
    two = plan(shuffled, sums.sample(frac=1, random_state=2), as_of=SUNDAY, cutoff=CUTOFF)
    pd.testing.assert_frame_equal(one, two)


def test_exceptions_come_first_then_the_earliest_day_then_the_largest_amount():
    frame = position(
        on_hand=[16.0, 2.0, 15.0, 40.0, 15.0],
        unit_cost_amount=[1.0, 1.0, 1.0, 1.0, 9.0],
    )
    rows = planned(frame)
    assert rows["sku_id"].tolist() == ["S1", "S4", "S2", "S0", "S3"]
    assert rows["priority"].is_monotonic_increasing


def test_an_unknown_cost_leaves_the_amount_empty():
    row = only(position(unit_cost_amount=None))
    assert row["order_qty"] == 21
    assert np.isnan(row["order_amount"])
    assert "进价" in row["doubts"]


@pytest.mark.parametrize(
    ("as_of", "cutoff", "message"),
    [
        (SUNDAY, pd.Timestamp("2025-06-03"), "not a Monday"),
        (dt.date(2025, 6, 7), CUTOFF, "not over"),
    ],
)
def test_a_cutoff_that_is_no_finished_week_is_refused(as_of, cutoff, message):
    frame = position()
    sums = forecast(frame).assign(cutoff=cutoff)
    with pytest.raises(ValueError, match=message):
        plan(frame, sums, as_of=as_of, cutoff=cutoff)


def test_a_missing_column_and_an_unknown_language_are_refused():
    frame = position()
    with pytest.raises(ValueError, match="moq"):
        planned(frame.drop(columns="moq"))
    with pytest.raises(ValueError, match="no wording in 'fr'"):
        planned(frame, language="fr")


def test_an_empty_position_gives_an_empty_plan_with_every_column():
    frame = position().iloc[:0]
    rows = plan(frame, forecast(position()), as_of=SUNDAY, cutoff=CUTOFF)
    assert len(rows) == 0
    assert list(rows.columns) == list(PLAN_COLUMNS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"service_level": {"A": 1.0, "C": 0.9}},
        {"fallback_abc_class": "Z"},
        {"review_period_days": 0},
        {"pack_size": 0},
        {"moq": -1},
        {"budget_amount": -1.0},
        {"supplier_capacity_qty": {"P1": -5}},
    ],
)
def test_a_policy_no_plan_can_be_made_with_is_refused(wrong):
    with pytest.raises(ValueError, match="service level|needed|pack_size"):
        Policy(**wrong)


def test_dates_decimals_and_flags_as_parquet_gives_them_make_the_same_plan():
    frame = position(
        on_hand=[4.0, 15.0],
        on_order=[30.0, 0.0],
        next_expected_on=[pd.Timestamp("2025-06-20"), pd.NaT],
        discontinued_on=[pd.NaT, pd.Timestamp("2025-06-25")],
    )
    raw = frame.assign(
        has_stock_snapshot=pd.array([True, None], dtype="boolean"),
        unit_cost_amount=[Decimal("10.00"), Decimal("10.00")],
        moq=pd.array([1, 1], dtype="Int64"),
    )
    for name in ("next_expected_on", "stock_snapshot_date", "discontinued_on"):
        days = frame[name].dt.date
        raw[name] = days.astype(object).where(days.notna(), None)
    pd.testing.assert_frame_equal(planned(raw), planned(frame))


@quick
@given(
    share=st.floats(0, 1.1),
    stock=st.lists(st.integers(0, 60), min_size=4, max_size=12),
    pack=st.sampled_from([1.0, 6.0]),
    moq=st.sampled_from([1.0, 12.0]),
)
def test_orders_stay_within_the_budget_and_a_cut_row_says_so(share, stock, pack, moq):
    frame = position(
        on_hand=[float(s) for s in stock],
        unit_cost_amount=[10.0 + 3 * k for k in range(len(stock))],
        pack_size=pack,
        moq=moq,
    )
    free = planned(frame, weekly=14, spread=5, language="en").set_index("sku_id")
    budget = share * free["order_amount"].sum()
    policy = replace(OWED, budget_amount=budget)
    rows = planned(frame, weekly=14, spread=5, policy=policy, language="en").set_index("sku_id")
    assert sorted(rows.index) == sorted(free.index)
    assert rows["order_amount"].sum() <= budget + 0.01
    assert (rows["order_qty"] <= free["order_qty"].reindex(rows.index)).all()
    assert (rows["order_qty"] % pack == 0).all()
    assert ((rows["order_qty"] == 0) | (rows["order_qty"] >= moq)).all()
    is_cut = rows["order_qty"] < free["order_qty"].reindex(rows.index)
    assert (rows["reason"].str.contains("the budget went to more urgent goods") == is_cut).all()


def test_a_suppliers_capacity_goes_to_the_goods_that_run_out_first_and_others_are_left_alone():
    frame = position(on_hand=[20.0, 0.0, 0.0], supplier_id=["P1", "P1", "P2"])
    free = planned(frame, weekly=14, spread=5).set_index("sku_id")["order_qty"]
    policy = replace(OWED, supplier_capacity_qty={"P1": 30})
    rows = planned(frame, weekly=14, spread=5, policy=policy).set_index("sku_id")
    assert rows.loc[["S0", "S1"], "order_qty"].sum() <= 30
    assert rows.loc["S1", "order_qty"] > rows.loc["S0", "order_qty"]
    assert rows.loc["S2", "order_qty"] == free["S2"]
    assert "供应商产能不足" in rows.loc["S0", "reason"]
    assert "供应商产能不足" not in rows.loc["S2", "reason"]
