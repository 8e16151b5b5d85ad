"""Do the forecast's intervals still hold what they promise?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.columns import quantile_columns
from ml.metrics import coverage
from monitoring.demand_shift import in_stock
from monitoring.verdict import Verdict

NAME = "interval_coverage"
INTERVALS = {50: (0.25, 0.75), 80: (0.1, 0.9), 90: (0.05, 0.95), 95: (0.025, 0.975)}


@dataclass(frozen=True)
class CoverageLimits:
    """Coverage may fall by `drop`, or by `sigmas` standard errors if that is more, below what the
    backtest held (at most what the name promises). The standard error is over weeks, because
    the errors of one week belong together. Fewer than `floor_rows` rows or `floor_weeks` weeks
    are not judged. Wide intervals cost money but are no alarm: they are told."""

    drop: float = 0.08
    sigmas: float = 3.0
    floor_rows: int = 100
    floor_weeks: int = 3


def interval_coverage(
    matured: pd.DataFrame, reference: pd.DataFrame, *, limits: CoverageLimits | None = None
) -> Verdict:
    """Verdict "interval_coverage": the share of in-stock weeks inside each interval both have.

    Frames as in `forecast_error.forecast_error`; the reference is read at the matured steps.
    """
    limits = limits or CoverageLimits()
    now, past = in_stock(matured), in_stock(reference)
    past = past[past["step"].isin(now["step"].unique())]
    n_weeks = int(now["ds"].nunique())
    numbers: dict[str, float] = {"n_rows": len(now), "n_weeks": n_weeks}
    columns = quantile_columns(now)
    known = {
        name: (columns[lo], columns[hi])
        for name, (lo, hi) in INTERVALS.items()
        if lo in columns and hi in columns and {columns[lo], columns[hi]} <= set(past)
    }
    few = len(now) < limits.floor_rows or n_weeks < limits.floor_weeks
    if few or past.empty or not known:
        told = f"too few matured intervals, not judged: {len(now)} rows over {n_weeks} weeks"
        return Verdict(NAME, True, told, numbers)
    problems, told = [], []
    for name, (lo, hi) in known.items():
        held, before = (coverage(f["y"], f[lo], f[hi]) for f in (now, past))
        inside = now["y"].between(now[lo], now[hi]).groupby(now["ds"]).mean()
        error = float(inside.std(ddof=1) / np.sqrt(len(inside)))
        lowest = min(before, name / 100) - max(limits.drop, limits.sigmas * error)
        numbers |= {f"coverage_{name}": held, f"coverage_{name}_limit": lowest}
        said = f"the {name} % interval held {held:.1%} (limit {lowest:.1%}, backtest {before:.1%})"
        (problems if held < lowest else told).append(said)
    return Verdict(NAME, not problems, "; ".join(problems or told), numbers)
