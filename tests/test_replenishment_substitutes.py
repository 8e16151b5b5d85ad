"""Demand that moves to a substitute: counted by the stated rule, shown, and never silent."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from plan_shop import OWED, SUNDAY, position, whole_plan

from ml.replenishment.parameters import Policy, TransferTerms

LOST = Policy()


def listed(*lines):
    return pd.DataFrame(lines, columns=["sku_id", "substitute_sku_id", "share"])


def rows_of(frame, *lines, **options):
    options = {"policy": LOST, "language": "en"} | options
    table = listed(*lines) if lines else None
    made = whole_plan(frame, substitutes=table, **options)
    return made.orders.set_index(["sku_id", "warehouse_id"]).sort_index()


def test_sales_lost_before_an_order_can_land_go_to_the_substitute_in_their_share():
    # S0 is dry after 5 of the 14 days before an order can land: 9 of its buyers look elsewhere
    frame = position(on_hand=[5.0, 21.0])
    alone, beside = rows_of(frame), rows_of(frame, ("S0", "S1", 2 / 3))
    one, other = beside.loc[("S1", "main")], alone.loc[("S1", "main")]
    assert one["moved_demand_qty"] == 6
    assert one["demand_mean_qty"] == other["demand_mean_qty"] + 6
    assert (one["order_qty"], other["order_qty"]) == (6, 0)
    assert (one["exception"], one["is_exception"]) == ("substitute", True)
    assert one["drivers"] == "about 6 units expected from S0, which ends or runs dry"
    giver = beside.loc[("S0", "main")]
    assert giver["drivers"] == "about 6 units expected to move to S1"
    assert giver["order_qty"] == alone.loc[("S0", "main"), "order_qty"]


def test_buyers_who_wait_move_nowhere():
    rows = rows_of(position(on_hand=[5.0, 21.0]), ("S0", "S1", 1.0), policy=OWED)
    assert (rows["moved_demand_qty"] == 0).all()
    assert (rows["drivers"] == "").all()


@pytest.mark.parametrize(
    ("days_to_end", "moved"), [(100, 0), (15, 3), (7, 7), (0, 10.5), (-28, 5.2), (-56, 0)]
)
def test_after_a_skus_last_day_its_rate_moves_and_fades_once_it_is_gone(days_to_end, moved):
    # 182 units in 26 weeks: 1 a day, half of which moves; the interval has 21 days
    last = pd.Timestamp(SUNDAY) + pd.Timedelta(days=days_to_end)
    frame = position(on_hand=[500.0, 21.0], discontinued_on=[last, pd.NaT])
    rows = rows_of(frame, ("S0", "S1", 0.5))
    assert rows.loc[("S1", "main"), "moved_demand_qty"] == pytest.approx(moved, abs=0.06)


@pytest.mark.parametrize("day", [8, 11, 15])
def test_the_same_units_move_in_mid_week_and_under_a_stale_forecast(day):
    frame = position(on_hand=[500.0, 21.0], discontinued_on=[pd.Timestamp("2025-06-01"), pd.NaT])
    rows = rows_of(frame, ("S0", "S1", 1.0), as_of=dt.date(2025, 6, day))
    fade = 1 - (day - 1) / 56
    assert rows.loc[("S1", "main"), "moved_demand_qty"] == pytest.approx(21 * fade, abs=0.06)


def test_demand_stays_in_its_warehouse_and_a_missing_substitute_is_doubted():
    frame = position(
        sku_id=["S0", "S0", "S1"], warehouse_id=["east", "west", "east"], on_hand=[0.0, 0.0, 21.0]
    )
    rows = rows_of(frame, ("S0", "S1", 1.0), ("S0", "unknown", 0.5), ("other", "S1", 1.0))
    # shares of 1.5 in all are scaled down to 1
    assert rows.loc[("S1", "east"), "moved_demand_qty"] == pytest.approx(14 / 1.5, abs=0.06)
    assert "its substitute is not in this warehouse" in rows.loc[("S0", "west"), "doubts"]
    assert rows["moved_demand_qty"].sum() == rows.loc[("S1", "east"), "moved_demand_qty"]


def test_a_list_that_moves_nothing_changes_nothing_and_a_share_above_one_is_refused():
    frame = position(on_hand=[50.0, 5.0])
    pd.testing.assert_frame_equal(rows_of(frame), rows_of(frame, ("S0", "S1", 1.0)))
    with pytest.raises(ValueError, match="0 to 1"):
        rows_of(frame, ("S0", "S1", 1.5))


def test_a_move_in_a_circle_ends_after_one_step():
    rows = rows_of(position(on_hand=[0.0, 0.0]), ("S0", "S1", 1.0), ("S1", "S0", 1.0))
    assert np.allclose(rows["moved_demand_qty"], 14)


def test_the_substitutes_stock_is_kept_for_it_before_it_is_moved_away():
    frame = position(
        sku_id=["S0", "S1", "S1"], warehouse_id=["west", "west", "east"], on_hand=[0.0, 60.0, 0.0]
    )
    policy = replace(LOST, transfer=TransferTerms())
    free = rows_of(frame, policy=policy).loc[("S1", "west"), "transfer_out_qty"]
    kept = rows_of(frame, ("S0", "S1", 1.0), policy=policy)
    assert kept.loc[("S1", "west"), "moved_demand_qty"] == 14
    left = 60 - kept.loc[("S1", "west"), "transfer_out_qty"]
    assert free == 18
    assert left >= 21 + 14


def test_a_sale_that_a_transfer_saves_moves_to_no_substitute():
    frame = position(
        sku_id=["S0", "S0", "S1"], warehouse_id=["east", "west", "east"], on_hand=[0.0, 300.0, 21.0]
    )
    policy = replace(LOST, transfer=TransferTerms(days=3))
    rows = rows_of(frame, ("S0", "S1", 1.0), policy=policy)
    # the lorry is there for day 4 of the 14 before an order can land: 3 buyers look elsewhere
    assert rows.loc[("S0", "east"), "transfer_in_qty"] == 18
    assert rows.loc[("S1", "east"), "moved_demand_qty"] == 3
    assert rows.loc[("S1", "east"), "order_qty"] == 3
    assert rows.loc[("S0", "east"), "drivers"] == "about 3 units expected to move to S1"
