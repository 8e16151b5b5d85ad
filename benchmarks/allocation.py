"""Allocation of 100,000 SKU-warehouse rows under budget, suppliers and warehouses, and its gap.

python -m benchmarks.allocation [--rows 100000] [--checked 3000]
"""

import argparse
import time

import numpy as np

from benchmarks.memory import PeakMemory
from ml.replenishment.allocation import Limits, Offers, allocate
from ml.replenishment.exact_allocation import best_value
from ml.replenishment.marginal import DemandCdf

LIMIT_SECONDS = 60
LEVELS = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99])
SCORES = np.array([-1.645, -1.282, -0.674, 0.0, 0.674, 1.282, 1.645, 2.326])


def main() -> int:
    """Measure, print, and return 1 if the time does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--checked", type=int, default=3_000)
    options = parser.parse_args()
    with PeakMemory() as memory:
        offers = drawn(options.rows, 7)
        limits = tight(offers)
        begun, spent = time.monotonic(), time.process_time()
        found = allocate(offers, limits)
        seconds, spent = time.monotonic() - begun, time.process_time() - spent
    print(f"{options.rows} rows, {len(found.taken)} blocks, {spent:.1f} s of processor time")
    print(f"seconds: {seconds:.1f} (limit {LIMIT_SECONDS})")
    print(f"peak_gib: {memory.gib:.2f}")
    for name in ("budget", "supplier_capacity", "warehouse_capacity"):
        print(f"cut by {name}: {int((found.bound_by == name).sum())} rows")
    small = drawn(options.checked, 8)
    limits = tight(small)
    begun = time.monotonic()
    found = allocate(small, limits)
    greedy = time.monotonic() - begun
    begun = time.monotonic()
    bound = best_value(found, small, limits, seconds=20.0)
    print(
        f"{options.checked} rows: list {greedy:.2f} s, solver {time.monotonic() - begun:.1f} s, "
        f"gap to the solver's bound {1 - found.value / bound:.4%}"
    )
    return 0 if seconds < LIMIT_SECONDS else 1


def drawn(n: int, seed: int) -> Offers:
    """Rows of a shop: skewed demand, packs and MOQs, 200 suppliers, 5 warehouses."""
    rng = np.random.default_rng(seed)
    mean = rng.gamma(0.8, 60, n)
    quantiles = np.maximum(mean[:, None] + SCORES * np.sqrt(3 * mean)[:, None], 0)
    cost = rng.lognormal(3.5, 0.8, n)
    return Offers(
        position=np.floor(mean * rng.uniform(0, 1.2, n)),
        cdf=DemandCdf.from_quantiles(quantiles, LEVELS),
        gain=rng.uniform(0.2, 0.6, n) * cost,
        loss=rng.uniform(0.01, 0.06, n) * cost,
        pack_size=rng.choice([1, 4, 6, 12, 24], n),
        moq=rng.choice([0, 1, 12, 48], n),
        unit_cost=cost,
        supplier=rng.integers(0, 200, n),
        warehouse=rng.integers(0, 5, n),
        unit_room=rng.uniform(0.5, 2, n),
        most=np.full(n, np.inf),
    )


def tight(offers: Offers) -> Limits:
    """Less money than the rows would like, and suppliers and warehouses some of which are short."""
    rng = np.random.default_rng(9)
    wish = allocate(offers).qty
    supplied = np.bincount(offers.supplier, wish, minlength=200)
    stored = np.bincount(offers.warehouse, wish * offers.unit_room, minlength=5)
    return Limits(
        budget=0.7 * float((wish * offers.unit_cost).sum()),
        supplier_units=rng.uniform(0.3, 1.1, 200) * supplied,
        warehouse_room=rng.uniform(0.4, 0.9, 5) * stored,
    )


if __name__ == "__main__":
    raise SystemExit(main())
