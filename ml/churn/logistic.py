"""Logistic regression as plain numbers: a prior to shrink to, and weights that may be bounded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

_LEAST_SPREAD = 1e-9
_ROWS_AT_ONCE = 8_192  # fits the processor's cache


def log_odds(probability: np.ndarray) -> np.ndarray:
    """log(p / (1 - p)), with p kept at least 1e-6 away from 0 and 1."""
    p = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.log(p) - np.log1p(-p)


def probability(margin: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-margin)), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * np.asarray(margin, dtype=float)))


def divisor(spread: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """What to divide columns by so that they are standardised, (k,): their spread, or 1.

    A column that is the same in all rows has a spread of rounding errors alone, some 1e-15 of its
    centre. Divided by that, the first customer who differs would be 1e14 spreads away and settle
    every sum they are part of; such a column counts for nothing until it has been seen to vary.
    """
    spread, centre = np.asarray(spread, dtype=float), np.asarray(centre, dtype=float)
    return np.where(spread > _LEAST_SPREAD * np.maximum(np.abs(centre), 1.0), spread, 1.0)


@dataclass(frozen=True)
class Logistic:
    """P = sigmoid(intercept + x @ weights)."""

    intercept: float
    weights: tuple[float, ...]

    def margin(self, x: np.ndarray) -> np.ndarray:
        """Log odds of each row of x (n, k)."""
        return self.intercept + x @ np.asarray(self.weights)


def fit_logistic(
    x: np.ndarray,
    y: np.ndarray,
    *,
    ridge: float,
    prior: Sequence[float] | None = None,
    at_least: float | None = None,
    at_most: Sequence[float] | None = None,
) -> Logistic:
    """Fit by L-BFGS-B: minimise the sum of log loss + ridge/2 * |weights - prior|^2.

    x (n, k), in single precision to halve its memory, or not; y (n,) of 0/1. `prior` defaults to
    zeros, `at_least` bounds every weight from below, `at_most` (k,) each from above.
    The intercept is shrunk only by 1e-3, so one class alone does not send it to infinity.
    """
    from scipy.optimize import minimize

    y = np.asarray(y, dtype=float)
    towards = np.zeros(x.shape[1]) if prior is None else np.asarray(prior, dtype=float)

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        off = theta[1:] - towards
        value = ridge / 2 * off @ off + 5e-4 * theta[0] ** 2
        slope = np.concatenate([[1e-3 * theta[0]], ridge * off])
        for start in range(0, len(y), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            part, told = x[rows].astype(float, copy=False), y[rows]
            margin = theta[0] + part @ theta[1:]
            value += np.logaddexp(0, margin).sum() - told @ margin
            error = probability(margin) - told
            slope[0] += error.sum()
            slope[1:] += part.T @ error
        return value, slope

    above = [None] * x.shape[1] if at_most is None else at_most
    bounds = [(None, None)] + [(at_least, most) for most in above]
    start = np.concatenate([[0.0], towards])
    theta = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    return Logistic(float(theta[0]), tuple(float(w) for w in theta[1:]))


def at_level_of(logistic: Logistic, x: np.ndarray, y: np.ndarray) -> Logistic:
    """The same weights with the intercept at which probabilities sum up to the ones in y (n,).

    `x` (n, k) as in `Logistic.margin`. Raises ValueError when y holds one class alone, which no
    intercept reaches.
    """
    from scipy.optimize import brentq

    y = np.asarray(y, dtype=float)
    if not 0 < y.mean() < 1:
        raise ValueError("the level of one class alone is not finite")
    without = replace(logistic, intercept=0.0).margin(x)
    bound = np.abs(without).max() + abs(log_odds(y.mean())) + 1.0
    level = brentq(lambda a: probability(a + without).mean() - y.mean(), -bound, bound)
    return replace(logistic, intercept=float(level))
