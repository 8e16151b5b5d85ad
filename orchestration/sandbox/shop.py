"""A small generated mother-and-baby shop that lands its extracts in the generic format."""

import shutil
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from orchestration.sandbox import extracts
from orchestration.sandbox.catalogue import catalogue
from orchestration.sandbox.files import land
from orchestration.sandbox.households import households, wishes
from orchestration.sandbox.promotions import discount_grid, festivals, promotion_plan
from orchestration.sandbox.stockroom import WAREHOUSES, flow

LAST_DAY = date(2026, 6, 28)
_PROMOTIONS_KNOWN_AHEAD = timedelta(days=120)


@dataclass(frozen=True)
class ShopNote:
    """What was generated, for people and for tests."""

    as_of: date
    first_day: date
    skus: int
    series: int
    customers: int
    order_lines: int
    lost_lines: int
    stockout_share: float
    purchase_orders: int
    files: int


def generate(
    landing: Path,
    *,
    seed: int = 7,
    last_day: date = LAST_DAY,
    days: int = 728,
    household_count: int = 12_000,
    tenant: str = "demo",
    shop_id: str = "shop1",
) -> ShopNote:
    """Write `days` days of one shop, ending on `last_day`, below `landing`.

    History lands in monthly files, the last 28 days daily. Equal arguments give equal bytes; an
    earlier landing of the same shop is replaced.
    """
    first = last_day - timedelta(days=days - 1)
    rng = np.random.default_rng(seed)
    goods = catalogue(rng, days)
    fairs = festivals(first - timedelta(days=500), last_day + _PROMOTIONS_KNOWN_AHEAD)
    plan = promotion_plan(goods, rng, first=first, last=last_day + _PROMOTIONS_KNOWN_AHEAD)
    discount, promotion = discount_grid(plan, goods.skus.height, days)
    people = households(rng, household_count, first=first, days=days, fairs=fairs)
    wanted = wishes(rng, people, goods, first=first, days=days, fairs=fairs, discount=discount)
    place = people.warehouse[wanted.household]
    moved = flow(
        rng, goods, wanted, place, days=days, fair_days=_fair_days(fairs, first, days + 90)
    )
    world = extracts.World(
        first, last_day, goods, people, wanted, place, moved, plan, discount, promotion
    )
    frames = {
        "order_lines": extracts.order_lines(world, rng),
        "stock": extracts.stock(world),
        "purchase_orders": extracts.purchase_orders(world),
        "skus": extracts.skus(world),
        "suppliers": extracts.suppliers(world),
        "promotions": extracts.promotions(world),
    }
    shop = landing / tenant / "generic" / shop_id
    if shop.exists():
        shutil.rmtree(shop)
    files = sum(
        land(shop, name, frame, first=first, last_day=last_day) for name, frame in frames.items()
    )
    _disturb(shop, last_day)
    lines = frames["order_lines"].unique(["order_id", "line_id"])
    sellable = moved.on_hand[:, ~goods.array("is_sampler")]
    return ShopNote(
        as_of=last_day,
        first_day=first,
        skus=goods.skus.height,
        series=lines.select(pl.struct("sku_id", "warehouse_id").n_unique()).item(),
        customers=lines["customer_id"].n_unique(),
        order_lines=lines.height,
        lost_lines=int((~moved.sold).sum()),
        stockout_share=float(_stockout_share(sellable, goods, days)),
        purchase_orders=moved.orders.height,
        files=files + 1,
    )


def _fair_days(fairs, first: date, days: int) -> np.ndarray:
    marked = np.zeros(days)
    for fair in fairs:
        marked[max((fair.starts_on - first).days, 0) : max((fair.ends_on - first).days + 1, 0)] = (
            2 * fair.pull
        )
    return marked


def _stockout_share(on_hand, goods, days: int) -> float:
    kept = goods.skus.filter(~pl.col("is_sampler"))
    day = np.arange(days)[:, None]
    on_sale = (day >= kept["launched"].to_numpy()) & (day < kept["discontinued"].to_numpy())
    empty = (on_hand <= 0) & on_sale[:, :, None]
    return empty.sum() / (on_sale.sum() * len(WAREHOUSES))


def _disturb(shop: Path, last_day: date) -> None:
    """What every shop's extracts have sooner or later: broken rows and a file pulled twice."""
    broken_day = last_day - timedelta(days=2)
    broken = shop / "order_lines" / f"{broken_day:%Y-%m-%d}" / "order_lines.csv"
    if broken.exists():
        fields = broken.read_text(encoding="utf-8").split("\n", 1)[0].split(",")
        with broken.open("a", encoding="utf-8") as file:
            for row in _broken_rows(fields, datetime.combine(broken_day, datetime.min.time())):
                file.write(row + "\n")
    pulled = shop / "order_lines" / f"{last_day - timedelta(days=5):%Y-%m-%d}" / "order_lines.csv"
    again = shop / "order_lines" / f"{last_day - timedelta(days=4):%Y-%m-%d}"
    if pulled.exists() and again.exists():
        shutil.copyfile(pulled, again / "order_lines_pulled_again.csv")


def _broken_rows(fields: list[str], day: datetime) -> list[str]:
    sound = {
        "order_id": "B000000001",
        "line_id": "1",
        "customer_id": "u000000",
        "sku_id": "100001",
        "warehouse_id": WAREHOUSES[0],
        "paid_at": f"{day:%Y-%m-%d} 12:00:00",
        "qty": "1",
        "paid_amount": "99.00",
        "lifecycle": "paid",
    }
    wrong = (
        {"order_id": "B000000001", "qty": "-2"},
        {"order_id": "B000000002", "qty": "两件"},
        {"order_id": "B000000003", "paid_at": "2026/13/45 12:00"},
        {"order_id": "B000000004", "paid_amount": "-"},
        {"order_id": "7.12E+17"},
    )
    rows = [",".join({**sound, **change}.get(name, "") for name in fields) for change in wrong]
    return [*rows, "B000000006,1,u000000,100001"]
