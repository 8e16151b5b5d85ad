"""A sandbox shop's books, week by week, straight from its world: no extracts, no dbt."""

import numpy as np
import pandas as pd

from orchestration.sandbox.world import World
from orchestration.sandbox.world.catalogue import CATEGORIES
from orchestration.sandbox.world.listings import PLATFORMS
from orchestration.sandbox.world.orders import DAY, PRESALE, SALE
from orchestration.sandbox.world.shelf import WAREHOUSES

_IN_STOCK_SHARE = 0.8  # of a week's days, as dbt's stockout_below_share
_LATE_PAYMENTS = 60  # days
_READ = ("orders", "order_lines", "order_components", "demand")


class Books:
    """Counts each day of a world; series are the SKUs that are sold, in each warehouse.

    `static`: unique_id, brand_id, category, warehouse_id; ids are numbers, which sort and group
    several times faster than text. `sku` (n,): the SKU of each series. `is_event`: weeks that a
    festival or its deposits touch; `is_peak`: days.
    """

    def __init__(self, world: World, weeks: int) -> None:
        goods, calendar = world.goods, world.calendar
        days = 7 * weeks
        self.first_day, self.weeks = calendar.first, weeks
        kept = np.stack([~goods.is_sampler, ~goods.is_sampler & goods.second_warehouse], axis=1)
        self.sku, self._place = np.nonzero(kept)
        shape = (len(goods), len(WAREHOUSES))
        self._sold = np.zeros((days + _LATE_PAYMENTS, *shape, len(PLATFORMS)))
        self._wanted = np.zeros((days, *shape))
        self._on_hand = np.zeros((days, *shape))
        self._rows = np.zeros((days, len(PLATFORMS)))
        self._starts, self._ends = goods.launched, goods.discontinued
        self._discount = world.market.discount[:days] / 100
        self._festival, self._paused = calendar.pull[:days] > 0, calendar.paused[:days]
        self._deposit = calendar.balance_on[:days] > np.arange(days)
        self.is_peak = calendar.peak[:days] > 0
        self.is_event = (self._festival | self._deposit).reshape(-1, 7).any(axis=1)
        self.static = pd.DataFrame(
            {
                "unique_id": np.arange(len(self.sku)),
                "brand_id": np.array(goods.brands)[goods.brand[self.sku]],
                "category": np.array(CATEGORIES)[goods.category[self.sku]],
                "warehouse_id": np.array(WAREHOUSES)[self._place],
            }
        )

    def close_day(self, world: World) -> None:
        """Count the day that `world` has just lived."""
        day, booked = world.day - 1, world.ledger.take(*_READ)
        self._on_hand[day] = world.shelf.on_hand
        if "demand" in booked:
            told = booked["demand"]
            # a wish that is put off is counted on the day on which it is last uttered
            qty = told["wanted_qty"] - told["postponed_qty"]
            np.add.at(self._wanted[day], (told["sku"], told["warehouse"]), qty)
        if "orders" not in booked:
            return
        orders, parts = booked["orders"], booked["order_components"]
        shop = world.offers.shop[booked["order_lines"]["variant"]]
        self._rows[day] = np.bincount(shop, minlength=len(PLATFORMS))
        order = parts["number"] - orders["number"][0]
        counts = np.isin(orders["kind"], (SALE, PRESALE)) & (orders["paid"] >= 0)
        some = counts[order]
        paid_on = (orders["paid"] // DAY)[order[some]]
        inside = paid_on < len(self._sold)
        at = (paid_on, parts["sku"][some], parts["warehouse"][some], orders["shop"][order[some]])
        np.add.at(self._sold, tuple(a[inside] for a in at), parts["qty"][some][inside])

    def sold(self, platforms: tuple[str, ...]) -> np.ndarray:
        """Units of paid orders of customers (n, weeks, platforms), brush orders left out."""
        weekly = self._weekly(self._by_series(self._sold[: 7 * self.weeks])).sum(axis=2)
        return np.stack([weekly[:, :, _shops(p)].sum(axis=2) for p in platforms], axis=2)

    def wanted(self) -> np.ndarray:
        """Units that households wanted here (n, weeks), whatever they got."""
        return self._weekly(self._by_series(self._wanted)).sum(axis=2)

    def landed(self, platforms: tuple[str, ...]) -> np.ndarray:
        """Order lines (days, platforms)."""
        return np.stack([self._rows[:, _shops(p)].sum(axis=1) for p in platforms], axis=1)

    def stockout(self) -> np.ndarray:
        """Weeks (n, weeks) in which the shelf was empty on a fifth of the days or more.

        A day is empty as dbt says: at night, or the night before and nothing sold since.
        """
        empty = self._by_series(self._on_hand) <= 0
        sold = self._by_series(self._sold[: 7 * self.weeks]).sum(axis=2)
        before = np.concatenate([np.zeros_like(empty[:, :1]), empty[:, :-1]], axis=1)
        return 1 - self._weekly(empty | (before & (sold == 0))).mean(axis=2) < _IN_STOCK_SHARE

    def on_sale(self) -> np.ndarray:
        """Whole weeks (n, weeks) between a SKU's launch and its end."""
        monday = 7 * np.arange(self.weeks)
        starts, ends = self._starts[self.sku][:, None], self._ends[self.sku][:, None]
        return (monday >= starts) & (monday + 6 < ends)

    def discount(self) -> np.ndarray:
        """Planned discount rate (n, weeks), mean over the week's days."""
        return self._weekly(self._discount.T[self.sku]).mean(axis=2)

    def plans(self) -> np.ndarray:
        """What is planned for all goods together (weeks, 16): festivals, deposits, discounts, rest.

        A day's pull is the mean discount over the SKUs, squared: large festivals are deep ones.
        Columns: pull of the peaks in the week, the one after, and those before (what fills
        pantries); discount in and out of festivals; pull of deposits and of first days and of the
        weeks around them; share of days without parcels, in the week and those around it.
        """
        mean = self._discount.mean(axis=1)
        pull = 25 * mean**2  # 1 at a discount of a fifth
        before = np.concatenate([[False], self._festival[:-1]])
        peak, deposit, first, festival, discount, paused = (
            days.reshape(-1, 7).mean(axis=1)
            for days in (
                pull * self.is_peak,
                pull * self._deposit,
                pull * (self._festival & ~before),
                5 * mean * self._festival,
                5 * mean,
                self._paused.astype(float),
            )
        )
        past = [_shifted(peak, k) for k in range(1, 9)]
        return np.stack(
            [
                *(peak, _shifted(peak, -1), past[0], past[1], past[2] + past[3], sum(past[4:])),
                *(festival, discount, deposit, _shifted(deposit, 1)),
                *(first, _shifted(first, -1), _shifted(first, 1)),
                *(paused, _shifted(paused, -1), _shifted(paused, 1)),
            ],
            axis=1,
        )

    def _by_series(self, daily: np.ndarray) -> np.ndarray:
        """(days, SKU, warehouse, …) as (n, days, …)."""
        return np.moveaxis(daily[:, self.sku, self._place], 0, 1)

    def _weekly(self, daily: np.ndarray) -> np.ndarray:
        return daily.reshape(len(daily), self.weeks, 7, *daily.shape[2:])


def _shops(platform: str) -> np.ndarray:
    return np.array([p == platform for p in PLATFORMS])


def _shifted(values: np.ndarray, weeks: int) -> np.ndarray:
    """Values of `weeks` weeks earlier; zero before the first week and after the last."""
    moved = np.zeros_like(values)
    if weeks > 0:
        moved[weeks:] = values[:-weeks]
    else:
        moved[:weeks] = values[-weeks:]
    return moved
