"""Have the predictions changed? The first thing to be known of a model, long before it is right."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from monitoring.drift import Limits, noise_psi, psi, wasserstein
from monitoring.verdict import Verdict

STEPS = 4


@dataclass(frozen=True)
class Predictions:
    """One prediction a series or customer, on both sides, and in words which sides they are."""

    current: pd.Series
    reference: pd.Series
    label: str


def forecast_ratios(weekly: pd.DataFrame, demand: pd.DataFrame) -> pd.Series:
    """Mean forecast of the first STEPS steps over the mean demand of the 26 weeks before, by
    unique_id, as log2 (1 is twice); series that sold nothing are left out.

    `weekly`: a forecast of one cutoff (unique_id, ds, cutoff, step, y_hat); `demand`: unique_id,
    ds, y [, is_stockout]. Nothing after the cutoff is read.
    """
    cutoff = weekly["cutoff"].max()
    recent = demand["ds"].between(cutoff - pd.Timedelta(weeks=25), cutoff)
    if "is_stockout" in demand:
        recent &= ~demand["is_stockout"].astype(bool)
    before = demand[recent].groupby("unique_id")["y"].mean()
    ahead = weekly[weekly["step"] <= STEPS].groupby("unique_id")["y_hat"].mean()
    ahead, before = ahead.align(before[before > 0], join="inner")
    return np.log2((ahead + 0.1) / (before + 0.1))


def prediction_drift(
    name: str, predictions: Predictions, *, limits: Limits | None = None
) -> Verdict:
    """Verdict `name`: the size by which predictions moved, by PSI and Wasserstein distance.

    Red when both are above their limits and the PSI also above what that many rows show by
    chance. It informs: a forecast that follows a new season has drifted and is right.
    """
    limits = limits or Limits()
    current, reference = predictions.current.dropna(), predictions.reference.dropna()
    numbers: dict[str, float] = {"n_current": len(current), "n_reference": len(reference)}
    if min(len(current), len(reference)) < limits.floor_rows:
        told = (
            f"too few predictions, not judged: {len(current)} and {len(reference)} of "
            f"{limits.floor_rows} needed ({predictions.label})"
        )
        return Verdict(name, True, told, numbers)
    size, moved = psi(current, reference), wasserstein(current, reference)
    limit = max(limits.psi, noise_psi(len(current), len(reference), alpha=limits.alpha))
    numbers |= {
        "psi": size,
        "psi_limit": limit,
        "wasserstein": moved,
        "wasserstein_limit": limits.wasserstein,
        "mean_current": float(current.mean()),
        "mean_reference": float(reference.mean()),
    }
    is_red = size > limit and moved > limits.wasserstein
    reason = (
        f"PSI {size:.2f} (limit {limit:.2f}), mean {current.mean():.3f} after "
        f"{reference.mean():.3f} ({predictions.label})"
    )
    return Verdict(name, not is_red, reason, numbers)
