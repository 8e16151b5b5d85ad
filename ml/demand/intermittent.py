"""CrostonSBA: the demand rate of series that are mostly zero (Syntetos & Boylan 2005)."""

import numpy as np

ALPHA = 0.1


def croston_sba(y: np.ndarray, alpha: float = ALPHA) -> np.ndarray:
    """Mean demand per period after the last column of `y` (N x T, units, NaN unseen), N values.

    Size and interval of demands are smoothed apart, each begun at its first value and moved only
    when a demand is seen; rate = (1 - alpha / 2) x size / interval. An unseen period neither
    ends nor lengthens an interval. A series without a demand has rate 0. Raises ValueError for
    an `alpha` that is not between 0 and 1.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, got {alpha}")
    y = np.asarray(y, float)
    size, interval = np.zeros(len(y)), np.zeros(len(y))
    waited, started = np.zeros(len(y)), np.zeros(len(y), bool)
    for values in y.T:
        waited += ~np.isnan(values)
        sold = np.nan_to_num(values) > 0
        first, again = sold & ~started, sold & started
        size = np.where(first, values, np.where(again, size + alpha * (values - size), size))
        interval = np.where(
            first, waited, np.where(again, interval + alpha * (waited - interval), interval)
        )
        waited[sold] = 0
        started |= sold
    return np.where(started, (1 - alpha / 2) * size / np.maximum(interval, 1), 0.0)
