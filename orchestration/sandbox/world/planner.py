"""Who orders: what a policy sees each morning, and the planner that orders when none is given."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from orchestration.sandbox.world.calendar import Calendar
from orchestration.sandbox.world.catalogue import NEVER, Catalogue
from orchestration.sandbox.world.shelf import RECENT, WAREHOUSES, Shelf


@dataclass(frozen=True)
class State:
    """What can be known at the start of `day`; arrays are [SKU, warehouse] or [SKU].

    `sold` and `in_stock` are [day, SKU, warehouse] for the last 56 days, oldest first.
    """

    day: date
    day_no: int
    sku_codes: np.ndarray
    warehouses: tuple[str, ...]
    on_hand: np.ndarray
    reserved: np.ndarray
    in_transit: np.ndarray
    sold: np.ndarray
    in_stock: np.ndarray
    lead_time_days: np.ndarray
    review_period_days: np.ndarray
    pack_size: np.ndarray
    moq: np.ndarray
    unit_cost_cents: np.ndarray
    launched: np.ndarray
    discontinued: np.ndarray
    stocked: np.ndarray

    @property
    def position(self) -> np.ndarray:
        """Available stock and what is on its way."""
        return self.on_hand - self.reserved + self.in_transit

    def frame(self) -> pl.DataFrame:
        """One row per SKU and warehouse: stock, terms and units sold in the last 28 days."""
        skus, places = self.on_hand.shape
        flat = {name: getattr(self, name).ravel() for name in ("on_hand", "reserved", "in_transit")}
        terms = ("lead_time_days", "review_period_days", "pack_size", "moq", "unit_cost_cents")
        return pl.DataFrame(
            {
                "sku_code": np.repeat(self.sku_codes, places),
                "warehouse": np.tile(np.array(self.warehouses), skus),
                **flat,
                "available": (self.on_hand - self.reserved).ravel(),
                "sold_28": self.sold[-28:].sum(axis=0).ravel(),
                **{name: np.repeat(getattr(self, name), places) for name in terms},
                "is_orderable": self.orderable().ravel(),
            }
        )

    def orderable(self) -> np.ndarray:
        """[SKU, warehouse]: kept there, launched soon or already, not about to be given up."""
        soon = self.day_no >= self.launched - self.lead_time_days - 7
        alive = self.day_no < self.discontinued - 21
        return (soon & alive)[:, None] & self.stocked


Policy = Callable[[date, State], pl.DataFrame]


def state_of(shelf: Shelf, goods: Catalogue, calendar: Calendar, day: int) -> State:
    """Everything a policy may look at on the morning of `day`."""
    order = (np.arange(RECENT) + day) % RECENT
    stocked = np.stack([np.ones(len(goods), dtype=bool), goods.second_warehouse], axis=1)
    return State(
        day=calendar.day(day),
        day_no=day,
        sku_codes=goods.code,
        warehouses=WAREHOUSES,
        on_hand=shelf.on_hand.copy(),
        reserved=shelf.reserved.copy(),
        in_transit=shelf.in_transit.copy(),
        sold=shelf.recent[order],
        in_stock=shelf.open_days[order],
        lead_time_days=goods.lead,
        review_period_days=goods.review,
        pack_size=goods.pack,
        moq=goods.moq,
        unit_cost_cents=goods.cost_cents,
        launched=goods.launched,
        discontinued=np.where(goods.discontinued == NEVER, 10 * NEVER, goods.discontinued),
        stocked=stocked,
    )


class HabitPlanner:
    """Orders up to recent sales over the lead time, with too little thought for festivals.

    It averages the last 28 days, making up for a part of the stock-outs, guesses how much a coming
    festival adds and reviews each supplier on its weekday.
    """

    def __init__(self, goods: Catalogue, calendar: Calendar, seed: int) -> None:
        self.goods, self.calendar, self.seed = goods, calendar, seed

    def __call__(self, _day: date, state: State) -> np.ndarray:
        """Units to order by SKU and warehouse."""
        goods, no = self.goods, state.day_no
        rng = np.random.default_rng([self.seed, no, 5])
        due = (no + goods.supplier) % goods.review == 0
        if not due.any():
            return np.zeros(state.on_hand.shape, dtype=np.int64)
        cover = goods.lead + goods.review
        reach = np.minimum(no + cover, len(self.calendar.pull) - 1)
        summed = np.r_[0, np.cumsum(self.calendar.pull + 2.2 * self.calendar.peak)]
        ahead = (summed[reach] - summed[no]) / cover
        past = (summed[no] - summed[max(no - 28, 0)]) / 28
        open_share = np.maximum(state.in_stock[-28:].mean(axis=0), 0.7)
        mean = state.sold[-28:].mean(axis=0) / open_share
        guess = rng.uniform(0.3, 1.7, len(goods))
        lift = (1 + 2.9 * ahead * guess) / (1 + 1.1 * past)
        fresh = (no < goods.launched + 35)[:, None]
        usual = np.median(mean[mean > 0]) if (mean > 0).any() else 0.5
        mean = np.where(fresh, np.maximum(mean, 0.6 * usual), mean) * lift[:, None]
        need = mean * cover[:, None]
        level = np.ceil(1.15 * need + 1.4 * np.sqrt(need))
        short = np.where(due[:, None] & state.orderable(), level - state.position, 0)
        packs = np.ceil(np.maximum(short, goods.moq[:, None]) / goods.pack[:, None])
        return np.where(short > 0, packs * goods.pack[:, None], 0).astype(np.int64)
