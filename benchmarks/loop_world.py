"""The sandbox's households lived through once, then again with each planted change."""

import copy
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from benchmarks.loop_books import Books
from orchestration.sandbox.world import Disturbance, World, WorldConfig
from orchestration.sandbox.world.catalogue import CATEGORIES

PAST, WATCHED, AHEAD = 104, 26, 4
WEEKS = PAST + WATCHED + AHEAD
PLATFORMS = ("taobao", "jd", "douyin", "xiaohongshu")
# kind, strength: a price war of 0.8 takes some four in ten of a category's customers
PLANTED = {
    "up": ("brand_shift", 1.6),
    "down": ("brand_shift", 0.5),
    "price_war": ("price_war", 0.8),
    "mix": ("mix_shift", 0.9),
}
CHANGES = (*PLANTED, "dark")
DARK_WEEKS = 3
HOUSEHOLDS = 20_000  # the sandbox's small shop, that of the demo
# watched: January to June, or July to December
FIRST_DAYS = (date(2024, 1, 1), date(2024, 7, 1))


@dataclass(frozen=True)
class ShopWeeks:
    """What the shop sees of its series (SKU and warehouse) in WEEKS weeks, and what is true.

    `y` (n, WEEKS): units of paid orders, by week of payment, as dbt counts demand; `seen`: the
    same as the extracts tell it while a platform is dark; `wanted`: units that households wanted,
    which no shop sees. `is_stockout`: on less than four fifths of a week's days the shelf held
    some; so are weeks in which the SKU is not on sale, and the last AHEAD, which nobody lives to
    see. `discount` (n, WEEKS) and `plans` (WEEKS, features): what is planned, see Books.
    `is_event`: weeks that a festival touches; `is_peak`: days of its peaks. `rows` (days,
    platforms): order lines that land each day. `static`: unique_id, brand_id, category,
    warehouse_id. `changed_at`: first week of the change; `is_moved` (n,): whose demand it moves,
    of a mix those that gain.
    """

    y: np.ndarray
    seen: np.ndarray
    wanted: np.ndarray
    is_stockout: np.ndarray
    is_on_sale: np.ndarray
    discount: np.ndarray
    plans: np.ndarray
    is_event: np.ndarray
    is_peak: np.ndarray
    rows: np.ndarray
    static: pd.DataFrame = field(repr=False)
    monday: pd.DatetimeIndex = field(repr=False)
    changed_at: int
    is_moved: np.ndarray

    def realised(self, quiet: "ShopWeeks") -> float:
        """What the change made of the demand that it moves, from its first week to the last."""
        since = (self.is_moved, slice(self.changed_at, PAST + WATCHED))
        if not self.is_moved.any():
            return 1.0
        return float(self.wanted[since].sum() / quiet.wanted[since].sum())


def make_shops(
    seed: int, changes: tuple[str, ...] = CHANGES, *, households: int = HOUSEHOLDS
) -> dict[str, ShopWeeks]:
    """One shop per change, and "quiet": all are one until the change, in the 5th to 12th week.

    up, down: one brand's demand x1.6 or x0.5. price_war: a rival takes customers of one category.
    mix: half the SKUs of one category win what the others lose. These last to the end. dark: the
    rows of one platform stop for three weeks and then land late; nobody buys less for it.
    Quiet is not still: it has festivals, weeks of a brand, rivals' own small wars, live sessions,
    late suppliers, births and deaths of SKUs, customers that come, stay and leave.
    """
    config = WorldConfig(
        seed=seed,
        first_day=FIRST_DAYS[seed % 2],
        days=7 * (PAST + WATCHED),
        households=households,
    )
    rng = np.random.default_rng([seed, 7])
    at = int(rng.integers(PAST + 4, PAST + 12))
    world = World(config)
    brand = str(rng.choice(world.goods.brands))
    category, gone = str(rng.choice(CATEGORIES)), int(rng.integers(len(PLATFORMS)))
    books = Books(world, WEEKS)
    _live(world, books, 7 * at)
    shops = {}
    for change in [c for c in changes if c in PLANTED]:
        kind, strength = PLANTED[change]
        target = brand if kind == "brand_shift" else category
        changed, its_books = world.fork(), copy.deepcopy(books)
        changed.disturb(Disturbance(kind, world.today, config.days, target, strength))
        _live(changed, its_books, config.days)
        shops[change] = _shop_weeks(its_books, at, _moved(changed, its_books, kind, target))
    _live(world, books, config.days)
    nothing = np.zeros(len(books.static), bool)
    shops["quiet"] = _shop_weeks(books, at, nothing)
    if "dark" in changes:
        shops["dark"] = _shop_weeks(books, at, nothing, gone=gone)
    return shops


def _live(world: World, books: Books, until: int) -> None:
    while world.day < until:
        world.advance()
        books.close_day(world)


def _moved(world: World, books: Books, kind: str, target: str) -> np.ndarray:
    if kind == "mix_shift":
        return world.market.appeal[-1, books.sku] > 0
    column = "brand_id" if kind == "brand_shift" else "category"
    return (books.static[column] == target).to_numpy()


def _shop_weeks(
    books: Books, at: int, is_moved: np.ndarray, *, gone: int | None = None
) -> ShopWeeks:
    """`gone`: the platform whose rows are dark from week `at` on."""
    by_platform, rows = books.sold(PLATFORMS), books.landed(PLATFORMS)
    y = by_platform.sum(axis=2)
    seen = y
    if gone is not None:
        rows[at * 7 : (at + DARK_WEEKS) * 7, gone] = 0
        seen = y.copy()
        seen[:, at : at + DARK_WEEKS] -= by_platform[:, at : at + DARK_WEEKS, gone]
    is_on_sale = books.on_sale()
    is_over = np.arange(WEEKS) < PAST + WATCHED
    return ShopWeeks(
        y=y,
        seen=seen,
        wanted=books.wanted(),
        is_stockout=books.stockout() | ~is_on_sale | ~is_over,
        is_on_sale=is_on_sale,
        discount=books.discount(),
        plans=books.plans(),
        is_event=books.is_event,
        is_peak=books.is_peak,
        rows=rows,
        static=books.static,
        monday=pd.date_range(books.first_day, periods=WEEKS, freq="W-MON"),
        changed_at=at,
        is_moved=is_moved,
    )
