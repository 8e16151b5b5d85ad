"""AutoGluon-TimeSeries with what it can train itself: no preset that fetches pretrained weights.

Its releases pin packages that the project's own exclude (pyarrow below 25, mlforecast below 0.15),
so it runs in an environment of its own: --python autogluon=/path/to/its/python.
"""

import tempfile

import numpy as np
import pandas as pd

from benchmarks.task import Setting
from benchmarks.wide import complete, filled, widen
from ml.columns import quantile_column

SECONDS = 600
MODELS = {
    "SeasonalNaive": {},
    "AutoETS": {},
    "DynamicOptimizedTheta": {},
    "NPTS": {},
    "DirectTabular": {},
    "RecursiveTabular": {},
    "TemporalFusionTransformer": {},
}


class AutoGluon:
    """Its weighted ensemble of statistical, tabular and deep models, ten minutes a window."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting

    def fit(self, panel, static=None, known_future=None) -> "AutoGluon":
        """Fit on the panel, unseen periods filled with the 13-period mean before them."""
        from autogluon.timeseries import TimeSeriesDataFrame, TimeSeriesPredictor

        setting = self.setting
        wide = widen(panel, setting.freq)
        frame = complete(wide, filled(wide)).drop(columns="is_seen")
        self.known, names = known_future, []
        if known_future is not None:
            names = [c for c in known_future.columns if c not in ("unique_id", "ds")]
            frame = frame.merge(known_future, on=["unique_id", "ds"], how="left")
        keys = {"id_column": "unique_id", "timestamp_column": "ds"}
        if static is not None:
            static = static[static["unique_id"].isin(wide.ids)]
        self.data = TimeSeriesDataFrame.from_data_frame(frame, static_features_df=static, **keys)
        self.folder = tempfile.TemporaryDirectory(prefix="stork-autogluon-")
        self.model = TimeSeriesPredictor(
            prediction_length=setting.horizon,
            target="y",
            freq=setting.freq,
            eval_metric="WQL",
            quantile_levels=list(setting.quantiles),
            known_covariates_names=names or None,
            path=self.folder.name,
            verbosity=0,
        )
        self.model.fit(
            self.data, hyperparameters=MODELS, time_limit=SECONDS, random_seed=setting.seed
        )
        return self

    def predict(self) -> pd.DataFrame:
        """Means and quantiles of the periods ahead."""
        known = None
        if self.known is not None:
            grid = self.model.make_future_data_frame(self.data)
            grid.columns = ["unique_id", "ds"]
            known = grid.merge(self.known, on=["unique_id", "ds"], how="left")
            known = known.set_index(["unique_id", "ds"]).rename_axis(["item_id", "timestamp"])
        made = self.model.predict(self.data, known_covariates=known).reset_index()
        out = pd.DataFrame({"unique_id": made["item_id"].astype(str), "ds": made["timestamp"]})
        out["y_hat"] = np.maximum(made["mean"], 0)
        for q in self.setting.quantiles:
            out[quantile_column(q)] = np.maximum(made[str(q)], 0)
        return out
