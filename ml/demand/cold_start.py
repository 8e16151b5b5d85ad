"""Series with no or few periods of history: level from neighbours, shape from launches."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from ml.demand.baseline import Forecast
from ml.demand.features import FeatureTables
from ml.demand.spread import Shape

LAUNCH_WEEKS = 26
ENOUGH_LAUNCHES = 10
LEAST_VARIANCE = 0.05  # of a relative error: nothing is known better than to a fifth
RIDGE = 2.0
LONE = 1e-2  # log of zero demand is taken here
HALVES = 2


class ColdStart:
    """Level from static attributes (ridge on logs), launch curve by age, pooled season.

    A series' own first periods pull the level towards what it sold. The spread is what the
    same forecast showed on series whose level had been learnt from others.
    """

    name = "cold_start"

    def __init__(self, *, horizon: int, quantiles: tuple[float, ...]) -> None:
        self.horizon, self.levels = horizon, quantiles

    def fit(self, tables: FeatureTables, last: int) -> "ColdStart":
        """Learn from every series with a seen period up to index `last`."""
        length = LAUNCH_WEEKS * tables.rhythm.per_week
        y, first = tables.history.y[:, : last + 1], tables.history.first
        start = np.where(first > 0, first, np.maximum(last + 1 - length, 0))
        at = start[:, None] + np.arange(length)
        window = np.where(at <= last, np.take_along_axis(y, np.minimum(at, last), axis=1), np.nan)
        seen = ~np.isnan(window)
        teach = seen.any(1)
        level = np.where(seen, window, 0).sum(1) / np.maximum(seen.sum(1), 1)
        launched = teach & (first > 0) & (seen.sum(1) >= tables.rhythm.least)
        self.n_teachers = int(teach.sum())
        self.curve = _launch_curve(window, seen, level, launched)
        attributes = _Attributes.learn(tables)
        x = attributes.matrix(tables)
        half = np.arange(len(x)) % HALVES
        guess = np.zeros(len(x))
        for k in range(HALVES):
            use = teach & (half != k)
            fold = _ridge(x[use], level[use]) if use.sum() >= 2 else _ridge(x[teach], level[teach])
            guess[half == k] = np.exp(x[half == k] @ fold)
        lift = level[teach].sum() / max(guess[teach].sum(), 1e-9)
        self.attributes = attributes
        self.coefficients = _ridge(x[teach], level[teach])
        self.lift = float(np.clip(lift, 0.5, 4.0)) if self.n_teachers > 1 else 1.0
        self._learn_variances(window, seen, teach, level, guess)
        mean = (self.lift * guess)[:, None] * np.where((first > 0)[:, None], self.curve, 1.0)
        kept = seen & teach[:, None]
        error_mean = np.maximum(mean[kept], LONE)
        if not len(error_mean):
            error_mean, target = np.ones(1), np.ones(1)
        else:
            target = window[kept]
        self.shape = Shape.learn(error_mean, error_mean, target)
        return self

    def predict(self, tables: FeatureTables, origin: int, series: np.ndarray) -> Forecast:
        """Forecast `series` from `origin`; before a planned launch demand is zero."""
        steps = np.arange(1, self.horizon + 1)
        first = tables.history.first[series]
        prior = self.lift * np.exp(self.attributes.matrix(tables)[series] @ self.coefficients)
        age = np.arange(tables.n_weeks)[None, :] - first[:, None]
        visible = tables.seen[series] & (np.arange(tables.n_weeks) <= origin)
        expected = np.where(visible, self._curve_at(age), 0).sum(1)
        sold = np.where(visible, tables.filled[series], 0).sum(1)
        within = self.within + 1 / np.maximum(prior, LONE)
        own = within / self.between  # periods that say as much as the neighbours do
        level = (sold + own * prior) / (expected + own)
        left = np.sqrt((self.between * own / (own + expected) + within) / (self.between + within))
        ahead = origin + steps[None, :] - first[:, None]
        n = len(series)
        flat = (np.repeat(series, self.horizon), np.full(n * self.horizon, origin))
        index, _ = tables.season(*flat, np.tile(origin + steps, n))
        mean = level[:, None] * self._curve_at(ahead) * index.reshape(n, self.horizon)
        mean = np.where(ahead >= 0, mean, 0.0)
        flat_mean = np.maximum(mean.ravel(), 1e-9)
        quantiles = self.shape.quantiles(flat_mean, flat_mean, self.levels)
        gap = quantiles.reshape(n, self.horizon, -1) - mean[..., None]
        return Forecast(mean, mean[..., None] + left[:, None, None] * gap)

    def save(self, folder: Path) -> None:
        """Write what was learnt as JSON."""
        folder.mkdir(parents=True, exist_ok=True)
        state = {
            "n_teachers": self.n_teachers,
            "curve": self.curve.tolist(),
            "coefficients": self.coefficients.tolist(),
            "lift": self.lift,
            "within": self.within,
            "between": self.between,
            "attributes": self.attributes.to_dict(),
            "shape": self.shape.to_dict(),
        }
        (folder / "cold_start.json").write_text(json.dumps(state))

    def restore(self, folder: Path) -> None:
        """Read what `save` wrote."""
        state = json.loads((folder / "cold_start.json").read_text())
        self.n_teachers, self.lift = state["n_teachers"], state["lift"]
        self.within, self.between = state["within"], state["between"]
        self.curve = np.array(state["curve"])
        self.coefficients = np.array(state["coefficients"])
        self.attributes = _Attributes(**state["attributes"])
        self.shape = Shape.from_dict(state["shape"])

    def _learn_variances(self, window, seen, teach, level, guess) -> None:
        """Relative variance of a period around its series' level, and of that around the guess."""
        count = seen.sum(1)
        kept = teach & (count > 1) & (level > 0)
        self.within = self.between = 1.0
        if kept.any():
            square = np.where(seen, (window - level[:, None]) ** 2, 0).sum(1)[kept]
            variance = square / (count[kept] - 1)
            excess = (variance - level[kept]).sum() / (level[kept] ** 2).sum()
            self.within = float(max(excess, LEAST_VARIANCE))
            gap = np.log((level[kept] + LONE) / (guess[kept] * self.lift + LONE))
            self.between = float(max(np.mean(np.minimum(gap**2, 4.0)), LEAST_VARIANCE))

    def _curve_at(self, age: np.ndarray) -> np.ndarray:
        return self.curve[np.clip(age, 0, len(self.curve) - 1)]


class _Attributes:
    """Static attributes as a design matrix: one column per level, numbers standardised logs."""

    def __init__(self, levels: dict[str, int], numbers: dict[str, list[float]]) -> None:
        self.levels, self.numbers = levels, numbers

    @classmethod
    def learn(cls, tables: FeatureTables) -> "_Attributes":
        static, coded = tables.history.static, tables.history.attributes
        levels = {name: int(static[name].max()) + 1 for name in coded}
        numbers = {}
        for name in sorted(set(static) - set(coded)):
            logs = np.log1p(np.maximum(static[name], 0))
            if np.isfinite(logs).any():
                numbers[name] = [float(np.nanmean(logs)), float(np.nanstd(logs) + 1e-6)]
        return cls(levels, numbers)

    def matrix(self, tables: FeatureTables) -> np.ndarray:
        """N x columns, the first one constant; an unknown level or number is all zero."""
        static, n = tables.history.static, tables.n_series
        parts = [np.ones((n, 1))]
        for name, count in self.levels.items():
            code = static[name].astype(int)
            one = np.zeros((n, count + 1))
            one[np.arange(n), np.where((code >= 0) & (code < count), code, count)] = 1.0
            parts.append(one[:, :count])
        for name, (mean, sd) in self.numbers.items():
            logs = (np.log1p(np.maximum(static[name], 0)) - mean) / sd
            parts.append(np.nan_to_num(logs)[:, None])
        return np.concatenate(parts, axis=1)

    def to_dict(self) -> dict[str, Any]:
        return {"levels": self.levels, "numbers": self.numbers}


def _launch_curve(
    window: np.ndarray, seen: np.ndarray, level: np.ndarray, launched: np.ndarray
) -> np.ndarray:
    """Demand by age over the mean of the launch, pooled; flat when few launches were seen."""
    length = window.shape[1]
    if launched.sum() < ENOUGH_LAUNCHES:
        return np.ones(length)
    got = np.where(seen, window, 0)[launched].sum(0)
    expected = (seen * level[:, None])[launched].sum(0)
    prior = expected.mean() * 0.2 + 1e-9
    curve = (got + prior) / (expected + prior)
    width = max(length // LAUNCH_WEEKS, 1) * 3
    padded = np.pad(curve, width // 2, mode="edge")
    smooth = np.convolve(padded, np.ones(width) / width, "valid")[:length]
    # beyond the launch the last quarter of it speaks for the steady state
    smooth[-1] = smooth[-length // 4 :].mean()
    return smooth


def _ridge(x: np.ndarray, level: np.ndarray) -> np.ndarray:
    penalty = np.full(x.shape[1], RIDGE)
    penalty[0] = 1e-9
    logs = np.log(level + LONE)
    centre = logs.mean()
    solved = np.linalg.solve(x.T @ x + np.diag(penalty), x.T @ (logs - centre))
    solved[0] += centre
    return solved
