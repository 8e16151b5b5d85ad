"""statsforecast: one local model a series, with its own intervals where it has any.

CrostonSBA has none of its own and gets statsforecast's conformal intervals. AutoETS and AutoTheta
of weekly data run without a season of 52, which statsforecast does not recommend above 24 (ETS),
and with it (Theta decomposes).
"""

import numpy as np
import pandas as pd

from benchmarks.task import Setting
from benchmarks.wide import complete, filled, widen
from ml.columns import quantile_column

CONFORMAL_WINDOWS = 3


class Statistical:
    """`model` is SeasonalNaive, AutoETS, AutoTheta or CrostonSBA."""

    def __init__(self, setting: Setting, model: str) -> None:
        self.setting, self.name = setting, model

    def fit(self, panel, static=None, known_future=None) -> "Statistical":  # noqa: ARG002
        """Keep the panel, unseen periods filled with the 13-period mean before them.

        statsforecast fits when it forecasts; all its time counts as prediction.
        """
        wide = widen(panel, self.setting.freq)
        self.frame = complete(wide, filled(wide)).drop(columns="is_seen")
        lengths = len(wide.periods) - wide.first
        self.long = wide.ids[lengths > CONFORMAL_WINDOWS * self.setting.horizon + 1]
        return self

    def predict(self) -> pd.DataFrame:
        """Means and quantiles; series too short for conformal intervals are left out."""
        from statsforecast import StatsForecast
        from statsforecast.models import Naive

        setting = self.setting
        levels = sorted({round(100 * abs(1 - 2 * q)) for q in setting.quantiles if q != 0.5})
        frame = self.frame
        if self.name == "CrostonSBA":
            frame = frame[frame["unique_id"].isin(self.long)]
        engine = StatsForecast(
            models=[self._model()],
            freq=setting.freq,
            n_jobs=setting.threads,
            fallback_model=Naive(),
        )
        made = engine.forecast(setting.horizon, df=frame, level=levels)
        out = made[["unique_id", "ds"]].assign(y_hat=np.maximum(made["m"], 0))
        for q in setting.quantiles:
            side = "lo" if q < 0.5 else "hi"
            name = "m" if q == 0.5 else f"m-{side}-{round(100 * abs(1 - 2 * q))}"
            out[quantile_column(q)] = np.maximum(made[name], 0)
        return out

    def _model(self):
        from statsforecast import models
        from statsforecast.utils import ConformalIntervals

        setting = self.setting
        if self.name == "CrostonSBA":
            intervals = ConformalIntervals(n_windows=CONFORMAL_WINDOWS, h=setting.horizon)
            return models.CrostonSBA(alias="m", prediction_intervals=intervals)
        season = setting.season
        if self.name == "AutoETS":
            season = season if season <= 24 else 1
        return getattr(models, self.name)(season_length=season, alias="m")
