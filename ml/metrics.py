"""Accuracy of forecasts: what each score means, in numpy."""

import numpy as np
import numpy.typing as npt


def wape(y: npt.ArrayLike, y_hat: npt.ArrayLike) -> float:
    """Sum of absolute errors over the sum of actuals; NaN pairs are left out.

    Pools over everything given, so large series weigh more. NaN if actuals sum to zero.

    >>> wape([10, 0], [8, 1])
    0.3
    """
    y, y_hat = _pairs(y, y_hat)
    return _ratio(np.abs(y_hat - y).sum(), y.sum())


def bias(y: npt.ArrayLike, y_hat: npt.ArrayLike) -> float:
    """Sum of (forecast - actual) over the sum of actuals: positive means too much.

    >>> bias([10, 10], [11, 13])
    0.2
    """
    y, y_hat = _pairs(y, y_hat)
    return _ratio((y_hat - y).sum(), y.sum())


def rmse(y: npt.ArrayLike, y_hat: npt.ArrayLike) -> float:
    """Root of the mean squared error, in units of `y`."""
    y, y_hat = _pairs(y, y_hat)
    return float(np.sqrt(np.mean((y_hat - y) ** 2))) if len(y) else float("nan")


def pinball(y: npt.ArrayLike, q_hat: npt.ArrayLike, q: float) -> float:
    """Mean quantile loss of `q_hat` as quantile `q`, in units of `y` (Koenker & Bassett 1978).

    >>> pinball([10.0], [8.0], 0.9)
    1.8
    """
    y, q_hat = _pairs(y, q_hat)
    return float(np.mean(np.maximum(q * (y - q_hat), (q - 1) * (y - q_hat)))) if len(y) else np.nan


def scaled_pinball(y: npt.ArrayLike, quantiles: dict[float, npt.ArrayLike]) -> float:
    """Twice the mean quantile loss over all quantiles, divided by the mean actual.

    `quantiles` maps q to forecasts as long as `y`. With the median alone it equals WAPE:
    the weighted quantile loss of GluonTS. NaN if actuals sum to zero.
    """
    if not quantiles:
        raise ValueError("scaled_pinball needs at least one quantile")
    loss = np.mean([pinball(y, q_hat, q) for q, q_hat in quantiles.items()])
    y = np.asarray(y, float)
    return _ratio(2 * loss, float(np.mean(y[~np.isnan(y)])) if (~np.isnan(y)).any() else 0.0)


def coverage(y: npt.ArrayLike, lo: npt.ArrayLike, hi: npt.ArrayLike) -> float:
    """Share of actuals with lo <= y <= hi.

    Demand is counted in whole units and never below zero: where zero alone has more
    probability than the lower tail, the interval cannot help covering more than its name.
    """
    y, lo, hi = (np.asarray(values, float) for values in (y, lo, hi))
    seen = ~(np.isnan(y) | np.isnan(lo) | np.isnan(hi))
    return float(np.mean((y >= lo)[seen] & (y <= hi)[seen])) if seen.any() else float("nan")


def mase(y: npt.ArrayLike, y_hat: npt.ArrayLike, history: npt.ArrayLike, season: int = 1) -> float:
    """Mean absolute error over the in-sample error of the seasonal naive (Hyndman 2006).

    One series: `history` is its past in time order. NaN where the naive never erred.
    """
    y, y_hat = _pairs(y, y_hat)
    return _ratio(float(np.mean(np.abs(y_hat - y))), _naive_error(history, season, 1))


def rmsse(y: npt.ArrayLike, y_hat: npt.ArrayLike, history: npt.ArrayLike, season: int = 1) -> float:
    """Root of mean squared error over that of the in-sample seasonal naive (M5).

    One series: `history` is its past in time order. NaN where the naive never erred.
    """
    y, y_hat = _pairs(y, y_hat)
    return float(
        np.sqrt(_ratio(float(np.mean((y_hat - y) ** 2)), _naive_error(history, season, 2)))
    )


def _naive_error(history: npt.ArrayLike, season: int, power: int) -> float:
    past = np.asarray(history, float)
    steps = np.abs(past[season:] - past[:-season]) ** power
    steps = steps[~np.isnan(steps)]
    return float(steps.mean()) if len(steps) else 0.0


def _pairs(y: npt.ArrayLike, y_hat: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    y, y_hat = np.asarray(y, float), np.asarray(y_hat, float)
    if y.shape != y_hat.shape:
        raise ValueError(f"actuals have shape {y.shape}, forecasts {y_hat.shape}")
    seen = ~(np.isnan(y) | np.isnan(y_hat))
    return y[seen], y_hat[seen]


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")
