"""How demand answers to planned promotions and prices: per series, shrunk to all series."""

import numpy as np

from ml.demand.panel import History
from ml.demand.windows import window_mean

PROMO_COLUMNS = ("discount_rate", "promo_share", "peak_share", "festival_share")
PRICE_COLUMNS = ("price", "price_amount", "own_price")
PRIOR_DISCOUNT = 0.25  # weight of the pooled uplift, in units of summed squared discount
MAX_LOG_UPLIFT = 2.5
NORMAL_PERIODS = 26
LOG_FLOOR = -60.0


def price_column(history: History) -> str | None:
    """The planned own price among the known columns, if there is one."""
    return next((name for name in PRICE_COLUMNS if name in history.known), None)


def drive_of(history: History) -> np.ndarray | None:
    """Planned discount, N x (T + H): the column of that name, else price below its normal.

    None where neither is planned.
    """
    for name in PROMO_COLUMNS[:2]:
        if name in history.known:
            return np.nan_to_num(history.known[name])
    price = price_column(history)
    if price is None:
        return None
    return np.nan_to_num(np.maximum(-log_over_normal(history.known[price]), 0.0))


def log_over_normal(table: np.ndarray) -> np.ndarray:
    """Log of a positive planned column over its mean log of the half year before each period."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(table)
    seen = np.isfinite(logs)
    # window_mean is for quantities: the logs are lifted above zero for it
    normal = window_mean(np.where(seen, logs - LOG_FLOOR, 0.0), seen, NORMAL_PERIODS) + LOG_FLOOR
    before = np.concatenate([normal[:, :1], normal[:, :-1]], axis=1)
    return np.where(seen, logs - before, np.nan)


def promo_periods(history: History) -> np.ndarray:
    """Flag N x (T + H): some promotion is planned."""
    flag = np.zeros((len(history.ids), len(history.weeks)), bool)
    for name in PROMO_COLUMNS:
        if name in history.known:
            flag |= np.nan_to_num(history.known[name]) > 0.01
    drive = drive_of(history)
    return flag if drive is None else flag | (drive > 0.05)


def uplift_slope(
    drive: np.ndarray, calm_mean: np.ndarray, filled: np.ndarray, seen: np.ndarray
) -> np.ndarray:
    """Log-uplift per unit of discount as known after each period, N x T, within 0 and 10."""
    drive = drive[:, : filled.shape[1]]
    before = np.roll(calm_mean, 1, axis=1)
    before[:, 0] = np.nan
    usable = seen & (drive > 0.01) & (np.nan_to_num(before) > 0)
    level = np.where(usable, before, 1.0)
    ratio = np.log((filled + 0.5) / (level + 0.5))
    # small series say little about the factor: their weeks are mostly counting noise
    weight = np.where(usable, level / (level + 2.0), 0.0)
    along = np.cumsum(weight * drive * ratio, axis=1)
    square = np.cumsum(weight * drive**2, axis=1)
    pooled = along.sum(0) / (square.sum(0) + PRIOR_DISCOUNT)
    slope = (along + PRIOR_DISCOUNT * pooled) / (square + PRIOR_DISCOUNT)
    return np.clip(slope, 0, 10)
