"""Forecasts of SKUs, brands, platforms and totals that agree with those of their series."""

import numpy as np
import pandas as pd

from ml.columns import quantile_columns

WHEN = ["ds", "cutoff", "step"]


def roll_up(
    forecast: pd.DataFrame, groups: pd.DataFrame, by: list[str], *, correlation: float
) -> pd.DataFrame:
    """Forecasts of aggregates from those of series: one row per combination of `by` and period.

    `forecast` is what `DemandForecaster.predict` returns. `groups` holds unique_id and the
    columns of `by`; a series may have several rows there, each with a `share` of its demand
    (platforms, say), and takes part in full without one. With an empty `by` the total.
    Means add up exactly. A quantile's distance from the mean is added as if errors had this
    `correlation` (see `error_correlation`): 0 as independent, 1 as summed quantiles.
    Raises ValueError for a series without a group, shares that do not sum to 1, or a
    correlation outside 0 to 1.
    """
    if not 0 <= correlation <= 1:
        raise ValueError(f"correlation must lie between 0 and 1, got {correlation}")
    groups = groups if "share" in groups else groups.assign(share=1.0)
    missing = set(forecast["unique_id"]) - set(groups["unique_id"])
    if missing:
        raise ValueError(f"series {sorted(missing)[0]!r} has no group")
    whole = groups.groupby("unique_id")["share"].sum()
    if not np.allclose(whole, 1):
        off = whole.index[~np.isclose(whole, 1)][0]
        raise ValueError(f"the shares of series {off!r} sum to {whole[off]:.3f}, not to 1")
    joined = forecast.merge(groups[["unique_id", "share", *by]], on="unique_id")
    names = list(quantile_columns(forecast).values())
    share = joined["share"].to_numpy(float)
    mean = joined["y_hat"].to_numpy(float) * share
    gap = joined[names].to_numpy(float) * share[:, None] - mean[:, None]
    parts = joined[[*by, *WHEN]].assign(y_hat=mean)
    linear, square = [f"_{name}" for name in names], [f"_{name}_2" for name in names]
    parts[linear], parts[square] = gap, gap**2
    added = parts.groupby([*by, *WHEN], as_index=False, sort=True).sum()
    together, apart = added[linear].to_numpy(), added[square].to_numpy()
    reach = np.sqrt(correlation * together**2 + (1 - correlation) * apart)
    quantiles = added["y_hat"].to_numpy()[:, None] + np.sign(together) * reach
    out = added[[*by, *WHEN, "y_hat"]].copy()
    out[names] = np.maximum(np.sort(quantiles, axis=1), 0.0)
    return out


def error_correlation(backtest: pd.DataFrame) -> float:
    """Common correlation of the series' errors in a period, between 0 and 1.

    `backtest` has unique_id, ds, cutoff, y, y_hat and is_stockout, as `ml.backtest` returns
    it. Method of moments: how much larger squared summed errors are than summed squares. What
    all series share (a season that came late) makes an aggregate less certain than its size says.
    """
    seen = backtest[backtest["y"].notna() & ~backtest["is_stockout"].astype(bool)]
    error = seen["y"] - seen["y_hat"]
    size = error.groupby(seen["unique_id"]).transform(lambda e: np.sqrt(np.mean(e**2)))
    sums = (
        pd.DataFrame(
            {
                "ds": seen["ds"],
                "cutoff": seen["cutoff"],
                "error": error,
                "error_2": error**2,
                "size": size,
                "size_2": size**2,
            }
        )
        .groupby(["cutoff", "ds"])
        .sum()
    )
    between = (sums["error"] ** 2 - sums["error_2"]).sum()
    most = (sums["size"] ** 2 - sums["size_2"]).sum()
    return float(np.clip(between / most, 0, 1)) if most > 0 else 0.0
