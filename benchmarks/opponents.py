"""The permanent opponents: seasonal naive, pooled season x 13-week mean, CrostonSBA.

Each gives a mean for any origin; its quantiles are that mean plus the quantiles of its own errors
at past origins, of the series where there are enough of them, else pooled relative to the level.
"""

from abc import ABC, abstractmethod

import numpy as np
import pandas as pd

from benchmarks.task import Setting
from benchmarks.wide import widen
from ml.columns import quantile_column
from ml.demand.intermittent import croston_sba

RECENT = 8
PAST_ORIGINS = 8
ENOUGH_ERRORS = 20
MEAN_WEEKS = 13


class Opponent(ABC):
    """Fit reads the history; predict gives means and quantiles of the periods ahead."""

    requires: tuple[str, ...] = ()

    def __init__(self, setting: Setting) -> None:
        self.setting = setting

    def fit(self, panel: pd.DataFrame, static=None, known_future=None) -> "Opponent":  # noqa: ARG002
        """Keep the history."""
        self.wide = widen(panel, self.setting.freq)
        return self

    def predict(self) -> pd.DataFrame:
        """unique_id, ds, cutoff, step, y_hat and the quantiles."""
        wide, h = self.wide, self.setting.horizon
        n, last = wide.y.shape
        ahead = pd.date_range(wide.periods[0], periods=last + h, freq=self.setting.freq)
        slots = season_slots(ahead, self.setting.freq)
        mean = np.maximum(self.mean(wide.y, slots, h), 0)
        errors = []
        for k in range(1, PAST_ORIGINS + 1):
            origin = last - k * max(1, h // 2)
            if origin > last // 2:
                reach = min(h, last - origin)
                made = np.maximum(self.mean(wide.y[:, :origin], slots, h), 0)
                errors.append(wide.y[:, origin : origin + reach] - made[:, :reach])
        errors = np.concatenate(errors, 1) if errors else np.empty((n, 0))
        quantiles = spread(mean, errors, self.setting.quantiles)
        frame = pd.DataFrame(
            {
                "unique_id": np.repeat(wide.ids.astype(object), h),
                "ds": np.tile(ahead[last:], n),
                "cutoff": wide.periods[-1],
                "step": np.tile(np.arange(1, h + 1), n),
                "y_hat": mean.ravel(),
            }
        )
        for k, q in enumerate(self.setting.quantiles):
            frame[quantile_column(q)] = quantiles[..., k].ravel()
        return frame

    @abstractmethod
    def mean(self, y: np.ndarray, slots: np.ndarray, horizon: int) -> np.ndarray:
        """N x H means after the last column of `y`; `slots` are season numbers from its first."""


class SeasonalNaive(Opponent):
    """The same period of last season, else the mean of the last 8 seen."""

    def mean(self, y, slots, horizon):  # noqa: ARG002
        """N x H means."""
        season, last = self.setting.season, y.shape[1]
        steps = np.arange(horizon)
        at = last + steps - season * (steps // season + 1)
        year_ago = np.where(at >= 0, y[:, np.maximum(at, 0)], np.nan)
        return np.where(np.isnan(year_ago), recent_mean(y, RECENT)[:, None], year_ago)


class PooledSeasonalMean(Opponent):
    """Season index pooled over all series x mean of the last 13 deseasonalised weeks."""

    def mean(self, y, slots, horizon):
        """N x H means."""
        last = y.shape[1]
        count = int(slots.max()) + 1
        level = np.nanmean(y) if (~np.isnan(y)).any() else 0.0
        sums = np.bincount(slots[:last], np.nansum(y, 0), count)
        seen = np.bincount(slots[:last], (~np.isnan(y)).sum(0), count)
        index = np.where(seen > 0, sums / np.maximum(seen, 1), level) / max(level, 1e-9)
        index = np.maximum(index, 0.05)
        weeks = MEAN_WEEKS * (7 if self.setting.freq == "D" else 1)
        base = recent_mean(y / index[slots[:last]], weeks)
        return base[:, None] * index[slots[last : last + horizon]]


class CrostonSBA(Opponent):
    """A constant rate: size over interval, smoothed at alpha 0.1, less half of it."""

    def mean(self, y, slots, horizon):  # noqa: ARG002
        """N x H means."""
        return np.repeat(croston_sba(y)[:, None], horizon, axis=1)


def season_slots(periods: pd.DatetimeIndex, freq: str) -> np.ndarray:
    """Season number of each period: ISO week, or for days the day of the week."""
    if freq == "D":
        return periods.dayofweek.to_numpy()
    return np.minimum(periods.isocalendar().week.to_numpy(int), 52) - 1


def recent_mean(y: np.ndarray, periods: int) -> np.ndarray:
    """Mean of what was seen in the last `periods`, else ever, else 0."""
    total = np.nansum(y[:, -periods:], 1), np.nansum(y, 1)
    count = (~np.isnan(y[:, -periods:])).sum(1), (~np.isnan(y)).sum(1)
    recent, ever = (t / np.maximum(c, 1) for t, c in zip(total, count, strict=True))
    return np.where(count[0] > 0, recent, ever)


def spread(mean: np.ndarray, errors: np.ndarray, levels: tuple[float, ...]) -> np.ndarray:
    """Quantiles N x H x Q from past errors N x E (NaN unseen), never negative."""
    level = np.maximum(mean.mean(1, keepdims=True), 1e-6)
    seen = ~np.isnan(errors)
    pooled = (errors / level)[seen & (level > 1e-3)]
    shift = np.quantile(pooled, levels) if len(pooled) else np.zeros(len(levels))
    out = mean[..., None] + level[..., None] * shift
    own = seen.sum(1) >= ENOUGH_ERRORS
    if own.any():
        found = np.nanquantile(errors[own], levels, axis=1).T
        out[own] = mean[own][..., None] + found[:, None, :]
    return np.maximum(out, 0)
