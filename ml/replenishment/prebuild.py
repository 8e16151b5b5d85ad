"""Ordered ahead of a festival: what orders still to come could not bring in time.

Capacity  A supplier delivers so many units per order day. Order k of a row, placed on its k-th
          order day, lands for the days (P(k-1), P(k)], with P(0) the end of today's protection
          interval; its need is the expected demand of these days, less what today leaves over.
          From the last order that lands for a festival back to today: what exceeds the capacity
          of one must come with the one before. What reaches today is ordered today, shared by the
          supplier's rows as their festival needs are. Rows of one supplier are taken to be ordered
          together.
Calendar  A supplier takes no orders on its closed days (`Policy.supplier_closed`), so today's order
          must last until the first one after them lands. The part of it that is for the days so
          added counts as pre-built where a festival falls on them.

A festival is days in a row: FESTIVAL_COLUMNS, both ends included.
"""

import numpy as np
import pandas as pd

from ml.replenishment.order_calendar import OrderCalendar
from ml.replenishment.protection import DAYS_PER_WEEK, DemandCurves

FESTIVAL_COLUMNS = ("festival", "starts_on", "ends_on")
# Further ahead no forecast is worth binding money for.
MOST_ORDERS = 26


def set_prebuild(
    rows: pd.DataFrame,
    curves: DemandCurves,
    calendar: OrderCalendar,
    festivals: pd.DataFrame | None,
    policy,
    as_of: pd.Timestamp,
) -> None:
    """Set prebuild_qty (whole units of today's order that are ahead of their time) and
    prebuild_festival; raise need_qty by what capacity asks for.

    `rows` must hold `set_intervals`' and `set_needs`' columns.
    """
    n = len(rows)
    rows["prebuild_qty"], rows["prebuild_festival"] = np.zeros(n), ""
    end = curves.knots[-1] * DAYS_PER_WEEK - curves.elapsed
    windows = _windows(festivals, as_of, end)
    if not windows:
        return
    barred = rows["is_barred"].to_numpy()
    closed = np.where(barred, 0.0, _before_closure(rows, curves, calendar))
    until = rows["protection_days"].to_numpy(float)
    usual = until - rows["closed_days"].to_numpy(float)
    name = _touched(windows, usual, until)
    closed = np.where(name != "", closed, 0.0)
    ahead, ahead_name = _beyond_capacity(rows, curves, calendar, windows, policy, barred)
    rows["prebuild_qty"] = ahead + closed
    rows["prebuild_festival"] = np.where(ahead > 0, ahead_name, np.where(closed > 0, name, ""))
    rows["need_qty"] = np.where(
        ahead > 0, np.maximum(rows["need_qty"].to_numpy(float), 0.0) + ahead, rows["need_qty"]
    )


def _windows(festivals, as_of: pd.Timestamp, end: float) -> list[tuple[str, float, float]]:
    """(name, first, last) of the festivals that begin within the forecast, in days after as_of."""
    if festivals is None or festivals.empty:
        return []
    table = festivals.sort_values("starts_on", kind="stable")
    first = (pd.to_datetime(table["starts_on"]) - as_of).dt.days.to_numpy(float)
    last = (pd.to_datetime(table["ends_on"]) - as_of).dt.days.to_numpy(float)
    coming = (last > 0) & (first <= end)
    return list(zip(table["festival"].to_numpy()[coming], first[coming], last[coming], strict=True))


def _touched(windows, after: np.ndarray, until: np.ndarray) -> np.ndarray:
    """First festival (n,) with a day in (after, until], "" for none."""
    out = np.full(len(after), "", dtype=object)
    for name, first, last in reversed(windows):
        out[(np.maximum(first, after + 1) <= np.minimum(last, until))] = name
    return out


def _before_closure(rows, curves, calendar: OrderCalendar) -> np.ndarray:
    """Units (n,) of the need that are for the days a closure adds to the interval."""
    until = rows["protection_days"].to_numpy(float)
    review = (rows["wait_days"] + rows["review_period_days"]).to_numpy()
    usual = calendar.never_closed().on_or_after(review) + rows["lead_time_days"].to_numpy()
    rows["closed_days"] = np.maximum(until - usual, 0.0)
    added = curves.demand(until) - curves.demand(until - rows["closed_days"].to_numpy())
    need = np.maximum(rows["need_qty"].to_numpy(float), 0.0)
    return np.floor(np.minimum(added, need) + 1e-6)


def _beyond_capacity(rows, curves, calendar, windows, policy, barred):
    """Units (n,) to order today beyond its own need, and the festival they are for."""
    n = len(rows)
    capacity = rows["supplier_id"].map(policy.supplier_capacity_qty).to_numpy(float)
    mine = np.flatnonzero(~np.isnan(capacity) & ~barred & ~rows["is_shortened"].to_numpy())
    units, names = np.zeros(n), np.full(n, "", dtype=object)
    if not len(mine):
        return units, names
    few, few_calendar = curves.take(mine), calendar.take(mine)
    part = rows.iloc[mine]
    supplier, _ = pd.factorize(part["supplier_id"])
    limit = np.zeros(supplier.max() + 1)
    limit[supplier] = capacity[mine]
    needs, festive = _future_needs(part, few, few_calendar, windows)
    carry, share = np.zeros(len(limit)), np.zeros(len(mine))
    for need, name in zip(reversed(needs), reversed(festive), strict=True):
        wanted = np.bincount(supplier, need, minlength=len(limit))
        is_festive = np.bincount(supplier, (name != "") & (need > 0), minlength=len(limit)) > 0
        over = np.maximum(carry + wanted - limit, 0.0)
        over = np.where(is_festive | (carry > 0), over, 0.0)
        share = np.where((over > 0)[supplier], share + np.where(name != "", need, 0.0), 0.0)
        names[mine] = np.where((over > 0)[supplier] & (name != ""), name, names[mine])
        carry = over
    total = np.bincount(supplier, share, minlength=len(limit))
    own = carry[supplier] * np.divide(
        share, total[supplier], out=np.zeros_like(share), where=share > 0
    )
    # cumulated, then rounded: whole units that add up to what the supplier can't bring later
    order = np.lexsort((part["unique_id"].to_numpy(str), supplier))
    steps = np.floor(np.cumsum(own[order]) + 0.5)
    units[mine[order]] = np.diff(np.r_[0.0, steps])
    return units, names


def _future_needs(part, curves, calendar, windows):
    """Per order after today's: units needed (m,), and the festival its days touch (m,)."""
    lead = part["lead_time_days"].to_numpy(float)
    review = part["review_period_days"].to_numpy(float)
    last = max(last for _, _, last in windows)
    until = part["protection_days"].to_numpy(float)
    base = curves.demand(until) + np.maximum(-part["need_qty"].to_numpy(float), 0.0)
    day = until - lead
    so_far, needs, festive = np.zeros(len(part)), [], []
    while until.min() < last and len(needs) < MOST_ORDERS:
        day = calendar.on_or_after(day + review)
        after, until = until, day + lead
        needed = np.maximum(curves.demand(until) - base, 0.0)
        needs.append(needed - so_far)
        festive.append(_touched(windows, after, until))
        so_far = needed
    return needs, festive
