"""Control charts: sums that grow when a series breaks with its level, and how far they may."""

from dataclasses import dataclass

import numpy as np

WEEKS_A_YEAR = 52
_OVERSHOOT = 1.166  # mean excess of a normal random walk over a barrier


@dataclass(frozen=True)
class Sums:
    """Cumulative sums (periods, charts), each as it stood at the end of its period: `up` and
    `down`; `weeks`: periods since the larger of the two left zero; `limit`: what trips a chart."""

    up: np.ndarray
    down: np.ndarray
    weeks: np.ndarray
    limit: float

    @property
    def tripped(self) -> np.ndarray:
        """Whether a chart tripped in that very period."""
        return np.maximum(self.up, self.down) > self.limit


def break_sums(z: np.ndarray, *, slack: float, memory: float, cap: float, limit: float) -> Sums:
    """Two-sided CUSUM (Page 1954) of how far each period lies from the level the chart had before.

    `z` (periods, charts) is standardised; nan leaves a chart as it is. The level is an
    exponentially weighted mean that starts at zero and takes in `memory` of each deviation:
    a model that is a little off for months moves the level, not the sums; only a break adds up.
    Deviations are cut at `cap`; `slack` is what one period forgives. A chart that trips starts
    again from zero, at the level the break has brought it to.
    """
    shape = z.shape
    level, up, down = (np.zeros(shape[1]) for _ in range(3))
    n_up, n_down = np.zeros(shape[1], int), np.zeros(shape[1], int)
    kept_up, kept_down, kept_weeks = np.zeros(shape), np.zeros(shape), np.zeros(shape, int)
    for t, row in enumerate(z):
        seen = ~np.isnan(row)
        gap = np.where(seen, np.clip(row - level, -cap, cap), 0.0)
        up = np.where(seen, np.maximum(0.0, up + gap - slack), up)
        down = np.where(seen, np.maximum(0.0, down - gap - slack), down)
        n_up, n_down = np.where(up > 0, n_up + seen, 0), np.where(down > 0, n_down + seen, 0)
        kept_up[t], kept_down[t] = up, down
        kept_weeks[t] = np.where(up >= down, n_up, n_down)
        level = level + memory * gap
        above, below = up > limit, down > limit
        # mean deviation while the sum grew, less what the memory took in on the way
        level = level + np.where(above, (1 - memory) * (up / np.maximum(n_up, 1) + slack), 0.0)
        level = level - np.where(below, (1 - memory) * (down / np.maximum(n_down, 1) + slack), 0.0)
        up, down = np.where(above, 0.0, up), np.where(below, 0.0, down)
        n_up, n_down = np.where(above, 0, n_up), np.where(below, 0, n_down)
    return Sums(kept_up, kept_down, kept_weeks, limit)


def decision_limit(slack: float, *, n_sums: int, quiet_years: float) -> float:
    """Height at which one of `n_sums` independent one-sided sums of weekly standard normals
    would trip once in `quiet_years` years.

    Inverse of Siegmund's approximation of the average run length (1985), good to a factor of
    three for a slack up to 1.5: the more charts are
    watched, the higher each must climb, so that all together keep the promise.
    """
    weeks = max(n_sums, 1) * quiet_years * WEEKS_A_YEAR
    return float(np.log1p(2 * slack**2 * weeks) / (2 * slack) - _OVERSHOOT)


def robust_sd(values: np.ndarray) -> float:
    """Standard deviation around zero by the median absolute value; nan of nothing."""
    seen = np.abs(values[~np.isnan(values)])
    return float(1.4826 * np.median(seen)) if len(seen) else float("nan")
