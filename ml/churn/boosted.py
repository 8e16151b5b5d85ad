"""Churn by gradient boosted trees (XGBoost) on feat_customer and what purchase days add to it."""

from pathlib import Path
from typing import Any

import numpy as np

from ml.churn.features import CODED, Inputs
from ml.churn.lifetime import LIFETIME_NUMBERS
from ml.churn.rhythm import RHYTHM_NUMBERS
from ml.columns import CUSTOMER_NUMBERS

FEATURE_NAMES = (*CUSTOMER_NUMBERS, *CODED, *RHYTHM_NUMBERS, *LIFETIME_NUMBERS)
DEFAULTS = {
    "learning_rate": 0.03,
    "max_depth": 3,
    "min_child_weight": 30.0,
    "subsample": 0.6,
    "colsample_bytree": 0.3,
    "reg_lambda": 10.0,
    "max_rounds": 400,
}
_PATIENCE = 25


def search_space(trial: Any) -> dict[str, float]:
    """Hyper-parameters an Optuna trial may choose for this family."""
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
        "max_depth": trial.suggest_int("max_depth", 2, 7),
        "min_child_weight": trial.suggest_float("min_child_weight", 2.0, 100.0, log=True),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.4, 1.0),
        "reg_lambda": trial.suggest_float("reg_lambda", 0.1, 30.0, log=True),
    }


class Boosted:
    """XGBoost classifier; `fit` stops at the round that served the held rows best.

    `extras`: names of the extra columns that the inputs carry.
    """

    name = "xgboost"

    def __init__(
        self,
        *,
        params: dict[str, float],
        seed: int,
        threads: int,
        extras: tuple[str, ...] = (),
    ) -> None:
        unknown = sorted(set(params) - set(DEFAULTS))
        if unknown:
            raise ValueError(f"xgboost does not know the parameters {unknown}")
        chosen = DEFAULTS | params
        self._max_rounds = int(chosen.pop("max_rounds"))
        self._settings = {
            "objective": "binary:logistic",
            "eval_metric": "logloss",
            "tree_method": "hist",
            "max_cat_to_onehot": 8,
            "seed": seed,
            "nthread": threads,
            **chosen,
        }
        self._threads = threads
        self._names = [*FEATURE_NAMES, *extras]
        self._rounds = self._max_rounds
        self._booster = None

    def fit(self, train: Inputs, y: np.ndarray, held: Inputs, held_y: np.ndarray) -> "Boosted":
        """Learn from the training rows; the held rows only say how many trees to keep."""
        import xgboost as xgb

        self._booster = xgb.train(
            self._settings,
            self._bins(train, y),
            self._max_rounds,
            evals=[(self._matrix(held, held_y), "held")],
            early_stopping_rounds=_PATIENCE,
            verbose_eval=False,
        )
        self._rounds = self._booster.best_iteration + 1
        self._booster = self._booster[: self._rounds]
        return self

    def refit(self, train: Inputs, y: np.ndarray) -> "Boosted":
        """Learn from all rows given, as many trees as `fit` found best."""
        import xgboost as xgb

        self._booster = xgb.train(self._settings, self._bins(train, y), self._rounds)
        return self

    def margin(self, inputs: Inputs) -> np.ndarray:
        """Log odds of churn, (n,)."""
        told = [
            self._booster.predict(self._matrix(part), output_margin=True) for part in inputs.parts()
        ]
        return np.concatenate(told).astype(float) if told else np.zeros(0)

    def save(self, folder: Path) -> None:
        """Write `xgboost.ubj`."""
        self._booster.save_model(folder / "xgboost.ubj")

    def load(self, folder: Path) -> "Boosted":
        """Read what `save` wrote."""
        import xgboost as xgb

        self._booster = xgb.Booster({"nthread": self._threads})
        self._booster.load_model(folder / "xgboost.ubj")
        self._rounds = self._booster.num_boosted_rounds()
        return self

    def _matrix(self, inputs: Inputs, y: np.ndarray | None = None) -> Any:
        """Rows as xgboost reads them."""
        import xgboost as xgb

        return xgb.DMatrix(
            _numbers(inputs),
            label=y,
            enable_categorical=True,
            nthread=self._threads,
            **self._told(),
        )

    def _bins(self, inputs: Inputs, y: np.ndarray) -> Any:
        """Rows to learn from, part by part cut into the bins that trees split at: a matrix of
        millions of rows would be in memory three times."""
        import xgboost as xgb

        told = self._told()

        class Parts(xgb.DataIter):
            def __init__(self) -> None:
                super().__init__()
                self.reset()

            def reset(self) -> None:
                self.parts, self.start = inputs.parts(), 0

            def next(self, input_data: Any) -> bool:
                part = next(self.parts, None)
                if part is None:
                    return False
                labels = y[self.start : self.start + len(part)]
                self.start += len(part)
                input_data(data=_numbers(part), label=labels, **told)
                return True

        return xgb.QuantileDMatrix(Parts(), enable_categorical=True, nthread=self._threads)

    def _told(self) -> dict[str, Any]:
        kinds = ["c" if name in CODED else "q" for name in self._names]
        return {"feature_names": self._names, "feature_types": kinds}


def _numbers(inputs: Inputs) -> np.ndarray:
    blocks = (inputs.numbers, inputs.codes, inputs.rhythm, inputs.lifetime, inputs.extras)
    return np.hstack(blocks)
