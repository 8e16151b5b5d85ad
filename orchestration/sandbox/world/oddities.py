"""Orders that nobody paid for: creators' samples, exchanges and reissues."""

from dataclasses import dataclass, field

import numpy as np

from orchestration.sandbox.world.listings import PLATFORMS, Listings
from orchestration.sandbox.world.orders import (
    DAY,
    EXCHANGE,
    REISSUE,
    SAMPLE,
    Lines,
    Orders,
    blank_orders,
    clock,
    plain_lines,
)
from orchestration.sandbox.world.rows import Rows

CREATORS = 1 << 34
KOLS = 48
_GIVES_SAMPLES = [PLATFORMS.index("douyin"), PLATFORMS.index("xiaohongshu")]


@dataclass
class Repairs(Rows):
    """Goods to be sent again once an exchange or a complaint has been agreed."""

    day: np.ndarray
    shop: np.ndarray
    household: np.ndarray
    buyer: np.ndarray
    address: np.ndarray
    warehouse: np.ndarray
    variant: np.ndarray
    kind: np.ndarray
    origin: np.ndarray


def no_repairs() -> Repairs:
    """Nothing to send again."""
    return Repairs(*(np.zeros(0, dtype=np.int64) for _ in range(9)))


@dataclass
class Oddities:
    """Keeps repairs from one day to the next."""

    offers: Listings
    repairs: Repairs = field(default_factory=no_repairs)

    def samples(self, rng: np.random.Generator, day: int, usual: float, on_sale: np.ndarray):
        """Parcels to creators, who pay nothing."""
        able = on_sale[np.isin(self.offers.shop[on_sale], _GIVES_SAMPLES)]
        count = int(rng.poisson(0.05 + 0.006 * usual)) if len(able) else 0
        variant = rng.choice(able, count) if count else np.zeros(0, dtype=np.int64)
        kol = rng.integers(0, KOLS, count)
        shop = self.offers.shop[variant]
        created = day * DAY + clock(rng, count)
        shipped = (day + 1) * DAY + rng.integers(9 * 3600, 20 * 3600, count)
        orders = blank_orders(
            count,
            shop=shop,
            buyer=(CREATORS + kol) * 16 + shop * 2,
            address=CREATORS + kol,
            warehouse=np.zeros(count, dtype=np.int64),
            kind=np.full(count, SAMPLE),
            created=created,
            paid=created + 30,
            shipped=shipped,
            finished=shipped + rng.integers(2 * DAY, 9 * DAY, count),
            due=created + 3 * DAY,
            kol=kol,
        )
        one = np.ones(count, dtype=np.int64)
        return orders, plain_lines(self.offers, np.arange(count), variant, one, orders.warehouse)

    def mend(self, rng: np.random.Generator, day: int) -> tuple[Orders, Lines]:
        """Exchanges and reissues whose day has come."""
        due = self.repairs.day <= day
        today, self.repairs = self.repairs.take(due), self.repairs.take(~due)
        count = len(today)
        created = day * DAY + rng.integers(8 * 3600, 18 * 3600, count)
        shipped = (day + 1) * DAY + rng.integers(9 * 3600, 20 * 3600, count)
        orders = blank_orders(
            count,
            shop=today.shop,
            household=today.household,
            buyer=today.buyer,
            address=today.address,
            warehouse=today.warehouse,
            kind=today.kind,
            created=created,
            paid=created,
            shipped=shipped,
            finished=shipped + rng.integers(2 * DAY, 9 * DAY, count),
            due=created + 2 * DAY,
            origin=today.origin,
        )
        one = np.ones(count, dtype=np.int64)
        lines = plain_lines(self.offers, np.arange(count), today.variant, one, today.warehouse)
        return orders, lines

    def repair_later(self, day, orders: Orders, variant, is_exchange) -> None:
        """Send one unit of `variant` again on `day` for each of the (numbered) orders."""
        kind = np.where(is_exchange, EXCHANGE, REISSUE)
        of = (orders.shop, orders.household, orders.buyer, orders.address, orders.warehouse)
        new = Repairs(day, *of, variant, kind, orders.number)
        self.repairs = Repairs.concat([self.repairs, new])

    def wait(self, orders: Orders, variant: np.ndarray, day: int) -> None:
        """Try these repairs again tomorrow: the goods are not there."""
        tomorrow = np.full(len(orders), day + 1)
        of = (orders.shop, orders.household, orders.buyer, orders.address, orders.warehouse)
        again = Repairs(tomorrow, *of, variant, orders.kind, orders.origin)
        self.repairs = Repairs.concat([self.repairs, again])


def join(parts: list[tuple[Orders, Lines]]) -> tuple[Orders, Lines]:
    """All orders one after another, their lines pointing at them."""
    offset = np.cumsum([0, *(len(orders) for orders, _ in parts)])
    moved = []
    for (_, lines), by in zip(parts, offset, strict=False):
        shifted = lines.take(slice(None))
        shifted.order = lines.order + by
        moved.append(shifted)
    orders = Orders.concat([orders for orders, _ in parts])
    return orders, Lines.concat(moved)
