"""mlforecast + LightGBM as its documentation recommends for many related retail series.

Lags and rolling windows of a season's length, date features, static attributes as categories,
known-future columns as exogenous features, a per-series scaler as target transform, and
intervals by mlforecast's own conformal prediction over past windows.
"""

import numpy as np
import pandas as pd

from benchmarks.task import Setting
from benchmarks.wide import complete, filled, widen
from ml.columns import quantile_column

WINDOWS = 3  # past windows of conformal prediction
LAGS = {"W": [1, 2, 3, 4, 5, 6, 8, 13, 26, 52, 53], "D": [*range(1, 15), 21, 28, 364]}
ROLLING = {"W": (4, 8, 13, 26), "D": (7, 14, 28, 91)}
DATES = {"W": ["week", "month", "quarter"], "D": ["dayofweek", "day", "week", "month"]}
LIGHTGBM = {
    # Tweedie needs targets of at least zero, which a standard scaler does not leave
    "objective": "regression",
    "n_estimators": 300,
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_child_samples": 20,
    "subsample": 0.8,
    "subsample_freq": 1,
    "colsample_bytree": 0.7,
    "verbosity": -1,
}


class RecursiveLightGBM:
    """One recursive LightGBM over all series; quantiles from conformal prediction intervals."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting

    def fit(self, panel, static=None, known_future=None) -> "RecursiveLightGBM":
        """Fit on the panel, unseen periods filled with the 13-period mean before them."""
        from lightgbm import LGBMRegressor
        from mlforecast import MLForecast
        from mlforecast.lag_transforms import ExpandingMean, RollingMean, RollingStd
        from mlforecast.target_transforms import LocalStandardScaler
        from mlforecast.utils import PredictionIntervals

        setting, kind = self.setting, self.setting.freq[0]
        wide = widen(panel, setting.freq)
        frame = _long_enough(complete(wide, filled(wide)), wide, setting)
        self.known = [] if known_future is None else _numbers(known_future)
        if self.known:
            frame = frame.merge(known_future, on=["unique_id", "ds"], how="left")
        attributes = [] if static is None else [c for c in static.columns if c != "unique_id"]
        if attributes:
            frame = frame.merge(_categories(static), on="unique_id", how="left")
        model = LGBMRegressor(**LIGHTGBM, random_state=setting.seed, num_threads=setting.threads)
        rolled = ROLLING[kind]
        self.model = MLForecast(
            models={"y_hat": model},
            freq=setting.freq,
            lags=LAGS[kind],
            lag_transforms={
                1: [ExpandingMean(), *(RollingMean(w, min_samples=1) for w in rolled)]
                + [RollingStd(w, min_samples=2) for w in rolled[1:]],
            },
            date_features=DATES[kind],
            target_transforms=[LocalStandardScaler()],
            num_threads=setting.threads,
        )
        self.model.fit(
            frame,
            static_features=attributes,
            dropna=False,
            prediction_intervals=PredictionIntervals(n_windows=WINDOWS, h=setting.horizon),
        )
        self.future = known_future
        return self

    def predict(self) -> pd.DataFrame:
        """Means and conformal quantiles of the periods ahead."""
        setting = self.setting
        levels = sorted({round(100 * abs(1 - 2 * q), 6) for q in setting.quantiles if q != 0.5})
        known = self.future if self.known else None
        made = self.model.predict(setting.horizon, level=levels, X_df=known)
        out = made[["unique_id", "ds"]].assign(y_hat=np.maximum(made["y_hat"], 0))
        for q in setting.quantiles:
            level = round(100 * abs(1 - 2 * q), 6)
            side = "lo" if q < 0.5 else "hi"
            name = "y_hat" if q == 0.5 else f"y_hat-{side}-{level:g}"
            values = made[name] if name in made else made[f"y_hat-{side}-{level}"]
            out[quantile_column(q)] = np.maximum(values, 0)
        return out


def _long_enough(frame: pd.DataFrame, wide, setting: Setting) -> pd.DataFrame:
    """Series too short for conformal windows begin earlier, with zeros before their first row."""
    needed = WINDOWS * setting.horizon + 2
    lengths = len(wide.periods) - wide.first
    earlier = []
    for length in np.unique(lengths[lengths < needed]):
        ids = wide.ids[lengths == length]
        periods = pd.date_range(end=wide.periods[-1], periods=needed, freq=setting.freq)
        periods = periods[: needed - length]
        grid = pd.MultiIndex.from_product([ids, periods], names=["unique_id", "ds"])
        earlier.append(grid.to_frame(index=False).assign(y=0.0))
    parts = [frame.drop(columns="is_seen"), *earlier]
    return pd.concat(parts, ignore_index=True).sort_values(["unique_id", "ds"], ignore_index=True)


def _categories(static: pd.DataFrame) -> pd.DataFrame:
    text = [
        c
        for c in static.columns
        if c != "unique_id" and not pd.api.types.is_numeric_dtype(static[c])
    ]
    return static.assign(**{c: static[c].astype(str).astype("category") for c in text})


def _numbers(frame: pd.DataFrame) -> list[str]:
    return [c for c in frame.columns if c not in ("unique_id", "ds")]
