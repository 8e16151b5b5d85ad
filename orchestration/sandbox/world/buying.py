"""Purchase orders: what a policy asks for, and when suppliers really deliver it."""

import numpy as np
import polars as pl

from orchestration.sandbox.world.calendar import Calendar
from orchestration.sandbox.world.catalogue import SUPPLIERS, Catalogue
from orchestration.sandbox.world.ledger import Ledger
from orchestration.sandbox.world.orders import DAY
from orchestration.sandbox.world.rows import first_in_group, place_in_group
from orchestration.sandbox.world.shelf import WAREHOUSES, Arrivals, Shelf

_BADLY_LATE = 0.05
_IN_TWO_PARTS = 0.18


class Buying:
    """Sends orders to suppliers and draws when which part of each line arrives."""

    def __init__(self, goods: Catalogue, shelf: Shelf, ledger: Ledger, calendar: Calendar):
        self.goods, self.shelf, self.ledger, self.calendar = goods, shelf, ledger, calendar
        self.index = {code: i for i, code in enumerate(goods.code.tolist())}
        self.next_po, self.next_receipt = 1, 1

    def units(self, asked: pl.DataFrame | np.ndarray) -> np.ndarray:
        """Units by SKU and warehouse of a policy's answer: sku_code, warehouse, qty.

        Raises ValueError for what does not exist or is no positive whole number.
        """
        if isinstance(asked, np.ndarray):
            return asked
        units = np.zeros(self.shelf.on_hand.shape, dtype=np.int64)
        if not asked.height:
            return units
        wrong = asked.filter(
            ~pl.col("sku_code").is_in(list(self.index)) | ~pl.col("warehouse").is_in(WAREHOUSES)
        )
        if wrong.height:
            raise ValueError(f"a policy orders what does not exist: {wrong.row(0)}")
        if not asked.select((pl.col("qty") >= 0).all() & (pl.col("qty") % 1 == 0).all()).item():
            raise ValueError("a policy orders whole numbers of units, none below zero")
        sku = asked["sku_code"].replace_strict(self.index, return_dtype=pl.Int64).to_numpy()
        place = (asked["warehouse"] == WAREHOUSES[1]).cast(pl.Int64).to_numpy()
        np.add.at(units, (sku, place), asked["qty"].cast(pl.Int64).to_numpy())
        return units

    def order(self, rng: np.random.Generator, day: int, units: np.ndarray) -> None:
        """Send one purchase order per supplier and warehouse."""
        sku, place = np.nonzero(units)
        if not len(sku):
            return
        supplier = self.goods.supplier[sku]
        order = np.lexsort((sku, place, supplier))
        sku, place, supplier = sku[order], place[order], supplier[order]
        qty = units[sku, place]
        group = supplier * len(WAREHOUSES) + place
        starts = first_in_group(group)
        po = np.cumsum(starts) - 1
        orders = int(starts.sum())
        lead = np.array([row[2] for row in SUPPLIERS])[supplier[starts]]
        spread = np.array([row[3] for row in SUPPLIERS])[supplier[starts]] / lead
        took = lead * rng.gamma(1 / spread**2, spread**2)
        took += (rng.random(orders) < _BADLY_LATE) * rng.uniform(10, 28, orders)
        took = np.maximum(np.round(took), 2).astype(np.int64)
        ordered = day * DAY + 10 * 3600 + rng.integers(0, 3600, orders)
        number, line_no = self.next_po + po, place_in_group(group) + 1
        self.next_po += orders
        self.ledger.add(
            "purchase_orders",
            po_no=number,
            line_no=line_no,
            sku=sku,
            warehouse=place,
            ordered=ordered[po],
            confirmed=(ordered + rng.integers(2 * 3600, 30 * 3600, orders))[po],
            expected=(ordered + lead * DAY)[po],
            qty=qty,
        )
        two = (rng.random(len(sku)) < _IN_TWO_PARTS) & (qty > 3)
        first = np.where(two, qty * rng.integers(50, 86, len(sku)) // 100, qty)
        later = took[po] + rng.integers(3, 10, len(sku))
        second = rng.integers(8 * 3600, 11 * 3600, len(sku))
        for part, after in ((first, took[po]), ((qty - first), later)):
            some = part > 0
            arrives = self._not_in_the_pause(rng, day + after[some])
            self.shelf.order(
                Arrivals(
                    day=arrives,
                    second=second[some],
                    po_no=number[some],
                    line_no=line_no[some],
                    sku=sku[some],
                    warehouse=place[some],
                    qty=part[some],
                )
            )

    def _not_in_the_pause(self, rng, day: np.ndarray) -> np.ndarray:
        """Factories and lorries rest around the lunar new year."""
        paused = self.calendar.paused[np.minimum(day, len(self.calendar.paused) - 1)]
        return np.where(paused, day + rng.integers(9, 15, len(day)), day)

    def book_receipts(self, rng: np.random.Generator, day: int, arrived: Arrivals) -> None:
        """Book what came in today."""
        count = len(arrived)
        if not count:
            return
        self.ledger.add(
            "receipts",
            receipt_no=self.next_receipt + np.arange(count),
            po_no=arrived.po_no,
            line_no=arrived.line_no,
            qty=arrived.qty,
            received=day * DAY + arrived.second,
            expires=day + self.goods.shelf_life[arrived.sku] - rng.integers(15, 75, count),
        )
        self.next_receipt += count
