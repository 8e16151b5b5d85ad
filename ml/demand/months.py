"""Which part of each forecast period falls into which calendar month."""

import numpy as np
import pandas as pd


def month_shares(
    starts: pd.DatetimeIndex, days: int
) -> tuple[pd.DatetimeIndex, np.ndarray, np.ndarray]:
    """Months touched by periods of `days` days, their shares, and whether all days are there.

    `starts` are the H periods' first days. Returns months (first days, M), the share of each
    period's days in each month (H x M, rows sum to 1), and complete (M).

    >>> month_shares(pd.DatetimeIndex(["2025-01-27", "2025-02-03"]), 7)[1].round(2).tolist()
    [[0.71, 0.29], [0.0, 1.0]]
    """
    every = starts.to_numpy()[:, None] + np.arange(days) * np.timedelta64(1, "D")
    month = every.astype("datetime64[M]")
    months = np.unique(month)
    share = (month[:, :, None] == months).mean(axis=1)
    length = (months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")
    complete = (month[:, :, None] == months).sum(axis=(0, 1)) == length.astype(int)
    return pd.DatetimeIndex(months.astype("datetime64[ns]")), share, complete
