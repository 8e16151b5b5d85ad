"""Shelf life: which units will not sell in time, and how many more would not."""

import numpy as np
import pandas as pd

from ml.replenishment.days import read_days
from ml.replenishment.protection import DemandCurves

LOT_COLUMNS = ("sku_id", "warehouse_id", "qty", "expires_on")


def expiring_units(
    rows: pd.DataFrame, lots: pd.DataFrame | None, curves: DemandCurves, policy, as_of: pd.Timestamp
) -> np.ndarray:
    """Units (n,) on hand that the expected demand will not reach before they are too old to sell.

    `lots`: LOT_COLUMNS, several per row; `rows`: sku_id, warehouse_id, on_hand, shelf_life_days,
    is_repeated.
    A unit can be sold while `remaining_life_rate` of the shelf life is left (to its last day where
    the shelf life is unknown). First expired, first out: of the lots up to any one of them, what
    exceeds the demand until its limit is waste; the largest of these is the whole waste.
    """
    waste = np.zeros(len(rows))
    if lots is None or lots.empty:
        return waste
    keys = pd.MultiIndex.from_frame(rows[["sku_id", "warehouse_id"]].astype(str))
    first = pd.Series(np.arange(len(rows)), index=keys)
    first = first[~rows["is_repeated"].to_numpy()]
    named = pd.MultiIndex.from_frame(lots[["sku_id", "warehouse_id"]].astype(str))
    at = first.reindex(named).to_numpy()
    qty = pd.to_numeric(lots["qty"], errors="coerce").to_numpy(float)
    day = read_days(lots["expires_on"])
    usable = ~np.isnan(at) & (qty > 0) & day.notna().to_numpy()
    if not usable.any():
        return waste
    at, qty, day = at[usable].astype(int), qty[usable], day[usable]
    order = np.lexsort((day.to_numpy(), at))
    at, qty, day = at[order], qty[order], day.iloc[order]
    kept_back = np.nan_to_num(rows["shelf_life_days"].to_numpy(float)) * policy.remaining_life_rate
    left = np.maximum((day - as_of).dt.days.to_numpy(float) - np.ceil(kept_back[at]), 0.0)
    starts = np.flatnonzero(np.r_[True, np.diff(at) != 0])
    total = np.cumsum(qty)
    before = np.repeat(np.r_[0.0, total][starts], np.diff(np.r_[starts, len(at)]))
    # demand is asked for one row per lot
    sold = curves.take(at).demand(left)
    np.maximum.at(waste, at, np.maximum(total - before - sold, 0.0))
    return np.minimum(np.ceil(waste - 1e-6), np.maximum(rows["on_hand"].fillna(0).to_numpy(), 0.0))


def most_before_too_old(rows: pd.DataFrame, curves: DemandCurves, policy) -> np.ndarray:
    """Units (n,) at most to order now: what sells of them before they are too old, in expectation.

    They arrive with their whole shelf life, after `lead_days`; what is here and under way is sold
    first. Infinite where the shelf life is unknown.
    """
    life = rows["shelf_life_days"].to_numpy(float)
    days = np.nan_to_num(np.floor(life * (1 - policy.remaining_life_rate)))
    sells = curves.demand(rows["lead_days"].to_numpy() + days)
    held = rows["inventory_position"].to_numpy() + rows["lost_before_qty"].to_numpy()
    return np.where(np.isnan(life), np.inf, np.maximum(np.floor(sells - held + 1e-6), 0.0))
