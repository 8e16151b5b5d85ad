"""The rules that ours is measured against: what shops, spreadsheets and textbooks order by.

Each is a policy of `simulation.replay`. `past(t)` gives the demand seen when the order before
period t is decided: (n, weeks), newest last, nan where a stock-out hid it. `lead` and `review` are
whole periods, with the meaning of `simulation`: an order and the next one after it must together
cover lead + review periods beyond the coming one's start.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ml.replenishment.protection import z_score
from ml.replenishment.simulation import Shelf

Past = Callable[[int], np.ndarray]


def seen_mean(past: np.ndarray, periods: int) -> np.ndarray:
    """Mean demand (n,) of the last `periods`, of those seen; 0 where none was."""
    recent = past[:, -periods:]
    seen = ~np.isnan(recent)
    return np.where(seen, recent, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)


def seen_sd(past: np.ndarray, periods: int) -> np.ndarray:
    """Standard deviation (n,) of the last `periods`, of those seen; 0 where fewer than two were."""
    recent = past[:, -periods:]
    seen = ~np.isnan(recent)
    gap = np.where(seen, recent - seen_mean(past, periods)[:, None], 0.0)
    return np.sqrt(np.square(gap).sum(axis=1) / np.maximum(seen.sum(axis=1) - 1, 1))


@dataclass(frozen=True)
class ErpFormula:
    """The incumbent of Chinese shop ERPs: days of cover times average sales.

    Once (lead + safety) x average > available + under way, order
    (purchase cycle + lead + safety) x average - available - under way.
    """

    past: Past
    lead: np.ndarray | float
    cycle: np.ndarray | float = 1.0
    safety: np.ndarray | float = 1.0
    averaged: int = 4

    def __call__(self, t: int, shelf: Shelf) -> np.ndarray:
        average = seen_mean(self.past(t), self.averaged)
        short = (self.lead + self.safety) * average > shelf.position
        up_to = (self.cycle + self.lead + self.safety) * average
        return np.where(short, np.rint(np.maximum(up_to - shelf.position, 0.0)), 0.0)


@dataclass(frozen=True)
class MinMax:
    """At or below the minimum, order up to the maximum; both are periods of average sales."""

    past: Past
    minimum: np.ndarray | float
    maximum: np.ndarray | float
    averaged: int = 13

    def __call__(self, t: int, shelf: Shelf) -> np.ndarray:
        average = seen_mean(self.past(t), self.averaged)
        low = shelf.position <= self.minimum * average
        up_to = np.rint(np.maximum(self.maximum * average - shelf.position, 0.0))
        return np.where(low, up_to, 0.0)


@dataclass(frozen=True)
class ClassicalSafetyStock:
    """Order up to average x P + z sigma sqrt(P), P = lead + review periods, normal demand."""

    past: Past
    lead: np.ndarray | float
    review: np.ndarray | float = 1.0
    service_level: float = 0.95
    averaged: int = 13

    def __call__(self, t: int, shelf: Shelf) -> np.ndarray:
        past, covered = self.past(t), np.asarray(self.lead + self.review, dtype=float)
        spread = z_score(self.service_level) * seen_sd(past, self.averaged) * np.sqrt(covered)
        level = seen_mean(past, self.averaged) * covered + spread
        return np.rint(np.maximum(level - shelf.position, 0.0))


@dataclass(frozen=True)
class SeasonalCover:
    """Order up to `cover` periods of seasonal moving average, the season pooled over all series.

    `season(t)` is the season's number (such as the week of the year) of period t, for negative t
    too. Index of a season: the mean over series of each period, averaged over its periods, over
    the mean of all seasons. Forecast: mean of the last `averaged` deseasonalised periods x index.
    """

    past: Past
    season: Callable[[int], int]
    cover: int = 4
    averaged: int = 13

    def forecast(self, t: int, periods: int) -> np.ndarray:
        """Expected demand (n, periods) of t, t + 1 ... as known before t."""
        past = self.past(t)
        base, index = seasonal_base(past, self._seasons(t, past.shape[1]), self.averaged)
        coming = np.array([self.season(t + k) for k in range(periods)])
        return base[:, None] * index[coming][None, :]

    def __call__(self, t: int, shelf: Shelf) -> np.ndarray:
        level = self.forecast(t, self.cover).sum(axis=1)
        return np.rint(np.maximum(level - shelf.position, 0.0))

    def _seasons(self, t: int, width: int) -> np.ndarray:
        return np.array([self.season(t - width + k) for k in range(width)])


def seasonal_base(
    past: np.ndarray, seasons: np.ndarray, averaged: int
) -> tuple[np.ndarray, np.ndarray]:
    """Deseasonalised mean (n,) of the last periods, and the index by season number.

    `past` (n, T) with nan for unseen, `seasons` (T,) whole numbers. A season never seen has
    index 1. A series unseen for all the last periods has base 0.
    """
    seen = ~np.isnan(past)
    across = np.where(seen, past, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    usable = seen.any(axis=0)
    size = max(int(seasons.max()) + 1, 54)
    total = np.bincount(seasons[usable], weights=across[usable], minlength=size)
    count = np.bincount(seasons[usable], minlength=size)
    mean = total / np.maximum(count, 1)
    level = mean[count > 0].mean()
    index = np.where((count > 0) & (level > 0), mean / (level or 1.0), 1.0)
    flat = past / np.where(index > 0, index, 1.0)[seasons][None, :]
    return seen_mean(flat, averaged), index


@dataclass(frozen=True)
class PerfectForesight:
    """Knows all demand: orders what the arrival period will lack, and nothing before.

    `demand` (n, T) from period 0; `lead` whole periods, the same for all. The yardstick of regret.
    """

    demand: np.ndarray
    lead: int

    def __call__(self, t: int, shelf: Shelf) -> np.ndarray:
        arrival, last = t + self.lead, self.demand.shape[1]
        if arrival >= last:
            return np.zeros(len(self.demand))
        due = shelf.due(self.lead + 1)
        stock = shelf.on_hand - shelf.owed
        for k in range(self.lead):
            stock = np.maximum(stock + due[:, k], 0.0) - self.demand[:, t + k]
            stock = np.maximum(stock, 0.0)
        return np.maximum(self.demand[:, arrival] - stock - due[:, self.lead], 0.0)
