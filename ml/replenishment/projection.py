"""Stock by week ahead, with the order and without it: what the plan's charts draw."""

import numpy as np
import pandas as pd

from ml.replenishment.open_orders import OpenOrders
from ml.replenishment.protection import DAYS_PER_WEEK, DemandCurves
from ml.replenishment.stock_path import stock_at
from ml.replenishment.targets import supply

PROJECTION_COLUMNS = ("unique_id", "ds", "stock_without_qty", "stock_with_qty")
WEEKS = 13


def project(
    rows: pd.DataFrame, curves: DemandCurves, orders: OpenOrders, as_of: pd.Timestamp, policy
) -> pd.DataFrame:
    """PROJECTION_COLUMNS, WEEKS + 1 lines per row of `rows`, the first for the day after as_of.

    Expected units in the house on the morning of `ds`, with what comes that day, sales taken at the
    expected demand. Open orders and transfers come on their days, this order on expected_on. A
    repeated row has none.
    """
    kept = np.flatnonzero(~rows["is_repeated"].to_numpy())
    rows, curves = rows.iloc[kept].reset_index(drop=True), curves.take(kept)
    is_lost = policy.unmet_demand == "lost"
    moving = policy.transfer.days if policy.transfer else 0
    start, arrivals = supply(rows, orders.take(kept), moving, is_dated=True)
    lands = (rows["expected_on"] - as_of).dt.days.fillna(1).to_numpy() - 1.0
    order = (lands, rows["order_qty"].to_numpy(float))
    without, within = [], []
    for week in range(WEEKS + 1):
        days = np.full(len(rows), float(week * DAYS_PER_WEEK))
        without.append(stock_at(curves.demand, start, days, arrivals, is_lost=is_lost))
        within.append(stock_at(curves.demand, start, days, [*arrivals, order], is_lost=is_lost))
    mornings = as_of + pd.to_timedelta(1 + np.arange(WEEKS + 1) * DAYS_PER_WEEK, unit="D")
    return pd.DataFrame(
        {
            "unique_id": np.repeat(rows["unique_id"].to_numpy(object), WEEKS + 1),
            "ds": np.tile(mornings, len(rows)),
            "stock_without_qty": np.stack(without, axis=1).round(1).ravel(),
            "stock_with_qty": np.stack(within, axis=1).round(1).ravel(),
        }
    )
