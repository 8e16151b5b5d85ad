"""What the shelves allow: stock falls with sales, and a simple planner refills it, often late."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from orchestration.sandbox.catalogue import Catalogue
from orchestration.sandbox.households import Wishes

WAREHOUSES = ("hangzhou", "guangzhou")


@dataclass(frozen=True)
class Flow:
    """`sold` marks the wishes that stock could serve; `on_hand` is the stock at each day's end by
    day, SKU and warehouse; `orders` are the purchase orders in days from the first."""

    sold: np.ndarray
    on_hand: np.ndarray
    orders: pl.DataFrame


def flow(
    rng: np.random.Generator,
    goods: Catalogue,
    wanted: Wishes,
    warehouse: np.ndarray,
    *,
    days: int,
    fair_days: np.ndarray,
) -> Flow:
    """Serve the wishes day by day; `warehouse` is each wish's, `fair_days` marks festivals.

    An order-up-to rule on trailing sales reviews each supplier on its weekday. It knows the
    festivals but misjudges them, and suppliers are late at random, so shelves run empty.
    """
    terms = _Terms(goods)
    size = (goods.skus.height, len(WAREHOUSES))
    series = wanted.sku * size[1] + warehouse
    order = np.lexsort((rng.random(len(series)), series, wanted.day))
    first_of_day = np.searchsorted(wanted.day[order], np.arange(days + 1))
    opening = np.bincount(series[wanted.day < 56], wanted.qty[wanted.day < 56], np.prod(size))
    on_hand = np.ceil(opening.reshape(size) / 56 * (terms.lead + 20)[:, None] + 6)
    on_hand[goods.array("launched") > 0] = 0
    recent = np.tile(opening.reshape(size) / 56, (35, 1, 1))
    arriving = np.zeros((days + 200, *size))
    on_order = np.zeros(size)
    sold = np.zeros(len(series), dtype=bool)
    levels, orders = np.zeros((days, *size)), []
    for day in range(days):
        on_hand += arriving[day]
        on_order -= arriving[day]
        today = order[first_of_day[day] : first_of_day[day + 1]]
        served = _serve(on_hand.reshape(-1), series[today], wanted.qty[today])
        sold[today] = served
        out = np.bincount(series[today[served]], wanted.qty[today[served]], on_hand.size)
        on_hand = on_hand - out.reshape(size)
        recent[day % 35] = out.reshape(size)
        levels[day] = on_hand
        quantity = _to_order(rng, goods, terms, on_hand + on_order, recent, day, fair_days)
        for sku, place in np.argwhere(quantity > 0):
            due, lead = int(terms.lead[sku]), terms.draw(rng, sku)
            arriving[min(day + lead, len(arriving) - 1), sku, place] += quantity[sku, place]
            orders.append((sku, place, day, day + due, day + lead, quantity[sku, place]))
        on_order += quantity
    schema = ["sku", "place", "ordered", "expected", "received", "qty"]
    return Flow(sold, levels, pl.DataFrame(orders, schema=schema, orient="row"))


def _serve(stock: np.ndarray, series: np.ndarray, qty: np.ndarray) -> np.ndarray:
    """First come, first served within each series; `series` is sorted. A line is whole or lost."""
    if not len(series):
        return np.zeros(0, dtype=bool)
    total = qty.cumsum()
    starts = np.r_[True, series[1:] != series[:-1]]
    before = np.maximum.accumulate(np.where(starts, total - qty, 0))
    return total - before <= stock[series]


class _Terms:
    """Supplier terms spread over the SKUs."""

    def __init__(self, goods: Catalogue) -> None:
        spread = goods.skus.select("supplier").join(
            goods.suppliers,
            left_on="supplier",
            right_on="supplier_id",
            how="left",
            maintain_order="left",
        )
        self.lead = spread["lead"].to_numpy()
        self.lead_sd = spread["lead_sd"].to_numpy()
        self.review = spread["review"].to_numpy()
        self.pack = spread["pack"].to_numpy()
        self.moq = self.pack * spread["cartons"].to_numpy()

    def draw(self, rng: np.random.Generator, sku: int) -> int:
        """One lead time in days; one in twenty is badly late."""
        spread = (self.lead_sd[sku] / self.lead[sku]) ** 2
        lead = self.lead[sku] * rng.gamma(1 / spread, spread)
        return max(int(round(lead + (rng.random() < 0.05) * rng.uniform(10, 25))), 2)


def _to_order(rng, goods, terms, position, recent, day, fair_days) -> np.ndarray:
    supplier = np.unique(goods.array("supplier"), return_inverse=True)[1]
    due = (day + supplier) % terms.review == 0
    due &= (day >= goods.array("launched") - terms.lead) & (day < goods.array("discontinued") - 21)
    cover = terms.lead + terms.review + 1
    ahead = np.array([fair_days[day : day + int(c)].mean() for c in cover])
    expectation = (
        recent.mean(axis=0) * (1 + 0.8 * ahead * rng.uniform(0.2, 1.6, len(cover)))[:, None]
    )
    fresh = (day < goods.array("launched") + 35)[:, None]
    expectation = np.where(fresh, np.maximum(expectation, 0.6), expectation)
    level = np.ceil(expectation * cover[:, None] + 0.3 * np.sqrt(expectation * cover[:, None]))
    short = np.where(due[:, None], level - position, 0)
    packs = np.ceil(np.maximum(short, np.minimum(terms.moq, 1e9)[:, None]) / terms.pack[:, None])
    return np.where(short > 0, packs * terms.pack[:, None], 0)
