"""One number out of a distribution, as the loss it will be judged by asks for."""

import numpy as np


def least_relative_error(quantiles: np.ndarray, levels: tuple[float, ...]) -> np.ndarray:
    """The forecast with the least expected |y - forecast| / y, from quantiles n x Q at `levels`.

    That is the median of the density weighted by 1/y (Gneiting 2011, "Making and evaluating
    point forecasts"): well below the mean where demand is uncertain, and therefore not what to
    order by. Each quantile stands for the probability halfway to its neighbours; zeros, for
    which the error is not defined, count as half a unit.
    """
    at = np.asarray(levels, float)
    if len(at) != quantiles.shape[-1] or np.any(np.diff(at) <= 0):
        raise ValueError("levels must rise, one for each column of the quantiles")
    edges = np.concatenate([[0.0], (at[1:] + at[:-1]) / 2, [1.0]])
    value = np.maximum(quantiles, 0.5)
    weight = np.diff(edges) / value
    total = np.cumsum(weight, axis=-1)
    # mass of a quantile is spread around it: half of it lies below
    reached = (total - weight / 2) / total[..., -1:]
    right = np.clip((reached < 0.5).sum(-1), 1, len(at) - 1)[..., None]
    low, high = (np.take_along_axis(reached, right - k, -1)[..., 0] for k in (1, 0))
    below, above = (np.take_along_axis(value, right - k, -1)[..., 0] for k in (1, 0))
    share = np.clip((0.5 - low) / np.maximum(high - low, 1e-12), 0, 1)
    return below + share * (above - below)
