"""Ahead of a festival: what later orders could not bring is ordered today, and says so."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from plan_shop import CUTOFF, OWED, SUNDAY, forecast, position

from ml.replenishment.order_calendar import OrderCalendar
from ml.replenishment.parameters import TransferTerms
from ml.replenishment.policy import make_plan
from orchestration.festivals import festivals as seeded

# as_of is Sunday 2025-06-08; a lead time of 14 and a review of 7 days: today's order is for the
# days up to the 21st, the ones after it for days 22-28, 29-35, 36-42
FESTIVAL = pd.DataFrame(
    {
        "festival": ["618"],
        "starts_on": [pd.Timestamp("2025-07-16")],
        "ends_on": [pd.Timestamp("2025-07-18")],
    }
)
# 7 a week, and 70 in the week of the festival, days 36-42
WEEKLY = [7, 7, 7, 7, 7, 70, 7, 7]


def plan_of(frame, *, festivals=FESTIVAL, policy=OWED, as_of=SUNDAY, language="en", **options):
    sums = forecast(frame)
    total = np.cumsum(WEEKLY)[sums["periods"].to_numpy() - 1]
    bands = [c for c in sums if c[0] == "p" and c[1:].isdigit()]
    sums = sums.assign(y_hat=total, **dict.fromkeys(bands, total))
    options |= {"festivals": festivals, "policy": policy, "language": language}
    made = make_plan(frame, sums, as_of=as_of, cutoff=CUTOFF, **options)
    return made.orders.set_index("sku_id").sort_index()


def capacity(qty, **more):
    return replace(OWED, supplier_capacity_qty={"P1": float(qty)}, **more)


def test_what_the_suppliers_later_orders_cannot_bring_for_a_festival_is_ordered_today():
    frame = position(on_hand=14.0)
    row = plan_of(frame, policy=capacity(30)).loc["S0"]
    # 70 are needed in the festival week: 30 with its own order, 23 each with the two before
    # (30 less their own 7), which are enough: nothing is left for today
    assert (row["order_qty"], row["prebuild_qty"]) == (7, 0)
    row = plan_of(frame, policy=capacity(20)).loc["S0"]
    # 20 + 13 + 13 = 46 can come later: 24 must be ordered today, for which 13 are free
    assert row["bound_by"] == "supplier_capacity"
    assert (row["order_qty"], row["exception"]) == (20, "over_limit")
    row = plan_of(frame, policy=capacity(26)).loc["S0"]
    # 26 + 19 + 19 = 64: 6 of 70 today, beside the 7 that are short anyway
    assert (row["order_qty"], row["prebuild_qty"]) == (13, 6)
    assert (row["exception"], row["is_exception"]) == ("festival_prebuild", True)
    assert "6 of them festival pre-build for '618'" in row["reason"]
    assert "节前提前备6件" in plan_of(frame, policy=capacity(26), language="zh").loc["S0", "reason"]


def test_without_a_festival_or_a_capacity_or_where_stock_lasts_nothing_is_pulled_forward():
    frame = position(on_hand=14.0)
    assert plan_of(frame, policy=capacity(26), festivals=None).loc["S0", "order_qty"] == 7
    later = FESTIVAL.assign(
        starts_on=pd.Timestamp("2025-11-01"), ends_on=pd.Timestamp("2025-11-11")
    )
    assert plan_of(frame, policy=capacity(26), festivals=later).loc["S0", "prebuild_qty"] == 0
    assert plan_of(frame).loc["S0", "prebuild_qty"] == 0
    stocked = plan_of(position(on_hand=27.0), policy=capacity(26)).loc["S0"]
    assert (stocked["order_qty"], stocked["prebuild_qty"]) == (0, 0)


def test_rows_of_a_supplier_share_its_capacity_and_the_pre_build_adds_up():
    frame = position(on_hand=[14.0, 14.0, 14.0], supplier_id=["P1", "P1", "P2"])
    rows = plan_of(frame, policy=capacity(52))
    # twice the need, twice the capacity of 26: twice the pre-build of 6
    assert rows["prebuild_qty"].tolist() == [6, 6, 0]
    odd = plan_of(frame, policy=capacity(51))
    # 51 + 37 + 37 of 140: 15 today
    assert odd["prebuild_qty"].sum() == 15
    assert (odd["prebuild_qty"].iloc[:2] >= 7).all()


def test_more_stock_never_builds_more_and_packs_and_overrides_still_hold():
    ordered = [
        plan_of(position(on_hand=float(s), pack_size=4.0), policy=capacity(26)).loc["S0"]
        for s in (0, 10, 14, 18, 21, 24, 30)
    ]
    qty = [row["order_qty"] for row in ordered]
    assert qty == sorted(qty, reverse=True)
    assert all(q % 4 == 0 and q <= 26 for q in qty)
    hold = pd.DataFrame(
        [["S0", "", "hold", "", "", "Li", "no"]],
        columns=["sku_id", "warehouse_id", "action", "value", "expires_on", "by", "why"],
    )
    row = plan_of(position(on_hand=14.0), policy=capacity(26), overrides=hold).loc["S0"]
    assert (row["order_qty"], row["prebuild_qty"], row["planned_qty"]) == (0, 0, 13)


def test_a_supplier_that_closes_before_the_festival_is_ordered_from_before_it_closes():
    # no orders from the 15th to the 28th of June: the next one after today's lands for day 35 on
    shut = {"P1": ((dt.date(2025, 6, 15), dt.date(2025, 6, 28)),)}
    soon = FESTIVAL.assign(starts_on=pd.Timestamp("2025-07-09"), ends_on=pd.Timestamp("2025-07-11"))
    frame = position(on_hand=14.0)
    row = plan_of(frame, policy=replace(OWED, supplier_closed=shut), festivals=soon).loc["S0"]
    assert row["demand_mean_qty"] == 34
    assert (row["order_qty"], row["prebuild_qty"]) == (20, 13)
    assert "13 of them festival pre-build for '618'" in row["reason"]
    plain = plan_of(frame, policy=replace(OWED, supplier_closed=shut), festivals=None).loc["S0"]
    assert (plain["order_qty"], plain["prebuild_qty"], plain["exception"]) == (20, 0, "")


@pytest.mark.parametrize("room", [20, 30, 40, 44, 48, 52, 60])
def test_a_warehouse_gives_away_nothing_that_it_would_have_to_build_for_the_festival(room):
    two = position(sku_id=["S0", "S1"], warehouse_id=["east", "west"], on_hand=[0.0, 50.0])
    one = two.assign(sku_id="S0")
    terms = TransferTerms(days=3, cost_amount=0.05)
    owed = plan_of(one, policy=capacity(room, transfer=terms)).set_index("warehouse_id")
    gives, builds = owed["transfer_out_qty"] > 0, owed["prebuild_qty"] > 0
    assert not (gives & builds).any()
    # where sales are lost, what saves them moves all the same: no purchase could
    lost = replace(capacity(room, transfer=terms), unmet_demand="lost")
    rows = plan_of(one, policy=lost).set_index("warehouse_id")
    apart = plan_of(two, policy=replace(lost, transfer=None))
    saves = apart.loc["S0", "lost_before_qty"] - rows.loc["east", "lost_before_qty"]
    west = rows.loc["west"]
    assert saves == 11
    assert west["transfer_out_qty"] == saves or west["prebuild_qty"] == 0
    assert west["transfer_out_qty"] >= saves
    is_told = "the 11 moved out save sales that no order could" in west["reason"]
    assert is_told == ("festival pre-build for" in west["reason"])


def test_order_days_step_over_closed_days_in_both_directions():
    as_of = pd.Timestamp(SUNDAY)  # offset 0 is Monday the 9th
    closed = {"P1": ((dt.date(2025, 6, 9), dt.date(2025, 6, 12)), (dt.date(2025, 6, 16),) * 2)}
    days = {"P1": frozenset({0, 4})}
    own = OrderCalendar(as_of, pd.Series(["P1", "P2", None]), days, closed)
    assert own.first().tolist() == [4, 0, 0]
    assert own.on_or_after(np.array([5.0, 5.0, 7.0])).tolist() == [11, 5, 7]
    assert own.on_or_before(np.array([10.0, 10.0, 2.0])).tolist() == [4, 10, 2]
    assert own.never_closed().first().tolist() == [0, 0, 0]
    assert own.take(np.array([1, 0])).first().tolist() == [0, 4]


def test_the_seeds_festivals_are_whole_and_still_to_come():
    found = seeded(pd.Timestamp("2026-06-10")).set_index("festival")
    assert found.loc["618", "starts_on"].iloc[0] == pd.Timestamp("2026-05-13")
    assert found.loc["618", "ends_on"].iloc[0] == pd.Timestamp("2026-06-18")
    assert found.loc["双11", "ends_on"].iloc[0] == pd.Timestamp("2026-11-11")
    assert (found["ends_on"] > "2026-06-10").all()
    assert "春节" not in found.index
