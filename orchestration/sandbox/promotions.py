"""When the sandbox shop promotes: festivals of the trade and monthly brand weeks."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from orchestration.sandbox.catalogue import Catalogue

# first day of the lunar year
SPRING_FESTIVALS = {
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
    """`pull` is the share of willing buyers it moves; peaks are day offsets from its start."""

    name: str
    starts_on: date
    ends_on: date
    discount: float
    pull: float
    peaks: tuple[int, ...]


def festivals(first: date, last: date) -> list[Festival]:
    """The trade's festivals that touch the days from `first` to `last`, oldest first."""
    found = []
    for year in range(first.year - 1, last.year + 2):
        found += [
            Festival(f"38节-{year}", date(year, 3, 4), date(year, 3, 9), 0.12, 0.13, (0, 1, 4)),
            Festival(
                f"618-{year}",
                date(year, 5, 16),
                date(year, 6, 20),
                0.20,
                0.36,
                (0, 1, 4, 10, 15, 16, 22, 31, 32, 33),
            ),
            Festival(f"88会员节-{year}", date(year, 8, 5), date(year, 8, 9), 0.10, 0.09, (0, 3)),
            Festival(f"99大促-{year}", date(year, 9, 4), date(year, 9, 10), 0.12, 0.12, (0, 5)),
            Festival(
                f"双11-{year}",
                date(year, 10, 20),
                date(year, 11, 12),
                0.25,
                0.42,
                (0, 1, 2, 6, 11, 12, 13, 17, 21, 22),
            ),
            Festival(f"双12-{year}", date(year, 12, 8), date(year, 12, 12), 0.12, 0.11, (0, 4)),
        ]
        if year in SPRING_FESTIVALS:
            lunar = SPRING_FESTIVALS[year]
            found.append(
                Festival(
                    f"年货节-{year}",
                    lunar - timedelta(30),
                    lunar - timedelta(12),
                    0.15,
                    0.22,
                    (0, 1, 5, 10, 14),
                )
            )
    touching = [f for f in found if f.ends_on >= first and f.starts_on <= last]
    return sorted(touching, key=lambda festival: festival.starts_on)


def promotion_plan(
    goods: Catalogue, rng: np.random.Generator, *, first: date, last: date
) -> pl.DataFrame:
    """Every (promotion, SKU) from `first` to `last`: promo_id, promo_name, sku index, starts and
    ends as days from `first`, discount_rate."""
    rows = []
    eligible = np.flatnonzero(~goods.array("is_sampler"))
    for festival in festivals(first, last):
        joining = eligible[rng.random(len(eligible)) < 0.85]
        depth = np.clip(festival.discount + rng.choice([-0.05, 0, 0.05], len(joining)), 0.05, 0.5)
        span = ((festival.starts_on - first).days, (festival.ends_on - first).days)
        rows += [
            (festival.name, festival.name, int(i), *span, round(float(d), 2))
            for i, d in zip(joining, depth, strict=True)
        ]
    brands = sorted(set(goods.array("brand").tolist()))
    for start in range(5, (last - first).days, 14):
        brand = brands[int(rng.integers(len(brands)))]
        start += int(rng.integers(0, 6))
        depth = float(rng.choice([0.10, 0.15, 0.20, 0.25]))
        name = f"brand-{brand}-{first + timedelta(start):%Y%m%d}"
        rows += [
            (name, "品牌周", int(i), start, start + 6, depth)
            for i in eligible[goods.array("brand")[eligible] == brand]
        ]
    return pl.DataFrame(
        rows,
        schema=["promo_id", "promo_name", "sku", "starts", "ends", "discount_rate"],
        orient="row",
    )


def discount_grid(plan: pl.DataFrame, skus: int, days: int) -> tuple[np.ndarray, np.ndarray]:
    """Deepest discount and the plan's row behind it (-1: none) by day and SKU index."""
    depth = np.zeros((days, skus))
    which = np.full((days, skus), -1)
    for row, (sku, starts, ends, rate) in enumerate(
        plan.select("sku", "starts", "ends", "discount_rate").iter_rows()
    ):
        window = slice(max(starts, 0), max(ends + 1, 0))
        deeper = rate > depth[window, sku]
        which[window, sku] = np.where(deeper, row, which[window, sku])
        depth[window, sku] = np.maximum(depth[window, sku], rate)
    return depth, which
