"""LightGBM without a framework: direct models per period ahead on scaled targets.

The recipe that did best among gradient boosting peers on store x product data: every feature and
target divided by the series' mean of the last season, weight = scale x age decay, a Tweedie mean
for each step ahead, and quantile models with the step as a feature.
"""

import numpy as np
import pandas as pd

from benchmarks.opponents import season_slots
from benchmarks.task import Setting
from benchmarks.wide import matrix, widen
from ml.columns import quantile_column

WINDOWS = {"W": (3, 5, 13, 26, 52), "D": (7, 14, 28, 91, 364)}
LAGS = {"W": 5, "D": 14}
YEAR = {"W": 52, "D": 364}
KEPT_PERIODS = {"W": 130, "D": 400}  # origins learnt from
ROWS_A_QUANTILE = 250_000
COMMON = {
    "learning_rate": 0.06,
    "num_leaves": 31,
    "min_child_samples": 20,
    "subsample": 0.8,
    "subsample_freq": 1,
    "colsample_bytree": 0.6,
    "verbosity": -1,
}
MEAN = COMMON | {"objective": "tweedie", "tweedie_variance_power": 1.3, "n_estimators": 200}
QUANTILE = COMMON | {"objective": "quantile", "n_estimators": 150}


class DirectLightGBM:
    """Tweedie means, one model a step; quantiles, one model a level; sorted and never negative."""

    def __init__(self, setting: Setting) -> None:
        self.setting, self.kind = setting, setting.freq[0]

    def fit(self, panel, static=None, known_future=None) -> "DirectLightGBM":
        """Fit all models on origins of the last years."""
        from lightgbm import LGBMRegressor

        setting = self.setting
        self.wide = widen(panel, setting.freq)
        n, last = self.wide.y.shape
        h = setting.horizon
        self.periods = pd.date_range(self.wide.periods[0], periods=last + h, freq=setting.freq)
        self.slots = season_slots(self.periods, setting.freq)
        self.week = self.periods.dayofyear.to_numpy() / 365.25
        self.codes = _codes(static, self.wide.ids)
        names = [] if known_future is None else list(known_future.columns[2:])
        self.known = [
            matrix(known_future, name, self.wide.ids, self.periods)
            for name in names
            if name not in ("unique_id", "ds")
        ]
        self._sums()
        rng = np.random.default_rng(setting.seed)
        first = max(8, last - 1 - KEPT_PERIODS[self.kind])
        own = {"random_state": setting.seed, "num_threads": setting.threads}
        self.means, pooled = [], []
        for step in range(1, h + 1):
            x, y, scale, age = self._rows(range(first, last - step), step)
            weight = scale * 0.5 ** (age / YEAR[self.kind])
            self.means.append(LGBMRegressor(**MEAN, **own).fit(x, y, sample_weight=weight))
            kept = rng.permutation(len(y))[: max(1, ROWS_A_QUANTILE // h)]
            pooled.append((x[kept], y[kept], 0.5 ** (age[kept] / YEAR[self.kind])))
        x, y, weight = (np.concatenate(part) for part in zip(*pooled, strict=True))
        self.quantiles = {
            q: LGBMRegressor(**QUANTILE, alpha=q, **own).fit(x, y, sample_weight=weight)
            for q in setting.quantiles
        }
        return self

    def predict(self) -> pd.DataFrame:
        """Means and quantiles of the periods ahead."""
        n, last = self.wide.y.shape
        parts = []
        for step, mean in enumerate(self.means, start=1):
            x, _, scale, _ = self._rows([last - 1], step, ahead=True)
            made = np.column_stack([m.predict(x) for m in self.quantiles.values()])
            made = np.maximum(np.sort(made, axis=1), 0) * scale[:, None]
            frame = pd.DataFrame(
                {
                    "unique_id": self.wide.ids.astype(object),
                    "ds": self.periods[last - 1 + step],
                    "y_hat": np.maximum(mean.predict(x), 0) * scale,
                }
            )
            names = [quantile_column(q) for q in self.quantiles]
            parts.append(frame.assign(**dict(zip(names, made.T, strict=True))))
        return pd.concat(parts, ignore_index=True)

    def _sums(self) -> None:
        """Running sums, so that any window's mean is a difference."""
        y = self.wide.y
        start = np.zeros((len(y), 1))
        plain = np.nan_to_num(y)
        self.total, self.square, self.count, self.sold = (
            np.concatenate([start, np.cumsum(values, 1)], 1)
            for values in (plain, plain**2, ~np.isnan(y), plain > 0)
        )
        self.out = np.concatenate([start, np.cumsum(np.isnan(y) & self.wide.started, 1)], 1)

    def _mean(self, sums: np.ndarray, origin: int, periods: int) -> np.ndarray:
        low = max(0, origin + 1 - periods)
        count = self.count[:, origin + 1] - self.count[:, low]
        part = sums[:, origin + 1] - sums[:, low]
        return np.where(count > 0, part / np.maximum(count, 1), np.nan)

    def _rows(self, origins, step: int, *, ahead: bool = False):
        """Features, scaled targets, scales and ages of the rows of all `origins`."""
        y = self.wide.y
        last = y.shape[1]
        xs, ys, scales, ages = [], [], [], []
        for origin in origins:
            scale = np.nan_to_num(self._mean(self.total, origin, YEAR[self.kind] + 1))
            scale = np.maximum(scale, 1 / 53)
            target = origin + step
            chosen = self.wide.first <= origin
            if ahead:
                chosen[:] = True
                actual = np.zeros(len(y))
            else:
                actual = y[:, target]
                chosen &= ~np.isnan(actual)
            features = self._features(origin, target, step, scale)
            xs.append(features[chosen])
            ys.append((actual / scale)[chosen])
            scales.append(scale[chosen])
            ages.append(np.full(chosen.sum(), last - 1 - target, float))
        return (*(np.concatenate(part) for part in (xs, ys, scales, ages)),)

    def _features(self, origin: int, target: int, step: int, scale: np.ndarray) -> np.ndarray:
        y = self.wide.y
        none = np.full(len(y), np.nan)
        columns = [
            y[:, origin - lag] / scale if origin >= lag else none for lag in range(LAGS[self.kind])
        ]
        for periods in WINDOWS[self.kind]:
            mean = self._mean(self.total, origin, periods)
            spread = self._mean(self.square, origin, periods) - mean**2
            columns += [mean / scale, np.sqrt(np.maximum(spread, 0)) / scale]
        year = YEAR[self.kind] * ((step - 1) // YEAR[self.kind] + 1)
        around = [target - year + shift for shift in (-1, 0, 1)]
        columns += [y[:, at] / scale if 0 <= at <= origin else none for at in around]
        columns.append(self._mean(self.sold, origin, 12))
        low = max(0, origin - 7)
        columns.append(self.out[:, origin + 1] - self.out[:, low])
        ones = np.ones(len(y))
        for k in (1, 2, 3):
            angle = 2 * np.pi * k * self.week[target]
            columns += [np.sin(angle) * ones, np.cos(angle) * ones]
        columns += [self.slots[target] * ones, np.log(scale), step * ones]
        columns.append((origin - self.wide.first).astype(float))
        columns += list(self.codes)
        for table in self.known:
            columns += [table[:, target], table[:, origin]]
        return np.column_stack(columns).astype(np.float32)


def _codes(static: pd.DataFrame | None, ids: np.ndarray) -> list[np.ndarray]:
    if static is None:
        return []
    rows = static.set_index("unique_id").reindex(ids)
    return [
        rows[name].to_numpy(float)
        if pd.api.types.is_numeric_dtype(rows[name])
        else pd.factorize(rows[name].astype(str), sort=True)[0].astype(float)
        for name in rows.columns
    ]
