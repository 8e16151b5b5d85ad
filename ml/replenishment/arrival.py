"""Our policy: cover the periods an order is for, from the stock that will be left when it lands.

Lost sales   `ArrivalQuantile`. The stock is carried to the arrival period on the expected demand:
             what cannot be served is lost and owed to nobody, so stock never falls below zero on
             the way. The order fills up to a quantile of the demand between its arrival and the
             arrival of the next order. (Base stock over lead + review over-orders under lost
             sales: it buys again for demand that will have gone elsewhere.)
Backorders   `OrderUpTo`. What is missed is still owed, so the position (on hand + under way - owed)
             is filled up to a quantile of the demand of lead + review periods.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ml.replenishment.simulation import Shelf


@dataclass(frozen=True)
class PeriodForecast:
    """Demand of the coming periods, column 0 the next one, in units.

    `mean` (n, H); `quantiles` (n, H, Q) at the probabilities `levels` (Q,), ascending.
    """

    mean: np.ndarray
    quantiles: np.ndarray
    levels: np.ndarray

    def spread(self, probability: np.ndarray) -> np.ndarray:
        """Quantile less mean (n, H), each series at its own `probability` (n,).

        Straight between two levels; beyond the outermost one that level's own.
        """
        p = np.clip(probability, self.levels[0], self.levels[-1])
        right = np.clip(np.searchsorted(self.levels, p), 1, len(self.levels) - 1)
        left = right - 1
        share = (p - self.levels[left]) / (self.levels[right] - self.levels[left])
        rows = np.arange(len(self.mean))
        low, high = self.quantiles[rows, :, left], self.quantiles[rows, :, right]
        return low + share[:, None] * (high - low) - self.mean


def projected_stock(shelf: Shelf, mean: np.ndarray, periods: np.ndarray) -> np.ndarray:
    """Units (n,) left at the end of the `periods`-th coming period (n,) at the expected demand.

    `mean` (n, H). What is under way comes on its promised date; sales beyond the stock are lost.
    Zero periods ahead is the stock of now, less what is owed.
    """
    longest = int(np.max(periods, initial=0))
    due = shelf.due(max(longest, 1))
    stock = shelf.on_hand - shelf.owed
    for k in range(longest):
        after = np.maximum(stock + due[:, k] - mean[:, k], 0.0)
        stock = np.where(k < periods, after, stock)
    return stock


@dataclass(frozen=True)
class ArrivalQuantile:
    """Fill the periods from the order's arrival to the next one's, up to the `service_level`.

    `forecast(t)` is what is known before period t; it reaches lead + review periods ahead.
    `lead`, `review`: whole periods; `service_level`: probability; (n,) or one for all series.
    Spreads of several periods add in quadrature. Wishes are whole units, to the nearest one.
    """

    forecast: Callable[[int], PeriodForecast]
    lead: np.ndarray | int
    service_level: np.ndarray | float
    review: np.ndarray | int = 1

    def __call__(self, t: int, shelf: Shelf) -> np.ndarray:
        known = self.forecast(t)
        n, horizon = known.mean.shape
        lead, review, level = (
            np.broadcast_to(x, (n,)) for x in (self.lead, self.review, self.service_level)
        )
        if np.max(lead + review) > horizon:
            raise ValueError(f"the forecast reaches {horizon} periods, not {max(lead + review)}")
        ahead = np.arange(horizon)[None, :]
        is_covered = (ahead >= lead[:, None]) & (ahead < (lead + review)[:, None])
        wanted = np.where(is_covered, known.mean, 0.0).sum(axis=1)
        spread = known.spread(level)
        squared = np.where(is_covered, np.sign(spread) * np.square(spread), 0.0).sum(axis=1)
        wanted = np.maximum(wanted + np.sign(squared) * np.sqrt(np.abs(squared)), 0.0)
        due = shelf.due(horizon)
        held = projected_stock(shelf, known.mean, lead)
        held = held + np.where(is_covered, due, 0.0).sum(axis=1)
        return np.floor(np.maximum(wanted - held, 0.0) + 0.5)


@dataclass(frozen=True)
class OrderUpTo:
    """Fill the position up to the `service_level` quantile of the protection interval's demand.

    `forecast(t)`: one column, the sum over lead + review periods as known before period t.
    """

    forecast: Callable[[int], PeriodForecast]
    service_level: np.ndarray | float

    def __call__(self, t: int, shelf: Shelf) -> np.ndarray:
        known = self.forecast(t)
        p = np.broadcast_to(self.service_level, (len(known.mean),))
        level = known.mean[:, 0] + known.spread(p)[:, 0]
        return np.floor(np.maximum(level - shelf.position, 0.0) + 0.5)
