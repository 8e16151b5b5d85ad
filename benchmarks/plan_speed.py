"""A whole plan for 100,000 SKU-warehouse rows with every limit set: seconds and memory.

python -m benchmarks.plan_speed [--rows 100000]
"""

import argparse
import datetime as dt
import time

import numpy as np
import pandas as pd

from benchmarks.memory import PeakMemory
from ml.replenishment.parameters import Policy, TransferTerms
from ml.replenishment.policy import make_plan

LIMIT_SECONDS = 60
AS_OF = dt.date(2025, 6, 8)
CUTOFF = pd.Timestamp("2025-06-02")
WEEKS = 8
SCORES = {"p05": -1.645, "p10": -1.282, "p25": -0.674, "p50": 0.0, "p75": 0.674, "p90": 1.282}
SCORES |= {"p95": 1.645, "p99": 2.326}


def main() -> int:
    """Measure, print, and return 1 if the time does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    position, mean = drawn_position(options.rows)
    cumulative = drawn_forecast(position, mean)
    spend = float((mean * position["unit_cost_amount"]).sum())
    policy = Policy(
        budget_amount=spend,
        supplier_capacity_qty={f"P{k}": float(mean.sum()) / 300 for k in range(0, 200, 4)},
        supplier_min_amount={f"P{k}": spend / 500 for k in range(1, 200, 4)},
        order_weekdays={f"P{k}": frozenset({1, 4}) for k in range(2, 200, 4)},
        warehouse_capacity_qty={f"W{k}": float(mean.sum()) for k in range(5)},
        supplier_closed={
            f"P{k}": ((dt.date(2025, 6, 16), dt.date(2025, 6, 22)),) for k in range(3, 200, 20)
        },
        pallet_qty={f"S{k}": 96.0 for k in range(0, options.rows // 5, 5)},
        pallets_of=frozenset(f"P{k}" for k in range(5, 200, 20)),
        part_pallet_amount=20.0,
        transfer=TransferTerms(),
    )
    further = {
        "substitutes": pd.DataFrame(
            {
                "sku_id": [f"S{10 * k}" for k in range(options.rows // 200)],
                "substitute_sku_id": [f"S{10 * k + 1}" for k in range(options.rows // 200)],
                "share": 0.4,
            }
        ),
        "festivals": pd.DataFrame(
            {
                "festival": ["618"],
                "starts_on": [pd.Timestamp("2025-07-20")],
                "ends_on": [pd.Timestamp("2025-07-25")],
            }
        ),
    }
    with PeakMemory() as memory:
        begun, spent = time.monotonic(), time.process_time()
        made = make_plan(position, cumulative, as_of=AS_OF, cutoff=CUTOFF, policy=policy, **further)
        seconds, spent = time.monotonic() - begun, time.process_time() - spent
    orders = made.orders
    print(f"{len(orders)} rows, {spent:.1f} s of processor time")
    print(f"seconds: {seconds:.1f} (limit {LIMIT_SECONDS})")
    print(f"peak_gib: {memory.gib:.2f}")
    print(f"rows to order: {int((orders['order_qty'] > 0).sum())}, moves: {len(made.transfers)}")
    print(f"rows pre-built for a festival: {int((orders['prebuild_qty'] > 0).sum())}")
    print(f"rows with moved demand: {int((orders['moved_demand_qty'] > 0).sum())}")
    for name, count in orders["bound_by"].value_counts().drop("", errors="ignore").items():
        print(f"bound by {name}: {count} rows")
    return 0 if seconds < LIMIT_SECONDS else 1


def drawn_position(n: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Stock and masters of `n` rows (five warehouses), and their demand per week (n,)."""
    rng = np.random.default_rng(7)
    mean = rng.gamma(0.8, 12, n)
    sku = np.array([f"S{k // 5}" for k in range(n)])
    warehouse = np.array([f"W{k % 5}" for k in range(n)])
    is_due = rng.random(n) < 0.3
    due = pd.Timestamp(AS_OF) + pd.to_timedelta(rng.integers(1, 40, n), unit="D")
    frame = pd.DataFrame(
        {
            "unique_id": pd.Series(sku) + "@" + warehouse,
            "sku_id": sku,
            "warehouse_id": warehouse,
            "supplier_id": [f"P{k}" for k in rng.integers(0, 200, n)],
            "supplier_name": "supplier",
            "sku_name": "name",
            "category": "milk",
            "abc_class": rng.choice(["A", "B", "C"], n),
            "on_hand": np.floor(mean * rng.uniform(0, 5, n)),
            "reserved": np.floor(mean * 0.05),
            "on_order": np.where(is_due, np.floor(mean * 2), 0.0),
            "next_expected_on": pd.Series(due).where(is_due),
            "stock_snapshot_date": pd.Timestamp(AS_OF),
            "lead_time_days": rng.integers(3, 30, n).astype(float),
            "lead_time_sd_days": rng.uniform(0, 5, n),
            "review_period_days": 7.0,
            "moq": rng.choice([1.0, 12.0, 48.0], n),
            "pack_size": rng.choice([1.0, 4.0, 6.0, 12.0], n),
            "unit_cost_amount": rng.lognormal(3.5, 0.8, n),
            "shelf_life_days": rng.choice([np.nan, 180.0, 540.0], n),
            "discontinued_on": pd.NaT,
            "has_stock_snapshot": True,
            "is_stock_guessed": False,
            "has_supplier_terms": True,
            "last_26w_demand_qty": mean * 26,
        }
    )
    return frame, mean


def drawn_forecast(position: pd.DataFrame, mean: np.ndarray) -> pd.DataFrame:
    """The sums over 1 to WEEKS weeks of every row, with quantiles."""
    periods = np.tile(np.arange(1, WEEKS + 1), len(position))
    sums = np.repeat(mean, WEEKS) * periods
    quantiles = {name: np.maximum(sums + z * np.sqrt(3 * sums), 0) for name, z in SCORES.items()}
    unique_id = np.repeat(position["unique_id"].to_numpy(object), WEEKS)
    head = {"unique_id": unique_id, "cutoff": CUTOFF, "periods": periods, "y_hat": sums}
    return pd.DataFrame(head | quantiles)


if __name__ == "__main__":
    raise SystemExit(main())
