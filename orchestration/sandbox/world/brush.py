"""Brush orders (刷单): crews that buy good reviews, each careful in its own way."""

from dataclasses import dataclass, field

import numpy as np

from orchestration.sandbox.world.aftersales import Reviews
from orchestration.sandbox.world.listings import Listings
from orchestration.sandbox.world.orders import BRUSH, DAY, Lines, Orders, blank_orders, plain_lines

BUYERS = 1 << 33
HIRED = 1 << 35
ACCOUNTS_FOR_HIRE = 600
_DAYS, _TRICKLE_DAYS = 3, 12


@dataclass
class Crew:
    """Pushes one listing for some days; what it takes care to hide, it draws once.

    `addresses` is empty for a crew with a different address for every parcel. A patient one lets
    the parcels travel as long as real ones, a quiet one writes few reviews and late, an unmarked
    one needs no flag from the seller, a hired one uses accounts that also work for others.
    """

    variant: int
    warehouse: int
    days_left: int
    a_day: int
    addresses: np.ndarray
    is_patient: bool
    is_quiet: bool
    is_unmarked: bool
    is_hired: bool


@dataclass
class BrushOrders:
    """Keeps the crews from one day to the next."""

    offers: Listings
    rate: float
    forced_on: int
    crews: list[Crew] = field(default_factory=list)
    started: int = 0
    buyers: int = 0

    def today(self, rng: np.random.Generator, day: int, usual: float, on_sale: np.ndarray):
        """Today's orders, lines and reviews per crew, given the usual number of orders a day."""
        size = max(9, int(self.rate * usual * 10))
        starts = rng.poisson(self.rate * usual / size) + (day == self.forced_on)
        for _ in range(starts if self.rate > 0 and len(on_sale) else 0):
            self.crews.append(self._hire(rng, int(rng.choice(on_sale)), size))
        able = np.isin([crew.variant for crew in self.crews], on_sale)
        parts = [
            self._of_crew(rng, crew, day) for crew, can in zip(self.crews, able, strict=True) if can
        ]
        for crew in self.crews:
            crew.days_left -= 1
        self.crews = [crew for crew in self.crews if crew.days_left > 0]
        return parts

    def _hire(self, rng: np.random.Generator, variant: int, size: int) -> Crew:
        few = BUYERS + self.started * 8 + np.arange(3 + int(rng.integers(3)))
        spreads, trickles, patient, quiet, unmarked, hired = rng.random(6) < (
            (0.3, 0.35, 0.35, 0.4, 0.5, 0.25)
        )
        days = _TRICKLE_DAYS if trickles else _DAYS
        self.started += 1
        return Crew(
            variant,
            int(rng.integers(2)),
            days,
            max(1, size // days),
            few[:0] if spreads else few,
            bool(patient),
            bool(quiet),
            bool(unmarked),
            bool(hired),
        )

    def _of_crew(
        self, rng: np.random.Generator, crew: Crew, day: int
    ) -> tuple[Orders, Lines, Reviews]:
        count = crew.a_day
        variant = np.full(count, crew.variant)
        created = day * DAY + 9 * 3600 + np.sort(rng.integers(0, 13 * 3600, count))
        paid = created + rng.integers(5, 60, count)
        shipped = paid + rng.integers(1800, 8 * 3600, count)
        travels = rng.integers(14 * 3600, 40 * 3600, count)
        if crew.is_patient:
            shipped = paid + rng.integers(4 * 3600, 30 * 3600, count)
            travels = rng.integers(2 * DAY, 9 * DAY, count)
        numbers = BUYERS + self.buyers + np.arange(count)
        if crew.is_hired:
            numbers = HIRED + rng.choice(ACCOUNTS_FOR_HIRE, count, replace=False)
        self.buyers += count
        shop = self.offers.shop[variant]
        own_addresses = (HIRED << 1) + self.buyers + np.arange(count)
        orders = blank_orders(
            count,
            shop=shop,
            buyer=numbers * 16 + shop * 2,
            address=rng.choice(crew.addresses, count) if len(crew.addresses) else own_addresses,
            warehouse=np.full(count, crew.warehouse),
            kind=np.full(count, BRUSH),
            created=created,
            paid=paid,
            shipped=shipped,
            finished=shipped + travels,
            due=paid + 2 * DAY,
            flag=np.where(rng.random(count) < 0.6 * (not crew.is_unmarked), 5, 0),
        )
        nothing = np.zeros(count, dtype=np.int64)
        lines = plain_lines(
            self.offers,
            np.arange(count),
            variant,
            nothing + 1,
            orders.warehouse,
            line_promo=nothing,
            seller=nothing,
            paid=self.offers.list_cents[variant].copy(),
            leaves=np.zeros(count, dtype=bool),
        )
        return orders, lines, _praise(rng, crew, orders)


def _praise(rng: np.random.Generator, crew: Crew, orders: Orders) -> Reviews:
    share, first, last = (0.3, DAY, 10 * DAY) if crew.is_quiet else (0.85, 300, 12 * 3600)
    line = np.flatnonzero(rng.random(len(orders)) < share)
    written = orders.finished[line] + rng.integers(first, last, len(line))
    return Reviews(line, np.full(len(line), 5), written, np.ones(len(line), dtype=bool))
