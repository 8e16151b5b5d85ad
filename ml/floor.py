"""The irreducible error of counts: what remains when the true rate is known."""

import numpy as np
import numpy.typing as npt
from scipy.stats import nbinom, poisson


def poisson_floor(rate: npt.ArrayLike) -> np.ndarray:
    """Expected absolute error, in units, of the median of Poisson demand with a known `rate`.

    No forecast of one period has less. E|Y - m| = rate - m + 2 (m F(m) - rate F(m - 1)), from
    j p(j) = rate p(j - 1).

    >>> float((poisson_floor(10) / 10).round(2))
    0.25
    """
    rate = np.asarray(rate, float)
    median = poisson.median(rate)
    below = median * poisson.cdf(median, rate) - rate * poisson.cdf(median - 1, rate)
    return np.where(rate > 0, rate - median + 2 * below, 0.0)


def negbin_floor(rate: npt.ArrayLike, k: npt.ArrayLike) -> np.ndarray:
    """As `poisson_floor` for negative binomial demand with variance rate + rate^2 / k.

    From j p(j; k) = rate p(j - 1; k + 1) at the same success probability k / (k + rate). An
    infinite `k` is Poisson. Raises ValueError if `k` is not positive.
    """
    rate, k = np.broadcast_arrays(np.asarray(rate, float), np.asarray(k, float))
    if not (k > 0).all():
        raise ValueError("the dispersion k of a negative binomial must be positive")
    flat = np.isinf(k)
    size = np.where(flat, 1.0, k)
    chance = size / (size + rate)
    median = nbinom.median(size, chance)
    below = median * nbinom.cdf(median, size, chance)
    below = below - rate * nbinom.cdf(median - 1, size + 1, chance)
    found = np.where(rate > 0, rate - median + 2 * below, 0.0)
    return np.where(flat, poisson_floor(rate), found)


def dispersion(y: npt.ArrayLike, cycle: int = 1) -> float:
    """Negative binomial k shared by the rows of `y` (N x T, NaN unseen); inf if none is needed.

    Method of moments on half the squared steps between periods a `cycle` apart (von Neumann; 7
    for days, which have the weekday in common): a level or season that moves slowly is not taken
    for noise. Promotions still are, so where there are many the floor made from this k is too high.
    """
    y = np.atleast_2d(np.asarray(y, float))
    now, before = y[:, cycle:], y[:, :-cycle]
    counts, pairs = (~np.isnan(y)).sum(1), (~np.isnan(now - before)).sum(1)
    mean = np.nansum(y, 1) / np.maximum(counts, 1)
    noise = np.nansum((now - before) ** 2, 1) / np.maximum(2 * pairs, 1)
    # independent draws: the mean of their product is rate^2, also where the rate moves
    squares = (np.nansum(now * before, 1) / np.maximum(pairs, 1)).sum()
    excess = float((noise - mean)[pairs > 0].sum())
    return float(squares) / excess if excess > 0 and squares > 0 else float("inf")
