"""What the warehouses hold: receipts, reservations, parcels, and who is served when it is short."""

from dataclasses import dataclass

import numpy as np

from orchestration.sandbox.world.catalogue import SUPPLIERS, Catalogue
from orchestration.sandbox.world.rows import Rows, first_in_group

WAREHOUSES = ("10001", "10002")
WAREHOUSE_NAMES = ("杭州仓", "广州仓")
_RING = 128  # no parcel or return is further ahead, in days
RECENT = 56  # days of sales that a planner sees


@dataclass
class Parts(Rows):
    """Units of one SKU that one row of a basket needs from one warehouse."""

    row: np.ndarray
    which: np.ndarray  # 0 or 1: which component of its row
    sku: np.ndarray
    qty: np.ndarray
    warehouse: np.ndarray


@dataclass
class Arrivals(Rows):
    """Parts of purchase order lines on their way."""

    day: np.ndarray
    second: np.ndarray
    po_no: np.ndarray
    line_no: np.ndarray
    sku: np.ndarray
    warehouse: np.ndarray
    qty: np.ndarray


def no_arrivals() -> Arrivals:
    """An empty road."""
    return Arrivals(*(np.zeros(0, dtype=np.int64) for _ in range(7)))


class Shelf:
    """Stock by SKU (first axis) and warehouse; days count from the first simulated one."""

    def __init__(self, goods: Catalogue, opening: np.ndarray) -> None:
        self.goods = goods
        self.on_hand = opening.astype(np.int64)
        self.reserved = np.zeros_like(self.on_hand)
        self.in_transit = np.zeros_like(self.on_hand)
        self.defective = np.zeros_like(self.on_hand)
        self.recent = np.zeros((RECENT, *opening.shape))
        self.open_days = np.zeros((RECENT, *opening.shape))  # days on which there was stock
        self.road = no_arrivals()
        self._ships = np.zeros((_RING, *opening.shape), dtype=np.int64)
        self._frees = np.zeros((_RING, *opening.shape), dtype=np.int64)
        self._returns = np.zeros((_RING, *opening.shape), dtype=np.int64)

    @property
    def available(self) -> np.ndarray:
        """Units that can still be sold."""
        return self.on_hand - self.reserved

    def receive(self, day: int, stopped: dict[str, np.ndarray]) -> Arrivals:
        """Take in what arrives today; a supplier that is stopped delivers one day later."""
        for number, row in enumerate(SUPPLIERS):
            days = stopped.get(row[0])
            if days is not None and days[day]:
                held = (self.road.day == day) & (self.goods.supplier[self.road.sku] == number)
                self.road.day[held] += 1
        here = self.road.day == day
        arrived, self.road = self.road.take(here), self.road.take(~here)
        place = (arrived.sku, arrived.warehouse)
        np.add.at(self.on_hand, place, arrived.qty)
        np.add.at(self.in_transit, place, -arrived.qty)
        return arrived

    def order(self, arrivals: Arrivals) -> None:
        """Put parts of new purchase orders on the road."""
        self.road = Arrivals.concat([self.road, arrivals])
        np.add.at(self.in_transit, (arrivals.sku, arrivals.warehouse), arrivals.qty)

    def serve(self, parts: Parts, rows: int, free: np.ndarray) -> np.ndarray:
        """Which of the rows 0 … rows-1 get all their parts from `free`, first come first served.

        What is taken is taken off `free`. Parts come in the order of the rows.
        """
        served = np.zeros(rows, dtype=bool)
        open_parts = parts
        for _ in range(2):  # a second round serves what a refused big row left over
            if not len(open_parts):
                break
            key = open_parts.sku * len(WAREHOUSES) + open_parts.warehouse
            order = np.argsort(key, kind="stable")
            lined = open_parts.take(order)
            total = lined.qty.cumsum()
            begins = first_in_group(key[order])
            before = (total[begins] - lined.qty[begins])[begins.cumsum() - 1]
            fits = total - before <= free[lined.sku, lined.warehouse]
            refused = np.zeros(rows, dtype=bool)
            refused[lined.row[~fits]] = True
            now = open_parts.take(~refused[open_parts.row])
            np.subtract.at(free, (now.sku, now.warehouse), now.qty)
            served[now.row] = True
            open_parts = open_parts.take(refused[open_parts.row])
        return served

    def reserve(self, sku, warehouse, qty) -> None:
        """Hold units for orders."""
        np.add.at(self.reserved, (sku, warehouse), qty)

    def schedule(self, sku, warehouse, qty, ships_on, frees_on) -> None:
        """Reserved units leave the shelf on day `ships_on`, or are free again on `frees_on`
        (-1: not so)."""
        for ring, on in ((self._ships, ships_on), (self._frees, frees_on)):
            some = on >= 0
            np.add.at(ring, (on[some] % _RING, sku[some], warehouse[some]), qty[some])

    def come_back(self, sku, warehouse, qty, on) -> None:
        """Returned goods arrive; they are never sold again."""
        np.add.at(self._returns, (on % _RING, sku, warehouse), qty)

    def close_day(self, day: int, sold: np.ndarray) -> None:
        """Let today's parcels go and remember what was sold."""
        slot = day % _RING
        out = self._ships[slot]
        self.on_hand -= out
        self.reserved -= out + self._frees[slot]
        self.defective += self._returns[slot]
        for ring in (self._ships, self._frees, self._returns):
            ring[slot] = 0
        self.recent[day % RECENT] = sold
        self.open_days[day % RECENT] = (self.available > 0) | (sold > 0)
