"""When the world's people shop: festivals, pre-sales, weekdays, hours, promotions."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from orchestration.sandbox.world.catalogue import Catalogue

AHEAD = 150  # days after the last one that plans reach
_HISTORY = 30

# first day of the lunar year
SPRING_FESTIVALS = {
    2015: date(2015, 2, 19),
    2016: date(2016, 2, 8),
    2017: date(2017, 1, 28),
    2018: date(2018, 2, 16),
    2019: date(2019, 2, 5),
    2020: date(2020, 1, 25),
    2021: date(2021, 2, 12),
    2022: date(2022, 2, 1),
    2023: date(2023, 1, 22),
    2024: date(2024, 2, 10),
    2025: date(2025, 1, 29),
    2026: date(2026, 2, 17),
    2027: date(2027, 2, 6),
    2028: date(2028, 1, 26),
    2029: date(2029, 2, 13),
}


@dataclass(frozen=True)
class Festival:
    """`pull` is the share of willing buyers it moves; peaks are day offsets from its start.

    `deposit_days` before the start deposits are taken from 20:00 of the first of them; balances
    are due from 20:00 of the start.
    """

    name: str
    starts_on: date
    ends_on: date
    discount: float
    pull: float
    peaks: tuple[int, ...]
    deposit_days: int = 0


def festivals(first: date, last: date) -> list[Festival]:
    """The trade's festivals that touch the days from `first` to `last`, oldest first."""
    found = []
    for y in range(first.year - 1, last.year + 2):
        deposits = 3 if y >= 2025 else 0  # 618 of 2024 took no deposits
        eleven = date(y, 10, 20) if y >= 2025 else date(y, 10, 21)
        found += [
            Festival(f"38节-{y}", date(y, 3, 4), date(y, 3, 9), 0.12, 0.13, (0, 1, 4)),
            Festival(
                f"618-{y}",
                date(y, 5, 16),
                date(y, 6, 20),
                0.20,
                0.34,
                (0, 1, 2, 15, 16, 30, 31, 32, 33),
                deposits,
            ),
            Festival(f"88会员节-{y}", date(y, 8, 5), date(y, 8, 9), 0.10, 0.09, (0, 3)),
            Festival(f"99大促-{y}", date(y, 9, 4), date(y, 9, 10), 0.12, 0.12, (0, 5)),
            Festival(
                f"双11-{y}", eleven, date(y, 11, 12), 0.25, 0.42, (0, 1, 2, 11, 12, 20, 21, 22), 5
            ),
            Festival(f"双12-{y}", date(y, 12, 8), date(y, 12, 12), 0.12, 0.11, (0, 4)),
        ]
        if y in SPRING_FESTIVALS:
            lunar = SPRING_FESTIVALS[y]
            start, end = lunar - timedelta(30), lunar - timedelta(12)
            found.append(Festival(f"年货节-{y}", start, end, 0.15, 0.20, (0, 1, 10, 14)))
    touching = [f for f in found if f.ends_on >= first and f.starts_on <= last]
    return sorted(touching, key=lambda festival: festival.starts_on)


class Calendar:
    """Day by day facts as arrays; index 0 is the first simulated day."""

    def __init__(self, first: date, days: int) -> None:
        self.first, self.days = first, days
        span = days + AHEAD
        self.fairs = festivals(
            first - timedelta(days=_HISTORY), first + timedelta(days=span + _HISTORY)
        )
        self.weekday = (first.weekday() + np.arange(span)) % 7
        self.pull = np.zeros(span)  # moved demand while a festival lasts
        self.peak = np.zeros(span)  # the same on its peak days
        self.evening = np.zeros(span, dtype=bool)  # the wave starts at 20:00
        self.wait = np.zeros(span)  # how much a coming peak holds purchases back
        self.warmup = np.zeros(span)  # how much more people look and collect
        self.balance_on = np.full(span, -1)  # open for deposits: day on which balances are due
        self.deposit_first = np.zeros(span, dtype=bool)
        self.paused = np.zeros(span, dtype=bool)  # parcels stand still
        for fair in self.fairs:
            self._mark(fair)
        for lunar in SPRING_FESTIVALS.values():
            self._fill(self.paused, (lunar - first).days - 5, (lunar - first).days + 5, True)
        self.season = (np.arange(span) + (first - date(first.year, 1, 1)).days) / 365.25 * 2 * np.pi

    def day(self, index: int) -> date:
        """The date of a day index."""
        return self.first + timedelta(days=int(index))

    def _fill(self, array, start: int, end: int, value) -> None:
        window = slice(max(start, 0), max(end + 1, 0))
        array[window] = np.maximum(array[window], value)

    def _mark(self, fair: Festival) -> None:
        start, end = (fair.starts_on - self.first).days, (fair.ends_on - self.first).days
        self._fill(self.pull, start, end, fair.pull)
        for offset in fair.peaks:
            at = start + offset
            fades = 1.0 if offset < 3 else 0.8
            self._fill(self.peak, at, at, fair.pull * fades)
            for before in range(1, 13):
                self._fill(self.wait, at - before, at - before, fair.pull * (1 - before / 13))
            self._fill(self.warmup, at - 6, at - 1, fair.pull)
        for at in (start, start + fair.peaks[-1]):
            if 0 <= at < len(self.evening):
                self.evening[at] = fair.pull > 0.15
        if fair.deposit_days:
            opens = start - fair.deposit_days
            self._fill(self.balance_on, opens, start - 1, start)
            if 0 <= opens < len(self.deposit_first):
                self.deposit_first[opens] = True


def promotion_plan(goods: Catalogue, rng: np.random.Generator, calendar: Calendar) -> pl.DataFrame:
    """Every (promotion, SKU) up to some months after the last day: promo_id, promo_name, sku
    index, starts and ends as days from the first, discount_rate in whole hundredths."""
    rows = []
    eligible = np.flatnonzero(~goods.is_sampler)
    first = calendar.first
    for fair in calendar.fairs:
        joining = eligible[rng.random(len(eligible)) < 0.85]
        depth = np.clip(fair.discount + rng.choice([-0.05, 0, 0.05], len(joining)), 0.05, 0.5)
        opens = (fair.starts_on - first).days - fair.deposit_days
        span = (opens, (fair.ends_on - first).days)
        rows += [
            (fair.name, fair.name, int(i), *span, round(float(d), 2))
            for i, d in zip(joining, depth, strict=True)
        ]
    for start in range(5, calendar.days + AHEAD - 20, 14):
        brand = int(rng.integers(len(goods.brands)))
        begins = start + int(rng.integers(0, 6))
        depth = float(rng.choice([0.10, 0.15, 0.20, 0.25]))
        name = f"brand-{goods.brands[brand]}-{first + timedelta(begins):%Y%m%d}"
        rows += [
            (name, "品牌周", int(i), begins, begins + 6, depth)
            for i in eligible[goods.brand[eligible] == brand]
        ]
    return pl.DataFrame(
        rows,
        schema={
            "promo_id": pl.String,
            "promo_name": pl.String,
            "sku": pl.Int64,
            "starts": pl.Int64,
            "ends": pl.Int64,
            "discount_rate": pl.Float64,
        },
        orient="row",
    )


def discount_grid(plan: pl.DataFrame, skus: int, days: int) -> tuple[np.ndarray, np.ndarray]:
    """Deepest discount in hundredths and the plan's row behind it (-1: none), by day and SKU."""
    depth = np.zeros((days, skus), dtype=np.int64)
    which = np.full((days, skus), -1)
    for row, (sku, starts, ends, rate) in enumerate(
        plan.select("sku", "starts", "ends", "discount_rate").iter_rows()
    ):
        window = slice(max(starts, 0), max(ends + 1, 0))
        percent = round(rate * 100)
        deeper = percent > depth[window, sku]
        which[window, sku] = np.where(deeper, row, which[window, sku])
        depth[window, sku] = np.maximum(depth[window, sku], percent)
    return depth, which
