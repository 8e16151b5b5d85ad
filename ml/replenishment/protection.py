"""How much will sell in the next so many days: interval sums read off a cumulative forecast.

Time runs in weeks from the end of the cutoff week: x = 0 is the close of its Sunday, x = 1 the
close of the Sunday after. Day d (counted from that Sunday) fills (d - 1, d] / 7. With `elapsed`
days between that Sunday and as_of, the n days after as_of fill (elapsed, elapsed + n] / 7.

mean         M(0) = 0, M(k) = y_hat of the sum over k weeks, straight lines between; past the last
             week the last week's rate goes on. Demand of n days = M(b) - M(a).
spread       S_p(k) = quantile p of the sum over k weeks - M(k). Straight lines between whole weeks,
             S_p(1) sqrt(x) inside the first week, S_p(H) sqrt(x / H) past the horizon H.
interval     the n days get the spread of the whole stretch up to their end, brought down to their
             own length: S_p(b) sqrt((b - a) / b). Taking it at b rather than at b - a keeps a
             festival in the last days inside the spread; both are the same when elapsed = 0.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from ml.columns import quantile_columns

DAYS_PER_WEEK = 7
# A forecast above this, like one that is not a number, is no forecast.
LARGEST_SUM = 1e9
_FALLBACK_LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


def z_score(p):
    """Standard normal quantile of one probability.

    >>> round(z_score(0.95), 3)
    1.645
    """
    return NormalDist().inv_cdf(p)


def growth_beyond(edge: float, probability: float) -> float:
    """Factor on the spread of the outermost known quantile `edge` at one beyond it, by the normal
    score; 1 where the two lie on different sides of the median."""
    known, wanted = z_score(edge), z_score(probability)
    return wanted / known if known * wanted > 0 else 1.0


@dataclass(frozen=True)
class DemandCurves:
    """Cumulative demand of n series at k weeks after the cutoff week.

    `knots` (k + 1,) weeks, first 0; `mean` (n, k + 1) units; `spreads` maps a probability to
    (n, k + 1) units above (or below) the mean; `elapsed` days from the cutoff week's Sunday to
    as_of.
    """

    knots: np.ndarray
    mean: np.ndarray
    spreads: dict[float, np.ndarray]
    elapsed: int

    def demand(self, days: np.ndarray) -> np.ndarray:
        """Expected units sold in the `days` days (n,) after as_of."""
        start = np.full(len(self.mean), self.elapsed / DAYS_PER_WEEK)
        end = (self.elapsed + days) / DAYS_PER_WEEK
        return self._line(self.mean, end) - self._line(self.mean, start)

    def take(self, rows: np.ndarray) -> "DemandCurves":
        """The curves of `rows` (m,) whole numbers, in that order."""
        spreads = {p: table[rows] for p, table in self.spreads.items()}
        return DemandCurves(self.knots, self.mean[rows], spreads, self.elapsed)

    def scaled(self, factor: np.ndarray) -> "DemandCurves":
        """The curves times `factor` (n,), mean and spread alike."""
        by = np.asarray(factor, dtype=float)[:, None]
        spreads = {p: table * by for p, table in self.spreads.items()}
        return DemandCurves(self.knots, self.mean * by, spreads, self.elapsed)

    def spread_curve(self, level: np.ndarray) -> np.ndarray:
        """Spread (n, k + 1) at each row's own probability `level` (n,).

        Between two quantile columns it runs straight in the normal score; outside them the
        outermost column's spread grows with the normal score.
        """
        known = np.array(list(self.spreads))
        scores = np.array([z_score(p) for p in known])
        curve = np.zeros_like(self.mean)
        for p in np.unique(level):
            rows, z = level == p, z_score(p)
            after = int(np.searchsorted(scores, z - 1e-12))
            if after == 0 or after == len(scores):
                edge = known[0] if after == 0 else known[-1]
                curve[rows] = self.spreads[edge][rows] * growth_beyond(edge, p)
                continue
            share = (z - scores[after - 1]) / (scores[after] - scores[after - 1])
            low, high = self.spreads[known[after - 1]], self.spreads[known[after]]
            curve[rows] = low[rows] + share * (high[rows] - low[rows])
        return curve

    def spread(self, curve: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Units between the mean and the quantile of `curve` for the `days` days after as_of."""
        end = (self.elapsed + days) / DAYS_PER_WEEK
        first, last = self.knots[1], self.knots[-1]
        at_end = self._line(curve, np.clip(end, first, last))
        at_end = at_end * np.where(end < first, np.sqrt(end / first), 1.0)
        at_end = at_end * np.sqrt(np.maximum(end / last, 1.0))
        length = np.divide(days, self.elapsed + days, out=np.zeros_like(end), where=days > 0)
        return at_end * np.sqrt(length)

    def days_covered(self, units: np.ndarray, *, most: float) -> np.ndarray:
        """Days after as_of until `units` (n,) are sold at the expected rate, at most `most`."""
        start = np.full(len(self.mean), self.elapsed / DAYS_PER_WEEK)
        target = self._line(self.mean, start) + np.maximum(units, 0.0)
        left = np.clip((self.mean <= target[:, None]).sum(axis=1) - 1, 0, len(self.knots) - 2)
        rows = np.arange(len(left))
        sold = self.mean[rows, left + 1] - self.mean[rows, left]
        open_units = target - self.mean[rows, left]
        share = np.divide(open_units, sold, out=np.full_like(sold, np.inf), where=sold > 1e-9)
        weeks = self.knots[left] + share * (self.knots[left + 1] - self.knots[left])
        days = weeks * DAYS_PER_WEEK - self.elapsed
        return np.where(units > 0, np.clip(days, 0.0, most), 0.0)

    def _line(self, values: np.ndarray, x: np.ndarray) -> np.ndarray:
        left = np.clip(np.searchsorted(self.knots, x, side="right") - 1, 0, len(self.knots) - 2)
        rows = np.arange(len(values))
        share = (x - self.knots[left]) / (self.knots[left + 1] - self.knots[left])
        low = values[rows, left]
        return low + share * (values[rows, left + 1] - low)


def demand_curves(
    cumulative: pd.DataFrame,
    unique_ids: pd.Series,
    daily_rate: np.ndarray,
    *,
    cutoff: pd.Timestamp,
    elapsed: int,
) -> tuple[DemandCurves, np.ndarray]:
    """Curves for `unique_ids` in their order, and which of them the forecast really covers.

    `cumulative`: unique_id, cutoff, periods, y_hat and quantile columns of the sum over the next
    `periods` weeks. A series without a whole set of usable rows sells `daily_rate` (n,) units a
    day with the spread of a Poisson count: mu + z sqrt(mu) + (z^2 - 1) / 6, zero where a count of
    none is at least that likely (Cornish-Fisher expansion). Means and quantiles never fall with k.

    Raises ValueError when the frame lacks a column, or has rows but none for `cutoff`.
    """
    missing = {"unique_id", "cutoff", "periods", "y_hat"} - set(cumulative.columns)
    levels = quantile_columns(cumulative)
    if missing or not levels:
        raise ValueError(f"cumulative forecast lacks {sorted(missing) or ['quantile columns']}")
    here = cumulative[pd.to_datetime(cumulative["cutoff"]) == cutoff]
    if len(cumulative) and here.empty:
        raise ValueError(f"cumulative forecast has no row for cutoff {cutoff.date()}")
    here = here[here["periods"] > 0].drop_duplicates(["unique_id", "periods"])
    weeks = np.sort(here["periods"].unique()).astype(float)
    if not len(weeks):
        weeks, levels = np.array([1.0]), {p: "" for p in _FALLBACK_LEVELS}
    ids = pd.Index(unique_ids.unique())
    row = ids.get_indexer(here["unique_id"].astype(object))
    column = np.searchsorted(weeks, here["periods"].to_numpy(float))
    wanted = row >= 0

    def spread_out(name: str) -> np.ndarray:
        table = np.full((len(ids), len(weeks)), np.nan)
        table[row[wanted], column[wanted]] = here[name].to_numpy(float)[wanted]
        return table

    tables = {
        p: spread_out(name) if name else np.full((len(ids), 1), np.nan)
        for p, name in levels.items()
    }
    mean = spread_out("y_hat")
    whole = (np.abs(mean) <= LARGEST_SUM).all(axis=1)
    for table in tables.values():
        whole &= (np.abs(table) <= LARGEST_SUM).all(axis=1)

    position_of = ids.get_indexer(unique_ids)
    covered = whole[position_of]
    knots = np.concatenate([[0.0], weeks])
    own = np.where(covered, 0.0, daily_rate)[:, None] * weeks[None, :] * DAYS_PER_WEEK
    mean = _from_zero(np.where(covered[:, None], mean[position_of], own))
    spreads = {}
    for p, table in tables.items():
        counted = np.where(covered[:, None], table[position_of], _poisson_quantile(own, p))
        spreads[p] = _from_zero(counted) - mean
    return DemandCurves(knots, mean, spreads, elapsed), covered


def _from_zero(sums: np.ndarray) -> np.ndarray:
    rising = np.maximum.accumulate(np.maximum(sums, 0.0), axis=1)
    return np.hstack([np.zeros((len(sums), 1)), rising])


def _poisson_quantile(mu: np.ndarray, p: float) -> np.ndarray:
    z = z_score(p)
    likely_none = np.exp(-mu) >= p
    return np.where(likely_none, 0.0, np.maximum(mu + z * np.sqrt(mu) + (z * z - 1) / 6, 0.0))
