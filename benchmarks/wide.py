"""A long panel as matrices, and complete long frames for models that cannot take gaps."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

FILL_PERIODS = 13


@dataclass(frozen=True)
class Wide:
    """`y` is N x T, NaN before a series starts, in gaps and when out of stock."""

    ids: np.ndarray
    periods: pd.DatetimeIndex
    y: np.ndarray
    first: np.ndarray

    @property
    def started(self) -> np.ndarray:
        """N x T flags: from a series' first row on."""
        return np.arange(len(self.periods)) >= self.first[:, None]


def widen(panel: pd.DataFrame, freq: str) -> Wide:
    """Matrices of a panel up to its last period."""
    ids, row = np.unique(panel["unique_id"].to_numpy(str), return_inverse=True)
    periods = pd.date_range(panel["ds"].min(), panel["ds"].max(), freq=freq)
    column = periods.get_indexer(panel["ds"])
    y = np.full((len(ids), len(periods)), np.nan)
    y[row, column] = panel["y"].to_numpy(float)
    if "is_stockout" in panel:
        out = panel["is_stockout"].to_numpy(bool)
        y[row[out], column[out]] = np.nan
    first = np.full(len(ids), len(periods))
    np.minimum.at(first, row, column)
    return Wide(ids, periods, y, first)


def matrix(frame: pd.DataFrame, column: str, ids: np.ndarray, periods: pd.DatetimeIndex):
    """A column of a long frame as N x len(periods), NaN where it has no row."""
    out = np.full((len(ids), len(periods)), np.nan)
    row, at = pd.Index(ids).get_indexer(frame["unique_id"]), periods.get_indexer(frame["ds"])
    kept = (row >= 0) & (at >= 0)
    out[row[kept], at[kept]] = frame[column].to_numpy(float)[kept]
    return out


def filled(wide: Wide) -> np.ndarray:
    """`y` with the unseen since a series' start at the mean of the 13 periods seen before."""
    seen = ~np.isnan(wide.y)
    total = np.cumsum(np.nan_to_num(wide.y), 1)
    count = np.cumsum(seen, 1)
    back = np.pad(total, ((0, 0), (FILL_PERIODS, 0)))[:, : wide.y.shape[1]]
    counted = np.pad(count, ((0, 0), (FILL_PERIODS, 0)))[:, : wide.y.shape[1]]
    recent = (total - back) / np.maximum(count - counted, 1)
    ever = total / np.maximum(count, 1)
    guess = np.where(count > counted, recent, ever)
    return np.where(seen, wide.y, np.where(wide.started, guess, np.nan))


def complete(wide: Wide, values: np.ndarray) -> pd.DataFrame:
    """Long frame unique_id, ds, y, is_seen of every period since each series' start."""
    row, column = np.nonzero(wide.started)
    return pd.DataFrame(
        {
            "unique_id": wide.ids[row].astype(object),
            "ds": wide.periods[column],
            "y": values[row, column],
            "is_seen": ~np.isnan(wide.y[row, column]),
        }
    )
