"""What an override was worth: the demand that came, met by its order and by the plan's own."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

EFFECT_COLUMNS = (
    "as_of",
    "sku_id",
    "warehouse_id",
    "override",
    "order_qty",
    "planned_qty",
    "demand_qty",
    "missing_qty",
    "planned_missing_qty",
    "left_qty",
    "planned_left_qty",
    "gain_amount",
)
READ = (
    *EFFECT_COLUMNS[:6],
    "lead_time_days",
    "review_period_days",
    "inventory_position",
    "unit_cost_amount",
)
_DAYS_PER_WEEK, _DAYS_PER_YEAR = 7, 365


def override_effects(
    plans: Iterable[pd.DataFrame],
    demand: pd.DataFrame,
    *,
    last_day: pd.Timestamp,
    holding_rate: float,
    margin_rate: float,
    is_lost: bool,
) -> pd.DataFrame:
    """EFFECT_COLUMNS, one row per overridden row of `plans` whose protection interval is over.

    `plans`: past orders, columns READ of PLAN_COLUMNS; rows without planned_qty may be left out.
    `demand`: unique_id, ds (Mondays), y. The demand of
    the days up to the next order's arrival (weeks taken in part for their days) meets the position
    of then plus either quantity; what it misses costs the margin, what is left costs the holding of
    one protection interval. With `is_lost` what the position of then lacked before an order could
    land is missed by either, and neither serves it later. gain_amount is what the override saved in
    yuan, negative if it cost.
    """
    parts = [
        plan[plan["planned_qty"].notna()]
        for plan in plans
        if len(plan) and plan["planned_qty"].notna().any()
    ]
    if not parts:
        return pd.DataFrame(columns=list(EFFECT_COLUMNS))
    rows = pd.concat(parts, ignore_index=True)
    days = (rows["lead_time_days"] + rows["review_period_days"]).to_numpy(float)
    end = rows["as_of"] + pd.to_timedelta(days, unit="D")
    rows, days, end = (part[(end <= last_day).to_numpy()] for part in (rows, days, end))
    if rows.empty:
        return pd.DataFrame(columns=list(EFFECT_COLUMNS))
    rows = rows.reset_index(drop=True)
    came = _demand_between(rows, demand, rows["as_of"], end.reset_index(drop=True))
    held = rows["inventory_position"].to_numpy(float)
    lost = np.zeros(len(rows))
    if is_lost:
        lands = rows["as_of"] + pd.to_timedelta(rows["lead_time_days"], unit="D")
        before = _demand_between(rows, demand, rows["as_of"], lands)
        lost = np.maximum(before - np.maximum(held, 0.0), 0.0)
    cost = rows["unit_cost_amount"].fillna(rows["unit_cost_amount"].median()).fillna(1.0).to_numpy()
    results = {}
    for name in ("order_qty", "planned_qty"):
        after = held + rows[name].to_numpy(float) - (came - lost)
        missing, left = lost + np.maximum(-after, 0.0), np.maximum(after, 0.0)
        money = missing * margin_rate + left * holding_rate * days / _DAYS_PER_YEAR
        results[name] = (missing, left, money * cost)
    (missing, left, paid), (own_missing, own_left, own_paid) = results.values()
    return pd.DataFrame(
        {
            **{name: rows[name] for name in EFFECT_COLUMNS[:6]},
            "demand_qty": came.round(1),
            "missing_qty": missing.round(1),
            "planned_missing_qty": own_missing.round(1),
            "left_qty": left.round(1),
            "planned_left_qty": own_left.round(1),
            "gain_amount": (own_paid - paid).round(2),
        }
    )


def _demand_between(rows, demand: pd.DataFrame, start: pd.Series, end: pd.Series) -> np.ndarray:
    wanted = pd.DataFrame(
        {
            "unique_id": rows["sku_id"] + "@" + rows["warehouse_id"],
            "row": np.arange(len(rows)),
            "start": start + pd.Timedelta(days=1),
            "end": end + pd.Timedelta(days=1),
        }
    )
    weeks = wanted.merge(demand[["unique_id", "ds", "y"]], on="unique_id")
    first = np.maximum(weeks["ds"], weeks["start"])
    last = np.minimum(weeks["ds"] + pd.Timedelta(days=_DAYS_PER_WEEK), weeks["end"])
    share = np.maximum((last - first).dt.days, 0) / _DAYS_PER_WEEK
    return np.bincount(weeks["row"], weeks["y"] * share, minlength=len(rows))
