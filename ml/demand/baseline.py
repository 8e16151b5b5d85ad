"""Classical forecasts: the seasonal naive that every model must beat, and the pooled season."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml.demand.features import FeatureTables
from ml.demand.knots import normal_scores
from ml.demand.windows import row_mean

ENOUGH_ERRORS = 12


@dataclass(frozen=True)
class Forecast:
    """One origin's forecast: `mean` N x H and `quantiles` N x H x Q, in units."""

    mean: np.ndarray
    quantiles: np.ndarray


class SeasonalNaive:
    """Last year's same period, else the mean of the last; spread from its own past errors.

    Days without a last year repeat the mean of the last four same weekdays.
    """

    name = "seasonal_naive"

    def __init__(self, *, horizon: int, quantiles: tuple[float, ...]) -> None:
        self.horizon, self.levels = horizon, quantiles

    def fit(self, tables: FeatureTables, last: int) -> "SeasonalNaive":  # noqa: ARG002
        """Nothing is learnt: the history is read when predicting."""
        return self

    def predict(
        self, tables: FeatureTables, origin: int, series: np.ndarray | None = None
    ) -> Forecast:
        """Forecast `series` (default all); one with nothing seen forecasts what it sold."""
        steps = np.arange(1, self.horizon + 1)
        season = tables.rhythm.season
        lag = season * ((steps - 1) // season + 1)
        recent = _same_day(tables, origin + steps, origin)
        mean = _or_else(_year_ago(tables.history.y, origin + steps - lag), recent)
        past = np.arange(max(1, origin - season + 1), origin + 1)
        naive = _or_else(_year_ago(tables.history.y, past - season), _same_day(tables, past, None))
        errors = tables.history.y[:, past] - naive
        return self._of(series, mean, errors)

    def _of(self, series: np.ndarray | None, mean: np.ndarray, errors: np.ndarray) -> Forecast:
        quantiles = spread_by_errors(mean, errors, self.levels)
        chosen = slice(None) if series is None else series
        return Forecast(mean[chosen], quantiles[chosen])

    def save(self, folder: Path) -> None:
        """Nothing to save."""

    def restore(self, folder: Path) -> None:
        """Nothing to restore."""


class SeasonalMean(SeasonalNaive):
    """Mean of the last 13 weeks x season pooled over the category x expected promotion factor."""

    name = "seasonal_mean"

    def predict(
        self, tables: FeatureTables, origin: int, series: np.ndarray | None = None
    ) -> Forecast:
        """Forecast `series` (default all); spread from its errors at up to 8 past origins."""
        mean = tables.season_base(origin, self.horizon)
        errors = []
        week = tables.rhythm.per_week
        for past in range(origin - 2 * week, max(origin - 26 * week, 7), -3 * week):
            reach = min(self.horizon, origin - past)
            made = tables.season_base(past, self.horizon)[:, :reach]
            errors.append(tables.history.y[:, past + 1 : past + 1 + reach] - made)
        found = np.concatenate(errors, axis=1) if errors else np.empty((len(mean), 0))
        return self._of(series, mean, found)


def spread_by_errors(mean: np.ndarray, errors: np.ndarray, levels: tuple[float, ...]) -> np.ndarray:
    """Quantiles N x H x Q: the mean plus the series' own past error quantiles.

    `errors` is N x E with NaN for unseen. A series with few errors gets the pooled errors
    relative to its mean; without any errors at all, the spread of a Poisson count.
    """
    out = np.empty((*mean.shape, len(levels)))
    level = np.maximum(mean.mean(1, keepdims=True), 1e-9)
    seen = ~np.isnan(errors)
    own = seen.sum(1) >= ENOUGH_ERRORS
    relative = (errors / level)[seen & (level > 1e-6)]
    if len(relative) >= ENOUGH_ERRORS:
        out[:] = mean[..., None] * (1 + np.quantile(relative, levels))
    else:
        out[:] = mean[..., None] + np.sqrt(mean)[..., None] * normal_scores(levels)
    if own.any():
        found = np.nanquantile(errors[own], levels, axis=1).T
        out[own] = mean[own][..., None] + found[:, None, :]
    return out


def _year_ago(y: np.ndarray, weeks: np.ndarray) -> np.ndarray:
    return np.where(weeks >= 0, y[:, np.maximum(weeks, 0)], np.nan)


def _or_else(values: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(values), np.broadcast_to(otherwise, values.shape), values)


def _same_day(tables: FeatureTables, targets: np.ndarray, origin: int | None) -> np.ndarray:
    """Mean of the last four same weekdays before each target, and up to `origin` if given.

    For weeks, and where no such day was seen, the mean of the last periods.
    """
    last = targets - 1 if origin is None else np.full(len(targets), origin)
    recent = _recent_mean(tables, last)
    cycle = tables.rhythm.cycle
    if cycle == 1:
        return recent
    same = targets - cycle * (-((last - targets) // cycle))
    days = [_year_ago(tables.history.y, same - cycle * k) for k in range(4)]
    return _or_else(row_mean(days), recent)


def _recent_mean(tables: FeatureTables, origins: np.ndarray) -> np.ndarray:
    """Mean of the last seen weeks (8) or days (28); else of all that was sold; else 0."""
    total = np.concatenate([np.zeros((tables.n_series, 1)), np.cumsum(tables.filled, 1)], 1)
    count = np.concatenate([np.zeros((tables.n_series, 1)), np.cumsum(tables.seen, 1)], 1)
    low = np.maximum(origins + 1 - tables.rhythm.recent, 0)
    weeks = count[:, origins + 1] - count[:, low]
    mean = (total[:, origins + 1] - total[:, low]) / np.maximum(weeks, 1)
    ever = total[:, origins + 1] / np.maximum(count[:, origins + 1], 1)
    mean = np.where(weeks > 0, np.maximum(mean, 0), ever)
    sold = np.nan_to_num(tables.history.sold)
    censored = np.cumsum(sold, 1)[:, origins] / np.maximum(
        np.cumsum(~np.isnan(tables.history.sold), 1)[:, origins], 1
    )
    return np.where(count[:, origins + 1] > 0, mean, censored)
