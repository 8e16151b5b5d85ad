"""What a person must look at first, how sure the plan is of a row, and how urgent the row is."""

import numpy as np
import pandas as pd

from ml.replenishment.open_orders import OpenOrders
from ml.replenishment.protection import DemandCurves
from ml.replenishment.terms import Doubts

LONGEST_COVER_DAYS = 999.0
# The smallest shortage worth an alarm, in units.
SMALLEST_SHORTAGE_QTY = 0.5
AT_RISK = ("expedite", "late_po", "override_short")
# most serious first; a row shows the first that applies
EXCEPTIONS = (
    "expedite",
    "late_po",
    "override_short",
    "unmapped",
    "check_stock",
    "check_master",
    "over_limit",
    "festival_prebuild",
    "supplier_late",
    "expiring",
    "no_forecast",
    "substitute",
    "overstock",
    "dormant",
)
CONFIDENCE = ("high", "medium", "low")
# A range wider than this many times the mean is no firm ground.
WIDE_RANGE = 1.5
MOSTLY_OUT = 0.75
_SHAKY = (
    "no_forecast",
    "bad_history",
    "stale_forecast",
    "no_stock_count",
    "sold_while_empty",
    "no_lead_time",
    "bad_lead_time",
    "repeated_row",
)
_UNSURE = (
    "beyond_horizon",
    "old_stock_count",
    "guessed_stock",
    "negative_stock",
    "bad_on_order",
    "bad_reserved",
    "undated_po",
    "overdue_po",
)


def raise_exceptions(
    rows: pd.DataFrame,
    doubts: Doubts,
    curves: DemandCurves,
    orders: OpenOrders,
    as_of: pd.Timestamp,
    policy,
) -> None:
    """Set exception, is_exception, priority, and `quoted_po_on`, the open order to speak of, with
    `days_until_dry`, how long what is here and comes before it will last.

    expedite       ordered, and even so stock runs out before any of it can land
    late_po        an open order comes after what is here and comes before it is gone
    override_short  an override orders less than the plan would, and stock will not last until goods
                   ordered at the next review land
    unmapped       wanted, and the ERP has no name, supplier or stock count of it: mostly a
                   platform's listing of a SKU that has a row of its own; nothing is ordered of it
    check_stock    ordered without a stock count, or with one that sales contradict
    check_master   ordered without supplier or lead time, or the row is repeated
    over_limit     budget, capacity, shelf life or a supplier's minimum left it short
    festival_prebuild  part of the order is ahead of its time, for a festival
    supplier_late  an open order is overdue
    expiring       units on hand will be too old before they sell
    no_forecast    something sells or is ordered, and no forecast covers it
    substitute     demand of another SKU is expected to move here, and is counted
    overstock      on hand and under way last longer than `excess_cover_days`, or past the last day
    dormant        empty and without a sale for `dormant_weeks`: ended, or forgotten?
    """
    lead = rows["lead_days"].to_numpy()
    ordered = (rows["order_qty"] > 0).to_numpy()
    held = rows["inventory_position"].to_numpy()
    under_way = rows["on_order"].to_numpy()
    in_house = held - under_way
    runs_out = curves.demand(lead) - held >= SMALLEST_SHORTAGE_QTY
    due, before = _first_too_late(orders, curves, lead, in_house)
    is_late = ~np.isnan(before)
    quoted = as_of + pd.to_timedelta(pd.Series(due, index=rows.index) + 1, unit="D")
    rows["quoted_po_on"] = quoted.where(is_late, rows["next_expected_on"])
    lasts = in_house + np.nan_to_num(before)
    rows["days_until_dry"] = curves.days_covered(lasts, most=LONGEST_COVER_DAYS)
    no_count = doubts.any("no_stock_count", "sold_while_empty")
    unsure = doubts.any("no_supplier", "no_lead_time", "bad_lead_time")
    wanted = (rows["wanted_qty"] > 0).to_numpy()
    repeated, ending = rows["is_repeated"].to_numpy(), rows["is_ending"].to_numpy()
    active = ~(ending | repeated)
    sells = rows["demand_mean_qty"].to_numpy() >= SMALLEST_SHORTAGE_QTY
    cut = (rows["bound_by"] != "").to_numpy() & (rows["order_qty"] < rows["wanted_qty"]).to_numpy()
    lasts = rows["days_of_cover"].to_numpy()
    less_by_hand = (rows["is_set"] & (rows["order_qty"] < rows["planned_qty"])).to_numpy()
    until_next = curves.demand(rows["protection_days"].to_numpy())
    dry_by_hand = until_next - rows["held_after_qty"].to_numpy() >= SMALLEST_SHORTAGE_QTY
    left_over = ending & (held - rows["demand_mean_qty"].to_numpy() >= 1)
    tests = {
        "expedite": ordered & runs_out & ~no_count,
        "late_po": active & ~no_count & (under_way > 0) & is_late,
        "override_short": active & ~no_count & less_by_hand & dry_by_hand,
        "unmapped": wanted & rows["is_unmapped"].to_numpy(),
        "check_stock": ordered & no_count,
        "check_master": (ordered & unsure) | repeated,
        "over_limit": cut & (sells | (held < 0)),
        "festival_prebuild": ordered & (rows["prebuild_qty"] >= 1).to_numpy(),
        "supplier_late": active & doubts.any("overdue_po"),
        "expiring": ~repeated & (rows["expiring_qty"] >= 1).to_numpy(),
        "no_forecast": active & doubts.any("no_forecast") & (sells | ordered),
        "substitute": active & (rows["moved_demand_qty"] >= 1).to_numpy(),
        "overstock": ~repeated
        & ~ordered
        & (held >= 1)
        & ((lasts > policy.excess_cover_days) | left_over),
        "dormant": active & rows["is_dormant"].to_numpy(),
    }
    rows["exception"] = np.select([tests[e] for e in EXCEPTIONS], EXCEPTIONS, default="")
    rows["is_exception"] = rows["exception"] != ""
    tomorrow = rows["order_by_date"] == as_of + pd.Timedelta(days=1)
    rows["priority"] = np.select(
        [rows["exception"].isin(AT_RISK), rows["is_exception"], ordered & tomorrow, ordered],
        [1, 2, 3, 4],
        default=5,
    )


def _first_too_late(
    orders: OpenOrders, curves: DemandCurves, lead: np.ndarray, in_house: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Days (n,) until the first open order that comes when all before it is sold, nan where no day
    is known, and the units (n,) that come before it, nan where none is late.

    What is overdue or has no day is taken to come with what is ordered today, after `lead` (n,).
    """
    told = np.where(orders.qty > 0, orders.days, np.inf)
    when = np.where((told >= 0) & ~np.isnan(told), told, lead[:, None])
    order = np.argsort(when, axis=1, kind="stable")
    told, when, qty = (np.take_along_axis(table, order, 1) for table in (told, when, orders.qty))
    earlier = np.cumsum(qty, axis=1) - qty
    due, before = np.full(len(lead), np.nan), np.full(len(lead), np.nan)
    for k in reversed(range(when.shape[1])):
        day = np.clip(np.where(np.isinf(when[:, k]), 0.0, when[:, k]), 0.0, 10 * LONGEST_COVER_DAYS)
        short = curves.demand(day) - in_house - earlier[:, k] >= SMALLEST_SHORTAGE_QTY
        short &= qty[:, k] > 0
        due, before = np.where(short, told[:, k], due), np.where(short, earlier[:, k], before)
    return due, before


def confidence(rows: pd.DataFrame, doubts: Doubts, stockout_share: np.ndarray) -> np.ndarray:
    """ "high", "medium" or "low" (n,): low where forecast, count or lead time had to be made up,
    medium where another number is doubted, the range is wider than WIDE_RANGE times the mean, or
    demand was hidden for MOSTLY_OUT of the last weeks (`stockout_share`, n, nan where unknown).
    """
    width = rows["demand_high_qty"].to_numpy() - rows["demand_low_qty"].to_numpy()
    is_wide = width > WIDE_RANGE * rows["demand_mean_qty"].to_numpy()
    is_hidden = np.nan_to_num(stockout_share) >= MOSTLY_OUT
    grade = np.where(is_wide | is_hidden | doubts.any(*_UNSURE), "medium", "high")
    return np.where(doubts.any(*_SHAKY), "low", grade)
