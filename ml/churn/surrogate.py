"""Explains a score by facts people can read: small trees that imitate the model's log odds."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml.churn.features import CODED, Inputs
from ml.columns import CUSTOMER_NUMBERS

_SETTINGS = {
    "objective": "reg:squarederror",
    "tree_method": "hist",
    "learning_rate": 0.1,
    "max_depth": 4,
    "min_child_weight": 20.0,
    "subsample": 0.8,
    "colsample_bytree": 0.6,
    "max_cat_to_onehot": 8,
}
_ROUNDS = 150


class Surrogate:
    """Trees on feat_customer and the extra columns alone, fitted to the log odds of the model.

    The model reads dozens of numbers that tell one fact in many ways, and shares the credit for a
    fact among them. Its imitation knows each fact once, so what a fact adds is in one place
    (distillation into a readable model, Tan et al. 2018; the parts by TreeSHAP).
    """

    def __init__(self, *, seed: int, threads: int, extras: tuple[str, ...] = ()) -> None:
        self._settings = _SETTINGS | {"seed": seed, "nthread": threads}
        self._threads = threads
        self._names = [*CUSTOMER_NUMBERS, *CODED, *extras]
        self._booster = None

    def fit(self, inputs: Inputs, margin: np.ndarray) -> "Surrogate":
        """Imitate `margin` (n,), the model's log odds of the same rows."""
        import xgboost as xgb

        self._booster = xgb.train(self._settings, self._matrix(inputs, margin), _ROUNDS)
        return self

    def margin(self, inputs: Inputs) -> np.ndarray:
        """The imitated log odds, (n,)."""
        return self._booster.predict(self._matrix(inputs)).astype(float)

    def contributions(self, inputs: Inputs) -> pd.DataFrame:
        """What each column adds to the log odds against the average row (TreeSHAP), (n, columns).

        The rows sum to the imitated log odds less their mean over the rows learnt from.
        """
        added = self._booster.predict(self._matrix(inputs), pred_contribs=True)
        # of no rows xgboost says nothing at all, not even in how many columns
        added = added.reshape(len(inputs), len(self._names) + 1)[:, :-1]
        return pd.DataFrame(added, columns=self._names)

    def save(self, folder: Path) -> None:
        """Write `reasons.ubj`."""
        self._booster.save_model(folder / "reasons.ubj")

    def load(self, folder: Path) -> "Surrogate":
        """Read what `save` wrote."""
        import xgboost as xgb

        self._booster = xgb.Booster({"nthread": self._threads})
        self._booster.load_model(folder / "reasons.ubj")
        return self

    def _matrix(self, inputs: Inputs, margin: np.ndarray | None = None) -> Any:
        import xgboost as xgb

        return xgb.DMatrix(
            np.hstack([inputs.numbers, inputs.codes, inputs.extras]),
            label=margin,
            feature_names=self._names,
            feature_types=["c" if name in CODED else "q" for name in self._names],
            enable_categorical=True,
            nthread=self._threads,
        )
