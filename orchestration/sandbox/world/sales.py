"""What of today's wishes is sold: shops, shelves, substitutes, and what is lost."""

from dataclasses import dataclass

import numpy as np

from orchestration.sandbox.world.choice import Chooser
from orchestration.sandbox.world.fashion import Fashion
from orchestration.sandbox.world.listings import PLATFORMS
from orchestration.sandbox.world.needs import Needs, Wants
from orchestration.sandbox.world.rows import Rows
from orchestration.sandbox.world.shelf import WAREHOUSES, Parts, Shelf

_JD = np.array([p == "jd" for p in PLATFORMS])
MOST_UNITS = 12


@dataclass
class Sales(Rows):
    """One row per line that a household takes into its basket."""

    household: np.ndarray
    variant: np.ndarray
    qty: np.ndarray
    warehouse: np.ndarray
    deposit: np.ndarray
    units: np.ndarray  # standard units in all
    rate: np.ndarray
    category: np.ndarray


@dataclass
class Tally:
    """Units by SKU and warehouse: what was wanted first, and what became of it."""

    wanted: np.ndarray
    sold: np.ndarray
    lost: np.ndarray
    substituted: np.ndarray
    substituted_in: np.ndarray
    postponed: np.ndarray


class Counter:
    """Sells to households what the shelf can give."""

    def __init__(self, needs: Needs, chooser: Chooser, shelf: Shelf) -> None:
        self.needs, self.chooser, self.shelf = needs, chooser, shelf
        self.fashion = Fashion(chooser)
        self.offers, self.state = chooser.offers, chooser.state

    def sell(self, rng: np.random.Generator, wants: Wants, day: int, boost: np.ndarray):
        """(sales, tally, wishes by listing variant, units left): goods are not reserved yet."""
        outside = wants.take(wants.outside)
        fashion_changes = self.fashion.changes(day)
        if not fashion_changes:
            self._buy_elsewhere(rng, outside, day)
        inside = wants.take(~wants.outside)
        # who comes first is served first
        inside = inside.take(np.argsort(rng.random(len(inside))))
        inside = inside.take(np.argsort(inside.household, kind="stable"))
        variant = self.chooser.basket(rng, inside, day, boost)
        found = variant >= 0
        inside, variant = inside.take(found), variant[found]
        if fashion_changes:
            inside, variant, outside = self.fashion.sway(rng, day, boost, inside, variant, outside)
            self._buy_elsewhere(rng, outside, day)
        sales = self._lines(inside, variant)
        free = self.shelf.available
        np.maximum(free, 0, out=free)
        parts = self.parts_of(sales)
        order = rng.permutation(len(sales))
        tally = Tally(*(np.zeros_like(self.shelf.on_hand) for _ in range(6)))
        self._count(tally, sales, "wanted")
        served = self._serve(parts, order, free)
        self._count(tally, sales.take(served), "sold")
        self._other_warehouse(sales, served, order, free, tally)
        swapped, replaced = self._substitute(rng, inside, sales, served, day, boost, free)
        for into in ("sold", "substituted_in"):
            self._count(tally, replaced, into)
        self._count(tally, sales.take(swapped), "substituted")
        lost = np.flatnonzero(~served & ~swapped)
        later = rng.random(len(lost)) < 0.38
        self._disappoint(rng, inside, lost, later, day)
        self._count(tally, sales.take(lost[later]), "postponed")
        self._count(tally, sales.take(lost[~later]), "lost")
        wishes = np.bincount(variant, minlength=len(self.offers))
        sold = Sales.concat([sales.take(served), replaced])
        return sold.take(np.argsort(sold.household, kind="stable")), tally, wishes, free

    def _lines(self, wants: Wants, variant: np.ndarray) -> Sales:
        qty = np.clip(np.round(wants.units / self.offers.use[variant]), 1, MOST_UNITS)
        return Sales(
            household=wants.household,
            variant=variant,
            qty=qty.astype(np.int64),
            warehouse=self.state.south[wants.household].astype(np.int64),
            deposit=wants.deposit,
            units=qty * self.offers.use[variant],
            rate=wants.rate,
            category=wants.category,
        )

    def parts_of(self, sales) -> Parts:
        """Every component of every row (Sales or Lines), from the warehouse that keeps it."""
        sku = self.offers.parts[sales.variant]
        row, which = np.nonzero(sku >= 0)
        sku = sku[row, which]
        qty = self.offers.part_qty[sales.variant[row], which] * sales.qty[row]
        place = np.where(self.shelf.goods.second_warehouse[sku], sales.warehouse[row], 0)
        return Parts(row=row, which=which, sku=sku, qty=qty, warehouse=place)

    def _serve(self, parts: Parts, order: np.ndarray, free: np.ndarray) -> np.ndarray:
        """Serve the rows in the order given."""
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        mine = parts.take(np.argsort(rank[parts.row], kind="stable"))
        return self.shelf.serve(mine, len(order), free)

    def _other_warehouse(self, sales: Sales, served, order, free, tally: Tally) -> None:
        """JD sends what the near warehouse lacks from the far one: a substitute of its own."""
        again = np.flatnonzero(~served & _JD[self.offers.shop[sales.variant]] & ~sales.deposit)
        if not len(again):
            return
        far = sales.take(again)
        far.warehouse = 1 - far.warehouse
        fine = self._serve(self.parts_of(far), np.argsort(order[again]), free)
        self._count(tally, sales.take(again[fine]), "substituted")
        for into in ("sold", "substituted_in"):
            self._count(tally, far.take(fine), into)
        served[again[fine]] = True
        sales.warehouse[again[fine]] = far.warehouse[fine]

    def _substitute(self, rng, wants, sales, served, day, boost, free):
        """Some take another product when theirs is out of stock."""
        open_rows = np.flatnonzero(~served & ~wants.deposit)
        open_rows = open_rows[rng.random(len(open_rows)) < 0.5]
        swapped = np.zeros(len(sales), dtype=bool)
        if not len(open_rows):
            return swapped, sales.take(open_rows)
        there = self._on_shelf(free)
        anywhere = np.full(len(open_rows), -1)
        some = wants.take(open_rows)
        variant = self.chooser.choose(rng, some, day, boost, anywhere, there)
        found = variant >= 0
        open_rows, other = open_rows[found], self._lines(some.take(found), variant[found])
        fine = self._serve(self.parts_of(other), np.arange(len(other)), free)
        swapped[open_rows[fine]] = True
        return swapped, other.take(fine)

    def _on_shelf(self, free: np.ndarray) -> np.ndarray:
        """[warehouse, variant]: all components are there for one unit at least."""
        skus, goods = self.offers.parts, self.shelf.goods
        answer = []
        for place in range(len(WAREHOUSES)):
            stock = free[np.arange(len(goods)), np.where(goods.second_warehouse, place, 0)]
            answer.append(((skus < 0) | (stock[skus] >= self.offers.part_qty)).all(axis=1))
        return np.stack(answer)

    def _count(self, tally: Tally, sales: Sales, into: str) -> None:
        parts = self.parts_of(sales)
        np.add.at(getattr(tally, into), (parts.sku, parts.warehouse), parts.qty)

    def _buy_elsewhere(self, rng, wants: Wants, day: int) -> None:
        h, c = wants.household, wants.category
        self.needs.stock_up(h, c, wants.units, wants.rate, day, rng)
        drift = rng.random(len(h)) < 0.3  # another brand becomes the habit
        self.state.last_brand[h[drift], c[drift]] = -1

    def _disappoint(self, rng, wants: Wants, lost: np.ndarray, later: np.ndarray, day: int) -> None:
        """Out of stock: try again some days later, or buy elsewhere and remember it."""
        h, c = wants.household[lost], wants.category[lost]
        np.add.at(self.state.annoyance, h, np.float32(0.5))
        self.state.wake[h[later], c[later]] = day + rng.integers(1, 6, int(later.sum()))
        self._buy_elsewhere(rng, wants.take(lost[~later]), day)
