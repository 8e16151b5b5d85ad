"""Where two rules of the plan meet: limits and owed customers, lots and repeated rows, late
arrivals one after the other, planners who insist."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from plan_shop import CUTOFF, OWED, SUNDAY, only, planned, position, whole_plan

from ml.replenishment.days import read_days
from ml.replenishment.drivers import SIGNAL_COLUMNS
from ml.replenishment.parameters import Policy, TransferTerms
from ml.replenishment.policy import make_plan

LOST = Policy()


def override(action, value="", **changes):
    line = {"sku_id": "S0", "warehouse_id": "main", "action": action, "value": value}
    line |= {"expires_on": "", "by": "li", "why": "trial"}
    return pd.DataFrame([line | changes])


def promised(*orders):
    days, units = zip(*orders, strict=True)
    table = {"unique_id": "S0@main", "expected_on": pd.to_datetime(list(days)), "open_qty": units}
    return pd.DataFrame(table)


@pytest.mark.parametrize("budget", [50, 100, 300, 390])
def test_the_moq_holds_where_money_is_short_and_customers_are_owed(budget):
    frame = position(on_hand=[-100.0, -100.0], moq=40.0, pack_size=4.0, unit_cost_amount=1.0)
    for policy in (OWED, LOST):
        made = planned(frame, policy=replace(policy, budget_amount=float(budget)))
        ordered = made.loc[made["order_qty"] > 0, "order_qty"]
        assert (ordered >= 40).all()
        assert ordered.sum() <= budget
        assert ordered.empty == (budget < 40)


def test_a_second_order_that_comes_too_late_is_told_though_the_first_is_in_time():
    frame = position(on_hand=5.0, on_order=101.0, next_expected_on=pd.Timestamp("2025-06-10"))
    row = only(frame, open_orders=promised(("2025-06-10", 1.0), ("2025-07-20", 100.0)))
    assert row["exception"] == "late_po"
    assert "2025-07-20" in row["reason"]
    assert "约6天后售完" in row["reason"]


def test_a_small_overdue_order_behind_a_large_one_in_time_puts_no_sale_at_risk():
    frame = position(on_hand=5.0, on_order=102.0, next_expected_on=pd.Timestamp("2025-06-01"))
    row = only(frame, open_orders=promised(("2025-06-01", 2.0), ("2025-06-10", 100.0)))
    assert row["exception"] == "supplier_late"


def test_a_lot_belongs_to_the_row_that_counts_whatever_the_order_of_the_rows():
    lots = pd.DataFrame(
        [{"sku_id": "S0", "warehouse_id": "main", "qty": "200", "expires_on": "2025年6月9日"}]
    )
    for suppliers in (["P1", "P2"], ["P2", "P1"]):
        frame = position(sku_id=["S0", "S0"], supplier_id=suppliers, on_hand=200.0)
        made = planned(frame, lots=lots).set_index("supplier_id")
        assert made["expiring_qty"].to_dict() == {"P1": 199, "P2": 0}
        assert made.loc["P1", "order_qty"] == 20


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2025-06-10", "2025-06-10"),
        ("2025/6/1", "2025-06-01"),
        ("2025年6月10日", "2025-06-10"),
        ("20250610", "2025-06-10"),
        ("2025-06-10 00:00:00", "2025-06-10"),
        ("2025-06-10T20:00:00Z", "2025-06-11"),
        ("2025-06-10T00:00:00+08:00", "2025-06-10"),
        ("soon", None),
        ("45818", None),
        ("", None),
        (None, None),
    ],
)
def test_a_day_is_read_as_people_type_it(typed, day):
    others = ["2025/12/31", "31 apples"]
    read = read_days([typed, *others])
    assert (read.iloc[0] == pd.Timestamp(day)) if day else pd.isna(read.iloc[0])
    assert read.iloc[1] == pd.Timestamp("2025-12-31")
    assert pd.isna(read.iloc[2])


def test_an_override_with_a_time_zone_is_no_reason_to_fail():
    row = only(position(), overrides=override("quantity", "9", expires_on="2025-06-20T00:00:00Z"))
    assert row["order_qty"] == 9


def test_an_analogue_that_a_warehouse_lacks_leaves_the_row_its_own_forecast():
    frame = position(sku_id=["S0", "S0", "S1"], warehouse_id=["main", "other", "other"])
    for place, problem in (("main", "analogue 'S1' is not in warehouse 'main'"), ("", "")):
        lines = override("analogue", "S1", warehouse_id=place)
        made = whole_plan(frame, overrides=lines)
        own = made.orders.set_index(["sku_id", "warehouse_id"]).loc[("S0", "main")]
        assert own["order_qty"] == 21
        assert made.overrides["problem"].tolist() == [problem]


@pytest.mark.parametrize(
    ("changes", "limits"),
    [
        ({}, {"supplier_capacity_qty": {"P1": 10.0}}),
        ({}, {"budget_amount": 0.0}),
        ({}, {"supplier_min_amount": {"P1": 1000.0}}),
        ({"shelf_life_days": 30.0}, {}),
        ({"discontinued_on": pd.Timestamp("2025-06-12")}, {}),
    ],
)
def test_what_a_planner_insists_on_is_ordered_whatever_the_limits(changes, limits):
    frame = position(on_hand=400.0, moq=20.0, pack_size=8.0, **changes)
    made = whole_plan(frame, overrides=override("force"), policy=replace(OWED, **limits))
    row = made.orders.iloc[0]
    assert row["order_qty"] == 24
    assert "订24件" in row["reason"]
    assert made.overrides["status"].tolist() == ["applied"]


def test_a_sku_whose_id_ends_like_a_number_keeps_its_override():
    frame = position(sku_id=["V2.0"])
    made = whole_plan(frame, overrides=override("quantity", "9.0", sku_id="V2.0"))
    assert made.orders["order_qty"].tolist() == [9]


def test_goods_owed_and_not_ordered_are_an_exception_though_nothing_sells():
    frame = position(on_hand=-8.0, pack_size=12.0, shelf_life_days=365.0)
    row = only(frame, weekly=0.0)
    assert row["order_qty"] == 0
    assert row["exception"] == "over_limit"


@pytest.mark.parametrize("owed", [{"on_hand": -30.0}, {"on_hand": 0.0, "reserved": 25.0}, {}])
def test_a_sku_that_customers_wait_for_is_not_dormant(owed):
    told = pd.DataFrame({"unique_id": ["S0@main"], "empty_weeks": [60.0]})
    told = told.reindex(columns=list(SIGNAL_COLUMNS))
    row = only(position(**owed), signals=told)
    assert (row["exception"] == "dormant") == (not owed)
    assert (row["order_qty"] > 0) == bool(owed)


def test_a_repeated_row_takes_no_room_in_a_warehouse():
    frame = position(sku_id=["S0", "S0", "S1"], on_hand=[150.0, 150.0, 0.0])
    made = planned(frame, policy=replace(OWED, warehouse_capacity_qty={"main": 200.0}))
    assert made.loc[made["sku_id"] == "S1", "order_qty"].tolist() == [21]


def test_nothing_is_moved_to_where_it_has_no_room():
    frame = position(
        sku_id=["S0", "S0", "S1"], warehouse_id=["A", "B", "B"], on_hand=[500.0, 0.0, 95.0]
    )
    for room, most in ((100.0, 5), (130.0, 35), (1000.0, 10_000)):
        policy = replace(
            OWED,
            warehouse_capacity_qty={"B": room},
            transfer=TransferTerms(days=3, cost_amount=0.5),
        )
        made = whole_plan(frame[:2] if most > 1000 else frame, weekly=30.0, policy=policy)
        moved = made.transfers["transfer_qty"].sum()
        assert 0 < moved <= most + 3 * 30 / 7  # S1 sells while the lorry is under way


def test_what_a_minimum_had_lifted_and_money_cut_back_lacks_nothing():
    frame = position(
        sku_id=["S0", "S1", "S2", "S3"],
        on_hand=[10.0, 60.0, 40.0, 0.0],
        supplier_id=["P1", "P1", "P1", "P2"],
    )
    policy = replace(OWED, supplier_min_amount={"P1": 800.0}, budget_amount=1000.0)
    made = planned(frame, policy=policy).set_index("sku_id")
    assert "缺-" not in "".join(made["reason"])
    full = made.loc[["S1", "S2"]]
    assert (full.loc[full["order_qty"] == 0, "exception"] != "over_limit").all()
    assert "应订54件" not in made.loc["S0", "reason"]


def test_of_an_order_cut_short_the_festival_gets_what_today_does_not_need():
    festivals = pd.DataFrame(
        [{"festival": "618", "starts_on": "2025-07-14", "ends_on": "2025-07-27"}]
    )
    frame = position(lead_time_days=7.0)
    sums = np.cumsum([10, 10, 10, 10, 10, 100, 100, 10])
    weeks = pd.DataFrame(
        {"unique_id": "S0@main", "cutoff": CUTOFF, "periods": range(1, 9), "y_hat": sums}
    )
    weeks = weeks.assign(**dict.fromkeys(("p10", "p50", "p90"), weeks["y_hat"]))

    def made(budget):
        policy = replace(OWED, supplier_capacity_qty={"P1": 30.0}, budget_amount=budget)
        return make_plan(
            frame, weeks, as_of=SUNDAY, cutoff=CUTOFF, policy=policy, festivals=festivals
        ).orders.iloc[0]

    # two of the usual weeks are today's need, what else fits is the festival's
    for budget, ordered, ahead in ((None, 30, 10), (250.0, 25, 5), (200.0, 20, 0), (90.0, 9, 0)):
        row = made(budget)
        assert (row["order_qty"], row["prebuild_qty"]) == (ordered, ahead)
        assert "其中为“618”节前提前备80件" in row["reason"]


def test_a_stock_out_that_sales_contradict_drives_nothing():
    told = pd.DataFrame(
        {"unique_id": ["S0@main"], "stockout_share": [1.0], "sold_while_empty_qty": [9.0]}
    ).reindex(columns=list(SIGNAL_COLUMNS))
    row = only(position(on_hand=0.0), signals=told)
    assert row["exception"] == "check_stock"
    assert row["drivers"] == ""
    believed = told.assign(sold_while_empty_qty=np.nan)
    assert only(position(on_hand=0.0), signals=believed)["drivers"] != ""


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "够卖至少999天"), ("en", "lasts at least 999 days")]
)
def test_a_cover_past_the_longest_that_is_told_is_told_as_at_least_that(language, words):
    row = only(position(on_hand=5000.0), language=language)
    assert words in row["reason"]


def test_the_most_serious_exception_leads_its_priority():
    frame = position(
        sku_id=["A", "B", "C"],
        on_hand=[5000.0, 40.0, 30.0],
        on_order=[0.0, 5.0, 0.0],
        next_expected_on=[pd.NaT, pd.Timestamp("2025-06-05"), pd.NaT],
        shelf_life_days=[np.nan, np.nan, 3.0],
    )
    made = planned(frame)
    assert made["exception"].tolist() == ["supplier_late", "overstock", ""]
