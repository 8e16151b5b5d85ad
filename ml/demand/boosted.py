"""Global gradient boosting: two views of the mean, the spread around it, all steps at once."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from ml.demand.baseline import Forecast
from ml.demand.device import xgboost_device
from ml.demand.features import FALLING, RISING, FeatureTables
from ml.demand.sampling import Rows, row_budget, training_rows
from ml.demand.spread import Shape

DEFAULTS: dict[str, Any] = {
    "objective": "poisson",
    "eta": 0.07,
    "rounds": 110,
    "anchored_rounds": 60,
    "max_leaves": 31,
    "min_child_weight": 20.0,
    "subsample": 0.8,
    "colsample_bytree": 0.5,
    "tweedie_variance_power": 1.3,
    "spread_rounds": 40,
    "spread_leaves": 15,
    "half_life_weeks": 80.0,
    "max_rows": None,
    "max_spread_rows": 60_000,
}
OBJECTIVES = ("poisson", "tweedie")
CALENDAR = ("season_week", "sin_1", "cos_1")
NAMES = ("free", "anchored", "spread")
MAX_BIN = 64


class BoostedDemand:
    """XGBoost on direct multi-horizon rows, hist method, in units of each series' scale.

    The mean is the average of two boosters: a free one, and one anchored on the pooled
    seasonal forecast, which corrects that and does not see the calendar. Where the calendar
    repeats itself the free one is better, where levels move the anchored one. A third learns
    the absolute error; the shape around the mean is pooled by size (see `spread`).
    A deeper planned discount, or a price further below normal, cannot lower the mean.
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
        device: str = "auto",
    ) -> None:
        self.horizon, self.levels, self.seed, self.threads = horizon, quantiles, seed, threads
        self.device = device
        unknown = set(params or {}) - set(DEFAULTS)
        if unknown:
            raise ValueError(f"xgboost has no parameter {sorted(unknown)[0]!r}")
        self.params = DEFAULTS | (params or {})
        if self.params["objective"] not in OBJECTIVES:
            raise ValueError(f"objective must be one of {OBJECTIVES}")

    def fit(self, tables: FeatureTables, last: int) -> "BoostedDemand":
        """Learn from target periods up to index `last`. Raises ValueError when there are none."""
        rows = training_rows(
            tables,
            last=last,
            horizon=self.horizon,
            max_rows=self.params["max_rows"] or row_budget(tables, last),
            half_life_weeks=self.params["half_life_weeks"],
            seed=self.seed,
        )
        if not len(rows.series):
            raise ValueError("no series has enough in-stock weeks to learn from")
        self.names = tables.names
        features = tables.rows(rows.series, rows.origin, rows.step)
        # errors count in units: large series weigh more, but no single one takes over
        volume = np.minimum(rows.scale, np.quantile(rows.scale, 0.99))
        weight = rows.decay * volume / np.mean(rows.decay * volume)
        anchor = self._anchor(features)
        shared = self._mean_params()
        self.free = self._train(shared, features, rows.target, weight, "rounds")
        self.anchored = self._train(
            shared, self._uncalendared(features), rows.target, weight, "anchored_rounds", anchor
        )
        self._learn_spread(features, rows)
        return self

    def predict(
        self, tables: FeatureTables, origin: int, series: np.ndarray | None = None
    ) -> Forecast:
        """Forecast `series` (default all) from `origin`, whatever was visible at fit."""
        chosen = np.arange(tables.n_series) if series is None else series
        series, step = np.repeat(chosen, self.horizon), np.tile(self._steps(), len(chosen))
        features = tables.rows(series, np.full(len(series), origin), step)
        scale = tables.scale[series, origin]
        mean = self._mean(features)
        spread = self._spread(features, mean, scale)
        shape = (len(chosen), self.horizon)
        quantiles = self.shape.quantiles(mean * scale, spread * scale, self.levels)
        return Forecast((mean * scale).reshape(shape), quantiles.reshape(*shape, -1))

    def contributions(
        self, tables: FeatureTables, series: np.ndarray, origin: int, step: np.ndarray
    ) -> tuple[list[str], np.ndarray]:
        """What moved the mean of each row, in log points: names, and rows x names.

        The name "anchor" stands for the pooled seasonal forecast, "usual" for the average row.
        """
        import xgboost

        features = tables.rows(series, np.full(len(series), origin), step)
        free = self.free.predict(xgboost.DMatrix(features), pred_contribs=True)
        anchor = self._anchor(features)
        data = xgboost.DMatrix(self._uncalendared(features), base_margin=anchor)
        part = self.anchored.predict(data, pred_contribs=True)
        out = np.zeros((len(series), len(self.names) + 2))
        out[:, : len(self.names)] = free[:, :-1] / 2
        out[:, self._kept()] += part[:, :-1] / 2
        out[:, -2] = anchor / 2
        # the anchored booster's own intercept comes with its margin
        out[:, -1] = (free[:, -1] + part[:, -1] - anchor) / 2
        return [*self.names, "anchor", "usual"], out

    def save(self, folder: Path) -> None:
        """Write the boosters as UBJ, the rest as JSON."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            getattr(self, name).save_model(folder / f"{name}.ubj")
        state = {"params": self.params, "names": self.names, "shape": self.shape.to_dict()}
        (folder / "params.json").write_text(json.dumps(state, indent=1))

    def restore(self, folder: Path) -> None:
        """Read what `save` wrote."""
        import xgboost

        state = json.loads((folder / "params.json").read_text())
        self.params, self.names = state["params"], state["names"]
        self.shape = Shape.from_dict(state["shape"])
        run = {"nthread": self.threads, "device": xgboost_device(self.device)}
        for name in NAMES:
            setattr(self, name, xgboost.Booster(run, model_file=folder / f"{name}.ubj"))

    def _steps(self) -> np.ndarray:
        return np.arange(1, self.horizon + 1)

    def _mean(self, features: np.ndarray) -> np.ndarray:
        free = self.free.inplace_predict(features).astype(float)
        anchored = self.anchored.inplace_predict(
            self._uncalendared(features), base_margin=self._anchor(features)
        )
        return (free + anchored.astype(float)) / 2

    def _learn_spread(self, features: np.ndarray, rows: Rows) -> None:
        some = np.random.default_rng(self.seed).permutation(len(features))
        some = np.sort(some[: self.params["max_spread_rows"]])
        features, scale, target = features[some], rows.scale[some], rows.target[some]
        mean = self._mean(features)
        params = self._shared(self.params["spread_leaves"]) | {"objective": "count:poisson"}
        self.spread = self._train(
            params,
            self._with_mean(features, mean, scale),
            np.abs(target - mean),
            rows.decay[some],
            "spread_rounds",
            _counting_noise(mean, scale),
        )
        spread = self._spread(features, mean, scale)
        self.shape = Shape.learn(mean * scale, spread * scale, target * scale)

    def _spread(self, features: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
        made = self.spread.inplace_predict(
            self._with_mean(features, mean, scale), base_margin=_counting_noise(mean, scale)
        )
        return made.astype(float)

    def _with_mean(self, features, mean, scale) -> np.ndarray:
        return np.column_stack([features, mean, np.log(mean * scale + 0.1)]).astype(np.float32)

    def _anchor(self, features: np.ndarray) -> np.ndarray:
        base = features[:, self.names.index("season_base")]
        return np.log(np.clip(base, 0.05, 20.0))

    def _kept(self) -> np.ndarray:
        return np.array([k for k, name in enumerate(self.names) if name not in CALENDAR])

    def _uncalendared(self, features: np.ndarray) -> np.ndarray:
        return features[:, self._kept()]

    def _train(self, params, features, target, weight, rounds, margin=None):
        import xgboost

        data = xgboost.QuantileDMatrix(
            features,
            target,
            weight=weight,
            base_margin=margin,
            max_bin=MAX_BIN,
            nthread=self.threads,
        )
        names = self.names
        if features.shape[1] < len(names):
            names = [names[k] for k in self._kept()]
        signs = [int(name in RISING) - int(name in FALLING) for name in names]
        signs += [1] * (features.shape[1] - len(names))
        return xgboost.train(
            params | {"monotone_constraints": tuple(signs)}, data, self.params[rounds]
        )

    def _mean_params(self) -> dict[str, Any]:
        shared = self._shared(self.params["max_leaves"])
        if self.params["objective"] == "poisson":
            return shared | {"objective": "count:poisson"}
        power = self.params["tweedie_variance_power"]
        return shared | {"objective": "reg:tweedie", "tweedie_variance_power": power}

    def _shared(self, leaves: int) -> dict[str, Any]:
        return {
            "tree_method": "hist",
            "device": xgboost_device(self.device),
            "grow_policy": "lossguide",
            "max_leaves": leaves,
            "max_depth": 0,
            "max_bin": MAX_BIN,
            "nthread": self.threads,
            "seed": self.seed,
            **{
                k: self.params[k]
                for k in ("eta", "min_child_weight", "subsample", "colsample_bytree")
            },
        }


def _counting_noise(mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Log of the spread a count of this mean would have, in units of the scale."""
    return np.log(np.sqrt(mean * scale + 0.05) / scale)


def demand_search_space(trial: Any) -> dict[str, Any]:
    """Hyper-parameters of BoostedDemand for one Optuna trial."""
    return {
        "objective": trial.suggest_categorical("objective", list(OBJECTIVES)),
        "eta": trial.suggest_float("eta", 0.03, 0.12, log=True),
        "rounds": trial.suggest_int("rounds", 60, 220, step=40),
        "anchored_rounds": trial.suggest_int("anchored_rounds", 20, 120, step=20),
        "max_leaves": trial.suggest_int("max_leaves", 7, 63, log=True),
        "min_child_weight": trial.suggest_float("min_child_weight", 2.0, 80.0, log=True),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.3, 1.0),
        "half_life_weeks": trial.suggest_float("half_life_weeks", 20.0, 150.0, log=True),
        "spread_rounds": trial.suggest_int("spread_rounds", 20, 80, step=20),
    }
