"""Logistic regressions: the models to beat, and the members of the stack that stay linear."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ml.churn.features import Inputs
from ml.churn.lifetime import LIFETIME_NUMBERS
from ml.churn.logistic import Logistic, divisor, fit_logistic
from ml.churn.rhythm import FADING, RHYTHM_NUMBERS
from ml.columns import CUSTOMER_NUMBERS

COLUMNS = {
    "recency": ("recency_days",),
    "frequency": ("frequency",),
    "rfm": ("recency_days", "frequency", "monetary_amount"),
    "recency_frequency": (
        "recency_days",
        "frequency",
        "tenure_days",
        "recency_over_gap",
        "expected_gap_days",
        "orders_90d",
    ),
    "lifetime": LIFETIME_NUMBERS,
    "logistic": (
        *CUSTOMER_NUMBERS,
        *LIFETIME_NUMBERS,
        *(RHYTHM_NUMBERS[place] for place in FADING),
    ),
}
_RIDGE = 1.0
# many columns that say nearly the same share the weight of what they say
_WIDE_RIDGE = {"lifetime": 10.0, "logistic": 1000.0}


@dataclass
class Baseline:
    """Logistic regression on log(1 + x) of columns, standardised with what it was fitted on.

    `name` is a key of COLUMNS; "logistic" reads the extra columns too. What is below zero is
    mirrored, what is unknown counts as average. It picks nothing, so the held rows are not used
    by `fit`.
    """

    name: str
    extras: tuple[str, ...] = ()
    centre: tuple[float, ...] = ()
    spread: tuple[float, ...] = ()
    logistic: Logistic | None = None

    def fit(self, train: Inputs, y: np.ndarray, held: Inputs, held_y: np.ndarray) -> "Baseline":  # noqa: ARG002
        """Learn from the training rows."""
        return self.refit(train, y)

    def refit(self, train: Inputs, y: np.ndarray) -> "Baseline":
        """Learn from all rows given: y (n,) of 0/1."""
        columns = self._columns()
        x = np.empty((len(train), len(columns)), np.float32, order="F")
        centre, spread = np.empty(len(columns)), np.empty(len(columns))
        for at, column in enumerate(columns):
            logs = self._log(train, column)
            known = np.isfinite(logs)
            rows = max(known.sum(), 1)
            centre[at] = np.where(known, logs, 0).sum() / rows
            off = np.where(known, logs - centre[at], 0)
            spread[at] = divisor(np.sqrt((off**2).sum() / rows), centre[at])
            x[:, at] = off / spread[at]
        self.centre = tuple(float(v) for v in centre)
        self.spread = tuple(float(v) for v in spread)
        self.logistic = fit_logistic(x, y, ridge=_WIDE_RIDGE.get(self.name, _RIDGE))
        return self

    def margin(self, inputs: Inputs) -> np.ndarray:
        """Log odds of churn, (n,)."""
        told = [self.logistic.margin(self._standardised(part)) for part in inputs.parts()]
        return np.concatenate(told) if told else np.zeros(0)

    def contributions(self, inputs: Inputs) -> pd.DataFrame:
        """What each column adds to the log odds against the average training row, (n, k)."""
        added = self._standardised(inputs) * np.asarray(self.logistic.weights)
        return pd.DataFrame(added, columns=self._columns())

    def save(self, folder: Path) -> None:
        """Write `<name>.json`."""
        kept = asdict(self)
        (folder / f"{self.name}.json").write_text(json.dumps(kept), encoding="utf-8")

    def load(self, folder: Path) -> "Baseline":
        """Read what `save` wrote, also before constant columns were told from others."""
        kept = json.loads((folder / f"{self.name}.json").read_text(encoding="utf-8"))
        self.centre = tuple(kept["centre"])
        self.spread = tuple(float(v) for v in divisor(kept["spread"], kept["centre"]))
        self.logistic = Logistic(kept["logistic"]["intercept"], tuple(kept["logistic"]["weights"]))
        return self

    def _columns(self) -> list[str]:
        return [*COLUMNS[self.name], *(self.extras if self.name == "logistic" else ())]

    def _log(self, inputs: Inputs, column: str) -> np.ndarray:
        x = inputs.number(column, self.extras)
        return np.sign(x) * np.log1p(np.abs(x))

    def _standardised(self, inputs: Inputs) -> np.ndarray:
        logs = np.column_stack([self._log(inputs, column) for column in self._columns()])
        scaled = (logs - np.asarray(self.centre)) / np.asarray(self.spread)
        return np.where(np.isfinite(scaled), scaled, 0.0)
