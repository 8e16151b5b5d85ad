"""What became of the plans: fill rate, stock left and regret, once their interval is over."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from monitoring.verdict import Verdict

NAME = "plan_outcome"
HOLDING, SHORTAGE = 0.2, 1.0  # of a unit's cost, for a unit left and a unit missed
READ = [
    *("as_of", "sku_id", "warehouse_id", "order_qty", "inventory_position", "lead_time_days"),
    *("review_period_days", "service_level", "unit_cost_amount", "bound_by"),
]
"""All that is read of a plan; older ones lack the last."""
_TABLE = ["unique_id", "as_of", "demand", "position", "missed", "left", "regret_amount"]


@dataclass(frozen=True)
class PlanLimits:
    """The fill rate may be `slack` below the mean service level the plans aimed at. Fewer than
    `floor_rows` plan rows whose interval is over are not judged."""

    slack: float = 0.10
    floor_rows: int = 30


def plan_outcome(
    plans: pd.DataFrame, demand: pd.DataFrame, *, limits: PlanLimits | None = None
) -> tuple[Verdict, pd.DataFrame]:
    """Verdict "plan_outcome", and one row per series: its newest plan whose interval is over.

    `plans`: rows of all plans (as_of, sku_id, warehouse_id, order_qty, inventory_position,
    lead_time_days, review_period_days, service_level, unit_cost_amount, and bound_by if they have
    it: a row that waits to be mapped to a SKU is left out); what was planned had to last for lead
    time and review period, from the day after `as_of`. `demand`: unique_id, ds (Mondays), y, by
    the day spread evenly over its week; a week that is not in it has not ended.

    missed = demand beyond the planned position, left = position beyond the demand; `fill_rate` =
    1 - missed / demand; `turnover_days` = left over demand per day; `regret_amount` (CNY) = 1.0
    of the cost of a missed unit and 0.2 of one left, less what perfect foresight would have paid
    (it could not have ordered less than nothing). Rows without an interval or demand are left
    out; a unit cost that is not known counts 1.
    """
    limits = limits or PlanLimits()
    table = _outcomes(plans, demand)
    numbers: dict[str, float] = {"n_rows": len(table)}
    if len(table) < limits.floor_rows or table["demand"].sum() <= 0:
        told = f"{len(table)} plan rows are over, {limits.floor_rows} needed, not judged"
        return Verdict(NAME, True, told, numbers), table[_TABLE]
    sold = float(table["demand"].sum())
    fill = 1 - float(table["missed"].sum()) / sold
    aim = float(table["service_level"].mean())
    left_days = float(table["left"].sum()) / float((table["demand"] / table["days"]).sum())
    numbers |= {
        "fill_rate": fill,
        "fill_rate_limit": aim - limits.slack,
        "service_level": aim,
        "turnover_days": left_days,
        "regret_amount": float(table["regret_amount"].sum()),
    }
    reason = (
        f"{len(table)} plan rows are over: fill rate {fill:.1%} (limit {aim - limits.slack:.1%}), "
        f"{left_days:.0f} days of stock left, {table['regret_amount'].sum():,.0f} yuan beyond "
        "perfect foresight"
    )
    return Verdict(NAME, fill >= aim - limits.slack, reason, numbers), table[_TABLE]


def _outcomes(plans: pd.DataFrame, demand: pd.DataFrame) -> pd.DataFrame:
    rows = plans.assign(
        unique_id=plans["sku_id"] + "@" + plans["warehouse_id"],
        as_of=pd.to_datetime(plans["as_of"]),
        days=plans["lead_time_days"] + plans["review_period_days"],
    )
    wide = demand.pivot(index="unique_id", columns="ds", values="y").sort_index(axis=1)
    rows = rows[(rows["days"] > 0) & rows["unique_id"].isin(wide.index)]
    if "bound_by" in rows:
        rows = rows[rows["bound_by"] != "unmapped"]
    if rows.empty or wide.shape[1] == 0:
        return pd.DataFrame(columns=[*_TABLE, "days", "service_level"], dtype=float)
    first = wide.columns[0]
    total = np.concatenate(
        [np.zeros((len(wide), 1)), np.cumsum(np.nan_to_num(wide.to_numpy(float)), axis=1)], axis=1
    )
    series = wide.index.get_indexer(rows["unique_id"])
    start = ((rows["as_of"] - first).dt.days + 1).to_numpy() / 7
    end = start + rows["days"].to_numpy() / 7
    is_over = (start >= 0) & (end <= wide.shape[1])
    rows, series, start, end = rows[is_over], series[is_over], start[is_over], end[is_over]
    rows = rows.assign(demand=_until(total, series, end) - _until(total, series, start))
    rows = rows.sort_values("as_of", kind="stable").drop_duplicates("unique_id", keep="last")
    rows = rows[rows["demand"].notna() & rows["inventory_position"].notna()]
    rows["position"] = rows["inventory_position"] + rows["order_qty"]
    rows["missed"] = (rows["demand"] - rows["position"]).clip(lower=0)
    rows["left"] = (rows["position"] - rows["demand"]).clip(lower=0)
    unavoidable = (rows["inventory_position"] - rows["demand"]).clip(lower=0)
    cost = rows["unit_cost_amount"].fillna(1.0)
    rows["regret_amount"] = cost * (
        SHORTAGE * rows["missed"] + HOLDING * (rows["left"] - unavoidable)
    )
    return rows.reset_index(drop=True)


def _until(total: np.ndarray, series: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Demand of each series up to a moment in weeks, straight between two Mondays."""
    whole = np.minimum(np.floor(at).astype(int), total.shape[1] - 1)
    after = np.minimum(whole + 1, total.shape[1] - 1)
    low, high = total[series, whole], total[series, after]
    return low + (at - whole) * (high - low)
