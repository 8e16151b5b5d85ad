"""The pooled season: shape of the year by group, the level of a series without it."""

from collections.abc import Callable

import numpy as np

from ml.demand.rhythm import YEAR_WEEKS, Rhythm

PRIOR = 0.3  # of a typical week's expected demand: what a group's index must earn
ROUNDS = 2
BESIDE = 0.5  # of a neighbouring week: festivals move by days


class PooledSeason:
    """Seasonal index per group and phase, learnt every `stride` periods from what was known.

    An origin reads the table of the last such period, so a table never knows more than the
    origin does. Index: demand of that week of the year (and of that weekday) over the level
    expected without season, pooled over the series of a group and shrunk towards all series
    and 1. Level and season are found in turn, since half a year more of history shifts a mean.
    """

    def __init__(
        self,
        filled: np.ndarray,
        seen: np.ndarray,
        group: np.ndarray,
        phases: tuple[np.ndarray, np.ndarray],
        rhythm: Rhythm,
        lift: Callable[[np.ndarray, int], np.ndarray] | None = None,
    ) -> None:
        """`filled` and `seen` N x T, `group` N, `phases` of year and cycle for T + H periods.

        `lift(periods, origin)` is the factor of planned promotions, N x periods, as known then.
        """
        self.filled, self.seen, self.group, self.lift = filled, seen, group, lift
        self.year, self.cycle = phases
        self.rhythm = rhythm
        self.n_groups = int(group.max()) + 1
        self._tables: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self._levels: dict[int, np.ndarray] = {}

    def index(self, series: np.ndarray, origin: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Seasonal factor of each row's target period."""
        out = np.empty(len(series))
        block = origin // self.rhythm.stride
        for one in np.unique(block):
            year, cycle = self._table(one)
            at = block == one
            group, when = self.group[series[at]], target[at]
            out[at] = year[group, self.year[when]] * cycle[group, self.cycle[when]]
        return out

    def level(self, origin: int, fallback: np.ndarray) -> np.ndarray:
        """Level per series: its last `level` seen periods with season and promotion divided out."""
        if origin not in self._levels:
            window = np.arange(max(0, origin + 1 - self.rhythm.level), origin + 1)
            factor = self.factor(window, origin) * self.seen[:, window]
            total = factor.sum(1)
            got = self.filled[:, window].sum(1)
            self._levels[origin] = np.where(
                total > 0, got / np.where(total > 0, total, 1), fallback
            )
        return self._levels[origin]

    def factor(self, periods: np.ndarray, origin: int) -> np.ndarray:
        """Season and planned promotion of all series as known at `origin`, N x periods."""
        year, cycle = self._table(origin // self.rhythm.stride)
        pooled = year[:, self.year[periods]] * cycle[:, self.cycle[periods]]
        season = pooled[self.group]
        return season if self.lift is None else season * self.lift(periods, origin)

    def _table(self, block: int) -> tuple[np.ndarray, np.ndarray]:
        if block not in self._tables:
            self._tables[block] = self._learn(block * self.rhythm.stride + 1)
        return self._tables[block]

    def _learn(self, stop: int) -> tuple[np.ndarray, np.ndarray]:
        """Index of year and cycle, groups x phases, from the first `stop` periods."""
        demand = self.filled[:, :stop]
        weight = self.seen[:, :stop].astype(float)
        if self.lift is not None:
            weight = weight * self.lift(np.arange(stop), stop - 1)
        got = self._by_group(demand)
        year, cycle = (
            np.ones((self.n_groups, YEAR_WEEKS)),
            np.ones((self.n_groups, self.rhythm.cycle)),
        )
        spread = _smooth_phases(self.year[:stop], YEAR_WEEKS)
        days = np.eye(self.rhythm.cycle)[self.cycle[:stop]]
        for _ in range(ROUNDS):
            shape = year[:, self.year[:stop]] * cycle[:, self.cycle[:stop]]
            total = np.einsum("nt,nt->n", weight, shape[self.group])
            level = demand.sum(1) / np.where(total > 0, total, 1)
            expected = self._by_group(weight * level[:, None])
            week_day = cycle[:, self.cycle[:stop]]
            year = _shrunk(got @ spread, (expected * week_day) @ spread)
            if self.rhythm.cycle > 1:
                of_year = year[:, self.year[:stop]]
                cycle = _shrunk(got @ days, (expected * of_year) @ days)
        return year, cycle

    def _by_group(self, values: np.ndarray) -> np.ndarray:
        if self.n_groups == 1:
            return values.sum(0, keepdims=True)
        return np.stack([values[self.group == k].sum(0) for k in range(self.n_groups)])


def _smooth_phases(phase: np.ndarray, count: int) -> np.ndarray:
    """Periods x phases: each period counts fully for its phase, less for the two beside it."""
    one = np.eye(count)
    return one[phase] @ (one + BESIDE * (np.roll(one, 1, 0) + np.roll(one, -1, 0)))


def _shrunk(got: np.ndarray, expected: np.ndarray) -> np.ndarray:
    phases = got.shape[1]
    typical = max(expected.sum() / phases, 1e-9) * PRIOR
    pooled = (got.sum(0) + typical) / (expected.sum(0) + typical)
    prior = np.maximum(expected.sum(1, keepdims=True) / phases, 1e-9) * PRIOR
    return (got + prior * pooled) / (expected + prior)
