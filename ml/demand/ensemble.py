"""Ensemble weights from skill on held-out weeks, per volume class, drawn to the global ones."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from ml.demand.baseline import Forecast

PARTS = 10  # weights move in tenths
NEAR_BEST = 1.003  # all weightings this close to the best are as good: their mean is sturdier
MIN_POINTS = 200
# Shares where nothing was held out; a mean over half a year knows no season yet. Complete Journey
# after 28 to 36 weeks, against equal shares: scaled pinball .512 -> .486 by SKU, .102 -> .101 by
# category, WAPE 1.147 -> 1.084 and .231 -> .211.
UNTAUGHT = {"xgboost": 2 / 3, "lstm": 1 / 3}


@dataclass(frozen=True)
class Weights:
    """Shares of the members for the mean and for the quantiles, both classes x members."""

    mean: np.ndarray
    quantiles: np.ndarray

    @classmethod
    def equal(cls, members: int) -> "Weights":
        """One class, every member the same."""
        share = np.full((1, members), 1 / members)
        return cls(share, share)

    @classmethod
    def untaught(cls, members: list[str]) -> "Weights":
        """For a history too short to hold weeks out: UNTAUGHT, or all the same without those."""
        share = np.array([[UNTAUGHT.get(name, 0.0) for name in members]])
        if share.sum() == 0:
            return cls.equal(len(members))
        share = share / share.sum()
        return cls(share, share)

    def mean_drawn_to(self, member: int) -> "Weights":
        """Half of the mean's weights as they are, half for one member; the quantiles' stay."""
        only = np.eye(self.mean.shape[1])[member]
        return Weights((self.mean + only) / 2, self.quantiles)


def skill_weights(
    y: np.ndarray,
    means: np.ndarray,
    quantiles: np.ndarray,
    levels: tuple[float, ...],
    volume_class: np.ndarray,
    n_classes: int,
) -> Weights:
    """Weights that would have been best, each row non-negative with sum 1.

    `y` n actuals, `means` members x n, `quantiles` members x n x Q. The mean is judged by
    absolute error plus the size of the error in total, so that no blend drifts to
    the median and orders too little, the quantiles by pinball loss, both in units: a member may
    know the level and not the spread. A class's own weights count half, the global ones half; a
    class with fewer than 200 points takes the global ones.
    """
    grid, level = _simplex(len(means)), np.asarray(levels)

    def mean_loss(weights: np.ndarray, at: np.ndarray) -> float:
        error = y[at] - weights @ means[:, at]
        return float(np.abs(error).mean() + abs(error.mean()))

    def quantile_loss(weights: np.ndarray, at: np.ndarray) -> float:
        error = y[at, None] - np.maximum(np.tensordot(weights, quantiles[:, at], 1), 0)
        return float(np.maximum(level * error, (level - 1) * error).mean())

    tables = []
    for loss in (mean_loss, quantile_loss):
        overall = _best(grid, loss, np.ones(len(y), bool))
        table = np.tile(overall, (n_classes, 1))
        for k in range(n_classes):
            at = volume_class == k
            if at.sum() >= MIN_POINTS:
                table[k] = (_best(grid, loss, at) + overall) / 2
        tables.append(table)
    return Weights(*tables)


def held_out_weights(
    made: list[list[Forecast]],
    y: list[np.ndarray],
    scale: list[np.ndarray],
    usable: list[np.ndarray],
    edges: list[float],
    levels: tuple[float, ...],
) -> Weights:
    """`skill_weights` over held-out origins; every list has one entry per origin.

    `made`: each member's forecast; `y`: series x horizon actuals, NaN where unknown; `scale`:
    each series' volume, cut into classes at `edges`; `usable`: series that can be modelled.
    """
    seen = [~np.isnan(actual) & can[:, None] for actual, can in zip(y, usable, strict=True)]

    def flat(per_origin: list[np.ndarray]) -> np.ndarray:
        return np.concatenate([value[at] for value, at in zip(per_origin, seen, strict=True)])

    members = range(len(made[0]))
    volume = [np.broadcast_to(s[:, None], a.shape) for s, a in zip(scale, y, strict=True)]
    return skill_weights(
        flat(y),
        np.stack([flat([forecasts[m].mean for forecasts in made]) for m in members]),
        np.stack([flat([forecasts[m].quantiles for forecasts in made]) for m in members]),
        levels,
        np.searchsorted(edges, flat(volume)),
        len(edges) + 1,
    )


def combine(forecasts: list[Forecast], weights: Weights, volume_class: np.ndarray) -> Forecast:
    """Weighted mean of means and of quantiles, each series with the weights of its class."""
    kind = np.minimum(volume_class, len(weights.mean) - 1)
    for_mean, for_quantiles = weights.mean[kind].T, weights.quantiles[kind].T
    return Forecast(
        sum(w[:, None] * made.mean for w, made in zip(for_mean, forecasts, strict=True)),
        sum(
            w[:, None, None] * made.quantiles
            for w, made in zip(for_quantiles, forecasts, strict=True)
        ),
    )


def _simplex(members: int) -> np.ndarray:
    points = [p for p in product(range(PARTS + 1), repeat=members) if sum(p) == PARTS]
    return np.array(points, float) / PARTS


def _best(grid: np.ndarray, loss, at: np.ndarray) -> np.ndarray:
    if len(grid) == 1 or not at.any():
        return grid.mean(0)
    losses = np.array([loss(weights, at) for weights in grid])
    return grid[losses <= losses.min() * NEAR_BEST].mean(0)
