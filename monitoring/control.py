"""Control charts: cumulative sums of standardised deviations and the limit they may reach."""

import numpy as np

WEEKS_A_YEAR = 52
_OVERSHOOT = 1.166  # mean excess of a normal random walk over a barrier


def cusum(z: np.ndarray, slack: float) -> tuple[np.ndarray, np.ndarray]:
    """Two-sided cumulative sums (periods, charts) of `z`: upwards and downwards, both >= 0.

    `z` (periods, charts) is standardised; `slack` is what one period forgives. A nan period leaves
    its chart as it is. Page (1954).
    """
    up, down = np.zeros(z.shape), np.zeros(z.shape)
    above = below = np.zeros(z.shape[1])
    for t, row in enumerate(z):
        seen = ~np.isnan(row)
        value = np.where(seen, row, 0.0)
        above = np.where(seen, np.maximum(0.0, above + value - slack), above)
        below = np.where(seen, np.maximum(0.0, below - value - slack), below)
        up[t], down[t] = above, below
    return up, down


def jumps(z: np.ndarray, memory: float, cap: float) -> np.ndarray:
    """How far each period of `z` (periods, charts) lies from the level the chart had before.

    The level is an exponentially weighted mean that starts at zero, takes in `memory` of each
    deviation, and is nan-proof: a period that was not seen leaves it as it is. Deviations are cut
    at `cap`, also before they enter the level. A model that is a little off for months moves the
    level, not the sums; only a break adds up.
    """
    level, found = np.zeros(z.shape[1]), np.full(z.shape, np.nan)
    for t, row in enumerate(z):
        found[t] = np.clip(row - level, -cap, cap)
        level = level + memory * np.nan_to_num(found[t])
    return found


def decision_limit(slack: float, *, n_sums: int, quiet_years: float) -> float:
    """Height at which one of `n_sums` independent one-sided sums of weekly standard normals
    would trip once in `quiet_years` years.

    Inverse of Siegmund's approximation of the average run length (1985): the more charts are
    watched, the higher each must climb, so that all together keep the promise.
    """
    weeks = max(n_sums, 1) * quiet_years * WEEKS_A_YEAR
    return float(np.log1p(2 * slack**2 * weeks) / (2 * slack) - _OVERSHOOT)


def robust_sd(values: np.ndarray) -> float:
    """Standard deviation around zero by the median absolute value; nan of nothing."""
    seen = np.abs(values[~np.isnan(values)])
    return float(1.4826 * np.median(seen)) if len(seen) else float("nan")
