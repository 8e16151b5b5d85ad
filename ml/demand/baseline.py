"""Classical forecasts: the seasonal naive that every model must beat, and the pooled season."""

from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np

from ml.demand.features import SEASON, FeatureTables

LAST_WEEKS = 8
ERROR_WEEKS = 52
ENOUGH_ERRORS = 12


@dataclass(frozen=True)
class Forecast:
    """One origin's forecast: `mean` N x H and `quantiles` N x H x Q, in units."""

    mean: np.ndarray
    quantiles: np.ndarray


class SeasonalNaive:
    """Last year's same week, else the mean of the last weeks; spread from its own past errors."""

    name = "seasonal_naive"

    def __init__(self, *, horizon: int, quantiles: tuple[float, ...]) -> None:
        self.horizon, self.levels = horizon, quantiles

    def fit(self, tables: FeatureTables, last: int) -> "SeasonalNaive":  # noqa: ARG002
        """Nothing is learnt: the history is read when predicting."""
        return self

    def predict(self, tables: FeatureTables, origin: int) -> Forecast:
        """Forecast all series from `origin`; a series with nothing seen forecasts what it sold."""
        steps = np.arange(1, self.horizon + 1)
        lag = SEASON * ((steps - 1) // SEASON + 1)
        recent = _recent_mean(tables, np.array([origin]))
        mean = _or_else(_year_ago(tables.history.y, origin + steps - lag), recent)
        past = np.arange(max(1, origin - ERROR_WEEKS + 1), origin + 1)
        naive = _or_else(_year_ago(tables.history.y, past - SEASON), _recent_mean(tables, past - 1))
        errors = tables.history.y[:, past] - naive
        return Forecast(mean, spread_by_errors(mean, errors, self.levels))

    def save(self, folder: Path) -> None:
        """Nothing to save."""

    def restore(self, folder: Path) -> None:
        """Nothing to restore."""


class SeasonalMean(SeasonalNaive):
    """Mean of the last 13 weeks x season pooled over the category x expected promotion factor."""

    name = "seasonal_mean"

    def predict(self, tables: FeatureTables, origin: int) -> Forecast:
        """Forecast all series from `origin`; spread from its errors at up to 8 past origins."""
        mean = tables.season_base(origin, self.horizon)
        errors = []
        for past in range(origin - 2, max(origin - 26, 7), -3):
            reach = min(self.horizon, origin - past)
            made = tables.season_base(past, self.horizon)[:, :reach]
            errors.append(tables.history.y[:, past + 1 : past + 1 + reach] - made)
        found = np.concatenate(errors, axis=1) if errors else np.empty((len(mean), 0))
        return Forecast(mean, spread_by_errors(mean, found, self.levels))


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
        z = np.array([NormalDist().inv_cdf(q) for q in levels])
        out[:] = mean[..., None] + np.sqrt(mean)[..., None] * z
    if own.any():
        found = np.nanquantile(errors[own], levels, axis=1).T
        out[own] = mean[own][..., None] + found[:, None, :]
    return out


def _year_ago(y: np.ndarray, weeks: np.ndarray) -> np.ndarray:
    return np.where(weeks >= 0, y[:, np.maximum(weeks, 0)], np.nan)


def _or_else(values: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(values), np.broadcast_to(otherwise, values.shape), values)


def _recent_mean(tables: FeatureTables, origins: np.ndarray) -> np.ndarray:
    """Mean of the last 8 seen weeks; else the last that was sold, stock-out or not; else 0."""
    total = np.concatenate([np.zeros((tables.n_series, 1)), np.cumsum(tables.filled, 1)], 1)
    count = np.concatenate([np.zeros((tables.n_series, 1)), np.cumsum(tables.seen, 1)], 1)
    low = np.maximum(origins + 1 - LAST_WEEKS, 0)
    weeks = count[:, origins + 1] - count[:, low]
    mean = (total[:, origins + 1] - total[:, low]) / np.maximum(weeks, 1)
    ever = total[:, origins + 1] / np.maximum(count[:, origins + 1], 1)
    mean = np.where(weeks > 0, np.maximum(mean, 0), ever)
    sold = np.nan_to_num(tables.history.sold)
    censored = np.cumsum(sold, 1)[:, origins] / np.maximum(
        np.cumsum(~np.isnan(tables.history.sold), 1)[:, origins], 1
    )
    return np.where(count[:, origins + 1] > 0, mean, censored)
