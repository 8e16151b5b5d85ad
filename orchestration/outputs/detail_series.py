"""Per row of the plan: history, forecast and its range, stock with and without the order."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

HISTORY_WEEKS = 26
RANGE = ("p10", "p90")


@dataclass(frozen=True)
class DetailSeries:
    """Tables (n, weeks) in the order of `unique_ids` (n,), nan where nothing is known.

    `past` on `past_weeks`; `mean`, `low`, `high` on `ahead_weeks` (Mondays); `without`, `within`:
    units in the house on the morning of `stock_days`.
    """

    unique_ids: list[str]
    past_weeks: pd.DatetimeIndex
    past: np.ndarray
    ahead_weeks: pd.DatetimeIndex
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    stock_days: pd.DatetimeIndex
    without: np.ndarray
    within: np.ndarray


def detail_series(
    orders: pd.DataFrame,
    history: pd.DataFrame,
    forecast: pd.DataFrame,
    projection: pd.DataFrame,
) -> DetailSeries:
    """Line up what is known of every row of `orders` (once per SKU and warehouse).

    `history`: unique_id, ds, y. `forecast`: unique_id, ds, y_hat and RANGE if it has them.
    `projection`: `ml.replenishment.projection.PROJECTION_COLUMNS`.
    """
    ids = (orders["sku_id"] + "@" + orders["warehouse_id"]).drop_duplicates().tolist()
    past = _table(history, "y", ids, last=HISTORY_WEEKS)
    mean = _table(forecast, "y_hat", ids)
    low, high = (_table(forecast, name if name in forecast else "y_hat", ids) for name in RANGE)
    without = _table(projection, "stock_without_qty", ids)
    within = _table(projection, "stock_with_qty", ids)
    return DetailSeries(
        ids,
        past.columns,
        past.to_numpy(),
        mean.columns,
        mean.to_numpy(),
        low.to_numpy(),
        high.to_numpy(),
        without.columns,
        without.to_numpy(),
        within.to_numpy(),
    )


def _table(frame: pd.DataFrame, value: str, ids: list[str], last: int | None = None):
    days = pd.DatetimeIndex(np.sort(frame["ds"].unique()))
    days = days[-last:] if last else days
    row, column = pd.Index(ids).get_indexer(frame["unique_id"]), days.get_indexer(frame["ds"])
    known = (row >= 0) & (column >= 0)
    table = np.full((len(ids), len(days)), np.nan)
    table[row[known], column[known]] = frame[value].to_numpy(float)[known]
    return pd.DataFrame(table, columns=days)
