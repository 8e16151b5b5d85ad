"""Stork in the benchmarks: the public class as a user would call it, nothing set by hand."""

import pandas as pd

from benchmarks.task import Setting
from ml.demand.forecaster import DemandForecaster


class Stork:
    """`DemandForecaster` with its defaults, told only what every other model is told."""

    def __init__(self, setting: Setting, model: str = "ensemble") -> None:
        self.forecaster = DemandForecaster(
            freq=setting.freq,
            horizon=setting.horizon,
            quantiles=setting.quantiles,
            model=model,
            seed=setting.seed,
            threads=setting.threads,
        )

    def fit(self, panel, static=None, known_future=None) -> "Stork":
        """Learn from the visible panel."""
        self.forecaster.fit(panel, static, known_future)
        return self

    def predict(self) -> pd.DataFrame:
        """Forecast the periods after the panel's last."""
        return self.forecaster.predict()

    def predict_cumulative(self, periods: tuple[int, ...]) -> pd.DataFrame:
        """Forecast sums over the next periods."""
        return self.forecaster.predict_cumulative(periods)
