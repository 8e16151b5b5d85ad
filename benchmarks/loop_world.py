"""Weekly demand of a made-up shop, seeded: brands, categories, events, and a planted change."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

PAST, WATCHED, AHEAD = 104, 26, 4
WEEKS = PAST + WATCHED + AHEAD
PLATFORMS = ("taobao", "jd", "douyin", "xiaohongshu")
CHANGES = ("up", "down", "price_war", "mix", "dark")
FIRST_DAY = pd.Timestamp("2024-01-01")  # a Monday
# week of the year -> factor on demand: 年货节, 38, 618, 双11, 双12
EVENTS = {2: 1.3, 3: 1.4, 9: 1.25, 23: 1.5, 24: 1.9, 44: 1.7, 45: 2.2, 49: 1.3}
DARK_WEEKS = 3


@dataclass(frozen=True)
class World:
    """`y` (n, WEEKS) is demand; `seen` what the extracts tell of it while a platform is dark.

    `static`: unique_id, brand_id, category, warehouse_id. `event` (WEEKS,) the planned factor,
    `promo` (n, WEEKS) own promotions, planned too. `rows` (WEEKS * 7, platforms): order lines
    that land each day. `changed_at`: first week of the change, None in a quiet world.
    """

    y: np.ndarray
    seen: np.ndarray
    is_stockout: np.ndarray
    static: pd.DataFrame = field(repr=False)
    event: np.ndarray
    promo: np.ndarray
    rows: np.ndarray
    changed_at: int | None

    @property
    def monday(self) -> pd.DatetimeIndex:
        """The weeks' first days."""
        return pd.date_range(FIRST_DAY, periods=WEEKS, freq="W-MON")


def make_world(seed: int, change: str | None = None, *, n_skus: int = 120) -> World:
    """A shop of `n_skus` SKUs in two warehouses, with or without one of CHANGES.

    The change begins in the 5th to 12th watched week. up, down: one brand's demand x1.6 or x0.5.
    price_war: a rival's cuts take 40 % of one category within two weeks. mix: within one
    category half the SKUs win (x1.9) what the others lose (x0.3 and more). dark: the rows of one
    platform stop for three weeks and then land late.
    Quiet is not still: weekly noise shared by all, by brands and by categories, drifting levels,
    own promotions, events that turn out weaker or stronger than planned, births, deaths.
    """
    rng = np.random.default_rng([seed, 7])
    sku = np.repeat(np.arange(n_skus), 2)
    n = len(sku)
    brand = rng.choice(6, n_skus, p=rng.dirichlet(np.full(6, 4.0)))[sku]
    category = rng.integers(0, 6, n_skus)[sku]
    warehouse = np.tile([0, 1], n_skus)
    level = np.exp(rng.normal(2.4, 1.0, n_skus))[sku] * np.where(warehouse == 0, 1.2, 0.8)
    week = np.arange(WEEKS) % 52
    season = 1 + 0.25 * np.sin(2 * np.pi * (week[None] - rng.integers(0, 52, 6)[:, None]) / 52)
    event = np.ones(WEEKS)
    for number, factor in EVENTS.items():
        event[week == number] = factor
    pull = rng.uniform(0.7, 1.3, 6)  # how strongly a category follows events
    surprise = np.exp(rng.normal(0, 0.10, WEEKS))
    promo = rng.random((n_skus, WEEKS))[sku] < 0.08
    shared = (
        _waves(rng, 1, 0.05)[np.zeros(n, int)]
        + _waves(rng, 6, 0.05)[brand]
        + _waves(rng, 6, 0.04)[category]
        + np.cumsum(rng.normal(0, 0.015, (n, WEEKS)), axis=1)
        + rng.normal(0, 0.10, (6, 1))[brand] * np.arange(WEEKS) / 52
    )
    uplift = np.where(event > 1, (1 + (event - 1) * pull[category][:, None]) * surprise, 1.0)
    mean = level[:, None] * season[category] * uplift * np.where(promo, 1.5, 1.0) * np.exp(shared)
    mean *= _lives(rng, n)
    at = int(rng.integers(PAST + 4, PAST + 12)) if change is not None else None
    mean *= _change(rng, change, at, brand, category, level)
    y = rng.poisson(rng.gamma(8.0, mean / 8.0)).astype(float)
    is_stockout = rng.random((n, WEEKS)) < 0.03
    y = np.where(is_stockout, np.floor(y * rng.random((n, WEEKS))), y)
    shares = rng.dirichlet([8, 5, 4, 3], n)
    rows = _daily_rows(rng, y, shares, event)
    seen = y
    if change == "dark":
        gone = int(rng.integers(0, len(PLATFORMS)))
        rows[at * 7 : (at + DARK_WEEKS) * 7, gone] = 0
        hidden = np.zeros(WEEKS, bool)
        hidden[at : at + DARK_WEEKS] = True
        seen = np.where(hidden, np.rint(y * (1 - shares[:, [gone]])), y)
    static = pd.DataFrame(
        {
            "unique_id": np.arange(n),  # numbers sort and group several times faster than text
            "brand_id": [f"brand{b}" for b in brand],
            "category": [f"category{c}" for c in category],
            "warehouse_id": [f"warehouse{w}" for w in warehouse],
        }
    )
    return World(y, seen, is_stockout, static, event, promo, rows, at)


def _waves(rng: np.random.Generator, n: int, sd: float) -> np.ndarray:
    """First-order autoregressive noise (n, WEEKS): half of a week's survives to the next."""
    noise = rng.normal(0, sd * np.sqrt(1 - 0.25), (n, WEEKS))
    for t in range(1, WEEKS):
        noise[:, t] += 0.5 * noise[:, t - 1]
    return noise


def _lives(rng: np.random.Generator, n: int) -> np.ndarray:
    """1 while a series sells: a tenth is born late, a twentieth dies while watched."""
    born = np.where(rng.random(n) < 0.10, rng.integers(10, PAST - 20, n), 0)
    dead = np.where(rng.random(n) < 0.05, rng.integers(PAST, WEEKS, n), WEEKS)
    t = np.arange(WEEKS)
    return ((t >= born[:, None]) & (t < dead[:, None])).astype(float)


def _change(
    rng: np.random.Generator,
    change: str | None,
    at: int | None,
    brand: np.ndarray,
    category: np.ndarray,
    level: np.ndarray,
) -> np.ndarray:
    factor = np.ones((len(brand), WEEKS))
    if change in ("up", "down"):
        # any brand with at least a twentieth of the demand
        large = [b for b in range(6) if level[brand == b].sum() >= 0.05 * level.sum()]
        factor[brand == rng.choice(large), at:] = 1.6 if change == "up" else 0.5
    elif change == "price_war":
        hit = np.flatnonzero(category == rng.choice(np.unique(category)))
        factor[hit, at] = 0.8
        factor[hit, at + 1 :] = 0.6
    elif change == "mix":
        members = np.flatnonzero(category == rng.choice(np.unique(category)))
        wins = rng.permutation(len(members)) < len(members) // 2
        gain = 0.9 * level[members[wins]].sum()
        lost = min(gain / max(level[members[~wins]].sum(), 1e-9), 0.7)
        factor[members[wins], at:] = 1 + 0.9 * min(1.0, lost * level[members[~wins]].sum() / gain)
        factor[members[~wins], at:] = 1 - lost
    return factor


def _daily_rows(
    rng: np.random.Generator, y: np.ndarray, shares: np.ndarray, event: np.ndarray
) -> np.ndarray:
    weekday = np.array([0.9, 0.9, 0.95, 1.0, 1.1, 1.15, 1.0])
    mean = (y.T @ shares)[:, None, :] * (weekday / weekday.sum())[:, None]
    peak = np.where(event > 1.4, 2.5, 1.0)  # a large event sits on one day of its week
    mean[:, 3, :] *= peak[:, None]
    noise = np.exp(rng.normal(0, 0.12, mean.shape))
    return rng.poisson(mean * noise).reshape(-1, shares.shape[1]).astype(float)
