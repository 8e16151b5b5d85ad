"""The models to beat: logistic regression on recency, and on recency with frequency."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ml.churn.features import Inputs
from ml.churn.logistic import Logistic, fit_logistic

COLUMNS = {
    "recency": ("recency_days",),
    "recency_frequency": (
        "recency_days",
        "frequency",
        "tenure_days",
        "recency_over_gap",
        "expected_gap_days",
        "orders_90d",
    ),
}
_RIDGE = 1.0


@dataclass
class Baseline:
    """Logistic regression on log(1 + x) of a few columns, standardised with what it was fitted on.

    `name` is "recency" or "recency_frequency". It picks nothing, so the later slice is not used
    by `fit`.
    """

    name: str
    centre: tuple[float, ...] = ()
    spread: tuple[float, ...] = ()
    logistic: Logistic | None = None

    def fit(self, train: Inputs, y: np.ndarray, later: Inputs, later_y: np.ndarray) -> "Baseline":  # noqa: ARG002
        """Learn from the training rows."""
        return self.refit(train, y)

    def refit(self, train: Inputs, y: np.ndarray) -> "Baseline":
        """Learn from all rows given: y (n,) of 0/1."""
        x = self._logs(train)
        self.centre = tuple(float(v) for v in x.mean(axis=0))
        self.spread = tuple(float(v) or 1.0 for v in x.std(axis=0))
        self.logistic = fit_logistic(self._standardised(train), y, ridge=_RIDGE)
        return self

    def margin(self, inputs: Inputs) -> np.ndarray:
        """Log odds of churn, (n,)."""
        return self.logistic.margin(self._standardised(inputs))

    def contributions(self, inputs: Inputs) -> pd.DataFrame:
        """What each column adds to the log odds against the average training row, (n, k)."""
        added = self._standardised(inputs) * np.asarray(self.logistic.weights)
        return pd.DataFrame(added, columns=list(COLUMNS[self.name]))

    def save(self, folder: Path) -> None:
        """Write `<name>.json`."""
        (folder / f"{self.name}.json").write_text(json.dumps(asdict(self)), encoding="utf-8")

    def load(self, folder: Path) -> "Baseline":
        """Read what `save` wrote."""
        kept = json.loads((folder / f"{self.name}.json").read_text(encoding="utf-8"))
        self.centre, self.spread = tuple(kept["centre"]), tuple(kept["spread"])
        self.logistic = Logistic(kept["logistic"]["intercept"], tuple(kept["logistic"]["weights"]))
        return self

    def _logs(self, inputs: Inputs) -> np.ndarray:
        return np.column_stack(
            [np.log1p(np.maximum(inputs.number(column), 0)) for column in COLUMNS[self.name]]
        )

    def _standardised(self, inputs: Inputs) -> np.ndarray:
        return (self._logs(inputs) - np.asarray(self.centre)) / np.asarray(self.spread)
