"""What would the plan have cost with these forecasts? A replay of each backtest window."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ml.columns import quantile_columns
from ml.replenishment.outcome import Costs
from ml.replenishment.protection import z_score
from ml.replenishment.simulation import Shelf, open_shelf, replay

LEAD, REVIEW = 2, 1  # weeks
COSTS = Costs(holding=0.2, shortage=1.0)
_KEYS = ["unique_id", "cutoff"]


def plan_cost(frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Cost of ordering by each of the forecasts, by name: unique_id, cutoff, cost (CNY per CNY of
    shortage: 1 for a unit missed, 0.2 for a unit left at a week's end).

    `frames` are backtest frames of the same cutoffs (unique_id, ds, cutoff, step, y, y_hat
    [, quantiles]). Each week of a window, stock is ordered up to the 0.833 quantile of the weeks
    that the order must cover (two of lead time and one of review), by the forecast made at the
    cutoff; all start from the stock that the mean of all forecasts would have left. The spread
    is read from the widest pair of quantiles, a Poisson count's without any. Only windows with
    all steps known are played; one shorter than a lead time and a review has no cost.
    """
    wide = {name: _wide(frame) for name, frame in frames.items()}
    common = None
    for table in wide.values():
        index = table["y"].dropna().index
        common = index if common is None else common.intersection(index)
    first = next(iter(wide.values()))["y"]
    if common is None or len(common) == 0 or first.shape[1] <= LEAD + REVIEW:
        nothing = pd.DataFrame(
            {"unique_id": pd.Series(dtype=str), "cutoff": [], "cost": pd.Series(dtype=float)}
        )
        return dict.fromkeys(frames, nothing)
    demand = first.loc[common].to_numpy(float)
    mean = np.mean([table["y_hat"].loc[common].to_numpy(float) for table in wide.values()], axis=0)
    return {
        name: common.to_frame(index=False).assign(
            cost=_replayed(
                demand, table["y_hat"].loc[common].to_numpy(float), table["sd"].loc[common], mean
            )
        )
        for name, table in wide.items()
    }


def _wide(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    known = frame.assign(sd=_spread(frame))
    return {
        name: known.pivot(index=_KEYS, columns="step", values=name).sort_index(axis=1)
        for name in ("y", "y_hat", "sd")
    }


def _spread(frame: pd.DataFrame) -> np.ndarray:
    columns = quantile_columns(frame)
    lo, hi = min(columns, default=0.5), max(columns, default=0.5)
    if lo >= hi:
        return np.sqrt(frame["y_hat"].clip(lower=0.1)).to_numpy()
    width = (frame[columns[hi]] - frame[columns[lo]]).to_numpy(float)
    return np.maximum(width, 0.0) / (z_score(hi) - z_score(lo))


def _replayed(
    demand: np.ndarray, forecast: np.ndarray, sd: pd.DataFrame, start: np.ndarray
) -> np.ndarray:
    covered = LEAD + REVIEW
    service = float(COSTS.shortage / (COSTS.shortage + COSTS.holding))
    variance = np.square(np.nan_to_num(sd.to_numpy(float)))
    periods = demand.shape[1]

    def order(t: int, shelf: Shelf) -> np.ndarray:
        ahead = slice(t, min(t + covered, periods))
        level = forecast[:, ahead].sum(axis=1)
        level = level + z_score(service) * np.sqrt(variance[:, ahead].sum(axis=1))
        return np.rint(np.maximum(level - shelf.position, 0.0))

    shelf = open_shelf(np.rint(start[:, 0]), np.rint(start[:, 1 : 1 + LEAD]), longest_lead=LEAD)
    ledger, _ = replay(order, demand, shelf, lead=LEAD)
    # what arrives in the first weeks was under way before anybody decided
    return COSTS.of(ledger)[:, LEAD:].sum(axis=1)
