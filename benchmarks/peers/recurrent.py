"""neuralforecast's LSTM: direct multi-step, quantile loss, future and static covariates."""

import logging
import warnings

import numpy as np
import pandas as pd

from benchmarks.task import Setting
from benchmarks.wide import complete, filled, widen
from ml.columns import quantile_column

INPUT = {"W": 52, "D": 56}
STEPS = 300


class NeuralLSTM:
    """One global LSTM; its median is also its point forecast, as its documentation has it."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting

    def fit(self, panel, static=None, known_future=None) -> "NeuralLSTM":
        """Fit on the panel, unseen periods filled with the 13-period mean before them."""
        import torch
        from neuralforecast import NeuralForecast
        from neuralforecast.losses.pytorch import MQLoss
        from neuralforecast.models import LSTM

        warnings.filterwarnings("ignore")
        logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
        torch.set_num_threads(self.setting.threads)
        setting = self.setting
        wide = widen(panel, setting.freq)
        frame = complete(wide, filled(wide)).drop(columns="is_seen")
        self.known = None
        names = []
        if known_future is not None:
            names = [c for c in known_future.columns if c not in ("unique_id", "ds")]
            frame = frame.merge(known_future, on=["unique_id", "ds"], how="left")
            frame[names] = frame[names].fillna(0.0)
            self.known = known_future
        codes = _one_hot(static, wide.ids)
        model = LSTM(
            h=setting.horizon,
            input_size=INPUT[setting.freq[0]],
            encoder_hidden_size=64,
            decoder_hidden_size=64,
            loss=MQLoss(quantiles=list(setting.quantiles)),
            futr_exog_list=names or None,
            stat_exog_list=None if codes is None else list(codes.columns[1:]),
            scaler_type="robust",
            learning_rate=2e-3,
            max_steps=STEPS,
            windows_batch_size=256,
            start_padding_enabled=True,
            random_seed=setting.seed,
            alias="m",
            accelerator="cpu",
            enable_progress_bar=False,
            logger=False,
            enable_checkpointing=False,
            enable_model_summary=False,
        )
        self.model = NeuralForecast(models=[model], freq=setting.freq)
        self.model.fit(frame, static_df=codes)
        return self

    def predict(self) -> pd.DataFrame:
        """Quantiles of the periods ahead."""
        made = self.model.predict(futr_df=self._future())
        made = made.reset_index() if "unique_id" not in made else made
        columns = [c for c in made.columns if c.startswith("m")]
        values = np.maximum(np.sort(made[columns].to_numpy(float), axis=1), 0)
        levels = self.setting.quantiles
        if values.shape[1] != len(levels):
            raise ValueError(f"expected {len(levels)} quantiles, the model gave {columns}")
        out = made[["unique_id", "ds"]].assign(y_hat=values[:, levels.index(0.5)])
        names = [quantile_column(q) for q in levels]
        return out.assign(**dict(zip(names, values.T, strict=True)))

    def _future(self) -> pd.DataFrame | None:
        if self.known is None:
            return None
        grid = self.model.make_future_dataframe()
        return grid.merge(self.known, on=["unique_id", "ds"], how="left").fillna(0.0)


def _one_hot(static: pd.DataFrame | None, ids: np.ndarray) -> pd.DataFrame | None:
    """Attributes of up to 50 values as 0/1 columns, numbers standardised."""
    if static is None:
        return None
    rows = static[static["unique_id"].isin(ids)].reset_index(drop=True)
    parts = [rows[["unique_id"]]]
    for name in rows.columns.drop("unique_id"):
        if pd.api.types.is_numeric_dtype(rows[name]):
            spread = rows[name].std() or 1.0
            parts.append(((rows[name] - rows[name].mean()) / spread).fillna(0.0).to_frame(name))
        elif 1 < rows[name].nunique() <= 50:
            parts.append(pd.get_dummies(rows[name].astype(str), prefix=name, dtype=float))
    return pd.concat(parts, axis=1) if len(parts) > 1 else None
