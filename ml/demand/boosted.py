"""Global gradient boosting: one booster for the mean, one for the quantiles, all steps at once."""

import json
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np

from ml.demand.baseline import Forecast
from ml.demand.features import RISING, FeatureTables, training_rows

KNOTS = (0.05, 0.25, 0.5, 0.75, 0.95)  # learnt; the quantiles asked for lie between and beyond
DEFAULTS: dict[str, Any] = {
    "eta": 0.07,
    "rounds": 180,
    "max_depth": 6,
    "min_child_weight": 20.0,
    "subsample": 0.8,
    "colsample_bytree": 0.6,
    "tweedie_variance_power": 1.3,
    "quantile_eta": 0.14,
    "quantile_rounds": 45,
    "quantile_depth": 5,
    "half_life_weeks": 52.0,
    "max_rows": 60_000,
    "max_quantile_rows": 20_000,
}


class BoostedDemand:
    """XGBoost on direct multi-horizon rows: Tweedie mean and quantile loss, hist method.

    A deeper planned discount cannot lower the forecast (monotone constraints).
    """

    name = "xgboost"

    def __init__(
        self,
        *,
        horizon: int,
        quantiles: tuple[float, ...],
        seed: int,
        threads: int,
        params: dict[str, Any] | None = None,
    ) -> None:
        self.horizon, self.levels, self.seed, self.threads = horizon, quantiles, seed, threads
        unknown = set(params or {}) - set(DEFAULTS)
        if unknown:
            raise ValueError(f"xgboost has no parameter {sorted(unknown)[0]!r}")
        self.params = DEFAULTS | (params or {})

    def fit(self, tables: FeatureTables, last: int) -> "BoostedDemand":
        """Learn from target weeks up to index `last`. Raises ValueError when there are none."""
        rows = training_rows(
            tables,
            last=last,
            horizon=self.horizon,
            max_rows=self.params["max_rows"],
            half_life_weeks=self.params["half_life_weeks"],
            seed=self.seed,
        )
        if not len(rows.series):
            raise ValueError("no series has enough in-stock weeks to learn from")
        self.names = tables.names
        features = tables.rows(rows.series, rows.origin, rows.step)
        # errors count in units: large series weigh more, but no single one takes over
        volume = np.minimum(rows.scale, np.quantile(rows.scale, 0.99))
        mean_weight = rows.decay * volume / np.mean(rows.decay * volume)
        self.mean = self._train(self._mean_params(), features, rows.target, mean_weight, "rounds")
        some = np.random.default_rng(self.seed).permutation(len(features))
        some = np.sort(some[: self.params["max_quantile_rows"]])
        self.spread = self._train(
            self._quantile_params(),
            features[some],
            rows.target[some],
            rows.decay[some],
            "quantile_rounds",
        )
        return self

    def predict(self, tables: FeatureTables, origin: int) -> Forecast:
        """Forecast every series from `origin`, whatever was visible when it was fitted."""
        series, step = np.divmod(np.arange(tables.n_series * self.horizon), self.horizon)
        origins = np.full(len(series), origin)
        features = tables.rows(series, origins, step + 1)
        scale = tables.scale[series, origin]
        shape = (tables.n_series, self.horizon)
        knots = np.sort(self.spread.inplace_predict(features).astype(float), axis=1)
        quantiles = between_knots(knots, self.levels) * scale[:, None]
        mean = self.mean.inplace_predict(features).astype(float) * scale
        return Forecast(mean.reshape(shape), quantiles.reshape(*shape, -1))

    def save(self, folder: Path) -> None:
        """Write the two boosters as UBJ."""
        folder.mkdir(parents=True, exist_ok=True)
        self.mean.save_model(folder / "mean.ubj")
        self.spread.save_model(folder / "spread.ubj")
        (folder / "params.json").write_text(json.dumps(self.params, indent=1))

    def restore(self, folder: Path) -> None:
        """Read the two boosters written by `save`."""
        import xgboost

        self.params = json.loads((folder / "params.json").read_text())
        self.mean = xgboost.Booster({"nthread": self.threads}, model_file=folder / "mean.ubj")
        self.spread = xgboost.Booster({"nthread": self.threads}, model_file=folder / "spread.ubj")

    def _train(self, params, features, target, weight, rounds):
        import xgboost

        data = xgboost.QuantileDMatrix(
            features, target, weight=weight, max_bin=params["max_bin"], nthread=self.threads
        )
        constraints = tuple(int(name in RISING) for name in self.names)
        return xgboost.train(
            params | {"monotone_constraints": constraints}, data, self.params[rounds]
        )

    def _mean_params(self) -> dict[str, Any]:
        return self._shared() | {
            "objective": "reg:tweedie",
            "tweedie_variance_power": self.params["tweedie_variance_power"],
            "eta": self.params["eta"],
            "max_depth": self.params["max_depth"],
        }

    def _quantile_params(self) -> dict[str, Any]:
        return self._shared() | {
            "objective": "reg:quantileerror",
            "quantile_alpha": list(KNOTS),
            "eta": self.params["quantile_eta"],
            "max_depth": self.params["quantile_depth"],
        }

    def _shared(self) -> dict[str, Any]:
        return {
            "tree_method": "hist",
            "max_bin": 128,
            "nthread": self.threads,
            "seed": self.seed,
            **{k: self.params[k] for k in ("min_child_weight", "subsample", "colsample_bytree")},
        }


def between_knots(knots: np.ndarray, levels: tuple[float, ...]) -> np.ndarray:
    """Quantiles at `levels` from sorted quantiles at KNOTS (last axis), straight in normal scores.

    Beyond the outer knots the outer segment's slope goes on.
    """
    at = np.array([NormalDist().inv_cdf(q) for q in KNOTS])
    wanted = np.array([NormalDist().inv_cdf(q) for q in levels])
    right = np.clip(np.searchsorted(at, wanted), 1, len(at) - 1)
    share = (wanted - at[right - 1]) / (at[right] - at[right - 1])
    return knots[..., right - 1] + share * (knots[..., right] - knots[..., right - 1])


def demand_search_space(trial: Any) -> dict[str, Any]:
    """Hyper-parameters of BoostedDemand for one Optuna trial."""
    return {
        "eta": trial.suggest_float("eta", 0.02, 0.12, log=True),
        "rounds": trial.suggest_int("rounds", 80, 320, step=40),
        "max_depth": trial.suggest_int("max_depth", 3, 8),
        "min_child_weight": trial.suggest_float("min_child_weight", 2.0, 80.0, log=True),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.3, 1.0),
        "tweedie_variance_power": trial.suggest_float("tweedie_variance_power", 1.05, 1.7),
        "half_life_weeks": trial.suggest_float("half_life_weeks", 20.0, 150.0, log=True),
        "quantile_eta": trial.suggest_float("quantile_eta", 0.06, 0.25, log=True),
    }
