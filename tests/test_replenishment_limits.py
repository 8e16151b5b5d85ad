"""Limits, order days, shelf life and transfers: kept, named in the row, and never half obeyed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_shop import OWED, SUNDAY, only, planned, position, whole_plan

from ml.replenishment.parameters import Policy, TransferTerms

LOST = Policy()
few = settings(max_examples=8, deadline=None)


def test_sales_that_will_be_lost_before_the_goods_land_are_not_bought_again():
    # 1 unit a day, lead time 14, review 7: the shelf is dry from day 5, goods sell on days 15-21
    row = only(position(on_hand=5.0), policy=LOST)
    assert row["lost_before_qty"] == 9
    assert row["order_qty"] == 7
    assert "缺9件" in row["reason"]
    assert only(position(on_hand=5.0), policy=OWED)["order_qty"] == 16


@pytest.mark.parametrize("on_hand", [40.0, 90.0])
def test_where_nothing_runs_dry_lost_and_owed_demand_order_the_same(on_hand):
    lost, owed = (
        only(position(on_hand=on_hand), weekly=14, spread=3, policy=p) for p in (LOST, OWED)
    )
    assert lost["lost_before_qty"] == 0
    assert lost["order_up_to_level"] == owed["order_up_to_level"]
    assert lost["order_qty"] == owed["order_qty"]


def test_an_empty_shelf_is_filled_for_the_days_after_arrival_at_their_own_quantile():
    row = only(position(on_hand=0.0), weekly=700, spread=100, policy=LOST)
    # one week of demand, its spread a third of the variance of three
    assert row["order_qty"] == pytest.approx(700 + 1.64485 * 100, abs=2)


def test_a_supplier_that_takes_orders_on_some_days_is_planned_from_that_day_to_the_next():
    # as_of is a Sunday; orders on Wednesdays: 2 days' wait, and a week to the next
    policy = replace(OWED, order_weekdays={"P1": frozenset({2})})
    row = only(position(on_hand=5.0, review_period_days=3.0), policy=policy)
    assert row["order_by_date"] == pd.Timestamp("2025-06-11")
    assert row["expected_on"] == pd.Timestamp("2025-06-25")
    assert row["demand_mean_qty"] == 2 + 14 + 7
    assert row["order_qty"] == 18
    assert "2天后才是下单日" in row["reason"]
    later = only(position(on_hand=24.0), policy=replace(policy, order_weekdays={}))
    assert later["order_by_date"] is pd.NaT


@few
@given(stock=st.lists(st.integers(0, 60), min_size=3, max_size=9), days=st.sets(st.integers(0, 6)))
def test_orders_are_placed_on_order_days_only(stock, days):
    policy = replace(LOST, order_weekdays={"P1": frozenset(days or {4})})
    rows = planned(position(on_hand=[float(s) for s in stock]), weekly=14, policy=policy)
    placed = rows["order_by_date"].dropna()
    assert placed.dt.dayofweek.isin(days or {4}).all()
    assert (placed > pd.Timestamp(SUNDAY)).all()
    assert (rows["order_by_date"].notna() == (rows["order_qty"] > 0)).all()


def test_no_more_is_bought_than_sells_before_it_is_too_old():
    # 1 unit a day; 30 days of life, a third must be left: 20 days to sell after 14 of lead time
    frame = position(on_hand=10.0, moq=40.0).assign(shelf_life_days=30.0)
    row = only(frame)
    assert row["order_qty"] == 0
    assert (row["bound_by"], row["exception"]) == ("shelf_life", "over_limit")
    assert "保质期" in row["reason"]
    assert only(frame.assign(moq=20.0))["order_qty"] == 20
    assert only(frame.assign(moq=1.0, pack_size=24.0))["order_qty"] == 24
    assert only(frame.assign(moq=1.0, pack_size=25.0))["order_qty"] == 0
    assert only(frame.assign(shelf_life_days=np.nan))["order_qty"] == 40


def test_lots_that_expire_before_they_sell_are_no_stock():
    frame = position(on_hand=30.0).assign(shelf_life_days=300.0)
    lots = pd.DataFrame(
        {
            "sku_id": ["S0", "S0", "S0", "other"],
            "warehouse_id": "main",
            "qty": [12.0, 18.0, None, 5.0],
            # a third of 300 days must be left: 10 and 210 days to sell
            "expires_on": [SUNDAY + pd.Timedelta(days=d) for d in (110, 310, 1, 1)],
        }
    )
    with_lots, without = (whole_plan(frame, lots=some).orders.iloc[0] for some in (lots, None))
    assert with_lots["expiring_qty"] == 2
    assert with_lots["inventory_position"] == 28
    assert with_lots["exception"] == "expiring"
    assert "临期2" in with_lots["reason"]
    assert without["inventory_position"] == 30
    old = lots.assign(expires_on=pd.Timestamp("2025-01-01"))
    row = whole_plan(frame, lots=old).orders.iloc[0]
    assert (row["expiring_qty"], row["order_qty"]) == (30, 21)


def test_stock_of_a_sibling_warehouse_is_moved_before_anything_is_bought():
    frame = position(
        sku_id=["S0", "S0", "S1"],
        warehouse_id=["east", "west", "west"],
        on_hand=[0.0, 300.0, 300.0],
    )
    policy = replace(LOST, transfer=TransferTerms(days=3, cost_amount=1.0))
    made = whole_plan(frame, policy=policy)
    rows = made.orders.set_index(["sku_id", "warehouse_id"])
    assert len(made.transfers) == 1
    move = made.transfers.iloc[0]
    assert (move["from_warehouse_id"], move["to_warehouse_id"]) == ("west", "east")
    # days 4 to 21 can still be served, days 1 to 3 are lost
    assert move["transfer_qty"] == 18
    assert rows.loc[("S0", "east"), "order_qty"] == 0
    assert rows.loc[("S0", "east"), "transfer_in_qty"] == 18
    assert rows.loc[("S0", "west"), "inventory_position"] == 282
    assert "调入18" in rows.loc[("S0", "east"), "reason"]
    dear = replace(policy, transfer=TransferTerms(days=3, cost_amount=100.0))
    bought = whole_plan(frame, policy=dear)
    assert bought.transfers.empty
    assert bought.orders["order_qty"].max() == 7


def test_units_that_save_sales_are_moved_though_the_rest_is_not_worth_its_freight():
    # days 4 to 7 are lost without a move, 90 more days can as well be bought: 3 yuan of margin pay
    # 2 of freight for 4 units, and money freed for 19 days pays it for none
    frame = position(
        sku_id="S0",
        warehouse_id=["east", "west"],
        on_hand=[0.0, 120.0],
        lead_time_days=7.0,
        review_period_days=90.0,
    )
    made = whole_plan(frame, policy=replace(LOST, transfer=TransferTerms(days=3, cost_amount=2.0)))
    assert made.transfers["transfer_qty"].tolist() == [4]
    freed = 10 * LOST.holding_rate * (120 - 97) / 365
    assert made.transfers["saving_amount"].tolist() == [
        pytest.approx(4 * (3 + freed - 2), abs=0.05)
    ]
    rows = made.orders.set_index("warehouse_id")
    assert (rows.loc["east", "lost_before_qty"], rows.loc["east", "order_qty"]) == (3, 90)


@few
@given(
    stock=st.lists(st.integers(-5, 200), min_size=6, max_size=6),
    cost=st.sampled_from([0.1, 2.0, 5.0]),
)
def test_transfers_conserve_units_and_leave_the_giver_what_it_needs(stock, cost):
    frame = position(
        sku_id=["S0", "S0", "S0", "S1", "S1", "S1"],
        warehouse_id=["a", "b", "c"] * 2,
        on_hand=[float(s) for s in stock],
    )
    policy = replace(LOST, transfer=TransferTerms(cost_amount=cost))
    made = whole_plan(frame, weekly=20, spread=4, policy=policy)
    rows = made.orders
    by_sku = rows.groupby("sku_id")[["transfer_in_qty", "transfer_out_qty"]].sum()
    assert (by_sku["transfer_in_qty"] == by_sku["transfer_out_qty"]).all()
    assert made.transfers["transfer_qty"].sum() == rows["transfer_in_qty"].sum()
    givers = rows[rows["transfer_out_qty"] > 0]
    assert (givers["order_qty"] == 0).all()
    assert (givers["inventory_position"] >= givers["order_up_to_level"]).all()
    assert (made.transfers["saving_amount"] > 0).all()


@pytest.mark.parametrize("least", [200.0, 1_000.0])
def test_a_suppliers_minimum_is_filled_last_with_what_was_just_moved_away(least):
    frame = position(
        sku_id=["S0", "S0", "S1"], warehouse_id=["east", "west", "east"], on_hand=[0.0, 39.0, 11.0]
    )
    policy = replace(LOST, supplier_min_amount={"P1": least}, transfer=TransferTerms(days=3))
    rows = planned(frame, policy=policy).set_index(["sku_id", "warehouse_id"])
    assert rows.loc[("S0", "west"), "transfer_out_qty"] == 11
    assert rows.loc[("S0", "west"), "order_qty"] == 0
    assert rows["order_amount"].sum() >= least


def test_a_full_warehouse_takes_no_more_than_it_has_room_for():
    frame = position(on_hand=[0.0, 0.0, 50.0], warehouse_id=["a", "a", "b"])
    free = planned(frame, weekly=70, spread=5, policy=LOST)
    wanted = free.loc[free["warehouse_id"] == "a", "order_qty"].sum()
    policy = replace(LOST, warehouse_capacity_qty={"a": 100})
    rows = planned(frame, weekly=70, spread=5, policy=policy)
    at_a = rows["warehouse_id"] == "a"
    assert wanted > 100 >= rows.loc[at_a, "order_qty"].sum() > 90
    assert (rows.loc[at_a & (rows["bound_by"] != ""), "bound_by"] == "warehouse_capacity").all()
    assert rows.loc[~at_a, "order_qty"].sum() == free.loc[~at_a.to_numpy(), "order_qty"].sum()


def test_a_supplier_under_its_minimum_is_filled_up_by_ordering_ahead_or_gets_no_order():
    frame = position(on_hand=[10.0, 60.0], unit_cost_amount=10.0)
    free = planned(frame).set_index("sku_id")
    assert free["order_qty"].tolist() == [11, 0]
    policy = replace(OWED, supplier_min_amount={"P1": 300.0})
    rows = planned(frame, policy=policy).set_index("sku_id")
    # 19 units more are 19 days of S0 alone: S1 is still covered then
    assert rows["order_qty"].sort_index().tolist() == [30, 0]
    assert rows.loc["S0", "bound_by"] == "supplier_minimum"
    assert "起订金额" in rows.loc["S0", "reason"]
    too_much = planned(frame, policy=replace(OWED, supplier_min_amount={"P1": 9_000.0}))
    assert too_much["order_qty"].sum() == 0
    row = too_much.set_index("sku_id").loc["S0"]
    assert (row["bound_by"], row["exception"]) == ("below_minimum", "over_limit")


@few
@given(
    stock=st.lists(st.integers(0, 40), min_size=6, max_size=6),
    budget=st.floats(0, 3000),
    least=st.floats(0, 900),
    capacity=st.integers(0, 80),
    room=st.integers(0, 200),
    pack=st.sampled_from([1.0, 5.0]),
)
def test_no_limit_is_ever_broken_whatever_else_binds(stock, budget, least, capacity, room, pack):
    frame = position(
        on_hand=[float(s) for s in stock],
        supplier_id=["P1", "P2", "P3"] * 2,
        warehouse_id=["a", "a", "a", "b", "b", "b"],
        unit_cost_amount=[5.0, 10.0, 20.0, 7.0, 9.0, 30.0],
        pack_size=pack,
        moq=6.0,
    )
    policy = replace(
        LOST,
        budget_amount=budget,
        supplier_min_amount={"P1": least, "P2": least},
        supplier_capacity_qty={"P1": capacity, "P3": 20},
        warehouse_capacity_qty={"a": room},
    )
    rows = planned(frame, weekly=21, spread=6, policy=policy)
    assert rows["order_amount"].sum() <= budget + 0.01
    by = rows.groupby("supplier_id")[["order_qty", "order_amount"]].sum()
    assert by.loc["P1", "order_qty"] <= capacity
    assert by.loc["P3", "order_qty"] <= 20
    for supplier in ("P1", "P2"):
        amount = by.loc[supplier, "order_amount"]
        assert amount == 0 or amount >= least - 0.01
    assert rows.loc[rows["warehouse_id"] == "a", "order_qty"].sum() <= room
    assert (rows["order_qty"] % pack == 0).all()
    assert ((rows["order_qty"] == 0) | (rows["order_qty"] >= 6)).all()


def test_a_pack_larger_than_the_capacity_is_named_and_not_ordered():
    policy = replace(OWED, supplier_capacity_qty={"P1": 10})
    row = only(position(pack_size=12.0), policy=policy)
    assert row["order_qty"] == 0
    assert row["bound_by"] == "supplier_capacity"
    assert "箱规或起订量大于" in row["doubts"]


@few
@given(
    stock=st.lists(st.integers(0, 60), min_size=4, max_size=8),
    pack=st.sampled_from([1.0, 6.0, 24.0]),
    moq=st.sampled_from([1.0, 30.0]),
    life=st.sampled_from([np.nan, 45.0]),
)
def test_rounding_never_changes_direction_without_saying_so(stock, pack, moq, life):
    frame = position(on_hand=[float(s) for s in stock], pack_size=pack, moq=moq)
    rows = planned(frame.assign(shelf_life_days=life), weekly=9, spread=3, policy=LOST)
    gap = rows["order_up_to_level"] - rows["inventory_position"] - rows["lost_before_qty"]
    # up to whole packs and MOQ, never further; down only where a limit is named
    free = rows["bound_by"] == ""
    assert (rows.loc[free, "order_qty"] >= gap[free]).all()
    least = np.maximum(np.ceil(gap / pack), np.ceil(moq / pack)) * pack
    assert (rows.loc[free & (gap > 0), "order_qty"] == least[free & (gap > 0)]).all()
    assert (rows.loc[gap <= 0, "order_qty"] == 0).all()
    assert (rows.loc[~free, "order_qty"] < least[~free]).all()
