"""Our policy: cover the periods an order is for, from the stock that will be left when it lands.

Lost sales   `ArrivalQuantile`. The stock is carried to the arrival period on the expected demand:
             what cannot be served is lost and owed to nobody, so stock never falls below zero on
             the way. The order fills up to a quantile of the demand between its arrival and the
             arrival of the next order. (Base stock over lead + review over-orders under lost
             sales: it buys again for demand that will have gone elsewhere.)
             `ArrivalTarget` adds the risk of the way there, as the daily plan does (`targets`).
Backorders   `OrderUpTo`. What is missed is still owed, so the position (on hand + under way - owed)
             is filled up to a quantile of the demand of lead + review periods.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ml.replenishment.protection import growth_beyond, z_score
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

        Straight between two levels; beyond the outermost one that level's own grows with the
        normal score.
        """
        p = np.clip(probability, self.levels[0], self.levels[-1])
        right = np.clip(np.searchsorted(self.levels, p), 1, len(self.levels) - 1)
        left = right - 1
        share = (p - self.levels[left]) / (self.levels[right] - self.levels[left])
        rows = np.arange(len(self.mean))
        low, high = self.quantiles[rows, :, left], self.quantiles[rows, :, right]
        spread = low + share[:, None] * (high - low) - self.mean
        for beyond in np.unique(probability[p != probability]):
            at = probability == beyond
            spread[at] *= growth_beyond(p[at][0], beyond)
        return spread


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
class ArrivalTarget:
    """As `ArrivalQuantile`, and safe against what may go wrong before the next goods arrive.

    The rule of `targets` in whole periods: up to mean + hypot(shortfall, spread after arrival),
    where the shortfall is what stock on arrival may lack if demand until then comes out at the
    `service_level`. After it the goods must also last while the next order is late, by `lead_sd`
    periods (see `simulation.lead_time_miss`). Where the shelf runs dry before the arrival it has
    nothing to lack.
    """

    forecast: Callable[[int], PeriodForecast]
    lead: np.ndarray | int
    service_level: np.ndarray | float
    lead_sd: np.ndarray | float = 0.0
    review: np.ndarray | int = 1

    def __call__(self, t: int, shelf: Shelf) -> np.ndarray:
        known = self.forecast(t)
        n, horizon = known.mean.shape
        lead, review, level, lead_sd = (
            np.broadcast_to(x, (n,))
            for x in (self.lead, self.review, self.service_level, self.lead_sd)
        )
        if np.max(lead + review) > horizon:
            raise ValueError(f"the forecast reaches {horizon} periods, not {max(lead + review)}")
        ahead = np.arange(horizon)[None, :]
        is_before, is_covered = ahead < lead[:, None], ahead < (lead + review)[:, None]
        is_after = is_covered & ~is_before
        squared = np.square(np.maximum(known.spread(level), 0.0))
        z = np.array([z_score(p) for p in level])
        rate = np.where(is_covered, known.mean, 0.0).sum(axis=1) / np.maximum(lead + review, 1)
        before = np.sqrt(np.where(is_before, squared, 0.0).sum(axis=1))
        share = np.sqrt(np.minimum((ahead + 1) / np.maximum(lead[:, None], 1), 1.0))
        more = np.diff(before[:, None] * share, axis=1, prepend=0.0)
        held = projected_stock(shelf, known.mean, lead)
        shortfall = held - projected_stock(shelf, known.mean + more, lead)
        wanted = np.where(is_after, known.mean, 0.0).sum(axis=1)
        after = np.where(is_after, squared, 0.0).sum(axis=1) + np.square(z * rate * lead_sd)
        wanted = wanted + np.sqrt(np.square(shortfall) + after)
        held = held + np.where(is_after, shelf.due(horizon), 0.0).sum(axis=1)
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
