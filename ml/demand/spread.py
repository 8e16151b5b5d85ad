"""The shape of demand around its mean: standardised errors pooled by size of the mean."""

from dataclasses import dataclass

import numpy as np

from ml.demand.knots import between_knots

KNOTS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99)
KNOTS = (*KNOTS, 0.995)
ROWS_A_CLASS = 400
MOST_CLASSES = 16


@dataclass(frozen=True)
class Shape:
    """Quantiles of (y - mean) / spread at KNOTS, classes x knots.

    `centre` is each class's mean demand in log units; between two centres the shapes are mixed.
    Counts have another shape at one unit a week than at a hundred, which is why.
    """

    centre: np.ndarray
    table: np.ndarray

    @classmethod
    def learn(cls, mean: np.ndarray, spread: np.ndarray, y: np.ndarray) -> "Shape":
        """From n rows in units; about equally many rows make a class."""
        order = np.argsort(mean, kind="stable")
        classes = int(np.clip(len(mean) // ROWS_A_CLASS, 1, MOST_CLASSES))
        error = ((y - mean) / spread)[order]
        parts = np.array_split(np.arange(len(mean)), classes)
        logs = np.log(np.maximum(mean, 1e-3))[order]
        return cls(
            np.array([logs[part].mean() for part in parts]),
            np.array([np.quantile(error[part], KNOTS) for part in parts]),
        )

    def quantiles(
        self, mean: np.ndarray, spread: np.ndarray, levels: tuple[float, ...]
    ) -> np.ndarray:
        """Quantiles n x Q of demand with these means and spreads, in units."""
        table = between_knots(self.table, KNOTS, levels)
        at = np.interp(
            np.log(np.maximum(mean, 1e-3)), self.centre, np.arange(len(self.centre), dtype=float)
        )
        low = np.minimum(at.astype(int), max(len(self.centre) - 2, 0))
        high = np.minimum(low + 1, len(self.centre) - 1)
        share = (at - low)[:, None]
        return mean[:, None] + spread[:, None] * ((1 - share) * table[low] + share * table[high])

    def to_dict(self) -> dict:
        """Plain lists, for JSON."""
        return {"centre": self.centre.tolist(), "table": self.table.tolist()}

    @classmethod
    def from_dict(cls, state: dict) -> "Shape":
        """Inverse of `to_dict`."""
        return cls(np.array(state["centre"]), np.array(state["table"]))
