"""One warehouse shelf and its forecast, with every number told: what the plan's tests plan."""

import datetime as dt

import numpy as np
import pandas as pd

from ml.columns import INVENTORY_POSITION
from ml.replenishment.policy import Policy, make_plan, plan

SUNDAY = dt.date(2025, 6, 8)
CUTOFF = pd.Timestamp("2025-06-02")
# What is missed is still bought later: the level is that of the whole protection interval.
OWED = Policy(unmet_demand="owed")


def position(**changes):
    rows = max((len(v) for v in changes.values() if isinstance(v, list)), default=1)
    values = {
        "sku_id": [f"S{n}" for n in range(rows)],
        "warehouse_id": "main",
        "supplier_id": "P1",
        "supplier_name": "贝因",
        "sku_name": "奶粉",
        "category": "milk",
        "abc_class": "A",
        "on_hand": 0.0,
        "reserved": 0.0,
        "on_order": 0.0,
        "next_expected_on": pd.NaT,
        "stock_snapshot_date": pd.Timestamp(SUNDAY),
        "lead_time_days": 14.0,
        "lead_time_sd_days": 0.0,
        "review_period_days": 7.0,
        "moq": 1.0,
        "pack_size": 1.0,
        "unit_cost_amount": 10.0,
        "shelf_life_days": np.nan,
        "discontinued_on": pd.NaT,
        "has_stock_snapshot": True,
        "is_stock_guessed": False,
        "has_supplier_terms": True,
        "last_26w_demand_qty": 182.0,
        **changes,
    }
    frame = pd.DataFrame(values, index=range(rows))
    if "unique_id" not in frame:
        frame["unique_id"] = frame["sku_id"] + "@" + frame["warehouse_id"]
    return frame[list(INVENTORY_POSITION.columns)]


def forecast(frame, weekly=7.0, spread=0.0, horizon=8):
    weeks = np.arange(1, horizon + 1)
    parts = []
    for unique_id in frame["unique_id"].dropna().unique():
        sums, sd = weekly * weeks, spread * np.sqrt(weeks)
        scores = {"p10": -1.28155, "p50": 0.0, "p90": 1.28155, "p95": 1.64485, "p99": 2.32635}
        bands = {name: np.maximum(sums + z * sd, 0) for name, z in scores.items()}
        parts.append(
            pd.DataFrame(
                {"unique_id": unique_id, "cutoff": CUTOFF, "periods": weeks, "y_hat": sums, **bands}
            )
        )
    return pd.concat(parts, ignore_index=True)


def planned(frame, *, weekly=7.0, spread=0.0, as_of=SUNDAY, policy=OWED, **options):
    sums = forecast(frame, weekly, spread)
    return plan(frame, sums, as_of=as_of, cutoff=CUTOFF, policy=policy, **options)


def only(frame, **options):
    rows = planned(frame, **options)
    assert len(rows) == 1
    return rows.iloc[0]


def whole_plan(frame, *, weekly=7.0, spread=0.0, as_of=SUNDAY, policy=OWED, **options):
    """Everything `make_plan` returns; `weekly` units per week are expected of every series."""
    sums = forecast(frame, weekly, spread)
    return make_plan(frame, sums, as_of=as_of, cutoff=CUTOFF, policy=policy, **options)
