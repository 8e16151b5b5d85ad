"""How fast the churn outlook scores: a million customers at once, and one through the registry.

python -m benchmarks.churn_speed [--customers 1000000] [--calls 300]
"""

import argparse
import gc
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from benchmarks.memory import PeakMemory
from ml.churn.evaluation import population
from ml.churn.model import ChurnModel
from ml.churn.order_log import OrderLog, customer_slices
from ml.churn.outlook import EXTRAS, Outlook, with_extras
from ml.registry import Registry

LIMIT_MS = 50.0
COLD_CALLS = 10
TRAINED_ON = 3_000
LAST_DAY = pd.Timestamp("2026-06-28")
DAYS = 540
CATEGORIES = np.array(["diapers", "formula", "food", "wipes", "toys", "care"])


def make_orders(customers: int, *, seed: int = 7) -> pd.DataFrame:
    """An order log of households with rhythms of their own that stop for good after a while."""
    draw = np.random.default_rng(seed)
    gap = draw.lognormal(3.3, 0.5, customers)
    begun = draw.uniform(0, DAYS, customers)
    most = 12
    waits = draw.gamma(3.0, gap[:, None] / 3, (customers, most))
    waits[:, 0] = 0
    when = begun[:, None] + np.cumsum(waits, axis=1)
    bought = (when < DAYS) & (when <= (begun + draw.exponential(250, customers))[:, None])
    who = np.nonzero(bought)[0]
    return pd.DataFrame(
        {
            "customer_id": np.char.add("c_", np.char.zfill(who.astype(str), 8)),
            "ordered_at": LAST_DAY - pd.to_timedelta(DAYS - 1 - when[bought].astype(int), "D"),
            "amount": draw.lognormal(5.0, 0.6, len(who)).round(2),
            "category": CATEGORIES[draw.integers(0, len(CATEGORIES), len(who))],
        }
    )


def learn(seed: int = 7) -> Outlook:
    """A stack and everything beside it, learnt on a small shop."""
    log = OrderLog.of(make_orders(TRAINED_ON, seed=seed + 1))
    slices = [LAST_DAY - pd.Timedelta(days=28 * back) for back in range(10)]
    features = with_extras(customer_slices(log, slices), None, None)
    return Outlook.learn(
        ChurnModel("stack", extras=EXTRAS),
        features,
        log.events,
        outcome_days=60,
        last_day=LAST_DAY,
        say=lambda _: None,
    )


def registered(outlook: Outlook, folder: Path) -> Registry:
    """A registry kept in `folder` whose champion is the outlook."""
    registry = Registry(f"sqlite:///{folder}/mlflow.db", folder / "artifacts")
    outlook.save(folder / "model")
    made = registry.record(
        "churn", folder=folder / "model", params={}, metrics={}, tags={}, tables={}
    )
    registry.set_alias("churn", "champion", made)
    return registry


def one_at_a_time(registry: Registry, calls: int) -> dict[str, np.ndarray]:
    """Milliseconds of each call that scores one customer, by the clock and of the processor.

    The model comes out of the registry as a service would load it, once; a call is handed the
    customer's row of feat_customer and purchase days, and answers with score and reasons.
    """
    log = OrderLog.of(make_orders(calls, seed=99))
    rows = with_extras(customer_slices(log, [LAST_DAY]), None, None)
    model = ChurnModel.load(registry.fetch(registry.champion("churn")), threads=1)
    events = {customer: days for customer, days in log.events.groupby("customer_id")}
    taken = {"clock": [], "processor": []}
    for start in range(len(rows)):
        row = rows.iloc[start : start + 1]
        mine = events[row["customer_id"].iloc[0]]
        began, worked = time.perf_counter(), time.process_time()
        model.predict(row, mine)
        taken["processor"].append(1000 * (time.process_time() - worked))
        taken["clock"].append(1000 * (time.perf_counter() - began))
    # the first calls find cold caches: a service would have made them before it serves
    return {name: np.asarray(times[COLD_CALLS:]) for name, times in taken.items()}


def all_at_once(outlook: Outlook, customers: int) -> dict[str, float]:
    """Seconds and GiB of making the inputs of `customers` and of scoring them."""
    orders = make_orders(customers)
    began = time.perf_counter()
    log = OrderLog.of(orders)
    del orders
    rows = with_extras(customer_slices(log, [LAST_DAY]), None, None)
    prepared = time.perf_counter() - began
    gc.collect()
    with PeakMemory() as memory:
        began, worked = time.perf_counter(), time.process_time()
        scored = outlook.predict(rows, log.events)
        seconds, processor = time.perf_counter() - began, time.process_time() - worked
    return {
        "customers": len(scored),
        "reachable": len(population(rows)),
        "purchase_days": len(log.events),
        "features_s": prepared,
        "scoring_s": seconds,
        "processor_s": processor,
        "peak_gib": memory.gib,
    }


def main() -> int:
    """Print both; return 1 when one customer takes longer than 50 ms at the 99th percentile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--calls", type=int, default=300)
    options = parser.parse_args()
    outlook = learn()
    with TemporaryDirectory() as scratch:
        taken = one_at_a_time(registered(outlook, Path(scratch)), options.calls)
    slow = float(np.quantile(taken["clock"], 0.99))
    told = (
        f"median {np.median(times):.1f}, p99 {np.quantile(times, 0.99):.1f} ms by the {name}"
        for name, times in taken.items()
    )
    print(
        f"one customer, score and reasons by the registered stack, {options.calls} calls: "
        f"{'; '.join(told)} (limit {LIMIT_MS:.0f} ms at p99)",
        flush=True,
    )
    if options.customers:
        found = all_at_once(outlook, options.customers)
        print(
            f"{found['customers']:,} customers with {found['purchase_days']:,} purchase days: "
            f"features in {found['features_s']:.0f} s, everything said of them in "
            f"{found['scoring_s']:.0f} s ({found['processor_s']:.0f} s of the processor), at most "
            f"{found['peak_gib']:.1f} GiB in memory"
        )
    return 0 if slow < LIMIT_MS else 1


if __name__ == "__main__":
    raise SystemExit(main())
