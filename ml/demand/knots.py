"""Quantiles between and beyond those that were learnt."""

from statistics import NormalDist

import numpy as np


def normal_scores(levels: tuple[float, ...]) -> np.ndarray:
    """Standard normal quantile of each level."""
    return np.array([NormalDist().inv_cdf(q) for q in levels])


def between_knots(
    knots: np.ndarray, at: tuple[float, ...], levels: tuple[float, ...]
) -> np.ndarray:
    """Quantiles at `levels` from rising quantiles at `at` (last axis), straight in normal scores.

    Beyond the outer knots the outer segment's slope goes on.
    """
    known, wanted = normal_scores(at), normal_scores(levels)
    right = np.clip(np.searchsorted(known, wanted), 1, len(known) - 1)
    share = (wanted - known[right - 1]) / (known[right] - known[right - 1])
    return knots[..., right - 1] + share * (knots[..., right] - knots[..., right - 1])
